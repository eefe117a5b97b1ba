"""A community in the Discord stand-in with a running bot, for tests of either side."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import discord
import pytest

from bot.rehearsal.discord import DiscordStandIn
from bot.rehearsal.discord_permissions import Permission
from bot.rehearsal.discord_world import Channel, Guild, Member, Overwrite, Role
from tests.discord_spec import request_errors
from tests.rehearsal.discord_client import Bot, Clock, Panel, point_at, running


@dataclass
class Town:
    """A community with a verified member, a newcomer, a moderator, a public and a moderators' channel, and the bot."""

    stand_in: DiscordStandIn
    clock: Clock
    bot: Bot
    guild: Guild
    verified: Role
    general: Channel
    mods: Channel
    ana: Member
    ben: Member
    mod: Member

    async def panel(self) -> discord.Message:
        channel = self.bot.get_channel(self.general.id)
        assert isinstance(channel, discord.TextChannel)
        return await channel.send(view=Panel(7))


@asynccontextmanager
async def a_town(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    """The community of `Town`; at the end every accepted request must fit Discord's published description."""
    clock = Clock()
    stand_in = DiscordStandIn(clock)
    guild = stand_in.add_guild("Chess Club")
    verified = stand_in.add_role(guild, "Verified")
    moderators = stand_in.add_role(guild, "Moderators", Permission.MODERATE_MEMBERS)
    general = stand_in.add_channel(guild, "general")
    hidden = Overwrite(guild.everyone, deny=Permission.VIEW_CHANNEL)
    mods = stand_in.add_channel(guild, "mods", [hidden, Overwrite(moderators, allow=Permission.VIEW_CHANNEL)])
    ana = stand_in.add_member(guild, "Ana", nick="Ana of Chess", roles=[verified])
    ben = stand_in.add_member(guild, "Ben")
    mod = stand_in.add_member(guild, "Mo", roles=[moderators])
    await stand_in.start()
    point_at(stand_in, monkeypatch)
    try:
        async with running(stand_in) as bot:
            yield Town(stand_in, clock, bot, guild, verified, general, mods, ana, ben, mod)
        assert request_errors(stand_in.requests) == []
    finally:
        await stand_in.stop()
