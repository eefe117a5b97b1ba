"""A process of its own in which 100 tasks want a Zoom token at once, as soon as it is sent something. It says how many different tokens the tasks
got, and whose Zoom takes them for."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from multiprocessing.connection import Connection

import aiohttp

from bot.adapters.store.sealed import Sealer
from bot.adapters.store.unit_of_work import open_store
from bot.adapters.timing import SystemChance, SystemClock
from bot.adapters.zoom.grants import ZoomGrants
from bot.domain.values import LinkId, Secret
from bot.services.tokens import AccountTokens

TASKS = 100


async def live(connection: Connection, told: Mapping[str, str]) -> None:
    clock, chance = SystemClock(), SystemChance()
    store = open_store(told["store"], Sealer([told["key"]]), chance)
    async with aiohttp.ClientSession() as session:
        grants = ZoomGrants(
            session,
            told["client_id"],
            Secret(told["client_secret"]),
            clock,
            redirect_uri="https://vestibule.example/link/zoom",
            oauth_url=told["oauth_url"],
            api_url=told["api_url"],
        )
        tokens = AccountTokens(store, grants, clock, f"process-{os.getpid()}")
        connection.send("ready")
        await asyncio.to_thread(connection.recv)
        got = set(await asyncio.gather(*(tokens.current(LinkId(told["link_id"])) for _ in range(TASKS))))
        who = {(await grants.identify(token)).user.email for token in got}
        connection.send({"tokens": len(got), "who": sorted(who)})
    await store.close()
