"""The chat's own calendar: events a whole server, and perhaps people outside it, can see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NewType, Protocol

from bot.domain.meeting import ProfileName
from bot.domain.values import ChannelId, GuildId, MeetingId

EventId = NewType("EventId", int)
"""A server event, as Discord counts it."""


class EventState(Enum):
    """Why a meeting has or has no server event. The value is how it is stored."""

    SHOWN = "shown"
    NO_PERMISSION = "no_permission"
    FULL = "full"
    REMOVED = "removed"
    """Somebody deleted it by hand; it is not made again."""
    OVER = "over"


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """What we know of a meeting's server event. `fingerprint` tells whether what it says is still true."""

    meeting_id: MeetingId
    state: EventState
    event_id: EventId | None = None
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """What an event says. Anybody may be able to read it, so it holds what the public announcement holds, and no id."""

    guild_id: GuildId
    topic: str
    starts_at: datetime
    ends_at: datetime
    profile: ProfileName
    channel_id: ChannelId | None
    personal_links: bool
    small_group: bool


class ServerEvents(Protocol):
    """Events of a server. Methods raise `Transient` and `NeedsAttention`.

    `NeedsAttention` has the code "discord_permission" where the bot may not make events, "server_events_full" where the server has no room.
    """

    async def find(self, event: ServerEvent, *, not_these: frozenset[EventId]) -> EventId | None:
        """An event of ours that nobody ended, of this name and start."""
        ...

    async def add(self, event: ServerEvent) -> EventId: ...

    async def change(self, event_id: EventId, event: ServerEvent) -> None:
        """Make it say what holds now. Raises `Undeliverable` if it was deleted or is over."""
        ...

    async def end(self, event_id: EventId, guild_id: GuildId) -> None:
        """Cancel it, or complete it if it has begun. One that is gone or over counts as ended."""
        ...


class KeptEvents(Protocol):
    """The server events of meetings, as we noted them."""

    async def get(self, meeting_id: MeetingId) -> KeptEvent | None: ...
    async def save(self, kept: KeptEvent) -> None: ...
    async def ids(self, guild_id: GuildId) -> frozenset[EventId]:
        """Every event that is noted for a meeting of this community."""
        ...
