"""How shard processes share the shards, fast: both in this process, on PostgreSQL, with short waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from bot.adapters.discord_chat import fleet, identifying
from bot.adapters.store import claims as claims_store
from bot.adapters.store.claims import PostgresClaims
from bot.adapters.store.engine import normalise
from bot.app import run
from bot.domain.errors import NeedsAttention
from bot.ports.claims import Claim
from bot.roles import Role
from tests.e2e.town import Town, town
from tests.waiting import PATIENCE, until


@pytest.fixture
async def place(postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    monkeypatch.setattr(identifying, "EVERY_MS", 50)
    monkeypatch.setattr(fleet, "TAKE_OVER_AFTER", 0.2)
    monkeypatch.setattr(fleet, "LOOK_EVERY", 0.05)
    monkeypatch.setattr(fleet, "LET_GO_AFTER", PATIENCE)
    monkeypatch.setattr(claims_store, "_ANSWER_WITHIN", PATIENCE)
    async with town(tmp_path, database_url=postgres_url) as made:
        made.discord.limits.identify_window = 0.0
        yield made


@asynccontextmanager
async def shards(place: Town, **settings: object) -> AsyncIterator[None]:
    """One `shard` process."""
    stop, ready = asyncio.Event(), asyncio.Event()
    chosen = place.with_settings(**settings)
    running = asyncio.create_task(
        run(chosen, stop=stop, outside=place.outside, on_ready=lambda _: ready.set(), role=Role.SHARD)
    )
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
    try:
        yield
    finally:
        stop.set()
        await running


def live(place: Town) -> list[int]:
    """The shards that are connected, once for each connection."""
    sessions = place.discord.gateway.sessions.values()
    return sorted(session.shard for session in sessions if session.connection is not None)


async def test_what_one_took_beyond_its_share_is_handed_to_one_with_room(
    place: Town, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = PostgresClaims(normalise(postgres_url))
    async with shards(place, shard_count=2, shards_per_process=1):
        await until(lambda: live(place) == [0, 1])
        monkeypatch.setattr(fleet, "TAKE_OVER_AFTER", 10 * PATIENCE)  # the first is not to be quicker than the second
        async with shards(place, shard_count=2, shards_per_process=1):
            await until(lambda: len(place.discord.gateway.identifies) == 3 and live(place) == [0, 1])
            assert await claims.held(Claim.SHARD) == {0, 1}
            assert await claims.held(Claim.SHARD_WANTED) == frozenset()
        monkeypatch.setattr(fleet, "TAKE_OVER_AFTER", 0.2)
        await until(lambda: live(place) == [0, 1] and len(place.discord.gateway.identifies) == 4)
    await until(lambda: live(place) == [])
    await claims.close()


async def test_without_a_share_the_second_stands_by(place: Town) -> None:
    async with shards(place, shard_count=2):
        await until(lambda: live(place) == [0, 1])
        async with shards(place, shard_count=2):
            await asyncio.sleep(0.5)  # ten looks: time enough to take what it must not
            assert len(place.discord.gateway.identifies) == 2


async def test_database_that_was_away_for_a_moment_costs_no_shard(place: Town, postgres_url: str) -> None:
    async with shards(place, shard_count=2):
        await until(lambda: live(place) == [0, 1])
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'vestibule-claims' AND datname = current_database()"
            )
        claims = PostgresClaims(normalise(postgres_url))

        async def claimed_again() -> bool:
            return await claims.held(Claim.SHARD) == {0, 1}

        await until(claimed_again)
        await claims.close()
        assert len(place.discord.gateway.identifies) == 2


async def test_another_number_of_shards_is_refused_with_what_to_do(place: Town) -> None:
    async with shards(place, shard_count=2):
        with pytest.raises(ExceptionGroup) as refused:
            async with shards(place, shard_count=3):
                pass
    told = refused.value.subgroup(NeedsAttention)
    assert told is not None
    assert "SHARD_COUNT is 3, but running shard processes go by 2" in repr(told)


async def test_without_a_number_the_one_in_use_holds(place: Town) -> None:
    async with shards(place, shard_count=2, shards_per_process=1), shards(place, shards_per_process=1):
        await until(lambda: live(place) == [0, 1])
