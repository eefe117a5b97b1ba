"""Every command and who may use it: one row each. `test_rights_table.py` plays all of it through the wire, and fails for a command without a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Kind(Enum):
    """A kind of person who may try a command."""

    STRANGER = "somebody without any role"
    TOO_NEW = "a verified member with a two-day-old account"
    VERIFIED = "a verified member"
    MODERATOR = "a moderator by role"
    ORGANISER = "an organiser by role"
    MANAGER = '"Manage Server" where roles are named'
    FIRST_MANAGER = '"Manage Server" where no roles are named yet'
    OWNER = "a verified member who linked a Zoom account"
    OUTSIDE = "somebody in a direct message, by a forged interaction"


EVERYBODY = frozenset(Kind) - {Kind.OUTSIDE}
ORGANISERS = frozenset({Kind.ORGANISER, Kind.FIRST_MANAGER})
MODERATORS = ORGANISERS | {Kind.MODERATOR}
MANAGERS = frozenset({Kind.MANAGER, Kind.FIRST_MANAGER})
MEMBERS = frozenset({Kind.VERIFIED, Kind.OWNER})
REPORTERS = MEMBERS | MODERATORS | {Kind.TOO_NEW}

NOT_OFFERED = "(their app does not offer it)"
SERVER_ONLY = "This works in a server only."
ORGANISERS_ONLY = "Only an organiser can"
MODERATORS_ONLY = "Only a moderator can"
NOT_VERIFIED = "you are not verified here yet"

NO_CALL = "No call is live here at the moment."
"""What moderators are told of commands for running calls where none runs: they may, and there is nothing to do."""

NOT_ADMITTED = {Kind.TOO_NEW: "Your Discord account is newer than this server asks for"}


@dataclass(frozen=True, slots=True)
class Row:
    """One command. `told` is part of what those who may read; `refused` of what all others read, by kind where it differs.

    `options` may name MEETING, the community's planned call, INCIDENT, its open incident, and
    THEMSELVES. `on`: a context command on a "message" or a "member".
    """

    command: str
    may: frozenset[Kind]
    told: str
    refused: str = ORGANISERS_ONLY
    options: Mapping[str, object] = field(default_factory=dict)
    differs: Mapping[Kind, str] = field(default_factory=dict)
    on: str = ""

    def expected(self, kind: Kind) -> str:
        """Part of what this person has to read."""
        if kind is Kind.OUTSIDE:
            return SERVER_ONLY
        return self.told if kind in self.may else self.differs.get(kind, self.refused)


MEETING, INCIDENT, THEMSELVES = "the planned call", "the open incident", "whoever tries it"
_CALL, _NUMBER = {"meeting": MEETING}, {"number": INCIDENT}
_PLAN = {"topic": "Another call", "when": "tomorrow 7pm"}

ROWS = (
    Row("setup", MANAGERS, "Settings of this community", NOT_OFFERED),
    Row("leaks", MANAGERS, "Zoom links in this server", NOT_OFFERED),
    Row("meeting create", ORGANISERS, "Another call", options=_PLAN),
    Row("meeting list", MODERATORS, "Canary rehearsal", MODERATORS_ONLY),
    Row("meeting show", MODERATORS, "Canary rehearsal", MODERATORS_ONLY, _CALL),
    Row("meeting cancel", ORGANISERS, "Canary rehearsal", options=_CALL),
    Row("meeting edit", ORGANISERS, "Canary rehearsal", options={**_CALL, "topic": "Canary rehearsal, moved"}),
    Row("meeting guest", ORGANISERS, "Dr. Lee", options={**_CALL, "name": "Dr. Lee"}),
    Row("meeting guests", ORGANISERS, "Canary rehearsal", options=_CALL),
    Row("join", MEMBERS, "Join the call", NOT_VERIFIED, differs=NOT_ADMITTED),
    Row("zoom link", ORGANISERS, "Link your Zoom account to this server"),
    Row("zoom status", ORGANISERS, "Zoom account"),
    Row("zoom unlink", ORGANISERS | {Kind.OWNER}, "nlink"),
    Row("report", REPORTERS, "form: Report what happened", NOT_VERIFIED),
    Row("Report this to moderators", REPORTERS, "form: Report what happened", NOT_VERIFIED, on="message"),
    Row("incident list", MODERATORS, "Incident", MODERATORS_ONLY),
    Row("incident show", MODERATORS, "Incident", MODERATORS_ONLY, _NUMBER),
    Row("incident note", MODERATORS, "Noted at incident 1.", MODERATORS_ONLY, {**_NUMBER, "text": "It was loud."}),
    Row("incident hold", ORGANISERS, "Incident", options={**_NUMBER, "name": "Police, reference 12"}),
    Row("incident release", ORGANISERS, "one of two organisers has agreed", options=_NUMBER),
    Row("incident export", ORGANISERS, "Evidence of incident 1", options=_NUMBER),
    Row("incident close", ORGANISERS, "Incident", options=_NUMBER),
    Row("incident aftercare", MODERATORS, "Posted for incident 1, without any name.", MODERATORS_ONLY, _NUMBER),
    Row("This leaks a Zoom link", MODERATORS, "leads into no call of this community", "**Thank you.**", on="message"),
    Row("meeting live", MODERATORS, NO_CALL, MODERATORS_ONLY),
    Row("roster", MODERATORS, NO_CALL, MODERATORS_ONLY),
    Row("lock", MODERATORS, NO_CALL, MODERATORS_ONLY),
    Row("unlock", MODERATORS, NO_CALL, MODERATORS_ONLY),
    Row("remove", MODERATORS, NO_CALL, MODERATORS_ONLY, {"person": "somebody"}),
    Row("Remove from Zoom", MODERATORS, NO_CALL, MODERATORS_ONLY, on="member"),
    Row("undo", MODERATORS, NO_CALL, MODERATORS_ONLY, {"member": THEMSELVES}),
    Row("emergency", MODERATORS, NO_CALL, MODERATORS_ONLY),
    Row("end", MODERATORS, NO_CALL, MODERATORS_ONLY),
    Row("audit", ORGANISERS, "The record of what was done"),
    Row("privacy me", EVERYBODY, "What I hold about you here"),
    Row("privacy erase", EVERYBODY, "Erase everything I hold about you here?"),
    Row("meeting rotate", ORGANISERS, "The old meeting is deleted at Zoom", options=_CALL),
)
"""In the order in which they are tried: what replaces the call comes last."""
