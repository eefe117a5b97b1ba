"""Claims of processes, kept as PostgreSQL's advisory locks of a session
(https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS).

They live exactly as long as one connection, so they cannot outlive their process. A machine that vanishes without a word is noticed by the server's
keep-alive within some 15 seconds.
"""

from __future__ import annotations

import asyncio
from typing import LiteralString

import psycopg
from sqlalchemy import URL

from bot.ports.claims import Claim, ClaimsLost

_SPACE = 728_154_000
"""Any number: the advisory locks of this application begin here."""
_ANSWER_WITHIN = 3.0
_KEEP_ALIVE = "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=3 -c tcp_keepalives_count=3"

_Key = tuple[Claim, int]


class PostgresClaims:
    """Implements `bot.ports.claims.Claims` on one connection of its own, opened at the first use."""

    def __init__(self, url: URL) -> None:
        self._address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection: psycopg.AsyncConnection | None = None
        self._one_at_a_time = asyncio.Lock()
        self._alone: set[_Key] = set()
        self._shared: set[_Key] = set()

    async def take(self, what: Claim, number: int = 0) -> bool:
        """As `Claims.take`."""
        return await self._claim("SELECT pg_try_advisory_lock(%s, %s)", self._alone, (what, number))

    async def share(self, what: Claim, number: int = 0) -> bool:
        """As `Claims.share`."""
        return await self._claim("SELECT pg_try_advisory_lock_shared(%s, %s)", self._shared, (what, number))

    async def release(self, what: Claim, number: int = 0) -> None:
        """As `Claims.release`."""
        key = (what, number)
        if key in self._alone:
            await self._ask("SELECT pg_advisory_unlock(%s, %s)", _SPACE + what.value, number)
        if key in self._shared:
            await self._ask("SELECT pg_advisory_unlock_shared(%s, %s)", _SPACE + what.value, number)
        self._alone.discard(key)
        self._shared.discard(key)

    async def held(self, what: Claim) -> frozenset[int]:
        """As `Claims.held`."""
        rows = await self._ask(
            "SELECT DISTINCT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid::bigint = %s"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            _SPACE + what.value,
        )
        return frozenset(int(number) for (number,) in rows)

    async def close(self) -> None:
        """Give up everything."""
        self._alone.clear()
        self._shared.clear()
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _claim(self, statement: LiteralString, kept: set[_Key], key: _Key) -> bool:
        """The database counts how often a session takes a lock; here it is taken once."""
        if key in kept:
            await self._ask("SELECT 1")
            return True
        ((taken,),) = await self._ask(statement, _SPACE + key[0].value, key[1])
        if taken:
            kept.add(key)
        return bool(taken)

    async def _ask(self, statement: LiteralString, *values: int) -> list[tuple[int, ...]]:
        async with self._one_at_a_time:
            try:
                async with asyncio.timeout(_ANSWER_WITHIN):
                    connection = self._connection or await self._connected()
                    cursor = await connection.execute(statement, values)
                    return await cursor.fetchall()
            except (psycopg.Error, OSError, TimeoutError) as error:
                await self.close()
                raise ClaimsLost from error

    async def _connected(self) -> psycopg.AsyncConnection:
        connection = await psycopg.AsyncConnection.connect(
            self._address, autocommit=True, connect_timeout=2, options=_KEEP_ALIVE, application_name="vestibule-claims"
        )
        self._connection = connection
        return connection
