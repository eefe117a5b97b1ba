"""What is kept so that links follow their members: orders to make void, members to decide about again, guests, changes of meetings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.edit import Edit
from bot.domain.guest import Guest
from bot.domain.values import GuestId, MeetingId, MemberId, RegistrantId


@dataclass(frozen=True, slots=True)
class VoidOrder:
    """A registrant that has to go at Zoom. It stays until Zoom's own list shows that they are gone.

    `registrant_id` is None where Zoom's answer never came; `sent_at` says when the cancellation was last sent.
    """

    meeting_id: MeetingId
    address: str
    registrant_id: RegistrantId | None
    since: datetime
    sent_at: datetime | None = None


class VoidOrders(Protocol):
    """Links that Zoom still has to make void."""

    async def put(self, order: VoidOrder) -> None:
        """Add it; for the same address it replaces what was there."""
        ...

    async def of_meeting(self, meeting_id: MeetingId) -> Sequence[VoidOrder]:
        """Oldest first."""
        ...

    async def note_sent(self, meeting_id: MeetingId, addresses: Sequence[str], at: datetime) -> None: ...
    async def drop(self, meeting_id: MeetingId, addresses: Sequence[str]) -> None:
        """Zoom has confirmed these."""
        ...


@dataclass(frozen=True, slots=True)
class Check:
    """A member about whom has to be decided again."""

    member_id: MemberId
    asked_at: datetime


class Checks(Protocol):
    """About whom has to be decided again."""

    async def ask(self, meeting_id: MeetingId, member_id: MemberId, at: datetime) -> None:
        """About this member, before all that were asked for by `ask_all`."""
        ...

    async def ask_all(self, meeting_id: MeetingId, at: datetime) -> int:
        """About everybody with a current invite; who is asked about already stays as they are. How many wait now."""
        ...

    async def waiting(self, meeting_id: MeetingId, limit: int) -> Sequence[Check]:
        """The next ones."""
        ...

    async def done(self, meeting_id: MeetingId, checks: Sequence[Check]) -> None:
        """Decided. Whoever was asked about again in between stays."""
        ...

    async def clear(self, meeting_id: MeetingId) -> None: ...


class Guests(Protocol):
    """People from outside the community. Their links are kept nowhere."""

    async def add(self, guest: Guest) -> bool:
        """False if the tag is taken in this meeting; nothing is written then."""
        ...

    async def get(self, guest_id: GuestId) -> Guest | None: ...
    async def save(self, guest: Guest) -> None: ...
    async def of_meeting(self, meeting_id: MeetingId) -> Sequence[Guest]:
        """Every current guest, by shown name."""
        ...


class Edits(Protocol):
    """Changes of meetings: proposed ones, and confirmed ones until they are done. A meeting has at most one."""

    async def get(self, meeting_id: MeetingId) -> Edit | None: ...
    async def put(self, edit: Edit) -> None:
        """Keep it in place of the one before."""
        ...

    async def drop(self, meeting_id: MeetingId) -> None: ...
