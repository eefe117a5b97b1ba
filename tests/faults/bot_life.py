"""A life of the bot's process, or of one of its parts, that a test can end with `kill -9`."""

from __future__ import annotations

from datetime import timedelta

from bot.roles import Role
from tests.e2e.town import Town
from tests.faults.bot_process import live
from tests.processes import Child


class Bot:
    """One life of the bot's process."""

    def __init__(self, place: Town, process: Child, port: int) -> None:
        self.place, self.process, self.port = place, process, port

    @classmethod
    async def born(cls, place: Town, role: Role = Role.ALL, **settings: object) -> Bot:
        told = {
            "now": place.clock.now().isoformat(),
            "settings": _in_clear(place) | settings,
            "role": role.value,
            "zoom_api": place.zoom.api_url,
            "zoom_oauth": place.zoom.oauth_url,
            "discord_api": place.discord.api_url,
            "discord_gateway": place.discord.gateway_url,
        }
        process = Child(live, told)
        return cls(place, process, await process.heard())

    def advance(self, span: timedelta) -> None:
        """Move every clock: the stand-ins' and this process's."""
        self.place.clock.advance(span)
        self.told(span)

    def told(self, span: timedelta) -> None:
        """Move this process's clock only."""
        self.process.connection.send(span.total_seconds())

    async def killed(self) -> None:
        await self.process.killed()

    async def stopped(self) -> int:
        self.process.connection.send(None)
        return await self.process.ended()


def _in_clear(place: Town) -> dict[str, object]:
    settings = place.settings
    return {
        "discord_token": settings.discord_token.get_secret_value(),
        "zoom_client_id": settings.zoom_client_id,
        "zoom_client_secret": settings.zoom_client_secret.get_secret_value(),
        "secret_keys": list(settings.keys),
        "zoom_account_id": settings.zoom_account_id,
        "discord_guild_id": settings.discord_guild_id,
        "zoom_hosts": list(settings.zoom_hosts),
        "registrant_domain": settings.registrant_domain,
        "data_dir": str(settings.data_dir),
        "database_url": settings.database_url.get_secret_value() if settings.database_url is not None else None,
        "host": "127.0.0.1",
        "port": 0,
    }
