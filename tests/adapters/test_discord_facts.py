"""What the domain learns about a person, from the payload of their own act, through the real client and a real gateway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import discord
import pytest
import pytest_asyncio

from bot.adapters.discord_chat.connection import DiscordConnection
from bot.adapters.discord_chat.facts import asked_at, facts_of
from bot.domain.community import MemberFacts
from bot.domain.errors import UserMistake
from bot.rehearsal.discord import DiscordStandIn
from bot.rehearsal.discord_permissions import Permission
from bot.rehearsal.discord_world import Channel, Guild, Member, Overwrite, Role, User
from tests.adapters.discord_rig import START, MovedClock, connected, stand_in
from tests.waiting import PATIENCE

QUARANTINED_NAME, QUARANTINED_TAG = 1 << 7, 1 << 10


@dataclass
class Rig:
    """A connected bot in one server with one channel."""

    service: DiscordStandIn
    connection: DiscordConnection
    guild: Guild
    channel: Channel

    async def heard_from(self, member: Member) -> discord.Interaction[Any]:
        """The interaction the bot gets when this member runs a command."""
        waiting = asyncio.create_task(self.connection.client().wait_for("interaction", timeout=PATIENCE))
        await asyncio.sleep(0)
        await self.service.slash(member, self.channel, "hello")
        return await waiting

    async def pressed_by(self, person: Member | User, message: discord.Message) -> discord.Interaction[Any]:
        """The interaction the bot gets when this person presses the button under a message."""
        waiting = asyncio.create_task(self.connection.client().wait_for("interaction", timeout=PATIENCE))
        await asyncio.sleep(0)
        await self.service.press(person, self.service.world.messages[message.id], "press")
        return await waiting

    async def facts(self, name: str = "Ana", roles: Sequence[Role] = (), **about: Any) -> MemberFacts:
        """The facts of a new member who runs a command."""
        return facts_of(await self.heard_from(self.service.add_member(self.guild, name, roles=roles, **about)))


def one_button() -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="Press", custom_id="press"))
    return view


@pytest_asyncio.fixture
async def rig() -> AsyncIterator[Rig]:
    async with stand_in(MovedClock()) as service:
        guild = service.add_guild("Chess club")
        channel = service.add_channel(guild, "general")
        async with connected(service) as connection:
            yield Rig(service, connection, guild, channel)


async def test_everything_about_a_member_comes_with_their_act(rig: Rig) -> None:
    role = rig.service.add_role(rig.guild, "Verified")
    joined, born = START - timedelta(days=30), START - timedelta(days=400)
    facts = await rig.facts("ana", [role], nick="Ana from chess", joined_at=joined, account_created_at=born)
    assert facts.shown_name == "Ana from chess"
    assert facts.role_ids == {role.id}
    assert facts.joined_at == joined
    assert facts.created_at == born
    assert [facts.is_bot, facts.pending, facts.quarantined, facts.manages_guild] == [False] * 4
    assert facts.timed_out_until is None


async def test_roles_are_those_of_the_moment_not_of_the_cache(rig: Rig) -> None:
    role = rig.service.add_role(rig.guild, "Verified")
    ana = rig.service.add_member(rig.guild, "Ana", roles=[role])
    assert facts_of(await rig.heard_from(ana)).role_ids == {role.id}
    rig.service.take_role(ana, role)
    assert facts_of(await rig.heard_from(ana)).role_ids == frozenset()


async def test_a_role_the_library_has_not_heard_of_counts(rig: Rig) -> None:
    role = rig.service.add_role(rig.guild, "Verified")
    ana = rig.service.add_member(rig.guild, "Ana", roles=[role])
    interaction = await rig.heard_from(ana)
    assert interaction.guild is not None
    interaction.guild._remove_role(role.id)
    assert facts_of(interaction).role_ids == {role.id}


@pytest.mark.parametrize("flag", [QUARANTINED_NAME, QUARANTINED_TAG])
async def test_each_quarantine_flag_counts(rig: Rig, flag: int) -> None:
    assert (await rig.facts(flags=flag)).quarantined


async def test_who_has_not_accepted_the_rules_is_pending(rig: Rig) -> None:
    assert (await rig.facts(pending=True)).pending


async def test_a_time_out_is_seen_when_an_old_button_is_pressed(rig: Rig) -> None:
    until = START + timedelta(hours=2)
    ana = rig.service.add_member(rig.guild, "Ana", timed_out_until=until)
    message = await rig.connection.client().get_partial_messageable(rig.channel.id).send("Hello", view=one_button())
    assert facts_of(await rig.pressed_by(ana, message)).timed_out_until == until


@pytest.mark.parametrize("permission", [Permission.MANAGE_GUILD, Permission.ADMINISTRATOR])
async def test_admins_manage_the_server(rig: Rig, permission: Permission) -> None:
    role = rig.service.add_role(rig.guild, "Admin", permission)
    assert (await rig.facts(roles=[role])).manages_guild


async def test_the_owner_manages_the_server(rig: Rig) -> None:
    owner = rig.guild.members[rig.guild.owner_id]
    assert facts_of(await rig.heard_from(owner)).manages_guild


async def test_managing_a_channel_is_not_managing_the_server(rig: Rig) -> None:
    role = rig.service.add_role(rig.guild, "Helper")
    rig.service.set_overwrites(rig.channel, [Overwrite(role, allow=int(Permission.MANAGE_CHANNELS))])
    assert not (await rig.facts(roles=[role])).manages_guild


async def test_the_act_is_dated_by_discord(rig: Rig) -> None:
    before: datetime = rig.service.world.now()
    interaction = await rig.heard_from(rig.service.add_member(rig.guild, "Ana"))
    assert asked_at(interaction) == before


async def test_outside_a_server_people_are_told_to_use_it_inside(rig: Rig) -> None:
    ana = rig.service.add_member(rig.guild, "Ana")
    private = await rig.connection.client().create_dm(discord.Object(ana.id))
    interaction = await rig.pressed_by(ana.user, await private.send("Hello", view=one_button()))
    with pytest.raises(UserMistake, match="server") as refusal:
        facts_of(interaction)
    assert refusal.value.code == "no_guild"
