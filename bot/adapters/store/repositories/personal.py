"""Everything held about people, over all tables of the register."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import datetime
from enum import Enum
from typing import cast

from sqlalchemy import Table, and_, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.personal_register import OF_COMMUNITIES, OF_MEETINGS, REGISTER
from bot.adapters.store.personal_table import Erase, Goes, Holding, PersonalTable
from bot.adapters.store.repositories.audit import ERASED, take_turn
from bot.adapters.store.repositories.personal_audit import AuditPeople
from bot.adapters.store.repositories.personal_clauses import (
    Clause,
    Traces,
    about,
    delete_some,
    in_guild,
    in_meetings,
    not_spared,
)
from bot.adapters.store.tables import (
    AccountLinkRow,
    AuditSubjectRow,
    CommunityRow,
    DailyUsageRow,
    InviteRow,
    MeetingRow,
    ZoomHostRow,
)
from bot.adapters.store.tables_events import SessionRow
from bot.domain.invite import TAG_SIGN, InviteState
from bot.domain.meeting import MeetingState
from bot.domain.privacy import NOBODY, Call, KeptRecord
from bot.domain.values import GuildId, MeetingId, MemberId
from bot.ports import Chance, LinkState

MOST_SHOWN = 2000
"""Rows of one table that a member is told of."""
_NOT_OVER = (MeetingState.PLANNED, MeetingState.CREATED, MeetingState.LIVE)
_INVITES, _MEETINGS = cast(Table, InviteRow.__table__), cast(Table, MeetingRow.__table__)


class SqlPersonal:
    """Implements `bot.ports.privacy.PersonalData`."""

    def __init__(self, session: AsyncSession, chance: Chance) -> None:
        self._session = session
        self._chance = chance
        self._audit = AuditPeople(session)

    async def of_member(self, guild_id: GuildId, member_id: MemberId) -> Sequence[KeptRecord]:
        """Everything held about this member that they may see, in the register's order."""
        found: list[KeptRecord] = []
        for entry, holding, where in await self._places(guild_id, member_id):
            if holding.shown:
                found += await self._records(entry.table, holding, where)
        return [*found, *await self._audit.own_actions(guild_id, member_id)]

    async def knows(self, guild_id: GuildId, member_id: MemberId) -> bool:
        """Whether anything is held about this member."""
        for entry, _, where in await self._places(guild_id, member_id):
            if (await self._session.execute(select(*entry.table.primary_key.columns).where(where).limit(1))).first():
                return True
        return False

    async def calls(self, guild_id: GuildId, member_id: MemberId) -> Sequence[Call]:
        """The calls they had a link for, planned, or host; one that was called off only if somebody was in it."""
        invited = exists().where(InviteRow.meeting_id == MeetingRow.meeting_id, InviteRow.member_id == member_id)
        hosts = exists().where(
            ZoomHostRow.guild_id == guild_id,
            ZoomHostRow.user_id == MeetingRow.host_id,
            ZoomHostRow.member_id == member_id,
        )
        wanted = (
            select(
                MeetingRow.meeting_id,
                MeetingRow.starts_at,
                MeetingRow.ends_at,
                MeetingRow.state,
                func.min(SessionRow.started_at),
                func.max(SessionRow.ended_at),
                func.count(SessionRow.session_id),
            )
            .outerjoin(SessionRow, SessionRow.meeting_id == MeetingRow.meeting_id)
            .where(MeetingRow.guild_id == guild_id, or_(invited, hosts, MeetingRow.created_by == member_id))
            .where(MeetingRow.state != MeetingState.PLANNED)
            .group_by(MeetingRow.meeting_id, MeetingRow.starts_at, MeetingRow.ends_at, MeetingRow.state)
        )
        found = await self._session.execute(wanted)
        return [
            Call(
                MeetingId(meeting_id),
                min(starts_at, first or starts_at),
                max(ends_at, last or ends_at),
                state is MeetingState.LIVE,
            )
            for meeting_id, starts_at, ends_at, state, first, last, runs in found
            if runs or state is not MeetingState.CANCELLED
        ]

    async def erase_member(self, guild_id: GuildId, member_id: MemberId, spare: Set[MeetingId], limit: int) -> int:
        """Erase up to `limit` rows about this member; how many.

        Invites to calls that are still to come lose their member instead: their made-up addresses must not be used again at Zoom.
        """
        await take_turn(self._session, guild_id)
        places = await self._places(guild_id, member_id)
        gone = await self._disown_coming(guild_id, member_id, spare)
        for entry, holding, where in places:
            if gone >= limit:
                return gone
            if entry.table is not _INVITES:
                gone += await self._erase(entry, holding, and_(where, not_spared(entry.table, spare)), limit - gone)
        if gone < limit:
            # Last, because Zoom's numbers for them stand there.
            own = and_(_INVITES.c.member_id == member_id, in_guild(_INVITES, guild_id), not_spared(_INVITES, spare))
            gone += await delete_some(self._session, _INVITES, own, limit - gone)
        if gone < limit:
            gone += await self._audit.erase(guild_id, member_id, spare, limit - gone)
        return gone

    async def communities(self) -> Sequence[GuildId]:
        """Every community of which anything is held."""
        known: set[int] = set()
        for column in (CommunityRow.guild_id, MeetingRow.guild_id, AuditSubjectRow.guild_id):
            known.update(await self._session.scalars(select(column).distinct()))
        linked = select(AccountLinkRow.guild_id).where(AccountLinkRow.owner_member_id.is_not(None))
        known.update(await self._session.scalars(linked.distinct()))
        return [GuildId(guild_id) for guild_id in sorted(known)]

    async def over(self, guild_id: GuildId, before: datetime, spare: Set[MeetingId], limit: int) -> Sequence[MeetingId]:
        """Meetings that were over before then, oldest first: planned end and last session, whatever became of them."""
        later = exists().where(
            SessionRow.meeting_id == MeetingRow.meeting_id,
            or_(SessionRow.ended_at >= before, and_(SessionRow.ended_at.is_(None), SessionRow.started_at >= before)),
        )
        wanted = select(MeetingRow.meeting_id).where(
            MeetingRow.guild_id == guild_id,
            MeetingRow.ends_at < before,
            MeetingRow.state != MeetingState.LIVE,
            ~later,
            not_spared(_MEETINGS, spare),
        )
        oldest = wanted.order_by(MeetingRow.ends_at, MeetingRow.meeting_id).limit(limit)
        return [MeetingId(found) for found in await self._session.scalars(oldest)]

    async def purge_meeting(self, meeting_id: MeetingId, limit: int) -> int:
        """Delete up to `limit` rows of this meeting, the meeting itself last."""
        gone = 0
        for table in (*(entry.table for entry in OF_COMMUNITIES if entry.goes is Goes.BY_AGE), *_meeting_tables()):
            gone += await delete_some(self._session, table, in_meetings(table, [meeting_id]), limit - gone)
            if gone >= limit:
                break
        return gone

    async def anything_old(self, guild_id: GuildId, before: datetime, spare: Set[MeetingId]) -> bool:
        """Whether `purge_old` would find something."""
        for table, old in self._old(guild_id, before, spare):
            if (await self._session.execute(select(*table.primary_key.columns).where(old).limit(1))).first():
                return True
        return False

    async def purge_old(self, guild_id: GuildId, before: datetime, spare: Set[MeetingId], limit: int) -> int:
        """Delete up to `limit` rows that belong to no meeting and are older; how many."""
        await take_turn(self._session, guild_id)
        gone = 0
        for table, old in self._old(guild_id, before, spare):
            gone += await delete_some(self._session, table, old, limit - gone)
        return gone

    async def erase_community(self, guild_id: GuildId, spare: Set[MeetingId], limit: int) -> int:
        """Delete up to `limit` rows of this community; how many. The chain of the record stays, without anybody in it."""
        await take_turn(self._session, guild_id)
        gone = 0
        for table in (*_meeting_tables(), *_community_tables()):
            where = and_(in_guild(table, guild_id), not_spared(table, spare))
            gone += await delete_some(self._session, table, where, limit - gone)
            if gone >= limit:
                return gone
        gone += await self._audit.erase_all(guild_id, spare, limit - gone)
        used = exists().where(MeetingRow.link_id == AccountLinkRow.link_id)
        empty = and_(AccountLinkRow.guild_id == guild_id, AccountLinkRow.state == LinkState.UNLINKED, ~used)
        return gone + await delete_some(self._session, cast(Table, AccountLinkRow.__table__), empty, limit - gone)

    async def anything_left(self, guild_id: GuildId) -> bool:
        """Whether meetings or people of this community are still there."""
        meetings = select(MeetingRow.meeting_id).where(MeetingRow.guild_id == guild_id).limit(1)
        people = select(AuditSubjectRow.member_id).where(AuditSubjectRow.guild_id == guild_id).limit(1)
        return (await self._session.scalar(meetings) or await self._session.scalar(people)) is not None

    async def purge_counters(self, before: datetime) -> None:
        """Forget the daily counters from before then."""
        await self._session.execute(delete(DailyUsageRow).where(DailyUsageRow.day < before.date()))

    def drop_traces(self) -> None:
        """With the commit the bytes of what was deleted leave the database's files as well."""
        self._session.info[ERASED] = True

    def _old(self, guild_id: GuildId, before: datetime, spare: Set[MeetingId]) -> Sequence[tuple[Table, Clause]]:
        by_age = [
            (
                entry.table,
                and_(
                    in_guild(entry.table, guild_id), entry.table.c[entry.age] < before, not_spared(entry.table, spare)
                ),
            )
            for entry in OF_COMMUNITIES
            if entry.goes is Goes.BY_AGE
        ]
        return [*self._audit.old(guild_id, before, spare), *by_age]

    async def _places(self, guild_id: GuildId, member_id: MemberId) -> Sequence[tuple[PersonalTable, Holding, Clause]]:
        """Every place that may hold this member, with the condition that finds them there."""
        invites = select(InviteRow.meeting_id, InviteRow.registrant_id, InviteRow.name, InviteRow.tag).where(
            InviteRow.member_id == member_id, in_guild(_INVITES, guild_id)
        )
        rows = (await self._session.execute(invites)).all()
        traces = Traces(
            member_id,
            frozenset(row.registrant_id for row in rows if row.registrant_id),
            frozenset(f"{row.name}{TAG_SIGN}{row.tag}" for row in rows),
            frozenset(MeetingId(row.meeting_id) for row in rows),
        )
        return [
            (
                entry,
                holding,
                and_(in_guild(entry.table, guild_id), about(entry.table, holding, traces)),
            )
            for entry in REGISTER
            for holding in entry.holds
        ]

    async def _records(self, table: Table, holding: Holding, where: Clause) -> Sequence[KeptRecord]:
        columns = [table.c[name] for name in holding.shown]
        meeting = _MEETINGS.alias("call")
        call = [meeting.c.topic, meeting.c.starts_at]
        if "meeting_id" in table.c:
            wanted = select(*call, *columns).select_from(
                table.outerjoin(meeting, meeting.c.meeting_id == table.c.meeting_id)
            )
        else:
            wanted = select(*columns)
        found = await self._session.execute(wanted.where(where).order_by(*table.primary_key.columns).limit(MOST_SHOWN))
        width = len(call) if "meeting_id" in table.c else 0
        return [
            KeptRecord(
                holding.topic,
                tuple(zip(holding.shown.values(), map(_plain, row[width:]), strict=True)),
                str(row[0] or "") if width else "",
                row[1] if width else None,
            )
            for row in found
        ]

    async def _erase(self, entry: PersonalTable, holding: Holding, where: Clause, limit: int) -> int:
        match holding.erase:
            case Erase.DELETE:
                return await delete_some(self._session, entry.table, where, limit)
            case Erase.CLEAR:
                await self._session.execute(update(entry.table).where(where).values({holding.column: None}))
            case Erase.DISOWN:
                await self._session.execute(update(entry.table).where(where).values({holding.column: NOBODY}))
            case Erase.ELSEWHERE:
                pass
        return 0

    async def _disown_coming(self, guild_id: GuildId, member_id: MemberId, spare: Set[MeetingId]) -> int:
        coming = select(MeetingRow.meeting_id).where(MeetingRow.guild_id == guild_id, MeetingRow.state.in_(_NOT_OVER))
        wanted = select(InviteRow.invite_id).where(
            InviteRow.member_id == member_id,
            InviteRow.state == InviteState.REVOKED,
            InviteRow.meeting_id.in_(coming),
            not_spared(_INVITES, spare),
        )
        found = list(await self._session.scalars(wanted))
        for invite_id in found:
            first, second = self._chance.numbers(2)
            nobodys = -((first << 31) ^ second) - 1
            changed = update(InviteRow).where(InviteRow.invite_id == invite_id)
            await self._session.execute(changed.values(member_id=nobodys, name=""))
        return len(found)


def _meeting_tables() -> Sequence[Table]:
    return [entry.table for entry in OF_MEETINGS]


def _community_tables() -> Sequence[Table]:
    kept = (Goes.BY_AGE, Goes.WITH_COMMUNITY)
    return [entry.table for entry in OF_COMMUNITIES if entry.goes in kept]


def _plain(value: object) -> object:
    return value.value if isinstance(value, Enum) else value
