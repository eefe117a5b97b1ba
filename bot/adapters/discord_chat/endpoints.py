"""Where Discord is: the real one, unless a rehearsal points the library at a stand-in."""

from __future__ import annotations

from dataclasses import dataclass

import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

_API_URL = Route.BASE
_GATEWAY_URL = DiscordWebSocket.DEFAULT_GATEWAY


@dataclass(frozen=True, slots=True)
class DiscordEndpoints:
    """`api_url` as "http://127.0.0.1:8000/api/v10", `gateway_url` as "ws://127.0.0.1:8000"."""

    api_url: str
    gateway_url: str


def point_at(endpoints: DiscordEndpoints) -> None:
    """Send all that discord.py sends in this process there. The library knows its addresses as class attributes only."""
    Route.BASE = endpoints.api_url
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(endpoints.gateway_url)


def point_back() -> None:
    """Send everything to the real Discord again."""
    Route.BASE = _API_URL
    DiscordWebSocket.DEFAULT_GATEWAY = _GATEWAY_URL
