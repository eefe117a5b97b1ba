"""Reading audit chains, and the signed checkpoints beside them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.repositories.audit import entry_of
from bot.adapters.store.repositories.statements import SecretColumn, insert_into
from bot.adapters.store.sealed import Sealer
from bot.adapters.store.tables import AuditEntryRow, AuditSubjectRow, AuditTextRow
from bot.adapters.store.tables_incidents import CheckpointRow, SigningKeyRow
from bot.domain.audit import AuditEntry
from bot.domain.checkpoint import Head
from bot.domain.values import GuildId, MeetingId, MemberId, Secret
from bot.ports.audit_reading import AuditFilter
from bot.ports.signing import KeptCheckpoint

_ONLY_KEY = "records"


class SqlAuditReading:
    """Implements `bot.ports.AuditReading`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def page(
        self, guild_id: GuildId, wanted: AuditFilter, before: int | None, limit: int
    ) -> Sequence[AuditEntry]:
        """The newest entries before this number, newest first."""
        row = AuditEntryRow
        found = select(row).where(row.guild_id == guild_id)
        if before is not None:
            found = found.where(row.seq < before)
        if wanted.topics is not None:
            found = found.where(or_(*(row.action.startswith(f"{topic}.", autoescape=True) for topic in wanted.topics)))
        if wanted.meeting is not None:
            found = found.where(row.meeting == wanted.meeting)
        if wanted.person is not None:
            person = (AuditSubjectRow.guild_id == guild_id, AuditSubjectRow.member_id == wanted.person)
            opaque = select(AuditSubjectRow.subject_id).where(*person).scalar_subquery()
            found = found.where(or_(row.actor == opaque, row.subject == opaque))
        return [entry_of(each) for each in await self._session.scalars(found.order_by(row.seq.desc()).limit(limit))]

    async def after(self, guild_id: GuildId, seq: int, limit: int) -> Sequence[AuditEntry]:
        """The next entries of the chain, in its order."""
        wanted = select(AuditEntryRow).where(AuditEntryRow.guild_id == guild_id, AuditEntryRow.seq > seq)
        return [entry_of(row) for row in await self._session.scalars(wanted.order_by(AuditEntryRow.seq).limit(limit))]

    async def of_meeting(self, guild_id: GuildId, meeting_id: MeetingId) -> Sequence[AuditEntry]:
        """Everything about one meeting, in its order."""
        wanted = select(AuditEntryRow).where(AuditEntryRow.guild_id == guild_id, AuditEntryRow.meeting == meeting_id)
        return [entry_of(row) for row in await self._session.scalars(wanted.order_by(AuditEntryRow.seq))]

    async def people(self, guild_id: GuildId, subject_ids: Collection[str]) -> Mapping[str, MemberId]:
        """Who these are; those that were erased are left out."""
        known = select(AuditSubjectRow.subject_id, AuditSubjectRow.member_id).where(
            AuditSubjectRow.guild_id == guild_id, AuditSubjectRow.subject_id.in_(subject_ids)
        )
        return {subject_id: MemberId(member_id) for subject_id, member_id in await self._session.execute(known)}

    async def texts(self, guild_id: GuildId, numbers: Collection[int]) -> Mapping[int, str]:
        """What was written in these entries; what was erased is left out."""
        kept = select(AuditTextRow.seq, AuditTextRow.text).where(
            AuditTextRow.guild_id == guild_id, AuditTextRow.seq.in_(numbers)
        )
        return {int(seq): text for seq, text in await self._session.execute(kept)}

    async def head(self, guild_id: GuildId) -> Head | None:
        """The newest entry."""
        newest = select(AuditEntryRow.seq, AuditEntryRow.digest).where(AuditEntryRow.guild_id == guild_id)
        row = (await self._session.execute(newest.order_by(AuditEntryRow.seq.desc()).limit(1))).first()
        return None if row is None else Head(guild_id, row.seq, row.digest)

    async def guilds(self) -> Sequence[GuildId]:
        """Every community that has a chain, or a checkpoint of one."""
        found = select(AuditEntryRow.guild_id).union(select(CheckpointRow.guild_id))
        return sorted(GuildId(guild_id) for guild_id in await self._session.scalars(found))


class SqlCheckpoints:
    """Implements `bot.ports.Checkpoints`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def grown(self) -> Sequence[Head]:
        """The heads of the chains that have entries after their newest checkpoint."""
        last = select(AuditEntryRow.guild_id, func.max(AuditEntryRow.seq).label("seq")).group_by(AuditEntryRow.guild_id)
        newest = last.subquery()
        signed = select(CheckpointRow.guild_id, func.max(CheckpointRow.seq).label("seq")).group_by(
            CheckpointRow.guild_id
        )
        known = signed.subquery()
        heads = (
            select(AuditEntryRow.guild_id, AuditEntryRow.seq, AuditEntryRow.digest)
            .join(newest, (newest.c.guild_id == AuditEntryRow.guild_id) & (newest.c.seq == AuditEntryRow.seq))
            .outerjoin(known, known.c.guild_id == AuditEntryRow.guild_id)
            .where(or_(known.c.seq.is_(None), known.c.seq < AuditEntryRow.seq))
        )
        found = await self._session.execute(heads.order_by(AuditEntryRow.guild_id))
        return [Head(GuildId(guild_id), seq, digest) for guild_id, seq, digest in found]

    async def add(self, head: Head, at: datetime, token: str) -> bool:
        """False if there is one of this entry already."""
        values = {"guild_id": head.guild_id, "seq": head.seq, "at": at, "token": token}
        adding = insert_into(self._session, CheckpointRow).values(values).on_conflict_do_nothing()
        return (await self._session.execute(adding.returning(CheckpointRow.seq))).first() is not None

    async def newest(self, guild_id: GuildId) -> int:
        """The entry of the newest one, 0 if there is none."""
        newest = select(func.max(CheckpointRow.seq)).where(CheckpointRow.guild_id == guild_id)
        return await self._session.scalar(newest) or 0

    async def of_guild(self, guild_id: GuildId) -> Sequence[KeptCheckpoint]:
        """All of them, oldest first."""
        kept = select(CheckpointRow.seq, CheckpointRow.token).where(CheckpointRow.guild_id == guild_id)
        found = await self._session.execute(kept.order_by(CheckpointRow.seq))
        return [KeptCheckpoint(int(seq), token) for seq, token in found]


class SqlSigningKeys:
    """Implements `bot.ports.SigningKeys`."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._private = SecretColumn(sealer, SigningKeyRow.__tablename__, "private")

    async def get(self) -> Secret | None:
        """The private key, opened."""
        row = await self._session.get(SigningKeyRow, _ONLY_KEY, populate_existing=True)
        if row is None:
            return None
        text = self._private.opened(_ONLY_KEY, row.private_sealed, row.private_key_id)
        return None if text is None else Secret(text)

    async def put_once(self, private: Secret) -> Secret:
        """Keep it, sealed, unless there is one already; the one that is kept."""
        values = {"name": _ONLY_KEY, **self._private.values(_ONLY_KEY, private)}
        await self._session.execute(insert_into(self._session, SigningKeyRow).values(values).on_conflict_do_nothing())
        return await self.get() or private
