"""The engine factory, the write gate and the column types, on real database files and a real server."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Column, MetaData, String, Table, insert, select, text
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.store.base import UtcDateTime, generated_id
from bot.adapters.store.compiled import COMPILED
from bot.adapters.store.engine import Database, create_engine, normalise
from bot.adapters.store.errors import explain
from bot.adapters.store.gate import WriteGate, WriteLane
from bot.adapters.store.one_trip import connect
from bot.domain.errors import NeedsAttention, Transient, VestibuleError
from tests.waiting import PATIENCE, until

# ------------------------------------------------------------------------------------------------ addresses


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("postgres://u:p@h:5/d?sslmode=require", "postgresql+psycopg://u:p@h:5/d?sslmode=require"),
        ("postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("sqlite:///data/bot.db", "sqlite+aiosqlite:///data/bot.db"),
        ("sqlite:////var/lib/bot.db", "sqlite+aiosqlite:////var/lib/bot.db"),
    ],
)
def test_usual_addresses_are_understood(given: str, understood: str) -> None:
    assert normalise(given).render_as_string(hide_password=False) == understood


@pytest.mark.parametrize("given", ["", "hunter2", "mysql://u:hunter2@h/d", "sqlite://", "sqlite:///:memory:"])
def test_other_addresses_are_refused_without_repeating_them(given: str) -> None:
    with pytest.raises(NeedsAttention, match="DATABASE_URL") as refused:
        normalise(given)
    assert "hunter2" not in refused.value.message


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    create_engine(f"sqlite:///{tmp_path / 'new' / 'bot.db'}")
    assert (tmp_path / "new").is_dir()


def test_a_folder_that_cannot_be_written_is_told_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file" / "bot.db", tmp_path / "folder"):
        (tmp_path / "folder").mkdir(exist_ok=True)
        with pytest.raises(NeedsAttention, match="cannot be written") as refused:
            create_engine(f"sqlite:///{place}")
        assert str(place) in refused.value.message


# ------------------------------------------------------------------------------------------------ transactions

_COUNT_UP = """
import asyncio, sys
from sqlalchemy import text
from bot.adapters.store.engine import create_engine

async def main():
    engine = create_engine(sys.argv[1])
    for _ in range(200):
        async with engine.begin() as connection:
            count = (await connection.execute(text("SELECT count FROM counter"))).scalar_one()
            await connection.execute(text("UPDATE counter SET count = :count"), {"count": count + 1})
    await engine.dispose()

asyncio.run(main())
"""


async def test_two_processes_lose_none_of_their_updates(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'counter.db'}"
    engine = create_engine(url)
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE counter (count INTEGER)"))
        await connection.execute(text("INSERT INTO counter VALUES (0)"))
    both = [await asyncio.create_subprocess_exec(sys.executable, "-c", _COUNT_UP, url) for _ in range(2)]
    assert [await process.wait() for process in both] == [0, 0]
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT count FROM counter"))).scalar_one() == 400
    await engine.dispose()


async def pragma(database_url: str, lane: str, name: str) -> object:
    engine = create_engine(database_url, lane=lane, synchronous="FULL")  # type: ignore[arg-type]
    try:
        async with engine.connect() as connection:
            return (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
    finally:
        await engine.dispose()


async def test_each_lane_has_its_settings(sqlite_url: str) -> None:
    for lane in ("routine", "emergency"):
        assert await pragma(sqlite_url, lane, "foreign_keys") == 1
        assert await pragma(sqlite_url, lane, "synchronous") == 2
        assert await pragma(sqlite_url, lane, "query_only") == 0
    assert await pragma(sqlite_url, "routine", "busy_timeout") == 5000
    assert await pragma(sqlite_url, "emergency", "busy_timeout") == 250
    assert await pragma(sqlite_url, "migration", "foreign_keys") == 0
    assert await pragma(sqlite_url, "read", "query_only") == 1
    assert await pragma(sqlite_url, "read", "journal_mode") == "wal"


async def test_a_reader_waits_for_no_writer_and_sees_what_was_committed(database: Database) -> None:
    async with database.writing() as writer:
        await writer.execute(text("CREATE TABLE thing (name VARCHAR(9))"))
    async with database.writing() as writer:
        await writer.execute(text("INSERT INTO thing VALUES ('new')"))
        async with database.reading() as reader:
            assert (await reader.execute(text("SELECT count(*) FROM thing"))).scalar_one() == 0
    async with database.read_session() as session:
        assert (await session.execute(text("SELECT count(*) FROM thing"))).scalar_one() == 1


async def test_a_statement_is_compiled_once_for_all_lanes(database: Database) -> None:
    table = Table("thing", MetaData(), Column("name", String(9)))
    async with database.writing() as writer:
        await writer.run_sync(table.metadata.create_all)
        await writer.execute(insert(table).values(name="first"))
    known = len(COMPILED)
    async with database.writing("emergency") as writer:
        await writer.execute(insert(table).values(name="second"))
        assert len(COMPILED) == known
        found = await writer.execute(select(table).where(table.c.name == "second"))
    assert found.scalar_one() == "second"
    assert len(COMPILED) == known + 1
    async with database.reading() as reader:
        found = await reader.execute(select(table).where(table.c.name == "first"))
    assert found.scalar_one() == "first", "the statement is shared, its values are not"
    assert len(COMPILED) == known + 1


async def test_the_read_lane_cannot_write(database: Database) -> None:
    async with database.reading() as reader:
        with pytest.raises(DBAPIError, match=r"read-?only"):
            await reader.execute(text("CREATE TABLE thing (name VARCHAR(9))"))


async def test_leaving_a_session_without_commit_keeps_nothing(database: Database) -> None:
    async with database.writing() as writer:
        await writer.execute(text("CREATE TABLE thing (name VARCHAR(9))"))
    async with database.session() as session:
        await session.execute(text("INSERT INTO thing VALUES ('lost')"))
    async with database.session() as session:
        await session.execute(text("INSERT INTO thing VALUES ('kept')"))
        await session.commit()
    async with database.reading() as reader:
        assert list((await reader.execute(text("SELECT name FROM thing"))).scalars()) == ["kept"]


async def test_a_cancelled_transaction_is_undone_and_the_next_one_goes_on(database: Database) -> None:
    async with database.writing() as writer:
        await writer.execute(text("CREATE TABLE thing (name VARCHAR(9))"))
    begun = asyncio.Event()

    async def hang() -> None:
        async with database.writing() as writer:
            await writer.execute(text("INSERT INTO thing VALUES ('lost')"))
            begun.set()
            await asyncio.Event().wait()

    hanging = asyncio.create_task(hang())
    await begun.wait()
    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hanging
    async with database.writing() as writer:
        assert (await writer.execute(text("SELECT count(*) FROM thing"))).scalar_one() == 0


async def test_a_connection_that_is_ended_while_it_closes_does_not_wait_for_ever(tmp_path: Path) -> None:
    connection = await connect(tmp_path / "bot.db")
    closing = asyncio.create_task(connection.close())
    await asyncio.sleep(0)
    connection.stop()
    async with asyncio.timeout(PATIENCE):
        await closing
        await asyncio.to_thread(connection._thread.join)


async def test_an_error_never_holds_the_values_of_its_statement(database: Database) -> None:
    async with database.writing() as writer:
        with pytest.raises(DBAPIError) as failed:
            await writer.execute(text("INSERT INTO nowhere VALUES (:link)"), {"link": "secret-link"})
    assert "secret-link" not in str(failed.value)


# ------------------------------------------------------------------------------------------------ errors in words


async def test_a_missing_table_asks_for_the_migration(database: Database) -> None:
    async with database.reading() as reader:
        with pytest.raises(DBAPIError) as failed:
            await reader.execute(text("SELECT * FROM nowhere"))
    told = explain(failed.value)
    assert isinstance(told, NeedsAttention)
    assert "bot migrate" in told.message


async def failure_of(engine: AsyncEngine) -> VestibuleError | None:
    with pytest.raises(OperationalError) as failed:
        async with engine.begin():
            """Not reached."""
    await engine.dispose()
    return explain(failed.value)


async def test_a_busy_database_is_transient(sqlite_url: str) -> None:
    busy = create_engine(sqlite_url)
    async with busy.begin():
        told = await failure_of(create_engine(sqlite_url, busy_timeout_ms=1))
    await busy.dispose()
    assert isinstance(told, Transient)
    assert told.code == "store_busy"


async def test_a_server_that_does_not_answer_is_transient() -> None:
    told = await failure_of(create_engine("postgresql://postgres@127.0.0.1:1/none"))
    assert isinstance(told, Transient)
    assert told.code == "store_unreachable"


async def test_a_wrong_database_or_user_needs_attention(postgres_url: str) -> None:
    right = normalise(postgres_url)
    for wrong, code in (
        (right.set(database="nowhere"), "store_missing"),
        (right.set(username="nobody"), "store_refused"),
    ):
        told = await failure_of(create_engine(wrong))
        assert isinstance(told, NeedsAttention)
        assert told.code == code


async def test_a_damaged_file_and_a_folder_that_went_away_need_attention(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "bot.db"
    engine = create_engine(f"sqlite:///{file}")
    file.parent.rmdir()
    told = await failure_of(engine)
    assert told is not None
    assert told.code == "store_unreadable"
    damaged = create_engine(f"sqlite:///{file}")
    file.write_bytes(b"SQLite format 3\0" + b"\xff" * 4096)
    with pytest.raises(DBAPIError) as failed:
        async with damaged.begin() as connection:
            await connection.execute(text("SELECT * FROM sqlite_master"))
    await damaged.dispose()
    told = explain(failed.value)
    assert isinstance(told, NeedsAttention)
    assert told.code == "store_damaged"


# ------------------------------------------------------------------------------------------------ the gate


class Visitors:
    """Tasks that want through a gate; says who has been inside, in order."""

    def __init__(self, gate: WriteGate) -> None:
        self.gate = gate
        self.order: list[str] = []
        self.leave = asyncio.Event()

    async def visit(self, name: str, lane: WriteLane) -> None:
        async with self.gate.entered(lane):
            self.order.append(name)
            await self.leave.wait()

    async def arrive(self, name: str, lane: WriteLane = "routine") -> asyncio.Task[None]:
        """A visitor who is inside, or waits, when this returns."""
        before = len(self.order) + self.gate.waiting
        task = asyncio.create_task(self.visit(name, lane))
        await until(lambda: len(self.order) + self.gate.waiting > before)
        return task


async def test_emergencies_go_first_and_others_in_order() -> None:
    visitors = Visitors(WriteGate())
    tasks = [await visitors.arrive(name) for name in ("a", "b", "c")]
    tasks += [await visitors.arrive(name, "emergency") for name in ("E1", "E2")]
    assert visitors.order == ["a"]
    visitors.leave.set()
    await asyncio.gather(*tasks)
    assert visitors.order == ["a", "E1", "E2", "b", "c"]


async def test_one_who_gives_up_waiting_holds_nobody_back() -> None:
    visitors = Visitors(WriteGate())
    first, second, third = [await visitors.arrive(name) for name in ("a", "b", "c")]
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    assert visitors.gate.waiting == 1
    visitors.leave.set()
    await asyncio.gather(first, third)
    assert visitors.order == ["a", "c"]


async def test_one_cancelled_in_the_moment_it_is_let_in_passes_it_on() -> None:
    gate = WriteGate()
    visitors = Visitors(gate)
    async with gate.entered():
        second, third = await visitors.arrive("b"), await visitors.arrive("c")
    # Leaving has called "b", which has not run yet.
    second.cancel()
    visitors.leave.set()
    await asyncio.gather(second, third, return_exceptions=True)
    assert visitors.order == ["c"]
    async with gate.entered():
        assert gate.waiting == 0


async def test_one_cancelled_in_the_moment_before_the_gate_opens_is_passed_over() -> None:
    gate = WriteGate()
    visitors = Visitors(gate)
    async with gate.entered():
        second, third = await visitors.arrive("b"), await visitors.arrive("c")
        second.cancel()
    # "b" has not run yet since it was cancelled.
    visitors.leave.set()
    with pytest.raises(asyncio.CancelledError):
        await second
    await third
    assert visitors.order == ["c"]
    assert gate.waiting == 0


async def test_an_error_inside_opens_the_gate() -> None:
    gate = WriteGate()
    with pytest.raises(ValueError, match="inside"):
        async with gate.entered():
            raise ValueError("inside")
    async with gate.entered():
        assert gate.waiting == 0


async def test_a_second_transaction_inside_the_first_is_refused(sqlite_database: Database) -> None:
    async with sqlite_database.writing():
        with pytest.raises(RuntimeError, match="inside an open one"):
            async with sqlite_database.writing():
                """Not reached."""
    async with sqlite_database.writing("emergency"):
        """Nobody holds the gate any more."""


async def test_an_open_gate_lets_everybody_in() -> None:
    gate = WriteGate(always_open=True)
    async with gate.entered(), gate.entered("emergency"):
        assert gate.waiting == 0


async def test_only_sqlite_writes_one_at_a_time(database: Database) -> None:
    async def write() -> None:
        async with database.writing() as writer:
            await writer.execute(text("SELECT 1"))

    async with database.writing() as writer:
        await writer.execute(text("SELECT 1"))
        other = asyncio.create_task(write())
        if database.url.get_backend_name() == "sqlite":
            await until(lambda: database.gate.waiting == 1)
            assert not other.done()
        else:
            await asyncio.wait_for(other, PATIENCE)
    await other


# ------------------------------------------------------------------------------------------------ column types

_metadata = MetaData()
_moment = Table("moment", _metadata, Column("id", generated_id(), primary_key=True), Column("at", UtcDateTime))


async def test_instants_come_back_as_aware_utc_and_are_found_by_equality(database: Database) -> None:
    nine = datetime(2027, 1, 5, 9, 0, 0, 250, tzinfo=ZoneInfo("America/New_York"))
    async with database.writing() as writer:
        await writer.run_sync(_metadata.create_all)
        await writer.execute(insert(_moment), [{"at": nine}, {"at": None}])
    async with database.reading() as reader:
        found = (await reader.execute(select(_moment.c.at).where(_moment.c.at == nine.astimezone(UTC)))).scalar_one()
        assert (await reader.execute(select(_moment.c.at).where(_moment.c.id == 2))).scalar_one() is None
    assert found == nine
    assert found.utcoffset() == timedelta(0)
    assert found.hour == 14


async def test_instants_sort_by_time_whatever_their_zone(database: Database) -> None:
    base = datetime(2027, 1, 5, 12, tzinfo=UTC)
    moments = [base.replace(microsecond=1), base, base.astimezone(timezone(timedelta(hours=9))) + timedelta(seconds=1)]
    async with database.writing() as writer:
        await writer.run_sync(_metadata.create_all)
        await writer.execute(insert(_moment), [{"at": at} for at in moments])
    async with database.reading() as reader:
        found = (await reader.execute(select(_moment.c.at).order_by(_moment.c.at))).scalars().all()
    assert list(found) == sorted(moments)


async def test_a_naive_instant_is_refused(database: Database) -> None:
    async with database.writing() as writer:
        await writer.run_sync(_metadata.create_all)
        with pytest.raises(StatementError, match="naive"):
            await writer.execute(insert(_moment).values(at=datetime(2027, 1, 5, 9)))  # noqa: DTZ001
