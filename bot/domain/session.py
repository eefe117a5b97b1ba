"""Sessions: the live runs of a meeting. What Zoom reports of them may come late, twice and in any order; the result is the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.meeting import Meeting, MeetingState
from bot.domain.values import MeetingId, SessionId

LISTS_LAG = timedelta(minutes=2)
"""How far Zoom's list of live meetings may be behind: what an event said less than this before a look is believed over the look."""


@dataclass(frozen=True, slots=True)
class Session:
    """One run, by Zoom's meeting UUID. Either end may be unknown: an end can be reported before its start."""

    session_id: SessionId
    meeting_id: MeetingId
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def live(self) -> bool:
        """Going on now, as far as is known."""
        return self.started_at is not None and self.ended_at is None

    def started(self, at: datetime) -> Session:
        """Zoom says that it started; of several times the earliest counts."""
        return replace(self, started_at=at if self.started_at is None else min(self.started_at, at))

    def ended(self, at: datetime) -> Session:
        """Zoom says that it ended; of several times the latest counts. An ended session stays ended, whatever start is told afterwards."""
        return replace(self, ended_at=at if self.ended_at is None else max(self.ended_at, at))

    def seen_live(self, at: datetime) -> Session:
        """Zoom's list showed it as live at `at`. An end that was taken for certain long before was a mistake of ours."""
        mistaken = self.ended_at is not None and self.ended_at <= at - LISTS_LAG
        return replace(self.started(at), ended_at=None if mistaken else self.ended_at)

    def missed_at(self, at: datetime) -> Session:
        """Zoom's list did not show it at `at`: it is over, unless it began so recently that the list may not know it yet."""
        if not self.live or self.started_at is None or self.started_at > at - LISTS_LAG:
            return self
        return self.ended(at)


def state_with(meeting: Meeting, sessions: Iterable[Session]) -> MeetingState:
    """CREATED or LIVE, after what is known of the sessions; every other state stays as it is."""
    if not meeting.upcoming:
        return meeting.state
    return MeetingState.LIVE if any(session.live for session in sessions) else MeetingState.CREATED
