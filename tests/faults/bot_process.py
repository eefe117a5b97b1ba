"""The bot as a process of its own, so that a test can really kill it. It is told the settings; every number it is sent later is so many seconds by
which its clock is to be moved forward, and None stops it. Says its port when Discord is connected."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from typing import Any

from bot.adapters.discord_chat import answering
from bot.adapters.discord_chat.endpoints import DiscordEndpoints
from bot.adapters.timing import MovableClock, SystemChance
from bot.app import run
from bot.building import Outside
from bot.logs import configure_logs
from bot.roles import Role
from bot.settings import RehearsalSettings


async def live(connection: Connection, told: Mapping[str, Any]) -> None:
    configure_logs(level="info", form="json")
    answering.PATIENCE = answering.Patience(slow=60.0)
    clock = MovableClock(datetime.fromisoformat(told["now"]))
    settings = RehearsalSettings.model_validate(told["settings"])
    outside = Outside(
        clock=clock,
        chance=SystemChance(clock),
        zoom_api=told["zoom_api"],
        zoom_oauth=told["zoom_oauth"],
        discord=DiscordEndpoints(told["discord_api"], told["discord_gateway"]),
        guild_ready_timeout=0.05,
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def obey() -> None:
        try:
            seconds = connection.recv()
        except EOFError:  # the test is gone
            seconds = None
        if seconds is None:
            loop.remove_reader(connection.fileno())
            stop.set()
        else:
            clock.advance(timedelta(seconds=seconds))

    loop.add_reader(connection.fileno(), obey)
    await run(settings, stop=stop, outside=outside, on_ready=connection.send, role=Role(told["role"]))
