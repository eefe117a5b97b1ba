"""The Discord stand-in's two doors at wire level: who is let in, what is refused, what is replayed, how fast one may go."""

from __future__ import annotations

import json
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import aiohttp
import discord
import pytest
import pytest_asyncio

from bot.rehearsal.discord import DiscordStandIn
from bot.rehearsal.discord_gateway import Intent
from bot.rehearsal.discord_limits import Limits
from bot.rehearsal.discord_world import Channel, Guild, Json, Member
from tests.rehearsal.discord_client import Bot, Clock, point_at, running
from tests.waiting import until

COMMANDS = [{"name": "join", "description": "Join"}]


@dataclass
class Wire:
    """A started stand-in and a bare HTTP session with the bot's token."""

    stand_in: DiscordStandIn
    clock: Clock
    guild: Guild
    general: Channel
    ana: Member
    http: aiohttp.ClientSession
    sockets: list[aiohttp.ClientWebSocketResponse] = field(default_factory=list)

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        async with self.http.request(method, self.stand_in.api_url + path, json=body) as response:
            return response.status, json.loads(await response.read() or b"null")

    async def socket(self, query: str = "?v=10&encoding=json") -> aiohttp.ClientWebSocketResponse:
        socket = await self.http.ws_connect(self.stand_in.gateway_url + "/" + query)
        self.sockets.append(socket)
        return socket

    def identify(self, **changes: Any) -> Json:
        return {"op": 2, "d": {"token": self.stand_in.token, "intents": 1, "properties": {}, **changes}}

    async def ready(self, **changes: Any) -> tuple[aiohttp.ClientWebSocketResponse, Json]:
        socket = await self.socket()
        assert (await socket.receive_json())["op"] == 10
        await socket.send_json(self.identify(**changes))
        ready = await socket.receive_json()
        assert ready["t"] == "READY"
        return socket, ready["d"]

    async def pressed(self) -> tuple[int, str]:
        """A command's interaction id and token."""
        await self.call("PUT", f"/applications/{self.stand_in.bot.id}/commands", COMMANDS)
        interaction = (await self.stand_in.slash(self.ana, self.general, "join")).interaction
        return interaction.id, interaction.token


@pytest_asyncio.fixture
async def wire() -> AsyncIterator[Wire]:
    clock = Clock()
    stand_in = DiscordStandIn(clock, limits=Limits(identify_window=0.0))
    guild = stand_in.add_guild("Chess Club")
    general, ana = stand_in.add_channel(guild, "general"), stand_in.add_member(guild, "Ana")
    await stand_in.start()
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {stand_in.token}"}) as http:
        town = Wire(stand_in, clock, guild, general, ana, http)
        yield town
        for socket in town.sockets:
            await socket.close()
    await stand_in.stop()


async def test_wrong_token_is_refused_at_both_doors(wire: Wire) -> None:
    async with wire.http.get(wire.stand_in.api_url + "/users/@me", headers={"Authorization": "Bot no"}) as response:
        assert response.status == 401
    socket = await wire.socket()
    await socket.receive_json()
    await socket.send_json(wire.identify(token="no"))
    assert (await socket.receive()).data == 4004


async def test_answers_carry_exactly_application_json(wire: Wire) -> None:
    async with wire.http.get(wire.stand_in.api_url + "/users/@me") as response:
        assert response.headers["Content-Type"] == "application/json"


async def test_unknown_route_and_unreadable_body(wire: Wire) -> None:
    assert await wire.call("GET", "/nothing") == (404, {"message": "404: Not Found", "code": 0})
    url = f"{wire.stand_in.api_url}/channels/{wire.general.id}/messages"
    async with wire.http.post(url, data=b"{", headers={"Content-Type": "application/json"}) as response:
        assert response.status == 400
        assert (await response.json())["code"] == 50109


async def test_errors_name_the_place(wire: Wire) -> None:
    row = {"type": 1, "components": [{"type": 2, "style": 5, "label": "Join"}]}
    body = {"content": "x", "components": [row]}
    status, answer = await wire.call("POST", f"/channels/{wire.general.id}/messages", body)
    assert (status, answer["code"]) == (400, 50035)
    url = answer["errors"]["components"]["0"]["components"]["0"]["url"]
    assert url["_errors"][0]["code"] == "BASE_TYPE_REQUIRED"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"intents": 1 | Intent.MESSAGE_CONTENT}, 4014),
        ({"intents": 1 | Intent.GUILD_MEMBERS}, 4014),
        ({"intents": 1 << 60}, 4013),
        ({"intents": None}, 4002),
        ({"shard": [2, 2]}, 4010),
    ],
)
async def test_wrong_identify_closes_with_its_code(wire: Wire, changes: Json, code: int) -> None:
    socket = await wire.socket()
    await socket.receive_json()
    await socket.send_json(wire.identify(**changes))
    assert (await socket.receive()).data == code


@pytest.mark.parametrize(("sent", "code"), [("{", 4002), ('{"op": 99}', 4001), ('{"op": 3, "d": {}}', 4003)])
async def test_wrong_payload_closes_with_its_code(wire: Wire, sent: str, code: int) -> None:
    socket = await wire.socket()
    await socket.receive_json()
    await socket.send_str(sent)
    assert (await socket.receive()).data == code


async def test_second_identify_and_old_version_are_refused(wire: Wire) -> None:
    socket, _ = await wire.ready(intents=0)
    await socket.send_json(wire.identify())
    assert (await socket.receive()).data == 4005
    assert (await (await wire.socket("?v=6&encoding=json")).receive()).data == 4012


async def test_too_many_sends_close_with_4008(wire: Wire) -> None:
    wire.stand_in.limits.gateway_sends_per_minute = 3
    socket, _ = await wire.ready(intents=0)
    for _ in range(3):
        await socket.send_json({"op": 1, "d": None})
    assert [(await socket.receive_json())["op"] for _ in range(2)] == [11, 11]
    assert (await socket.receive()).data == 4008


async def test_identifying_too_fast_is_an_invalid_session(wire: Wire) -> None:
    wire.stand_in.limits.identify_window = 60.0
    await wire.ready()
    socket = await wire.socket()
    await socket.receive_json()
    await socket.send_json(wire.identify())
    assert await socket.receive_json() == {"op": 9, "d": False}


async def test_guild_create_holds_the_bot_alone_and_hidden_channels_obfuscated(wire: Wire) -> None:
    socket, ready = await wire.ready()
    assert [g["id"] for g in ready["guilds"]] == [str(wire.guild.id)]
    create = (await socket.receive_json())["d"]
    assert [m["user"]["id"] for m in create["members"]] == [str(wire.stand_in.bot.id)]
    assert create["member_count"] == 3


async def test_resume_replays_what_was_missed_and_nothing_else(wire: Wire) -> None:
    socket, ready = await wire.ready()
    assert (await socket.receive_json())["s"] == 2
    await wire.stand_in.drop_gateway()
    assert (await socket.receive()).data == 4000
    wire.stand_in.add_role(wire.guild, "Verified")
    again = await wire.socket()
    await again.receive_json()
    resume = {"token": wire.stand_in.token, "session_id": ready["session_id"], "seq": 2}
    await again.send_json({"op": 6, "d": resume})
    assert [(await again.receive_json())["t"] for _ in range(2)] == ["GUILD_ROLE_CREATE", "RESUMED"]
    await again.close(code=1000)
    await until(lambda: not wire.stand_in.gateway.sessions)
    third = await wire.socket()
    await third.receive_json()
    await third.send_json({"op": 6, "d": resume})
    assert await third.receive_json() == {"op": 9, "d": False}


async def test_zlib_stream_is_one_stream(wire: Wire) -> None:
    socket = await wire.socket("?v=10&encoding=json&compress=zlib-stream")
    inflate = zlib.decompressobj()
    assert json.loads(inflate.decompress((await socket.receive()).data))["op"] == 10
    await socket.send_json(wire.identify())
    assert json.loads(inflate.decompress((await socket.receive()).data))["t"] == "READY"


async def test_events_reach_the_shard_of_the_guild_only(wire: Wire) -> None:
    theirs = (wire.guild.id >> 22) % 2
    sockets = {shard: (await wire.ready(shard=[shard, 2]))[0] for shard in (0, 1)}
    await sockets[theirs].receive_json()
    wire.stand_in.add_role(wire.guild, "Verified")
    assert (await sockets[theirs].receive_json())["t"] == "GUILD_ROLE_CREATE"
    with pytest.raises(TimeoutError):
        await sockets[1 - theirs].receive(timeout=0.05)


async def test_members_are_listed_only_with_the_members_intent(wire: Wire) -> None:
    ask = {"op": 8, "d": {"guild_id": str(wire.guild.id), "query": "", "limit": 0}}
    wire.stand_in.gateway.privileged = Intent.GUILD_MEMBERS
    socket, _ = await wire.ready(intents=Intent.GUILD_MEMBERS)
    await socket.send_json(ask)
    assert len((await socket.receive_json())["d"]["members"]) == 3
    wire.stand_in.give_role(wire.ana, wire.stand_in.add_role(wire.guild, "Verified"))
    assert (await socket.receive_json())["t"] == "GUILD_MEMBER_UPDATE"
    plain, _ = await wire.ready(intents=0)
    await plain.send_json(ask)
    with pytest.raises(TimeoutError):
        await plain.receive(timeout=0.05)


async def test_message_text_is_stripped_without_the_content_intent(wire: Wire) -> None:
    wire.stand_in.gateway.privileged = Intent.MESSAGE_CONTENT
    plain, _ = await wire.ready(intents=Intent.GUILD_MESSAGES)
    full, _ = await wire.ready(intents=Intent.GUILD_MESSAGES | Intent.MESSAGE_CONTENT)
    wire.stand_in.say(wire.ana, wire.general, "hello")
    assert (await plain.receive_json())["d"]["content"] == ""
    assert (await full.receive_json())["d"]["content"] == "hello"
    with pytest.raises(TimeoutError):
        await full.receive(timeout=0.05)


async def test_late_answer_is_refused_with_10062(wire: Wire) -> None:
    interaction, token = await wire.pressed()
    wire.clock.ahead += timedelta(seconds=4)
    body = {"type": 5, "data": {"flags": 64}}
    status, answer = await wire.call("POST", f"/interactions/{interaction}/{token}/callback", body)
    assert (status, answer["code"]) == (404, 10062)


async def test_token_dies_after_fifteen_minutes(wire: Wire) -> None:
    interaction, token = await wire.pressed()
    webhook = f"/webhooks/{wire.stand_in.bot.id}/{token}"
    assert (await wire.call("POST", webhook, {"content": "x"}))[1]["code"] == 10015, "nothing was answered yet"
    callback = f"/interactions/{interaction}/{token}/callback?with_response=1"
    assert (await wire.call("POST", callback, {"type": 5, "data": {"flags": 64}}))[0] == 200
    wire.clock.ahead += timedelta(minutes=14, seconds=50)
    status, message = await wire.call("PATCH", f"{webhook}/messages/@original", {"content": "done"})
    assert (status, message["flags"]) == (200, 64)
    wire.clock.ahead += timedelta(seconds=20)
    for method, path in (("PATCH", f"{webhook}/messages/@original"), ("POST", webhook)):
        status, answer = await wire.call(method, path, {"content": "late"})
        assert (status, answer["code"]) == (401, 50027)


async def test_ephemeral_reply_is_unknown_to_the_message_endpoints(wire: Wire) -> None:
    interaction, token = await wire.pressed()
    callback = f"/interactions/{interaction}/{token}/callback?with_response=1"
    body = {"type": 4, "data": {"content": "secret", "flags": 64}}
    message = (await wire.call("POST", callback, body))[1]["resource"]["message"]["id"]
    for method in ("GET", "DELETE"):
        status, answer = await wire.call(method, f"/channels/{wire.general.id}/messages/{message}")
        assert (status, answer["code"]) == (404, 10008)


@pytest.mark.parametrize(
    "body",
    [
        {"type": 5, "data": {"flags": 4}},
        {"type": 5, "data": {"content": "x"}},
        {"type": 6},
        {"type": 7, "data": {"content": "x"}},
        {"type": 8, "data": {"choices": []}},
        {"type": 99},
        {"type": 4, "data": {}},
        {"type": 4, "data": {"content": "x"}, "ephemeral": True},
    ],
)
async def test_answers_that_do_not_fit_a_command_are_refused(wire: Wire, body: Json) -> None:
    interaction, token = await wire.pressed()
    status, _ = await wire.call("POST", f"/interactions/{interaction}/{token}/callback", body)
    assert status == 400


@pytest.mark.parametrize(
    "change",
    [
        {"scheduled_end_time": None},
        {"entity_metadata": {}},
        {"channel_id": "1"},
        {"scheduled_start_time": "2020-01-01T00:00:00+00:00"},
        {"scheduled_end_time": "2020-01-01T00:00:00+00:00"},
        {"name": "x" * 101},
        {"privacy_level": 1},
        {"entity_type": 2},
        {"location": "Online"},
    ],
)
async def test_bad_scheduled_events_are_refused(wire: Wire, change: Json) -> None:
    body = {
        "name": "Chess night",
        "privacy_level": 2,
        "entity_type": 3,
        "entity_metadata": {"location": "Online"},
        "scheduled_start_time": (wire.clock() + timedelta(hours=1)).isoformat(),
        "scheduled_end_time": (wire.clock() + timedelta(hours=2)).isoformat(),
    }
    path = f"/guilds/{wire.guild.id}/scheduled-events"
    assert (await wire.call("POST", path, body | change))[0] == 400
    assert (await wire.call("POST", path, body))[0] == 200


async def test_used_up_route_answers_429_that_clients_can_wait_for(wire: Wire) -> None:
    wire.stand_in.limits.routes["POST", "/channels/{channel_id}/messages"] = (1, 600.0)
    url = f"{wire.stand_in.api_url}/channels/{wire.general.id}/messages"
    async with wire.http.post(url, json={"content": "one"}) as first:
        assert (first.status, first.headers["X-RateLimit-Remaining"]) == (200, "0")
    async with wire.http.post(url, json={"content": "two"}) as second:
        assert second.status == 429
        assert second.headers["Via"]
        assert 300 < (await second.json())["retry_after"] <= 600
    other = wire.stand_in.add_channel(wire.guild, "other")
    assert (await wire.call("POST", f"/channels/{other.id}/messages", {"content": "x"}))[0] == 200


async def test_global_limit_spares_interaction_answers(wire: Wire) -> None:
    interaction, token = await wire.pressed()
    wire.stand_in.limits.requests_per_second = 1
    async with wire.http.get(wire.stand_in.api_url + "/users/@me") as refused:
        assert (refused.status, refused.headers["X-RateLimit-Global"]) == (429, "true")
    callback = f"/interactions/{interaction}/{token}/callback"
    assert (await wire.call("POST", callback, {"type": 5, "data": {"flags": 64}}))[0] == 204


async def test_real_client_names_missing_intents(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    point_at(wire.stand_in, monkeypatch)
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with running(wire.stand_in, Bot(discord.Intents(guilds=True, message_content=True))):
            pass


async def test_real_client_runs_several_shards_and_identifies_anew_when_it_cannot_resume(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_at(wire.stand_in, monkeypatch)

    async def at_once(_self: Any, _shard: int | None, *, initial: bool = False) -> None:
        """discord.py waits 5 s between identifies; here the stand-in's window is zero."""

    monkeypatch.setattr(Bot, "before_identify_hook", at_once)
    async with running(wire.stand_in, Bot(shards=2)) as bot:
        assert {s.shard for s in wire.stand_in.gateway.sessions.values()} == {0, 1}
        assert bot.get_guild(wire.guild.id) is not None
        await wire.stand_in.drop_gateway(resumable=False)
        await until(lambda: len(wire.stand_in.gateway.sessions) == 2)
        assert wire.stand_in.gateway.resumes == 0
        reply = await (await wire.stand_in.slash(wire.ana, wire.general, "meeting setup")).wait_reply()
        assert reply.content == "choose"


async def test_text_inside_an_uploaded_file_counts_as_seen(wire: Wire) -> None:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("payload_json", json.dumps({"content": "export", "attachments": [{"id": "0"}]}))
    form.add_field("files[0]", b"tk=secret", filename="export.csv")
    url = f"{wire.stand_in.api_url}/channels/{wire.general.id}/messages"
    async with wire.http.post(url, data=form) as response:
        assert response.status == 200
    (item,) = wire.stand_in.visible_to(wire.ana)
    assert item.text == "export\n(file: export.csv)"
    assert item.mentions("tk=secret")
