"""The same time on the wall, every week, also where the clocks change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from whenever import PlainDateTime, RepeatedTime, SkippedTime

from bot.ports import ParsedTime


class WallClockWeeks:
    """Implements `bot.ports.WeeklyTimes`."""

    def weekly(self, first: datetime, *, zone: str, count: int) -> Sequence[ParsedTime]:
        """`count` moments a week apart in `zone`, `first` among them.

        A time the clocks jump over becomes the same moment on the new clock (02:30 becomes 03:30); of a time that
        comes twice the first is taken. Both are said in the note.
        """
        wall = first.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        later = (_on_the_wall(wall + timedelta(weeks=week), zone) for week in range(1, count))
        return [ParsedTime(first), *later]


def _on_the_wall(wall: datetime, zone: str) -> ParsedTime:
    plain = PlainDateTime(wall.year, wall.month, wall.day, wall.hour, wall.minute, wall.second)
    day = f"{wall.day} {wall:%B %Y}"
    try:
        return ParsedTime(plain.assume_tz(zone, disambiguation="raise").to_instant().to_stdlib())
    except SkippedTime:
        moved = plain.assume_tz(zone, disambiguation="later")
        shown = f"{moved.hour:02}:{moved.minute:02}"
        note = f"{wall:%H:%M} does not exist on {day}: the clocks go forward over it. I took {shown}."
        return ParsedTime(moved.to_instant().to_stdlib(), note)
    except RepeatedTime:
        first = plain.assume_tz(zone, disambiguation="earlier")
        note = f"{wall:%H:%M} comes twice on {day}, when the clocks go back. I took the first."
        return ParsedTime(first.to_instant().to_stdlib(), note)
