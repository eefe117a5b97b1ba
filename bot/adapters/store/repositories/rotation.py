"""What hangs on a meeting, moved to the one that takes its place: in a few statements, however many people hold links."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.repositories.statements import insert_into
from bot.adapters.store.tables import ComingRow, InviteRow, MeetingRow
from bot.adapters.store.tables_series import ReminderRow, SeriesMeetingRow, ServerEventRow
from bot.domain.invite import InviteState
from bot.domain.values import MeetingId, RegistrantId

_GO_ALONG = (ReminderRow, SeriesMeetingRow, ServerEventRow)


class SqlRotations:
    """Implements `bot.ports.RotationBook`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def successor(self, meeting_id: MeetingId) -> MeetingId | None:
        """The meeting that is being made to take this one's place."""
        found = await self._session.scalar(select(MeetingRow.meeting_id).where(MeetingRow.replaces == meeting_id))
        return None if found is None else MeetingId(found)

    async def bring_over(self, old: MeetingId, new: MeetingId, at: datetime) -> None:
        """Whoever holds a link or said "coming" is coming to the new one; reminders, the server event and the place in a series go along."""
        now = literal(at, ComingRow.asked_at.type)
        holding = select(literal(str(new)), InviteRow.member_id, now).where(
            InviteRow.meeting_id == old, InviteRow.state != InviteState.REVOKED
        )
        coming = select(literal(str(new)), ComingRow.member_id, ComingRow.asked_at).where(ComingRow.meeting_id == old)
        for people in (holding, coming):
            adding = insert_into(self._session, ComingRow).from_select(["meeting_id", "member_id", "asked_at"], people)
            await self._session.execute(adding.on_conflict_do_nothing())
        for row in _GO_ALONG:
            await self._session.execute(update(row).where(row.meeting_id == old).values(meeting_id=new))

    async def revoke_invites(self, meeting_id: MeetingId, at: datetime) -> Sequence[tuple[str, RegistrantId | None]]:
        """Every current invite is revoked and its link erased; the addresses and registrants they had, "" without registration."""
        current = (InviteRow.meeting_id == meeting_id, InviteRow.state != InviteState.REVOKED)
        gone = {"state": InviteState.REVOKED, "revoked_at": at, "link_sealed": None, "link_key_id": None}
        revoked = update(InviteRow).where(*current).values(gone).returning(InviteRow.address, InviteRow.registrant_id)
        found = await self._session.execute(revoked)
        return [(address, None if known is None else RegistrantId(known)) for address, known in found]
