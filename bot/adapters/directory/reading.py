"""Reads `routes.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from typing import Any

from bot.domain.incident import Category
from bot.domain.routes import Checked, Route, RouteKind


def read_routes(text: str | None = None) -> tuple[Route, ...]:
    """Every route of the data file that comes with the bot, in its order.

    Args:
        text: another file's text, in tests.

    Raises:
        ValueError, KeyError: the file is not as its own head describes it.
    """
    data = tomllib.loads(text if text is not None else (files(__package__) / "routes.toml").read_text("utf-8"))
    checked_on: date = data["checked_on"]
    return tuple(_route(entry, checked_on) for entry in data["route"])


def _route(entry: Mapping[str, Any], checked_on: date) -> Route:
    return Route(
        route_id=str(entry["id"]),
        kind=RouteKind(entry["kind"]),
        name=str(entry["name"]),
        how=str(entry["how"]),
        regions=frozenset(entry["regions"]),
        checked=Checked(entry["checked"]),
        checked_on=entry.get("checked_on", checked_on),
        categories=frozenset(Category(name) for name in entry.get("categories", ())),
        address=str(entry.get("address", "")),
        phone=str(entry.get("phone", "")),
        note=str(entry.get("note", "")),
        sources=tuple(entry["sources"]),
    )
