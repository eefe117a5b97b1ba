"""What Zoom reports by itself: events as we keep them, the inbox, sessions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from bot.domain.drift import Drift
from bot.domain.session import Session
from bot.domain.values import GuildId, LinkId, MeetingId, SessionId, ZoomMeetingId, ZoomUserId

Fact = str | int | bool


class EventKind(Enum):
    """The events that are kept. The value is Zoom's name (https://developers.zoom.us/docs/api/meetings/events/)."""

    STARTED = "meeting.started"
    ENDED = "meeting.ended"
    CREATED = "meeting.created"
    UPDATED = "meeting.updated"
    DELETED = "meeting.deleted"
    PERMANENTLY_DELETED = "meeting.permanently_deleted"
    RECOVERED = "meeting.recovered"
    CONVERTED = "meeting.converted_to_webinar"
    ALERT = "meeting.alert"
    RISK_ALERT = "meeting.risk_alert"
    REGISTRATION_CREATED = "meeting.registration_created"
    REGISTRATION_APPROVED = "meeting.registration_approved"
    REGISTRATION_CANCELLED = "meeting.registration_cancelled"
    REGISTRATION_DENIED = "meeting.registration_denied"
    JOINED = "meeting.participant_joined"
    LEFT = "meeting.participant_left"
    WAITING = "meeting.participant_joined_waiting_room"
    LEFT_WAITING = "meeting.participant_left_waiting_room"
    ADMITTED = "meeting.participant_admitted"
    PUT_IN_WAITING = "meeting.participant_put_in_waiting_room"
    ROLE_CHANGED = "meeting.participant_role_changed"
    BOUND = "meeting.participant_bind"
    WAITING_FOR_HOST = "meeting.participant_jbh_waiting"
    LEFT_WAITING_FOR_HOST = "meeting.participant_jbh_waiting_left"
    JOINED_BEFORE_HOST = "meeting.participant_jbh_joined"
    JOINED_BREAKOUT = "meeting.participant_joined_breakout_room"
    LEFT_BREAKOUT = "meeting.participant_left_breakout_room"
    SHARING_STARTED = "meeting.sharing_started"
    SHARING_ENDED = "meeting.sharing_ended"
    BREAKOUT_SHARING_STARTED = "meeting.breakout_room_sharing_started"
    BREAKOUT_SHARING_ENDED = "meeting.breakout_room_sharing_ended"
    DEAUTHORIZED = "app_deauthorized"


@dataclass(frozen=True, slots=True)
class IncomingEvent:
    """One event, without anything that must not be kept.

    `key` is the SHA-256 of the body as it came, in hexadecimal: a repeated delivery has the same. `facts` holds what the allow-list names, times as
    ISO-8601 text; an e-mail address is a keyed hash in it, a phone number a flag. `host_id` is the user, where an event is about no meeting.
    """

    key: str
    kind: EventKind
    account_id: str
    at: datetime
    zoom_id: ZoomMeetingId | None = None
    session_id: SessionId | None = None
    host_id: ZoomUserId | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UrlChallenge:
    """Zoom asks whether this address is ours; the answer holds both texts (https://developers.zoom.us/docs/api/webhooks/)."""

    plain_token: str
    encrypted_token: str


@dataclass(frozen=True, slots=True)
class NotKept:
    """A genuine delivery that is only counted: an event nobody here needs, or one that lacks what it is about."""

    event: str


Delivery = IncomingEvent | UrlChallenge | NotKept


class EventReader(Protocol):
    """Tells genuine deliveries from others, and takes from them only what may be kept."""

    def read(self, *, timestamp: str, signature: str, body: bytes) -> Delivery:
        """What was delivered.

        Args:
            timestamp, signature: the headers `x-zm-request-timestamp` and `x-zm-signature`, "" where there is none.

        Raises:
            UntrustedInput: not signed by Zoom for us, too old, from the future, or no event at all.
        """
        ...


class EventIntake(Protocol):
    """Where deliveries go."""

    async def store(self, batch: Sequence[IncomingEvent]) -> None:
        """Keep them, all or none. What was kept before is passed over. Raises `Transient` if the store cannot take them now."""
        ...


@dataclass(frozen=True, slots=True)
class InboxEvent:
    """An event in the inbox, with our meeting it is about."""

    meeting_id: MeetingId | None
    event: IncomingEvent


class Inbox(Protocol):
    """Events that came, until they are forgotten."""

    async def add(
        self, events: Sequence[InboxEvent], received_at: datetime, *, handled: Collection[EventKind]
    ) -> set[str]:
        """Keep them; the keys of those that are new. Those of the kinds `handled` wait for nobody."""
        ...

    async def waiting(self, meeting_id: MeetingId, kinds: Collection[EventKind]) -> Sequence[IncomingEvent]:
        """What nobody has handled yet, oldest first."""
        ...

    async def handled(self, keys: Collection[str], at: datetime) -> None: ...
    async def heard(self, account_id: str, since: datetime) -> bool:
        """Whether any event of this Zoom account was kept since then."""
        ...

    async def forget(self, handled_before: datetime, spare: Collection[MeetingId] = ()) -> int:
        """Delete what was handled before then, except about meetings to `spare`; how many."""
        ...

    async def meetings(self, zoom_ids: Collection[ZoomMeetingId]) -> Mapping[ZoomMeetingId, tuple[MeetingId, GuildId]]:
        """Our meetings with these numbers."""
        ...

    async def of_meeting(self, meeting_id: MeetingId) -> Sequence[IncomingEvent]:
        """Everything that is kept about a meeting, oldest first."""
        ...

    async def addresses(self, meeting_id: MeetingId) -> Mapping[str, str | None]:
        """The registrant addresses this meeting ever used, of members and guests, revoked ones too, each with its registrant id if Zoom answered."""
        ...

    async def links_of(self, account_id: str) -> Sequence[LinkId]:
        """The links of this Zoom account, of whatever community."""
        ...


class Sessions(Protocol):
    """The live runs of meetings."""

    async def get(self, session_id: SessionId) -> Session | None: ...
    async def save(self, session: Session) -> None: ...
    async def of_meeting(self, meeting_id: MeetingId) -> Sequence[Session]: ...


class Drifts(Protocol):
    """What organisers know of their meetings' differences."""

    async def get(self, meeting_id: MeetingId) -> Drift:
        """An empty one if there is none."""
        ...

    async def save(self, drift: Drift) -> None: ...
