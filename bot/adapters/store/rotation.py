"""Sealing everything anew with the first key, a few rows at a time, while the bot runs.

A row that changes meanwhile keeps its change, one that is sealed with the first key already is left alone: so it may be interrupted, run twice, and
run by two at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, RowMapping, Table, and_, func, select, update

from bot.adapters.store.base import metadata
from bot.adapters.store.engine import Database
from bot.adapters.store.sealed import KeyMissing, SealBroken, Sealed, Sealer
from bot.adapters.store.sealed_columns import SEALED_COLUMNS, SealedColumn

BATCH = 50
"""Rows in one transaction: a few milliseconds, so that nobody waits for it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one column has come."""

    table: str
    name: str
    seen: int
    of: int


@dataclass(frozen=True, slots=True)
class Remains:
    """What the database holds: how many values each key has sealed. `current` is the id of the first key."""

    by_key: dict[str, int]
    current: str

    @property
    def old(self) -> dict[str, int]:
        """Without the first key's."""
        return {key_id: count for key_id, count in self.by_key.items() if key_id != self.current}


@dataclass
class Rotation:
    """One run over everything that is sealed.

    Args:
        columns: all of them, but in tests.
    """

    database: Database
    sealer: Sealer
    columns: Sequence[SealedColumn] = SEALED_COLUMNS
    unreadable: Counter[str] = field(default_factory=Counter)
    """Values that do not open with any key, by column: they stay as they are."""

    async def run(self) -> AsyncIterator[Progress]:
        """Seal anew, telling after every transaction how far it is."""
        for each in self.columns:
            total, seen, last = await self._count(each), 0, ""
            while rows := await self._next(each, last):
                last = str(rows[-1]["row_id"])
                await self._reseal(each, rows)
                seen += len(rows)
                yield Progress(each.table, each.name, seen, max(total, seen))
        await self.database.drop_old_pages()

    async def remains(self) -> Remains:
        """Which keys the database needs."""
        found: Counter[str] = Counter()
        async with self.database.reading() as connection:
            for each in self.columns:
                key_id = _table(each).c[f"{each.name}_key_id"]
                counted = select(key_id, func.count()).where(key_id.is_not(None)).group_by(key_id)
                for key, count in (await connection.execute(counted)).all():
                    found[key] += count
        return Remains(dict(found), self.sealer.key_ids[0])

    async def _count(self, each: SealedColumn) -> int:
        async with self.database.reading() as connection:
            return int(
                (
                    await connection.execute(select(func.count()).select_from(_table(each)).where(self._old(each)))
                ).scalar_one()
            )

    async def _next(self, each: SealedColumn, after: str) -> Sequence[RowMapping]:
        """The next rows by id. Read apart from writing, so that the transaction that writes is short."""
        table = _table(each)
        row_id = table.c[each.row_id]
        wanted = select(
            row_id.label("row_id"),
            table.c[f"{each.name}_sealed"].label("sealed"),
            table.c[f"{each.name}_key_id"].label("key_id"),
        )
        async with self.database.reading() as connection:
            found = await connection.execute(
                wanted.where(self._old(each), row_id > after).order_by(row_id).limit(BATCH)
            )
            return found.mappings().all()

    async def _reseal(self, each: SealedColumn, rows: Sequence[RowMapping]) -> None:
        fresh = [(row, sealed) for row in rows if (sealed := self._resealed(each, row)) is not None]
        table = _table(each)
        async with self.database.writing() as connection:
            for row, sealed in fresh:
                unchanged = and_(table.c[each.row_id] == row["row_id"], table.c[f"{each.name}_sealed"] == row["sealed"])
                values = {f"{each.name}_sealed": sealed.ciphertext, f"{each.name}_key_id": sealed.key_id}
                await connection.execute(update(table).where(unchanged).values(values))

    def _resealed(self, each: SealedColumn, row: RowMapping) -> Sealed | None:
        sealed = Sealed(row["sealed"], row["key_id"])
        try:
            return self.sealer.reseal(sealed, binding=each.binding(row["row_id"]))
        except (KeyMissing, SealBroken):
            self.unreadable[f"{each.table}.{each.name}"] += 1
            return None

    def _old(self, each: SealedColumn) -> ColumnElement[bool]:
        key_id = _table(each).c[f"{each.name}_key_id"]
        return and_(key_id.is_not(None), key_id != self.sealer.key_ids[0])


def _table(each: SealedColumn) -> Table:
    return metadata.tables[each.table]
