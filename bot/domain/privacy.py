"""How long people's data is kept, when an erase asked for now is done, and what the kinds of data are called.

Evidence must not be erasable by whoever it is about: an erase asked for around a call waits until somebody had the time to report, and what an
incident holds stays until the hold ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from bot.domain.values import MeetingId, MemberId

RETENTION = timedelta(days=30)
"""How long after a meeting people's data is kept, unless the community says otherwise."""
MIN_RETENTION, MAX_RETENTION = timedelta(days=7), timedelta(days=180)
"""Whoever reports a call may do so days later, and Zoom takes seven days for the confirmation of a report; half a year is the longest hold
without a named renewal, and nothing else may be kept longer than what is held."""
GRACE = timedelta(days=30)
"""How long the data of a member who left, and of a community that removed the bot, is kept in case they come back."""
BEFORE_CALL, AFTER_CALL = timedelta(hours=1), timedelta(hours=72)
"""An erase asked for from an hour before until three days after a call that the person had a link for waits until those three days are over."""
LOOK_AGAIN = timedelta(days=1)
"""When an erase that a hold keeps from its end is tried again."""
NOBODY = MemberId(0)
"""Stands where a member's number was and the row belongs to others as well."""


class Topic(Enum):
    """Kinds of data about a person. The value is how people call it."""

    LINKS = "Your links to calls"
    COMING = "Calls you said you are coming to"
    REMINDERS = "Reminders you asked for"
    CHECKS = "Open questions whether you are still admitted"
    IN_CALLS = "What Zoom reported of you in calls"
    PLANNED = "Calls you planned or changed"
    GUESTS = "Guests you invited"
    LEAKS = "Links that were posted where they should not be"
    ZOOM = "Your Zoom account"
    RECORD = "What you did here, in the record"
    ERASING = "Your data is going to be erased"
    SAFETY = "Safety reports"
    """Never shown, whether there are any or not: neither who reported nor what, and not to whom it is about."""


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """One thing held about a person. `facts` are a plain word and what stands under it; never a link, a passcode or a token."""

    topic: Topic
    facts: tuple[tuple[str, object], ...] = ()
    meeting: str = ""
    """The call's topic, where it is about one."""
    starts_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A call somebody had a link for, planned or hosts, from its start to its end as far as they are known."""

    meeting_id: MeetingId
    start: datetime
    end: datetime
    live: bool = False


def erase_due(calls: Iterable[Call], now: datetime) -> datetime:
    """When an erase asked for at `now` is done: at once, or when the three days after the last such call are over."""
    waits = [
        (now if call.live else call.end) + AFTER_CALL
        for call in calls
        if call.live or call.start - BEFORE_CALL <= now < call.end + AFTER_CALL
    ]
    return max(waits, default=now)
