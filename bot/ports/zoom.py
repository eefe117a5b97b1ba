"""Zoom: tokens and meetings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.account_safety import AccountSafety
from bot.domain.readback import RoomSettings
from bot.domain.values import (
    JoinLink,
    LinkId,
    Passcode,
    RegistrantId,
    SessionId,
    Token,
    ZoomMeetingId,
    ZoomUserId,
)


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """An access token and how long it lives. `scopes` as Zoom granted them."""

    token: Token
    expires_at: datetime
    scopes: frozenset[str]


class TokenIssuer(Protocol):
    """Zoom's token endpoint."""

    async def account_token(self, account_id: str) -> IssuedToken:
        """A server-to-server token (https://developers.zoom.us/docs/internal-apps/s2s-oauth/).

        Raises:
            NeedsAttention: Zoom refuses the app's id, secret or account.
            Transient: Zoom cannot be reached.
        """
        ...


class AccessTokens(Protocol):
    """Current access tokens of linked accounts. Only `services/tokens.py` implements it."""

    async def current(self, link_id: LinkId) -> Token:
        """A token with some life left."""
        ...

    async def renewed(self, link_id: LinkId, rejected: Token) -> Token:
        """Another token than the one Zoom just rejected.

        Raises:
            NeedsAttention: the grant is dead; somebody must link again or fix the app.
        """
        ...


@dataclass(frozen=True, slots=True)
class ZoomUser:
    """A user of a linked Zoom account. `licensed` is Zoom's type 2; Basic users cannot register people."""

    user_id: ZoomUserId
    email: str
    name: str
    licensed: bool


@dataclass(frozen=True, slots=True)
class MeetingRequest:
    """What to schedule. `settings` is what the profile wants; `alternative_hosts` are addresses or ids of the same account."""

    host_id: ZoomUserId
    topic: str
    marker: str
    starts_at: datetime
    duration: timedelta
    passcode: Passcode
    settings: RoomSettings
    alternative_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CreatedMeeting:
    """A meeting as Zoom made it. `shared_link` is the plain join link: it is given to nobody where people are registered."""

    zoom_id: ZoomMeetingId
    shared_link: JoinLink
    passcode: Passcode | None


@dataclass(frozen=True, slots=True)
class MeetingReading:
    """A meeting read back, together with what the host's account settings add to it."""

    settings: RoomSettings
    created: CreatedMeeting
    starts_at: datetime | None
    topic: str
    duration: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    """A registrant. `link` is None while Zoom keeps the registrant pending."""

    registrant_id: RegistrantId
    link: JoinLink | None


NOTHING_DONE = frozenset({"zoom_busy", "zoom_rate_limited", "zoom_unreachable"})
"""Codes of a `Transient` which say that Zoom certainly did nothing: the call was never sent, or refused for its pace."""


class MeetingProvider(Protocol):
    """Meetings at Zoom. Every method may raise `NeedsAttention`, `Transient`; the writes `OutcomeUnknown` as well."""

    async def users(self, link_id: LinkId) -> Sequence[ZoomUser]:
        """The account's active users."""
        ...

    async def user(self, link_id: LinkId, key: str) -> ZoomUser:
        """One user by id or address. Raises `UserMistake` if the account has no such user."""
        ...

    async def create_meeting(self, link_id: LinkId, request: MeetingRequest) -> CreatedMeeting:
        """Schedule a meeting (https://developers.zoom.us/docs/api/meetings/#tag/meetings/post/users/{userId}/meetings)."""
        ...

    async def find_meetings(self, link_id: LinkId, host_id: ZoomUserId, marker: str) -> Sequence[ZoomMeetingId]:
        """The host's scheduled meetings whose agenda starts with `marker`."""
        ...

    async def read_meeting(self, link_id: LinkId, zoom_id: ZoomMeetingId, host_id: ZoomUserId) -> MeetingReading:
        """The meeting as it is now. Raises `UserMistake` with code "meeting_gone" if Zoom no longer has it."""
        ...

    async def update_meeting(self, link_id: LinkId, zoom_id: ZoomMeetingId, request: MeetingRequest) -> None:
        """Make the meeting what `request` says. Sending it twice leaves the same meeting, but counts twice in the host's daily limit."""
        ...

    async def live_meetings(self, link_id: LinkId, host_id: ZoomUserId) -> Mapping[ZoomMeetingId, SessionId]:
        """The host's meetings that are live at this moment. Zoom's list may be a little behind."""
        ...

    async def delete_meeting(self, link_id: LinkId, zoom_id: ZoomMeetingId) -> None:
        """Delete it without mails. One that is already gone counts as deleted."""
        ...

    async def add_registrant(self, link_id: LinkId, zoom_id: ZoomMeetingId, address: str, name: str) -> Registered:
        """Register one person, approved at once."""
        ...

    async def add_registrants(
        self, link_id: LinkId, zoom_id: ZoomMeetingId, people: Sequence[tuple[str, str]]
    ) -> Mapping[str, Registered]:
        """Register up to 30 people (address, name) in one call, approved at once; by address in lower case.

        Raises `NeedsAttention` "zoom_single_only" where Zoom takes only one at a time.
        """
        ...

    async def registrants(self, link_id: LinkId, zoom_id: ZoomMeetingId) -> Mapping[str, Registered]:
        """Everybody who is registered or waits for approval, by address in lower case. Cancelled ones are not there."""
        ...

    async def find_registrant(self, link_id: LinkId, zoom_id: ZoomMeetingId, address: str) -> Registered | None:
        """The registrant with this address, wherever in the list."""
        ...

    async def cancel_registrants(
        self, link_id: LinkId, zoom_id: ZoomMeetingId, who: Sequence[tuple[RegistrantId, str]]
    ) -> None:
        """Void the links of these registrants (id, address); already void ones count as done."""
        ...

    async def deny_registrants(
        self, link_id: LinkId, zoom_id: ZoomMeetingId, who: Sequence[RegistrantId]
    ) -> Sequence[RegistrantId]:
        """Refuse these registrants. Returns those that Zoom's own lists still show as approved or waiting afterwards."""
        ...

    async def invite_link(self, link_id: LinkId, zoom_id: ZoomMeetingId, name: str, life: timedelta) -> JoinLink:
        """A link that anybody can pass on and that dies after `life`; for meetings without registration."""
        ...


class AccountSettings(Protocol):
    """What a Zoom account's own settings add to every meeting on it."""

    async def account_safety(self, link_id: LinkId, user_id: ZoomUserId) -> AccountSafety:
        """What they allow participants. Raises `NeedsAttention`, `Transient`."""
        ...
