"""Migrations: up, down and in step with the tables, on both stores; copies before an upgrade."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from procrastinate.schema import migrations_path
from sqlalchemy import inspect, text

from bot.adapters.store import migrate
from bot.adapters.store.backup import KEEP, backup
from bot.adapters.store.engine import Database, create_engine, sqlite_file
from bot.domain.errors import NeedsAttention


async def tables(url: str) -> set[str]:
    engine = create_engine(url)
    async with engine.connect() as connection:
        found = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
    await engine.dispose()
    return found


async def test_up_then_down_leaves_nothing_and_up_again_works(empty_url: str) -> None:
    assert await migrate.current(empty_url) is None
    await migrate.upgrade(empty_url)
    head = await migrate.current(empty_url)
    assert head is not None
    there = await tables(empty_url)
    assert ("work_job" in there) == empty_url.startswith("sqlite")
    assert ("procrastinate_jobs" in there) == empty_url.startswith("postgresql")
    await migrate.downgrade(empty_url, "base")
    assert await migrate.current(empty_url) is None
    assert await tables(empty_url) == {"alembic_version"}
    await migrate.upgrade(empty_url)
    assert await migrate.current(empty_url) == head


async def test_a_migrated_database_has_exactly_the_tables_of_the_code(store_url: str) -> None:
    assert await migrate.check(store_url) == []


async def test_a_table_that_is_missing_is_found(empty_url: str) -> None:
    assert await migrate.check(empty_url) != []


async def test_a_column_too_many_is_found(sqlite_url: str) -> None:
    with closing(sqlite3.connect(sqlite_file(sqlite_url))) as connection:
        connection.execute("ALTER TABLE work_periodic ADD COLUMN more TEXT")
    (difference,) = await migrate.check(sqlite_url)
    assert "more" in difference


async def test_two_processes_may_upgrade_at_once(empty_url: str) -> None:
    await asyncio.gather(migrate.upgrade(empty_url), migrate.upgrade(empty_url))
    assert await migrate.check(empty_url) == []


async def test_upgrading_again_does_nothing_and_copies_nothing(sqlite_url: str, tmp_path: Path) -> None:
    assert await migrate.upgrade(sqlite_url, backup_folder=tmp_path / "backups") is None
    assert not (tmp_path / "backups").exists()


async def test_a_database_of_a_newer_version_is_left_alone(store_url: str) -> None:
    database = Database.at(store_url)
    async with database.writing() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await database.close()
    with pytest.raises(NeedsAttention, match="9999"):
        await migrate.upgrade(store_url)
    assert await migrate.current(store_url) == "9999"


async def test_rows_that_would_point_to_nothing_undo_the_migration(sqlite_url: str) -> None:
    head = await migrate.current(sqlite_url)
    with closing(sqlite3.connect(sqlite_file(sqlite_url))) as connection:
        connection.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        connection.execute("CREATE TABLE child (parent_id INTEGER REFERENCES parent (id))")
        connection.execute("INSERT INTO child VALUES (1)")
        connection.commit()
    with pytest.raises(NeedsAttention, match="child"):
        await migrate.downgrade(sqlite_url, "base")
    assert await migrate.current(sqlite_url) == head
    assert "work_job" in await tables(sqlite_url)


async def test_what_waits_in_the_queue_survives_an_upgrade_of_the_rest(empty_url: str) -> None:
    await migrate.upgrade(empty_url, "0001")
    table = "work_job" if empty_url.startswith("sqlite") else "procrastinate_jobs"
    database = Database.at(empty_url)
    async with database.writing() as connection:
        await connection.execute(text(_INSERT_JOB[table]))
    await database.close()
    await migrate.upgrade(empty_url)
    database = Database.at(empty_url)
    async with database.reading() as connection:
        assert (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 1  # noqa: S608
    await database.close()


_INSERT_JOB = {
    "work_job": "INSERT INTO work_job (queue_name, task_name, priority, args, status, changed_at, attempts, abort_requested) "
    "VALUES ('live', 'fold', 0, '{}', 'todo', 0, 0, 0)",
    "procrastinate_jobs": "INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('live', 'fold')",
}


def test_the_engines_own_schema_is_the_one_the_first_revision_installs() -> None:
    newest = max(file.name for file in migrations_path.glob("*.sql"))
    assert newest == "03.04.00_50_post_add_retry_failed_job_procedure.sql", (
        "procrastinate changed its PostgreSQL schema: add a revision that runs its new SQL files, and look at the SQLite queries"
    )


async def test_a_drafted_revision_does_not_import_the_application(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(migrate._FOLDER, tmp_path / "migrations")
    for revision in (folder / "versions").glob("0*.py"):
        if not revision.name.startswith("0001"):
            revision.unlink()
    monkeypatch.setattr(migrate, "_FOLDER", folder)
    fresh = f"sqlite:///{tmp_path / 'fresh.db'}"
    await migrate.upgrade(fresh)
    written = (await migrate.draft(fresh, "The application's tables", "0002")).read_text(encoding="utf-8")
    compile(written, "0002.py", "exec")
    assert "bot." not in written


# ------------------------------------------------------------------------------------------------ copies


async def test_an_upgrade_copies_the_database_first(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'bot.db'}"
    await migrate.upgrade(url, "0001")
    copy = await migrate.upgrade(url, backup_folder=tmp_path / "backups")
    assert copy is not None
    assert await migrate.current(url) != "0001"
    assert await migrate.current(f"sqlite:///{copy}") == "0001"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


async def test_a_copy_holds_what_was_committed_a_moment_ago(sqlite_database: Database, tmp_path: Path) -> None:
    async with sqlite_database.writing() as connection:
        await connection.execute(text("INSERT INTO work_worker (heartbeat) VALUES (1)"))
    copy = await backup(sqlite_database.url, tmp_path / "backups")
    assert copy is not None
    with closing(sqlite3.connect(copy)) as restored:
        assert restored.execute("SELECT count(*) FROM work_worker").fetchone() == (1,)


async def test_only_the_newest_copies_stay(sqlite_url: str, tmp_path: Path) -> None:
    copies = [await backup(sqlite_url, tmp_path / "backups") for _ in range(KEEP + 2)]
    assert set((tmp_path / "backups").iterdir()) == set(copies[2:])


async def test_a_first_start_has_nothing_to_copy(empty_url: str, tmp_path: Path) -> None:
    assert await migrate.upgrade(empty_url, backup_folder=tmp_path / "backups") is None
    assert await backup(f"sqlite:///{tmp_path / 'none.db'}", tmp_path / "backups") is None
    assert not (tmp_path / "backups").exists()


async def test_a_copy_that_fails_stops_the_upgrade_and_leaves_nothing_half_done(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'bot.db'}"
    await migrate.upgrade(url, "0001")
    (tmp_path / "backups").write_text("a file where the folder should be")
    with pytest.raises(NeedsAttention, match="could not be copied"):
        await migrate.upgrade(url, backup_folder=tmp_path / "backups")
    assert await migrate.current(url) == "0001"


async def test_a_copy_that_breaks_off_leaves_no_file(tmp_path: Path) -> None:
    damaged = tmp_path / "bot.db"
    damaged.write_bytes(b"no database at all" * 100)
    with pytest.raises(NeedsAttention, match="could not be copied"):
        await backup(f"sqlite:///{damaged}", tmp_path / "backups")
    assert list((tmp_path / "backups").iterdir()) == []
