"""Small things the store keeps: settings of communities, counters, notes."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from bot.domain.community import Community
from bot.domain.values import GuildId


class Communities(Protocol):
    """Settings of communities."""

    async def get(self, guild_id: GuildId) -> Community:
        """The community's settings; the defaults if nobody changed any."""
        ...

    async def save(self, community: Community) -> None: ...


class Usage(Protocol):
    """Counters of what Zoom limits per day."""

    async def count(self, key: str, day: date) -> int: ...
    async def add(self, key: str, day: date) -> int:
        """Count one more and give the new number."""
        ...


class Notes(Protocol):
    """Small facts the process keeps about itself (such as the hash of the commands it last synced)."""

    async def get(self, key: str) -> str | None: ...
    async def put(self, key: str, value: str) -> None: ...
