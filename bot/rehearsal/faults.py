"""Misbehaviour on demand, for any stand-in that is an aiohttp server.

A real service is at times slow, cut off, overloaded or wrong, and the worst case is the write that happened although its answer never came.
A `FaultPlan` holds the faults a scenario asked for; its `middleware` applies them around the stand-in's own handlers.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

FaultKind = Literal[
    "delay",
    "timeout",
    "reset",
    "status",
    "rate_limited",
    "malformed",
    "apply_then_timeout",
    "apply_then_reset",
]
"""What happens to a matching request.

- `delay`: waits `seconds`, then answers as usual.
- `timeout`: nothing is applied and no answer ever comes.
- `reset`: nothing is applied and the connection breaks.
- `status`: nothing is applied; answers `status` with `body`.
- `rate_limited`: nothing is applied; answers as the service answers when a limit is used up.
- `malformed`: applied; the answer is cut in the middle.
- `apply_then_timeout`: applied, and no answer ever comes.
- `apply_then_reset`: applied, and the connection breaks before the answer.
"""

RateLimitedAnswer = Callable[[web.Request], web.StreamResponse]


@dataclass(slots=True)
class Fault:
    """One fault. `method` is an HTTP method or `*`; `path` is searched for in the request's path (without host and query).

    `skip` lets that many matching requests pass first; `times` is how many are then hit, `None` for all; `hits` counts them.
    """

    method: str
    path: re.Pattern[str]
    kind: FaultKind
    times: int | None
    skip: int
    seconds: float
    status: int
    body: str
    content_type: str
    hits: int = 0

    def takes(self, method: str, path: str) -> bool:
        """Whether this fault strikes the request; counts it if so."""
        if self.method not in ("*", method) or not self.path.search(path):
            return False
        if self.times is not None and self.hits >= self.times:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.hits += 1
        return True


class FaultPlan:
    """The faults a stand-in was told to show.

    Args:
        rate_limited: builds the service's own 429 answer.
    """

    def __init__(self, rate_limited: RateLimitedAnswer) -> None:
        self._rate_limited = rate_limited
        self._faults: list[Fault] = []
        self._released = asyncio.Event()
        self._hanging = asyncio.Event()

    def add(
        self,
        match: tuple[str, str],
        kind: FaultKind,
        *,
        times: int | None = 1,
        skip: int = 0,
        seconds: float = 1.0,
        status: int = 503,
        body: str = "<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>",
        content_type: str = "text/html",
    ) -> Fault:
        """Ask for a fault; the first one added that matches a request strikes it.

        Args:
            match: HTTP method or `*`, and a regular expression for the path.
            kind: see `FaultKind`.
            times: how many requests to hit; `None` for all.
            skip: how many matching requests to let pass first.
            seconds: length of a `delay`, in real seconds.
            status, body, content_type: the answer of a `status` fault.
        """
        method, path = match
        fault = Fault(method.upper(), re.compile(path), kind, times, skip, seconds, status, body, content_type)
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Forget all faults; requests already hanging go on hanging until `release`."""
        self._faults.clear()

    def release(self) -> None:
        """Drop the connections of all requests that hang now."""
        self._released.set()
        self._released = asyncio.Event()

    async def next_hanging(self) -> None:
        """Return as soon as one more request hangs."""
        await self._hanging.wait()

    @property
    def middleware(self) -> Middleware:
        """The aiohttp middleware that applies the plan; put it directly around the handlers."""

        @web.middleware
        async def misbehave(request: web.Request, handler: Handler) -> web.StreamResponse:
            fault = next((f for f in self._faults if f.takes(request.method, request.path)), None)
            return await (handler(request) if fault is None else self._strike(fault, request, handler))

        return misbehave

    async def _strike(self, fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
        match fault.kind:
            case "delay":
                await asyncio.sleep(fault.seconds)
                return await handler(request)
            case "status":
                return web.Response(status=fault.status, text=fault.body, content_type=fault.content_type)
            case "rate_limited":
                return self._rate_limited(request)
            case "malformed":
                return _cut(await handler(request))
            case "apply_then_timeout" | "apply_then_reset":
                await handler(request)
        if fault.kind in ("timeout", "apply_then_timeout"):
            self._hanging.set()
            self._hanging = asyncio.Event()
            await self._released.wait()
        return _hang_up(request)


def _hang_up(request: web.Request) -> web.Response:
    """Break the connection; aiohttp then has nobody to send the returned response to."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _cut(answer: web.StreamResponse) -> web.Response:
    whole = answer.text if isinstance(answer, web.Response) else None
    text = whole[: max(1, len(whole) // 2)] if whole else "{"
    return web.Response(
        status=200 if answer.status == 204 else answer.status, text=text, content_type="application/json"
    )
