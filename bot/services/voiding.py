"""Links that have to go while a meeting is live: sent to Zoom in the emergency lane, confirmed by Zoom's own list."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from bot.domain.containment import Act
from bot.domain.invite import Invite
from bot.domain.meeting import Meeting
from bot.domain.room import RoomView
from bot.domain.values import GuestId, InviteId, MeetingId, RegistrantId
from bot.ports import Clock, Store, UnitOfWork
from bot.ports.control import RoomControl
from bot.services.revoking import Revoking

CHUNK = 60
"""Links that are revoked in one commit: two calls to Zoom, and other writers are not kept waiting."""


class Voiding:
    """Makes links void for acts. What was ordered stands in the store, so that a job finishes it after a kill."""

    def __init__(self, store: Store, control: RoomControl, revoking: Revoking, clock: Clock) -> None:
        self._store = store
        self._control = control
        self._revoking = revoking
        self._clock = clock

    async def send_orders(self, meeting: Meeting) -> None:
        """Ask Zoom for everything that is ordered and was not sent yet. Twice asks twice and changes nothing.

        Raises:
            VestibuleError: Zoom did not take it; the orders stay.
        """
        async with self._store.read() as uow:
            orders = await uow.voids.of_meeting(meeting.meeting_id)
        who = [(order.registrant_id, order.address) for order in orders if order.registrant_id and not order.sent_at]
        if not who or meeting.zoom_id is None:
            return
        await self._control.cancel(meeting.link_id, meeting.zoom_id, who)
        async with self._store.work(urgent=True) as uow:
            await uow.voids.note_sent(meeting.meeting_id, [address for _, address in who], self._clock.now())
            await uow.commit()

    async def send_unrecorded(self, meeting: Meeting, view: RoomView | None, invites: Collection[InviteId]) -> None:
        """While the store is silent: the links of those who are in, by what is known of them in memory."""
        seats = () if view is None else view.seats
        who = [
            (seat.participant.registrant_id, "")
            for seat in seats
            if seat.invite_id in invites and seat.participant.registrant_id is not None
        ]
        if who and meeting.zoom_id is not None:
            await self._control.cancel(meeting.link_id, meeting.zoom_id, list(dict.fromkeys(who)))

    async def revoke_unused(self, act: Act, meeting: Meeting, view: RoomView | None) -> int:
        """Revoke and send every link, of members and guests, whose holder neither was in the room nor waited in this session; how many. A repeat
        finds none left.

        A link that anybody can pass on (no registration) cannot be revoked and is left alone.
        """
        seats = () if view is None else view.seats
        used = frozenset(seat.invite_id for seat in seats if seat.invite_id)
        came = frozenset(seat.guest_id for seat in seats if seat.guest_id)
        count = await self._revoke_guests(act, meeting, came)
        if count:
            await self.send_orders(meeting)
        while chunk := await self._revoke_some(act, meeting, used):
            count += len(chunk)
            await self.send_orders(meeting)
        return count

    async def confirmed(self, meeting_id: MeetingId) -> bool:
        """Whether Zoom's list shows that everything ordered is void by now. What is left is tried again by itself."""
        return await self._revoking.try_now(meeting_id)

    async def _revoke_guests(self, act: Act, meeting: Meeting, came: Collection[GuestId]) -> int:
        """Links of invited guests: few, so in one commit. A link on its way to the organiser is stopped where it is handed over."""
        async with self._store.work() as uow:
            invited = await uow.guests.of_meeting(meeting.meeting_id)
            unused = [guest for guest in invited if guest.registrant_id is not None and guest.guest_id not in came]
            if not unused:
                return 0
            for guest in unused:
                await self._revoking.revoke_guest(uow, guest)
            await self._note(uow, act, meeting, [guest.registrant_id for guest in unused], guests=len(unused))
            await uow.commit()
        return len(unused)

    async def _revoke_some(self, act: Act, meeting: Meeting, used: Collection[InviteId]) -> Sequence[Invite]:
        now = self._clock.now()
        async with self._store.work() as uow:
            current = await uow.invites.of_meeting(meeting.meeting_id)
            chunk = [each for each in current if each.address and each.invite_id not in used][:CHUNK]
            if not chunk:
                return ()
            for invite in chunk:
                await uow.invites.save(invite.revoked(now))
                await self._revoking.order(uow, meeting.meeting_id, invite.address, invite.registrant_id)
            await self._note(uow, act, meeting, [invite.registrant_id for invite in chunk], links=len(chunk))
            await uow.commit()
        return chunk

    async def _note(
        self, uow: UnitOfWork, act: Act, meeting: Meeting, whose: Iterable[RegistrantId | None], **counted: int
    ) -> None:
        now = self._clock.now()
        await uow.doors.note_cancelled(meeting.meeting_id, [each for each in whose if each is not None], now)
        await uow.audit.append(
            meeting.guild_id,
            "door.cancelled_unused",
            at=now,
            actor=act.actor,
            meeting=meeting.meeting_id,
            facts={"act": act.act_id, **counted},
        )
