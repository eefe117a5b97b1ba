"""Databases for tests: SQLite files in the test's own folder, and PostgreSQL databases of this test run's own.

`TEST_POSTGRES_URL` names a server where databases may be made (default: user postgres at 127.0.0.1:5432). Where none
answers, tests that need it are skipped with one reason, so that pytest's summary counts them; where `CI` is set they
fail instead.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import os
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from bot.adapters.store import migrate
from bot.adapters.store.engine import Database

POSTGRES_URL = os.environ.get("TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/test")

_numbers = itertools.count()


class PostgresServer:
    """Makes and drops databases whose names no other test run uses."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="postgresql")

    def execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self._text(self._url.database), autocommit=True, connect_timeout=30) as connection:
            connection.execute(statement)

    def create(self) -> str:
        """A new database's name."""
        name = f"vestibule_test_{os.getpid()}_{next(_numbers)}"
        self.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return name

    def drop(self, name: str) -> None:
        self.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def address(self, name: str) -> str:
        return self._text(name)

    def _text(self, name: str | None) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgres_server() -> PostgresServer:
    server = PostgresServer(POSTGRES_URL)
    try:
        server.execute(sql.Composed([sql.SQL("SELECT 1")]))
    except psycopg.OperationalError:
        if "CI" in os.environ:
            pytest.fail("CI is set but no PostgreSQL server answers (TEST_POSTGRES_URL)")
        pytest.skip("no PostgreSQL server answers (set TEST_POSTGRES_URL)")
    return server


class SharedDatabase:
    """One PostgreSQL database at head for all tests: emptied after each, because making a new one takes half a
    second."""

    def __init__(self, address: str) -> None:
        self.address = address
        with psycopg.connect(address) as connection:
            self._tables = self._present(connection)
            self._revision = connection.execute("SELECT version_num FROM alembic_version").fetchall()

    def empty(self) -> None:
        """Delete every row and every table that a test made. A transaction somebody left open fails the test here."""
        with psycopg.connect(self.address) as connection:
            connection.execute("SET LOCAL lock_timeout = '30s'")
            for table in self._present(connection) - self._tables:
                connection.execute(sql.SQL("DROP TABLE {} CASCADE").format(sql.Identifier(table)))
            # Deleting in any order, without foreign keys and triggers: a hundred times faster than TRUNCATE.
            connection.execute("SET LOCAL session_replication_role = replica")
            for table in self._tables:
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
            connection.cursor().executemany("INSERT INTO alembic_version VALUES (%s)", self._revision)

    @staticmethod
    def _present(connection: psycopg.Connection) -> set[str]:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {name for (name,) in found}


@pytest.fixture(scope="session")
def shared_postgres(postgres_server: PostgresServer) -> Iterator[SharedDatabase]:
    """The database at head that `postgres_url` gives out."""
    name = postgres_server.create()
    address = postgres_server.address(name)
    asyncio.run(migrate.upgrade(address))
    yield SharedDatabase(address)
    postgres_server.drop(name)


def sqlite_at_head(file: Path) -> str:
    """Make a SQLite database at head; its address. One is migrated in each process and copied from then on."""
    file.write_bytes(_head())
    return f"sqlite:///{file}"


@functools.cache
def _head() -> bytes:
    """A SQLite database at head, as the bytes of its file."""
    with TemporaryDirectory() as folder, ThreadPoolExecutor(1) as beside:  # a loop may be running in this thread
        file = Path(folder) / "head.db"
        beside.submit(asyncio.run, migrate.upgrade(f"sqlite:///{file}")).result()
        return file.read_bytes()


def everything_in(postgres_url: str) -> str:
    """Every value of every row, as text."""
    with psycopg.connect(postgres_url) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        tables = [sql.SQL("SELECT t::text FROM {} AS t").format(sql.Identifier(name)) for (name,) in names]
        return "\n".join(str(row) for table in tables for (row,) in connection.execute(table).fetchall())


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without tables, on each store in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = server.create()
    yield server.address(name)
    server.drop(name)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of a SQLite database at head."""
    return sqlite_at_head(tmp_path / "store.db")


@pytest.fixture
def postgres_url(shared_postgres: SharedDatabase) -> Iterator[str]:
    """The address of an empty PostgreSQL database at head. Tests that change its tables take `empty_url` instead."""
    yield shared_postgres.address
    shared_postgres.empty()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """The address of a database at head, on each store in turn."""
    fixture = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    address: str = request.getfixturevalue(fixture)
    return address


@pytest.fixture
def database_setting(request: pytest.FixtureRequest) -> str | None:
    """What DATABASE_URL is set to: nothing, or for the parameter "postgresql" an empty database at head."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return None
    address: str = request.getfixturevalue("postgres_url")
    return address


@pytest.fixture
async def database(store_url: str) -> AsyncIterator[Database]:
    """An open database at head, on each store in turn."""
    opened = Database.at(store_url)
    yield opened
    await opened.close()


@pytest.fixture
async def sqlite_database(sqlite_url: str) -> AsyncIterator[Database]:
    """An open SQLite database at head."""
    opened = Database.at(sqlite_url)
    yield opened
    await opened.close()
