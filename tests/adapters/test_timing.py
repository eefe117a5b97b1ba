"""Clocks, chance, and the reader of phrases for times, which must refuse rather than guess."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.timing import DatePhrases, MovableClock, SystemChance, SystemClock
from bot.adapters.timing.phrases import MAX_AHEAD
from bot.adapters.timing.words import DAYS_AHEAD, MONTHS, WEEKDAYS
from bot.domain.errors import UserMistake
from bot.ports import Chance, Clock, ParsedTime, TimePhrases
from tests.waiting import PATIENCE

PHRASES = DatePhrases()
BERLIN = "Europe/Berlin"
SATURDAY = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
"""Half past three in Berlin."""
ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Pacific/Chatham",
    "UTC",
]


def read(phrase: str, zone: str = BERLIN, now: datetime = SATURDAY) -> str:
    return PHRASES.parse(phrase, zone=zone, now=now).at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def refusal(phrase: str, zone: str = BERLIN, now: datetime = SATURDAY) -> UserMistake:
    with pytest.raises(UserMistake) as caught:
        PHRASES.parse(phrase, zone=zone, now=now)
    return caught.value


def test_the_ports_are_kept() -> None:
    clock: Clock = SystemClock()
    movable: Clock = MovableClock()
    chance: Chance = SystemChance(clock)
    phrases: TimePhrases = PHRASES
    assert all((clock, movable, chance, phrases))


# ------------------------------------------------------------------------------------------------ phrases


@pytest.mark.parametrize(
    ("phrase", "meant"),
    [
        ("tomorrow 7pm", "2026-11-22 19:00"),
        ("  Tomorrow,  7 PM ", "2026-11-22 19:00"),
        ("tomorrow at 7:30pm", "2026-11-22 19:30"),
        ("7pm tomorrow", "2026-11-22 19:00"),
        ("tomorrow 19.30", "2026-11-22 19:30"),
        ("tomorrow at noon", "2026-11-22 12:00"),
        ("tomorrow 12am", "2026-11-22 00:00"),
        ("tomorrow 12pm", "2026-11-22 12:00"),
        ("tomorrow sunday 19:00", "2026-11-22 19:00"),
        ("day after tomorrow 19:00", "2026-11-23 19:00"),
        ("tonight 8pm", "2026-11-21 20:00"),
        ("19:00", "2026-11-21 19:00"),
        ("15:00", "2026-11-22 15:00"),
        ("in 40 minutes", "2026-11-21 16:10"),
        ("in an hour", "2026-11-21 16:30"),
        ("in 1 hour and 30 minutes", "2026-11-21 17:00"),
        ("in 3 days at 19:00", "2026-11-24 19:00"),
        ("2 weeks from now at 7pm", "2026-12-05 19:00"),
        ("Friday 19:30", "2026-11-27 19:30"),
        ("fri 7pm", "2026-11-27 19:00"),
        ("next tuesday 18:00", "2026-11-24 18:00"),
        ("saturday 10am", "2026-11-28 10:00"),
        ("saturday 8pm", "2026-11-21 20:00"),
        ("next saturday 8pm", "2026-11-28 20:00"),
        ("2026-12-01 19:00", "2026-12-01 19:00"),
        ("2026-12-01T19:00", "2026-12-01 19:00"),
        ("1.12.2026 19:00", "2026-12-01 19:00"),
        ("1.12. 19:00", "2026-12-01 19:00"),
        ("31/12 20:00", "2026-12-31 20:00"),
        ("12/31/2026 8pm", "2026-12-31 20:00"),
        ("dec 3 19:00", "2026-12-03 19:00"),
        ("December 3rd, 2026 7:30 p.m.", "2026-12-03 19:30"),
        ("friday 4 december 19:00", "2026-12-04 19:00"),
        ("2 february 19:00", "2027-02-02 19:00"),
        ("morgen 19 Uhr", "2026-11-22 19:00"),
        ("übermorgen um 18:00", "2026-11-23 18:00"),
        ("nächsten Dienstag 18 Uhr", "2026-11-24 18:00"),
        ("3. Dezember 19 Uhr 30", "2026-12-03 19:30"),
        ("in 40 Minuten", "2026-11-21 16:10"),
        ("demain à 19h30", "2026-11-22 19:30"),
        ("vendredi 19h", "2026-11-27 19:00"),
        ("mañana a las 19:00", "2026-11-22 19:00"),
        ("el 3 de diciembre a las 19:00", "2026-12-03 19:00"),
    ],
)
def test_what_organisers_type_is_read_as_they_mean_it(phrase: str, meant: str) -> None:
    assert read(phrase) == meant


@pytest.mark.parametrize(
    ("phrase", "code"),
    [
        ("", "time_unreadable"),
        ("x" * 101 + " 19:00", "time_unreadable"),
        ("soon", "time_missing"),
        ("tomorrow", "time_missing"),
        ("tomorrow evening", "time_missing"),
        ("2026-12-01", "time_missing"),
        ("on the 3rd at 9", "time_missing"),
        ("tonight at 8", "time_missing"),
        ("next friday at 7", "time_missing"),
        ("friday at half past 6", "time_missing"),
        ("midnight", "time_missing"),
        ("mañana a las 7 de la tarde", "time_missing"),
        ("7", "time_missing"),
        ("1795392000", "time_missing"),
        ("on the 3rd 19:00", "time_unreadable"),
        ("next week 19:00", "time_unreadable"),
        ("next 19:00", "time_unreadable"),
        ("tomorrow 13pm", "time_unreadable"),
        ("tomorrow 0am", "time_unreadable"),
        ("25:00", "time_unreadable"),
        ("19:60", "time_unreadable"),
        ("tomorrow 19:00 20:00", "time_unreadable"),
        ("tomorrow friday 19:00", "time_unreadable"),
        ("friday 3 december 19:00", "time_unreadable"),
        ("30 february 19:00", "time_unreadable"),
        ("2026-13-01 19:00", "time_unreadable"),
        ("40/12/2026 19:00", "time_unreadable"),
        ("every friday 19:00", "time_unreadable"),
        ("not tomorrow 19:00", "time_unreadable"),
        ("yesterday 19:00", "time_unreadable"),
        ("in 1h30", "time_unreadable"),
        ("tomorrow or friday 19:00", "time_unreadable"),
        ("1/12/2026 19:00", "time_ambiguous"),
        ("12/01/2026 7pm", "time_ambiguous"),
        ("tomorrow 7pm CET", "time_zone_in_phrase"),
        ("tomorrow 7pm EST", "time_zone_in_phrase"),
        ("2026-12-01T19:00Z", "time_zone_in_phrase"),
        ("2026-12-01T19:00+01:00", "time_zone_in_phrase"),
        ("7pm -5", "time_zone_in_phrase"),
        ("19:00 Europe/Berlin", "time_zone_in_phrase"),
        ("19:00 UTC+2", "time_zone_in_phrase"),
        ("2026-11-20 19:00", "time_past"),
        ("today 10:00", "time_past"),
        ("<t:1700000000:F>", "time_past"),
        ("2028-01-01 19:00", "time_far"),
        ("in 9999 hours", "time_far"),
        ("in 400 days 19:00", "time_far"),
    ],
)
def test_what_cannot_be_read_without_guessing_is_refused_with_what_to_write(phrase: str, code: str) -> None:
    refused = refusal(phrase)
    assert refused.code == code
    assert len(refused.message) > 30


def test_now_is_now_and_this_very_minute_too() -> None:
    moment = SATURDAY.replace(second=40)
    for phrase in ("now", "Now", "jetzt", "ahora", "15:30", "today 15:30", "saturday 15:30", "2026-11-21 15:30"):
        assert PHRASES.parse(phrase, zone=BERLIN, now=moment) == ParsedTime(moment), phrase


def test_discord_timestamps_are_taken_as_they_are() -> None:
    at = int(SATURDAY.timestamp()) + 3600
    for phrase in (f"<t:{at}>", f"<t:{at}:F>", f"<t:{at}:R>"):
        assert PHRASES.parse(phrase, zone=BERLIN, now=SATURDAY).at == SATURDAY + timedelta(hours=1)


def test_what_was_assumed_is_said() -> None:
    assert "took tomorrow" in PHRASES.parse("15:00", zone=BERLIN, now=SATURDAY).note
    assert "24 November" in PHRASES.parse("next tuesday 18:00", zone=BERLIN, now=SATURDAY).note
    assert PHRASES.parse("tomorrow 7pm", zone=BERLIN, now=SATURDAY).note == ""


def test_an_hour_that_the_clocks_skip_is_refused_with_the_reason() -> None:
    refused = refusal("2027-03-28 02:30")
    assert (refused.code, "clocks go forward" in refused.message) == ("time_skipped", True)
    assert read("2027-03-28 03:00") == "2027-03-28 03:00"


def test_an_hour_that_comes_twice_is_the_first_and_says_so() -> None:
    parsed = PHRASES.parse("2027-10-31 02:30", zone=BERLIN, now=SATURDAY)
    assert parsed.at == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert "comes twice" in parsed.note


def test_in_forty_minutes_is_forty_minutes_while_the_clocks_change() -> None:
    for before in (datetime(2027, 3, 28, 0, 50, tzinfo=UTC), datetime(2026, 10, 25, 0, 50, tzinfo=UTC)):
        assert PHRASES.parse("in 40 minutes", zone=BERLIN, now=before).at == before + timedelta(minutes=40)


def test_the_second_of_two_equal_hours_is_not_given_for_a_time_that_has_passed() -> None:
    between = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)  # 02:45, before the clocks go back
    assert refusal("today 02:30", now=between).code == "time_past"


_moments = st.integers(0, 4 * 365 * 86_400).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
_zones = st.sampled_from(ZONES)
_FORMS = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%d.%m.%Y %H:%M", "%d %B %Y at %I:%M%p"]


@settings(deadline=None)
@given(
    _zones,
    _moments,
    st.integers(1, 364 * 24 * 60),
    st.sampled_from(["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%d.%m.%Y %H:%M", "%d %B %Y at %I:%M%p"]),
)
def test_any_written_local_time_is_read_back_as_itself(zone: str, now: datetime, minutes: int, form: str) -> None:
    wall = (now + timedelta(minutes=minutes)).astimezone(ZoneInfo(zone)).replace(second=0, microsecond=0)
    parsed = PHRASES.parse(wall.strftime(form), zone=zone, now=now)
    assert parsed.at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall.replace(tzinfo=None)
    assert parsed.at.utcoffset() == timedelta(0)
    assert bool(parsed.note) is (wall.replace(fold=0).utcoffset() != wall.replace(fold=1).utcoffset())


@settings(deadline=None)
@given(
    _zones,
    _moments,
    st.sampled_from(
        [*WEEKDAYS, *DAYS_AHEAD, *(f"{day} {month}" for month in MONTHS for day in (1, 15, 28)), "in 3 days", ""]
    ),
    st.times().map(lambda moment: moment.strftime("%H:%M")),
)
def test_every_known_word_means_its_day_and_never_the_past(zone: str, now: datetime, words: str, clock: str) -> None:
    try:
        parsed = PHRASES.parse(f"{words} {clock}", zone=zone, now=now)
    except UserMistake as mistake:
        refused: UserMistake | None = mistake
    else:
        refused = None
    if refused is not None:
        assert refused.code in {"time_past", "time_skipped"}
        assert refused.code == "time_skipped" or DAYS_AHEAD.get(words) == 0 or words not in {*DAYS_AHEAD, *WEEKDAYS, ""}
        return
    wall, today = parsed.at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    assert now <= parsed.at <= now + MAX_AHEAD
    assert wall.strftime("%H:%M") == clock
    if words in WEEKDAYS:
        assert wall.weekday() == WEEKDAYS[words]
        assert (wall.date() - today).days <= 7
    elif words in DAYS_AHEAD:
        assert (wall.date() - today).days == DAYS_AHEAD[words]
    elif words.startswith("in "):
        assert (wall.date() - today).days == 3
    elif words:
        day, month = words.split()
        assert (wall.day, wall.month) == (int(day), MONTHS[month])


_SPANS = {
    "in {} minutes": 60,
    "in {} min": 60,
    "in {}m": 60,
    "in {} hours": 3600,
    "in {}h": 3600,
    "in {} Minuten": 60,
    "in {} Stunden": 3600,
    "dans {} heures": 3600,
    "en {} minutos": 60,
}


@settings(deadline=None)
@given(_zones, _moments, st.integers(0, 500), st.sampled_from(sorted(_SPANS)))
def test_spans_are_exact(zone: str, now: datetime, amount: int, phrase: str) -> None:
    at = PHRASES.parse(phrase.format(amount), zone=zone, now=now).at
    assert at == now + timedelta(seconds=amount * _SPANS[phrase])


@settings(deadline=None, max_examples=300)
@given(_zones, _moments, st.text(st.sampled_from("0123456789:./-+ apmtz<>"), max_size=25) | st.text(max_size=40))
def test_nonsense_is_refused_kindly_or_lies_ahead(zone: str, now: datetime, phrase: str) -> None:
    try:
        parsed = PHRASES.parse(phrase, zone=zone, now=now)
    except UserMistake as refused:
        assert refused.message  # noqa: PT017
    else:
        assert now <= parsed.at <= now + MAX_AHEAD


# ------------------------------------------------------------------------------------------------ zones


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        (" Berlin ", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("New_York", "America/New_York"),
        ("Kyiv", "Europe/Kyiv"),
        ("utc", "UTC"),
        ("GMT", "UTC"),
    ],
)
def test_zones_are_found_by_name_or_city(typed: str, zone: str) -> None:
    assert PHRASES.check_zone(typed) == ZoneInfo(zone).key


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("Europe/Berln", "Europe/Berlin"),
        ("Tokio", "Asia/Tokyo"),
        ("CET", "large city"),
        ("EST", "large city"),
        ("", "large city"),
        ("Middle Earth", "large city"),
        ("../../etc/passwd", "large city"),
        ("Louisville", "America/Kentucky/Louisville"),
    ],
)
def test_an_unknown_or_ambiguous_zone_is_refused_with_near_ones(typed: str, said: str) -> None:
    with pytest.raises(UserMistake, match=re.escape(said)) as caught:
        PHRASES.check_zone(typed)
    assert caught.value.code == "zone_unknown"


# ------------------------------------------------------------------------------------------------ clocks


def test_the_system_clock_is_aware_utc() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)


async def test_moving_the_clock_wakes_whoever_would_sleep_until_then_and_no_one_else() -> None:
    clock = MovableClock(SATURDAY)
    short, long = asyncio.create_task(clock.sleep(600)), asyncio.create_task(clock.sleep(3600))
    while clock.sleepers < 2:
        await asyncio.sleep(0)
    clock.advance(timedelta(minutes=10))
    await asyncio.wait_for(short, PATIENCE)
    assert (long.done(), clock.sleepers) == (False, 1)
    clock.advance(timedelta(minutes=50))
    await asyncio.wait_for(long, PATIENCE)
    assert clock.sleepers == 0
    assert SATURDAY + timedelta(hours=1) <= clock.now() < SATURDAY + timedelta(hours=1, seconds=2 * PATIENCE)


async def test_a_sleep_in_small_steps_is_counted_to_the_end() -> None:
    clock = MovableClock(SATURDAY)
    sleeper = asyncio.create_task(clock.sleep(300))
    for minute in range(1, 6):
        while clock.sleepers < 1:
            await asyncio.sleep(0)
        assert not sleeper.done(), minute
        clock.advance(timedelta(minutes=1))
        for _ in range(5):
            await asyncio.sleep(0)
    await asyncio.wait_for(sleeper, PATIENCE)


async def test_time_passes_on_its_own_as_well() -> None:
    clock = MovableClock(SATURDAY)
    before = clock.now()
    await clock.sleep(0.02)
    assert clock.now() - before >= timedelta(seconds=0.02)


async def test_a_cancelled_sleeper_is_no_sleeper() -> None:
    clock = MovableClock(SATURDAY)
    sleeper = asyncio.create_task(clock.sleep(600))
    while clock.sleepers < 1:
        await asyncio.sleep(0)
    sleeper.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeper
    assert clock.sleepers == 0


def test_a_clock_cannot_be_moved_back() -> None:
    with pytest.raises(ValueError, match="back"):
        MovableClock().advance(timedelta(seconds=-1))


# ------------------------------------------------------------------------------------------------ chance


def test_ids_are_26_characters_unique_and_sort_by_time() -> None:
    clock = MovableClock(SATURDAY)
    chance = SystemChance(clock)
    ids = []
    for _ in range(200):
        ids.append(chance.new_id())
        clock.advance(timedelta(milliseconds=2))
    assert ids == sorted(ids)
    assert len(set(ids)) == 200
    assert all(re.fullmatch(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", made) for made in ids)
    assert len({SystemChance(_Still()).new_id()[10:] for _ in range(500)}) == 500
    assert len({SystemChance(_Still()).new_id()[:10] for _ in range(50)}) == 1


class _Still(SystemClock):
    def now(self) -> datetime:
        return SATURDAY


def test_numbers_and_salts_have_their_shapes() -> None:
    chance = SystemChance()
    numbers = chance.numbers(1000)
    assert all(0 <= number < 2**32 for number in numbers)
    assert len(set(numbers)) > 990
    assert max(numbers) > 2**31
    assert {len(chance.salt()) for _ in range(10)} == {16}
    assert chance.salt() != chance.salt()


def test_every_passcode_meets_every_rule_an_account_can_set() -> None:
    made = [SystemChance().passcode().reveal() for _ in range(500)]
    assert len(set(made)) == 500
    for passcode in made:
        assert re.fullmatch(r"[A-Za-z0-9@_*-]{10}", passcode)
        assert len(re.findall(r"[@_*-]", passcode)) == 1
        assert all(re.search(kind, passcode) for kind in ("[A-Z]", "[a-z]", "[0-9]"))
        assert all(abs(ord(first) - ord(second)) > 1 for first, second in pairwise(passcode.lower()))
        assert not set(passcode) & set("0O1Il")
