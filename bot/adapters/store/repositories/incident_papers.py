"""What people wrote about incidents, and whom to remind. All of it can be erased."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.repositories.audit import ERASED
from bot.adapters.store.repositories.incidents import SqlIncidents
from bot.adapters.store.repositories.statements import upsert
from bot.adapters.store.tables_incidents import (
    FollowUpRow,
    IncidentConsentRow,
    IncidentNoteRow,
    IncidentReportRow,
)
from bot.domain.incident import Consent, IncidentId, Purpose, ReportId, holds
from bot.domain.values import GuildId, MemberId
from bot.ports.incidents import FollowUp, FollowUpState, IncidentNote, Report


class SqlIncidentPapers:
    """Implements `bot.ports.IncidentPapers`."""

    def __init__(self, session: AsyncSession, incidents: SqlIncidents) -> None:
        self._session = session
        self._incidents = incidents

    async def add_report(self, report: Report) -> None:
        """Keep it."""
        values = {
            "report_id": report.report_id,
            "incident_id": report.incident_id,
            "guild_id": report.guild_id,
            "reporter": report.reporter,
            "by_moderator": report.by_moderator,
            "category": report.category,
            "seen": report.seen,
            "at": report.at,
            "salt": report.salt,
        }
        await self._session.execute(insert(IncidentReportRow).values(values))

    async def reports(self, incident_id: IncidentId) -> Sequence[Report]:
        """Oldest first."""
        wanted = select(IncidentReportRow).where(IncidentReportRow.incident_id == incident_id)
        rows = await self._session.scalars(wanted.order_by(IncidentReportRow.at, IncidentReportRow.report_id))
        return [_report(row) for row in rows]

    async def reported_since(self, guild_id: GuildId, member_id: MemberId, since: datetime) -> int:
        """How many reports this person sent."""
        theirs = (IncidentReportRow.guild_id == guild_id, IncidentReportRow.reporter == member_id)
        counted = select(func.count()).select_from(IncidentReportRow).where(*theirs, IncidentReportRow.at > since)
        return await self._session.scalar(counted) or 0

    async def add_note(self, note: IncidentNote) -> None:
        """Keep it."""
        values = {
            "incident_id": note.incident_id,
            "author": note.author,
            "text": note.text,
            "at": note.at,
            "is_hold": note.is_hold,
        }
        await self._session.execute(insert(IncidentNoteRow).values(values))

    async def notes(self, incident_id: IncidentId) -> Sequence[IncidentNote]:
        """Oldest first."""
        wanted = select(IncidentNoteRow).where(IncidentNoteRow.incident_id == incident_id)
        rows = await self._session.scalars(wanted.order_by(IncidentNoteRow.at, IncidentNoteRow.note_id))
        return [IncidentNote(incident_id, MemberId(row.author), row.text, row.at, row.is_hold) for row in rows]

    async def consent(self, incident_id: IncidentId, purpose: Purpose) -> Consent | None:
        """One organiser's yes, if there is one."""
        row = await self._session.get(IncidentConsentRow, (incident_id, purpose), populate_existing=True)
        return None if row is None else Consent(incident_id, purpose, MemberId(row.member_id), row.at)

    async def save_consent(self, consent: Consent) -> None:
        """In place of an earlier one."""
        values = {
            "incident_id": consent.incident_id,
            "purpose": consent.purpose,
            "member_id": consent.by,
            "at": consent.at,
        }
        await self._session.execute(upsert(self._session, IncidentConsentRow, values, key=["incident_id", "purpose"]))

    async def drop_consent(self, incident_id: IncidentId, purpose: Purpose) -> None:
        """It was used, or is withdrawn."""
        await self._session.execute(
            delete(IncidentConsentRow).where(
                IncidentConsentRow.incident_id == incident_id, IncidentConsentRow.purpose == purpose
            )
        )

    async def forget(self, incident_id: IncidentId) -> None:
        """Erase every report, note, consent and reminder of it."""
        for row in (IncidentReportRow, IncidentNoteRow, IncidentConsentRow, FollowUpRow):
            await self._session.execute(delete(row).where(row.incident_id == incident_id))
        self._session.info[ERASED] = True

    async def erase_person(self, guild_id: GuildId, member_id: MemberId, now: datetime) -> bool:
        """Erase what this person wrote, except about incidents that hold at `now`; False if something had to stay."""
        stayed = False
        for incident_id in await self._wrote_in(guild_id, member_id):
            incident = await self._incidents.get(incident_id)
            if incident is not None and holds(incident, now):
                stayed = True
                continue
            about = IncidentReportRow.incident_id == incident_id
            await self._session.execute(delete(IncidentReportRow).where(about, IncidentReportRow.reporter == member_id))
            noted = (IncidentNoteRow.incident_id == incident_id, IncidentNoteRow.author == member_id)
            await self._session.execute(delete(IncidentNoteRow).where(*noted))
            follows = (FollowUpRow.incident_id == incident_id, FollowUpRow.member_id == member_id)
            await self._session.execute(delete(FollowUpRow).where(*follows))
            self._session.info[ERASED] = True
        return not stayed

    async def _wrote_in(self, guild_id: GuildId, member_id: MemberId) -> Sequence[IncidentId]:
        reported = select(IncidentReportRow.incident_id).where(
            IncidentReportRow.guild_id == guild_id, IncidentReportRow.reporter == member_id
        )
        reminded = select(FollowUpRow.incident_id).where(
            FollowUpRow.guild_id == guild_id, FollowUpRow.member_id == member_id
        )
        noted = select(IncidentNoteRow.incident_id).where(IncidentNoteRow.author == member_id)
        ids = await self._session.scalars(reported.union(reminded, noted))
        found = [await self._incidents.get(IncidentId(incident_id)) for incident_id in ids]
        return [incident.incident_id for incident in found if incident is not None and incident.guild_id == guild_id]


class SqlFollowUps:
    """Implements `bot.ports.FollowUps`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def put(self, follow_up: FollowUp) -> None:
        """Add it, or change it."""
        values = {
            "incident_id": follow_up.incident_id,
            "member_id": follow_up.member_id,
            "guild_id": follow_up.guild_id,
            "reported_at": follow_up.reported_at,
            "due_at": follow_up.due_at,
            "state": follow_up.state,
            "owner": follow_up.owner,
        }
        await self._session.execute(upsert(self._session, FollowUpRow, values, key=["incident_id", "member_id"]))

    async def get(self, incident_id: IncidentId, member_id: MemberId) -> FollowUp | None:
        """One person's."""
        row = await self._session.get(FollowUpRow, (incident_id, member_id), populate_existing=True)
        return None if row is None else _follow_up(row)

    async def any_due(self, now: datetime) -> bool:
        """Whether somebody is to be reminded."""
        return (
            await self._session.scalar(select(FollowUpRow.due_at).where(FollowUpRow.due_at <= now).limit(1)) is not None
        )

    async def due(self, now: datetime, again_at: datetime, limit: int) -> Sequence[FollowUp]:
        """Who is to be reminded now; each is put off to `again_at`, so that two who look take it once."""
        wanted = select(FollowUpRow).where(FollowUpRow.due_at <= now).order_by(FollowUpRow.due_at).limit(limit)
        found = list(await self._session.scalars(wanted.with_for_update(skip_locked=True)))
        due = [_follow_up(row) for row in found]
        each = [
            (FollowUpRow.incident_id == item.incident_id) & (FollowUpRow.member_id == item.member_id) for item in due
        ]
        if each:
            await self._session.execute(
                update(FollowUpRow)
                .where(or_(*each))
                .values(due_at=again_at)
                .execution_options(synchronize_session=False)
            )
        return due


def _report(row: IncidentReportRow) -> Report:
    return Report(
        report_id=ReportId(row.report_id),
        incident_id=IncidentId(row.incident_id),
        guild_id=GuildId(row.guild_id),
        reporter=MemberId(row.reporter),
        by_moderator=row.by_moderator,
        category=row.category,
        seen=row.seen,
        at=row.at,
        salt=row.salt,
    )


def _follow_up(row: FollowUpRow) -> FollowUp:
    return FollowUp(
        incident_id=IncidentId(row.incident_id),
        guild_id=GuildId(row.guild_id),
        member_id=MemberId(row.member_id),
        reported_at=row.reported_at,
        due_at=row.due_at,
        state=FollowUpState(row.state),
        owner=row.owner,
    )
