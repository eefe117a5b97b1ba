"""The moderators' panel of a live call: what is kept of it, and how it reaches them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.concerns import Raised
from bot.domain.panel import PanelView, RoomNotice
from bot.domain.values import AlertId, ChannelId, GuildId, MeetingId, MemberId, MessageId, RoleId, SessionId


@dataclass(frozen=True, slots=True)
class PanelPost:
    """The one panel message of a session, and when it has to be looked at next.

    `fingerprint` is that of what was last shown, at `shown_at`. `touched` counts the changes of the room, so that one which comes while the panel is
    drawn is not lost. `obstacle` is why it shows no names or could not be posted, "" if nothing stands in the way. A closed one is done.
    """

    session_id: SessionId
    meeting_id: MeetingId
    guild_id: GuildId
    channel_id: ChannelId | None = None
    message_id: MessageId | None = None
    posted_at: datetime | None = None
    shown_at: datetime | None = None
    fingerprint: str = ""
    obstacle: str = ""
    told_organiser: bool = False
    closed: bool = False
    touched: int = 0


@dataclass(frozen=True, slots=True)
class KeptConcern:
    """A concern that was raised: which message tells of it, whether that calls the on-call role, and where it stands once it is posted."""

    raised: Raised
    message: AlertId
    calls: bool = False
    channel_id: ChannelId | None = None
    message_id: MessageId | None = None
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class NameQuestion:
    """Asks a member whether a seat under their name is theirs. It holds no link and no id of Zoom's."""

    message: AlertId
    guild_id: GuildId
    topic: str
    shown_name: str


@dataclass(frozen=True, slots=True)
class ChannelProblem:
    """Why identities are posted nowhere. `reason` is a whole sentence; `channel_id` None: there is no channel at all."""

    guild_id: GuildId
    topic: str
    channel_id: ChannelId | None
    reason: str


class PanelBook(Protocol):
    """Panels and concerns of sessions. They go with their session."""

    async def touch(self, meeting_id: MeetingId, at: datetime) -> None:
        """The room of this meeting changed: its open panels fall due at `at`, if not before."""
        ...

    async def any_due(self, now: datetime) -> bool:
        """Whether `open_new` or `take_due` would find something."""
        ...

    async def open_new(self, now: datetime) -> int:
        """Begin a panel for every session that is live and has none; how many."""
        ...

    async def take_due(self, now: datetime, again_at: datetime, limit: int) -> Sequence[PanelPost]:
        """What has to be looked at now, longest due first; each is put off to `again_at`, so that two who look take it once."""
        ...

    async def of_meeting(self, meeting_id: MeetingId) -> PanelPost | None:
        """The panel of its newest open session."""
        ...

    async def save(self, post: PanelPost, due_at: datetime | None) -> None:
        """Keep it; due again then. If the room was touched since `post` was taken, it stays due as it is."""
        ...

    async def concerns(self, session_id: SessionId) -> Sequence[KeptConcern]:
        """What was raised in this session, oldest first."""
        ...

    async def told_by(self, message: AlertId) -> tuple[SessionId, Sequence[KeptConcern]] | None:
        """What one message tells, and in which session; None if it is not known any more."""
        ...

    async def keep(self, session_id: SessionId, concerns: Sequence[KeptConcern]) -> None:
        """Add or change these."""
        ...


class Panels(Protocol):
    """Showing moderators who is in a call. Raises `Transient`, `NeedsAttention`, `Undeliverable` as `bot.ports.Chat` does.

    Nobody is pinged, except the one role given as `mention`.
    """

    def fingerprint(self, panel: PanelView) -> str:
        """The same for panels that read the same."""
        ...

    async def post(self, channel_id: ChannelId, panel: PanelView, *, once_key: str) -> MessageId:
        """Post it. The same `once_key` within minutes posts it once."""
        ...

    async def edit(self, channel_id: ChannelId, message_id: MessageId, panel: PanelView) -> None:
        """Make the posted one say what holds now. One that somebody deleted raises `Undeliverable`."""
        ...

    async def remove(self, channel_id: ChannelId, message_id: MessageId) -> None:
        """Delete one of the bot's own; one that is gone already is no error."""
        ...

    def notice_fingerprint(self, notice: RoomNotice) -> str:
        """The same for notices that read the same."""
        ...

    async def post_notice(
        self, channel_id: ChannelId, notice: RoomNotice, *, once_key: str, mention: RoleId | None
    ) -> MessageId:
        """Post a notice of concerns."""
        ...

    async def edit_notice(self, channel_id: ChannelId, message_id: MessageId, notice: RoomNotice) -> None:
        """Make it say what became of them."""
        ...

    async def ask_whether_it_is_them(self, member_id: MemberId, question: NameQuestion, *, once_key: str) -> None:
        """In private: somebody else shows your name. Raises `Undeliverable` if they take no direct messages."""
        ...

    async def tell_organiser(self, member_id: MemberId, problem: ChannelProblem, *, once_key: str) -> None:
        """In private: why the panel shows no names, and what to do. Raises as above."""
        ...
