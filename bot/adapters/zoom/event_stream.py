"""Zoom's events over a WebSocket that we open, for a server-to-server app without an address of its own on the internet.

https://developers.zoom.us/docs/api/websockets/ : a `client_credentials` token, `{"module":"heartbeat"}` every 30 seconds, nothing that was missed is
sent again, and a new connection closes the one before. **Unverified**: in what an event is wrapped. Understood are the event itself, and
`{"module":"message","content":...}` with the event in it, as text or as an object; whatever else comes is counted and passed over.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import aiohttp
import structlog

from bot.adapters.zoom.events import ZoomEventParser
from bot.adapters.zoom.oauth import ZoomOAuth
from bot.adapters.zoom.tokens import client_token_request, parse_token
from bot.domain.errors import Transient, UntrustedInput, VestibuleError
from bot.domain.values import Secret
from bot.ports import Clock, EventIntake, IncomingEvent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

STREAM_URL = "wss://ws.zoom.us/ws"
BEAT_EVERY = 30.0
"""Seconds between two heartbeats; Zoom closes a connection without them."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds until it is tried again after the connection broke; doubled each time."""

_log = structlog.stdlib.get_logger(__name__)


class Hearing(Protocol):
    """Remembers, beyond this process, until when Zoom was heard."""

    async def heard_until(self) -> datetime | None:
        """None if it never was."""
        ...

    async def heard(self, at: datetime) -> None:
        """It was heard now."""
        ...

    async def note(self, since: datetime, until: datetime) -> None:
        """Nothing could be heard in this time."""
        ...


class ZoomEventStream:
    """Keeps one connection open, stores what comes over it, and says when it was deaf.

    The address holds a token, so neither it nor the text of an error of the connection is logged.

    Args:
        session: shared; this class neither opens nor closes it.
        account_id: events of any other account are passed over.
        url: without a query.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        oauth: ZoomOAuth,
        client_id: str,
        client_secret: Secret,
        subscription_id: str,
        account_id: str,
        parser: ZoomEventParser,
        intake: EventIntake,
        clock: Clock,
        hearing: Hearing,
        url: str = STREAM_URL,
    ) -> None:
        self._session = session
        self._oauth = oauth
        self._request = client_token_request(client_id, client_secret)
        self._subscription_id = subscription_id
        self._account_id = account_id
        self._parser = parser
        self._intake = intake
        self._clock = clock
        self._hearing = hearing
        self._url = url
        self._heard_at: datetime | None = None
        self._beating = False
        self.not_kept = 0

    async def run(self) -> None:
        """Listen until cancelled. What came while there was no connection is lost, and `hearing` is told."""
        wait = FIRST_WAIT
        while True:
            try:
                async with self._connection() as stream:
                    now = self._clock.now()
                    await self._hearing.note(await self._hearing.heard_until() or now, now)
                    await self._hearing.heard(now)
                    _log.info("events.stream_open")
                    wait = FIRST_WAIT
                    await self._listen(stream)
                    why = "closed"
            except VestibuleError as error:
                why = error.code
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                why = type(error).__name__
            await self._remember()
            _log.warning("events.stream_lost", why=why, again_after=wait)
            await self._clock.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        issued = parse_token(await self._oauth.ask(self._request, repeatable=True), self._clock.now())
        if issued is None:
            raise Transient("Zoom gave no token for the event stream.", code="zoom_no_token")
        query = {"subscriptionId": self._subscription_id, "access_token": issued.token.reveal()}
        stream = await self._session.ws_connect(self._url, params=query)
        beat = asyncio.create_task(self._beat(stream), name="event-stream-beat")
        try:
            yield stream
        finally:
            beat.cancel()
            with suppress(asyncio.CancelledError):
                await beat
            await stream.close()

    async def _beat(self, stream: aiohttp.ClientWebSocketResponse) -> None:
        """Say that we are there; where nothing was heard since the last time, the other side is not."""
        self._beating = True
        while not stream.closed:
            if not self._beating:
                await stream.close()
                return
            self._beating = False
            await self._remember()
            with suppress(aiohttp.ClientError, OSError):
                await stream.send_str('{"module":"heartbeat"}')
            await self._clock.sleep(BEAT_EVERY)

    async def _remember(self) -> None:
        if self._heard_at is not None:
            with suppress(Transient):
                await self._hearing.heard(self._heard_at)

    async def _listen(self, stream: aiohttp.ClientWebSocketResponse) -> None:
        async for message in stream:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            self._beating = True
            body = unwrapped(message.data)
            event = None if body is None else self._read(body)
            if event is not None:
                await self._store(event)
            self._heard_at = self._clock.now()

    def _read(self, body: bytes) -> IncomingEvent | None:
        try:
            found = self._parser.parse(body, self._clock.now())
        except UntrustedInput:
            found = None
        if isinstance(found, IncomingEvent) and found.account_id == self._account_id:
            return found
        self.not_kept += 1
        return None

    async def _store(self, event: IncomingEvent) -> None:
        """Zoom does not send it again, so it is tried until the store takes it."""
        while True:
            try:
                await self._intake.store([event])
            except Transient as error:
                _log.warning("events.stream_waits", why=error.code)
                await self._clock.sleep(FIRST_WAIT)
            else:
                return


def unwrapped(frame: str) -> bytes | None:
    """The event in a frame; None where there is none: an answer to a heartbeat or to connecting, or nothing we know."""
    try:
        said = json.loads(frame)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    if isinstance(said.get("event"), str):
        return frame.encode()
    content = said.get("content") if said.get("module") == "message" else None
    if isinstance(content, dict):
        return json.dumps(content, sort_keys=True).encode()
    return content.encode(errors="replace") if isinstance(content, str) and content.lstrip().startswith("{") else None
