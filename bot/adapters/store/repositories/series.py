"""Which meetings belong together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.repositories.meetings import SqlMeetings
from bot.adapters.store.tables import MeetingRow
from bot.adapters.store.tables_series import SeriesMeetingRow
from bot.domain.meeting import Meeting, MeetingState
from bot.domain.series import SeriesId
from bot.domain.values import GuildId, MeetingId, MemberId

_NOT_OVER = (MeetingState.PLANNED, MeetingState.CREATED, MeetingState.LIVE)


class SqlSeries:
    """Implements `bot.ports.SeriesBook`."""

    def __init__(self, session: AsyncSession, meetings: SqlMeetings) -> None:
        self._session = session
        self._meetings = meetings

    async def add(self, series_id: SeriesId, meetings: Sequence[MeetingId]) -> None:
        """Put these meetings together, in this order."""
        rows = [
            {"meeting_id": meeting_id, "series_id": series_id, "position": position}
            for position, meeting_id in enumerate(meetings)
        ]
        await self._session.execute(insert(SeriesMeetingRow), rows)

    async def of(self, meeting_id: MeetingId) -> SeriesId | None:
        """The meeting's series, if it is part of one."""
        row = await self._session.get(SeriesMeetingRow, meeting_id)
        return None if row is None else SeriesId(row.series_id)

    async def meetings(self, series_id: SeriesId) -> Sequence[Meeting]:
        """All that are kept of the series, in order, in whatever state."""
        wanted = select(SeriesMeetingRow.meeting_id).where(SeriesMeetingRow.series_id == series_id)
        return await self._load((await self._session.scalars(wanted.order_by(SeriesMeetingRow.position))).all())

    async def promise(self, series_id: SeriesId, by: MemberId) -> None:
        """This organiser confirmed the series. The first confirmation stays."""
        unconfirmed = (SeriesMeetingRow.series_id == series_id, SeriesMeetingRow.promised_by.is_(None))
        await self._session.execute(update(SeriesMeetingRow).where(*unconfirmed).values(promised_by=by))

    async def promised(self, meeting_id: MeetingId) -> MemberId | None:
        """Who confirmed the series this meeting belongs to."""
        wanted = select(SeriesMeetingRow.promised_by).where(SeriesMeetingRow.meeting_id == meeting_id)
        found = await self._session.scalar(wanted)
        return None if found is None else MemberId(found)

    async def of_guild(self, guild_id: GuildId) -> Mapping[MeetingId, SeriesId]:
        """The series of each meeting that is planned or to be created."""
        wanted = (
            select(SeriesMeetingRow.meeting_id, SeriesMeetingRow.series_id)
            .join(MeetingRow, MeetingRow.meeting_id == SeriesMeetingRow.meeting_id)
            .where(MeetingRow.guild_id == guild_id, MeetingRow.state.in_(_NOT_OVER))
        )
        found = await self._session.execute(wanted)
        return {MeetingId(meeting_id): SeriesId(series_id) for meeting_id, series_id in found}

    async def waiting(self, guild_id: GuildId) -> Sequence[Meeting]:
        """Meetings of confirmed series that Zoom has not created yet, soonest first."""
        wanted = (
            select(SeriesMeetingRow.meeting_id)
            .join(MeetingRow, MeetingRow.meeting_id == SeriesMeetingRow.meeting_id)
            .where(
                MeetingRow.guild_id == guild_id,
                MeetingRow.state == MeetingState.PLANNED,
                SeriesMeetingRow.promised_by.is_not(None),
            )
            .order_by(MeetingRow.starts_at, MeetingRow.meeting_id)
        )
        return await self._load((await self._session.scalars(wanted)).all())

    async def _load(self, ids: Sequence[str]) -> Sequence[Meeting]:
        found = [await self._meetings.get(MeetingId(meeting_id)) for meeting_id in ids]
        return [meeting for meeting in found if meeting is not None]
