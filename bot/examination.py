"""The check-up of `vestibule doctor`, with its probes pointed at the real services or at stand-ins."""

from __future__ import annotations

import aiohttp

from bot import doctor
from bot.adapters.discord_chat.probe import API_URL as DISCORD_API
from bot.adapters.discord_chat.probe import DiscordHttpProbe
from bot.adapters.store.probe import TablesProbe
from bot.adapters.zoom.oauth import ZoomOAuth
from bot.adapters.zoom.probe import ZoomAccountProbe
from bot.building import Outside
from bot.domain.values import Secret, Token
from bot.services.checkup import Finding
from bot.settings import Settings


async def examine(settings: Settings, outside: Outside | None = None) -> list[Finding]:
    """Look at everything and change nothing."""
    outside = outside or Outside()
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=True) as session:
        return await doctor.examine(
            settings,
            database=TablesProbe(settings.database_address),
            zoom_issuer=ZoomOAuth(
                session,
                settings.zoom_client_id,
                Secret(settings.zoom_client_secret.get_secret_value()),
                outside.clock,
                outside.zoom_oauth,
            ),
            zoom_probe=lambda issued: ZoomAccountProbe(session, issued.token, outside.clock, outside.zoom_api),
            discord=DiscordHttpProbe(
                session,
                Token(settings.discord_token.get_secret_value()),
                outside.discord.api_url if outside.discord is not None else DISCORD_API,
            ),
        )
