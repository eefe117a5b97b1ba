"""Zoom's deliveries of events, as Zoom makes them: signed, at times twice, late or out of order, repeated after a 5xx or a broken connection.

https://developers.zoom.us/docs/api/webhooks/ . An event about a registration is delivered before the API call that caused it is answered, because
that happens, and is the harder case.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp

from bot.ports import Clock
from bot.rehearsal.zoom_live import LiveEvent
from bot.rehearsal.zoom_payloads import envelope
from bot.rehearsal.zoom_state import ZoomState
from bot.rehearsal.zoom_wire import JsonObject

PATH = "/zoom/events"
REPEATED_AFTER = (300.0, 1200.0, 3600.0)
"""Seconds until each repetition of a delivery that failed."""
_PATIENCE = 3.0
"""Seconds Zoom waits for an answer."""


@dataclass(slots=True)
class Delivered:
    """One event and what each attempt to deliver it was answered; None where there was no answer."""

    name: str
    body: bytes = field(repr=False)
    statuses: list[int | None] = field(default_factory=list)


class ZoomEventSender:
    """Sends events to one address. Use `sink` as the stand-in's event sink.

    Args:
        address: the root of the receiver's addresses now; it may change while events are under way.
        clock: of the story: repetitions wait on it.

    Switches: `copies` is how often each event is sent, `lose` how many of the next are never sent; between `hold` and `release` events gather, and
    are then sent newest first.
    """

    def __init__(self, state: ZoomState, secret: str, address: Callable[[], str], clock: Clock) -> None:
        self._state = state
        self._secret = secret.encode()
        self._address = address
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._first_tries: set[asyncio.Future[None]] = set()
        self._held: list[JsonObject] | None = None
        self._session: aiohttp.ClientSession | None = None
        self.copies = 1
        self.lose = 0
        self.deliveries: list[Delivered] = []

    async def start(self) -> None:
        """Be ready to send."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_PATIENCE))

    async def stop(self) -> None:
        """Give up what is under way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    def sink(self, event: LiveEvent) -> None:
        """Something happened at Zoom."""
        self.send(envelope(self._state, event))

    def send(self, body: JsonObject) -> None:
        """Deliver this body, whatever it says, as often as `copies` says."""
        if self._session is None:
            return
        if self.lose > 0:
            self.lose -= 1
        elif self._held is not None:
            self._held.append(body)
        else:
            for _ in range(self.copies):
                self._begin(body)

    def hold(self) -> None:
        """Gather events instead of sending them."""
        self._held = []

    def release(self) -> None:
        """Send what has gathered, newest first."""
        held, self._held = self._held or [], None
        for body in reversed(held):
            self.send(body)

    async def settled(self) -> None:
        """Return once every event so far was tried at least once."""
        if self._first_tries:
            await asyncio.wait(set(self._first_tries))

    def headers(self, body: bytes) -> dict[str, str]:
        """What Zoom sends with a body."""
        timestamp = str(int(self._clock.now().timestamp()))
        digest = hmac.new(self._secret, f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
        return {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Zoom Marketplace/1.0a",
            "x-zm-request-timestamp": timestamp,
            "x-zm-signature": f"v0={digest}",
        }

    def _begin(self, body: JsonObject) -> None:
        delivery = Delivered(str(body.get("event", "")), json.dumps(body).encode())
        self.deliveries.append(delivery)
        tried: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._first_tries.add(tried)
        tried.add_done_callback(self._first_tries.discard)
        task = asyncio.create_task(self._deliver(delivery, tried), name="zoom-event")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, delivery: Delivered, tried: asyncio.Future[None]) -> None:
        try:
            for wait in (0.0, *REPEATED_AFTER):
                if wait:
                    await self._clock.sleep(wait)
                status = await self._post(delivery.body)
                delivery.statuses.append(status)
                if not tried.done():
                    tried.set_result(None)
                if status is not None and status < 500:
                    return
        finally:
            if not tried.done():
                tried.set_result(None)

    async def _post(self, body: bytes) -> int | None:
        if self._session is None:
            return None
        try:
            async with self._session.post(self._address() + PATH, data=body, headers=self.headers(body)) as answer:
                return answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return None
