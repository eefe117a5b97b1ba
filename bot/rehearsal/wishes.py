"""How a rehearsal gets the real bot: it says what it wishes for and is handed something that runs. It never imports the application."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from bot.ports import Clock
from bot.rehearsal.scenario_words import DatabaseWord


class MovableClock(Clock, Protocol):
    """A clock that runs by itself and can be set forward."""

    def advance(self, by: timedelta) -> None:
        """Let this much time pass at once; whoever sleeps on this clock wakes if their time has come."""
        ...


MakeClock = Callable[[datetime], MovableClock]
"""A clock that shows the given instant (aware UTC) now."""


class DatabaseSwitch:
    """What becomes of the bot's database. Whoever starts the bot asks it before every transaction."""

    def __init__(self) -> None:
        self.stopped = False
        self.answers = asyncio.Event()
        self.answers.set()

    def now(self, word: DatabaseWord) -> None:
        """From now on it does this; what waited while it was silent goes on when it answers again, or fails when it is stopped."""
        self.stopped = word == "is stopped"
        if word == "stays silent":
            self.answers.clear()
        else:
            self.answers.set()


@dataclass(frozen=True, slots=True)
class BotWish:
    """Everything the bot has to be told to run on the stage. All credentials were made up by the stage.

    `discord_api` is for `discord.http.Route.BASE`, `discord_gateway` for the gateway's default address; `zoom_api` and `zoom_oauth` are
    the roots of Zoom's two services. `zoom_hosts` are addresses. `registrant_domain` and `webhook_secret` are None where the scenario
    leaves them out. `members_intent`: Discord may say who leaves. Where accounts are linked by OAuth, `guild_id` and `zoom_account_id` are None,
    `zoom_hosts` is empty and `public_url` is the address under which browsers reach the bot. `listens` is told the port of its web server as soon as
    that takes connections, before the bot begins to work.
    """

    data_dir: Path
    database: DatabaseSwitch
    clock: MovableClock
    discord_api: str
    discord_gateway: str
    discord_token: str = field(repr=False)
    guild_id: int | None
    zoom_api: str
    zoom_oauth: str
    zoom_account_id: str | None
    zoom_client_id: str
    zoom_client_secret: str = field(repr=False)
    zoom_hosts: tuple[str, ...]
    secret_keys: tuple[str, ...] = field(repr=False)
    registrant_domain: str | None
    webhook_secret: str | None = field(repr=False)
    members_intent: bool = False
    public_url: str | None = None
    listens: Callable[[int], None] = lambda _: None


class RunningBot(Protocol):
    """The real bot, connected and ready."""

    async def stop(self) -> None:
        """Stop in order, as on SIGTERM: finish what is under way, then close."""
        ...

    async def kill(self) -> None:
        """Stop dead, as when the process is killed: nothing is finished."""
        ...


class StartBot(Protocol):
    """Starts the real bot and returns once it is ready for people."""

    async def __call__(self, wish: BotWish) -> RunningBot: ...
