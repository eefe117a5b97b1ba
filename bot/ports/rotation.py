"""Putting a new meeting in the place of one whose link is out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.values import MeetingId, RegistrantId


class RotationBook(Protocol):
    """What hangs on a meeting, moved to the one that takes its place. All of it within the caller's transaction."""

    async def successor(self, meeting_id: MeetingId) -> MeetingId | None:
        """The meeting that is being made to take this one's place."""
        ...

    async def bring_over(self, old: MeetingId, new: MeetingId, at: datetime) -> None:
        """Whoever holds a link or said "coming" is coming to the new one; reminders, the server event and the place in a series go along."""
        ...

    async def revoke_invites(self, meeting_id: MeetingId, at: datetime) -> Sequence[tuple[str, RegistrantId | None]]:
        """Every current invite is revoked and its link erased; the addresses and registrants they had, "" without registration."""
        ...
