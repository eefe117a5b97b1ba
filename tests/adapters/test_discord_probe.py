"""The check-up's look at Discord, over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.adapters.discord_chat.probe import DiscordHttpProbe
from bot.domain.errors import NeedsAttention, Transient
from bot.domain.grants import missing_permissions
from bot.domain.values import GuildId, Token
from bot.rehearsal.discord import DiscordStandIn
from bot.services.checkup import DiscordProbe, GuildStanding

CANARY = "canary.discord.token"


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def discord() -> AsyncIterator[DiscordStandIn]:
    stand_in = DiscordStandIn(lambda: datetime(2026, 11, 21, tzinfo=UTC), token=CANARY)
    await stand_in.start()
    yield stand_in
    await stand_in.stop()


def probe(http: aiohttp.ClientSession, url: str, token: str = CANARY) -> DiscordHttpProbe:
    return DiscordHttpProbe(http, Token(token), url)


async def test_the_application_behind_the_token(http: aiohttp.ClientSession, discord: DiscordStandIn) -> None:
    looking: DiscordProbe = probe(http, discord.api_url)
    facts = await looking.application()
    assert (facts.application_id, facts.name) == (discord.bot.id, discord.bot.name)
    assert not facts.needs_code_grant
    assert not facts.has_interactions_endpoint


async def test_a_wrong_token_needs_attention(http: aiohttp.ClientSession, discord: DiscordStandIn) -> None:
    with pytest.raises(NeedsAttention, match="does not accept") as caught:
        await probe(http, discord.api_url, "wrong").application()
    assert caught.value.code == "discord_token"


async def test_permissions_are_those_of_all_the_bots_roles(
    http: aiohttp.ClientSession, discord: DiscordStandIn
) -> None:
    view, send = 1 << 10, 1 << 11
    guild = discord.add_guild("Ours", bot_permissions=view)
    guild.roles[guild.id].permissions = send
    other = discord.add_role(guild, "Somebody else's", permissions=1 << 3)
    standing = await probe(http, discord.api_url).guild(GuildId(guild.id))
    assert standing == GuildStanding(GuildId(guild.id), "Ours", view | send)
    assert missing_permissions(standing.permissions)
    discord.give_role(guild.members[discord.bot.id], other)
    standing = await probe(http, discord.api_url).guild(GuildId(guild.id))
    assert standing is not None
    assert not missing_permissions(standing.permissions)


async def test_a_server_without_the_bot_is_none(http: aiohttp.ClientSession, discord: DiscordStandIn) -> None:
    guild = discord.add_guild("Ours")
    discord.remove_bot(guild)
    for guild_id in (guild.id, 123456789012345678):
        assert await probe(http, discord.api_url).guild(GuildId(guild_id)) is None


async def served(answer: web.Response | object) -> TestServer:
    async def handle(_: web.Request) -> web.Response:
        return answer if isinstance(answer, web.Response) else web.json_response(answer)

    application = web.Application()
    application.router.add_get("/{any:.*}", handle)
    server = TestServer(application)
    await server.start_server()
    return server


async def test_all_servers_come_with_the_permissions_discord_computed(http: aiohttp.ClientSession) -> None:
    server = await served([{"id": "123456789012345678", "name": "Ours", "permissions": "2048"}, "odd"])
    found = await probe(http, str(server.make_url("/"))).guilds()
    assert found == [GuildStanding(GuildId(123456789012345678), "Ours", 2048)]
    await server.close()


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_busy_discord_is_transient(http: aiohttp.ClientSession, status: int) -> None:
    server = await served(web.Response(status=status))
    with pytest.raises(Transient, match=str(status)):
        await probe(http, str(server.make_url("/"))).application()
    await server.close()


@pytest.mark.parametrize("body", ["not json", "[]", '{"id": "x"}', "null"])
async def test_an_answer_that_cannot_be_read_is_transient(http: aiohttp.ClientSession, body: str) -> None:
    server = await served(web.Response(text=body))
    with pytest.raises(Transient):
        await probe(http, str(server.make_url("/"))).application()
    await server.close()


async def test_an_unreachable_discord_is_transient_and_the_token_is_in_no_error(http: aiohttp.ClientSession) -> None:
    with pytest.raises(Transient) as caught:
        await probe(http, "http://127.0.0.1:1").application()
    error: BaseException | None = caught.value
    while error is not None:
        assert CANARY not in repr(error) + str(error)
        error = None if error.__suppress_context__ else error.__context__
