"""Void orders, members to decide about again, guests, and changes of meetings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import and_, delete, false, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.repositories.statements import insert_into, update_one, upsert
from bot.adapters.store.tables import InviteRow
from bot.adapters.store.tables_following import GuestRow, MeetingEditRow, MemberCheckRow, VoidOrderRow
from bot.domain.edit import Edit
from bot.domain.guest import Guest, GuestState
from bot.domain.invite import InviteState
from bot.domain.values import GuestId, MeetingId, MemberId, RegistrantId, RoleId, ZoomUserId
from bot.ports import Check, VoidOrder


class SqlVoidOrders:
    """Implements `bot.ports.VoidOrders`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def put(self, order: VoidOrder) -> None:
        """Add it; for the same address it replaces what was there."""
        values = {
            "meeting_id": order.meeting_id,
            "address": order.address,
            "registrant_id": order.registrant_id,
            "since": order.since,
            "sent_at": order.sent_at,
        }
        await self._session.execute(upsert(self._session, VoidOrderRow, values, key=["meeting_id", "address"]))

    async def of_meeting(self, meeting_id: MeetingId) -> Sequence[VoidOrder]:
        """Oldest first."""
        wanted = select(VoidOrderRow).where(VoidOrderRow.meeting_id == meeting_id)
        rows = await self._session.scalars(wanted.order_by(VoidOrderRow.since, VoidOrderRow.address))
        return [
            VoidOrder(
                meeting_id,
                row.address,
                None if row.registrant_id is None else RegistrantId(row.registrant_id),
                row.since,
                row.sent_at,
            )
            for row in rows
        ]

    async def note_sent(self, meeting_id: MeetingId, addresses: Sequence[str], at: datetime) -> None:
        """The cancellation of these was sent."""
        sent = update(VoidOrderRow).where(VoidOrderRow.meeting_id == meeting_id, VoidOrderRow.address.in_(addresses))
        await self._session.execute(sent.values(sent_at=at))

    async def drop(self, meeting_id: MeetingId, addresses: Sequence[str]) -> None:
        """Zoom has confirmed these."""
        of_these = (VoidOrderRow.meeting_id == meeting_id, VoidOrderRow.address.in_(addresses))
        await self._session.execute(delete(VoidOrderRow).where(*of_these))


class SqlChecks:
    """Implements `bot.ports.Checks`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def ask(self, meeting_id: MeetingId, member_id: MemberId, at: datetime) -> None:
        """About this member, before all that were asked for by `ask_all`."""
        values = {"meeting_id": meeting_id, "member_id": member_id, "pressing": True, "asked_at": at}
        await self._session.execute(upsert(self._session, MemberCheckRow, values, key=["meeting_id", "member_id"]))

    async def ask_all(self, meeting_id: MeetingId, at: datetime) -> int:
        """About everybody with a current invite; who is asked about already stays as they are. How many wait now."""
        asked = literal(at, MemberCheckRow.asked_at.type)
        holders = select(InviteRow.meeting_id, InviteRow.member_id, false(), asked).where(
            InviteRow.meeting_id == meeting_id, InviteRow.state != InviteState.REVOKED
        )
        names = ["meeting_id", "member_id", "pressing", "asked_at"]
        adding = insert_into(self._session, MemberCheckRow).from_select(names, holders)
        await self._session.execute(adding.on_conflict_do_nothing())
        waiting = select(func.count()).select_from(MemberCheckRow).where(MemberCheckRow.meeting_id == meeting_id)
        return await self._session.scalar(waiting) or 0

    async def waiting(self, meeting_id: MeetingId, limit: int) -> Sequence[Check]:
        """The next ones."""
        of_meeting = select(MemberCheckRow.member_id, MemberCheckRow.asked_at).where(
            MemberCheckRow.meeting_id == meeting_id
        )
        order = (MemberCheckRow.pressing.desc(), MemberCheckRow.asked_at, MemberCheckRow.member_id)
        rows = await self._session.execute(of_meeting.order_by(*order).limit(limit))
        return [Check(MemberId(member_id), asked_at) for member_id, asked_at in rows]

    async def done(self, meeting_id: MeetingId, checks: Sequence[Check]) -> None:
        """Decided. Whoever was asked about again in between stays."""
        each = [and_(MemberCheckRow.member_id == c.member_id, MemberCheckRow.asked_at <= c.asked_at) for c in checks]
        if each:
            of_these = delete(MemberCheckRow).where(MemberCheckRow.meeting_id == meeting_id, or_(*each))
            await self._session.execute(of_these)

    async def clear(self, meeting_id: MeetingId) -> None:
        """Nobody of this meeting is asked about any more."""
        await self._session.execute(delete(MemberCheckRow).where(MemberCheckRow.meeting_id == meeting_id))


class SqlGuests:
    """Implements `bot.ports.Guests`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, guest: Guest) -> bool:
        """False if the tag is taken in this meeting; nothing is written then."""
        adding = insert_into(self._session, GuestRow).values(_guest_columns(guest)).on_conflict_do_nothing()
        return (await self._session.execute(adding.returning(GuestRow.guest_id))).first() is not None

    async def get(self, guest_id: GuestId) -> Guest | None:
        """One guest."""
        row = await self._session.get(GuestRow, guest_id)
        return None if row is None else guest_from(row)

    async def save(self, guest: Guest) -> None:
        """Keep all of a guest, the new for the old."""
        await update_one(self._session, GuestRow.guest_id, guest.guest_id, _guest_columns(guest))

    async def of_meeting(self, meeting_id: MeetingId) -> Sequence[Guest]:
        """Every current guest, by shown name."""
        wanted = select(GuestRow).where(GuestRow.meeting_id == meeting_id, GuestRow.state != GuestState.REVOKED)
        guests = [guest_from(row) for row in await self._session.scalars(wanted)]
        # Sorted here: the order of text differs from one database to another.
        return sorted(guests, key=lambda guest: (guest.shown_name.casefold(), guest.guest_id))


class SqlEdits:
    """Implements `bot.ports.Edits`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, meeting_id: MeetingId) -> Edit | None:
        """The change of this meeting that is proposed or under way."""
        row = await self._session.get(MeetingEditRow, meeting_id)
        if row is None:
            return None
        return Edit(
            edit_id=row.edit_id,
            meeting_id=meeting_id,
            proposed_by=MemberId(row.proposed_by),
            proposed_at=row.proposed_at,
            topic=row.topic,
            starts_at=row.starts_at,
            duration=row.ends_at - row.starts_at,
            profile=row.profile,
            extra_role=None if row.extra_role is None else RoleId(row.extra_role),
            alternative_hosts=tuple(ZoomUserId(user_id) for user_id in row.alternative_hosts),
            personal_links=row.personal_links,
            waiting_room=row.waiting_room,
            confirmed_at=row.confirmed_at,
        )

    async def put(self, edit: Edit) -> None:
        """Keep it in place of the one before."""
        values = {
            "meeting_id": edit.meeting_id,
            "edit_id": edit.edit_id,
            "proposed_by": edit.proposed_by,
            "proposed_at": edit.proposed_at,
            "confirmed_at": edit.confirmed_at,
            "topic": edit.topic,
            "starts_at": edit.starts_at,
            "ends_at": edit.starts_at.astimezone(UTC) + edit.duration,
            "profile": edit.profile,
            "extra_role": edit.extra_role,
            "alternative_hosts": list(edit.alternative_hosts),
            "personal_links": edit.personal_links,
            "waiting_room": edit.waiting_room,
        }
        await self._session.execute(upsert(self._session, MeetingEditRow, values, key=["meeting_id"]))

    async def drop(self, meeting_id: MeetingId) -> None:
        """Forget it."""
        await self._session.execute(delete(MeetingEditRow).where(MeetingEditRow.meeting_id == meeting_id))


def _guest_columns(guest: Guest) -> dict[str, object]:
    return {
        "guest_id": guest.guest_id,
        "meeting_id": guest.meeting_id,
        "name": guest.name,
        "tag": guest.tag,
        "address": guest.address,
        "invited_by": guest.invited_by,
        "requested_at": guest.requested_at,
        "state": guest.state,
        "registrant_id": guest.registrant_id,
        "revoked_at": guest.revoked_at,
    }


def guest_from(row: GuestRow) -> Guest:
    """The guest a row holds."""
    return Guest(
        guest_id=GuestId(row.guest_id),
        meeting_id=MeetingId(row.meeting_id),
        name=row.name,
        tag=row.tag,
        address=row.address,
        invited_by=MemberId(row.invited_by),
        requested_at=row.requested_at,
        state=row.state,
        registrant_id=None if row.registrant_id is None else RegistrantId(row.registrant_id),
        revoked_at=row.revoked_at,
    )
