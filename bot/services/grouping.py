"""Doing for many at once what each asks for alone, so that a rush costs few transactions and a lone request waits for nobody."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

from bot.domain.errors import VestibuleError
from bot.ports import Clock

AT_ONCE = 100
"""The most requests that are worked on together."""
GATHER = 0.05
"""Seconds in which the next group gathers where requests came while the last one was worked on. A request that comes alone never waits."""

Key = TypeVar("Key", bound=Hashable)
Item = TypeVar("Item")
Result = TypeVar("Result")
Group = list[tuple[Item, "asyncio.Future[Result]"]]


class Grouped(Generic[Key, Item, Result]):
    """Hands requests with the same key to `work` together: while one group is worked on, the next gathers.

    Args:
        work: does it for all of a group, and gives for each, in the same order, the result or the error to raise. What it raises itself is
            everybody's; but a bug breaks a group up, and each is worked on alone, so that one request cannot harm the others.
    """

    def __init__(
        self, work: Callable[[Key, Sequence[Item]], Awaitable[Sequence[Result | VestibuleError]]], clock: Clock
    ) -> None:
        self._work = work
        self._clock = clock
        self._waiting: dict[Key, deque[tuple[Item, asyncio.Future[Result]]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def do(self, key: Key, item: Item) -> Result:
        """The result for one request. Whoever stops waiting does not stop the others."""
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        queue = self._waiting.get(key)
        if queue is None:
            queue = self._waiting[key] = deque()
            # In a context of its own: what is logged there is not about whoever came first.
            task = asyncio.get_running_loop().create_task(self._work_off(key, queue), context=Context())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        queue.append((item, done))
        return await done

    async def _work_off(self, key: Key, queue: deque[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            await self._settle(key, _next(queue))
            while queue:
                await self._clock.sleep(GATHER)
                await self._settle(key, _next(queue))
        finally:
            del self._waiting[key]
            for _, done in queue:
                done.cancel()

    async def _settle(self, key: Key, group: Group[Item, Result]) -> None:
        try:
            results = await self._work(key, [item for item, _ in group])
        except VestibuleError as error:
            results = [error] * len(group)
        except Exception as bug:
            if len(group) > 1:
                for one in group:
                    await self._settle(key, [one])
            else:
                _fail(group, bug)
            return
        except BaseException:
            for _, done in group:
                done.cancel()
            raise
        for (_, done), result in zip(group, results, strict=True):
            if isinstance(result, VestibuleError):
                _fail([(None, done)], result)
            elif not done.done():
                done.set_result(result)


def _next(queue: deque[tuple[Item, asyncio.Future[Result]]]) -> Group[Item, Result]:
    return [queue.popleft() for _ in range(min(AT_ONCE, len(queue)))]


def _fail(group: Sequence[tuple[object, asyncio.Future[Result]]], error: Exception) -> None:
    for _, done in group:
        if not done.done():
            done.set_exception(error)
