"""What Zoom says of a call that is over, and packing evidence into one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from bot.domain.evidence import Evidence
from bot.domain.values import LinkId, SessionId
from bot.ports.signing import Notary


class PastRecord(Enum):
    """A list Zoom keeps of who was in a call. Each needs a plan and a scope. The value is how packs name it."""

    REPORT = "Zoom's participant report"
    """Pro or higher; an app with the admin scope."""
    PAST = "Zoom's list of past participants"
    """Pro or higher."""
    DASHBOARD = "Zoom's dashboard"
    """Business or higher; the only one with IP addresses, and those may be empty for people outside the account."""


@dataclass(frozen=True, slots=True)
class Attended:
    """One stay of somebody in a call, as Zoom lists it afterwards. No e-mail address is taken over. Texts are "" where Zoom says nothing."""

    name: str
    joined_at: datetime | None
    left_at: datetime | None
    user_id: str = ""
    participant_uuid: str = ""
    registrant_id: str = ""
    leave_reason: str = ""
    ip_address: str = ""


class PastCalls(Protocol):
    """Reading those lists. Raises `NeedsAttention` (plan or scope), `UserMistake` "meeting_gone", `Transient`."""

    async def attended(self, link_id: LinkId, session_id: SessionId, record: PastRecord) -> Sequence[Attended]:
        """Everybody on this list, for one run of a meeting."""
        ...


class Packing(Protocol):
    """Makes the file."""

    async def pack(self, evidence: Evidence, notary: Notary) -> bytes:
        """A ZIP: the facts as JSON, a page to print, how to check it, and a signed manifest of every file."""
        ...
