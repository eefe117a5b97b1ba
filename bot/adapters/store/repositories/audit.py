"""The record of what was done: the chain, and beside it the erasable names and texts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.tables import AuditEntryRow, AuditSubjectRow, AuditTextRow
from bot.domain.audit import GENESIS, AuditEntry, AuditNote, digest_of, text_digest
from bot.domain.values import GuildId, MeetingId, MemberId
from bot.ports import Chance

ERASED = "erased"
"""Key in `session.info`: something was erased, and the bytes of it are to leave the files as well."""


class SqlAudit:
    """Implements `bot.ports.AuditLog`."""

    def __init__(self, session: AsyncSession, chance: Chance) -> None:
        self._session = session
        self._chance = chance

    async def append(
        self,
        guild_id: GuildId,
        action: str,
        *,
        at: datetime,
        actor: MemberId | None,
        subject: MemberId | None = None,
        meeting: MeetingId | None = None,
        text: str | None = None,
        facts: Mapping[str, str | int | bool | None] | None = None,
    ) -> AuditEntry:
        """Add one entry to the community's chain. People become opaque ids and `text` a salted hash; both stand in the erasable side table."""
        note = AuditNote(action, at, actor, subject, meeting, text, facts or {})
        (entry,) = await self.append_all(guild_id, [note])
        return entry

    async def append_all(self, guild_id: GuildId, notes: Sequence[AuditNote]) -> Sequence[AuditEntry]:
        """As `append`, for several in this order, with as few statements as for one."""
        if not notes:
            return []
        await take_turn(self._session, guild_id)
        first, previous = await self._next(guild_id)
        people = await self._opaque(guild_id, _people(notes))
        entries: list[AuditEntry] = []
        texts: list[dict[str, object]] = []
        for seq, note in enumerate(notes, start=first):
            salt = self._chance.salt()
            entry = AuditEntry(
                guild_id=guild_id,
                seq=seq,
                at=note.at,
                action=note.action,
                actor=None if note.actor is None else people[note.actor],
                subject=None if note.subject is None else people[note.subject],
                meeting=note.meeting,
                facts=dict(note.facts),
                text_hash=None if note.text is None else text_digest(salt, note.text),
                previous=previous,
            )
            previous = digest_of(entry)
            entries.append(replace(entry, digest=previous))
            if note.text is not None:
                texts.append({"guild_id": guild_id, "seq": seq, "salt": salt, "text": note.text})
        connection = await self._session.connection()
        await connection.execute(insert(AuditEntryRow), [_columns(entry) for entry in entries])
        if texts:
            await connection.execute(insert(AuditTextRow), texts)
        return entries

    async def entries(self, guild_id: GuildId) -> Sequence[AuditEntry]:
        """The community's chain, from its first entry."""
        wanted = select(AuditEntryRow).where(AuditEntryRow.guild_id == guild_id)
        return [entry_of(row) for row in await self._session.scalars(wanted.order_by(AuditEntryRow.seq))]

    async def erase_person(self, guild_id: GuildId, member_id: MemberId) -> None:
        """Erase who an opaque id was and what they wrote. The chain still verifies."""
        await take_turn(self._session, guild_id)
        person = (AuditSubjectRow.guild_id == guild_id, AuditSubjectRow.member_id == member_id)
        opaque = select(AuditSubjectRow.subject_id).where(*person).scalar_subquery()
        written = select(AuditEntryRow.seq).where(AuditEntryRow.guild_id == guild_id, AuditEntryRow.actor == opaque)
        await self._session.execute(
            delete(AuditTextRow).where(AuditTextRow.guild_id == guild_id, AuditTextRow.seq.in_(written))
        )
        await self._session.execute(delete(AuditSubjectRow).where(*person))
        self._session.info[ERASED] = True

    async def _next(self, guild_id: GuildId) -> tuple[int, str]:
        newest = select(AuditEntryRow.seq, AuditEntryRow.digest).where(AuditEntryRow.guild_id == guild_id)
        last = (await self._session.execute(newest.order_by(AuditEntryRow.seq.desc()).limit(1))).first()
        return (1, GENESIS) if last is None else (last.seq + 1, last.digest)

    async def _opaque(self, guild_id: GuildId, member_ids: Collection[MemberId]) -> Mapping[MemberId, str]:
        """The opaque id of each, made where there is none yet."""
        if not member_ids:
            return {}
        known = select(AuditSubjectRow.member_id, AuditSubjectRow.subject_id).where(
            AuditSubjectRow.guild_id == guild_id, AuditSubjectRow.member_id.in_(member_ids)
        )
        found = {MemberId(member_id): subject_id for member_id, subject_id in await self._session.execute(known)}
        new = {member_id: self._chance.new_id() for member_id in sorted(set(member_ids) - found.keys())}
        if new:
            rows = [
                {"guild_id": guild_id, "member_id": member_id, "subject_id": subject_id}
                for member_id, subject_id in new.items()
            ]
            await (await self._session.connection()).execute(insert(AuditSubjectRow), rows)
        return found | new


def _people(notes: Sequence[AuditNote]) -> set[MemberId]:
    return {who for note in notes for who in (note.actor, note.subject) if who is not None}


async def take_turn(session: AsyncSession, guild_id: GuildId) -> None:
    """One writer at a time extends a chain or erases beside it, until its commit. On SQLite every transaction that writes is alone already."""
    if session.get_bind().dialect.name == "postgresql":
        chain = func.hashtextextended(f"audit:{guild_id}", 0)
        await session.execute(select(func.pg_advisory_xact_lock(chain)))


def _columns(entry: AuditEntry) -> dict[str, object]:
    return {
        "guild_id": entry.guild_id,
        "seq": entry.seq,
        "at": entry.at,
        "action": entry.action,
        "actor": entry.actor,
        "subject": entry.subject,
        "meeting": entry.meeting,
        "facts": dict(entry.facts),
        "text_hash": entry.text_hash,
        "previous": entry.previous,
        "digest": entry.digest,
    }


def entry_of(row: AuditEntryRow) -> AuditEntry:
    """The entry in a row, whether or not it is as it was written."""
    return AuditEntry(
        guild_id=GuildId(row.guild_id),
        seq=row.seq,
        at=row.at,
        action=row.action,
        actor=row.actor,
        subject=row.subject,
        meeting=row.meeting,
        facts=row.facts,
        text_hash=row.text_hash,
        previous=row.previous,
        digest=row.digest,
    )
