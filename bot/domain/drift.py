"""Drift: what somebody changed at Zoom behind our back, beside the safety settings that `readback` compares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.domain.meeting import Meeting
from bot.domain.readback import Difference
from bot.domain.values import MeetingId

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Drift:
    """What of a meeting's differences an organiser knows (names of `Difference.setting`), and what waits for Restore or Accept."""

    meeting_id: MeetingId
    known: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()

    def unknown(self, differences: Sequence[Difference]) -> tuple[Difference, ...]:
        """Those that nobody has accepted."""
        return tuple(difference for difference in differences if difference.setting not in self.known)

    def still_known(self, differences: Sequence[Difference]) -> tuple[str, ...]:
        """What was accepted and is still so. What was put right and comes back later is news again."""
        there = {difference.setting for difference in differences}
        return tuple(name for name in self.known if name in there)


def planning_differences(
    meeting: Meeting, *, topic: str, starts_at: datetime | None, duration: timedelta | None
) -> tuple[Difference, ...]:
    """How far topic and time at Zoom differ from ours; what Zoom did not say is no difference. Zoom counts in whole minutes."""
    found = []
    if starts_at is not None and abs(starts_at - meeting.starts_at) >= _MINUTE:
        moment = starts_at.astimezone(UTC)
        found.append(Difference("starts_at", f"The start was moved to {moment:%Y-%m-%d %H:%M} UTC.", unsafe=False))
    if duration is not None and duration // _MINUTE != max(1, -(-meeting.duration // _MINUTE)):
        found.append(Difference("duration", f"The length was changed to {duration // _MINUTE} minutes.", unsafe=False))
    if topic and " ".join(topic.split()) != " ".join(meeting.topic.split()):
        found.append(Difference("topic", "The topic was changed.", unsafe=False))
    return tuple(found)
