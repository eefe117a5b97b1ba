"""SQLite with one trip to its thread for each statement.

aiosqlite drives each connection from a thread of its own, and every trip there and back costs more than a statement of ours. SQLAlchemy asks its
cursors one by one to open, to run, for all rows, and to close: four trips. Here they are one; what is asked and answered stays the same.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Self

import aiosqlite

_READ_AT_ONCE = 64
"""aiosqlite's own default for reading in chunks, which nobody here does."""


async def connect(file: Path) -> OneTripConnection:
    """A connection for SQLAlchemy's dialect `sqlite+aiosqlite`. Its thread never keeps the process from ending."""
    connection = OneTripConnection(lambda: sqlite3.connect(file), _READ_AT_ONCE)
    connection._thread.daemon = True  # as SQLAlchemy does with those it makes itself
    _ = await connection
    return connection


class OneTripConnection(aiosqlite.Connection):
    """aiosqlite's connection with other cursors, and an end that comes once."""

    _ending = False

    def stop(self) -> asyncio.Future[Any] | None:
        """End the thread; None if that was asked for before.

        SQLAlchemy ends a connection hard when its closing is cancelled, and the closing, which goes on, ends it once more. aiosqlite would wait then
        for a thread that is gone, and the process could never stop.
        """
        if self._ending:
            return None
        self._ending = True
        return super().stop()

    def cursor(self) -> OneTripCursor:  # type: ignore[override]
        """A cursor that is not open yet."""
        return OneTripCursor(self)


class OneTripCursor:
    """What SQLAlchemy uses of a cursor. Rows are fetched with the statement, as SQLAlchemy would at once."""

    def __init__(self, connection: OneTripConnection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Self:
        """Run one statement and fetch its rows."""
        return await self._run(lambda cursor: cursor.execute(statement, parameters))

    async def executemany(self, statement: str, parameters: Iterable[Sequence[Any]]) -> Self:
        """Run one statement for each set of parameters."""
        return await self._run(lambda cursor: cursor.executemany(statement, parameters))

    async def fetchall(self) -> list[Any]:
        """The rows, once."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Nothing is open any more."""

    async def _run(self, act: Callable[[sqlite3.Cursor], object]) -> Self:
        def there() -> None:
            cursor = self._connection._conn.cursor()
            try:
                act(cursor)
                self.description = cursor.description
                self._rows = cursor.fetchall() if cursor.description else []
                self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
            finally:
                cursor.close()

        await self._connection._execute(there)  # type: ignore[no-untyped-call]
        return self
