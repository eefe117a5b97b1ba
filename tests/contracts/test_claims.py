"""Who of several processes does what, on PostgreSQL; each `PostgresClaims` stands for a process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest

from bot.adapters.store.claims import PostgresClaims
from bot.adapters.store.engine import normalise
from bot.adapters.timing import SystemClock
from bot.ports.claims import Claim, ClaimsLost
from bot.services import leading
from bot.services.leading import Leading, sole_worker
from tests.waiting import until

Pair = tuple[PostgresClaims, PostgresClaims]


@pytest.fixture
async def two(postgres_url: str) -> AsyncIterator[Pair]:
    made = PostgresClaims(normalise(postgres_url)), PostgresClaims(normalise(postgres_url))
    yield made
    for claims in made:
        await claims.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leading, "LOOK_EVERY", 0.02)


def cut_connections(url: str) -> None:
    """What a restart of the database does to the claims."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'vestibule-claims' AND datname = current_database()"
        )


async def test_one_has_it_until_it_lets_go(two: Pair) -> None:
    first, second = two
    assert await first.take(Claim.SHARD, 3)
    assert await first.take(Claim.SHARD, 3)
    assert not await second.take(Claim.SHARD, 3)
    assert await second.take(Claim.SHARD, 4)
    assert await second.held(Claim.SHARD) == {3, 4}
    await first.release(Claim.SHARD, 3)
    assert await second.take(Claim.SHARD, 3)
    assert await first.held(Claim.LEADING) == frozenset()


async def test_shared_by_many_or_held_by_one(two: Pair) -> None:
    first, second = two
    assert await first.share(Claim.WORKING)
    assert await second.share(Claim.WORKING)
    assert not await first.take(Claim.WORKING)
    await second.release(Claim.WORKING)
    assert await first.take(Claim.WORKING)
    assert not await second.share(Claim.WORKING)


async def test_claims_end_with_the_connection_and_are_told_to_be_lost(two: Pair, postgres_url: str) -> None:
    first, second = two
    assert await first.take(Claim.LEADING)
    cut_connections(postgres_url)
    with pytest.raises(ClaimsLost):
        await first.take(Claim.LEADING)
    assert await second.take(Claim.LEADING)
    assert not await first.take(Claim.LEADING)


async def test_one_leads_and_another_follows_when_it_ends(two: Pair, postgres_url: str) -> None:
    at_work: list[str] = []

    async def work(name: str) -> None:
        at_work.append(name)
        try:
            await asyncio.Event().wait()
        finally:
            at_work.remove(name)

    clock = SystemClock()
    running = {
        name: asyncio.create_task(Leading(claims, clock).run(lambda name=name: work(name)))  # type: ignore[misc]
        for name, claims in zip(("first", "second"), two, strict=True)
    }
    await until(lambda: len(at_work) == 1)
    (leader,) = at_work
    (follower,) = running.keys() - {leader}
    running[leader].cancel()
    await asyncio.gather(running[leader], return_exceptions=True)
    await two[leader == "second"].close()
    await until(lambda: at_work == [follower])
    running[follower].cancel()
    await asyncio.gather(*running.values(), return_exceptions=True)


async def test_leader_without_its_claim_stops(two: Pair, postgres_url: str) -> None:
    begun: list[int] = []
    ended: list[int] = []

    async def work() -> None:
        begun.append(len(begun))
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(len(ended))

    running = asyncio.create_task(Leading(two[0], SystemClock()).run(work))
    await until(lambda: len(begun) == 1)
    cut_connections(postgres_url)
    await until(lambda: len(ended) == 1 and len(begun) == 2)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_only_the_first_worker_takes_what_the_dead_left(two: Pair) -> None:
    prepared: list[str] = []

    async def prepare(name: str) -> None:
        await asyncio.sleep(0.05)
        prepared.append(name)

    clock = SystemClock()
    alone = await asyncio.gather(
        *(sole_worker(claims, clock, lambda n=name: prepare(n)) for name, claims in zip("ab", two, strict=True))  # type: ignore[misc]
    )
    assert sum(alone) == len(prepared) == 1


async def test_without_claims_the_only_process_leads() -> None:
    done: list[int] = []

    async def work() -> None:
        done.append(1)

    await Leading(None, SystemClock()).run(work)
    assert done == [1]
