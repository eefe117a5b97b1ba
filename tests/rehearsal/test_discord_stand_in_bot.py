"""The Discord stand-in as the bot experiences it, through the real discord.py client: channels, messages, events, restarts, faults."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import discord
import pytest
import pytest_asyncio

from bot.rehearsal.discord_errors import NoReply
from bot.rehearsal.discord_permissions import Permission
from bot.rehearsal.discord_world import Overwrite
from tests.rehearsal.discord_client import running
from tests.rehearsal.discord_town import Town, a_town
from tests.waiting import until


@pytest_asyncio.fixture
async def town(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    async with a_town(monkeypatch) as built:
        yield built


async def test_interaction_waits_for_a_resumed_gateway(town: Town) -> None:
    await town.panel()
    (panel,) = town.stand_in.messages_in(town.general)
    await town.stand_in.drop_gateway()
    handle = await town.stand_in.press(town.ana, panel, "Get my link")
    assert (await handle.wait_reply()).content == "Yours alone"
    assert town.bot.resumed.is_set()
    assert town.stand_in.gateway.resumes == 1


async def test_old_button_works_after_a_restart(town: Town) -> None:
    await town.panel()
    (panel,) = town.stand_in.messages_in(town.general)
    town.stand_in.limits.identify_window = 0.0
    await town.bot.close()
    await until(lambda: not town.stand_in.gateway.sessions)
    offline = await town.stand_in.press(town.ana, panel, "Get my link")
    with pytest.raises(NoReply):
        await offline.wait_reply(0.1)
    async with running(town.stand_in):
        handle = await town.stand_in.press(town.ana, panel, "Get my link")
        assert (await handle.wait_reply()).content == "Yours alone"


async def test_hidden_channel_is_obfuscated_until_the_bot_may_view_it(town: Town) -> None:
    channel = town.bot.get_channel(town.mods.id)
    assert isinstance(channel, discord.TextChannel)
    assert channel.name == "___hidden___"
    guild = town.bot.get_guild(town.guild.id)
    assert guild is not None
    assert [c.name for c in await guild.fetch_channels()] == ["general"]
    with pytest.raises(discord.Forbidden) as refused:
        await channel.send("hello")
    assert refused.value.code == 50001
    moderators = town.guild.role_named("Moderators")
    town.stand_in.give_role(town.guild.members[town.stand_in.bot.id], moderators)
    await until(lambda: ("channel", "mods") in town.bot.heard)
    await channel.send("hello")
    assert [i.text for i in town.stand_in.visible_to(town.mod) if i.kind == "message"] == ["hello"]
    assert [i.text for i in town.stand_in.visible_to(town.ana) if i.kind == "message"] == []


async def test_sending_without_permission_is_refused_with_50013(town: Town) -> None:
    channel = town.bot.get_channel(town.general.id)
    assert isinstance(channel, discord.TextChannel)
    town.stand_in.set_overwrites(town.general, [Overwrite(town.guild.everyone, deny=Permission.SEND_MESSAGES)])
    with pytest.raises(discord.Forbidden) as refused:
        await channel.send("hello")
    assert refused.value.code == 50013


async def test_every_version_of_a_message_stays_visible(town: Town) -> None:
    channel = town.bot.get_channel(town.general.id)
    assert isinstance(channel, discord.TextChannel)
    message = await channel.send("first")
    await message.edit(content="second")
    await message.delete()
    assert [i.text for i in town.stand_in.visible_to(town.ben)] == ["first", "second"]
    with pytest.raises(discord.NotFound):
        await channel.fetch_message(message.id)


async def test_direct_message_reaches_one_person_and_closed_ones_answer_50007(town: Town) -> None:
    user = await town.bot.fetch_user(town.ana.id)
    await user.send("hello")
    (seen,) = [i for i in town.stand_in.visible_to(town.ana) if i.kind == "direct"]
    assert seen.text == "hello"
    assert not [i for i in town.stand_in.visible_to(town.ben) if i.kind == "direct"]
    town.ana.user.dms_open = False
    with pytest.raises(discord.Forbidden) as closed:
        await user.send("hello")
    assert closed.value.code == 50007
    town.ana.user.dms_open = True
    town.stand_in.leave(town.ana)
    with pytest.raises(discord.Forbidden) as stranger:
        await user.send("hello")
    assert stranger.value.code == 50278


async def test_opening_direct_messages_too_fast_is_refused_with_40003(town: Town) -> None:
    town.stand_in.limits.dm_opens_per_minute = 1
    await town.bot.create_dm(discord.Object(town.ana.id))
    await town.bot.create_dm(discord.Object(town.ana.id))
    with pytest.raises(discord.HTTPException) as refused:
        await town.bot.create_dm(discord.Object(town.ben.id))
    assert refused.value.code == 40003


async def test_external_event_is_seen_by_strangers_and_runs_by_itself(town: Town) -> None:
    guild = town.bot.get_guild(town.guild.id)
    assert guild is not None
    event = await guild.create_scheduled_event(
        name="Chess night",
        start_time=town.clock() + timedelta(hours=1),
        end_time=town.clock() + timedelta(hours=2),
        entity_type=discord.EntityType.external,
        privacy_level=discord.PrivacyLevel.guild_only,
        location="Online",
    )
    stranger = town.stand_in.world.new_user("Stranger")
    assert [i.kind for i in town.stand_in.visible_to(stranger)] == ["event"]
    town.clock.ahead += timedelta(hours=1, minutes=1)
    town.stand_in.settle_events()
    await until(lambda: ("event", discord.EventStatus.active) in town.bot.heard)
    town.clock.ahead += timedelta(hours=1)
    assert [e.id for e in await guild.fetch_scheduled_events()] == []
    with pytest.raises(discord.HTTPException) as finished:
        await event.edit(name="Again")
    assert finished.value.code == 180000


async def test_event_needs_create_events_permission(town: Town) -> None:
    guild = town.bot.get_guild(town.guild.id)
    assert guild is not None
    role = town.guild.role_named(town.stand_in.bot.name)
    town.stand_in.change_role(town.guild, role, role.permissions & ~Permission.CREATE_EVENTS)
    with pytest.raises(discord.Forbidden) as refused:
        await guild.create_scheduled_event(
            name="Chess night",
            start_time=town.clock() + timedelta(hours=1),
            end_time=town.clock() + timedelta(hours=2),
            entity_type=discord.EntityType.external,
            privacy_level=discord.PrivacyLevel.guild_only,
            location="Online",
        )
    assert refused.value.code == 50013


async def test_role_change_reaches_the_audit_log_but_not_a_bot_without_members_intent(town: Town) -> None:
    town.stand_in.take_role(town.ana, town.verified, by=town.mod)
    town.stand_in.kick(town.ben, by=town.mod, reason="spam")
    actions = [discord.AuditLogAction.member_role_update, discord.AuditLogAction.kick]
    await until(lambda: [what for kind, what in town.bot.heard if kind == "audit"] == actions)
    assert not [kind for kind, _ in town.bot.heard if kind == "member"]
    guild = town.bot.get_guild(town.guild.id)
    assert guild is not None
    assert [e.reason async for e in guild.audit_logs(limit=5)] == ["spam", None]
    assert [r.name for r in (await guild.fetch_member(town.ana.id)).roles] == ["@everyone"]
    with pytest.raises(discord.NotFound):
        await guild.fetch_member(town.ben.id)


async def test_onboarding_names_the_roles_people_can_give_themselves(town: Town) -> None:
    role = town.stand_in.add_role(town.guild, "Newcomer", in_prompt=True)
    guild = town.bot.get_guild(town.guild.id)
    assert guild is not None
    onboarding = await guild.onboarding()
    assert [r.id for prompt in onboarding.prompts for option in prompt.options for r in option.roles] == [role.id]
    await until(lambda: guild.get_role(role.id) is not None)
    (fetched,) = [r for r in await guild.fetch_roles() if r.id == role.id]
    assert fetched.flags.in_prompt


async def test_many_messages_are_slowed_by_the_route_limit_but_none_is_lost(town: Town) -> None:
    town.stand_in.limits.routes["POST", "/channels/{channel_id}/messages"] = (2, 0.3)
    channel = town.bot.get_channel(town.general.id)
    assert isinstance(channel, discord.TextChannel)
    await asyncio.gather(*(channel.send(str(n)) for n in range(5)))
    assert len(town.stand_in.messages_in(town.general)) == 5


async def test_faults_strike_real_requests(town: Town) -> None:
    town.stand_in.faults.add(("POST", r"/channels/\d+/messages"), "rate_limited")
    channel = town.bot.get_channel(town.general.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.send("hello")
    assert [r.status for r in town.stand_in.requests if r.template == "/channels/{channel_id}/messages"] == [429, 200]
    assert len(town.stand_in.messages_in(town.general)) == 1


async def test_repeated_send_with_enforced_nonce_is_posted_once(town: Town) -> None:
    town.stand_in.faults.add(("POST", r"/channels/\d+/messages"), "apply_then_reset")
    channel = town.bot.get_channel(town.general.id)
    assert isinstance(channel, discord.TextChannel)
    for _ in range(2):
        try:
            await channel.send("hello", nonce=42)
        except aiohttp.ServerDisconnectedError:
            continue
    assert len(town.stand_in.messages_in(town.general)) == 1


async def test_bot_reconnects_when_asked_and_loses_nothing(town: Town) -> None:
    town.stand_in.gateway.ask_to_reconnect()
    await until(town.bot.resumed.is_set)
    handle = await town.stand_in.slash(town.ana, town.general, "meeting setup")
    assert (await handle.wait_reply()).content == "choose"
