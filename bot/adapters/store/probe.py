"""What the check-up asks of the database. Changes nothing: a SQLite file that is not there is not made."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError

from bot.adapters.store import migrate
from bot.adapters.store.engine import is_sqlite, sqlite_file
from bot.adapters.store.errors import explain
from bot.services.checkup import TablesState


class TablesProbe:
    """Compares the tables with this version's."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def state(self) -> TablesState:
        """Raises a `VestibuleError` if the database cannot be reached or read."""
        if is_sqlite(self._url) and not sqlite_file(self._url).exists():
            return TablesState.EMPTY
        try:
            revision = await migrate.current(self._url)
        except SQLAlchemyError as error:
            known = explain(error)
            if known is None:
                raise
            raise known from error
        if revision is None:
            return TablesState.EMPTY
        if revision == migrate.head():
            return TablesState.CURRENT
        return TablesState.BEHIND if migrate.knows(revision) else TablesState.NEWER
