"""Plays the steps of a scenario, one after the other, and tells what happens."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta

from bot.rehearsal.answers import ASKING, Journal, Journals, mentions
from bot.rehearsal.browsing import Browsing
from bot.rehearsal.cast import Actor
from bot.rehearsal.deeds import Deeds, described
from bot.rehearsal.discord_errors import NoReply, NotVisible, RefusedByClient
from bot.rehearsal.discord_handles import InteractionHandle
from bot.rehearsal.discord_text import modal_text
from bot.rehearsal.events import Alike, Checked, CrowdSaw, Did, Event, Happened, SawPrivately, Told
from bot.rehearsal.expectations import Expecting
from bot.rehearsal.happenings import Happenings
from bot.rehearsal.reading import plain
from bot.rehearsal.scenario import AT_ZOOM, BY_PEOPLE, IN_BROWSER, Step
from bot.rehearsal.scenario_words import OUTCOMES, span
from bot.rehearsal.stage import PATIENCE, Stage
from bot.rehearsal.watching import Watching
from bot.rehearsal.zoom_state import Meeting

FEW = 3
"""Up to so many people, each one's answer is shown in full."""
_MORE_FOR_EACH = 0.15
"""Real seconds of more patience for each who acts at the same time."""
_LOOK = 0.02
_STILL = 0.06
_WATCHED_CLOSELY = 10
_LONGEST_LINE = 150


class Player:
    """Plays one step at a time."""

    def __init__(self, stage: Stage, journals: Journals, tell: Callable[[Event], None]) -> None:
        self._stage, self._journals, self._tell = stage, journals, tell
        self._deeds = Deeds(stage, journals)
        self._browsing = Browsing(stage, journals)
        self._happenings = Happenings(stage)
        self._watching = Watching(stage, journals)
        self._expecting = Expecting(stage, journals)

    async def play(self, step: Step) -> None:
        """What happens in this step, what people then see, and whether it is as expected."""
        now = self._stage.clock.now
        if step.tell is not None:
            self._tell(Told(now(), step.tell))
        elif step.action in BY_PEOPLE:
            await self._by_people(step)
        elif step.advance is not None:
            await self._pass(span(step.advance))
        elif step.advance_to is not None:
            await self._pass(self._until(step))
        elif step.action is not None:
            await self._bring_about(step)
        checks = await self._expecting.check(step)
        self._show_news()
        for check in checks:
            self._tell(check)

    async def _bring_about(self, step: Step) -> None:
        try:
            what = await self._happenings.bring_about(step)
        except LookupError as missing:
            self._tell(Checked(self._stage.clock.now(), False, "this can happen", str(missing)))
        else:
            self._tell(Happened(self._stage.clock.now(), what))

    def _show_news(self) -> None:
        for event in self._watching.news():
            self._tell(event)

    async def _pass(self, length: timedelta) -> None:
        if length > timedelta():
            self._stage.clock.advance(length)
        self._tell(
            Happened(self._stage.clock.now(), "Time passes." if length > timedelta() else "It is that time already.")
        )
        await self._stage.quiet(0.2)

    def _until(self, step: Step) -> timedelta:
        point, now = step.point, self._stage.clock.now()
        if point.anchor == "clock":
            return point.next_clock(now, self._stage.zone) - now
        meeting = self._newest_meeting()
        if meeting is None or meeting.start is None:
            return timedelta()
        end = meeting.start + timedelta(minutes=meeting.duration)
        return (meeting.start if point.anchor == "start" else end) + point.offset - now + timedelta(seconds=1)

    def _newest_meeting(self) -> Meeting | None:
        return max(self._stage.zoom.state.meetings.values(), key=lambda meeting: meeting.created_at, default=None)

    async def _by_people(self, step: Step) -> None:
        actors = self._stage.cast.named(step.who)
        self._tell(
            Did(self._stage.clock.now(), tuple(actor.name for actor in actors), described(step, len(actors) > 1))
        )
        if step.together:
            await asyncio.gather(*(self._by_one(actor, step) for actor in actors))
        else:
            for actor in actors:
                await self._by_one(actor, step)
        if not step.wait:
            await self._stage.quiet(0.2)
            return
        if step.cannot:
            for actor in actors:
                self._journals.of(actor).outcome = (
                    self._journals.of(actor).outcome or "was not even offered the way to ask"
                )
            return
        if len(actors) <= FEW:
            for actor in actors:
                self._show(actor, step)
        else:
            self._summarise(actors)

    async def _by_one(self, actor: Actor, step: Step) -> None:
        journal = self._journals.of(actor)
        journal.trouble = ""
        try:
            if step.type is not None:
                journal.choices = await self._deeds.offered(actor, step.type)
            elif step.opens is not None:
                self._open(actor, journal, step)
            elif step.action in AT_ZOOM:
                self._at_zoom(actor, journal, step)
            elif step.posts_link is not None:
                self._deeds.post_link(actor, step)
            elif step.action in IN_BROWSER:
                await self._browsing.do(actor, step)
            else:
                journal.page = None
                handles = [await self._deeds.do(actor, step) for _ in range(step.times)]
                journal.handles += handles
                if step.wait:
                    await asyncio.gather(*(self._settled(handle, actor, step) for handle in handles))
                    for handle in handles:
                        self._journals.note(journal, handle)
                    self._note(journal, step)
        except (NotVisible, RefusedByClient, NoReply) as trouble:
            journal.trouble = str(trouble)

    async def _settled(self, handle: InteractionHandle, actor: Actor, step: Step) -> None:
        """Wait until there is an answer which stays as it is and, if something is expected of it, says that; a while at most."""
        others = len(self._stage.cast.named(step.who))
        look = _LOOK * max(1.0, others / _WATCHED_CLOSELY)  # watching a crowd must not be what slows it down
        ends = asyncio.get_running_loop().time() + PATIENCE + _MORE_FOR_EACH * others
        before, same, complete = handle.marks, 0, self._says_what_is_expected(handle, step)
        while not complete or same * look < _STILL:
            if handle.modal is not None:
                return
            if handle.error is not None:
                raise NoReply(handle.error)
            if asyncio.get_running_loop().time() > ends:
                break
            await asyncio.sleep(look)
            same += 1
            if handle.marks != before:
                before, same, complete = handle.marks, 0, self._says_what_is_expected(handle, step)
        if not self._journals.text(handle):
            raise NoReply(f"{actor.name} got no answer")

    def _says_what_is_expected(self, handle: InteractionHandle, step: Step) -> bool:
        if not self._journals.text(handle):
            return False
        if step.gets_link is True and not self._journals.links_in(self._journals.standing(handle)):
            return False
        answer = plain(self._journals.read(handle))
        return step.times > 1 or all(mentions(answer, word) for word in step.sees)

    def _note(self, journal: Journal, step: Step) -> None:
        if journal.last_link is not None:
            journal.outcome = "got their own link"
        elif journal.latest is not None and (step.press == ASKING or (step.command or "").startswith("join")):
            journal.outcome = journal.outcome or _first_sentence(self._journals.read(journal.latest))

    def _open(self, actor: Actor, journal: Journal, step: Step) -> None:
        theirs = self._journals.of(self._stage.cast.people[step.opens or ""]).links
        kept = theirs[:-1] if step.earlier_link else theirs
        if not kept:
            raise NotVisible(f"{step.opens} has no {'earlier ' if step.earlier_link else ''}link to open")
        opened = self._stage.zoom.open_link(kept[-1])
        journal.opened, journal.shown_as = OUTCOMES[opened.outcome], ""
        journal.outcome = journal.outcome or f"opened {step.opens}'s link: {journal.opened}"
        if opened.lets_in and opened.meeting_id is not None and self._stage.zoom.meeting(opened.meeting_id).live:
            participant = self._stage.zoom.enter(kept[-1], actor.name)
            journal.shown_as, journal.seat = participant.name, participant.uuid

    def _at_zoom(self, actor: Actor, journal: Journal, step: Step) -> None:
        meeting = next((m for m in self._stage.zoom.meetings if journal.seat in m.participants), None)
        if meeting is None:
            raise NotVisible(f"{actor.name} is in no call")
        if step.leaves_call:
            self._stage.zoom.leave(meeting.id, journal.seat)
        else:
            self._stage.zoom.live.share(meeting, journal.seat, on=step.shares is True)

    def _show(self, actor: Actor, step: Step) -> None:
        journal, now = self._journals.of(actor), self._stage.clock.now()
        if journal.trouble:
            self._tell(Happened(now, f"{actor.name}: {journal.trouble}"))
        elif step.opens is not None:
            host = f"; the host sees “{journal.shown_as}”" if journal.shown_as else ""
            self._tell(Happened(now, f"At Zoom: {journal.opened}{host}."))
        elif step.action in AT_ZOOM or step.posts_link is not None:
            return
        elif step.type is not None:
            text = " / ".join(journal.choices) or "(nothing is offered)"
            self._tell(SawPrivately(now, actor.name, "choices", self._journals.mask(text)))
        elif journal.page is not None:
            shown = self._stage.reader.marked(self._journals.mask(journal.page), now)
            self._tell(SawPrivately(now, actor.name, "page", shown, step.briefly))
        elif journal.latest is not None:
            modal = journal.latest.modal
            kind = "form" if modal is not None else "reply"
            text = modal_text(modal) if modal is not None else self._journals.text(journal.latest)
            before = [f"(at first: {earlier})" for earlier in self._journals.earlier(journal.latest)]
            shown = self._stage.reader.marked(self._journals.mask("\n".join([*before, text])), now)
            self._tell(SawPrivately(now, actor.name, kind, shown, step.briefly))

    def _summarise(self, actors: Sequence[Actor]) -> None:
        groups: defaultdict[str, list[str]] = defaultdict(list)
        for actor in actors:
            groups[self._kind(self._journals.of(actor))].append(actor.name)
        found = [Alike(len(names), what, tuple(names)) for what, names in groups.items()]
        found.sort(key=lambda alike: -alike.count)
        self._tell(CrowdSaw(self._stage.clock.now(), tuple(found)))

    def _kind(self, journal: Journal) -> str:
        if journal.trouble:
            return journal.trouble.replace(journal.actor.name, "they")
        if journal.latest is None:
            return "nothing"
        if journal.last_link is not None:
            again = journal.last_link == journal.link_before
            return "their own link" + (", the same as before" if again else "")
        return _first_line(self._journals.mask(self._journals.read(journal.latest)))


def _first_line(text: str) -> str:
    lines = [line.strip() for line in plain(text).splitlines() if line.strip()]
    first = lines[0] if lines else "nothing"
    return first if len(first) <= _LONGEST_LINE else first[: _LONGEST_LINE - 1].rstrip() + "…"


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[.!?]) ", _first_line(text), maxsplit=1)[0]
