"""Keeping the bot connected: one client after the other, for as long as the process lives.

discord.py reconnects by itself in most cases. What ends it is a refused token, a Discord it cannot reach at first, or a gateway event it cannot read.
After all but the first a fresh client starts, with growing waits: Discord takes 1,000 log-ins a day and then resets the token
(https://docs.discord.com/developers/events/gateway#identifying).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

import discord
import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_exponential_jitter

from bot.adapters.discord_chat.chat import not_connected
from bot.adapters.discord_chat.client import VestibuleClient
from bot.adapters.discord_chat.errors import FATAL, explained
from bot.adapters.discord_chat.rest_client import RestClient
from bot.domain.errors import Transient, VestibuleError

FINISH_WITHIN = 10.0
"""Seconds that interactions at work may still take when the process stops."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 120.0
HEALTHY_AFTER = 300.0
"""Seconds a client has to live for the waits to start from the first again. With `LONGEST_WAIT` it keeps log-ins under the daily limit."""

log = structlog.stdlib.get_logger(__name__)

Connecting = VestibuleClient | RestClient


class Presence(Protocol):
    """How a process is present at Discord: everywhere, on some shards, or over REST alone."""

    def client(self) -> discord.Client:
        """The client that is logged in now. Raises `Transient` while none is."""
        ...

    @property
    def connected(self) -> bool:
        """Whether Discord can reach at this moment what this process serves."""
        ...

    async def wait_until_ready(self) -> None:
        """Return once it serves what it is to serve at first."""
        ...

    async def run(self, stop: asyncio.Event) -> None:
        """Be present until `stop` is set. Raises `NeedsAttention` where trying again would not help."""
        ...


class DiscordConnection:
    """Holds the client that is connected at the moment, and replaces it when it ends.

    Args:
        build: makes a fresh client.
        token: the bot's token.
        first_wait: seconds before the second try.
        finish_within: seconds; see `FINISH_WITHIN`.
    """

    def __init__(
        self,
        build: Callable[[], Connecting],
        token: str,
        *,
        first_wait: float = FIRST_WAIT,
        finish_within: float = FINISH_WITHIN,
    ) -> None:
        self._build = build
        self._token = token
        self._first_wait = first_wait
        self._finish_within = finish_within
        self._current: Connecting | None = None
        self._ready = asyncio.Event()

    def client(self) -> Connecting:
        """The client that is logged in now.

        Raises:
            Transient: none is.
        """
        client = self._current
        if client is None or client.user is None or client.is_closed():
            raise not_connected()
        return client

    @property
    def connected(self) -> bool:
        """Whether Discord can reach the bot at this moment."""
        return self._current is not None and self._current.connected

    async def wait_until_ready(self) -> None:
        """Return once a client knows all its servers."""
        await self._ready.wait()

    async def run(self, stop: asyncio.Event) -> None:
        """Stay connected until `stop` is set, then end in order.

        Raises:
            NeedsAttention: Discord refuses the token or the intents; trying again would not help.
        """
        while not stop.is_set():
            again = AsyncRetrying(
                retry=retry_if_exception_type(Transient),
                wait=wait_exponential_jitter(multiplier=self._first_wait, max=LONGEST_WAIT, jitter=self._first_wait),
                sleep=lambda seconds: _unless_set(stop, seconds),
                before_sleep=_announce_wait,
            )
            await again(self._one_life, stop)

    async def _one_life(self, stop: asyncio.Event) -> None:
        """One client from log-in to its end. Returns if it was told to stop or lived long; raises `Transient` if it ended early."""
        if stop.is_set():
            return
        began = time.monotonic()
        client = self._current = self._build()
        try:
            async with client:
                await self._until_stopped(client, stop)
            problem: VestibuleError = not_connected()
        except Exception as error:
            problem = _why(error)
        finally:
            self._current = None
            self._ready.clear()
        if problem.code in FATAL:
            raise problem
        if not stop.is_set() and time.monotonic() - began < HEALTHY_AFTER:
            raise Transient(problem.message, code=problem.code)

    async def _until_stopped(self, client: Connecting, stop: asyncio.Event) -> None:
        living = asyncio.create_task(client.start(self._token), name="discord-client")
        others = (asyncio.create_task(self._note_ready(client)), asyncio.create_task(stop.wait()))
        try:
            await asyncio.wait((living, others[1]), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (living, *others):
                task.cancel()
            results = await asyncio.gather(living, *others, return_exceptions=True)
        if stop.is_set():
            await client.finish(self._finish_within)
        elif isinstance(results[0], Exception):
            raise results[0]

    async def _note_ready(self, client: Connecting) -> None:
        await client.wait_until_ready()
        self._ready.set()


def _why(error: Exception) -> VestibuleError:
    """What ended a client. What nobody foresaw is logged as the bug it is, and a fresh client is worth a try."""
    known = explained(error, "those on the invite page that `vestibule doctor` prints")
    if known is None:
        log.error("discord.ended_unexpectedly", exc_info=error)
        return not_connected()
    return known


def _announce_wait(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome is not None else None
    log.warning(
        "discord.starting_again",
        seconds=round(state.upcoming_sleep, 1),
        attempt=state.attempt_number,
        code=getattr(error, "code", None),
    )


async def _unless_set(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
