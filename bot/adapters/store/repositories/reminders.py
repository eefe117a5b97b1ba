"""Who wants to be reminded of which meeting."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.repositories.statements import insert_into
from bot.adapters.store.tables_series import ReminderRow
from bot.domain.values import MeetingId, MemberId
from bot.ports import ReminderState


class SqlReminders:
    """Implements `bot.ports.Reminders`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, meeting_id: MeetingId, member_id: MemberId, at: datetime) -> None:
        """This member wants a reminder. Repeating it changes nothing."""
        values = {
            "meeting_id": meeting_id,
            "member_id": member_id,
            "asked_at": at,
            "state": ReminderState.WAITING,
        }
        await self._session.execute(insert_into(self._session, ReminderRow).values(values).on_conflict_do_nothing())

    async def remove(self, meeting_id: MeetingId, member_id: MemberId) -> None:
        """They want none any more. One that was sent stays noted."""
        await self._session.execute(
            delete(ReminderRow).where(
                ReminderRow.meeting_id == meeting_id,
                ReminderRow.member_id == member_id,
                ReminderRow.state == ReminderState.WAITING,
            )
        )

    async def waiting(self, meeting_id: MeetingId) -> Sequence[MemberId]:
        """Who is still to be reminded, first come first."""
        wanted = select(ReminderRow.member_id).where(
            ReminderRow.meeting_id == meeting_id, ReminderRow.state == ReminderState.WAITING
        )
        found = await self._session.scalars(wanted.order_by(ReminderRow.asked_at, ReminderRow.member_id))
        return [MemberId(member_id) for member_id in found]

    async def mark(self, meeting_id: MeetingId, member_id: MemberId, state: ReminderState) -> None:
        """What became of this person's reminder."""
        of_person = (ReminderRow.meeting_id == meeting_id, ReminderRow.member_id == member_id)
        await self._session.execute(update(ReminderRow).where(*of_person).values(state=state))

    async def drop(self, meeting_id: MeetingId) -> None:
        """Forget everybody's."""
        await self._session.execute(delete(ReminderRow).where(ReminderRow.meeting_id == meeting_id))
