"""Names of time zones as people type them: "Europe/Berlin", "europe/berlin", "Berlin", "new york"."""

from __future__ import annotations

import zoneinfo
from collections import defaultdict
from difflib import get_close_matches
from functools import cache

from bot.domain.errors import UserMistake

_NO_PLACES = ("Etc/", "SystemV/", "posix/", "right/")
_UTC_WORDS = frozenset({"utc", "gmt", "zulu", "z", "etc/utc", "universal"})


def check_zone(name: str) -> str:
    """The IANA name of a zone.

    Raises:
        UserMistake: there is no such zone, or the name is short for several; suggests near ones.
    """
    wanted = " ".join(name.replace("_", " ").split()).lower()
    if wanted in _UTC_WORDS:
        return "UTC"
    places = _places()
    found = places.get(wanted, ())
    if len(found) == 1:
        return found[0]
    if not found and len(wanted) <= 4:
        raise UserMistake(
            "Short names of time zones do not say when clocks change. Write a large city there, such as Europe/Berlin or New York.",
            code="zone_unknown",
        )
    near = found or [places[match][0] for match in get_close_matches(wanted, list(places), n=6, cutoff=0.7)]
    options = list(dict.fromkeys(near))[:3]
    hint = (
        f"Did you mean {' or '.join(options)}?"
        if options
        else "Write the region and a large city, such as Europe/Berlin."
    )
    raise UserMistake(f"I know no such time zone. {hint}", code="zone_unknown")


@cache
def _places() -> dict[str, tuple[str, ...]]:
    """Full names and cities in lower case, with the zones they can mean."""
    found: dict[str, list[str]] = defaultdict(list)
    for zone in sorted(zoneinfo.available_timezones()):
        if "/" in zone and not zone.startswith(_NO_PLACES):
            plain = zone.replace("_", " ").lower()
            found[plain].append(zone)
            found[plain.rsplit("/", 1)[1]].append(zone)
    return {place: tuple(zones) for place, zones in found.items()}
