"""Marks of links, made anew with the first key where the link is kept; erased where nothing hangs on them any more.

A guest's link is kept nowhere, so its mark stays under the key it was made with until the call is over. May be interrupted, run twice, and run by two
at once, as the rotation of secrets may.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row, delete, func, or_, select

from bot.adapters.store.engine import Database
from bot.adapters.store.repositories.link_marks import PURPOSE
from bot.adapters.store.sealed import KeyMissing, SealBroken, Sealed, Sealer
from bot.adapters.store.sealed_columns import SEALED_COLUMNS
from bot.adapters.store.tables import InviteRow, MeetingRow
from bot.adapters.store.tables_following import GuestRow
from bot.adapters.store.tables_leaks import LinkMarkRow
from bot.domain.guest import GuestState
from bot.domain.invite import InviteState
from bot.domain.meeting import MeetingState
from bot.domain.values import JoinLink
from bot.domain.zoom_links import link_mark, token_of

BATCH = 50
"""Rows in one transaction: a few milliseconds, so that nobody waits for it."""
_OVER = (MeetingState.ENDED, MeetingState.CANCELLED)
_LINK = next(each for each in SEALED_COLUMNS if each.row is InviteRow and each.name == "link")


@dataclass(frozen=True)
class MarkRotation:
    """One run over all marks."""

    database: Database
    sealer: Sealer

    async def run(self) -> int:
        """Make anew or erase every mark of an older key that can be; how many were made anew."""
        made, last = 0, ""
        while rows := await self._next(last):
            last = rows[-1].mark
            made += await self._renew(rows)
        return made

    async def remains(self) -> dict[str, int]:
        """How many links only an older key knows again, by key id."""
        counted = select(LinkMarkRow.key_id, func.count()).where(LinkMarkRow.key_id != self.sealer.key_ids[0])
        async with self.database.reading() as connection:
            found = (await connection.execute(counted.group_by(LinkMarkRow.key_id))).all()
        return {str(key_id): count for key_id, count in found}

    async def _next(self, after: str) -> Sequence[Row[str, str | None, bytes | None, str | None, bool]]:
        wanted = (
            select(
                LinkMarkRow.mark,
                LinkMarkRow.invite_id,
                InviteRow.link_sealed,
                InviteRow.link_key_id,
                or_(
                    MeetingRow.state.in_(_OVER),
                    InviteRow.state == InviteState.REVOKED,
                    GuestRow.state == GuestState.REVOKED,
                ).label("void"),
            )
            .outerjoin(InviteRow, InviteRow.invite_id == LinkMarkRow.invite_id)
            .outerjoin(GuestRow, GuestRow.guest_id == LinkMarkRow.guest_id)
            .join(MeetingRow, MeetingRow.meeting_id == func.coalesce(InviteRow.meeting_id, GuestRow.meeting_id))
            .where(LinkMarkRow.key_id != self.sealer.key_ids[0], LinkMarkRow.mark > after)
        )
        async with self.database.reading() as connection:
            return (await connection.execute(wanted.order_by(LinkMarkRow.mark).limit(BATCH))).all()

    async def _renew(self, rows: Sequence[Row[str, str | None, bytes | None, str | None, bool]]) -> int:
        fresh = [(row.invite_id, mark) for row in rows if (mark := self._fresh(row)) is not None]
        gone = [row.mark for row in rows if row.void or self._fresh(row) is not None]
        key_id = self.sealer.key_ids[0]
        async with self.database.writing() as connection:
            known = select(LinkMarkRow.mark).where(LinkMarkRow.mark.in_([mark for _, mark in fresh]))
            there = set((await connection.execute(known)).scalars())
            values = [
                {"mark": mark, "key_id": key_id, "invite_id": invite_id, "guest_id": None}
                for invite_id, mark in fresh
                if mark not in there
            ]
            if values:
                await connection.execute(LinkMarkRow.__table__.insert(), values)  # type: ignore[attr-defined]
            await connection.execute(delete(LinkMarkRow).where(LinkMarkRow.mark.in_(gone)))
        return len(fresh)

    def _fresh(self, row: Row[str, str | None, bytes | None, str | None, bool]) -> str | None:
        """The mark under the first key; None where the link is not kept, or cannot be opened."""
        if row.invite_id is None or row.link_sealed is None or row.link_key_id is None:
            return None
        try:
            link = self.sealer.open(Sealed(row.link_sealed, row.link_key_id), binding=_LINK.binding(row.invite_id))
        except (KeyMissing, SealBroken):
            return None
        token = token_of(JoinLink(link))
        return None if token is None else link_mark(self.sealer.derive(PURPOSE), token)
