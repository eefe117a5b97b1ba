"""The limits that all processes share, on both stores."""

from __future__ import annotations

import asyncio

import pytest
from pyrate_limiter import GCRA, Rate, StateBucket
from pyrate_limiter.abstracts.rate import RateItem
from sqlalchemy import text

from bot.adapters.store.engine import Database
from bot.adapters.store.rate_state import KEEP, SqlRateState, drop_unused
from bot.adapters.zoom.pacing import ALLOWANCES, ROUTINE_SHARE, Allowance, LoneAccounts, Pacer, Plan
from bot.adapters.zoom.protocol import Label
from bot.domain.errors import Transient
from bot.domain.values import LinkId
from bot.ports import ZoomUser
from tests.contracts.limiter_process import live
from tests.processes import Child
from tests.waiting import PATIENCE

LINK = LinkId("link-1")
SLOW = Rate(1, 60_000)


def bucket(database: Database, *rates: Rate, key: str = "a") -> StateBucket:
    return StateBucket(list(rates), algorithm=GCRA(), store=SqlRateState(database, key))


async def let_through(of: StateBucket, weight: int = 1) -> bool:
    put = of.put(RateItem("x", 0, weight))
    assert not isinstance(put, bool)
    return await put


async def stored(database: Database) -> list[str]:
    async with database.reading() as connection:
        return list(await connection.scalars(text("SELECT key FROM rate_bucket ORDER BY key")))


async def test_what_one_used_up_the_other_does_not_have(database: Database) -> None:
    first, second = bucket(database, SLOW), bucket(database, SLOW)
    assert await let_through(first)
    assert not await let_through(second)
    assert await let_through(bucket(database, SLOW, key="b"))


async def test_of_many_at_once_one_is_let_through(database: Database) -> None:
    answers = await asyncio.gather(*(let_through(bucket(database, SLOW)) for _ in range(20)))
    assert sum(answers) == 1


async def test_refused_call_uses_up_nothing(database: Database) -> None:
    of = bucket(database, SLOW)
    assert await let_through(of)
    before = await SqlRateState(database, "a").read(GCRA(), [SLOW])
    assert not await let_through(of)
    assert await SqlRateState(database, "a").read(GCRA(), [SLOW]) == before


async def test_reset_forgets(database: Database) -> None:
    of = bucket(database, SLOW)
    assert await let_through(of)
    await SqlRateState(database, "a").reset()
    assert await let_through(of)


async def test_state_for_another_number_of_rates_counts_as_none(database: Database) -> None:
    assert await let_through(bucket(database, SLOW))
    assert await let_through(bucket(database, SLOW, Rate(2, 120_000)))


async def test_what_never_fits_is_refused_instead_of_waiting(database: Database) -> None:
    with pytest.raises(ValueError, match="never fits"):
        await let_through(bucket(database, SLOW), weight=2)


async def test_states_nobody_used_for_a_day_go(database: Database) -> None:
    await let_through(bucket(database, SLOW, key="old"))
    await let_through(bucket(database, SLOW, key="young"))
    day = KEEP.total_seconds() * 1000 + 1000
    async with database.writing() as connection:
        await connection.execute(
            text("UPDATE rate_bucket SET used_ms = used_ms - :day WHERE key = 'old'"), {"day": int(day)}
        )
    assert await drop_unused(database) == 1
    assert await stored(database) == ["young"]


async def test_pacers_of_two_processes_keep_one_limit(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ALLOWANCES[Plan.FREE], Label.HEAVY, Allowance(1, 3600))
    accounts = LoneAccounts()
    first, second = (Pacer(lambda key: SqlRateState(database, key), accounts) for _ in range(2))
    basic: list[ZoomUser] = []
    await first.learn(LINK, basic)
    await first.wait(LINK, Label.HEAVY, PATIENCE)
    with pytest.raises(Transient):
        await second.wait(LINK, Label.HEAVY, 0.2)
    assert await stored(database) == [f"zoom:{LINK}:free:heavy"]


async def test_three_processes_together_stay_within_the_plan(store_url: str) -> None:
    """Were the limit not shared, they would be done in a third of the time."""
    times = 12
    processes = [Child(live, (store_url, times)) for _ in range(3)]
    assert [await process.heard() for process in processes] == ["ready"] * 3
    for process in processes:
        process.connection.send("go")
    spans = [await process.heard() for process in processes]
    assert [await process.ended() for process in processes] == [0] * 3
    seconds = (max(end for _, end in spans) - min(begin for begin, _ in spans)) / 1e9
    assert 3 * times <= ALLOWANCES[Plan.PRO][Label.MEDIUM].calls * ROUTINE_SHARE * (seconds + 1)
