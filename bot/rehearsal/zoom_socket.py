"""Zoom's event stream, as https://developers.zoom.us/docs/api/websockets/ describes it: the other side of a WebSocket.

It wants a token of the app in the query, closes an older connection when a newer one comes, and sends nothing again. In what Zoom wraps an event is
not verified; `wrapped` says how it is done here.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from aiohttp import WSMsgType, web

from bot.rehearsal.zoom import ZoomStandIn
from bot.rehearsal.zoom_live import LiveEvent
from bot.rehearsal.zoom_payloads import envelope
from bot.rehearsal.zoom_wire import JsonObject, ZoomError


def wrapped(body: JsonObject) -> str:
    """An event as text inside a message."""
    return json.dumps({"module": "message", "content": json.dumps(body)})


class ZoomEventSocket:
    """A server with the one address. Use `sink` as the stand-in's event sink."""

    def __init__(self, zoom: ZoomStandIn, subscription_id: str, wrap: Callable[[JsonObject], str] = wrapped) -> None:
        self._zoom = zoom
        self._subscription_id = subscription_id
        self._wrap = wrap
        self._runner: web.AppRunner | None = None
        self._open: web.WebSocketResponse | None = None
        self._waiting: list[str] = []
        self.url = ""
        self.opened = 0
        self.heartbeats = 0
        self.addresses: list[str] = []
        """Every address that was asked for, with its token."""

    async def start(self) -> None:
        """Listen on a free port."""
        application = web.Application()
        application.router.add_get("/ws", self._serve)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/ws"

    async def stop(self) -> None:
        """Close everything."""
        await self.drop()
        if self._runner is not None:
            await self._runner.cleanup()

    async def drop(self) -> None:
        """Break the connection."""
        stream, self._open = self._open, None
        if stream is not None:
            await stream.close()

    @property
    def connected(self) -> bool:
        """Whether somebody listens."""
        return self._open is not None and not self._open.closed

    def sink(self, event: LiveEvent) -> None:
        """Something happened at Zoom. It is sent with the next `flush`; where nobody listens it is lost."""
        self._waiting.append(self._wrap(envelope(self._zoom.state, event)))

    async def flush(self) -> None:
        """Send what has happened, or lose it."""
        frames, self._waiting = self._waiting, []
        for frame in frames:
            await self.send(frame)

    async def send(self, frame: str) -> None:
        """Send this frame, whatever it says."""
        if self._open is not None and not self._open.closed:
            await self._open.send_str(frame)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.addresses.append(str(request.url))
        try:
            self._zoom.oauth.authorise(f"Bearer {request.query.get('access_token', '')}", {})
        except ZoomError as error:
            return web.json_response(error.body(), status=error.status)
        if request.query.get("subscriptionId") != self._subscription_id:
            return web.json_response({"success": False}, status=400)
        stream = web.WebSocketResponse()
        await stream.prepare(request)
        await self.drop()
        self._open, self.opened = stream, self.opened + 1
        await stream.send_str('{"module":"build_connection","success":true}')
        async for message in stream:
            if message.type is WSMsgType.TEXT and json.loads(message.data).get("module") == "heartbeat":
                self.heartbeats += 1
                await stream.send_str('{"module":"heartbeat","success":true}')
        return stream
