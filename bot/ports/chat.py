"""The community's chat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from bot.domain.community import ChannelFacts, MemberFacts, RoleFacts
from bot.domain.meeting import ProfileName
from bot.domain.values import (
    ChannelId,
    GuildId,
    LinkId,
    MeetingId,
    MemberId,
    MessageId,
    RoleId,
)


class Phase(Enum):
    """What an announcement says about its meeting."""

    SCHEDULED = "scheduled"
    LINKS_OPEN = "links_open"
    LIVE = "live"
    ENDED = "ended"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Announcement:
    """What the public may know of a meeting: never an id of Zoom's, a link or a passcode."""

    meeting_id: MeetingId
    guild_id: GuildId
    channel_id: ChannelId
    topic: str
    starts_at: datetime
    ends_at: datetime
    opens_at: datetime
    profile: ProfileName
    phase: Phase
    personal_links: bool = True
    small_group: bool = False
    weekly_until: datetime | None = None
    """The start of the last one, where it repeats every week."""
    rest_cancelled: bool = False
    """Every later one of its series is cancelled."""


@dataclass(frozen=True, slots=True)
class HostBrief:
    """How a host starts their meeting: by signing in to Zoom, never by a link. `zoom_hint` is a masked address."""

    meeting_id: MeetingId
    guild_id: GuildId
    topic: str
    starts_at: datetime
    zoom_hint: str
    alternative: bool
    personal_links: bool


@dataclass(frozen=True, slots=True)
class OwnerAsk:
    """Asks the owner of a Zoom account whose grant is dead to link it again. `zoom_hint` is a masked address."""

    guild_id: GuildId
    link_id: LinkId
    zoom_hint: str


class Notice(Enum):
    """One channel message without names whose button answers each presser privately."""

    CANCELLED = "cancelled"
    REMINDER = "reminder"
    CHANGED = "changed"
    ROTATED = "rotated"


class Chat(Protocol):
    """The community's chat. Methods raise `Transient`, `NeedsAttention` (a permission is missing) or `Undeliverable`."""

    async def member(self, guild_id: GuildId, member_id: MemberId) -> MemberFacts | None:
        """The person as Discord knows them now; None if they are not in the server."""
        ...

    def hears_changes(self, guild_id: GuildId) -> bool:
        """Whether Discord says at once, now and here, when a member of this community loses a role or is put out."""
        ...

    async def announce(self, announcement: Announcement, *, once_key: str) -> MessageId:
        """Post it with its button. The same `once_key` within minutes posts it once."""
        ...

    async def update_announcement(self, announcement: Announcement, message_id: MessageId) -> None:
        """Make the posted message say what holds now. A deleted message raises `Undeliverable`."""
        ...

    async def post_notice(self, notice: Notice, announcement: Announcement, *, once_key: str) -> None:
        """Post the notice in the announcement's channel."""
        ...

    async def brief_host(self, member_id: MemberId, brief: HostBrief) -> None:
        """A direct message to the one person it concerns. Raises `Undeliverable` if they take none."""
        ...

    async def ask_owner(self, member_id: MemberId, ask: OwnerAsk) -> None:
        """A direct message with a button to the one person it concerns. Raises `Undeliverable` if they take none."""
        ...

    async def roles(self, guild_id: GuildId, role_ids: Sequence[RoleId]) -> Sequence[RoleFacts]:
        """What Discord says about these roles, including whether onboarding offers them."""
        ...

    async def sees_audit_log(self, guild_id: GuildId) -> bool:
        """Whether the bot may read the audit log there."""
        ...

    async def channel(self, guild_id: GuildId, channel_id: ChannelId) -> ChannelFacts | None:
        """Who can view the channel; None if the bot cannot see it."""
        ...
