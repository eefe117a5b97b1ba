"""What every table shares: metadata with named constraints, the type for instants, the type for generated ids."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import BigInteger, DateTime, Dialect, MetaData
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator, TypeEngine

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""All tables. Every constraint has a name, because Alembic's batch mode can only change what it can name
(https://alembic.sqlalchemy.org/en/latest/batch.html#dropping-unnamed-or-named-foreign-keys)."""


class Base(DeclarativeBase):
    """Parent of every mapped class."""

    metadata = metadata


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware when given, aware UTC when read.

    SQLite keeps no zone (it would store 09:00 New York as a naive 09:00), and PostgreSQL answers in the connection's
    zone; this makes both the same. Raises ValueError for a naive value. Give no `server_default=CURRENT_TIMESTAMP`:
    SQLite writes it without a fraction, and there text order decides.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError("a naive date and time was given to the store; instants carry their zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def generated_id() -> TypeEngine[int]:
    """Column type of an id the database counts up: 64 bits on PostgreSQL, SQLite's own row id there."""
    return BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
