"""Takes the hour out of a phrase, by strict forms only: "7pm", "7:30 pm", "19:30", "19.30", "19 Uhr", "19h30", "noon"."""

from __future__ import annotations

import re
from datetime import time

from bot.adapters.timing.words import CLOCK_WORDS
from bot.domain.errors import UserMistake

_ADVICE = 'Write the hour like "19:00" or "7pm".'
_BEFORE, _AFTER = r"(?<![\w:.,/-])", r"(?![\w:/-]|\.\d)"
_FORMS = (
    re.compile(rf"{_BEFORE}(?P<hour>\d{{1,2}})(?:[:.](?P<minute>\d{{2}}))?\s?(?P<half>am|pm|a\.m\.?|p\.m\.?){_AFTER}"),
    re.compile(rf"(?:{_BEFORE}|(?<=\d)t)(?P<hour>\d{{1,2}}):(?P<minute>\d{{2}})(?:\s?(?:uhr|h))?{_AFTER}"),
    re.compile(rf"{_BEFORE}(?P<hour>\d{{1,2}})\s?(?:uhr|h)(?:\s?(?P<minute>\d{{2}}))?{_AFTER}"),
    # With a dot it could be a date, unless no month has that number.
    re.compile(rf"{_BEFORE}(?P<hour>\d{{1,2}})\.(?P<minute>00|1[3-9]|[2-5]\d){_AFTER}"),
)
_WORDS = re.compile(rf"\b(?:{'|'.join(CLOCK_WORDS)})\b")
_ANY = re.compile("|".join(re.sub(r"\?P<\w+>", "?:", form.pattern) for form in _FORMS) + f"|{_WORDS.pattern}")


def clock_in(text: str) -> tuple[time, str]:
    """The time of day in `text`, and the text without it.

    Raises:
        UserMistake: there is none, there are several, or it is none that a clock shows.
    """
    found = list(_ANY.finditer(text))
    if not found:
        raise UserMistake(f"I see no hour in that. {_ADVICE}", code="time_missing")
    if len(found) > 1:
        raise UserMistake(f"I see more than one hour in that. Give the start only. {_ADVICE}", code="time_unreadable")
    shown = found[0]
    rest = " ".join(f"{text[: shown.start()]} {text[shown.end() :]}".split())
    return _time(shown[0].removeprefix("t")), rest


def _time(shown: str) -> time:
    if shown in CLOCK_WORDS:
        hour, minute = CLOCK_WORDS[shown]
        return time(hour, minute)
    match = next(match for form in _FORMS if (match := form.fullmatch(shown)))
    parts = match.groupdict()
    hour, minute, half = int(parts["hour"]), int(parts["minute"] or 0), (parts.get("half") or "").replace(".", "")
    if half and not 1 <= hour <= 12:
        raise UserMistake(f"With am or pm the hour goes from 1 to 12. {_ADVICE}", code="time_unreadable")
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour > 23 or minute > 59:
        raise UserMistake(f"No clock shows that hour. {_ADVICE}", code="time_unreadable")
    return time(hour, minute)
