"""What the real client tells about members: roles taken away, kicks, bans, prunes, and leaving where that may be heard."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from bot.adapters.discord_chat.client import VestibuleClient
from bot.adapters.discord_chat.watching import watch
from bot.domain.values import GuildId, MemberId
from bot.rehearsal.discord import DiscordStandIn
from bot.rehearsal.discord_gateway import Intent
from bot.rehearsal.discord_permissions import Permission
from bot.rehearsal.discord_world import Guild
from tests.adapters.discord_rig import MovedClock, Tree, connected, stand_in
from tests.waiting import until


@dataclass
class Heard:
    """Stands in for the use case."""

    one: list[tuple[GuildId, MemberId]] = field(default_factory=list)
    many: list[GuildId] = field(default_factory=list)

    async def member_changed(self, guild_id: GuildId, member_id: MemberId) -> None:
        self.one.append((guild_id, member_id))

    async def many_changed(self, guild_id: GuildId) -> None:
        self.many.append(guild_id)


@asynccontextmanager
async def listening(*, members_intent: bool = False) -> AsyncIterator[tuple[DiscordStandIn, Guild, Heard]]:
    heard = Heard()

    def register(client: VestibuleClient, _: Tree) -> None:
        watch(client, cast(Any, heard))

    async with stand_in(MovedClock()) as discord:
        if members_intent:
            discord.gateway.privileged = Intent.GUILD_MEMBERS
        guild = discord.add_guild("Choir")
        async with connected(discord, register, members_intent=members_intent):
            yield discord, guild, heard


async def test_lost_roles_kicks_bans_and_time_outs_are_heard_at_once() -> None:
    async with listening() as (discord, guild, heard):
        role = discord.add_role(guild, "Verified")
        people = [discord.add_member(guild, name, roles=[role]) for name in ("ana", "ben", "cleo", "dara")]
        discord.take_role(people[0], role)
        discord.kick(people[1])
        discord.ban(people[2])
        discord.time_out(people[3], discord.world.now())
        await until(lambda: len(heard.one) == 4)
        assert heard.one == [(guild.id, person.id) for person in people]
        assert heard.many == []


async def test_leaving_is_heard_only_with_the_members_intent() -> None:
    async with listening(members_intent=True) as (discord, guild, heard):
        ana = discord.add_member(guild, "ana")
        discord.leave(ana)
        await until(lambda: heard.one == [(guild.id, ana.id)])
    async with listening() as (discord, guild, heard):
        ana, ben = discord.add_member(guild, "ana"), discord.add_member(guild, "ben")
        discord.leave(ana)
        discord.kick(ben)
        await until(lambda: bool(heard.one))
        assert heard.one == [(guild.id, ben.id)]


async def test_without_the_audit_log_nothing_is_heard() -> None:
    async with listening() as (discord, guild, heard):
        (bot_role,) = guild.members[discord.bot.id].roles
        ana, ben = discord.add_member(guild, "ana"), discord.add_member(guild, "ben")
        discord.change_role(guild, bot_role, bot_role.permissions & ~Permission.VIEW_AUDIT_LOG)
        discord.kick(ana)
        discord.change_role(guild, bot_role, bot_role.permissions | Permission.VIEW_AUDIT_LOG)
        discord.kick(ben)
        await until(lambda: bool(heard.one))
        assert heard.one == [(guild.id, ben.id)]


@pytest.mark.parametrize("members", [False, True])
async def test_members_intent_is_asked_for_only_when_the_operator_says_so(members: bool) -> None:
    async with listening(members_intent=members) as (discord, _, _):
        assert bool(discord.gateway.identifies[0]["intents"] & Intent.GUILD_MEMBERS) is members
