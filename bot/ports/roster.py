"""What is kept of who is in a call."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.roster import Entry
from bot.domain.tracking import Mark, MarkKind, Track
from bot.domain.values import MeetingId, MemberId, ParticipantId, RegistrantId, SessionId


@dataclass(frozen=True, slots=True)
class ListedEntry:
    """A registrant of ours with the address Zoom knows them by; "" where there is none."""

    entry: Entry
    address: str


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that goes on, of a meeting that is LIVE. `revision` grows with everything that is written about it."""

    meeting_id: MeetingId
    session_id: SessionId
    revision: int


class Roster(Protocol):
    """Participants of sessions. Writing is done between `hold` and the commit, so that two processes do it one after the other."""

    async def hold(self, session_id: SessionId, meeting_id: MeetingId) -> int:
        """Keep others from writing about this session until the commit; adds it if nothing is known of it. The new revision."""
        ...

    async def revision(self, session_id: SessionId) -> int:
        """0 where nothing was written."""
        ...

    async def tracks(
        self, session_id: SessionId, *, only: Collection[ParticipantId] | None = None, after: int = 0
    ) -> Sequence[Track]:
        """What is known of these participants (all, if none are named), if written after this revision."""
        ...

    async def marks(
        self, session_id: SessionId, *, only: Collection[tuple[MarkKind, str]] | None = None, after: int = 0
    ) -> Sequence[Mark]:
        """The same of facts that name no participant, by kind and key."""
        ...

    async def save(self, tracks: Sequence[Track], marks: Sequence[Mark], revision: int) -> None:
        """Write them, whether or not they are there."""
        ...

    async def accept(self, session_id: SessionId, participant_uuid: ParticipantId, by: MemberId, at: datetime) -> None:
        """A moderator lets this participant stay. Repeating it changes nothing; `hold` before, or other processes do not notice."""
        ...

    async def accepted(self, session_id: SessionId) -> frozenset[ParticipantId]: ...
    async def entries(
        self, meeting_id: MeetingId, *, only: Collection[RegistrantId] | None = None
    ) -> Sequence[ListedEntry]:
        """Every invite and guest this meeting ever had, void ones too. `only` leaves out registrants that are not named, but none without an id."""
        ...

    async def open_sessions(self) -> Sequence[OpenSession]:
        """The sessions that go on, of all communities."""
        ...

    async def host_addresses(self, meeting_id: MeetingId) -> Mapping[str, str]:
        """The e-mail addresses of the meeting's host and alternative hosts, each with the Zoom user id."""
        ...
