"""People in the record of what was done: the two erasable tables beside the chain. The chain itself is never touched."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import datetime
from typing import cast

from sqlalchemy import Select, Table, and_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.repositories.personal_clauses import Clause, delete_some
from bot.adapters.store.tables import AuditEntryRow, AuditSubjectRow, AuditTextRow
from bot.domain.privacy import KeptRecord, Topic
from bot.domain.values import GuildId, MeetingId, MemberId

MOST_SHOWN = 1000
_SUBJECTS, _TEXTS = cast(Table, AuditSubjectRow.__table__), cast(Table, AuditTextRow.__table__)


class AuditPeople:
    """Who opaque ids are, and what people wrote."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def opaque(self, guild_id: GuildId, member_id: MemberId) -> str | None:
        """The id under which the record names them."""
        row = await self._session.get(AuditSubjectRow, (guild_id, member_id))
        return None if row is None else row.subject_id

    async def own_actions(self, guild_id: GuildId, member_id: MemberId) -> Sequence[KeptRecord]:
        """What they did, newest first. What others did about them is not told: it could give away who reported whom."""
        opaque = await self.opaque(guild_id, member_id)
        if opaque is None:
            return ()
        wanted = select(AuditEntryRow.action, AuditEntryRow.facts, AuditEntryRow.at).where(
            AuditEntryRow.guild_id == guild_id, AuditEntryRow.actor == opaque
        )
        found = await self._session.execute(wanted.order_by(AuditEntryRow.seq.desc()).limit(MOST_SHOWN))
        return [
            KeptRecord(Topic.RECORD, (("did", facts.get("command") or action), ("at", at)))
            for action, facts, at in found
        ]

    async def erase(self, guild_id: GuildId, member_id: MemberId, spare: Set[MeetingId], limit: int) -> int:
        """Erase what they wrote, then who they are, unless a spared meeting's entries name them; how many rows."""
        opaque = await self.opaque(guild_id, member_id)
        if opaque is None:
            return 0
        entry = AuditEntryRow
        written = select(entry.seq).where(entry.guild_id == guild_id, entry.actor == opaque, _free(spare))
        gone = await self._delete_texts(guild_id, written, limit)
        if gone >= limit or await self._named_in(guild_id, opaque, spare):
            return gone
        person = and_(AuditSubjectRow.guild_id == guild_id, AuditSubjectRow.member_id == member_id)
        return gone + await delete_some(self._session, _SUBJECTS, person, 1)

    def old(self, guild_id: GuildId, before: datetime, spare: Set[MeetingId]) -> Sequence[tuple[Table, Clause]]:
        """Texts that are older, and people whom nothing newer names."""
        entry = AuditEntryRow
        old = select(entry.seq).where(entry.guild_id == guild_id, entry.at < before, _free(spare))
        kept = or_(entry.at >= before, entry.meeting.in_(spare)) if spare else entry.at >= before
        return [
            (_TEXTS, and_(AuditTextRow.guild_id == guild_id, AuditTextRow.seq.in_(old))),
            (_SUBJECTS, _unnamed(guild_id, kept)),
        ]

    async def erase_all(self, guild_id: GuildId, spare: Set[MeetingId], limit: int) -> int:
        """Everybody in this community's record, but those whom a spared meeting's entries name; how many rows."""
        entry = AuditEntryRow
        everything = select(entry.seq).where(entry.guild_id == guild_id, _free(spare))
        gone = await self._delete_texts(guild_id, everything, limit)
        everybody = _unnamed(guild_id, entry.meeting.in_(spare)) if spare else AuditSubjectRow.guild_id == guild_id
        return gone + await delete_some(self._session, _SUBJECTS, everybody, limit - gone)

    async def _delete_texts(self, guild_id: GuildId, entries: Select[int], limit: int) -> int:
        where = and_(AuditTextRow.guild_id == guild_id, AuditTextRow.seq.in_(entries))
        return await delete_some(self._session, _TEXTS, where, limit)

    async def _named_in(self, guild_id: GuildId, opaque: str, spare: Set[MeetingId]) -> bool:
        if not spare:
            return False
        entry = AuditEntryRow
        named = or_(entry.actor == opaque, entry.subject == opaque)
        held = select(entry.seq).where(entry.guild_id == guild_id, entry.meeting.in_(spare), named).limit(1)
        return await self._session.scalar(held) is not None


def _free(spare: Set[MeetingId]) -> Clause:
    """Entries that no hold keeps."""
    meeting = AuditEntryRow.meeting
    return or_(meeting.is_(None), meeting.not_in(spare)) if spare else true()


def _unnamed(guild_id: GuildId, kept: Clause) -> Clause:
    """People of this community whom no entry that is `kept` names."""
    entry = AuditEntryRow
    actors = select(entry.actor).where(entry.guild_id == guild_id, kept, entry.actor.is_not(None))
    subjects = select(entry.subject).where(entry.guild_id == guild_id, kept, entry.subject.is_not(None))
    subject_id = AuditSubjectRow.subject_id
    return and_(AuditSubjectRow.guild_id == guild_id, subject_id.not_in(actors), subject_id.not_in(subjects))
