"""What the stand-in for Zoom knows: accounts, users, meetings, registrants, links, participants.

This is the truth that scenarios and tests compare the bot's words with; nothing here speaks HTTP.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from bot.rehearsal.zoom_limits import Plan
from bot.rehearsal.zoom_wire import JsonObject, JsonValue, ZoomError

BASIC, LICENSED = 1, 2
"""A user's `type`: free and paid. https://developers.zoom.us/docs/api/users/"""

INSTANT, SCHEDULED, NO_FIXED_TIME, FIXED_TIME = 1, 2, 3, 8
"""A meeting's `type`. https://developers.zoom.us/docs/api/meetings/"""

AUTOMATIC, MANUAL, NO_REGISTRATION = 0, 1, 2
"""A meeting's `settings.approval_type`."""

Role = Literal["host", "co-host", "attendee"]
RegistrantStatus = Literal["approved", "pending", "denied", "cancelled"]

PAGE_TOKEN_LIFETIME = timedelta(minutes=15)


@dataclass(slots=True)
class Account:
    """A Zoom account.

    `remove_enabled`: Zoom has enabled `participant.remove` for it; without `controls_have_effect` its calls are accepted and nothing happens (also
    ending a meeting). `auto_security`: every meeting must keep one of passcode, waiting room or
    sign-in. `forced`: meeting settings its admin locked, which override whatever a request says. `locked_settings`: user settings, as
    `section.name`, that nobody can change.
    """

    id: str
    plan: Plan
    remove_enabled: bool = False
    auto_security: bool = True
    controls_have_effect: bool = True
    forced: JsonObject = field(default_factory=dict)
    forced_passcode: str | None = None
    locked_settings: set[str] = field(default_factory=set)


@dataclass(slots=True)
class User:
    """A Zoom user. `may_host=False` makes Zoom answer 3161; `forced` works as for `Account`, for this host alone."""

    id: str
    account_id: str
    email: str
    type: int
    first_name: str
    last_name: str
    timezone: str
    pmi: int
    created_at: datetime
    settings: JsonObject
    security: JsonObject
    authentication: JsonObject
    role: str = "Member"
    may_host: bool = True
    forced: JsonObject = field(default_factory=dict)
    forced_passcode: str | None = None

    @property
    def licensed(self) -> bool:
        """Whether this user is paid for, and so may use registration."""
        return self.type == LICENSED


@dataclass(slots=True)
class Registrant:
    """Somebody registered for a meeting. `token` is the `tk` of the personal link; it stays valid exactly while `status` is approved."""

    id: str
    meeting_id: int
    email: str
    first_name: str
    last_name: str
    status: RegistrantStatus
    created_at: datetime
    join_url: str
    token: str
    pin: int

    @property
    def name(self) -> str:
        """The name under which the holder of the link appears in the call."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(slots=True)
class InviteLink:
    """A link made for one name; it cannot be withdrawn, only expire (`expires_at=None`: never)."""

    name: str
    token: str
    join_url: str
    expires_at: datetime | None


@dataclass(slots=True)
class Participant:
    """Somebody in a live meeting or its waiting room. `zoom_user_id` is there for people of the host's account who are signed in."""

    uuid: str
    user_id: str
    name: str
    registrant_id: str | None
    waiting: bool
    email: str = ""
    zoom_user_id: str = ""
    role: Role = "attendee"
    sharing: bool = False
    breakout: str = ""
    breakout_user_id: str = ""


@dataclass(slots=True)
class Occurrence:
    """One date of a recurring meeting with fixed times."""

    id: str
    start: datetime
    duration: int
    deleted: bool = False


@dataclass(slots=True)
class Meeting:
    """A meeting. `settings` holds every field of the wire format; `link_key` is the `pwd` of its links, new with every new passcode.

    `removed` are those whom a host, or an app, put out of this run. `live_waiting_room` is what the host chose during the call; the settings do not
    show it.
    """

    id: int
    uuid: str
    host_id: str
    account_id: str
    type: int
    topic: str
    agenda: str
    start: datetime | None
    duration: int
    timezone: str
    passcode: str
    link_key: str
    settings: JsonObject
    created_at: datetime
    registration_key: str
    recurrence: JsonObject = field(default_factory=dict)
    occurrences: list[Occurrence] = field(default_factory=list)
    pmi: int | None = None
    deleted: bool = False
    live: bool = False
    started_at: datetime | None = None
    ended_at: datetime | None = None
    registrants: dict[str, Registrant] = field(default_factory=dict)
    invite_links: list[InviteLink] = field(default_factory=list)
    participants: dict[str, Participant] = field(default_factory=dict)
    removed: list[Participant] = field(default_factory=list)
    live_waiting_room: bool | None = None

    @property
    def approval_type(self) -> int:
        """0 automatic, 1 by hand, 2 no registration."""
        value = self.settings.get("approval_type")
        return value if isinstance(value, int) else NO_REGISTRATION

    @property
    def has_registration(self) -> bool:
        """Whether people can be registered for it."""
        return self.approval_type != NO_REGISTRATION

    @property
    def waiting_room(self) -> bool:
        """Whether people wait to be admitted."""
        if self.live and self.live_waiting_room is not None:
            return self.live_waiting_room
        return self.settings.get("waiting_room") is True

    @property
    def end(self) -> datetime | None:
        """The scheduled end of the meeting, of a series the end of its last date; `None` where there is no fixed time."""
        if self.occurrences:
            last = self.occurrences[-1]
            return last.start + timedelta(minutes=last.duration)
        return None if self.start is None else self.start + timedelta(minutes=self.duration)

    def is_over(self, now: datetime) -> bool:
        """Whether nobody can register any more: not live, and ended since its start or past its scheduled end."""
        if self.live or self.start is None:
            return False
        if self.type != FIXED_TIME and self.ended_at is not None and self.ended_at >= self.start:
            return True
        return self.end is not None and now >= self.end


@dataclass(frozen=True, slots=True)
class _Page:
    listing: str
    offset: int
    expires_at: datetime


class ZoomState:
    """Everything the stand-in knows, and how things are found in it.

    Args:
        now: aware UTC.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.accounts: dict[str, Account] = {}
        self.users: dict[str, User] = {}
        self.meetings: dict[int, Meeting] = {}
        self.registrant_capacity = 4_999
        self.long_links = False
        self.status_updates_have_effect = True
        self.secrets: set[str] = set()
        self._pages: dict[str, _Page] = {}

    def secret(self, value: str) -> str:
        """Remember `value` as something that must never leak, and hand it back."""
        if value:
            self.secrets.add(value)
        return value

    def new_secret(self, size: int = 32) -> str:
        """A fresh random secret, URL-safe."""
        return self.secret(secrets.token_urlsafe(size))

    def new_meeting_id(self) -> int:
        """An unused meeting id of 11 digits; ids do not fit 32 bits."""
        while True:
            number = 80_000_000_000 + secrets.randbelow(19_000_000_000)
            if number not in self.meetings:
                return number

    def account_of(self, user: User) -> Account:
        """The account a user belongs to."""
        return self.accounts[user.account_id]

    def find_user(self, reference: str) -> User | None:
        """The user with this id or e-mail address."""
        found = self.users.get(reference)
        return found or next((u for u in self.users.values() if u.email.lower() == reference.lower()), None)

    def find_meeting(
        self, reference: str, *, missing: str = "Meeting does not exist: {id}.", code: int = 3001
    ) -> Meeting:
        """The meeting with this id.

        Raises:
            ZoomError: 404 with `code` if there is none or it was deleted; 400/300 if the id is no number.
        """
        if not reference.isdecimal():
            raise ZoomError(400, 300, "Invalid meeting ID.")
        meeting = self.meetings.get(int(reference))
        if meeting is None or meeting.deleted:
            raise ZoomError(404, code, missing.format(id=reference))
        return meeting

    def page(
        self, listing: str, rows: Sequence[JsonValue], size: int, token: str
    ) -> tuple[list[JsonValue], JsonObject]:
        """One page of `rows` and Zoom's paging fields. A page token belongs to its `listing` and lives 15 minutes.

        Raises:
            ZoomError: 400/300 for a token that is unknown, expired or of another listing.
        """
        offset = self._offset(listing, token) if token else 0
        following = offset + size
        next_token = ""
        if following < len(rows):
            next_token = secrets.token_urlsafe(24)
            self._pages[next_token] = _Page(listing, following, self.now() + PAGE_TOKEN_LIFETIME)
        fields: JsonObject = {
            "page_size": size,
            "page_count": max(1, -(-len(rows) // size)),
            "page_number": offset // size + 1,
            "total_records": len(rows),
            "next_page_token": next_token,
        }
        return list(rows[offset:following]), fields

    def _offset(self, listing: str, token: str) -> int:
        page = self._pages.get(token)
        if page is None or page.listing != listing or page.expires_at <= self.now():
            raise ZoomError(400, 300, "The next page token is invalid or expired.")
        return page.offset


def new_uuid() -> str:
    """A meeting or participant uuid: 16 bytes in base64. One in four begins with `/` or holds `//`, which Zoom's do now and then and which
    must be encoded twice in a path (https://developers.zoom.us/docs/api/using-zoom-apis/).
    """
    plain = base64.b64encode(secrets.token_bytes(16)).decode()
    match secrets.randbelow(8):
        case 0:
            return "/" + plain[1:]
        case 1:
            return plain[:5] + "//" + plain[7:]
        case _:
            return plain


def stamp(instant: datetime) -> str:
    """An instant as Zoom writes it: UTC, to the second, with `Z`."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
