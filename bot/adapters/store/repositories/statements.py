"""Statements that both stores understand, and how a secret stands in a row."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from bot.adapters.store.base import Base
from bot.adapters.store.sealed import Sealed, Sealer
from bot.domain.values import Secret

Values = Mapping[str, object]


def insert_into(session: AsyncSession, row: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can say what to do when the row is there already."""
    return sqlite.insert(row) if session.get_bind().dialect.name == "sqlite" else postgresql.insert(row)


def upsert(
    session: AsyncSession, row: type[Base], values: Values, *, key: Collection[str], once: Collection[str] = ()
) -> sqlite.Insert | postgresql.Insert:
    """Write a row whether or not it is there; columns in `once` keep what they have."""
    statement = insert_into(session, row).values(values)
    changed = {name: statement.excluded[name] for name in values if name not in key and name not in once}
    return statement.on_conflict_do_update(index_elements=list(key), set_=changed)


async def update_one(session: AsyncSession, key: InstrumentedAttribute[str], row_id: str, values: Values) -> None:
    """Change the row with this id.

    Raises:
        LookupError: there is none; whoever saves what was never added has a bug.
    """
    statement = update(key.class_).where(key == row_id).values(values).returning(key)
    if (await session.execute(statement)).first() is None:
        raise LookupError(f"{key.class_.__tablename__} {row_id} is not in the store")


class SecretColumn:
    """A secret in two columns of a table, `<name>_sealed` and `<name>_key_id`, bound to its row."""

    def __init__(self, sealer: Sealer, table: str, name: str) -> None:
        self._sealer = sealer
        self._table = table
        self._name = name

    def values(self, row_id: str, secret: Secret | None) -> dict[str, object]:
        """What to write into the row's columns."""
        if secret is None:
            return {f"{self._name}_sealed": None, f"{self._name}_key_id": None}
        sealed = self._sealer.seal(secret.reveal(), binding=self._binding(row_id))
        return {f"{self._name}_sealed": sealed.ciphertext, f"{self._name}_key_id": sealed.key_id}

    def opened(self, row_id: str, ciphertext: bytes | None, key_id: str | None) -> str | None:
        """What the row's columns hold; None if they are empty.

        Raises:
            NeedsAttention: the value was sealed for another row, was altered, or its key is gone.
        """
        if ciphertext is None or key_id is None:
            return None
        return self._sealer.open(Sealed(ciphertext, key_id), binding=self._binding(row_id))

    def _binding(self, row_id: str) -> str:
        return f"{self._table}.{self._name}:{row_id}"
