"""The same time on the wall every week, also over the nights when the clocks change."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from bot.adapters.timing import WallClockWeeks

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("first", "zone"),
    [
        (date(2027, 3, 16), "Europe/Berlin"),
        (date(2027, 10, 19), "America/New_York"),
        (date(2027, 3, 20), "Australia/Lord_Howe"),
        (date(2027, 3, 20), "UTC"),
    ],
)
def test_wall_clock_time_stays_over_a_change_of_clocks(first: date, zone: str) -> None:
    here = ZoneInfo(zone)
    times = WallClockWeeks().weekly(datetime.combine(first, time(19, 30), here).astimezone(UTC), zone=zone, count=12)
    walls = [each.at.astimezone(here) for each in times]
    assert len(times) == 12
    assert {(wall.hour, wall.minute) for wall in walls} == {(19, 30)}
    assert {(b.date() - a.date()).days for a, b in itertools.pairwise(walls)} == {7}
    assert all(each.note == "" for each in times)


def test_skipped_time_is_moved_and_said() -> None:
    first = datetime(2027, 3, 21, 2, 30, tzinfo=BERLIN).astimezone(UTC)
    before, skipped, after = WallClockWeeks().weekly(first, zone="Europe/Berlin", count=3)
    assert before.note == after.note == ""
    assert "02:30 does not exist on 28 March 2027" in skipped.note
    assert "03:30" in skipped.note
    assert skipped.at == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert (after.at.astimezone(BERLIN).hour, after.at.astimezone(BERLIN).minute) == (2, 30)


def test_repeated_time_takes_the_first_and_says_so() -> None:
    first = datetime(2027, 10, 24, 2, 30, tzinfo=BERLIN).astimezone(UTC)
    _, twice = WallClockWeeks().weekly(first, zone="Europe/Berlin", count=2)
    assert "comes twice on 31 October 2027" in twice.note
    assert twice.at == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
