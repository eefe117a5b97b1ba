"""A member's personal link: its states, its generation, its shown name, its address.

REQUESTED -> ISSUED -> DELIVERED      any of them -> REVOKED; a fresh one is a new generation
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum

from bot.domain.errors import UserMistake
from bot.domain.invisible import hidden
from bot.domain.values import InviteId, MeetingId, MemberId, RegistrantId

TAG_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""No characters that people mistake for one another when they read a tag aloud (0 O 1 I L)."""
TAG_LENGTH = 3
TAG_SIGN = "·"
_LIKE_TAG_SIGN = frozenset("·•‧∙⋅・･᛫⸱ꞏ")
MAX_SHOWN_NAME = 64
"""Zoom's `first_name` (https://developers.zoom.us/docs/api/meetings/#tag/meetings/post/meetings/{meetingId}/registrants)."""
MAX_REGISTRANTS = 4999
MAX_ADDS_A_DAY = 3
"""Add requests Zoom takes per registrant, meeting and UTC day (https://developers.zoom.us/docs/api/rate-limits/)."""
_MOST_MARKS = 2
_MAX_NAME = MAX_SHOWN_NAME - TAG_LENGTH - len(TAG_SIGN)


class InviteState(Enum):
    """Where an invite is in its life."""

    REQUESTED = "requested"
    ISSUED = "issued"
    DELIVERED = "delivered"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Invite:
    """One member's way into one meeting. The link itself is kept sealed beside it, never in here.

    `adds_today` counts add requests sent to Zoom on `adds_day` (UTC). `address` is empty for meetings without registration.
    """

    invite_id: InviteId
    meeting_id: MeetingId
    member_id: MemberId
    generation: int
    name: str
    tag: str
    address: str
    requested_at: datetime
    state: InviteState = InviteState.REQUESTED
    registrant_id: RegistrantId | None = None
    adds_today: int = 0
    adds_day: date | None = None
    delivered_at: datetime | None = None
    revoked_at: datetime | None = None

    @property
    def shown_name(self) -> str:
        """What everyone in the call sees: "Ana·K7F"."""
        return f"{self.name}{TAG_SIGN}{self.tag}"

    @property
    def current(self) -> bool:
        """Not revoked."""
        return self.state is not InviteState.REVOKED

    @property
    def holds_link(self) -> bool:
        """Whether a link exists that this member has or may get at once."""
        return self.state in (InviteState.ISSUED, InviteState.DELIVERED)

    def adds_left(self, today: date) -> int:
        """How many add requests Zoom still takes today for this registrant."""
        return MAX_ADDS_A_DAY - (self.adds_today if self.adds_day == today else 0)

    def adding(self, today: date) -> Invite:
        """With one more add request counted."""
        return replace(self, adds_today=MAX_ADDS_A_DAY - self.adds_left(today) + 1, adds_day=today)

    def not_added(self) -> Invite:
        """With the last add request taken back, because Zoom did nothing."""
        return replace(self, adds_today=max(0, self.adds_today - 1))

    def issued(self, registrant_id: RegistrantId | None) -> Invite:
        """Zoom has made the link."""
        self._must_be(InviteState.REQUESTED, InviteState.ISSUED)
        return replace(self, state=InviteState.ISSUED, registrant_id=registrant_id)

    def delivered(self, at: datetime) -> Invite:
        """The member has been shown the link; later showings keep the first time."""
        self._must_be(InviteState.ISSUED, InviteState.DELIVERED)
        return replace(self, state=InviteState.DELIVERED, delivered_at=self.delivered_at or at)

    def revoked(self, at: datetime) -> Invite:
        """The link is void. Revoking twice changes nothing."""
        return self if self.state is InviteState.REVOKED else replace(self, state=InviteState.REVOKED, revoked_at=at)

    def _must_be(self, *states: InviteState) -> None:
        if self.state not in states:
            raise ValueError(f"invite is {self.state.value}")


def clean_name(raw: str, fallback: str = "Member") -> str:
    """A name fit for Zoom's waiting room: printable, one line, no tag sign, no marks piled up, short enough for the tag.

    Invisible and direction-changing characters go, because they make one name look like another.
    """
    visible = "".join(_visible(character) for character in unicodedata.normalize("NFC", raw))
    # Composed again: a letter and its accent may have come together only now.
    name = " ".join(_without_piles(unicodedata.normalize("NFC", visible)).split())[:_MAX_NAME].strip()
    return name or fallback


def chosen_name(raw: str) -> str:
    """A name a member typed for themselves.

    Raises:
        UserMistake: if nothing readable is left of it.
    """
    name = clean_name(raw, fallback="")
    if not any(character.isalnum() for character in name):
        raise UserMistake(
            "That name has no letters or digits people could read. Please type another one.", code="name_unreadable"
        )
    return name


def _visible(character: str) -> str:
    if character in "\t\n\r":
        return " "
    return "" if hidden(character) or character in _LIKE_TAG_SIGN else character


def _without_piles(text: str) -> str:
    kept: list[str] = []
    marks = _MOST_MARKS  # at the start and after a space there is no letter that a mark could stand on
    for character in text:
        if unicodedata.combining(character):
            marks += 1
        else:
            marks = _MOST_MARKS if character.isspace() else 0
        if marks <= _MOST_MARKS or character.isspace():
            kept.append(character)
    return "".join(kept)


def tag_from(numbers: tuple[int, int, int]) -> str:
    """A tag from three random numbers; each is taken modulo the alphabet."""
    return "".join(TAG_ALPHABET[number % len(TAG_ALPHABET)] for number in numbers)


def synthetic_address(key: bytes, member_id: MemberId, meeting_id: MeetingId, generation: int, domain: str) -> str:
    """The registrant's address: stable for a member, meeting and generation, and telling nobody who it is.

    It is stored with the invite before Zoom is called, so that a later change of keys never changes it. `domain` accepts no mail.
    """
    text = f"{member_id}:{meeting_id}:{generation}".encode()
    return f"m{hmac.new(key, text, hashlib.sha256).hexdigest()[:30]}@{domain}"
