"""Incidents: their records, what they keep from being erased, and who acts on a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from bot.domain.community import MemberFacts
from bot.domain.incident import Category, Consent, Incident, IncidentId, Purpose, ReportId
from bot.domain.session import Session
from bot.domain.values import ChannelId, GuildId, MeetingId, MemberId, SessionId


@dataclass(frozen=True, slots=True)
class Held:
    """What must not be erased at the moment, by whomever it is asked. All of a held meeting is held: its sessions, invites, guests, events.

    `members` are the people who ever had a link for a held meeting, or reported there: of them only what belongs to these meetings is held.
    """

    meetings: frozenset[MeetingId] = frozenset()
    sessions: frozenset[SessionId] = frozenset()
    members: frozenset[tuple[GuildId, MemberId]] = frozenset()

    def holds_member(self, guild_id: GuildId, member_id: MemberId) -> bool:
        """Whether something of this person has to stay."""
        return (guild_id, member_id) in self.members


class Holds(Protocol):
    """Asked before anything is erased, in the transaction that erases."""

    async def held(self, now: datetime) -> Held:
        """What is held at `now`, of all communities."""
        ...


@dataclass(frozen=True, slots=True)
class Report:
    """What one person reported. `salt` is that of the hash in the audit entry. Never shown to the person it is about."""

    report_id: ReportId
    incident_id: IncidentId
    guild_id: GuildId
    reporter: MemberId
    by_moderator: bool
    category: Category
    seen: str
    at: datetime
    salt: bytes


@dataclass(frozen=True, slots=True)
class IncidentNote:
    """What a moderator wrote down about an incident, or the name given to a legal hold."""

    incident_id: IncidentId
    author: MemberId
    text: str
    at: datetime
    is_hold: bool = False


class FollowUpState(Enum):
    """What became of somebody's reminders. The value is how it is stored."""

    WAITING = "waiting"
    DONE = "done"
    """They said that it is confirmed, or that they want no reminder."""
    OVER = "over"
    """The last one was sent, or the week is over."""
    UNDELIVERABLE = "undeliverable"


@dataclass(frozen=True, slots=True)
class FollowUp:
    """One person's reminders that Zoom wants its mail confirmed. `due_at` is None where none is to come."""

    incident_id: IncidentId
    guild_id: GuildId
    member_id: MemberId
    reported_at: datetime
    due_at: datetime | None
    state: FollowUpState = FollowUpState.WAITING
    owner: bool = False
    """They are reminded as the owner of the Zoom account, not as who reported."""


class IncidentBook(Holds, Protocol):
    """Incidents of communities."""

    async def get(self, incident_id: IncidentId) -> Incident | None: ...
    async def numbered(self, guild_id: GuildId, number: int) -> Incident | None: ...
    async def of_guild(self, guild_id: GuildId, limit: int) -> Sequence[Incident]:
        """Open ones first, then the newest."""
        ...

    async def open_about(
        self, guild_id: GuildId, meeting_id: MeetingId | None, session_id: SessionId | None
    ) -> Incident | None:
        """The open incident about exactly this."""
        ...

    async def next_number(self, guild_id: GuildId) -> int:
        """The number for a new incident. Until this transaction ends nobody else opens one in this community."""
        ...

    async def save(self, incident: Incident) -> None:
        """Add or change it."""
        ...

    async def recent_runs(self, guild_id: GuildId, since: datetime, limit: int) -> Sequence[Session]:
        """Sessions of this community that are live, or ended since then; live ones first, then the newest."""
        ...

    async def over(self, now: datetime, limit: int) -> Sequence[Incident]:
        """Those that hold nothing any more and whose reports and notes are still there."""
        ...


class IncidentPapers(Protocol):
    """What people wrote about incidents. Erasable; none of it is in the audit chain."""

    async def add_report(self, report: Report) -> None: ...
    async def reports(self, incident_id: IncidentId) -> Sequence[Report]:
        """Oldest first."""
        ...

    async def reported_since(self, guild_id: GuildId, member_id: MemberId, since: datetime) -> int:
        """How many reports this person sent."""
        ...

    async def add_note(self, note: IncidentNote) -> None: ...
    async def notes(self, incident_id: IncidentId) -> Sequence[IncidentNote]:
        """Oldest first."""
        ...

    async def consent(self, incident_id: IncidentId, purpose: Purpose) -> Consent | None: ...
    async def save_consent(self, consent: Consent) -> None:
        """In place of an earlier one."""
        ...

    async def drop_consent(self, incident_id: IncidentId, purpose: Purpose) -> None: ...
    async def forget(self, incident_id: IncidentId) -> None:
        """Erase every report, note, consent and reminder of it."""
        ...

    async def erase_person(self, guild_id: GuildId, member_id: MemberId, now: datetime) -> bool:
        """Erase what this person wrote, except about incidents that hold at `now`; False if something had to stay."""
        ...


class FollowUps(Protocol):
    """Reminders of single people."""

    async def put(self, follow_up: FollowUp) -> None:
        """Add it, or change it."""
        ...

    async def get(self, incident_id: IncidentId, member_id: MemberId) -> FollowUp | None: ...
    async def any_due(self, now: datetime) -> bool: ...
    async def due(self, now: datetime, again_at: datetime, limit: int) -> Sequence[FollowUp]:
        """Who is to be reminded now; each is put off to `again_at`, so that two who look take it once."""
        ...


@dataclass(frozen=True, slots=True)
class ConfirmationReminder:
    """What one person is told in private. It says nothing of what was reported, and names nobody."""

    incident_id: IncidentId
    guild_id: GuildId
    number: int
    reported_at: datetime
    until: datetime
    owner: bool


class PrivateFollowUps(Protocol):
    """Reaches one person. Raises `Transient` (`retry_after` says when) and `Undeliverable` (final)."""

    async def ask_confirmation(self, member_id: MemberId, reminder: ConfirmationReminder) -> None:
        """A direct message with buttons. Repeating it within minutes sends it once."""
        ...


class AftercarePosts(Protocol):
    """Posting in the community's channel. Raises `Transient`, `NeedsAttention`, `Undeliverable` as `bot.ports.Chat` does."""

    async def offer_support(self, guild_id: GuildId, channel_id: ChannelId, incident_id: IncidentId) -> None:
        """One message that names nobody, whose button answers each presser in private. The same incident within minutes posts it once."""
        ...


class RemoveFromReport(Protocol):
    """Removes somebody from the running call in the same press as a report. Kept by whoever acts on live meetings."""

    async def remove(self, guild_id: GuildId, meeting_id: MeetingId, participant_uuid: str, who: MemberFacts) -> str:
        """Begin it, with the same rights, audit and steps as the command; what to tell the moderator now."""
        ...
