"""What goes into an evidence pack: metadata of one incident, never imagery, never a way into a call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

IP_SENTENCE = (
    "IP addresses: this pack has none. Zoom gives them to investigators by legal process "
    "(https://zoom.us/docs/en-us/government-requests-faq.html). What helps them to find the right records are the exact UTC times, the meeting "
    "UUID and the participant UUIDs in this pack."
)
IP_FOUND_SENTENCE = (
    "IP addresses are those that the dashboard of the Zoom account shows. They may be missing for people outside the account. "
    "Investigators get complete ones from Zoom by legal process (https://zoom.us/docs/en-us/government-requests-faq.html)."
)
HIDDEN = "not shown"
"""Stands where a member would be named, while two organisers have not agreed."""


@dataclass(frozen=True, slots=True)
class CallRun:
    """One run of the meeting."""

    meeting_uuid: str
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Presence:
    """One participant of one run. `seat` is who they were to the community; `member` their Discord number, or HIDDEN, or "" if they are no member.

    `invite` names whose personal link it was, by the invite's own id.
    """

    meeting_uuid: str
    participant_uuid: str
    user_id: str
    name: str
    seat: str
    member: str = ""
    tag: str = ""
    invite: str = ""
    guest: str = ""
    registrant_id: str = ""
    by_phone: bool = False
    role: str = ""
    first_seen: datetime | None = None
    joined_at: datetime | None = None
    left_at: datetime | None = None
    left_because: str = ""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that Zoom reported, at its own time."""

    at: datetime
    what: str
    meeting_uuid: str = ""
    participant_uuid: str = ""
    user_id: str = ""
    name: str = ""
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a link into the call was posted. Never the link."""

    at: datetime
    where: str
    whose: str = ""


@dataclass(frozen=True, slots=True)
class Deed:
    """One entry of the record: what was done, by whom, and what came of it."""

    at: datetime
    entry: int
    what: str
    by: str
    about: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody reported or noted, in words. `by` is HIDDEN, a role, or a Discord number."""

    at: datetime
    kind: str
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class ZoomList:
    """What one of Zoom's own lists says afterwards, or the sentence why it could not be had."""

    name: str
    missing: str = ""
    rows: tuple[tuple[tuple[str, str], ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything in a pack."""

    incident: int
    category: str
    community: str
    opened_at: datetime
    made_at: datetime
    emergency: bool
    legal_hold: str
    meeting: tuple[tuple[str, str], ...]
    runs: tuple[CallRun, ...]
    presences: tuple[Presence, ...]
    happenings: tuple[Happening, ...]
    posted: tuple[Posted, ...]
    deeds: tuple[Deed, ...]
    told: tuple[Told, ...]
    zoom: tuple[ZoomList, ...]
    members_shown: bool
    ip_note: str
    audit_entry: int
    audit_digest: str
    remarks: tuple[str, ...] = field(default=())


def ip_note(lists: Iterable[ZoomList]) -> str:
    """What the pack says of IP addresses."""
    found = any(name == "ip_address" and value for each in lists for row in each.rows for name, value in row)
    return IP_FOUND_SENTENCE if found else IP_SENTENCE
