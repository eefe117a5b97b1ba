"""Checks what a step expects: of what people saw, of the channels, of Zoom. What may take a moment is looked at again for a while."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from bot.rehearsal.answers import Journal, Journals, mentions
from bot.rehearsal.calling import described, fits, inside, listed, removed, waiting, without_tag
from bot.rehearsal.cast import Actor
from bot.rehearsal.discord_permissions import Permission
from bot.rehearsal.discord_text import event_text, message_text, modal_text
from bot.rehearsal.discord_world import EVENT_ACTIVE, EVENT_SCHEDULED
from bot.rehearsal.events import Checked
from bot.rehearsal.scenario import HoldsPart, People, Step
from bot.rehearsal.scenario_words import ZOOM_CALLS, ZoomCall
from bot.rehearsal.stage import PATIENCE, Stage
from bot.rehearsal.zoom_state import Meeting

_UNTIL_POSTED = 0.4
"""Real seconds without traffic after which nothing more is posted: what must not appear gets this long to appear."""
_MOST_NAMES = 6


@dataclass(frozen=True)
class _Wish:
    """One thing to check. `instead` describes what is there; `holds` may come true later unless `at_once`."""

    expected: str
    holds: Callable[[], bool]
    instead: Callable[[], str]
    at_once: bool = False


class Expecting:
    """Turns the expectations of a step into checks and makes them."""

    def __init__(self, stage: Stage, journals: Journals) -> None:
        self._stage, self._journals = stage, journals

    async def check(self, step: Step) -> list[Checked]:
        """Every expectation of the step, held or not, in the order of their kinds. What was not asked for, but goes wrong, is told as well."""
        actors = self._stage.cast.named(step.who)
        done: list[Checked] = []
        wishes = [*self._troubles(actors, step), *self._about_people(actors, step), *self._about_world(step)]
        ends = time.monotonic() + PATIENCE
        for wish in wishes:  # what must not be there is only worth looking for when what must be there is
            if not wish.at_once:
                await self._stage.until(wish.holds, ends - time.monotonic())
        if step.public_sees_not or step.moderators_see_not or step.calendar_sees_not:
            await self._stage.quiet(_UNTIL_POSTED)
        for wish in wishes:
            held = wish.holds()
            instead = "" if held else self._journals.mask(wish.instead())
            done.append(
                Checked(self._stage.clock.now(), held, self._journals.mask(wish.expected), instead, step.briefly)
            )
        return done

    def _troubles(self, actors: Sequence[Actor], step: Step) -> Iterator[_Wish]:
        if step.action is None or not actors:
            return
        journals = [self._journals.of(actor) for actor in actors]
        if step.cannot:
            yield _Wish(
                f"{_names(actors)} cannot do that: Discord does not offer it to them",
                lambda: all(journal.trouble for journal in journals),
                lambda: "it was possible",
                at_once=True,
            )
            return
        yield from (_failed(f"{j.actor.name} can do that", j.trouble) for j in journals if j.trouble and step.wait)
        if step.private and step.opens is None and step.type is None:
            seen = [journal for journal in journals if not self._is_private(journal)]
            yield from (_failed(f"only {j.actor.name} sees the answer", "others see it too") for j in seen)

    def _is_private(self, journal: Journal) -> bool:
        if journal.latest is None:
            return True
        return all(message.private_to == journal.actor.user.id for message in journal.latest.messages)

    def _about_people(self, actors: Sequence[Actor], step: Step) -> Iterator[_Wish]:
        yield from self._links(actors, step)
        for words, texts, verb in (
            (step.sees, self._answer, "sees|see"),
            (step.sees_first, self._answer_before, "at first sees|at first see"),
            (step.told, self._direct, "is told in a direct message|are told in a direct message"),
            (step.offered, self._choices, "is offered|are offered"),
        ):
            if words:
                yield self._said(actors, words, texts, verb)
        for words, texts, verb in (
            (step.sees_not, self._answer, "does not see|do not see"),
            (step.not_offered, self._choices, "is not offered|are not offered"),
        ):
            if words:
                yield self._unsaid(actors, words, texts, verb)
        if step.not_told:
            yield _Wish(
                f"{_names(actors)} {_verb(actors, 'gets|get')} no direct message",
                lambda: not any(self._direct(actor) for actor in actors),
                lambda: "there is one",
                at_once=True,
            )
        if step.outcome is not None:
            yield _Wish(
                f"{_names(actors)}: {step.outcome}",
                lambda: all(self._journals.of(actor).opened == step.outcome for actor in actors),
                lambda: ", ".join({self._journals.of(actor).opened or "nothing was opened" for actor in actors}),
                at_once=True,
            )

    def _links(self, actors: Sequence[Actor], step: Step) -> Iterator[_Wish]:
        journals = [self._journals.of(actor) for actor in actors]
        if step.gets_link is not None:
            wanted = len(actors) if step.gets_link is True else int(step.gets_link)
            expected = (
                f"{_names(actors)} {_verb(actors, 'gets|get')} {'a link of their own' if wanted else 'no link'}"
                if wanted in (0, len(actors))
                else f"{wanted} of {len(actors)} get a link of their own"
            )
            yield _Wish(
                expected,
                lambda: self._with_own_link(journals) == wanted,
                lambda: f"{self._with_own_link(journals)} of {len(actors)} did",
                at_once=True,
            )
        if step.same_link_as_before is not None:
            same = step.same_link_as_before
            yield _Wish(
                f"{_names(actors)}: {'the same link' if same else 'another link than'}{' as' if same else ''} before",
                lambda: all(j.last_link is not None and (j.last_link == j.link_before) is same for j in journals),
                lambda: "another one" if same else "the same one",
                at_once=True,
            )

    def _with_own_link(self, journals: Sequence[Journal]) -> int:
        """How many hold, in their newest answer, a link that nobody else holds."""
        links = [journal.last_link for journal in journals if journal.last_link is not None]
        return sum(
            link is not None and links.count(link) == 1 and self._journals.owner(link) == journal.actor.name
            for journal in journals
            for link in [journal.last_link]
        )

    def _said(self, actors: Sequence[Actor], words: Sequence[str], texts: Callable[[Actor], str], verb: str) -> _Wish:
        def lacking() -> set[str]:
            return {texts(actor) or "nothing" for actor in actors if not all(mentions(texts(actor), w) for w in words)}

        expected = f"{_names(actors)} {_verb(actors, verb)} {_quoted(words)}"
        return _Wish(expected, lambda: not lacking(), lambda: " / ".join(lacking()))

    def _unsaid(self, actors: Sequence[Actor], words: Sequence[str], texts: Callable[[Actor], str], verb: str) -> _Wish:
        def there() -> list[str]:
            return [word for word in words if any(mentions(texts(actor), word) for actor in actors)]

        expected = f"{_names(actors)} {_verb(actors, verb)} {_quoted(words)}"
        return _Wish(expected, lambda: not there(), lambda: f"{_quoted(there())} is there", at_once=True)

    def _answer(self, actor: Actor) -> str:
        page = self._journals.of(actor).page
        if page is not None:
            return self._stage.reader.read(page, self._stage.clock.now())
        handle = self._journals.of(actor).latest
        if handle is None:
            return ""
        return modal_text(handle.modal) if handle.modal is not None else self._journals.read(handle)

    def _answer_before(self, actor: Actor) -> str:
        handle, now = self._journals.of(actor).latest, self._stage.clock.now()
        return (
            "\n".join(self._stage.reader.read(text, now) for text in self._journals.earlier(handle)) if handle else ""
        )

    def _direct(self, actor: Actor) -> str:
        now = self._stage.clock.now()
        return "\n".join(self._stage.reader.read(item.text, now) for item in self._journals.direct(actor))

    def _choices(self, actor: Actor) -> str:
        return " / ".join(self._journals.of(actor).choices)

    def _about_world(self, step: Step) -> Iterator[_Wish]:
        if step.public_sees:
            yield self._shown(step.public_sees, wanted=True)
        if step.public_sees_not:
            yield self._shown(step.public_sees_not, wanted=False)
        if step.calendar_sees:
            yield self._in_calendar(step.calendar_sees, wanted=True)
        if step.calendar_sees_not:
            yield self._in_calendar(step.calendar_sees_not, wanted=False)
        if step.moderators_see:
            yield self._shown(step.moderators_see, wanted=True, private=True)
        if step.moderators_see_not:
            yield self._shown(step.moderators_see_not, wanted=False, private=True)
        if step.host_sees is not None:
            wanted = sorted(step.host_sees)
            yield _Wish(
                f"the host sees at the door and in the call: {', '.join(wanted) or 'nobody'}",
                lambda: sorted(without_tag(name) for name in self._at_zoom()) == wanted,
                lambda: ", ".join(self._at_zoom()) or "nobody",
            )
        for expected, wanted_people, there in self._calls(step):
            yield _Wish(expected, partial(fits, wanted_people, there), partial(listed, there))
        if step.zoom_holds is not None:
            yield from self._held(step.zoom_holds)

    def _shown(self, words: Sequence[str], *, wanted: bool, private: bool = False) -> _Wish:
        who = "moderators see" if private else "everybody sees"
        none = "no moderators' channel shows" if private else "no channel shows"
        return _Wish(
            f"{who if wanted else none} {_quoted(words)}{' in a channel' if wanted else ''}",
            lambda: all(mentions(self._posted(private), word) is wanted for word in words),
            lambda: self._posted(private) or "nothing",
        )

    def _in_calendar(self, words: Sequence[str], *, wanted: bool) -> _Wish:
        return _Wish(
            f"the server's events {'show' if wanted else 'do not show'} {_quoted(words)}",
            lambda: all(mentions(self._calendar(), word) is wanted for word in words),
            lambda: self._calendar() or "no event",
        )

    def _calendar(self) -> str:
        """The events to come and going on, as anybody reads them, people outside the server too."""
        events = self._stage.cast.guild.events.values()
        return "\n".join(event_text(event.body) for event in events if event.status in (EVENT_SCHEDULED, EVENT_ACTIVE))

    def _posted(self, private: bool) -> str:
        """What stands now in the channels that everybody can view, or in those they cannot."""
        world, guild, now = self._stage.discord.world, self._stage.cast.guild, self._stage.clock.now()
        view = int(Permission.VIEW_CHANNEL)
        channels = [
            channel
            for channel in self._stage.cast.channels.values()
            if any(o.target_id == guild.id and o.deny & view for o in channel.overwrites) is private
        ]
        texts = [
            message_text(m)
            for channel in channels
            for m in self._stage.discord.messages_in(channel)
            if m.author is world.bot
        ]
        return "\n".join(self._stage.reader.read(text, now) for text in texts)

    def _calls(self, step: Step) -> Iterator[tuple[str, People, Callable[[], list[str]]]]:
        meetings = self._stage.zoom.meetings
        if step.in_call is not None:
            yield f"in the call: {described(step.in_call)}", step.in_call, partial(inside, meetings)
        if step.waiting is not None:
            yield f"in the waiting room: {described(step.waiting)}", step.waiting, partial(waiting, meetings)
        if step.removed is not None:
            yield f"put out of the call: {described(step.removed)}", step.removed, partial(removed, meetings)

    def _at_zoom(self) -> list[str]:
        meetings = self._stage.zoom.meetings
        return [who.name for meeting in meetings for who in meeting.participants.values() if who.role != "host"]

    def _held(self, wanted: HoldsPart) -> Iterator[_Wish]:
        counts: dict[str, tuple[int | None, Callable[[], int]]] = {
            "meetings": (wanted.meetings, lambda: len(self._stage.zoom.meetings)),
            "approved registrants": (wanted.approved, lambda: self._registered("approved")),
            "cancelled registrants": (wanted.cancelled, lambda: self._registered("cancelled")),
            "invite links": (wanted.invite_links, lambda: sum(len(m.invite_links) for m in self._meetings())),
        }
        for what, (number, count) in counts.items():
            if number is not None:
                yield _counted(f"Zoom holds {number} {what.removesuffix('s') if number == 1 else what}", number, count)
        for call, number in wanted.calls.items():
            times = "once" if number == 1 else f"{number} times"
            yield _counted(f"Zoom was asked {times} to {call}", number, partial(self._asked, call))

    def _meetings(self) -> list[Meeting]:
        return list(self._stage.zoom.state.meetings.values())

    def _registered(self, status: str) -> int:
        return sum(r.status == status for meeting in self._meetings() for r in meeting.registrants.values())

    def _asked(self, call: ZoomCall) -> int:
        method, path = ZOOM_CALLS[call]
        return sum(method in ("*", r.method) and re.search(path, r.path) is not None for r in self._stage.zoom.requests)


def _failed(expected: str, instead: str) -> _Wish:
    return _Wish(expected, lambda: False, lambda: instead, at_once=True)


def _counted(expected: str, number: int, count: Callable[[], int]) -> _Wish:
    return _Wish(expected, lambda: count() == number, lambda: str(count()))


def _names(actors: Sequence[Actor]) -> str:
    names = [actor.name for actor in actors]
    if len(names) > _MOST_NAMES:
        return f"the {len(names)}"
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def _verb(actors: Sequence[Actor], verb: str) -> str:
    """The form of "gets|get" that fits."""
    return verb.split("|")[len(actors) != 1]


def _quoted(words: Sequence[str]) -> str:
    return ", ".join(f"“{word}”" for word in words)
