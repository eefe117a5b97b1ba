"""Discord's refusals become answers people can act on."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import discord
import pytest

from bot.adapters.discord_chat.direct_messages import DirectMessagePace
from bot.adapters.discord_chat.errors import explained, explaining
from bot.domain.errors import NeedsAttention, Transient, Undeliverable
from tests.adapters.discord_rig import MovedClock

NEEDS = "Send Messages"


def refusal(status: int, code: int = 0, headers: dict[str, str] | None = None) -> discord.HTTPException:
    response = cast(Any, SimpleNamespace(status=status, reason="Refused", headers=headers or {}))
    kind = {403: discord.Forbidden, 404: discord.NotFound}.get(status, discord.HTTPException)
    kind = discord.DiscordServerError if status >= 500 else kind
    return kind(response, {"code": code, "message": "no"})


@pytest.mark.parametrize("code", [50007, 50278])
def test_closed_direct_messages_are_final(code: int) -> None:
    assert isinstance(explained(refusal(403, code), NEEDS), Undeliverable)


def test_too_many_direct_messages_wait_an_hour() -> None:
    known = explained(refusal(400, 40003), NEEDS)
    assert isinstance(known, Transient)
    assert known.retry_after == timedelta(hours=1)


@pytest.mark.parametrize("code", [50001, 50013])
def test_a_missing_permission_is_named(code: int) -> None:
    known = explained(refusal(403, code), NEEDS)
    assert isinstance(known, NeedsAttention)
    assert NEEDS in known.message


def test_a_deleted_channel_sends_people_to_setup() -> None:
    known = explained(refusal(404, 10003), NEEDS)
    assert isinstance(known, NeedsAttention)
    assert "/setup" in known.message


def test_a_deleted_message_is_undeliverable() -> None:
    assert isinstance(explained(refusal(404, 10008), NEEDS), Undeliverable)


@pytest.mark.parametrize(
    "error",
    [
        refusal(503),
        aiohttp.ClientConnectionError(),
        TimeoutError(),
        ConnectionResetError(),
        cast(Any, discord.GatewayNotFound)(),
    ],
)
def test_an_unreachable_discord_is_tried_again(error: Exception) -> None:
    assert isinstance(explained(error, NEEDS), Transient)


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (refusal(429, headers={"Retry-After": "7"}), 7),
        (refusal(429), 60),
        (refusal(429, headers={"Retry-After": "soon"}), 60),
        (discord.RateLimited(42.0), 42),
    ],
)
def test_rate_limits_say_when_to_come_back(error: Exception, seconds: int) -> None:
    known = explained(error, NEEDS)
    assert isinstance(known, Transient)
    assert known.retry_after == timedelta(seconds=seconds)


def test_a_refused_token_says_where_to_get_one() -> None:
    for error in (discord.LoginFailure("no"), refusal(401)):
        known = explained(error, NEEDS)
        assert isinstance(known, NeedsAttention)
        assert "DISCORD_TOKEN" in known.message


def test_what_is_our_bug_stays_itself() -> None:
    assert explained(refusal(400, 50035), NEEDS) is None
    with pytest.raises(KeyError), explaining():
        raise KeyError("ours")


def test_direct_messages_leave_ten_a_minute() -> None:
    clock = MovedClock()
    pace = DirectMessagePace(clock, per_minute=10)
    for _ in range(10):
        pace.take()
    clock.time += timedelta(seconds=20)
    with pytest.raises(Transient) as wait:
        pace.take()
    assert wait.value.retry_after == timedelta(seconds=40)
    clock.time += timedelta(seconds=40)
    pace.take()


def test_no_direct_message_for_an_hour_after_discord_complained() -> None:
    clock = MovedClock()
    pace = DirectMessagePace(clock)
    pace.pause()
    clock.time += timedelta(minutes=59)
    with pytest.raises(Transient) as wait:
        pace.take()
    assert wait.value.retry_after == timedelta(minutes=1)
    clock.time += timedelta(minutes=1)
    pace.take()
