"""Alerts to moderators: kept until they are posted, changed when somebody has dealt with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from bot.domain.values import AlertId, ChannelId, GuildId, MeetingId, MessageId


class AlertKind(Enum):
    """What moderators are alerted to."""

    CHANGED = "changed"
    """Somebody changed a meeting at Zoom."""
    DELETED = "deleted"
    """Somebody deleted a meeting at Zoom."""
    REGISTERED_BY_HAND = "registered_by_hand"
    """Somebody registered for a meeting past the bot."""
    DISCONNECTED = "disconnected"
    """The app was removed at Zoom."""
    OWNER_GONE = "owner_gone"
    """A Zoom account was given back because its owner left or had their data erased."""
    REPORTED = "reported"
    """Somebody reported what happened in a call; `count` is the incident's number."""
    LEAK_REPORTED = "leak_reported"
    """A member says that a message leaks a link into a call."""
    LEAKED_AGAIN = "leaked_again"
    """A link of somebody whose link had leaked before leaked too."""
    LINK_RULE = "link_rule"
    """The AutoMod rule against Zoom links does not do its work; `subject` says how it is."""
    BLOCKED_LINKS = "blocked_links"
    """AutoMod blocked messages with Zoom links; `subject` is the number of the ten minutes."""
    LINK_PUBLIC = "link_public"
    """A link that cannot be taken back from one person was found where others can read it."""


class AlertOutcome(Enum):
    """How it ended."""

    RESTORED = "restored"
    ACCEPTED = "accepted"
    PUT_RIGHT = "put_right"
    """It was put right at Zoom by hand."""
    REPLACED = "replaced"
    """A newer alert says what holds now."""
    OVER = "over"
    """The meeting is over, or gone."""
    DEALT = "dealt"
    """A moderator dealt with it."""
    ROTATED = "rotated"
    """A new meeting took the place of the old one."""
    ALLOWED = "allowed"
    """A moderator allowed it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the chat; without a message where that was never seen."""

    channel_id: ChannelId
    message_id: MessageId | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. It names nobody.

    `said` are plain sentences about what changed; `links_stopped` says that no link leaves until somebody decides; `count` and `done` are about
    people registered by hand: how many, and whether Zoom confirmed that they are denied. `places` are messages it is about, `subject` is what its
    buttons act on where that is no meeting.
    """

    alert_id: AlertId
    guild_id: GuildId
    kind: AlertKind
    at: datetime
    meeting_id: MeetingId | None = None
    topic: str = ""
    starts_at: datetime | None = None
    said: tuple[str, ...] = ()
    links_stopped: bool = False
    count: int = 0
    done: bool = True
    places: tuple[Place, ...] = ()
    subject: str = ""
    outcome: AlertOutcome | None = None


@dataclass(frozen=True, slots=True)
class PostedAlert:
    """An alert, and where it stands if it was posted."""

    alert: Alert
    channel_id: ChannelId | None = None
    message_id: MessageId | None = None


class AlertBook(Protocol):
    """Alerts that have to be posted or changed."""

    async def put(self, alert: Alert) -> None:
        """Add it, or change it; it falls due at once."""
        ...

    async def get(self, alert_id: AlertId) -> Alert | None: ...
    async def open_of(self, meeting_id: MeetingId, kind: AlertKind) -> Sequence[Alert]:
        """Those without an outcome."""
        ...

    async def any_due(self, now: datetime) -> bool: ...
    async def due(self, now: datetime, again_at: datetime, limit: int) -> Sequence[PostedAlert]:
        """What has to be posted or changed now; each is put off to `again_at`, so that two who look take it once."""
        ...

    async def posted(
        self, alert_id: AlertId, channel_id: ChannelId, message_id: MessageId, shown: AlertOutcome | None
    ) -> None:
        """It stands there and shows this outcome; it is due again only if it has another by now."""
        ...

    async def put_off(self, alert_id: AlertId, until: datetime | None) -> None:
        """Due again then; None: never."""
        ...


class Alerts(Protocol):
    """Posting to moderators. Raises `Transient`, `NeedsAttention`, `Undeliverable` as `bot.ports.Chat` does."""

    async def post(self, channel_id: ChannelId, alert: Alert, *, once_key: str) -> MessageId:
        """Post it with its buttons. The same `once_key` within minutes posts it once."""
        ...

    async def update(self, channel_id: ChannelId, message_id: MessageId, alert: Alert) -> None:
        """Make the posted one say how it ended."""
        ...
