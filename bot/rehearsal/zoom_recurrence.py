"""The dates of a recurring meeting with fixed times. https://developers.zoom.us/docs/api/meetings/ (`recurrence`)"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.rehearsal.zoom_rules import parse_start
from bot.rehearsal.zoom_state import Occurrence
from bot.rehearsal.zoom_wire import JsonObject, integer, invalid, text

DAILY, WEEKLY, MONTHLY = 1, 2, 3

_LONGEST_STEP = {DAILY: 99, WEEKLY: 50, MONTHLY: 10}
_MOST_OCCURRENCES = 60


def occurrences(recurrence: JsonObject, start: datetime, duration: int, timezone: str) -> list[Occurrence]:
    """The dates of a series that begins at `start` (aware UTC) and keeps its time of day in `timezone`; at most 60.

    Weekly: on each of `weekly_days` (1 = Sunday). Monthly: on `monthly_day`; a month without that day is left out.

    Raises:
        ZoomError: 400/300 for a step longer than Zoom allows.
    """
    kind = integer(recurrence, "type", DAILY)
    step = integer(recurrence, "repeat_interval", 1)
    if step > _LONGEST_STEP[kind]:
        invalid("recurrence.repeat_interval", f"Must not be more than {_LONGEST_STEP[kind]}.")
    local = start.astimezone(ZoneInfo(timezone))
    last = parse_start(text(recurrence, "end_date_time"), timezone) if "end_date_time" in recurrence else None
    most = _MOST_OCCURRENCES if last else integer(recurrence, "end_times", 1) or _MOST_OCCURRENCES
    found: list[Occurrence] = []
    for day in _days(recurrence, kind, step, local.date()):
        instant = datetime.combine(day, local.timetz()).astimezone(UTC)
        if len(found) == most or (last is not None and instant > last):
            break
        found.append(Occurrence(str(int(instant.timestamp() * 1000)), instant, duration))
    return found


def _days(recurrence: JsonObject, kind: int, step: int, first: date) -> Iterator[date]:
    if kind == DAILY:
        for count in range(_MOST_OCCURRENCES):
            yield first + timedelta(days=step * count)
    elif kind == WEEKLY:
        chosen = {int(day) % 7 for day in text(recurrence, "weekly_days", "1").split(",") if day.strip().isdecimal()}
        sunday = first - timedelta(days=first.isoweekday() % 7)
        for week in range(_MOST_OCCURRENCES):
            for offset in range(7):
                day = sunday + timedelta(weeks=step * week, days=offset)
                if day >= first and (offset + 1) % 7 in chosen:
                    yield day
    else:
        wanted = integer(recurrence, "monthly_day", 1)
        for count in range(_MOST_OCCURRENCES):
            year, month = divmod(first.year * 12 + first.month - 1 + step * count, 12)
            try:
                day = date(year, month + 1, wanted)
            except ValueError:
                continue
            if day >= first:
                yield day
