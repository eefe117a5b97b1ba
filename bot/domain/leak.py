"""Links that were found where they should not be: whose they are, and what followed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from bot.domain.values import (
    ChannelId,
    GuestId,
    GuildId,
    InviteId,
    LeakId,
    MeetingId,
    MemberId,
    MessageId,
    refused,
)

ALLOWED_AGAIN = 1
"""So many links of one member may leak before a new one takes a moderator's word."""
HELD_AFTER_LEAK = refused(
    "held_after_leak",
    "Your link was found where others could use it, and not for the first time, so a moderator has to allow you a new one. "
    "They know; write to one of them.",
)


class LeakKind(Enum):
    """What was posted."""

    MEMBER = "member"
    """A member's personal link."""
    GUEST = "guest"
    """The personal link of a guest from outside."""
    MEETING = "meeting"
    """The meeting's own link, the same for everybody."""
    STRAY = "stray"
    """A personal link into a meeting of ours that the bot did not make, or knows no more."""


@dataclass(frozen=True, slots=True)
class Leak:
    """One link in one place. The link itself is kept nowhere.

    `channel_id` and `message_id` say where in Discord; `author_id` who posted it, who need not be the holder. `dealt_at` is empty while a member
    has told and no moderator has acted; `still_worked` says whether the link let anybody in until then. `told_at` is when the holder was told, or
    could not be.
    """

    leak_id: LeakId
    guild_id: GuildId
    meeting_id: MeetingId
    kind: LeakKind
    at: datetime
    channel_id: ChannelId
    message_id: MessageId
    author_id: MemberId
    reported_by: MemberId
    invite_id: InviteId | None = None
    guest_id: GuestId | None = None
    member_id: MemberId | None = None
    dealt_at: datetime | None = None
    dealt_by: MemberId | None = None
    still_worked: bool = False
    told_at: datetime | None = None

    @property
    def once(self) -> str:
        """The same for the same link in the same message, however often and by whomever it is reported."""
        return f"{self.message_id}:{self.kind.value}:{self.invite_id or self.guest_id or self.meeting_id}"

    def dealt(self, by: MemberId, at: datetime, *, still_worked: bool) -> Leak:
        """A moderator acted; the first one stays named."""
        return self if self.dealt_at is not None else replace(self, dealt_by=by, dealt_at=at, still_worked=still_worked)

    def told(self, at: datetime) -> Leak:
        """The holder knows, or cannot be reached."""
        return replace(self, told_at=at)


def must_ask(times: int) -> bool:
    """Whether a new link takes a moderator's word, when so many links of this member have leaked."""
    return times > ALLOWED_AGAIN
