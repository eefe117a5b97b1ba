"""Discord's markup as a person reads it: names instead of ids, times instead of numbers, no signs of formatting.

https://docs.discord.com/developers/reference#message-formatting
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.rehearsal.discord_world import Guild, World

_TIME = re.compile(r"<t:(-?\d+)(?::([tTdDfFR]))?>")
_NAMED = re.compile(r"<(@&|@!?|#)(\d+)>")
_FORMS = {"t": "{0:%H:%M}", "T": "{0:%H:%M:%S}", "d": "{0.day} {0:%b %Y}", "D": "{0.day} {0:%B %Y}"}
_LONG = {"f": "{0.day} {0:%B %Y %H:%M}", "F": "{0:%A}, {0.day} {0:%B %Y %H:%M}"}
_MARKUP = re.compile(r"(?m)^#{1,3} |^-# |^>>? |(?<!\\)(\*\*|__|~~|\|\||`+)")
_ESCAPED = re.compile(r"\\([\\*_~`|>#<@\-.\[\]()])")
_HEADING = re.compile(r"((?:\| )?)#{1,3} (.*)")
_STRONG = re.compile(r"(?<!\\)\*\*(.+?)(?<!\\)\*\*")
STRONG, WEAK = "\ue000", "\ue001"
"""Where emphasis begins and ends in a text that is still to be shown."""
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


class Reader:
    """Reads messages as somebody in the community does.

    Args:
        zone: IANA name of the zone the reader's app is set to.
    """

    def __init__(self, world: World, guild: Guild, zone: str) -> None:
        self._world, self._guild, self._zone = world, guild, ZoneInfo(zone)

    def read(self, text: str, at: datetime) -> str:
        """`text` as it is shown at the instant `at`, formatting left out."""
        return _unmarked(self._filled(text, at))

    def marked(self, text: str, at: datetime) -> str:
        """The same, with what stands out between `STRONG` and `WEAK`."""
        return "\n".join(_marked(line) for line in self._filled(text, at).split("\n"))

    def clock(self, at: datetime) -> str:
        """Hours and minutes on the community's wall."""
        return f"{at.astimezone(self._zone):%H:%M}"

    def _filled(self, text: str, at: datetime) -> str:
        return _NAMED.sub(self._name, _TIME.sub(lambda match: self._time(match, at), text))

    def _time(self, match: re.Match[str], now: datetime) -> str:
        then, form = datetime.fromtimestamp(int(match[1]), UTC), match[2] or "f"
        if form == "R":
            return in_words(then, now)
        return (_FORMS | _LONG)[form].format(then.astimezone(self._zone))

    def _name(self, match: re.Match[str]) -> str:
        kind, number = match[1], int(match[2])
        if kind == "@&":
            role = self._guild.roles.get(number)
            return f"@{role.name}" if role is not None else "@unknown role"
        if kind == "#":
            channel = self._guild.channels.get(number)
            return f"#{channel.name}" if channel is not None else "#unknown"
        member, user = self._guild.members.get(number), self._world.users.get(number)
        return f"@{member.display_name if member else user.name if user else 'unknown'}"


def plain(text: str) -> str:
    """A marked text without its marks."""
    return text.replace(STRONG, "").replace(WEAK, "")


def _marked(line: str) -> str:
    heading = _HEADING.match(line)
    if heading:
        return f"{heading[1]}{STRONG}{_unmarked(heading[2])}{WEAK}"
    return _unmarked(_STRONG.sub(lambda match: f"{STRONG}{match[1]}{WEAK}", line))


def _unmarked(text: str) -> str:
    return _ESCAPED.sub(r"\1", _MARKUP.sub("", text))


def in_words(then: datetime, now: datetime) -> str:
    """ "in 2 hours" or "5 minutes ago", rounded as Discord does."""
    seconds = (then - now).total_seconds()
    size, unit = next(((size, unit) for size, unit in _UNITS if abs(seconds) >= size * 0.99), _UNITS[-1])
    number = max(1, round(abs(seconds) / size))
    length = f"{number} {unit}{'' if number == 1 else 's'}"
    return f"in {length}" if seconds > 0 else f"{length} ago"


def squeezed(text: str) -> str:
    """For comparing: one space between words, no capitals, straight quotes."""
    straight = text.translate(str.maketrans("“”„‘’…", '"""\'\'.'))
    return " ".join(straight.split()).casefold()
