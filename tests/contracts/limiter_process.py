"""One of several processes that share a limit: as soon as it is sent something it wants to be let through so many times, and says from when until
when that took (nanoseconds)."""

from __future__ import annotations

import asyncio
import time
from multiprocessing.connection import Connection

from bot.adapters.store.engine import Database
from bot.adapters.store.rate_state import SqlRateState
from bot.adapters.zoom.pacing import LoneAccounts, Pacer
from bot.adapters.zoom.protocol import Label
from bot.domain.values import LinkId

PATIENCE = 60.0


async def live(connection: Connection, told: tuple[str, int]) -> None:
    url, times = told
    database = Database.at(url)
    pacer = Pacer(lambda key: SqlRateState(database, key), LoneAccounts(), patience=PATIENCE)
    # Asked for once before, so that nobody is still connecting when the counting begins.
    await pacer.wait(LinkId("warm-up"), Label.LIGHT, PATIENCE)
    connection.send("ready")
    await asyncio.to_thread(connection.recv)
    began = time.time_ns()
    await asyncio.gather(*(pacer.wait(LinkId("account"), Label.MEDIUM, PATIENCE) for _ in range(times)))
    connection.send((began, time.time_ns()))
    await database.close()
