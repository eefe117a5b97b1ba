"""A worker in a process of its own, for a test to kill. Its job says that it has begun and then never ends."""

from __future__ import annotations

import asyncio
from multiprocessing.connection import Connection

from bot.adapters.store.engine import Database
from bot.adapters.store.jobs import JobQueue


async def live(connection: Connection, url: str) -> None:
    async def hang(*, meeting_id: int) -> None:
        connection.send(meeting_id)
        await asyncio.Event().wait()

    database = Database.at(url)
    queue = JobQueue(database)
    queue.register("fold", hang, queue="live")
    async with queue.open():
        await queue.worker("doomed", ["live"], heartbeat_seconds=0.1).run()
