"""The baseline of acting on a call: told by HTTP of a press or an event, it makes the bare requests that lead to Zoom."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import aiohttp
from aiohttp import web

from bench.bare_trips import Trips
from bench.lines import Parent

DEFER = {"type": 5, "data": {"flags": 64}}
"""An interaction acknowledged in private: "thinking"."""


class Reflex:
    """Answers what it is told, with what has to follow already sent: a press with the acknowledgement and a look at Zoom, an event with a removal."""

    def __init__(self, trips: Trips, secret: str) -> None:
        self._trips = trips
        self._key = secret.encode()
        self._under_way: set[asyncio.Task[None]] = set()

    async def press(self, request: web.Request) -> web.Response:
        """In place of the gateway's message, which a bare client cannot get."""
        told = await request.json()
        self._begin(self._look(told["id"], told["token"]))
        return web.Response(status=204)

    async def event(self, request: web.Request) -> web.Response:
        """As Zoom sends it: the signature is checked, nothing is kept."""
        body = await request.read()
        signed = b"v0:" + request.headers["x-zm-request-timestamp"].encode() + b":" + body
        expected = "v0=" + hmac.new(self._key, signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers["x-zm-signature"]):
            return web.Response(status=401)
        about = (await request.json())["payload"]["object"]["participant"]
        self._begin(self._trips.remove(about["participant_uuid"]))
        return web.Response(status=204)

    async def _look(self, id: str, token: str) -> None:
        await self._trips.acknowledge(id, token, DEFER)
        await self._trips.look()

    def _begin(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)


async def main() -> None:
    """Serve until the parent goes."""
    parent = await Parent.opened()
    config = await parent.config()
    async with aiohttp.ClientSession() as session:
        trips = Trips(session, config["stand_ins"])
        reflex = Reflex(trips, config["secret"])
        application = web.Application()
        application.router.add_post("/press", reflex.press)
        application.router.add_post("/zoom/events", reflex.event)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()

        async def prepare() -> Mapping[str, Any]:
            await trips.prepare()
            return {"meeting": trips.meeting}

        parent.say_ready(address=f"http://127.0.0.1:{runner.addresses[0][1]}")
        await parent.serve({"prepare": prepare})
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
