"""Where a benchmark ran: what a reader has to know to judge its figures."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from time import process_time


def memory_in_use() -> int:
    """Resident memory of this process in bytes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def cpu_time() -> Mapping[str, float]:
    """Seconds of processor time this process has taken, on all its threads. Other work on the machine changes it little."""
    return {"seconds": process_time()}


def about_machine() -> str:
    """One line on the machine and the interpreter."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("discord.py", "aiohttp", "sqlalchemy"))
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores ({platform.machine()}), "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, {libraries}"
    )


def about_disk(folder: Path, synchronous: str) -> str:
    """One line on what a commit costs: journal mode, synchronous and file system of a database that exists."""
    with closing(sqlite3.connect(folder / "vestibule.db")) as connection:
        (journal,) = connection.execute("PRAGMA journal_mode").fetchone()
    flushed = {"normal": "the log is flushed at checkpoints only", "full": "every commit is flushed"}
    return (
        f"SQLite {sqlite3.sqlite_version}, journal_mode={journal}, synchronous={synchronous.upper()} ({flushed[synchronous]}), "
        f"on {_file_system(folder)}"
    )


def _file_system(folder: Path) -> str:
    """The type of the file system a folder is on: the longest mount point above it."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    above = [(point, kind) for point, kind in mounts if folder.resolve().is_relative_to(point)]
    return max(above, key=lambda mount: len(mount[0]))[1]
