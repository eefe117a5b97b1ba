"""A guest: a speaker from outside the community whom an organiser lets into one meeting by a registrant of their own.

REQUESTED -> ISSUED -> SHOWN      any of them -> REVOKED
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from bot.domain.invite import MAX_SHOWN_NAME, TAG_SIGN, chosen_name, tag_from
from bot.domain.values import GuestId, MeetingId, MemberId, RegistrantId

MAX_GUESTS = 10
"""Current guests of one meeting. A guest is known only by whom the organiser gave the link to, so they stay few."""
_GUEST_MARK = "G"


class GuestState(Enum):
    """Where a guest's link is in its life. The link itself is kept nowhere."""

    REQUESTED = "requested"
    ISSUED = "issued"
    SHOWN = "shown"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Guest:
    """One person outside the community with a registrant of their own, answered for by the organiser who invited them."""

    guest_id: GuestId
    meeting_id: MeetingId
    name: str
    tag: str
    address: str
    invited_by: MemberId
    requested_at: datetime
    state: GuestState = GuestState.REQUESTED
    registrant_id: RegistrantId | None = None
    revoked_at: datetime | None = None

    @property
    def shown_name(self) -> str:
        """What everyone in the call sees: "Dr. Lee·GK7F"."""
        return f"{self.name}{TAG_SIGN}{self.tag}"

    @property
    def current(self) -> bool:
        """Not revoked."""
        return self.state is not GuestState.REVOKED

    def issued(self, registrant_id: RegistrantId) -> Guest:
        """Zoom has made the link; it is on its way to the organiser."""
        return replace(self, state=GuestState.ISSUED, registrant_id=registrant_id)

    def shown(self) -> Guest:
        """The organiser has seen the link."""
        return replace(self, state=GuestState.SHOWN)

    def revoked(self, at: datetime) -> Guest:
        """The link is void."""
        return replace(self, state=GuestState.REVOKED, revoked_at=at)


def guest_name(raw: str) -> str:
    """A guest's name as typed by the organiser, cleaned, with room for the sign and the four characters of the tag.

    Raises:
        UserMistake: if nothing readable is left of it.
    """
    return chosen_name(raw)[: MAX_SHOWN_NAME - len(TAG_SIGN) - 4].strip()


def guest_tag(numbers: tuple[int, int, int]) -> str:
    """Four characters that begin with G: one more than a member's tag has, so that the two can never be taken for one another."""
    return _GUEST_MARK + tag_from(numbers)


def guest_address(key: bytes, guest_id: GuestId, domain: str) -> str:
    """The registrant's address. Guests begin with "g", members with "m". `domain` accepts no mail."""
    return f"g{hmac.new(key, f'guest:{guest_id}'.encode(), hashlib.sha256).hexdigest()[:30]}@{domain}"
