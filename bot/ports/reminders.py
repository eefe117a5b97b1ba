"""Reminders of single people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from bot.domain.values import ChannelId, GuildId, MeetingId, MemberId


class ReminderState(Enum):
    """What became of one person's reminder. The value is how it is stored."""

    WAITING = "waiting"
    SENT = "sent"
    UNDELIVERABLE = "undeliverable"
    """They take no direct messages; final."""
    NOT_ADMITTED = "not_admitted"
    """They left, or would get no link any more."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """What one person is told in private: when it starts and where to press. Never a link."""

    meeting_id: MeetingId
    guild_id: GuildId
    topic: str
    starts_at: datetime
    opens_at: datetime
    channel_id: ChannelId | None


class PrivateReminders(Protocol):
    """Reaches one person. Raises `Transient` (`retry_after` says when) and `Undeliverable` (final)."""

    async def remind(self, member_id: MemberId, reminder: Reminder) -> None:
        """A direct message to somebody who asked for it. Repeating it within minutes sends it once."""
        ...


class Reminders(Protocol):
    """Who wants to be reminded of which meeting."""

    async def add(self, meeting_id: MeetingId, member_id: MemberId, at: datetime) -> None:
        """This member wants a reminder. Repeating it changes nothing."""
        ...

    async def remove(self, meeting_id: MeetingId, member_id: MemberId) -> None:
        """They want none any more. One that was sent stays noted."""
        ...

    async def waiting(self, meeting_id: MeetingId) -> Sequence[MemberId]:
        """Who is still to be reminded, first come first."""
        ...

    async def mark(self, meeting_id: MeetingId, member_id: MemberId, state: ReminderState) -> None:
        """What became of this person's reminder."""
        ...

    async def drop(self, meeting_id: MeetingId) -> None:
        """Forget everybody's."""
        ...
