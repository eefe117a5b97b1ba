"""Puts the real bot on a rehearsal's stage: the same `run` as in production, pointed at the stand-ins, on the story's clock."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.util import await_only

from bot.adapters.discord_chat.endpoints import DiscordEndpoints, point_back
from bot.adapters.timing import SystemChance
from bot.app import run
from bot.building import Outside
from bot.rehearsal.wishes import BotWish, DatabaseSwitch
from bot.settings import RehearsalSettings

READY_WITHIN = 60.0
"""Seconds the bot has to be ready for people: only a failure takes so long."""
STORE_PATIENCE = 5.0
"""Seconds a rehearsal's database may take to keep an act: on a busy machine one that works would pass for one that is silent. Live it is 250 ms."""
GUILD_READY_TIMEOUT = 0.05
"""Seconds; the stand-in sends its few servers at once."""

_RUN: ContextVar[object] = ContextVar("run")


class StagedBot:
    """The bot while it runs. Make it with `start_bot`."""

    def __init__(
        self, settings: RehearsalSettings, outside: Outside, database: DatabaseSwitch, listens: Callable[[int], None]
    ) -> None:
        self._stop = asyncio.Event()
        self._ready = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._loop = asyncio.get_running_loop()
        self._plain_factory = self._loop.get_task_factory()
        self._loop.set_task_factory(self._recording)
        self._before_transaction = _asking(database)
        event.listen(Engine, "begin", self._before_transaction)
        marked = _RUN.set(self)
        self._running = self._loop.create_task(
            run(settings, stop=self._stop, outside=outside, on_listening=listens, on_ready=self._note_ready),
            name="staged-bot",
        )
        _RUN.reset(marked)

    async def until_ready(self) -> None:
        """Return once it is connected; raises what ended it, if something did."""
        waiting = asyncio.ensure_future(self._ready.wait())
        done, _ = await asyncio.wait(
            (waiting, self._running), timeout=READY_WITHIN, return_when=asyncio.FIRST_COMPLETED
        )
        waiting.cancel()
        if self._running in done:
            await self._running
        if not self._ready.is_set():
            raise TimeoutError(f"the bot was not ready within {READY_WITHIN:.0f} s")

    async def stop(self) -> None:
        """Stop in order, as on SIGTERM."""
        self._stop.set()
        try:
            await self._running
        finally:
            self._leave()

    async def kill(self) -> None:
        """Stop every task of the bot where it stands.

        Less brutal than the end of a process, because clean-up code still runs; a test kills a real process for the rest of the truth.
        """
        while alive := [task for task in (*self._tasks, self._running) if not task.done()]:
            for task in alive:
                task.cancel()  # more than once: some library takes a cancellation for its own and goes on
            await asyncio.wait(alive, timeout=1.0)
        await asyncio.gather(*self._tasks, self._running, return_exceptions=True)
        self._leave()

    def _note_ready(self, _port: int) -> None:
        self._ready.set()

    def _leave(self) -> None:
        self._loop.set_task_factory(self._plain_factory)
        event.remove(Engine, "begin", self._before_transaction)
        point_back()

    def _recording(self, loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
        """Make a task, and remember it if the bot, and not the stage around it, is making it."""
        task: asyncio.Task[Any] = asyncio.Task(coroutine, loop=loop, **options)
        if _RUN.get(None) is self:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return task


def _asking(database: DatabaseSwitch) -> Callable[[Connection], None]:
    """A listener for the beginning of transactions: waits, or fails as SQLite does, as the scenario says."""

    def before_transaction(_: Connection) -> None:
        if not database.answers.is_set():
            await_only(database.answers.wait())
        if database.stopped:
            raise OperationalError("BEGIN", None, sqlite3.OperationalError("unable to open database file"))

    return before_transaction


async def start_bot(wish: BotWish, database_url: str | None = None) -> StagedBot:
    """Start the real bot as a rehearsal wishes and return once it is ready for people.

    Args:
        database_url: where it keeps everything, if not in a SQLite file in the data folder.
    """
    settings = RehearsalSettings(
        discord_token=SecretStr(wish.discord_token),
        zoom_client_id=wish.zoom_client_id,
        zoom_client_secret=SecretStr(wish.zoom_client_secret),
        zoom_webhook_secret=SecretStr(wish.webhook_secret) if wish.webhook_secret is not None else None,
        secret_keys=tuple(SecretStr(key) for key in wish.secret_keys),
        zoom_account_id=wish.zoom_account_id,
        discord_guild_id=wish.guild_id,
        zoom_hosts=wish.zoom_hosts,
        discord_members_intent=wish.members_intent,
        registrant_domain=wish.registrant_domain,
        public_url=wish.public_url,
        data_dir=wish.data_dir,
        database_url=None if database_url is None else SecretStr(database_url),
        host="127.0.0.1",
        port=0,
    )
    outside = Outside(
        clock=wish.clock,
        chance=SystemChance(wish.clock),
        zoom_api=wish.zoom_api,
        zoom_oauth=wish.zoom_oauth,
        discord=DiscordEndpoints(wish.discord_api, wish.discord_gateway),
        guild_ready_timeout=GUILD_READY_TIMEOUT,
        store_patience=STORE_PATIENCE,
    )
    bot = StagedBot(settings, outside, wish.database, wish.listens)
    try:
        await bot.until_ready()
    except BaseException:
        await bot.kill()
        raise
    return bot
