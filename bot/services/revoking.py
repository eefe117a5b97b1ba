"""Taking links back: from the first moment none is shown any more, and Zoom is asked until its own list shows that they are gone.

A kill at any moment loses nothing: the invite is revoked and the order to make it void written in one commit, before Zoom is asked; the order goes
only when Zoom's list of registrants has confirmed it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from bot.domain.errors import OutcomeUnknown, Transient, UserMistake, VestibuleError
from bot.domain.guest import Guest
from bot.domain.invite import Invite
from bot.domain.meeting import Meeting, MeetingState
from bot.domain.values import MeetingId, MemberId, RegistrantId, ZoomMeetingId
from bot.ports import Clock, DueItem, Job, MeetingProvider, Registered, Store, UnitOfWork, VoidOrder

LATE_ANSWERS = timedelta(minutes=2)
"""How long an order whose registrant is not known is kept although Zoom does not list them: their registration may still be on its way."""
FIRST_LOOK_AGAIN = timedelta(seconds=15)
"""When Zoom is asked again the first time; then ever more seldom, because Zoom takes ten changes a day per registrant."""


class Revoking:
    """Orders to make links void, and their carrying out."""

    def __init__(self, store: Store, provider: MeetingProvider, clock: Clock) -> None:
        self._store = store
        self._provider = provider
        self._clock = clock

    async def revoke(
        self,
        uow: UnitOfWork,
        meeting: Meeting,
        invite: Invite,
        *,
        why: str,
        actor: MemberId | None = None,
        sent: bool = False,
    ) -> None:
        """Within the caller's transaction: revoke it and see to it that Zoom follows. A link without a registrant cannot be made void.

        Args:
            sent: Zoom was told already and only has to confirm.
        """
        now = self._clock.now()
        await uow.invites.save(invite.revoked(now))
        if invite.address:
            await self.order(uow, meeting.meeting_id, invite.address, invite.registrant_id, sent=sent)
        await uow.audit.append(
            meeting.guild_id,
            "invite.revoked",
            at=now,
            actor=actor,
            subject=invite.member_id,
            meeting=meeting.meeting_id,
            facts={"generation": invite.generation, "why": why, "personal": bool(invite.address)},
        )

    async def revoke_guest(self, uow: UnitOfWork, guest: Guest) -> None:
        """The same for a guest's link; what the audit says of it is the caller's."""
        await uow.guests.save(guest.revoked(self._clock.now()))
        await self.order(uow, guest.meeting_id, guest.address, guest.registrant_id)

    async def order(
        self,
        uow: UnitOfWork,
        meeting_id: MeetingId,
        address: str,
        registrant_id: RegistrantId | None,
        *,
        sent: bool = False,
    ) -> None:
        """Within the caller's transaction: this registrant has to go at Zoom. After the commit call `try_now`; the agenda has what is left of it."""
        now = self._clock.now()
        await uow.voids.put(VoidOrder(meeting_id, address, registrant_id, now, now if sent else None))
        await uow.agenda.put(DueItem(Job.REVOKE, meeting_id, now + FIRST_LOOK_AGAIN))

    async def try_now(self, meeting_id: MeetingId) -> bool:
        """Whether Zoom has confirmed everything by now; what it has not is tried again by itself."""
        try:
            await self.carry_out(meeting_id)
        except VestibuleError:
            return False
        return True

    async def carry_out(self, meeting_id: MeetingId) -> None:
        """Make void what is ordered, and look whether it is. Running it twice asks Zoom twice and changes nothing the second time.

        Raises:
            Transient, OutcomeUnknown: Zoom has not confirmed everything yet.
        """
        async with self._store.read() as uow:
            meeting = await uow.meetings.get(meeting_id)
            orders = await uow.voids.of_meeting(meeting_id)
        if meeting is None or not orders:
            return
        if meeting.zoom_id is None or meeting.state is MeetingState.CANCELLED:
            await self._confirmed(meeting, orders)
            return
        try:
            left = await self._ask_zoom(meeting, meeting.zoom_id, orders)
        except UserMistake as mistake:
            if mistake.code != "meeting_gone":
                raise
            left = []
        done = [order for order in orders if order not in left]
        if done:
            await self._confirmed(meeting, done)
        if left:
            waited = self._clock.now() - min(order.since for order in left)
            raise Transient(
                "Zoom has not confirmed yet that every link is void. I keep trying by myself.",
                code="not_void_yet",
                retry_after=max(FIRST_LOOK_AGAIN, waited),
            )

    async def _ask_zoom(
        self, meeting: Meeting, zoom_id: ZoomMeetingId, orders: Sequence[VoidOrder]
    ) -> Sequence[VoidOrder]:
        """Cancel what is not cancelled; the orders that Zoom's list does not confirm."""
        listed: Mapping[str, Registered] = {}
        if any(order.registrant_id is None or order.sent_at is not None for order in orders):
            listed = await self._provider.registrants(meeting.link_id, zoom_id)
        who = [
            (registrant_id, order.address)
            for order in orders
            if (registrant_id := _to_cancel(order, listed)) is not None
        ]
        if who:
            await self._cancel(meeting, zoom_id, who)
            listed = await self._provider.registrants(meeting.link_id, zoom_id)
        return [order for order in orders if not _gone(order, listed, self._clock.now())]

    async def _cancel(self, meeting: Meeting, zoom_id: ZoomMeetingId, who: Sequence[tuple[RegistrantId, str]]) -> None:
        with suppress(OutcomeUnknown):  # the list says what became of it
            await self._provider.cancel_registrants(meeting.link_id, zoom_id, who)
        async with self._store.work() as uow:
            await uow.voids.note_sent(meeting.meeting_id, [address for _, address in who], self._clock.now())
            await uow.commit()

    async def _confirmed(self, meeting: Meeting, orders: Sequence[VoidOrder]) -> None:
        async with self._store.work() as uow:
            await uow.voids.drop(meeting.meeting_id, [order.address for order in orders])
            if not await uow.voids.of_meeting(meeting.meeting_id):
                await uow.agenda.drop(meeting.meeting_id, Job.REVOKE)
            await uow.audit.append(
                meeting.guild_id,
                "invite.void_confirmed",
                at=self._clock.now(),
                actor=None,
                meeting=meeting.meeting_id,
                facts={"links": len(orders)},
            )
            await uow.commit()


def _to_cancel(order: VoidOrder, listed: Mapping[str, Registered]) -> RegistrantId | None:
    """Whom to cancel: whoever was not cancelled yet, and whoever Zoom lists all the same."""
    found = listed.get(order.address.lower())
    if found is not None:
        return found.registrant_id
    return order.registrant_id if order.sent_at is None else None


def _gone(order: VoidOrder, listed: Mapping[str, Registered], now: datetime) -> bool:
    if order.address.lower() in listed:
        return False
    return order.registrant_id is not None or now - order.since >= LATE_ANSWERS
