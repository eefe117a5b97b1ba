"""Where to report, and where to find support: what is shown to whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum

from bot.domain.incident import Category

EVERYWHERE, ELSEWHERE, EU = "*", "elsewhere", "EU"
EU_MEMBERS = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
)
"""Member states of the European Union, ISO 3166-1 alpha-2."""
_SAME_PLACE = {"UK": "GB", "EL": "GR"}
"""What people type for a country whose code is another."""


class RouteKind(Enum):
    """Who is at the other end."""

    ZOOM = "zoom"
    POLICE = "police"
    HOTLINE = "hotline"
    SUPPORT = "support"


class Checked(Enum):
    """How much of what is said was looked up at its source."""

    READ = "read"
    EXCERPT = "excerpt"
    NOT = "no"


@dataclass(frozen=True, slots=True)
class Route:
    """One place to turn to. `regions` are country codes, "EU", "elsewhere" or "*"; no `categories`: for all. `note` says what is not checked."""

    route_id: str
    kind: RouteKind
    name: str
    how: str
    regions: frozenset[str]
    checked: Checked
    checked_on: date
    categories: frozenset[Category] = frozenset()
    address: str = ""
    phone: str = ""
    note: str = ""
    sources: tuple[str, ...] = ()

    def suits(self, category: Category | None) -> bool:
        """Whether it is for reports of this kind; None asks for all."""
        return category is None or not self.categories or category in self.categories


def region_of(country: str | None) -> str | None:
    """The region of a country; None if no country was chosen: then everything is shown."""
    if not country:
        return None
    code = _SAME_PLACE.get(country.upper(), country.upper())
    if code in ("GB", "US"):
        return code
    return EU if code in EU_MEMBERS else ELSEWHERE


def routes_for(
    routes: Iterable[Route],
    country: str | None,
    category: Category | None = None,
    kinds: Iterable[RouteKind] = RouteKind,
) -> tuple[Route, ...]:
    """What to show for a report of this kind in this country, in the order of the data file."""
    region, wanted = region_of(country), set(kinds)
    return tuple(
        route
        for route in routes
        if route.kind in wanted
        and route.suits(category)
        and (region is None or EVERYWHERE in route.regions or region in route.regions)
    )
