"""A community on the stand-ins with the real bot in it, for end-to-end tests that want more than a scenario can say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.adapters.discord_chat.endpoints import DiscordEndpoints
from bot.adapters.timing import MovableClock, SystemChance
from bot.building import Outside
from bot.domain.grants import SCOPES
from bot.rehearsal.discord import DiscordStandIn
from bot.rehearsal.discord_world import Guild
from bot.rehearsal.zoom import ZoomStandIn
from bot.settings import RehearsalSettings
from bot.staging import GUILD_READY_TIMEOUT
from tests.waiting import PATIENCE

HOST = "host@choir.example"
START = datetime(2026, 12, 1, 17, 0, tzinfo=UTC)


@dataclass
class Town:
    """Both stand-ins with one community and one Zoom account, and what the bot needs to live there."""

    clock: MovableClock
    discord: DiscordStandIn
    zoom: ZoomStandIn
    guild: Guild
    settings: RehearsalSettings

    @property
    def outside(self) -> Outside:
        return Outside(
            clock=self.clock,
            chance=SystemChance(self.clock),
            zoom_api=self.zoom.api_url,
            zoom_oauth=self.zoom.oauth_url,
            discord=DiscordEndpoints(self.discord.api_url, self.discord.gateway_url),
            guild_ready_timeout=GUILD_READY_TIMEOUT,
        )

    def with_settings(self, **changes: object) -> RehearsalSettings:
        same = {name: getattr(self.settings, name) for name in RehearsalSettings.model_fields}
        return RehearsalSettings.model_validate({**same, **changes})


@asynccontextmanager
async def town(folder: Path, *, database_url: str | None = None) -> AsyncIterator[Town]:
    clock = MovableClock(START)
    discord, zoom = DiscordStandIn(clock.now), ZoomStandIn(clock.now)
    discord.limits.answer_within = PATIENCE
    await discord.start()
    await zoom.start()
    account = zoom.add_account()
    zoom.add_user(account, HOST, first_name="Hanna", last_name="Host")
    zoom.add_app(account, "client-id", "client-secret", scopes=[scope.admin for scope in SCOPES])
    guild = discord.add_guild("Larkspur Choir")
    settings = RehearsalSettings(
        discord_token=SecretStr(discord.token),
        zoom_client_id="client-id",
        zoom_client_secret=SecretStr("client-secret"),
        secret_keys=(SecretStr(Fernet.generate_key().decode()),),
        zoom_account_id=account.id,
        discord_guild_id=guild.id,
        zoom_hosts=(HOST,),
        registrant_domain="guests.choir.example",
        data_dir=folder,
        database_url=None if database_url is None else SecretStr(database_url),
        host="127.0.0.1",
        port=0,
        shutdown_seconds=2,
    )
    try:
        yield Town(clock, discord, zoom, guild, settings)
    finally:
        await discord.stop()
        await zoom.stop()
