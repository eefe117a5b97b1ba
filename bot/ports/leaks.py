"""Leaked links: knowing whose they are, what is kept of it, and what is done about it in the chat."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.guest import Guest
from bot.domain.invite import Invite
from bot.domain.leak import Leak
from bot.domain.values import (
    ChannelId,
    GuestId,
    GuildId,
    JoinLink,
    LeakId,
    MeetingId,
    MemberId,
    MessageId,
)
from bot.domain.zoom_links import LinkToken


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose a personal link is: a member's invite, of any state, or a guest."""

    meeting_id: MeetingId
    invite: Invite | None = None
    guest: Guest | None = None


class LeakBook(Protocol):
    """What is kept about leaks. The marks of links are kept by whatever keeps the links, when they are made."""

    async def note_guest(self, guest_id: GuestId, link: JoinLink) -> None:
        """Keep the mark of a guest's link, which itself is kept nowhere."""
        ...

    async def holders(self, tokens: Collection[LinkToken]) -> Mapping[LinkToken, Holder]:
        """Whose these are, under whatever key their marks were made; those of nobody are left out."""
        ...

    async def add(self, leak: Leak) -> bool:
        """False if the same link in the same message is kept already; nothing is written then."""
        ...

    async def get(self, leak_id: LeakId) -> Leak | None: ...
    async def save(self, leak: Leak) -> None: ...
    async def of_message(self, guild_id: GuildId, message_id: MessageId) -> Sequence[Leak]:
        """What was found in one message."""
        ...

    async def of_meeting(self, meeting_id: MeetingId) -> Sequence[Leak]:
        """Every leak of a way into this meeting, oldest first."""
        ...

    async def untold(self, meeting_id: MeetingId) -> Sequence[Leak]:
        """Links of members that were taken back and whose holder was not told yet, oldest first."""
        ...

    async def times(self, guild_id: GuildId, member_id: MemberId) -> int:
        """How many different links of this member were taken back here; one that stood in ten messages counts once."""
        ...

    async def leaked_among(self, meeting_id: MeetingId, member_ids: Collection[MemberId]) -> frozenset[MemberId]:
        """Those of them of whom a link into this meeting was taken back because it had leaked."""
        ...

    async def hold(self, guild_id: GuildId, member_id: MemberId, leak_id: LeakId, at: datetime) -> None:
        """This member gets no new link until a moderator allows one."""
        ...

    async def held(self, guild_id: GuildId, member_id: MemberId) -> bool:
        """Whether a moderator has to allow it first."""
        ...

    async def held_among(self, guild_id: GuildId, member_ids: Collection[MemberId]) -> frozenset[MemberId]:
        """Those of them for whom a moderator has to allow it first."""
        ...

    async def allow(self, guild_id: GuildId, member_id: MemberId) -> bool:
        """They may have new links; False if they might already."""
        ...


@dataclass(frozen=True, slots=True)
class HolderNote:
    """What the holder of a leaked link is told. `held` says that a moderator has to allow a new one."""

    leak_id: LeakId
    guild_id: GuildId
    topic: str
    channel_id: ChannelId
    held: bool


class LeakMessages(Protocol):
    """What is done in the chat. Methods raise `Transient`, `NeedsAttention` (a permission is missing) or `Undeliverable`."""

    async def delete(self, guild_id: GuildId, channel_id: ChannelId, message_id: MessageId) -> None:
        """Delete somebody's message. One that is gone raises `Undeliverable`."""
        ...

    async def tell_holder(self, member_id: MemberId, note: HolderNote) -> None:
        """A direct message to the one person it concerns. Raises `Undeliverable` if they take none."""
        ...
