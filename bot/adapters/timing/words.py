"""The words a phrase for a time may be made of, in the languages it is read in.

dateparser passes over words it does not know and guesses from the rest, so a phrase with any other word is refused before it gets there.
"""

from __future__ import annotations

LANGUAGES = ("en", "de", "fr", "es")

_WEEKDAYS = (
    "monday mon montag lundi lunes",
    "tuesday tue tues dienstag mardi martes",
    "wednesday wed mittwoch mercredi miércoles miercoles",
    "thursday thu thur thurs donnerstag jeudi jueves",
    "friday fri freitag vendredi viernes",
    "saturday sat samstag sonnabend samedi sábado sabado",
    "sunday sun sonntag dimanche domingo",
)
WEEKDAYS = {word: number for number, words in enumerate(_WEEKDAYS) for word in words.split()}
"""Word -> day of the week, Monday is 0."""

_MONTHS = (
    "january jan januar jänner janvier enero",
    "february feb februar février fevrier febrero",
    "march mar märz maerz mars marzo",
    "april apr avril abril",
    "may mai mayo",
    "june jun juni juin junio",
    "july jul juli juillet julio",
    "august aug août aout agosto",
    "september sep sept septembre septiembre",
    "october oct oktober okt octobre octubre",
    "november nov novembre noviembre",
    "december dec dezember dez décembre decembre diciembre",
)
MONTHS = {word: number for number, words in enumerate(_MONTHS, start=1) for word in words.split()}
"""Word -> month, January is 1."""
MONTH_NAMES = {number: words.split()[0] for number, words in enumerate(_MONTHS, start=1)}

DAYS_AHEAD = {
    **dict.fromkeys(("today", "tonight", "heute", "aujourd'hui", "hoy"), 0),
    **dict.fromkeys(("tomorrow", "tmrw", "morgen", "demain", "mañana", "manana"), 1),
    **dict.fromkeys(("day after tomorrow", "übermorgen", "uebermorgen", "après-demain", "pasado mañana"), 2),
}
"""Phrase -> how many days ahead of today it means."""

SMALL_WORDS = frozenset(
    ["at", "on", "the", "of", "this", "coming", "um", "am", "den", "der", "le", "la", "las", "el", "a", "à", "de"]
)
"""Words that change nothing."""
NEXT_WORDS = frozenset(["next", "nächsten", "nächster", "nächste", "prochain", "prochaine", "próximo", "proximo"])

NOW_WORDS = frozenset({"now", "right now", "jetzt", "sofort", "maintenant", "ahora", "ya"})

CLOCK_WORDS = {
    "noon": (12, 0),
    "midday": (12, 0),
    "mittag": (12, 0),
    "midi": (12, 0),
    "mediodía": (12, 0),
    "mediodia": (12, 0),
}
"""Word -> (hour, minute). Midnight is missing on purpose: it is said of both ends of a day."""

_ZONES = """
    z utc gmt cet cest mez mesz met bst wet west eet eest msk est edt ct cst cdt mst mdt pst pdt et pt
    ist jst kst sgt hkt aest aedt acst awst nzst nzdt
"""
ZONE_WORDS = frozenset(_ZONES.split())
"""Names of zones that people put behind a time."""
