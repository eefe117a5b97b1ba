"""The state of a rate limit, kept in the database so that all processes count together.

The arithmetic is pyrate-limiter's; here is only what makes one step of it atomic. Every step is a transaction of its own: taken inside another
one, a rollback there would give the call back that was already let through.
"""

from __future__ import annotations

import json
from datetime import timedelta

from pyrate_limiter import Rate
from pyrate_limiter.abstracts.algorithm import Decision, State, StateAlgorithm
from pyrate_limiter.abstracts.store import StateStore
from pyrate_limiter.clocks import WallClock
from sqlalchemy import BigInteger, cast, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.adapters.store.engine import Database, is_sqlite
from bot.adapters.store.tables_limits import RateBucketRow

KEEP = timedelta(days=1)
"""A state not used for so long equals a fresh one, as long as no limit is counted over more than a day."""


class SqlRateState(StateStore):
    """One key's state. Use it with one `Limiter` per key: a limiter holds its lock while it waits.

    Args:
        key: names the bucket, the same in every process.
    """

    is_async = True
    default_clock = WallClock()

    def __init__(self, database: Database, key: str) -> None:
        self._database = database
        self._key = key

    async def check(self, algorithm: StateAlgorithm, rates: list[Rate], now: int, weight: int) -> Decision:  # noqa: ARG002
        """Let `weight` through if the rates allow it. `now` is not used: it is older than the wait for the row.

        Raises:
            ValueError: so much never fits at once, and would wait for ever.
        """
        if any(weight > algorithm.max_weight(rate) for rate in rates):
            raise ValueError(f"a weight of {weight} never fits into the limit {self._key}")
        async with self._database.writing() as connection:
            stored = await self._locked(connection, algorithm, rates)
            moment = await _moment(connection)
            state, decision = algorithm.step(rates, stored, moment, weight)
            if decision.allowed:
                values = {"state": json.dumps(state), "used_ms": moment}
                await connection.execute(update(RateBucketRow).where(RateBucketRow.key == self._key).values(values))
        return decision

    async def read(self, algorithm: StateAlgorithm, rates: list[Rate]) -> State:
        """The state as it is. For reports only."""
        async with self._database.reading() as connection:
            text = await connection.scalar(select(RateBucketRow.state).where(RateBucketRow.key == self._key))
        return _fitting(text, algorithm, rates)

    async def reset(self) -> None:
        """Forget what was used up."""
        async with self._database.writing() as connection:
            await connection.execute(delete(RateBucketRow).where(RateBucketRow.key == self._key))

    async def _locked(self, connection: AsyncConnection, algorithm: StateAlgorithm, rates: list[Rate]) -> State:
        """The stored state, which nobody else can change until the transaction ends."""
        wanted = select(RateBucketRow.state).where(RateBucketRow.key == self._key).with_for_update()
        text = await connection.scalar(wanted)
        if text is None:
            fresh = {"key": self._key, "state": json.dumps(algorithm.initial(rates)), "used_ms": 0}
            dialect = sqlite if is_sqlite(self._database.url) else postgresql
            await connection.execute(dialect.insert(RateBucketRow).values(fresh).on_conflict_do_nothing())
            text = await connection.scalar(wanted)
        return _fitting(text, algorithm, rates)


async def drop_unused(database: Database) -> int:
    """Delete states nobody used for `KEEP`; says how many."""
    async with database.writing() as connection:
        before = await _moment(connection) - KEEP // timedelta(milliseconds=1)
        gone = await connection.execute(
            delete(RateBucketRow).where(RateBucketRow.used_ms < before).returning(RateBucketRow.key)
        )
        return len(gone.all())


def _fitting(text: str | None, algorithm: StateAlgorithm, rates: list[Rate]) -> State:
    """A state stored for another number of rates counts as none."""
    stored = tuple(json.loads(text)) if text is not None else ()
    return stored if len(stored) == len(rates) else algorithm.initial(rates)


async def _moment(connection: AsyncConnection) -> int:
    """Milliseconds since 1970, as the database sees it: machines' clocks differ. SQLite's processes share one machine."""
    if connection.dialect.name == "sqlite":
        return WallClock().now()
    # clock_timestamp, because now() stands still from the beginning of the transaction.
    moment = select(cast(func.extract("epoch", func.clock_timestamp()) * 1000, BigInteger))
    return int((await connection.execute(moment)).scalar_one())
