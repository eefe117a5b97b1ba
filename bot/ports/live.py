"""What happens while a meeting is live."""

from __future__ import annotations

from typing import Protocol

from bot.domain.values import MeetingId


class RoomListener(Protocol):
    """Is told that something changed in a live call, as soon as this process knows."""

    async def room_changed(self, meeting_id: MeetingId) -> None:
        """Somebody came, went or changed, or the call began or ended. Be quick, and bear being told often and for nothing."""
        ...
