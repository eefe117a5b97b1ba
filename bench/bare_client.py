"""The baseline of start-up and memory: a discord.py client with our intents and cache flags that does nothing at all."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Mapping
from typing import Any

import discord

from bench.lines import Parent
from bench.machine import memory_in_use
from bot.adapters.discord_chat.endpoints import DiscordEndpoints, point_at


class BareClient(discord.AutoShardedClient):
    """Tells the parent when it is ready; nothing else."""

    def __init__(self, parent: Parent, intents: list[str], guild_ready_timeout: float) -> None:
        super().__init__(
            intents=discord.Intents(**dict.fromkeys(intents, True)),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            guild_ready_timeout=guild_ready_timeout,
        )
        self._parent = parent

    async def on_ready(self) -> None:
        """All servers are known."""
        self._parent.say_ready(guilds=len(self.guilds))


async def main() -> None:
    """Be connected until the parent goes."""
    parent = await Parent.opened()
    config = await parent.config()
    stand_ins = config["stand_ins"]
    point_at(DiscordEndpoints(stand_ins["discord_api"], stand_ins["discord_gateway"]))
    async with BareClient(parent, config["intents"], config["guild_ready_timeout"]) as client:
        running = asyncio.create_task(client.start(stand_ins["discord_token"]))
        serving = asyncio.create_task(parent.serve({"memory": memory}))
        await asyncio.wait({running, serving}, return_when=asyncio.FIRST_COMPLETED)
    await running


async def memory() -> Mapping[str, Any]:
    """Resident bytes after a full collection."""
    gc.collect()
    return {"bytes": memory_in_use()}


if __name__ == "__main__":
    asyncio.run(main())
