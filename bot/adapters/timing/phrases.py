"""Reads what organisers type for a time: "tomorrow 7pm", "in 40 minutes", "Friday 19:30", "2026-12-01 19:00".

dateparser knows many ways of saying a date, and it guesses where it does not: it read "morgen 19 Uhr" as 15:30 and "on the 3rd at 9" as a
day in March. So the hour is read here, by strict forms; only the day is left to dateparser, from words that are all known; and the day it
gives must agree with every word and number of the phrase. What does not agree is refused, never guessed.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from whenever import PlainDateTime, RepeatedTime, SkippedTime

from bot.adapters.timing.clock_times import clock_in
from bot.adapters.timing.days import day_in
from bot.adapters.timing.words import LANGUAGES, NOW_WORDS, ZONE_WORDS
from bot.adapters.timing.zones import check_zone
from bot.domain.errors import UserMistake
from bot.ports import ParsedTime

MAX_PHRASE = 100
MAX_AHEAD = timedelta(days=366)
EXAMPLES = 'Write it like "tomorrow 7pm", "Friday 19:30", "2026-12-01 19:00" or "in 40 minutes".'

_DISCORD = re.compile(r"<t:(\d{9,11})(?::[a-z])?>")
_OFFSET = re.compile(r"(?:(?<=:\d\d)|(?<=:\d\d )|(?<=[ap]m)|(?<=[ap]m ))[+-]\d{1,2}|(?<=:\d\d)z\b|\b[a-z]+/[a-z_]+\b")
_UNIT = r"(?:h|hr|hrs|hours?|m|mins?|minutes?|stunden?|minuten?|heures?|horas?|minutos?)"
_AMOUNT = rf"(?:\d{{1,4}}|an?|eine[rm]?|une?|una?)\s*{_UNIT}"
_SPAN = re.compile(rf"(?:in|dans|en|dentro de)\s+{_AMOUNT}(?:\s+(?:and|und|et|y)?\s*{_AMOUNT})?")


class DatePhrases:
    """Reads phrases in English, German, French and Spanish."""

    def parse(self, phrase: str, *, zone: str, now: datetime) -> ParsedTime:
        """The instant meant by `phrase` in `zone`; never before `now`.

        Raises:
            UserMistake: it cannot be read, lies in the past or over a year ahead, or does not exist in that zone; says how to write it.
        """
        text = _plain(phrase)
        read = _instant(text, now) or _local(text, check_zone(zone), now)
        if read.at < now:
            raise UserMistake("That time has passed. Give one that is still to come.", code="time_past")
        if read.at - now > MAX_AHEAD:
            raise UserMistake(
                "That is more than a year ahead. Meetings can be planned for the next twelve months.", code="time_far"
            )
        return read

    def check_zone(self, name: str) -> str:
        """The canonical IANA name for a zone.

        Raises:
            UserMistake: there is no such zone; suggests near ones.
        """
        return check_zone(name)


def _plain(phrase: str) -> str:
    text = unicodedata.normalize("NFKC", phrase).replace("’", "'").replace(",", " ").lower()
    text = " ".join(text.split())
    if not text or len(text) > MAX_PHRASE:
        raise UserMistake(f"I cannot read a time there. {EXAMPLES}", code="time_unreadable")
    return text


def _instant(text: str, now: datetime) -> ParsedTime | None:
    """Forms that mean the same in every zone."""
    if text in NOW_WORDS:
        return ParsedTime(now)
    if discord := _DISCORD.fullmatch(text):
        return ParsedTime(datetime.fromtimestamp(int(discord[1]), UTC))
    if _SPAN.fullmatch(text):
        # Counted in UTC, so that forty minutes are forty minutes on the night the clocks change, too.
        ahead = _dateparser(text, now.astimezone(UTC).replace(tzinfo=None))
        return ParsedTime(ahead.replace(tzinfo=UTC)) if ahead is not None else None
    return None


def _local(text: str, zone: str, now: datetime) -> ParsedTime:
    """Forms that mean a day and an hour on the wall."""
    if _OFFSET.search(text) or ZONE_WORDS.intersection(re.split(r"[^a-z]+", text)):
        raise UserMistake(
            f"Please leave the time zone out: I read times in {zone}. An organiser can change that with /setup.",
            code="time_zone_in_phrase",
        )
    wall_now = now.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    clock, rest = clock_in(text)
    day, note = day_in(rest, clock, wall_now, _dateparser)
    wall = datetime.combine(day, clock)
    if wall == wall_now.replace(second=0, microsecond=0):
        return ParsedTime(now, note)
    return _on_the_wall(wall, zone, note)


def _on_the_wall(wall: datetime, zone: str, note: str) -> ParsedTime:
    plain = PlainDateTime(wall.year, wall.month, wall.day, wall.hour, wall.minute)
    try:
        return ParsedTime(plain.assume_tz(zone, disambiguation="raise").to_instant().to_stdlib(), note)
    except SkippedTime:
        raise UserMistake(
            f"{wall:%H:%M} does not exist on {_spoken(wall.date())} in {zone}: the clocks go forward over it. Give another time.",
            code="time_skipped",
        ) from None
    except RepeatedTime:
        first = plain.assume_tz(zone, disambiguation="earlier").to_instant().to_stdlib()
        twice = f"{wall:%H:%M} comes twice on {_spoken(wall.date())}, when the clocks go back. I took the first."
        return ParsedTime(first, f"{note} {twice}".strip())


def _spoken(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _dateparser(text: str, base: datetime) -> datetime | None:
    """What dateparser makes of it, wall time in and out. Imported late: it costs a fifth of the start-up time."""
    import dateparser

    read = dateparser.parse(
        text,
        languages=list(LANGUAGES),
        settings={
            "RELATIVE_BASE": base,
            "PREFER_DATES_FROM": "future",
            "RETURN_AS_TIMEZONE_AWARE": False,
            "DATE_ORDER": "DMY",
            "PARSERS": ["relative-time", "absolute-time"],
        },
    )
    return read if isinstance(read, datetime) else None
