"""Discord's errors, and those of the way there, in our words.

Codes: https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import aiohttp
import discord

from bot.domain.errors import NeedsAttention, Transient, Undeliverable, VestibuleError

DM_PAUSE = timedelta(hours=1)
"""How long to open no direct messages after Discord said that they were opened too fast (40003; it publishes no figure)."""
_NEXT_TRY = "I try again by myself; if it stays so, see https://discordstatus.com."
_LOGIN_REFUSED = (
    "Discord refuses the bot's token. Open https://discord.com/developers/applications, choose the application, "
    'Bot, "Reset Token", put the new token into DISCORD_TOKEN and start again.'
)
_INTENTS = (
    "Discord refuses the gateway intents. The bot asks for none that need switching on, so check that DISCORD_TOKEN "
    "belongs to the application you think it does."
)
_INVITE = "I am not in that server any more. Invite me again; `vestibule doctor` prints the address."

_BY_CODE: dict[int, Callable[[], VestibuleError]] = {
    50007: lambda: Undeliverable("They take no direct messages from me.", code="dm_closed"),
    50278: lambda: Undeliverable("They share no server with me any more.", code="dm_no_shared_server"),
    20009: lambda: Undeliverable("Discord's content filter kept the message from them.", code="dm_filtered"),
    10007: lambda: Undeliverable("They are not in this server any more.", code="member_gone"),
    10013: lambda: Undeliverable("That account does not exist any more.", code="user_gone"),
    10008: lambda: Undeliverable("That message was deleted.", code="message_gone"),
    30046: lambda: Undeliverable("That message is too old to be changed again.", code="message_too_old"),
    10062: lambda: Undeliverable("My answer came too late for Discord. Press again.", code="answer_late"),
    50027: lambda: Undeliverable("My answer came too late for Discord. Press again.", code="answer_late"),
    10003: lambda: NeedsAttention("That channel was deleted. Choose another one in /setup.", code="channel_gone"),
    10070: lambda: Undeliverable("That event was deleted.", code="event_gone"),
    180000: lambda: Undeliverable("That event is over.", code="event_over"),
    30038: lambda: NeedsAttention(
        "This server has 100 events, and Discord takes no more. Delete some that are not needed.",
        code="server_events_full",
    ),
    10004: lambda: NeedsAttention(_INVITE, code="guild_gone"),
    40003: lambda: Transient(
        "Discord lets me open no direct messages for a while. I go on in an hour.",
        code="dm_too_fast",
        retry_after=DM_PAUSE,
    ),
    130000: lambda: Transient(f"Discord is overloaded. {_NEXT_TRY}", code="discord_overloaded"),
    30034: lambda: Transient(
        "Discord takes no more new commands today. I register them tomorrow.",
        code="commands_a_day",
        retry_after=timedelta(days=1),
    ),
    200000: lambda: NeedsAttention(
        "This server's AutoMod blocked my message. Exempt my role from that rule (Server Settings, AutoMod).",
        code="automod_blocked",
    ),
}
_CLOSE_CODES: dict[int, Callable[[], VestibuleError]] = {
    4004: lambda: NeedsAttention(_LOGIN_REFUSED, code="discord_token"),
    4013: lambda: NeedsAttention(_INTENTS, code="discord_intents"),
    4014: lambda: NeedsAttention(_INTENTS, code="discord_intents"),
}
"""https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes"""
FATAL = frozenset({"discord_token", "discord_intents"})
"""Codes of errors after which connecting again is useless until somebody changed something."""


def explained(error: Exception, needs: str) -> VestibuleError | None:
    """Our error for one of Discord's, discord.py's or the network's; None for anything else, which is a bug.

    Args:
        error: what was raised.
        needs: the permissions the act takes, as Discord's settings name them; a refusal tells people to give these.
    """
    match error:
        case discord.HTTPException():
            return _http(error, needs)
        case discord.RateLimited():
            return _slow_down(error.retry_after)
        case discord.LoginFailure():
            return NeedsAttention(_LOGIN_REFUSED, code="discord_token")
        case discord.PrivilegedIntentsRequired():
            return NeedsAttention(_INTENTS, code="discord_intents")
        case discord.ConnectionClosed():
            told = _CLOSE_CODES.get(error.code)
            return told() if told is not None else _unreachable()
        case discord.GatewayNotFound() | aiohttp.ClientError() | TimeoutError() | OSError():
            return _unreachable()
    return None


@contextmanager
def explaining(needs: str = "View Channel and Send Messages") -> Iterator[None]:
    """Whatever Discord refuses inside is raised as ours; see `explained`."""
    try:
        yield
    except Exception as error:
        known = explained(error, needs)
        if known is None:
            raise
        raise known from error


def _http(error: discord.HTTPException, needs: str) -> VestibuleError | None:
    told = _BY_CODE.get(error.code)
    if told is not None:
        return told()
    if error.status == 401:
        return NeedsAttention(_LOGIN_REFUSED, code="discord_token")
    if error.status == 403:
        return NeedsAttention(
            f"Discord does not let me do that here. Give me these permissions: {needs}.", code="discord_permission"
        )
    if error.status == 429:
        return _slow_down(_retry_after(error))
    return _unreachable() if error.status >= 500 else None


def _retry_after(error: discord.HTTPException) -> float:
    """Seconds; a 429 without a readable figure waits a minute, for it may be a ban of our whole address."""
    try:
        return float(error.response.headers["Retry-After"])
    except (KeyError, ValueError):
        return 60.0


def _slow_down(seconds: float) -> Transient:
    wait = timedelta(seconds=max(seconds, 1.0))
    return Transient(f"Discord asks me to slow down. {_NEXT_TRY}", code="discord_rate_limited", retry_after=wait)


def _unreachable() -> Transient:
    return Transient(f"Discord does not answer. {_NEXT_TRY}", code="discord_unreachable")
