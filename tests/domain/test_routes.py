"""Where people are sent: by country and category, from one data file that says what was checked."""

from __future__ import annotations

import re
from datetime import date

import pytest

from bot.adapters.directory.reading import read_routes
from bot.domain.incident import Category
from bot.domain.routes import Checked, Route, RouteKind, region_of, routes_for

ROUTES = read_routes()
FACTS_OF = date(2026, 11, 21)


def ids(routes: tuple[Route, ...]) -> set[str]:
    return {route.route_id for route in routes}


@pytest.mark.parametrize(
    ("country", "region"),
    [("GB", "GB"), ("uk", "GB"), ("US", "US"), ("DE", "EU"), ("EL", "EU"), ("CH", "elsewhere"), ("JP", "elsewhere")],
)
def test_countries_belong_to_regions(country: str, region: str) -> None:
    assert region_of(country) == region


def test_without_a_country_every_region_is_shown() -> None:
    assert region_of(None) is None
    assert {"uk-police", "us-fbi", "inhope"} <= ids(routes_for(ROUTES, None, Category.CHILD_ABUSE))


@pytest.mark.parametrize("country", ["GB", "US", "DE", "JP", None])
@pytest.mark.parametrize("category", Category)
def test_everybody_is_told_of_zoom_and_of_the_police(country: str | None, category: Category) -> None:
    kinds = {route.kind for route in routes_for(ROUTES, country, category)}
    assert {RouteKind.ZOOM, RouteKind.POLICE} <= kinds


@pytest.mark.parametrize(
    ("country", "hotline"), [("GB", "uk-iwf"), ("US", "us-ncmec"), ("DE", "inhope"), ("JP", "inhope")]
)
def test_child_abuse_has_a_hotline_in_every_region_and_other_reports_have_none(country: str, hotline: str) -> None:
    assert hotline in ids(routes_for(ROUTES, country, Category.CHILD_ABUSE))
    assert hotline not in ids(routes_for(ROUTES, country, Category.HATE))


def test_fraud_desk_is_not_shown_for_child_abuse() -> None:
    assert "uk-report-fraud" in ids(routes_for(ROUTES, "GB", Category.ACCOUNT))
    assert "uk-report-fraud" not in ids(routes_for(ROUTES, "GB", Category.CHILD_ABUSE))


def test_what_was_not_checked_says_what_and_every_other_entry_has_a_source() -> None:
    for route in ROUTES:
        assert route.checked_on == FACTS_OF
        if route.checked is Checked.NOT:
            assert route.note, route.route_id
        elif route.route_id != "someone-near":
            assert route.sources, route.route_id


def test_no_number_without_a_source_and_no_support_number_that_nobody_checked() -> None:
    for route in ROUTES:
        if route.phone:
            assert route.sources, route.route_id
            assert route.kind is not RouteKind.SUPPORT, route.route_id
        assert not re.search(r"\d{3}", route.how.replace("KB0061696", "").replace("101 instead", "")), route.route_id


def test_ids_are_unique() -> None:
    assert len(ids(ROUTES)) == len(ROUTES)
