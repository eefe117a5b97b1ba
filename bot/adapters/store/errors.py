"""Maps what the database drivers raise to the error taxonomy: the one place of this adapter that does."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.domain.errors import NeedsAttention, Transient, VestibuleError

_DAMAGED = (
    "The database file is damaged. Stop the bot, keep a copy of it, and put back the newest file from the backups."
)

_Answer = tuple[type[Transient] | type[NeedsAttention], str, str]

_SQLITE: tuple[tuple[str, type[Transient] | type[NeedsAttention], str, str], ...] = (
    ("locked", Transient, "store_busy", "The database is busy with other work. Try again in a moment."),
    (
        "unable to open database file",
        NeedsAttention,
        "store_unreadable",
        "The database file cannot be opened. Check that its folder (DATA_DIR) exists and that this user may write there.",
    ),
    (
        "readonly database",
        NeedsAttention,
        "store_unwritable",
        "The database file cannot be written. Give this user write permission for the file and its folder (DATA_DIR).",
    ),
    (
        "disk is full",
        NeedsAttention,
        "disk_full",
        "The disk that holds the database is full. Free some space; nothing stored was lost.",
    ),
    (
        "malformed",
        NeedsAttention,
        "store_damaged",
        _DAMAGED,
    ),
    (
        "not a database",
        NeedsAttention,
        "store_damaged",
        _DAMAGED,
    ),
    (
        "disk I/O error",
        NeedsAttention,
        "disk_failing",
        "The disk that holds the database could not be read or written. Check the disk, then start again.",
    ),
    (
        "not a database",
        NeedsAttention,
        "store_damaged",
        _DAMAGED,
    ),
    (
        "not a database",
        NeedsAttention,
        "store_damaged",
        _DAMAGED,
    ),
    (
        "disk I/O error",
        NeedsAttention,
        "disk_failing",
        "The disk that holds the database could not be read or written. Check the disk, then start again.",
    ),
    (
        "no such table",
        NeedsAttention,
        "store_not_migrated",
        "The database has no tables of this version yet. Run: python -m bot migrate",
    ),
)

_POSTGRES_STATES: dict[str, _Answer] = {
    "08": (
        Transient,
        "store_unreachable",
        "The database server cannot be reached. Check that it runs and that DATABASE_URL is right.",
    ),
    "28": (
        NeedsAttention,
        "store_refused",
        "The database refused the name or password in DATABASE_URL. Correct it and start again.",
    ),
    "3D": (
        NeedsAttention,
        "store_missing",
        "The database named in DATABASE_URL does not exist. Create it and start again.",
    ),
    "40": (Transient, "store_busy", "The database is busy with other work. Try again in a moment."),
    "53100": (
        NeedsAttention,
        "disk_full",
        "The disk of the database server is full. Free some space there; nothing stored was lost.",
    ),
    "53": (
        Transient,
        "store_overloaded",
        "The database server is out of connections, memory or disk. Try again; if it stays, look at it.",
    ),
    "55": (Transient, "store_busy", "The database is busy with other work. Try again in a moment."),
    "57": (Transient, "store_unreachable", "The database server is stopping or starting. Try again in a moment."),
    "42P01": (
        NeedsAttention,
        "store_not_migrated",
        "The database has no tables of this version yet. Run: python -m bot migrate",
    ),
}
"""By SQLSTATE, or its class, the first two characters
(https://www.postgresql.org/docs/current/errcodes-appendix.html)."""


def explain(error: SQLAlchemyError) -> VestibuleError | None:
    """The taxonomy's error for a failed statement or connection; None means a bug, to be raised as it is.

    A broken constraint is None too: whoever writes a row that may be there already says so in the statement.
    """
    if isinstance(error, PoolTimeout):
        return Transient("The database is busy with other work. Try again in a moment.", code="store_busy")
    if not isinstance(error, DBAPIError) or error.orig is None:
        return None
    return (
        _explain_sqlite(error.orig)
        if type(error.orig).__module__.startswith("sqlite3")
        else _explain_postgres(error.orig)
    )


def is_locked(error: BaseException) -> bool:
    """Whether SQLite gave up waiting for another process's transaction."""
    return isinstance(error, DBAPIError) and "database is locked" in str(error.orig)


def _explain_sqlite(error: BaseException) -> VestibuleError | None:
    text = str(error)
    for needle, kind, code, message in _SQLITE:
        if needle in text and type(error).__name__ in ("OperationalError", "DatabaseError"):
            return kind(message, code=code)
    return None


def _explain_postgres(error: BaseException) -> VestibuleError | None:
    state = getattr(error, "sqlstate", None) or _state_of_refused_connection(error)
    found = _POSTGRES_STATES.get(state) or _POSTGRES_STATES.get(state[:2])
    if found is None:
        return None
    kind, code, message = found
    return kind(message, code=code)


def _state_of_refused_connection(error: BaseException) -> str:
    """psycopg gives no state for a connection that did not come about, only the server's words."""
    if type(error).__name__ not in ("OperationalError", "ConnectionTimeout"):
        return ""
    text = str(error)
    if "authentication failed" in text or "pg_hba.conf" in text:
        return "28"
    if "FATAL" in text and "does not exist" in text:
        return "28" if "role" in text else "3D"
    return "08"
