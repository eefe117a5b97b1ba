"""Brings a database's tables to this version, with Alembic driven from code: no `alembic.ini`, works from an installed
package.

One transaction for the whole way: a migration that fails leaves nothing behind.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.autogenerate.api import AutogenContext
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeDecorator

from bot.adapters.store import (
    jobs_tables,
    tables,
    tables_control,
    tables_following,
    tables_incidents,
    tables_leaks,
    tables_linking,
    tables_panels,
    tables_privacy,
    tables_roster,
)
from bot.adapters.store.backup import backup
from bot.adapters.store.base import metadata
from bot.adapters.store.engine import create_engine
from bot.domain.errors import NeedsAttention

_FOLDER = Path(__file__).parent / "migrations"
for _found in pkgutil.iter_modules([str(Path(__file__).parent)]):
    if "tables" in _found.name:  # importing a module is what puts its tables into the metadata
        importlib.import_module(f"{__package__}.{_found.name}")
_KNOWN = (
    jobs_tables,
    tables,
    tables_control,
    tables_following,
    tables_incidents,
    tables_leaks,
    tables_linking,
    tables_panels,
    tables_privacy,
    tables_roster,
)
"""Importing these modules is what puts every table into the metadata."""
_ADVISORY_LOCK = 7281540912
"""Any number, the same in every process: two that migrate at once take turns (PostgreSQL; SQLite's write lock does it
there)."""


async def upgrade(url: str | URL, revision: str = "head", *, backup_folder: Path | None = None) -> Path | None:
    """Bring the tables up to a revision; nothing happens if they are there already.

    Args:
        backup_folder: where a copy of a SQLite database goes first, if it has tables and there is something to do.

    Returns:
        The copy, if one was made.

    Raises:
        NeedsAttention: the database is of a newer version, cannot be written, or could not be copied.
    """
    before = await current(url)
    if before == head() and revision == "head":
        return None
    _demand_known(before)
    copy = await backup(url, backup_folder) if backup_folder is not None and before is not None else None
    await _run(url, lambda config: command.upgrade(config, revision))
    return copy


async def downgrade(url: str | URL, revision: str) -> None:
    """Take the tables back to a revision, `base` for none. Rows of dropped tables are lost: copy the database first.

    Raises:
        NeedsAttention: the database is of a newer version, or cannot be written.
    """
    _demand_known(await current(url))
    await _run(url, lambda config: command.downgrade(config, revision))


async def current(url: str | URL) -> str | None:
    """The revision a database is at; None if it has no tables."""
    async with _connection(url) as connection:
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


async def check(url: str | URL) -> list[str]:
    """How a migrated database differs from the tables in the code: one text per difference, none if they agree."""
    async with _connection(url) as connection:
        return await connection.run_sync(_differences)


async def draft(url: str | URL, message: str, revision: str) -> Path:
    """Write a new revision file from what `check` finds, for a developer to review. The database must be at head."""
    script: list[Any] = []
    await _run(
        url,
        lambda config: script.append(command.revision(config, message, autogenerate=True, rev_id=revision)),
    )
    return Path(script[0].path)


def configuration(dialect: str) -> dict[str, Any]:
    """What Alembic is told on a store, wherever it runs."""

    def include_name(name: str | None, kind: str, *_: object) -> bool:
        return kind != "table" or name is None or not name.startswith("procrastinate_")

    def include_object(found: object, *_: object) -> bool:
        return not isinstance(found, sa.Table) or found.info.get("only_on", dialect) == dialect

    return {
        "target_metadata": metadata,
        "render_as_batch": dialect == "sqlite",
        "compare_type": True,
        "render_item": _render_item,
        "include_name": include_name,
        "include_object": include_object,
    }


def _render_item(kind: str, item: object, _: AutogenContext) -> str | Literal[False]:
    """Old revisions must not import the application: its own types are written as the plain ones below them."""
    ours = kind == "type" and isinstance(item, TypeDecorator) and type(item).__module__.startswith("bot.")
    return f"sa.{item.impl_instance!r}" if ours and isinstance(item, TypeDecorator) else False


def _differences(connection: Connection) -> list[str]:
    context = MigrationContext.configure(connection, opts=configuration(connection.dialect.name))
    return [str(difference) for difference in compare_metadata(context, metadata)]


async def _run(url: str | URL, act: Callable[[Config], object]) -> None:
    def act_on(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(_FOLDER))
        config.attributes["connection"] = connection
        act(config)

    async with _connection(url) as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
        await connection.run_sync(act_on)
        await _demand_whole_keys(connection)


@asynccontextmanager
async def _connection(url: str | URL) -> AsyncIterator[AsyncConnection]:
    engine = create_engine(url, lane="migration")
    try:
        async with engine.begin() as connection:
            yield connection
    finally:
        await engine.dispose()


async def _demand_whole_keys(connection: AsyncConnection) -> None:
    """On SQLite the migration ran with foreign keys off; rows that point to nothing undo it."""
    if connection.dialect.name != "sqlite":
        return
    broken = (await connection.exec_driver_sql("PRAGMA foreign_key_check")).all()
    if broken:
        tables = ", ".join(sorted({row[0] for row in broken}))
        raise NeedsAttention(
            f"The upgrade would leave rows that point to nothing in: {tables}. The database was not changed. "
            "Keep a copy of it and report this with the version you come from.",
            code="migration_broken_keys",
        )


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(_FOLDER))


def head() -> str | None:
    """The newest revision this version has."""
    return _scripts().get_current_head()


def knows(revision: str) -> bool:
    """Whether a revision is one of this version's."""
    return revision in {script.revision for script in _scripts().walk_revisions()}


def _demand_known(revision: str | None) -> None:
    if revision is not None and not knows(revision):
        raise NeedsAttention(
            f"The database is at revision {revision}, which this version does not know: it was used by a newer one. Install that "
            "version again, or put back the copy made before its upgrade.",
            code="database_newer",
        )
