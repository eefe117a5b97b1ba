"""`POST /zoom/events`: Zoom's deliveries, answered only when they are kept.

Zoom wants an answer within 3 seconds and repeats a delivery only after a 5xx or a broken connection, so "not now" is 503 and everything that is
genuine is 204, needed or not (https://developers.zoom.us/docs/api/webhooks/). Whoever is not Zoom learns nothing and leaves nothing behind.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Sequence

import structlog
from aiohttp import web

from bot.domain.errors import Transient, UntrustedInput
from bot.metrics import count_event
from bot.ports import EventIntake, EventReader, IncomingEvent, NotKept, UrlChallenge

PATH = "/zoom/events"
ANSWER_WITHIN = 2.5
"""Seconds a delivery may wait for the store; Zoom gives up after 3."""
AT_ONCE = 300
"""The most deliveries committed together."""
GATHER = 0.002
"""Seconds in which a group gathers. Without it two halves of a rush take turns, and each pays for a commit."""
_MOST_NAMES = 200

_log = structlog.get_logger("vestibule.events")


class GroupCommit:
    """Commits together whatever waits: while one group is written, the next gathers, so a rush costs few transactions."""

    def __init__(self, intake: EventIntake, *, at_once: int = AT_ONCE) -> None:
        self._intake = intake
        self._at_once = at_once
        self._waiting: deque[tuple[IncomingEvent, asyncio.Future[None]]] = deque()
        self._writer: asyncio.Task[None] | None = None

    async def keep(self, event: IncomingEvent) -> None:
        """Return once the event is committed; raises what prevented it. Whoever stops waiting does not stop the commit."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((event, done))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write(), name="event-writer")
        await done

    async def _write(self) -> None:
        while self._waiting:
            await asyncio.sleep(GATHER)
            count = min(self._at_once, len(self._waiting))
            group = [self._waiting.popleft() for _ in range(count)]
            try:
                await self._commit(group)
            except BaseException as error:
                for _, done in group:
                    _settle(done, error)
                raise

    async def _commit(self, group: Sequence[tuple[IncomingEvent, asyncio.Future[None]]]) -> None:
        """Commit them together; if something about one of them breaks that, each alone, so that one cannot hold up the others."""
        try:
            await self._intake.store([event for event, _ in group])
        except Transient as error:
            problem: Exception | None = error
        except Exception as error:
            if len(group) > 1:
                for one in group:
                    await self._commit([one])
                return
            _log.exception("events.not_kept", kind=group[0][0].kind.value)
            problem = error
        else:
            problem = None
        for _, done in group:
            _settle(done, problem)


class Webhooks:
    """The endpoint. `not_kept` tells how often which event was only counted."""

    def __init__(self, reader: EventReader, intake: EventIntake, *, answer_within: float = ANSWER_WITHIN) -> None:
        self._reader = reader
        self._group = GroupCommit(intake)
        self._answer_within = answer_within
        self.not_kept: Counter[str] = Counter()

    def routes(self) -> list[web.RouteDef]:
        """The one route."""
        return [web.post(PATH, self._receive)]

    async def _receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            delivery = self._reader.read(
                timestamp=_only(request, "x-zm-request-timestamp"),
                signature=_only(request, "x-zm-signature"),
                body=body,
            )
        except UntrustedInput as error:
            return self._refused(error.code)
        match delivery:
            case UrlChallenge(plain, encrypted):
                count_event("validated")
                return web.json_response({"plainToken": plain, "encryptedToken": encrypted})
            case NotKept(name):
                self._count_not_kept(name)
                return web.Response(status=204)
            case _:
                return await self._kept(delivery)

    async def _kept(self, event: IncomingEvent) -> web.Response:
        try:
            async with asyncio.timeout(self._answer_within):
                await self._group.keep(event)
        except TimeoutError:
            return self._not_now("slow")
        except Exception as error:
            return self._not_now(error.code if isinstance(error, Transient) else type(error).__name__)
        count_event("kept")
        return web.Response(status=204)

    def _refused(self, code: str) -> web.Response:
        count_event("refused")
        _log.warning("events.refused", why=code)
        return web.Response(status=401)

    def _not_now(self, why: str) -> web.Response:
        count_event("not_now")
        _log.warning("events.not_now", why=why)
        return web.Response(status=503)

    def _count_not_kept(self, name: str) -> None:
        count_event("not_kept")
        if name not in self.not_kept:
            _log.info("events.not_kept", event_name=name)
        if name in self.not_kept or len(self.not_kept) < _MOST_NAMES:
            self.not_kept[name] += 1


def _only(request: web.Request, name: str) -> str:
    """The header, if it stands there exactly once."""
    values = request.headers.getall(name, [])
    return values[0] if len(values) == 1 else ""


def _settle(done: asyncio.Future[None], problem: BaseException | None) -> None:
    if done.done():
        return
    if problem is None:
        done.set_result(None)
    elif isinstance(problem, Exception):
        done.set_exception(problem)
    else:
        done.cancel()
