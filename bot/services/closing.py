"""What follows the closing of a door when nothing is urgent any more: links made void, the waiting room read back, the verdict."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from bot.domain.containment import Door, Outcome, Step, StepKind
from bot.domain.errors import VestibuleError
from bot.domain.room import RoomView
from bot.domain.values import InviteId
from bot.domain.verdict import UNREAD, DoorFacts, WaitingRoom, verdict
from bot.ports import Clock, Store
from bot.ports.control import WaitingRooms
from bot.services.patience import StorePatience, StoreSilent
from bot.services.standby import LiveRooms, StandBy, Standing
from bot.services.under_way import UnderWay
from bot.services.voiding import Voiding

NOT_VOID_YET = "not_void_yet"

_log = structlog.stdlib.get_logger(__name__)


class Closing:
    """The last part of every act that closes a door or takes a link."""

    def __init__(
        self,
        store: Store,
        rooms: LiveRooms,
        standby: StandBy,
        voiding: Voiding,
        waiting_rooms: WaitingRooms,
        clock: Clock,
        patience: StorePatience,
    ) -> None:
        self._store = store
        self._rooms = rooms
        self._standby = standby
        self._voiding = voiding
        self._waiting_rooms = waiting_rooms
        self._clock = clock
        self._patience = patience

    async def finish(self, under_way: UnderWay, standing: Standing) -> None:
        """Links that were taken, the read-back and the verdict, and then the unused links."""
        act = under_way.act
        revocations = [step for step in act.of_kind(StepKind.REVOKE_INVITE) if not step.settled]
        if revocations:
            await self._revoke(under_way, standing, revocations)
        for step in act.of_kind(StepKind.READ_BACK):
            if not step.settled:
                await self._read_back(under_way, standing, step)
            under_way.judge(verdict(self.facts(standing, under_way)))
        for step in act.of_kind(StepKind.CANCEL_UNUSED):
            if not step.settled:
                await self._cancel_unused(under_way, standing, step)

    def facts(self, standing: Standing, under_way: UnderWay | None = None) -> DoorFacts:
        """What can be said of this door now."""
        meeting = standing.meeting
        view = self._rooms.at_hand(meeting.meeting_id)
        door = standing.door
        known = self._standby.recall(meeting.meeting_id)
        if known is not None and known.door is not None:
            door = known.door
        closings = under_way.act.of_kind(StepKind.CLOSE_DOOR) if under_way is not None else ()
        locks = under_way.act.of_kind(StepKind.LOCK_ROOM) if under_way is not None else ()
        kept = all(step.outcome is not Outcome.REFUSED for step in closings)
        closed = kept and (known or standing).meeting.door is Door.CLOSED
        return DoorFacts(
            closed=closed,
            can=self._standby.can(meeting.link_id),
            waiting_room=UNREAD if door is None else door.waiting_room,
            room_locked=any(step.outcome is Outcome.DONE for step in locks) or (door is not None and door.room_locked),
            registration=meeting.personal_links,
            heard=view is not None and view.heard,
            live=view is not None,
        )

    async def _revoke(self, under_way: UnderWay, standing: Standing, steps: Sequence[Step]) -> None:
        """Zoom is asked at once; its list confirms."""
        meeting = standing.meeting
        try:
            await self._patience.of(self._standby.look(meeting.meeting_id))
            await self._voiding.send_orders(meeting)
        except StoreSilent:
            await self._revoke_unrecorded(under_way, standing, steps)
            return
        except VestibuleError as error:
            self._turn_all(under_way, steps, Outcome.UNCONFIRMED, error.code)
            return
        self._turn_all(under_way, steps, Outcome.ACCEPTED)
        void = await self._voiding.confirmed(meeting.meeting_id)
        self._turn_all(under_way, steps, Outcome.DONE if void else Outcome.UNCONFIRMED, "" if void else NOT_VOID_YET)

    async def _revoke_unrecorded(self, under_way: UnderWay, standing: Standing, steps: Sequence[Step]) -> None:
        """The steps stay open: when the store answers again, the job finishes them."""
        invites = frozenset(InviteId(step.invite_id) for step in steps if step.invite_id is not None)
        view = self._rooms.at_hand(standing.meeting.meeting_id)
        try:
            await self._voiding.send_unrecorded(standing.meeting, view, invites)
        except VestibuleError as error:
            _log.warning("links.not_sent", code=error.code)
        self._turn_all(under_way, steps, Outcome.ACCEPTED, StoreSilent.code)

    async def _read_back(self, under_way: UnderWay, standing: Standing, step: Step) -> None:
        meeting = standing.meeting
        if meeting.zoom_id is None:
            self._turn_all(under_way, [step], Outcome.REFUSED, "meeting_gone")
            return
        try:
            reading = await self._waiting_rooms.waiting_room(meeting.link_id, meeting.zoom_id, meeting.host_id)
        except VestibuleError as error:
            self._turn_all(under_way, [step], Outcome.UNCONFIRMED, error.code)
            return
        self._standby.read_back(meeting.meeting_id, reading)
        locked = any(each.outcome is Outcome.DONE for each in under_way.act.of_kind(StepKind.LOCK_ROOM))
        try:
            await self._patience.of(self._keep_reading(standing, reading, room_locked=locked))
        except StoreSilent as silent:
            _log.warning("reading.not_kept", code=silent.code)
        else:
            self._standby.read_back(meeting.meeting_id, reading)
        self._turn_all(under_way, [step], Outcome.DONE)

    async def _keep_reading(self, standing: Standing, reading: WaitingRoom, *, room_locked: bool) -> None:
        async with self._store.work(urgent=True) as uow:
            await uow.doors.note_reading(standing.meeting.meeting_id, reading, room_locked=room_locked)
            await uow.commit()

    async def _cancel_unused(self, under_way: UnderWay, standing: Standing, step: Step) -> None:
        meeting = standing.meeting
        try:
            await self._patience.of(self._standby.look(meeting.meeting_id))
        except StoreSilent:
            return  # stays open; the job finishes it when the store answers again
        try:
            view = await self._rooms.view(meeting.meeting_id)
            count = await self._voiding.revoke_unused(under_way.act, meeting, _of_this_run(view))
        except VestibuleError as error:
            self._turn_all(under_way, [step], Outcome.UNCONFIRMED, error.code)
            return
        void = not count or await self._voiding.confirmed(meeting.meeting_id)
        outcome, code = (Outcome.DONE, "") if void else (Outcome.UNCONFIRMED, NOT_VOID_YET)
        under_way.turn(step, outcome, self._clock.now(), code, count=count)

    def _turn_all(self, under_way: UnderWay, steps: Sequence[Step], outcome: Outcome, code: str = "") -> None:
        for step in steps:
            under_way.turn(step, outcome, self._clock.now(), code)


def _of_this_run(view: RoomView | None) -> RoomView | None:
    """Of a run that is over nobody is in, so nobody's link was used in this session."""
    return view if view is not None and view.session.ended_at is None else None
