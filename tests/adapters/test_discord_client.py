"""Log-in, command registration, reconnecting and stopping, with the real client and a real gateway."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import discord
import pytest
import structlog
import structlog.testing

from bot.adapters.discord_chat.client import VestibuleClient
from bot.adapters.discord_chat.connection import DiscordConnection
from bot.adapters.discord_chat.endpoints import DiscordEndpoints, point_at, point_back
from bot.domain.errors import NeedsAttention
from bot.logs import LIBRARY_LEVELS
from bot.rehearsal.discord import DiscordStandIn
from bot.rehearsal.discord_gateway import PRIVILEGED, Intent
from tests.adapters.discord_rig import MovedClock, RememberedNotes, Tree, connected, one_command, stand_in
from tests.discord_spec import request_errors
from tests.waiting import PATIENCE, until


def syncs(service: DiscordStandIn) -> list[str]:
    return [r.path for r in service.requests if r.method == "PUT" and r.path.endswith("/commands")]


def another_command(client: VestibuleClient, tree: Tree) -> None:
    one_command(client, tree)

    @tree.command(name="bye", description="Says bye")
    async def bye(interaction: discord.Interaction[VestibuleClient]) -> None:
        await interaction.response.send_message("bye", ephemeral=True)


async def says_hello(service: DiscordStandIn) -> str:
    guild = next(iter(service.world.guilds.values()))
    member = service.add_member(guild, "Ana")
    handle = await service.slash(member, guild.channel_named("general"), "hello")
    return (await handle.wait_reply()).content


def community(service: DiscordStandIn, name: str = "Chess club") -> int:
    guild = service.add_guild(name)
    service.add_channel(guild, "general")
    return guild.id


async def test_commands_are_registered_once_and_again_only_when_they_change() -> None:
    notes = RememberedNotes()
    async with stand_in(MovedClock()) as service:
        community(service)
        for register, expected in ((one_command, 1), (one_command, 1), (another_command, 2), (another_command, 2)):
            async with connected(service, register, notes):
                assert len(syncs(service)) == expected
        assert request_errors(service.requests) == []


async def test_another_application_gets_its_own_registration() -> None:
    notes = RememberedNotes()
    for days in (0, 1):
        clock = MovedClock()
        clock.time += timedelta(days=days)
        async with stand_in(clock) as service:
            community(service)
            async with connected(service, one_command, notes):
                assert len(syncs(service)) == 1


async def test_one_served_server_has_the_commands_to_itself() -> None:
    notes = RememberedNotes()
    async with stand_in(MovedClock()) as service:
        home = community(service)
        async with connected(service, one_command, notes):
            pass
        async with connected(service, one_command, notes, guild_id=home):
            assert await says_hello(service) == "hello"
        assert syncs(service)[1].endswith(f"/guilds/{home}/commands")
        assert syncs(service)[2].endswith(f"/applications/{service.bot.id}/commands")
        assert [command["guild_id"] for command in service.commands.all()] == [str(home)]
        async with connected(service, one_command, notes):
            assert await says_hello(service) == "hello"
        assert ["guild_id" in command for command in service.commands.all()] == [False]


async def test_other_servers_are_refused_politely() -> None:
    notes = RememberedNotes()
    async with stand_in(MovedClock()) as service:
        home = community(service)
        abroad = service.add_guild("Elsewhere")
        channel = service.add_channel(abroad, "general")
        stranger = service.add_member(abroad, "Ben")
        async with connected(service, one_command, notes, guild_id=home) as connection:
            client = connection.client()
            assert isinstance(client, VestibuleClient)
            await client.tree.sync()
            client.tree.add_command(client.tree.get_commands()[0], override=True)
            await client.tree.sync()
            handle = await service.slash(stranger, channel, "hello")
            reply = await handle.wait_reply()
            assert "serves another community" in reply.content
            assert reply.ephemeral


async def test_a_served_server_that_invites_the_bot_later_gets_the_commands_then() -> None:
    async with stand_in(MovedClock()) as service:
        home = service.add_guild("Chess club")
        service.add_channel(home, "general")
        membership = home.members[service.bot.id]
        service.remove_bot(home)
        async with connected(service, guild_id=home.id):
            await until(lambda: len(syncs(service)) == 2)
            assert list(service.commands.all()) == []
            home.members[service.bot.id] = membership
            service._service.guild_appeared(home)
            await until(lambda: any(service.commands.all()))
            assert await says_hello(service) == "hello"


async def test_a_refused_registration_leaves_the_bot_running() -> None:
    async with stand_in(MovedClock()) as service:
        community(service)
        service.faults.add(
            ("PUT", "/commands"),
            "status",
            status=400,
            body='{"code": 30034, "message": "Max number of daily application command creates has been reached (200)"}',
            content_type="application/json",
        )
        async with connected(service):
            await until(lambda: any(service.commands.all()))


async def test_a_wrong_token_ends_with_what_to_do() -> None:
    async with stand_in(MovedClock()) as service:
        connection = DiscordConnection(lambda: VestibuleClient(one_command, RememberedNotes()), "wrong.token.here")
        with pytest.raises(NeedsAttention, match="DISCORD_TOKEN") as refusal:
            await connection.run(asyncio.Event())
        assert "wrong.token.here" not in str(refusal.value)
        assert service.gateway.identifies == []


async def test_no_privileged_intent_is_asked_for() -> None:
    async with stand_in(MovedClock()) as service:
        community(service)
        async with connected(service):
            (identify,) = service.gateway.identifies
        wanted = identify["intents"]
        assert not wanted & PRIVILEGED
        assert wanted & Intent.GUILDS
        assert wanted & Intent.GUILD_MODERATION
        assert wanted & Intent.GUILD_SCHEDULED_EVENTS
        assert not wanted & (Intent.GUILD_MESSAGES | Intent.DIRECT_MESSAGES)


async def test_a_dropped_gateway_is_resumed_and_nothing_is_missed() -> None:
    async with stand_in(MovedClock()) as service:
        community(service)
        async with connected(service) as connection:
            assert connection.connected
            client = connection.client()
            await service.drop_gateway(4000)
            assert await says_hello(service) == "hello"
            await until(lambda: connection.connected)
            assert connection.client() is client
            assert service.gateway.resumes == 1
            assert len(service.gateway.identifies) == 1


async def test_a_gateway_event_that_cannot_be_read_starts_a_fresh_client() -> None:
    async with stand_in(MovedClock()) as service:
        community(service)
        async with connected(service) as connection:
            first = connection.client()
            (session,) = service.gateway.sessions.values()
            session.dispatch("GUILD_ROLE_CREATE", {"guild_id": "not a number", "role": {}})
            await until(lambda: connection._current not in (None, first) and connection.connected)
            assert await says_hello(service) == "hello"


async def test_a_discord_that_is_down_at_the_start_is_tried_again() -> None:
    async with stand_in(MovedClock()) as service:
        community(service)
        service.faults.add(("GET", "/users/@me"), "status", status=503, times=2)
        async with connected(service):
            assert await says_hello(service) == "hello"


async def test_stopping_lets_a_running_interaction_finish() -> None:
    asked, answer = asyncio.Event(), asyncio.Event()

    def register(_: VestibuleClient, tree: Tree) -> None:
        @tree.command(name="slow", description="Takes its time")
        async def slow(interaction: discord.Interaction[VestibuleClient]) -> None:
            await interaction.response.defer(ephemeral=True)
            asked.set()
            await answer.wait()
            await interaction.edit_original_response(content="done")

    async with stand_in(MovedClock()) as service:
        guild = service.add_guild("Chess club")
        channel = service.add_channel(guild, "general")
        ana = service.add_member(guild, "Ana")
        stop = asyncio.Event()
        connection = DiscordConnection(
            lambda: VestibuleClient(register, RememberedNotes(), guild_ready_timeout=0.05), service.token
        )
        running = asyncio.create_task(connection.run(stop))
        await connection.wait_until_ready()
        handle = await service.slash(ana, channel, "slow")
        await asked.wait()
        stop.set()
        await until(lambda: not service.gateway.connected)
        assert not running.done()
        answer.set()
        await running
        assert (await handle.wait_reply()).content == "done"


async def test_stopping_while_discord_is_down_is_quick() -> None:
    async with stand_in(MovedClock()) as service:
        fault = service.faults.add(("GET", "/users/@me"), "status", status=503, times=None)
        stop = asyncio.Event()
        connection = DiscordConnection(
            lambda: VestibuleClient(one_command, RememberedNotes()), service.token, first_wait=10 * PATIENCE
        )
        running = asyncio.create_task(connection.run(stop))
        await until(lambda: fault.hits > 0)
        stop.set()
        await asyncio.wait_for(running, PATIENCE)


def test_pointing_back_restores_the_real_discord() -> None:
    before = discord.http.Route.BASE
    point_at(DiscordEndpoints("http://127.0.0.1:1/api/v10", "ws://127.0.0.1:1"))
    assert discord.http.Route.BASE == "http://127.0.0.1:1/api/v10"
    point_back()
    assert discord.http.Route.BASE == before == "https://discord.com/api/v10"
    assert str(discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY) == "wss://gateway.discord.gg/"


async def test_what_people_write_never_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(LIBRARY_LEVELS["discord"], "discord")
    canary = "canary-3141592653"

    def register(_: VestibuleClient, tree: Tree) -> None:
        @tree.command(name="say", description="Says it")
        async def say(interaction: discord.Interaction[VestibuleClient], text: str) -> None:
            await interaction.response.send_message(text, ephemeral=True)
            raise ValueError("a bug")

    with structlog.testing.capture_logs() as told:
        async with stand_in(MovedClock()) as service:
            guild = service.add_guild("Chess club")
            channel = service.add_channel(guild, "general")
            async with connected(service, register):
                handle = await service.slash(service.add_member(guild, "Ana"), channel, "say", {"text": canary})
                assert (await handle.wait_reply()).content == canary
                await until(lambda: "a bug" in caplog.text)
    assert "discord.ready" in {line["event"] for line in told}
    assert canary not in repr(told) + caplog.text
