"""One write transaction at a time inside a process, the emergency lane first.

SQLite lets one transaction write at a time and gives no order to those that wait
(https://www.sqlite.org/lang_transaction.html): an emergency could wait behind any number of routine writes. Every
write transaction therefore passes this gate before `BEGIN IMMEDIATE`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from bot import metrics

WriteLane = Literal["emergency", "routine"]

_ORDER: tuple[WriteLane, ...] = ("emergency", "routine")


class WriteGate:
    """Lets one holder in at a time: emergency before routine, first come first served inside a lane.

    Args:
        always_open: for PostgreSQL, where transactions write side by side: everybody passes at once.
    """

    def __init__(self, *, always_open: bool = False) -> None:
        self._always_open = always_open
        self._holder: asyncio.Task[object] | None = None
        self._waiting: dict[WriteLane, deque[_Ticket]] = {lane: deque() for lane in _ORDER}

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return sum(len(queue) for queue in self._waiting.values())

    @asynccontextmanager
    async def entered(self, lane: WriteLane = "routine") -> AsyncIterator[None]:
        """Hold the gate for the length of one transaction. Bound the wait with `asyncio.timeout` where it matters.

        Raises:
            RuntimeError: this task holds the gate already: it would wait for itself for ever.
        """
        if self._always_open:
            yield
            return
        with metrics.GATE_WAIT.labels(lane).time():
            await self._enter(lane)
        try:
            yield
        finally:
            self._hand_over()

    async def _enter(self, lane: WriteLane) -> None:
        task = asyncio.current_task()
        if task is not None and self._holder is task:
            raise RuntimeError("a second write transaction was begun inside an open one; finish the first before")
        if self._holder is None:
            self._holder = task
            return
        ticket = _Ticket(task)
        self._waiting[lane].append(ticket)
        try:
            await ticket.called
        except asyncio.CancelledError:
            if self._holder is task:
                self._hand_over()
            elif ticket in self._waiting[lane]:  # not if the gate opened in between and passed it over
                self._waiting[lane].remove(ticket)
            raise

    def _hand_over(self) -> None:
        self._holder = None
        for lane in _ORDER:
            queue = self._waiting[lane]
            while queue:
                ticket = queue.popleft()
                if not ticket.called.done():
                    self._holder = ticket.task
                    ticket.called.set_result(None)
                    return


class _Ticket:
    """A place in the queue of one lane."""

    def __init__(self, task: asyncio.Task[object] | None) -> None:
        self.task = task
        self.called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
