"""A client that is logged in to Discord's REST API and never opens the gateway, for processes that people's presses do not reach."""

from __future__ import annotations

import asyncio

import discord

from bot.adapters.discord_chat.client import SHORT_RATE_LIMIT


class RestClient(discord.Client):
    """Posts, edits and asks like any other client, but knows nothing by heart: everything is asked over REST."""

    def __init__(self) -> None:
        super().__init__(
            intents=discord.Intents.none(),
            max_messages=None,
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=SHORT_RATE_LIMIT,
        )
        self._logged_in = asyncio.Event()

    async def connect(self, *, reconnect: bool = True) -> None:  # noqa: ARG002 - discord.py's signature
        """In place of the gateway: wait until closed."""
        self._logged_in.set()
        await asyncio.Event().wait()

    async def wait_until_ready(self) -> None:
        """Return once logged in."""
        await self._logged_in.wait()

    @property
    def connected(self) -> bool:
        """Whether it is logged in."""
        return self._logged_in.is_set() and not self.is_closed()

    async def finish(self, _within: float) -> None:
        """Close. What was being sent is the caller's to finish first."""
        await self.close()
