"""Tells moderators of concerns, each once: what is new goes into one message, and the message is changed when it holds no longer.

A concern is kept before it is posted and carries the message's key, so that a restart neither repeats nor forgets it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot.domain.community import Community
from bot.domain.concerns import CALLS, Asked, Concern, Found, concerns, told
from bot.domain.containment import ActKind
from bot.domain.errors import NeedsAttention, Transient, Undeliverable
from bot.domain.panel import PanelView, RoomNotice, owner_of
from bot.domain.values import AlertId, ChannelId, GuildId
from bot.ports import Chance, Clock, KeptConcern, NameQuestion, Panels, Store, UnitOfWork

TELL_EVERY = timedelta(seconds=3)
"""Between two messages about one session: what comes in between goes into the next together."""
CALL_EVERY = timedelta(minutes=1)
"""Between two mentions of a community's on-call role."""
EMERGENCY_LASTS = timedelta(minutes=1)
"""How long an emergency is a concern at least, also when all its steps were confirmed at once."""
EDITS_AT_ONCE = 2
"""Earlier messages that are changed with one look, so that the panel itself has its turn."""
FORGET_EDITS_AFTER = timedelta(minutes=50)
"""A message older than that takes only few edits from Discord (error 30046), so it stays as it is."""

_log = structlog.stdlib.get_logger(__name__)


class RoomAlerts:
    """Decides, keeps, posts and changes. `tell` may run twice without harm: what was told is kept."""

    def __init__(self, store: Store, panels: Panels, clock: Clock, chance: Chance) -> None:
        self._store = store
        self._panels = panels
        self._clock = clock
        self._chance = chance

    async def tell(self, view: PanelView, community: Community, channel: ChannelId | None) -> datetime | None:
        """Bring the moderators up to date on this session; when there is more to do before long, else None.

        Raises:
            Transient, NeedsAttention: Discord does not take it; it is kept and posted later.
        """
        kept, again_at = await self._decided(view, community)
        if channel is None:
            return None
        kept = await self._ask_owners(view, kept)
        more = await self._show(view, community, channel, kept)
        return self._clock.now() + TELL_EVERY if more else again_at

    async def _decided(self, view: PanelView, community: Community) -> tuple[list[KeptConcern], datetime | None]:
        """Everything that was raised, with what is new and what changed written down."""
        now, session = self._clock.now(), view.room.session.session_id
        async with self._store.read() as uow:
            kept = {each.raised.key: each for each in await uow.panels.concerns(session)}
        decision = told(_holding(view, now), (each.raised for each in kept.values()), now)
        latest = max((each.raised.at for each in kept.values()), default=None)
        wait = latest is not None and now - latest < TELL_EVERY
        new = () if wait else decision.new
        later = latest + TELL_EVERY if wait and decision.new and latest is not None else None
        if new or decision.changed:
            async with self._store.work() as uow:
                calls = any(each.concern in CALLS for each in new) and await _may_call(uow, community, now)
                message = AlertId(self._chance.new_id())
                written = [KeptConcern(each, message, calls=calls) for each in new]
                written += [replace(kept[each.key], raised=each) for each in decision.changed]
                await uow.panels.keep(session, written)
                await uow.commit()
            kept |= {each.raised.key: each for each in written}
        return sorted(kept.values(), key=lambda each: (each.raised.at, each.raised.key)), later

    async def _ask_owners(self, view: PanelView, kept: list[KeptConcern]) -> list[KeptConcern]:
        """Ask in private, once, whoever's name two people show."""
        asked: list[KeptConcern] = []
        for each in kept:
            raised = each.raised
            waits = raised.concern is Concern.SAME_NAME and raised.asked is Asked.NOT and raised.over_at is None
            result = await self._ask(view, each) if waits and not view.over else None
            asked.append(each if result is None else replace(each, raised=replace(raised, asked=result)))
        changed = [each for each in asked if each not in kept]
        if changed:
            await self._keep(view, changed)
        return asked

    async def _ask(self, view: PanelView, kept: KeptConcern) -> Asked | None:
        seats = [seat for seat in view.room.seats if seat.participant.participant_uuid in kept.raised.who]
        owner = owner_of(seats)
        if owner is None:
            return None
        question = NameQuestion(kept.message, view.meeting.guild_id, view.meeting.topic, seats[0].participant.name)
        try:
            await self._panels.ask_whether_it_is_them(owner, question, once_key=f"name:{kept.message}:{owner}")
        except Undeliverable:
            return Asked.CLOSED
        except (Transient, NeedsAttention) as error:
            _log.info("panel.name_question_waits", code=error.code)
            return None
        return Asked.YES

    async def _show(
        self, view: PanelView, community: Community, channel: ChannelId, kept: Sequence[KeptConcern]
    ) -> bool:
        """Post what was not posted, change what reads differently by now; whether something is left."""
        left = EDITS_AT_ONCE
        for message in dict.fromkeys(each.message for each in kept):
            mine = [each for each in kept if each.message == message]
            notice = _notice(view, message, mine)
            fingerprint = self._panels.notice_fingerprint(notice)
            if mine[0].message_id is None:
                if not view.over:
                    await self._post(view, community, channel, _Message(notice, fingerprint, mine))
            elif any(each.fingerprint != fingerprint for each in mine) and self._young(mine):
                if left == 0:
                    return True
                left -= 1
                await self._change(view, _Message(notice, fingerprint, mine))
        return False

    async def _post(self, view: PanelView, community: Community, channel: ChannelId, what: _Message) -> None:
        mention = community.on_call_role if any(each.calls for each in what.kept) else None
        key = f"concern:{what.notice.message}"
        posted = await self._panels.post_notice(channel, what.notice, once_key=key, mention=mention)
        await self._keep(
            view,
            [replace(each, channel_id=channel, message_id=posted, fingerprint=what.fingerprint) for each in what.kept],
        )

    async def _change(self, view: PanelView, what: _Message) -> None:
        first = what.kept[0]
        if first.channel_id is not None and first.message_id is not None:
            try:
                await self._panels.edit_notice(first.channel_id, first.message_id, what.notice)
            except Undeliverable:
                _log.info("panel.notice_gone", session_id=view.room.session.session_id)
        await self._keep(view, [replace(each, fingerprint=what.fingerprint) for each in what.kept])

    def _young(self, kept: Sequence[KeptConcern]) -> bool:
        return self._clock.now() - min(each.raised.at for each in kept) < FORGET_EDITS_AFTER

    async def _keep(self, view: PanelView, changed: Sequence[KeptConcern]) -> None:
        async with self._store.work() as uow:
            await uow.panels.keep(view.room.session.session_id, changed)
            await uow.commit()


@dataclass(frozen=True, slots=True)
class _Message:
    notice: RoomNotice
    fingerprint: str
    kept: Sequence[KeptConcern]


def _holding(view: PanelView, now: datetime) -> list[Found]:
    """The concerns of the room, and every emergency under way."""
    if view.over:
        return []
    pressed = [
        Found(Concern.EMERGENCY, f"emergency:{act.act_id}")
        for act in view.acts
        if act.kind is ActKind.EMERGENCY and (not act.settled or now - act.at < EMERGENCY_LASTS)
    ]
    return [*pressed, *concerns(view.room)]


def _notice(view: PanelView, message: AlertId, kept: Sequence[KeptConcern]) -> RoomNotice:
    who = {participant for each in kept for participant in each.raised.who}
    people = {seat.participant.participant_uuid: seat for seat in view.room.seats}
    return RoomNotice(
        message=message,
        meeting=view.meeting,
        raised=tuple(each.raised for each in kept),
        people={participant: people[participant] for participant in who if participant in people},
        may_remove=view.capabilities.may_remove,
        hidden=bool(view.hidden),
        over=view.over,
    )


async def _may_call(uow: UnitOfWork, community: Community, now: datetime) -> bool:
    """Whether the on-call role may be mentioned now; if so, that is noted."""
    if community.on_call_role is None:
        return False
    key = _call_note(community.guild_id)
    last = await uow.notes.get(key)
    if last is not None and now - datetime.fromisoformat(last) < CALL_EVERY:
        return False
    await uow.notes.put(key, now.isoformat())
    return True


def _call_note(guild_id: GuildId) -> str:
    return f"on_call:{guild_id}"
