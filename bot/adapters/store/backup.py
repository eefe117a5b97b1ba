"""Copies of a SQLite database, made while it is in use."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL

from bot.adapters.store.engine import is_sqlite, sqlite_file
from bot.domain.errors import NeedsAttention

KEEP = 5
"""How many copies stay; older ones are deleted."""


async def backup(url: str | URL, folder: Path) -> Path | None:
    """Copy the database into a folder, through SQLite's backup interface (https://www.sqlite.org/backup.html): the
    file alone would lack what is still in its `-wal` file. Secrets in it stay sealed.

    Returns:
        The copy, named after the database and the time (UTC); None if there is no database file yet, or it is not
        SQLite (back up PostgreSQL with pg_dump or your host's own means).

    Raises:
        NeedsAttention: the copy could not be written; nothing half-written is left.
    """
    if not is_sqlite(url) or not sqlite_file(url).exists():
        return None
    return await asyncio.to_thread(_copy, sqlite_file(url), folder)


def _copy(source: Path, folder: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    target = folder / f"{source.stem}-{stamp}.db"
    unfinished = folder / f".{source.stem}.unfinished"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        unfinished.unlink(missing_ok=True)
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(unfinished)) as copy:
            original.backup(copy)
        unfinished.rename(target)
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):
            unfinished.unlink()
        raise NeedsAttention(
            f"The database could not be copied to {folder} before the upgrade ({error}). Free some space or give this user write "
            "permission there, and start again; the database was not changed.",
            code="backup_failed",
        ) from error
    for old in sorted(folder.glob(f"{source.stem}-*Z.db"))[:-KEEP]:
        old.unlink(missing_ok=True)
    return target
