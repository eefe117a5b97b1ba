"""Sessions of meetings, and what organisers know of how meetings differ from what was asked."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.repositories.statements import upsert
from bot.adapters.store.tables_events import DriftRow, SessionRow
from bot.domain.drift import Drift
from bot.domain.session import Session
from bot.domain.values import MeetingId, SessionId


class SqlSessions:
    """Implements `bot.ports.Sessions`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, session_id: SessionId) -> Session | None:
        """One run."""
        row = await self._session.get(SessionRow, session_id)
        return None if row is None else _run(row)

    async def save(self, session: Session) -> None:
        """Add or change it."""
        values = {
            "session_id": session.session_id,
            "meeting_id": session.meeting_id,
            "started_at": session.started_at,
            "ended_at": session.ended_at,
        }
        await self._session.execute(upsert(self._session, SessionRow, values, key=["session_id"]))

    async def of_meeting(self, meeting_id: MeetingId) -> Sequence[Session]:
        """Every run of a meeting, in no particular order."""
        rows = await self._session.scalars(select(SessionRow).where(SessionRow.meeting_id == meeting_id))
        return [_run(row) for row in rows]


class SqlDrifts:
    """Implements `bot.ports.Drifts`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, meeting_id: MeetingId) -> Drift:
        """What is known; nothing if there is no row."""
        row = await self._session.get(DriftRow, meeting_id)
        return Drift(meeting_id) if row is None else Drift(meeting_id, tuple(row.known), tuple(row.pending))

    async def save(self, drift: Drift) -> None:
        """Keep it in place of what was there."""
        values = {"meeting_id": drift.meeting_id, "known": list(drift.known), "pending": list(drift.pending)}
        await self._session.execute(upsert(self._session, DriftRow, values, key=["meeting_id"]))


def _run(row: SessionRow) -> Session:
    return Session(SessionId(row.session_id), MeetingId(row.meeting_id), row.started_at, row.ended_at)
