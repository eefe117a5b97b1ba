"""The process of the stand-ins: Discord and Zoom with the people in them, commanded by the load generator line by line."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from bench.calls import Calls
from bench.lines import Parent
from bench.machine import cpu_time
from bench.town import BARE_HOST, BUTTON, HOST, Town
from bot.rehearsal.discord import DiscordStandIn
from bot.rehearsal.discord_limits import Limits
from bot.rehearsal.discord_world import Message


class BareDiscord:
    """A second Discord of the same kind in the same process, where no bot answers presses: a bare HTTP client does."""

    def __init__(self, town: Town) -> None:
        self.discord = DiscordStandIn(town.clock.now, token="bare.bot.token", limits=Limits(identify_window=0.0))
        guild = self.discord.add_guild("Larkspur Choir")
        self.calls = self.discord.add_channel(guild, "calls")
        self._member = self.discord.add_member(guild, "Ana")

    async def press(self) -> Mapping[str, Any]:
        """Somebody presses the button that the bare client posted; what it takes to answer."""
        handle = await self.discord.press(self._member, self._announcement, BUTTON)
        return {"id": str(handle.interaction.id), "token": handle.interaction.token}

    @property
    def _announcement(self) -> Message:
        (message,) = self.discord.messages_in(self.calls)
        return message


async def main() -> None:
    """Build what the configuration says, serve until the parent goes."""
    parent = await Parent.opened()
    town = Town(**await parent.config())
    bare = BareDiscord(town)
    for server in (town.discord, town.zoom, bare.discord):
        await server.start()

    calls = Calls(town, bare.press)

    async def open_links() -> Mapping[str, Any]:
        await town.open_links()
        return {}

    async def press(member: int) -> Mapping[str, Any]:
        return {"ms": await town.press(member)}

    async def trips(member: int) -> Mapping[str, Any]:
        return {"trips": await town.trips(member)}

    async def refusals() -> Mapping[str, Any]:
        discords = [request.status for each in (town.discord, bare.discord) for request in each.requests]
        zooms = [request.status for request in town.zoom.requests]
        return {"discord": _refused(discords), "zoom": _refused(zooms), "zoom_429": zooms.count(429)}

    async def slow_zoom(seconds: float) -> Mapping[str, Any]:
        town.slow_zoom(seconds)
        return {}

    async def registrations() -> Mapping[str, Any]:
        return town.registrations()

    parent.say_ready(
        discord_api=town.discord.api_url,
        discord_gateway=town.discord.gateway_url,
        discord_token=town.discord.token,
        guild_id=town.guild.id,
        zoom_api=town.zoom.api_url,
        zoom_oauth=town.zoom.oauth_url,
        zoom_account_id=town.account.id,
        zoom_host=HOST,
        bare_api=bare.discord.api_url,
        bare_token=bare.discord.token,
        bare_application=str(bare.discord.bot.id),
        bare_channel=str(bare.calls.id),
        bare_account_id=town.bare_account.id,
        bare_host=BARE_HOST,
    )
    await parent.serve(
        {
            "open_links": open_links,
            "press": press,
            "trips": trips,
            "bare_press": bare.press,
            "refusals": refusals,
            "slow_zoom": slow_zoom,
            "registrations": registrations,
            "cpu": cpu_time,
            "open_calls": calls.open,
            "lock": calls.lock,
            "bare_lock": calls.bare_lock,
            "guard": calls.guard,
            "stranger": calls.stranger,
            "bare_stranger": calls.bare_stranger,
            "door": calls.state,
        }
    )
    await calls.close()
    for server in (bare.discord, town.zoom, town.discord):
        await server.stop()


def _refused(statuses: list[int | None]) -> int:
    return sum(status is not None and status >= 400 for status in statuses)


if __name__ == "__main__":
    asyncio.run(main())
