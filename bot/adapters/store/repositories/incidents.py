"""Incidents, and what they keep from being erased."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.repositories.statements import upsert
from bot.adapters.store.tables import InviteRow, MeetingRow
from bot.adapters.store.tables_events import SessionRow
from bot.adapters.store.tables_incidents import IncidentReportRow, IncidentRow
from bot.domain.incident import Incident, IncidentId, holds
from bot.domain.session import Session
from bot.domain.values import GuildId, MeetingId, MemberId, SessionId
from bot.ports.incidents import Held


class SqlIncidents:
    """Implements `bot.ports.IncidentBook`, and with it `bot.ports.Holds`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, incident_id: IncidentId) -> Incident | None:
        """One incident."""
        row = await self._session.get(IncidentRow, incident_id, populate_existing=True)
        return None if row is None else _incident(row)

    async def numbered(self, guild_id: GuildId, number: int) -> Incident | None:
        """The community's incident with this number."""
        wanted = select(IncidentRow).where(IncidentRow.guild_id == guild_id, IncidentRow.number == number)
        return await self._one(wanted)

    async def of_guild(self, guild_id: GuildId, limit: int) -> Sequence[Incident]:
        """Open ones first, then the newest."""
        wanted = select(IncidentRow).where(IncidentRow.guild_id == guild_id)
        ordered = wanted.order_by(IncidentRow.closed_at.is_not(None), IncidentRow.number.desc()).limit(limit)
        return [_incident(row) for row in await self._session.scalars(ordered)]

    async def open_about(
        self, guild_id: GuildId, meeting_id: MeetingId | None, session_id: SessionId | None
    ) -> Incident | None:
        """The open incident about exactly this."""
        same = (IncidentRow.guild_id == guild_id, IncidentRow.about == _about(meeting_id, session_id))
        return await self._one(select(IncidentRow).where(*same, IncidentRow.closed_at.is_(None)))

    async def next_number(self, guild_id: GuildId) -> int:
        """The number for a new incident. Until this transaction ends nobody else opens one in this community."""
        if self._session.get_bind().dialect.name == "postgresql":
            turn = func.hashtextextended(f"incident:{guild_id}", 0)
            await self._session.execute(select(func.pg_advisory_xact_lock(turn)))
        last = select(func.max(IncidentRow.number)).where(IncidentRow.guild_id == guild_id)
        return (await self._session.scalar(last) or 0) + 1

    async def save(self, incident: Incident) -> None:
        """Add or change it."""
        values = {
            "incident_id": incident.incident_id,
            "guild_id": incident.guild_id,
            "number": incident.number,
            "about": _about(incident.meeting_id, incident.session_id),
            "meeting_id": incident.meeting_id,
            "session_id": incident.session_id,
            "category": incident.category,
            "emergency": incident.emergency,
            "opened_at": incident.opened_at,
            "closed_at": incident.closed_at,
            "hold_since": incident.hold_since,
            "aftercare_at": incident.aftercare_at,
            "forgotten_at": incident.forgotten_at,
        }
        await self._session.execute(upsert(self._session, IncidentRow, values, key=["incident_id"]))

    async def recent_runs(self, guild_id: GuildId, since: datetime, limit: int) -> Sequence[Session]:
        """Sessions of this community that are live, or ended since then; live ones first, then the newest."""
        wanted = (
            select(SessionRow)
            .join(MeetingRow, MeetingRow.meeting_id == SessionRow.meeting_id)
            .where(MeetingRow.guild_id == guild_id, SessionRow.started_at.is_not(None))
            .where(or_(SessionRow.ended_at.is_(None), SessionRow.ended_at >= since))
        )
        rows = await self._session.scalars(
            wanted.order_by(SessionRow.ended_at.is_not(None), SessionRow.started_at.desc()).limit(limit)
        )
        return [
            Session(SessionId(row.session_id), MeetingId(row.meeting_id), row.started_at, row.ended_at) for row in rows
        ]

    async def over(self, now: datetime, limit: int) -> Sequence[Incident]:
        """Those that hold nothing any more and whose reports and notes are still there."""
        return [incident for incident in await self._kept() if not holds(incident, now)][:limit]

    async def held(self, now: datetime) -> Held:
        """What is held at `now`, of all communities."""
        holding = [incident for incident in await self._kept() if holds(incident, now)]
        meetings = {incident.meeting_id: incident.guild_id for incident in holding if incident.meeting_id is not None}
        named = {incident.session_id for incident in holding if incident.session_id is not None}
        runs = await self._session.scalars(select(SessionRow.session_id).where(SessionRow.meeting_id.in_(meetings)))
        invited = await self._session.execute(
            select(InviteRow.meeting_id, InviteRow.member_id).where(InviteRow.meeting_id.in_(meetings)).distinct()
        )
        reported = await self._session.execute(
            select(IncidentReportRow.guild_id, IncidentReportRow.reporter)
            .where(IncidentReportRow.incident_id.in_([incident.incident_id for incident in holding]))
            .distinct()
        )
        members = {(meetings[MeetingId(meeting)], MemberId(member)) for meeting, member in invited}
        members |= {(GuildId(guild), MemberId(member)) for guild, member in reported}
        return Held(frozenset(meetings), frozenset(named | {SessionId(run) for run in runs}), frozenset(members))

    async def _kept(self) -> Sequence[Incident]:
        kept = select(IncidentRow).where(IncidentRow.forgotten_at.is_(None)).order_by(IncidentRow.opened_at)
        return [_incident(row) for row in await self._session.scalars(kept)]

    async def _one(self, wanted: Select[IncidentRow]) -> Incident | None:
        row = (await self._session.scalars(wanted)).first()
        return None if row is None else _incident(row)


def _about(meeting_id: MeetingId | None, session_id: SessionId | None) -> str:
    if session_id is not None:
        return f"session:{session_id}"
    return "community" if meeting_id is None else f"meeting:{meeting_id}"


def _incident(row: IncidentRow) -> Incident:
    return Incident(
        incident_id=IncidentId(row.incident_id),
        guild_id=GuildId(row.guild_id),
        number=row.number,
        category=row.category,
        opened_at=row.opened_at,
        meeting_id=None if row.meeting_id is None else MeetingId(row.meeting_id),
        session_id=None if row.session_id is None else SessionId(row.session_id),
        emergency=row.emergency,
        closed_at=row.closed_at,
        hold_since=row.hold_since,
        aftercare_at=row.aftercare_at,
        forgotten_at=row.forgotten_at,
    )
