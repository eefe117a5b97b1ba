"""The closed door puts strangers out by itself, in the process that took the event; a regular look makes up for one that died in between."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from bot.domain.containment import Act, ActKind, Door, StepKind
from bot.domain.plans import plan_put_out
from bot.domain.room import RoomView
from bot.domain.roster import Seat
from bot.domain.sentinel import Closing, to_put_out
from bot.domain.values import ActId, MeetingId, ParticipantId
from bot.ports import Chance, Clock, Store
from bot.services.desk import Desk
from bot.services.patience import StorePatience, StoreSilent
from bot.services.standby import LiveRooms, StandBy, Standing

_log = structlog.stdlib.get_logger(__name__)


class Sentinel:
    """A `RoomListener`."""

    def __init__(
        self,
        store: Store,
        rooms: LiveRooms,
        standby: StandBy,
        desk: Desk,
        clock: Clock,
        chance: Chance,
        patience: StorePatience,
    ) -> None:
        self._store = store
        self._rooms = rooms
        self._standby = standby
        self._desk = desk
        self._clock = clock
        self._chance = chance
        self._patience = patience
        self._looking: dict[MeetingId, asyncio.Task[None]] = {}
        self._again: set[MeetingId] = set()

    async def room_changed(self, meeting_id: MeetingId) -> None:
        """Look beside, at once; whatever comes while a look goes on makes it look again."""
        if meeting_id in self._looking:
            self._again.add(meeting_id)
            return
        self._looking[meeting_id] = asyncio.create_task(self._look_until_calm(meeting_id), name="sentinel")

    async def close(self) -> None:
        """Stop."""
        tasks = tuple(self._looking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look_until_calm(self, meeting_id: MeetingId) -> None:
        try:
            self._again.add(meeting_id)
            while meeting_id in self._again:
                self._again.discard(meeting_id)
                await self.look(meeting_id)
        except Exception:
            _log.exception("sentinel.failed")
        finally:
            del self._looking[meeting_id]

    async def look(self, meeting_id: MeetingId) -> None:
        """Put out whoever is in and not on the list while the door is closed. Nothing happens where it is open."""
        view = self._rooms.at_hand(meeting_id)
        standing = None if view is None else await self._closed(view)
        if view is not None and standing is not None:
            await self._put_out(view, standing)

    async def look_around(self) -> None:
        """Look at every live call: somebody may have come whom nobody acted upon. Whom an act names already is left to it."""
        for meeting_id in self._rooms.live:
            await self.look(meeting_id)

    async def _closed(self, view: RoomView) -> Standing | None:
        """What the door was closed on; None while it is open. The store is asked only where memory does not know."""
        meeting_id = view.meeting.meeting_id
        known = self._standby.recall(meeting_id)
        if known is not None and known.meeting.door is Door.CLOSED:
            return known
        if known is not None and view.meeting.door is Door.OPEN:
            return None
        try:
            standing = await self._patience.of(self._standby.look(meeting_id))
        except StoreSilent:
            return known
        return standing if standing.meeting.door is Door.CLOSED else None

    async def _put_out(self, view: RoomView, standing: Standing) -> None:
        can = self._standby.can(standing.meeting.link_id)
        if not to_put_out(view.seats, Door.CLOSED, can, self._closing(view, standing, frozenset())):
            return
        try:
            standing, named = await self._patience.of(self._anew(view))
        except StoreSilent:
            named = frozenset()
        named |= self._desk.named(view.meeting.meeting_id)
        found = to_put_out(view.seats, Door.CLOSED, can, self._closing(view, standing, named))
        if found and standing.meeting.door is Door.CLOSED:
            await self._desk.begin(self._act(view, found), standing)

    async def _anew(self, view: RoomView) -> tuple[Standing, frozenset[ParticipantId]]:
        """The door as the store has it, and whom acts of any process name: a member's link may have been cancelled a moment ago."""
        standing = await self._standby.look(view.meeting.meeting_id)
        async with self._store.read() as uow:
            acts = await uow.acts.of_session(view.session.session_id)
        named = (step.participant for act in acts for step in act.of_kind(StepKind.REMOVE))
        return standing, frozenset(each for each in named if each is not None)

    def _closing(self, view: RoomView, standing: Standing, named: frozenset[ParticipantId]) -> Closing:
        door = standing.door
        if door is None:
            return Closing(view.at, tried=named)
        coming = (seat.participant for seat in view.seats if seat.participant.registrant_id in door.cancelled)
        return Closing(door.at, door.inside, named, frozenset(each.participant_uuid for each in coming))

    def _act(self, view: RoomView, found: Sequence[Seat]) -> Act:
        plan = plan_put_out(found)
        return Act(
            act_id=ActId(self._chance.new_id()),
            kind=ActKind.PUT_OUT,
            guild_id=view.meeting.guild_id,
            meeting_id=view.meeting.meeting_id,
            session_id=view.session.session_id,
            actor=None,
            at=self._clock.now(),
            steps=plan.steps,
            target=str(found[0].participant.participant_uuid),
        )
