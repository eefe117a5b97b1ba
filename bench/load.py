"""How presses are put on the bot: as many as it takes, or at a steady pace."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from time import perf_counter

Act = Callable[[], Awaitable[float]]
"""Does one thing and gives what it measured."""


async def saturate(act: Act, *, at_once: int, seconds: float) -> float:
    """How many acts a second are finished when `at_once` people press again as soon as they are answered."""
    began = perf_counter()
    done = 0

    async def one() -> None:
        nonlocal done
        while perf_counter() - began < seconds:
            await act()
            done += 1

    await asyncio.gather(*(one() for _ in range(at_once)))
    return done / (perf_counter() - began)


async def paced(acts: tuple[Act, ...], gaps: Iterator[float], count: int) -> list[list[float]]:
    """Start each of `acts` once a gap, `count` times, whether or not earlier ones are finished; within a gap they start evenly apart.

    Returns:
        What each act measured, in the order of the starts.
    """
    started: list[list[asyncio.Task[float]]] = [[] for _ in acts]
    due = perf_counter()
    for _ in range(count):
        gap = next(gaps)
        for act, tasks in zip(acts, started, strict=True):
            await asyncio.sleep(max(0.0, due - perf_counter()))
            tasks.append(asyncio.ensure_future(act()))
            due += gap / len(acts)
    return [list(await asyncio.gather(*tasks)) for tasks in started]


def even(rate: float) -> Iterator[float]:
    """Gaps in seconds, all alike, `rate` a second."""
    while True:
        yield 1 / rate


def random_arrivals(rate: float, seed: int) -> Iterator[float]:
    """Gaps in seconds between people who know nothing of each other, `rate` a second on average; the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311  (arrivals, not secrets)
    while True:
        yield chance.expovariate(rate)
