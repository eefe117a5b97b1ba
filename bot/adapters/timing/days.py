"""Finds the day a phrase means once the hour is taken out of it, and checks the reading against every word and number of the phrase."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from bot.adapters.timing.words import DAYS_AHEAD, MONTH_NAMES, MONTHS, NEXT_WORDS, SMALL_WORDS, WEEKDAYS
from bot.domain.errors import UserMistake

_EXAMPLES = 'Write it like "tomorrow 7pm", "Friday 19:30" or "2026-12-01 19:00".'
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_NUMERIC = re.compile(r"(\d{1,2})([./])(\d{1,2})(?:[./](\d{4})?)?")
_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.|er|º)?")
_AHEAD = re.compile(
    r"(?<!\w)(?:(?:in|dans|en|dentro de)\s+)?(\d{1,3})\s*(days?|weeks?|tage?n?|wochen?|jours?|semaines?|d[ií]as?|semanas?)(?: from now)?(?!\w)"
)

Reader = Callable[[str, datetime], datetime | None]


@dataclass(slots=True)
class _Said:
    """What the words of a phrase state about the day; None where they state nothing."""

    weekday: int | None = None
    following: bool = False
    ahead: int | None = None
    day: int | None = None
    month: int | None = None
    year: int | None = None
    words: list[str] = field(default_factory=list)


def day_in(rest: str, clock: time, wall_now: datetime, reader: Reader) -> tuple[date, str]:
    """The day meant, and a note on what was assumed.

    Args:
        rest: the phrase without its hour.
        reader: dateparser.

    Raises:
        UserMistake: a word is unknown, or the phrase cannot be read without guessing.
    """
    said, today = _said(rest), wall_now.date()
    passed = clock < wall_now.time().replace(second=0, microsecond=0)
    if said.ahead is not None:
        return _agreeing(said, today + timedelta(days=said.ahead)), ""
    if said.weekday is not None and len(said.words) == 1:
        return _next_weekday(said.weekday, today, passed=passed, following=said.following)
    if said.words:
        read = reader(" ".join(said.words), wall_now) if said.day is not None and said.month is not None else None
        return _agreeing(said, read.date() if read is not None else None), ""
    if said.following:
        raise _unreadable()
    if passed:
        return today + timedelta(days=1), f"{clock:%H:%M} has passed today, so I took tomorrow."
    return today, ""


def _next_weekday(weekday: int, today: date, *, passed: bool, following: bool) -> tuple[date, str]:
    ahead = (weekday - today.weekday()) % 7
    if ahead == 0 and (passed or following):
        ahead = 7
    day = today + timedelta(days=ahead)
    return day, f"I took the soonest one, {day.day} {day:%B}." if following and ahead < 7 else ""


def _said(rest: str) -> _Said:
    said = _Said()
    if (ahead := _AHEAD.search(rest)) is not None:
        said.ahead = int(ahead[1]) * (7 if ahead[2].startswith(("w", "s")) else 1)
        rest = rest.replace(ahead[0], " ", 1)
    for phrase in sorted(DAYS_AHEAD, key=len, reverse=True):
        if re.search(rf"(?<!\w){phrase}(?!\w)", rest):
            _state(said, ahead=DAYS_AHEAD[phrase])
            rest = re.sub(rf"(?<!\w){phrase}(?!\w)", " ", rest, count=1)
            break
    for word in rest.split():
        _take(said, word)
    return said


def _take(said: _Said, word: str) -> None:
    bare = word.rstrip(".")
    if word in SMALL_WORDS:
        return
    if word in NEXT_WORDS:
        said.following = True
        return
    if iso := _ISO.fullmatch(word):
        _state(said, year=int(iso[1]), month=int(iso[2]), day=int(iso[3]))
    elif numeric := _NUMERIC.fullmatch(word):
        word = _numeric_date(said, numeric)
    elif bare in MONTHS:
        _state(said, month=MONTHS[bare])
        word = MONTH_NAMES[MONTHS[bare]]
    elif bare in WEEKDAYS:
        _state(said, weekday=WEEKDAYS[bare])
        word = bare
    elif re.fullmatch(r"20\d\d", word):
        _state(said, year=int(word))
    elif day := _DAY.fullmatch(word):
        _state(said, day=int(day[1]))
        word = day[1]
    else:
        raise _unreadable(word)
    said.words.append(word)


def _numeric_date(said: _Said, numeric: re.Match[str]) -> str:
    """With dots the day comes first; with slashes it depends on where one lives, so only clear ones are taken. Gives the date in words."""
    first, sign, second, year = int(numeric[1]), numeric[2], int(numeric[3]), numeric[4]
    if sign == "/" and first <= 12 and second <= 12 and first != second:
        raise UserMistake(
            "That date can be read in two ways. Write the year first, such as 2026-12-01, or the month as a word.",
            code="time_ambiguous",
        )
    day, month = (second, first) if sign == "/" and second > 12 else (first, second)
    if not 1 <= month <= 12:
        raise _unreadable()
    _state(said, day=day, month=month, **({"year": int(year)} if year else {}))
    return f"{day} {MONTH_NAMES[month]} {year or ''}".strip()


def _state(said: _Said, **stated: int) -> None:
    for name, value in stated.items():
        if getattr(said, name) is not None:
            raise _unreadable()
        setattr(said, name, value)


def _agreeing(said: _Said, read: date | None) -> date:
    """The reading, if it fits everything that was stated."""
    if read is None or said.following:
        raise _unreadable()
    pairs = ((said.weekday, read.weekday()), (said.day, read.day), (said.month, read.month), (said.year, read.year))
    if any(stated is not None and stated != got for stated, got in pairs):
        raise _unreadable()
    return read


def _unreadable(word: str = "") -> UserMistake:
    which = f' because of "{word}"' if word and word.isalpha() else ""
    return UserMistake(f"I cannot read the day in that{which}. {_EXAMPLES}", code="time_unreadable")
