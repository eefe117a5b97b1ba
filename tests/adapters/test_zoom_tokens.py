"""Access tokens: how they are got, and what happens when Zoom rejects one. Against the stand-in, over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.domain.errors import NeedsAttention, Transient
from bot.domain.values import Secret
from tests.adapters.zoom_world import CLIENT_ID, HOST_ADDRESS, LINK, NOW, ZoomWorld, zoom_world

READ_USER = ("GET", "/users/{userId}")


@pytest.fixture
async def world() -> AsyncIterator[ZoomWorld]:
    async with zoom_world() as running:
        yield running


async def test_rejected_token_is_renewed_once_and_the_write_repeated(world: ZoomWorld) -> None:
    await world.client.user(LINK, HOST_ADDRESS)
    world.clock.at += timedelta(hours=2)
    await world.client.create_meeting(LINK, world.request())
    assert world.tokens.renewals == 1
    assert len(world.stand_in.meetings) == 1


async def test_token_rejected_twice_needs_attention(world: ZoomWorld) -> None:
    world.stand_in.faults.add(
        ("GET", "/users/"),
        "status",
        times=None,
        status=401,
        body='{"code":124,"message":"Invalid access token."}',
        content_type="application/json",
    )
    with pytest.raises(NeedsAttention) as rejected:
        await world.client.user(LINK, HOST_ADDRESS)
    assert rejected.value.code == "zoom_token_rejected"
    assert world.tokens.renewals == 1
    assert world.sent(*READ_USER) == 2


async def test_missing_scope_is_named(world: ZoomWorld) -> None:
    app = world.stand_in.oauth.apps[CLIENT_ID]
    app.scopes = app.scopes - {"meeting:write:meeting:admin"}
    with pytest.raises(NeedsAttention) as missing:
        await world.client.create_meeting(LINK, world.request())
    assert missing.value.code == "zoom_scope_missing"
    assert "meeting:write:meeting:admin" in missing.value.message


async def test_account_token_tells_scopes_and_expiry(world: ZoomWorld) -> None:
    issued = await world.oauth.account_token(world.account.id)
    assert issued.expires_at == NOW + timedelta(hours=1)
    assert "meeting:write:meeting:admin" in issued.scopes


async def test_wrong_account_and_wrong_secret_are_told_apart(world: ZoomWorld) -> None:
    with pytest.raises(NeedsAttention) as account:
        await world.oauth.account_token("someone-elses")
    assert account.value.code == "zoom_account_rejected"
    world.oauth._client_secret = Secret("wrong")
    with pytest.raises(NeedsAttention) as client:
        await world.oauth.account_token(world.account.id)
    assert client.value.code == "zoom_client_rejected"


async def test_token_request_is_repeated_when_its_answer_is_lost(world: ZoomWorld) -> None:
    world.stand_in.faults.add(("POST", "/oauth/token"), "apply_then_timeout")
    world.stand_in.faults.add(("POST", "/oauth/token"), "status")
    assert (await world.oauth.account_token(world.account.id)).token.reveal()


async def test_token_endpoint_out_of_reach_is_transient(world: ZoomWorld) -> None:
    await world.stand_in.stop()
    with pytest.raises(Transient):
        await world.oauth.account_token(world.account.id)
