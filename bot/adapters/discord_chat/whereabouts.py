"""Whether the bot is still in a server, and hearing when it is put out of one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import discord

from bot.adapters.discord_chat.chat import ANSWER_WITHIN
from bot.adapters.discord_chat.client import VestibuleClient
from bot.adapters.discord_chat.errors import explaining
from bot.domain.values import GuildId
from bot.services.departures import Departures


class DiscordWhereabouts:
    """Implements `bot.ports.Whereabouts`.

    Args:
        client: the client that is logged in at the moment; raises `Transient` while none is.
    """

    def __init__(self, client: Callable[[], discord.Client]) -> None:
        self._client = client

    async def in_guild(self, guild_id: GuildId) -> bool:
        """Asked anew over REST: an outage is not a removal. Discord answers 403 or 404 for servers the bot is not in."""
        with explaining("to be in this server"):
            async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                try:
                    await self._client().fetch_guild(guild_id, with_counts=False)
                except (discord.NotFound, discord.Forbidden):
                    return False
        return True


def watch_departures(client: VestibuleClient, departures: Departures) -> None:
    """Pass on which servers the bot is in."""
    client.guild_watch = GuildWatch(client, departures)


class GuildWatch:
    """What the client tells of servers. discord.py keeps unavailable ones (an outage) apart from those it was removed from
    (https://docs.discord.com/developers/events/gateway-events#guild-delete)."""

    def __init__(self, client: VestibuleClient, departures: Departures) -> None:
        self._client = client
        self._departures = departures

    async def ready(self) -> None:
        """Every server is listed, unavailable ones too."""
        present = {GuildId(guild.id) for guild in self._client.guilds}
        await self._departures.guilds_present(present, self._is_mine)

    async def joined(self, guild_id: int) -> None:
        """Invited, or invited back."""
        await self._departures.guild_back(GuildId(guild_id))

    async def removed(self, guild_id: int) -> None:
        """Put out."""
        await self._departures.guild_removed(GuildId(guild_id))

    def _is_mine(self, guild_id: GuildId) -> bool:
        """Whether one of this client's shards would see it (https://docs.discord.com/developers/events/gateway#sharding)."""
        count = self._client.shard_count
        return count is None or (guild_id >> 22) % count in self._client.shards
