"""Requests that are worked on together: nobody waits for company alone, nobody is harmed by it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from bot.domain.errors import Transient, UserMistake, VestibuleError
from bot.services.grouping import AT_ONCE, Grouped
from tests.services.fakes import FixedClock


class Work:
    """Doubles numbers. Held back until `go` is set; 13 is a mistake, 99 a bug, and `down` makes the whole group fail."""

    def __init__(self) -> None:
        self.groups: list[tuple[str, list[int]]] = []
        self.go = asyncio.Event()
        self.go.set()
        self.down = False

    async def __call__(self, key: str, numbers: Sequence[int]) -> Sequence[int | VestibuleError]:
        self.groups.append((key, list(numbers)))
        await self.go.wait()
        if self.down:
            raise Transient("Not now.")
        if 99 in numbers:
            raise KeyError(99)
        return [UserMistake("Not that one.") if number == 13 else number * 2 for number in numbers]


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def grouped(work: Work) -> Grouped[str, int, int]:
    return Grouped(work, FixedClock())


async def test_lone_request_does_not_wait_for_company(work: Work) -> None:
    clock = FixedClock()
    before = clock.now()
    assert await Grouped(work, clock).do("a", 1) == 2
    assert clock.now() == before


async def test_requests_that_come_meanwhile_are_worked_on_together(work: Work, grouped: Grouped[str, int, int]) -> None:
    work.go.clear()
    first = asyncio.create_task(grouped.do("a", 1))
    while not work.groups:
        await asyncio.sleep(0)
    others = [asyncio.create_task(grouped.do("a", number)) for number in range(101, 101 + AT_ONCE + 5)]
    await asyncio.sleep(0)
    work.go.set()
    assert await asyncio.gather(first, *others) == [2, *(number * 2 for number in range(101, 101 + AT_ONCE + 5))]
    assert [len(numbers) for _, numbers in work.groups] == [1, AT_ONCE, 5]


async def test_different_keys_do_not_wait_for_each_other(work: Work, grouped: Grouped[str, int, int]) -> None:
    work.go.clear()
    asking = [asyncio.create_task(grouped.do(key, 1)) for key in ("a", "b")]
    while len(work.groups) < 2:
        await asyncio.sleep(0)
    work.go.set()
    assert await asyncio.gather(*asking) == [2, 2]


async def test_refusal_of_one_is_nobody_elses(work: Work, grouped: Grouped[str, int, int]) -> None:
    answers = await asyncio.gather(*(grouped.do("a", number) for number in (1, 13, 3)), return_exceptions=True)
    assert (answers[0], answers[2]) == (2, 6)
    assert isinstance(answers[1], UserMistake)
    assert len(work.groups) == 1


async def test_bug_about_one_does_not_keep_the_others_out(work: Work, grouped: Grouped[str, int, int]) -> None:
    answers = await asyncio.gather(*(grouped.do("a", number) for number in (1, 99, 3)), return_exceptions=True)
    assert (answers[0], answers[2]) == (2, 6)
    assert isinstance(answers[1], KeyError)


async def test_what_stops_the_work_stops_everybody_once(work: Work, grouped: Grouped[str, int, int]) -> None:
    work.down = True
    answers = await asyncio.gather(*(grouped.do("a", number) for number in (1, 2)), return_exceptions=True)
    assert all(isinstance(answer, Transient) for answer in answers)
    assert len(work.groups) == 1
    work.down = False
    assert await grouped.do("a", 4) == 8


async def test_whoever_stops_waiting_does_not_stop_the_others(work: Work, grouped: Grouped[str, int, int]) -> None:
    work.go.clear()
    impatient, patient = (asyncio.create_task(grouped.do("a", number)) for number in (1, 2))
    while not work.groups:
        await asyncio.sleep(0)
    impatient.cancel()
    work.go.set()
    assert await patient == 4
    assert impatient.cancelled() or impatient.cancelling()
