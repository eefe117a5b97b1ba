"""Doors that were closed in this process and that the store may not know of yet: no link leaves through them, whatever the store says."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.meeting import Door, Meeting
from bot.domain.values import MeetingId
from bot.domain.verdict import WaitingRoom
from bot.ports.containment import ClosedDoor


class ClosedHere:
    """Asked at every delivery of a link."""

    def __init__(self) -> None:
        self._doors: dict[MeetingId, ClosedDoor] = {}

    def close(self, door: ClosedDoor) -> None:
        """From now on."""
        self._doors.setdefault(door.meeting_id, door)

    def in_store(self, meeting_id: MeetingId, at: datetime) -> None:
        """The store knows what was done until then, so it is the store that says from now on; not of a door that was closed since."""
        door = self._doors.get(meeting_id)
        if door is not None and door.at <= at:
            del self._doors[meeting_id]

    def door(self, meeting_id: MeetingId) -> ClosedDoor | None:
        """What it was closed on."""
        return self._doors.get(meeting_id)

    def read_back(self, meeting_id: MeetingId, waiting_room: WaitingRoom) -> None:
        """What Zoom said of its waiting room."""
        if meeting_id in self._doors:
            self._doors[meeting_id] = replace(self._doors[meeting_id], waiting_room=waiting_room)

    def seen(self, meeting: Meeting) -> Meeting:
        """The meeting, closed if it was closed here."""
        return meeting.changed(door=Door.CLOSED) if meeting.meeting_id in self._doors else meeting

    def __contains__(self, meeting_id: MeetingId) -> bool:
        return meeting_id in self._doors
