"""When people are reminded of a meeting."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.community import Community
from bot.domain.meeting import Meeting

MESSAGES_A_MINUTE = 10
"""How many direct messages leave in a minute; many reminders start that much earlier."""
USELESS_AFTER = timedelta(minutes=10)
"""A reminder that is this late helps nobody any more."""


def reminds_at(meeting: Meeting, community: Community) -> datetime | None:
    """When the reminder goes out; None where the community wants none."""
    return meeting.starts_at - community.reminder if community.reminder else None


def messages_from(at: datetime, people: int) -> datetime:
    """When the first direct message leaves, so that the last one has left by `at`: ten people take a minute."""
    return at - timedelta(minutes=-(-people // MESSAGES_A_MINUTE))


def too_late(meeting: Meeting, now: datetime) -> bool:
    """Whether reminding of this meeting has become useless."""
    return not meeting.upcoming or now >= min(meeting.starts_at + USELESS_AFTER, meeting.ends_at)
