"""What falls due, what was used up today, and what the process notes for itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.repositories.statements import insert_into, upsert
from bot.adapters.store.tables import AgendaRow, DailyUsageRow, NoteRow
from bot.domain.values import MeetingId
from bot.ports import DueItem, Job


class SqlAgenda:
    """Implements `bot.ports.Agenda`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def put(self, item: DueItem) -> None:
        """Add it, or move it to another moment."""
        values = {"meeting_id": item.meeting_id, "due": item.due, "due_at": item.at}
        await self._session.execute(upsert(self._session, AgendaRow, values, key=["meeting_id", "due"]))

    async def drop(self, meeting_id: MeetingId, *dues: Job) -> None:
        """Take entries off; all of the meeting's if none is named."""
        wanted = [AgendaRow.meeting_id == meeting_id]
        if dues:
            wanted.append(AgendaRow.due.in_(dues))
        await self._session.execute(delete(AgendaRow).where(*wanted))

    async def take(self, now: datetime, limit: int) -> Sequence[DueItem]:
        """Remove and give what is due, oldest first. Rows that another process is taking are left to it."""
        due = select(AgendaRow.meeting_id, AgendaRow.due, AgendaRow.due_at).where(AgendaRow.due_at <= now)
        oldest = due.order_by(AgendaRow.due_at, AgendaRow.meeting_id, AgendaRow.due).limit(limit)
        rows = (await self._session.execute(oldest.with_for_update(skip_locked=True))).all()
        taken = [(meeting_id, kind) for meeting_id, kind, _ in rows]
        await self._session.execute(delete(AgendaRow).where(tuple_(AgendaRow.meeting_id, AgendaRow.due).in_(taken)))
        return [DueItem(kind, MeetingId(meeting_id), at) for meeting_id, kind, at in rows]


class SqlUsage:
    """Implements `bot.ports.Usage`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def count(self, key: str, day: date) -> int:
        """How often it was counted on this day."""
        row = await self._session.get(DailyUsageRow, (key, day))
        return 0 if row is None else row.count

    async def add(self, key: str, day: date) -> int:
        """Count one more and give the new number; two who count at once get two numbers."""
        first = insert_into(self._session, DailyUsageRow).values(key=key, day=day, count=1)
        one_more = first.on_conflict_do_update(
            index_elements=["key", "day"], set_={"count": DailyUsageRow.count + 1}
        ).returning(DailyUsageRow.count)
        return int((await self._session.execute(one_more)).scalar_one())


class SqlNotes:
    """Implements `bot.ports.Notes`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, key: str) -> str | None:
        """What was noted under this key."""
        row = await self._session.get(NoteRow, key)
        return None if row is None else row.value

    async def put(self, key: str, value: str) -> None:
        """Note it, in place of what was there."""
        await self._session.execute(upsert(self._session, NoteRow, {"key": key, "value": value}, key=["key"]))
