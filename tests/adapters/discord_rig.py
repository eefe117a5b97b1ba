"""The real client against the Discord stand-in: what the tests of the chat adapter share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import discord
from discord import app_commands

from bot.adapters.discord_chat.client import VestibuleClient
from bot.adapters.discord_chat.connection import DiscordConnection
from bot.adapters.discord_chat.endpoints import DiscordEndpoints, point_at, point_back
from bot.rehearsal.discord import DiscordStandIn
from tests.waiting import PATIENCE

START = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
Tree = app_commands.CommandTree[VestibuleClient]
Register = Callable[[VestibuleClient, Tree], None]


class MovedClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass
class RememberedNotes:
    """Notes in memory."""

    kept: dict[str, str] = field(default_factory=dict)

    async def get(self, key: str) -> str | None:
        return self.kept.get(key)

    async def put(self, key: str, value: str) -> None:
        self.kept[key] = value


def one_command(_: VestibuleClient, tree: Tree) -> None:
    """A bot with one command that answers in private."""

    @tree.command(name="hello", description="Says hello")
    async def hello(interaction: discord.Interaction[VestibuleClient]) -> None:
        await interaction.response.send_message("hello", ephemeral=True)


@asynccontextmanager
async def stand_in(clock: MovedClock) -> AsyncIterator[DiscordStandIn]:
    """A Discord on loopback that discord.py is pointed at. Log-ins need not be five seconds apart."""
    service = DiscordStandIn(clock.now)
    service.limits.identify_window = 0.0
    await service.start()
    point_at(DiscordEndpoints(service.api_url, service.gateway_url))
    try:
        yield service
    finally:
        point_back()
        await service.stop()


@asynccontextmanager
async def connected(
    service: DiscordStandIn,
    register: Register = one_command,
    notes: RememberedNotes | None = None,
    *,
    guild_id: int | None = None,
    members_intent: bool = False,
) -> AsyncIterator[DiscordConnection]:
    """A bot that is ready, and is stopped in order at the end."""
    kept = notes or RememberedNotes()
    connection = DiscordConnection(
        lambda: VestibuleClient(
            register, kept, guild_id=guild_id, guild_ready_timeout=0.05, members_intent=members_intent
        ),
        service.token,
        first_wait=0.02,
        finish_within=PATIENCE,
    )
    stop = asyncio.Event()
    running = asyncio.create_task(connection.run(stop))
    ready = asyncio.create_task(connection.wait_until_ready())
    try:
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait((running, ready), return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            await running
        yield connection
    finally:
        ready.cancel()
        stop.set()
        await running
