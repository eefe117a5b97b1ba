"""The one place that makes database engines, for SQLite and PostgreSQL, and the bundle of them that a process uses.

Four lanes. `routine` and `emergency` write; `read` refuses to write and never waits for a writer; `migration` changes
tables.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import URL, Connection, NullPool, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bot import metrics
from bot.adapters.store.compiled import COMPILED
from bot.adapters.store.gate import WriteGate, WriteLane
from bot.adapters.store.one_trip import connect
from bot.domain.errors import NeedsAttention

Lane = Literal["routine", "emergency", "read", "migration"]
Synchronous = Literal["NORMAL", "FULL"]

BUSY_TIMEOUT_MS = 5000
EMERGENCY_TIMEOUT_MS = 250
"""How long an emergency waits for another transaction before it goes ahead without the record."""

_OPTIONS = {"compiled_cache": COMPILED}

_DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
}


def normalise(url: str | URL) -> URL:
    """The address with the driver this project uses; Heroku's `postgres://` is understood.

    Raises:
        NeedsAttention: no address of a file or PostgreSQL server. The text never repeats the address: it may hold a
            password.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        parsed = None
    if parsed is None or parsed.drivername not in _DRIVERS:
        raise NeedsAttention(
            "DATABASE_URL is not understood. Give sqlite:///path/to/file.db or postgresql://user:password@host/database.",
            code="database_url",
        ) from None
    parsed = parsed.set(drivername=_DRIVERS[parsed.drivername])
    if is_sqlite(parsed) and parsed.database in (None, "", ":memory:"):
        raise NeedsAttention(
            "DATABASE_URL names no file: a SQLite database in memory would forget everything. Give sqlite:///path/to/file.db.",
            code="database_url",
        )
    return parsed


def is_sqlite(url: str | URL) -> bool:
    """Whether the address names a SQLite file."""
    return make_url(url).get_backend_name() == "sqlite"


def sqlite_file(url: str | URL) -> Path:
    """The database file that a SQLite address names."""
    return Path(normalise(url).database or "")


def create_engine(
    url: str | URL, *, lane: Lane = "routine", synchronous: Synchronous = "NORMAL", busy_timeout_ms: int | None = None
) -> AsyncEngine:
    """An engine for one lane. Error texts never hold the values of a statement.

    Args:
        synchronous: SQLite only. NORMAL survives a killed process; FULL also keeps the last commits through a power
            cut, at the price of a disk flush per commit (https://www.sqlite.org/pragma.html#pragma_synchronous).
        busy_timeout_ms: milliseconds to wait for another process's transaction; by default 5000, on the emergency lane
            250.

    Raises:
        NeedsAttention: the address is not understood, or the folder of the database file cannot be written.
    """
    parsed = normalise(url)
    timeout = busy_timeout_ms or (EMERGENCY_TIMEOUT_MS if lane == "emergency" else BUSY_TIMEOUT_MS)
    if is_sqlite(parsed):
        return _sqlite_engine(parsed, lane, synchronous, timeout)
    return _postgres_engine(parsed, lane, timeout)


def _sqlite_engine(url: URL, lane: Lane, synchronous: Synchronous, timeout_ms: int) -> AsyncEngine:
    file = sqlite_file(url)
    _demand_writable(file)
    pool = {"poolclass": NullPool} if lane == "migration" else {}
    engine = create_async_engine(
        url, hide_parameters=True, execution_options=_OPTIONS, async_creator=lambda: connect(file), **pool
    )
    pragmas = [f"busy_timeout={timeout_ms}"]
    if lane == "read":
        pragmas.append("query_only=ON")
    else:
        pragmas += [
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            # What is erased is overwritten, also where a page was split or an index entry went.
            "secure_delete=ON",
            # Batch migrations copy a table and drop the old one: with keys enforced, the drop deletes the rows that
            # point to it.
            f"foreign_keys={'OFF' if lane == 'migration' else 'ON'}",
        ]

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        # The driver would begin transactions of its own, late and deferred: two of them that read and then write lose
        # updates.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    begin = "BEGIN" if lane == "read" else "BEGIN IMMEDIATE"

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _postgres_engine(url: URL, lane: Lane, timeout_ms: int) -> AsyncEngine:
    if lane == "migration":
        return create_async_engine(url, hide_parameters=True, execution_options=_OPTIONS, poolclass=NullPool)
    options = {
        "routine": "",
        "emergency": f"-c lock_timeout={timeout_ms}",
        "read": "-c default_transaction_read_only=on",
    }[lane]
    settings = {"options": options} if options else {}
    return create_async_engine(
        url, hide_parameters=True, execution_options=_OPTIONS, pool_pre_ping=True, connect_args=settings
    )


def _demand_writable(file: Path) -> None:
    problem = None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = error.strerror
    else:
        if not os.access(file.parent, os.W_OK | os.X_OK) or (file.exists() and not os.access(file, os.W_OK)):
            problem = "no write permission"
        elif file.is_dir():
            problem = "it is a folder"
    if problem is not None:
        raise NeedsAttention(
            f"The database file {file} cannot be written ({problem}). Give this user write permission there, or set "
            "DATABASE_URL or DATA_DIR to a folder that can be written.",
            code="store_unwritable",
        )


@asynccontextmanager
async def _one_transaction(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    # Nothing begins by itself: a statement after the commit or the end is an error instead of a second transaction.
    # Rows are read anew each time, because writes go past the session's own memory of them.
    options = {"populate_existing": True}
    async with AsyncSession(engine, expire_on_commit=False, autobegin=False, execution_options=options) as session:
        _ = await session.begin()
        yield session


@dataclass(frozen=True)
class Database:
    """The engines of one process on one database, and the gate its writers pass. Never hold a network call inside a
    transaction."""

    url: URL
    routine: AsyncEngine
    emergency: AsyncEngine
    read: AsyncEngine
    gate: WriteGate

    @classmethod
    def at(cls, url: str | URL, *, synchronous: Synchronous = "NORMAL") -> Database:
        """The database at an address. Connects at the first use.

        Raises:
            NeedsAttention: as `create_engine`.
        """
        parsed = normalise(url)
        return cls(
            url=parsed,
            routine=create_engine(parsed, synchronous=synchronous),
            emergency=create_engine(parsed, lane="emergency", synchronous=synchronous),
            read=create_engine(parsed, lane="read"),
            gate=WriteGate(always_open=not is_sqlite(parsed)),
        )

    @asynccontextmanager
    async def writing(self, lane: WriteLane = "routine") -> AsyncIterator[AsyncConnection]:
        """A write transaction: committed when the block ends, rolled back when it raises."""
        with metrics.STORE_SECONDS.labels(lane).time():
            async with self.gate.entered(lane), self._writer(lane).begin() as connection:
                yield connection

    @asynccontextmanager
    async def session(self, lane: WriteLane = "routine") -> AsyncIterator[AsyncSession]:
        """A session for one unit of work: only its `commit()` keeps anything, leaving without it rolls back. Used after
        either, it raises."""
        with metrics.STORE_SECONDS.labels(lane).time():
            async with self.gate.entered(lane), _one_transaction(self._writer(lane)) as session:
                yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one moment of the database and cannot write. Waits for no writer."""
        async with self.read.connect() as connection:
            yield connection

    @asynccontextmanager
    async def read_session(self) -> AsyncIterator[AsyncSession]:
        """A session on the read lane: sees one moment of the database and cannot write. Waits for no writer."""
        with metrics.STORE_SECONDS.labels("read").time():
            async with _one_transaction(self.read) as session:
                yield session

    async def drop_old_pages(self) -> None:
        """Empty SQLite's `-wal` file, in which what was erased still stands
        (https://www.sqlite.org/pragma.html#pragma_wal_checkpoint). Nothing to do on PostgreSQL."""
        if not is_sqlite(self.url):
            return
        async with self.routine.connect() as connection:
            # On the driver's own connection: SQLAlchemy's would begin a transaction, and inside one this is refused.
            driver: Any = (await connection.get_raw_connection()).driver_connection
            await driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    async def close(self) -> None:
        """Close every connection. Without it the process does not end: each SQLite connection has its own thread."""
        for engine in (self.routine, self.emergency, self.read):
            await engine.dispose()

    def _writer(self, lane: WriteLane) -> AsyncEngine:
        return self.emergency if lane == "emergency" else self.routine
