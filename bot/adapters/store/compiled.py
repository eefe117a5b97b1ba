"""Statements are compiled to SQL once in a process, not once for each lane: what an emergency writes has usually been written before on another
lane, and compiling it costs more than writing it.

SQLAlchemy keys compiled statements by the dialect object, and each engine has its own
(https://docs.sqlalchemy.org/en/21/core/connections.html#sql-compilation-caching). All engines are made in one place with the same options, so what
was compiled for one holds for all of its kind.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine.interfaces import Compiled
from sqlalchemy.util import LRUCache

KEPT = 2000
"""More than this bot has statements, some twice: for one row and for many."""


class CompiledStatements(LRUCache[Any, Compiled]):
    """What was compiled, by the kind of database and the statement."""

    def get(self, key: Any, default: Any = None) -> Any:
        """As of a dict."""
        return super().get(_of_any_engine(key), default)

    def __getitem__(self, key: Any) -> Compiled:
        return super().__getitem__(_of_any_engine(key))

    def __setitem__(self, key: Any, compiled: Compiled) -> None:
        super().__setitem__(_of_any_engine(key), compiled)


def _of_any_engine(key: Any) -> Any:
    dialect, *statement = key
    return (type(dialect), *statement)


COMPILED = CompiledStatements(KEPT)
