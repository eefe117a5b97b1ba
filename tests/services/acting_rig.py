"""A live call that can be acted upon: the real use cases on the real store, with Zoom's running meeting replaced at its port."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.adapters.store.spool import FileSpool
from bot.adapters.store.unit_of_work import SqlStore, SqlUnitOfWork
from bot.domain.community import MemberFacts
from bot.domain.containment import Act, Capabilities, Step, StepKind
from bot.domain.errors import NeedsAttention, Transient
from bot.domain.meeting import Meeting
from bot.domain.values import (
    GuildId,
    LinkId,
    MeetingId,
    MemberId,
    ParticipantId,
    RegistrantId,
    SessionId,
    ZoomMeetingId,
    ZoomUserId,
)
from bot.domain.verdict import WaitingRoom
from bot.in_emergencies import InEmergencies, in_emergencies
from bot.ports import AccountLink, EventKind, Fact, IncomingEvent, Job
from bot.ports.containment import IncidentOpener
from bot.ports.control import REMOVAL_OFF
from bot.services.admissions import LinkReady
from bot.services.emergency import Acting
from tests.services.conftest import GUILD, LINK, MODERATOR, VERIFIED, Vestibule
from tests.services.fakes import FakeZoom

SESSION = SessionId("run-1")
MODERATOR_MIA, MODERATOR_MAX = MemberId(51), MemberId(52)
PATIENT = 60.0
"""Seconds: longer than any store of a test takes."""
_keys = itertools.count()


class FakeRoom:
    """Zoom's running meeting behind `RoomControl` and `WaitingRooms`. It does what it accepts and reports it, unless told otherwise."""

    def __init__(self, zoom: FakeZoom) -> None:
        self._zoom = zoom
        self.calls: list[tuple[str, object]] = []
        self.fail: dict[object, Exception] = {}
        """By operation, or by participant."""
        self.slow: dict[object, asyncio.Event] = {}
        self.without_effect = False
        self.removal_enabled = True
        self.lockable = False
        self.waiting = WaitingRoom(on=True, for_everyone=True, others_admit=False)
        self.on_removed: Callable[[ParticipantId], Any] | None = None
        self.on_ended: Callable[[], Any] | None = None
        self.stood_by: list[LinkId] = []

    @property
    def removed(self) -> list[ParticipantId]:
        return [ParticipantId(str(what)) for name, what in self.calls if name == "remove"]

    def capabilities(self, link_id: LinkId) -> Capabilities:
        return Capabilities(lock=self.lockable)

    async def stand_by(self, link_id: LinkId) -> None:
        self.stood_by.append(link_id)

    async def remove(self, link_id: LinkId, zoom_id: ZoomMeetingId, participant: ParticipantId) -> None:
        await self._enter("remove", participant)
        if not self.removal_enabled:
            raise NeedsAttention("Not enabled.", code=REMOVAL_OFF)
        if not self.without_effect and self.on_removed is not None:
            await self.on_removed(participant)

    async def cancel(self, link_id: LinkId, zoom_id: ZoomMeetingId, who: Sequence[tuple[RegistrantId, str]]) -> None:
        await self._enter("cancel", tuple(registrant for registrant, _ in who))
        meeting = self._zoom.meetings[zoom_id]
        by_id = {each.registrant_id: address for address, each in meeting.registrants.items()}
        meeting.cancelled.update(by_id[registrant] for registrant, _ in who if registrant in by_id)

    async def end(self, link_id: LinkId, zoom_id: ZoomMeetingId) -> None:
        await self._enter("end", zoom_id)
        if not self.without_effect:
            self._zoom.live.pop(zoom_id, None)
            if self.on_ended is not None:
                await self.on_ended()

    async def lock(self, link_id: LinkId, zoom_id: ZoomMeetingId, *, locked: bool) -> None:
        await self._enter("lock", locked)

    async def waiting_room(self, link_id: LinkId, zoom_id: ZoomMeetingId, host_id: ZoomUserId) -> WaitingRoom:
        await self._enter("waiting_room", zoom_id)
        return self.waiting

    async def _enter(self, operation: str, what: object) -> None:
        self.calls.append((operation, what))
        for key in (operation, what):
            if key in self.slow:
                await self.slow[key].wait()
            if key in self.fail:
                raise self.fail[key]


class StoreFault:
    """Makes a store hang or fail from the next transaction on; `mend` lets what hangs go on."""

    def __init__(self, store: SqlStore) -> None:
        self._open = store._unit
        self._healthy = asyncio.Event()
        self._healthy.set()
        self.down = False
        store._unit = self._unit  # type: ignore[method-assign]

    def hang(self) -> None:
        self._healthy.clear()

    def mend(self) -> None:
        self.down = False
        self._healthy.set()

    def _unit(self, lane: Any) -> SqlUnitOfWork:
        unit = self._open(lane)

        async def entered() -> SqlUnitOfWork:
            await self._healthy.wait()
            if self.down:
                raise Transient("Unreachable.", code="store_unreachable")
            return await unit.__aenter__()

        return _Faulty(unit, entered)  # type: ignore[return-value]


@dataclass
class _Faulty:
    unit: SqlUnitOfWork
    entered: Callable[[], Any]

    async def __aenter__(self) -> SqlUnitOfWork:
        return await self.entered()  # type: ignore[no-any-return]

    async def __aexit__(self, *error: Any) -> None:
        await self.unit.__aexit__(*error)


class Opened:
    """Keeps which incidents were opened."""

    def __init__(self) -> None:
        self.incidents: list[tuple[MeetingId, SessionId | None, str]] = []

    async def opened(
        self,
        uow: object,
        guild_id: object,
        meeting_id: MeetingId,
        session_id: SessionId | None,
        actor: object,
        why: str,
    ) -> None:
        self.incidents.append((meeting_id, session_id, why))


class Heard:
    """Keeps how acts went on."""

    def __init__(self) -> None:
        self.acts: list[Act] = []

    async def act_changed(self, act: Act) -> None:
        self.acts.append(act)


@dataclass
class Crisis:
    """A live call with moderators, and everything that acts upon it."""

    v: Vestibule
    room: FakeRoom
    store: StoreFault
    spool: FileSpool
    built: InEmergencies
    incidents: Opened = field(default_factory=Opened)
    meeting: Meeting = None  # type: ignore[assignment]

    @property
    def acting(self) -> Acting:
        return self.built.acting

    @property
    def mia(self) -> MemberFacts:
        return self.v.person(MODERATOR_MIA, MODERATOR, name="Mia")

    @property
    def max(self) -> MemberFacts:
        return self.v.person(MODERATOR_MAX, MODERATOR, name="Max")

    @property
    def where(self) -> tuple[GuildId, MeetingId]:
        return GUILD, self.meeting.meeting_id

    def event(self, kind: EventKind, **facts: Fact) -> IncomingEvent:
        m, at = self.meeting, self.v.clock.now()
        return IncomingEvent(f"{next(_keys):064x}", kind, "account", at, m.zoom_id, SESSION, m.host_id, facts)

    async def told(self, *events: IncomingEvent) -> None:
        await self.v.intake.store(events)
        await self.v.rooms.settled()

    async def starts(self) -> None:
        assert self.meeting.zoom_id is not None
        self.v.zoom.live[self.meeting.zoom_id] = SESSION
        await self.told(self.event(EventKind.STARTED))
        await self.v.rooms.keep_up()
        await self.built.standby.refresh()

    async def someone(self, kind: EventKind, who: str, **facts: Fact) -> ParticipantId:
        named = {"user_name": who, **facts}
        await self.told(self.event(kind, participant_uuid=who, user_id=f"user-{who}", **named))
        return ParticipantId(who)

    async def joins(self, who: str, **facts: Fact) -> ParticipantId:
        return await self.someone(EventKind.JOINED, who, **facts)

    async def waits(self, who: str, **facts: Fact) -> ParticipantId:
        return await self.someone(EventKind.WAITING, who, **facts)

    async def leaves(self, who: ParticipantId) -> None:
        await self.someone(EventKind.LEFT, who, leave_reason="removed")

    async def member(self, member_id: MemberId, name: str) -> RegistrantId:
        """A member with a link in their hands; how Zoom knows it."""
        who = self.v.person(member_id, VERIFIED, name=name)
        answer = await self.press(who)
        assert isinstance(answer, LinkReady), answer
        return await self.registrant(member_id)

    async def press(self, who: MemberFacts) -> object:
        return await self.v.admissions.ask(*self.where, who, asked_at=self.v.clock.now())

    async def registrant(self, member_id: MemberId) -> RegistrantId:
        async with self.v.store.read() as uow:
            invite = await uow.invites.current(self.meeting.meeting_id, member_id)
        assert invite is not None
        assert invite.registrant_id is not None
        return invite.registrant_id

    async def link(self) -> AccountLink:
        async with self.v.store.read() as uow:
            found = await uow.links.get(LINK)
        assert found is not None
        return found

    def valid_links(self) -> set[str]:
        assert self.meeting.zoom_id is not None
        return self.v.zoom.valid_links(self.meeting.zoom_id)

    async def over(self, act: Act) -> Act:
        """Everything of it was tried, waited for and kept."""
        return await self.acting.over(act.act_id)

    async def stored(self, act: Act) -> Act | None:
        async with self.v.store.read() as uow:
            return await uow.acts.get(act.act_id)

    async def kept(self, act: Act) -> Act:
        """The act as the store has it, once it has the same outcomes and verdict as memory."""
        while True:
            found = await self.stored(act)
            now = await self.acting.progress(act.act_id)
            if found is not None and now is not None and (found.steps, found.verdict) == (now.steps, now.verdict):
                return found
            await asyncio.sleep(0.005)

    async def until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            await asyncio.sleep(0.005)


def removals(act: Act) -> tuple[Step, ...]:
    return act.of_kind(StepKind.REMOVE)


def only(act: Act, kind: StepKind) -> Step:
    (step,) = act.of_kind(kind)
    return step


@asynccontextmanager
async def crisis(
    v: Vestibule, folder: Path, *, patience: float = PATIENT, incidents: IncidentOpener | None = None, **ask: object
) -> AsyncIterator[Crisis]:
    """A meeting that is live, with nobody in it yet."""
    built = prepared(v, folder, patience=patience, incidents=incidents)
    built.meeting = await v.live_links(**ask)
    await built.starts()
    yield built
    built.store.mend()
    await built.built.close()


def prepared(
    v: Vestibule, folder: Path, *, patience: float = PATIENT, incidents: IncidentOpener | None = None
) -> Crisis:
    """Everything that acts, on this Vestibule; also as another process would have it."""
    room, store, spool, opened = FakeRoom(v.zoom), StoreFault(v.store), FileSpool(folder / "acts"), Opened()
    built = in_emergencies(
        v.store,
        v.rooms,
        room,
        room,
        v.zoom,
        v.links.revoking,
        spool,
        v.clock,
        v.chance,
        v.admissions._issuing.closed_here,
        incidents or opened,
        patience,
    )
    built.patience.for_files = PATIENT
    v.upkeep._handlers = {**v.upkeep._handlers, **built.handlers}
    found = Crisis(v, room, store, spool, built, opened)

    async def removed(participant: ParticipantId) -> None:
        await found.leaves(participant)

    async def ended() -> None:
        await found.told(found.event(EventKind.ENDED))

    room.on_removed, room.on_ended = removed, ended
    return found


def later(at: datetime, **span: float) -> datetime:
    return at + timedelta(**span)


__all__ = ["GUILD", "Crisis", "FakeRoom", "Heard", "Job", "crisis", "only", "prepared", "removals"]
