"""What the bare client is told, so that it listens to exactly what the bot listens to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.adapters.discord_chat.client import intents


def bare_config(stand_ins: Mapping[str, Any], guild_ready_timeout: float) -> dict[str, Any]:
    """The first line for `bench.bare_client`."""
    return {
        "stand_ins": dict(stand_ins),
        "intents": [name for name, wanted in intents() if wanted],
        "guild_ready_timeout": guild_ready_timeout,
    }
