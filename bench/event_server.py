"""The process that receives events: the real endpoint with its store behind it, or a bare handler that only verifies the signature."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web

from bench.lines import Parent
from bench.machine import cpu_time
from bot.adapters.store import migrate
from bot.adapters.store.sealed import Sealer
from bot.adapters.store.unit_of_work import open_store
from bot.adapters.timing import SystemChance, SystemClock
from bot.adapters.web.server import WebServer
from bot.adapters.web.webhooks import PATH, Webhooks
from bot.adapters.zoom.events import ZoomEventReader, address_hash
from bot.domain.meeting import Host, Meeting, MeetingState, ProfileName
from bot.domain.values import GuildId, LinkId, MeetingId, MemberId, Passcode, Secret, ZoomMeetingId, ZoomUserId
from bot.logs import configure_logs
from bot.ports import AccountLink, Job, LinkKind
from bot.services.intake import Intake

GUILD, LINK, HOST = GuildId(1), LinkId("link"), ZoomUserId("host")


async def main() -> None:
    """Serve what the configuration says until the parent goes."""
    parent = await Parent.opened()
    config = await parent.config()
    configure_logs(level="warning", form="json")
    secret = str(config["secret"])
    receiving = _bare(secret) if config["bare"] else _kept(config, secret)
    async with receiving as port:
        parent.say_ready(port=port)
        await parent.serve({"cpu": cpu_time})


@asynccontextmanager
async def _bare(secret: str) -> AsyncIterator[int]:
    """The least that may answer 204: the body as it came, its signature, nothing else."""
    key = secret.encode()

    async def receive(request: web.Request) -> web.Response:
        body = await request.read()
        signed = b"v0:" + request.headers["x-zm-request-timestamp"].encode() + b":" + body
        expected = "v0=" + hmac.new(key, signed, hashlib.sha256).hexdigest()
        good = hmac.compare_digest(expected, request.headers["x-zm-signature"])
        return web.Response(status=204 if good else 401)

    application = web.Application()
    application.router.add_post(PATH, receive)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield int(runner.addresses[0][1])
    await runner.cleanup()


@asynccontextmanager
async def _kept(config: dict[str, Any], secret: str) -> AsyncIterator[int]:
    """The endpoint of production with a database of its own and one meeting in it. No worker runs: what is measured is keeping."""
    clock = SystemClock()
    chance = SystemChance(clock)
    address = config["database"] or f"sqlite:///{Path(config['folder']) / 'vestibule.db'}"
    await migrate.upgrade(address)
    store = open_store(address, Sealer([config["key"]]), chance, synchronous=config["synchronous"].upper())
    for job in Job:
        store.jobs.register(job.value, _never, queue="routine")
    async with store.jobs.open():
        now = datetime.now(UTC)
        async with store.work() as uow:
            await uow.links.save(AccountLink(LINK, GUILD, LinkKind.SERVER_TO_SERVER, "account"))
            await uow.links.save_host(GUILD, Host(HOST, "host@choir.example", True, LINK))
            meeting = Meeting(
                MeetingId(chance.new_id()),
                GUILD,
                LINK,
                HOST,
                "Choir",
                now,
                timedelta(hours=1),
                ProfileName.MEMBERS,
                MemberId(1),
                now,
                state=MeetingState.CREATED,
                zoom_id=ZoomMeetingId(config["zoom_id"]),
            )
            await uow.meetings.add(meeting, Passcode("Aa1-000000"))
            await uow.commit()
        reader = ZoomEventReader(Secret(secret), clock, lambda address: address_hash(b"key", address))
        webhooks = Webhooks(reader, Intake(store, clock, chance))
        server = WebServer("127.0.0.1", 0, webhooks.routes())
        await server.start()
        yield server.port
        await server.stop()
    await store.close()


async def _never(**_: object) -> None:
    """Nothing runs jobs here."""


if __name__ == "__main__":
    asyncio.run(main())
