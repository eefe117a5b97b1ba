"""Meetings that repeat every week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.meeting import Meeting
from bot.domain.series import SeriesId
from bot.domain.values import GuildId, MeetingId, MemberId
from bot.ports.world import ParsedTime


class WeeklyTimes(Protocol):
    """Repeats a moment every week at the same time on the wall."""

    def weekly(self, first: datetime, *, zone: str, count: int) -> Sequence[ParsedTime]:
        """`count` moments a week apart in `zone`, `first` among them; a note where the clocks change over one of them."""
        ...


class SeriesBook(Protocol):
    """Which meetings belong together, and which of them somebody confirmed."""

    async def add(self, series_id: SeriesId, meetings: Sequence[MeetingId]) -> None:
        """Put these meetings together, in this order."""
        ...

    async def of(self, meeting_id: MeetingId) -> SeriesId | None:
        """The meeting's series, if it is part of one."""
        ...

    async def meetings(self, series_id: SeriesId) -> Sequence[Meeting]:
        """All that are kept of the series, in order, in whatever state."""
        ...

    async def promise(self, series_id: SeriesId, by: MemberId) -> None:
        """This organiser confirmed the series: none of its drafts is forgotten any more. The first confirmation stays."""
        ...

    async def promised(self, meeting_id: MeetingId) -> MemberId | None:
        """Who confirmed the series this meeting belongs to."""
        ...

    async def of_guild(self, guild_id: GuildId) -> Mapping[MeetingId, SeriesId]:
        """The series of each meeting that is planned or to be created."""
        ...

    async def waiting(self, guild_id: GuildId) -> Sequence[Meeting]:
        """Meetings of confirmed series that Zoom has not created yet, soonest first."""
        ...
