"""Acts kept in files of the data folder while the database does not answer: one file an act, synced before it counts."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

import structlog

from bot.domain.act_record import as_record, from_record
from bot.domain.containment import Act
from bot.domain.errors import NeedsAttention
from bot.domain.values import ActId

_NAME = re.compile(r"[0-9A-Za-z_-]{1,40}")
_log = structlog.stdlib.get_logger(__name__)


class FileSpool:
    """Implements `bot.ports.spool.Spool`. A file holds ids and codes only, and is readable by its owner alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, act: Act) -> None:
        """Write it beside, sync it, and put it in place: a kill leaves the old file or the new one."""
        try:
            await asyncio.to_thread(self._put, act)
        except OSError as error:
            raise NeedsAttention(
                "The data folder cannot be written, so what is done in an emergency is kept nowhere while the database is silent. "
                "Give this user the right to write in DATA_DIR.",
                code="data_dir",
            ) from error

    async def waiting(self) -> Sequence[Act]:
        """Every act that is kept, oldest first."""
        return await asyncio.to_thread(self._waiting)

    async def drop(self, act_id: ActId) -> None:
        """Delete its file."""
        await asyncio.to_thread(self._file(act_id).unlink, missing_ok=True)

    def _put(self, act: Act) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self._file(act.act_id)
        beside = file.with_suffix(".new")
        content = json.dumps(as_record(act), separators=(",", ":")).encode()
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as written:
            written.write(content)
            written.flush()
            os.fsync(written.fileno())
        os.replace(beside, file)
        self._sync_folder()

    def _sync_folder(self) -> None:
        """A new name is safe only once its folder is."""
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _waiting(self) -> Sequence[Act]:
        found = []
        for file in sorted(self._folder.glob("*.json")):
            try:
                found.append(from_record(json.loads(file.read_bytes())))
            except FileNotFoundError:
                continue
            except (OSError, ValueError):
                _log.error("spool.unreadable", file=file.name)
        return found

    def _file(self, act_id: ActId) -> Path:
        if not _NAME.fullmatch(act_id):
            raise ValueError("not the id of an act")
        return self._folder / f"{act_id}.json"
