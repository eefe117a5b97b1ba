"""The store as use cases see it: transactions, and in each of them the repositories."""

from __future__ import annotations

from contextlib import AsyncExitStack
from types import TracebackType
from typing import Literal, Self

from procrastinate.exceptions import ConnectorException
from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.engine import Database, Synchronous
from bot.adapters.store.errors import explain
from bot.adapters.store.jobs import JobQueue
from bot.adapters.store.repositories.alerts import SqlAlerts
from bot.adapters.store.repositories.audit import ERASED, SqlAudit
from bot.adapters.store.repositories.audit_reading import SqlAuditReading, SqlCheckpoints, SqlSigningKeys
from bot.adapters.store.repositories.bookkeeping import SqlAgenda, SqlNotes, SqlUsage
from bot.adapters.store.repositories.communities import SqlCommunities
from bot.adapters.store.repositories.containment import SqlActs, SqlDoors
from bot.adapters.store.repositories.erasures import SqlErasures
from bot.adapters.store.repositories.following import SqlChecks, SqlEdits, SqlGuests, SqlVoidOrders
from bot.adapters.store.repositories.grants import SqlGrants
from bot.adapters.store.repositories.inbox import SqlInbox
from bot.adapters.store.repositories.incident_papers import SqlFollowUps, SqlIncidentPapers
from bot.adapters.store.repositories.incidents import SqlIncidents
from bot.adapters.store.repositories.invites import SqlInvites
from bot.adapters.store.repositories.jobs import SqlJobs
from bot.adapters.store.repositories.leaks import SqlLeaks
from bot.adapters.store.repositories.link_jobs import SqlLinkJobs
from bot.adapters.store.repositories.link_requests import SqlLinkRequests
from bot.adapters.store.repositories.link_rules import SqlLinkRules
from bot.adapters.store.repositories.links import SqlLinks
from bot.adapters.store.repositories.meetings import SqlMeetings
from bot.adapters.store.repositories.panels import SqlPanels
from bot.adapters.store.repositories.personal import SqlPersonal
from bot.adapters.store.repositories.reminders import SqlReminders
from bot.adapters.store.repositories.roster import SqlRoster
from bot.adapters.store.repositories.rotation import SqlRotations
from bot.adapters.store.repositories.series import SqlSeries
from bot.adapters.store.repositories.server_events import SqlKeptEvents
from bot.adapters.store.repositories.sessions import SqlDrifts, SqlSessions
from bot.adapters.store.sealed import Sealer
from bot.domain.errors import VestibuleError
from bot.ports import Chance

UnitLane = Literal["routine", "emergency", "read"]


class SqlStore:
    """Implements `bot.ports.Store` on SQLite and PostgreSQL.

    Args:
        database: its tables are up to date (`migrate.upgrade`).
        jobs: the queue on the same database, with every `Job` registered before the first is put.
    """

    def __init__(self, database: Database, sealer: Sealer, chance: Chance, jobs: JobQueue) -> None:
        self.database = database
        self.jobs = jobs
        self._sealer = sealer
        self._chance = chance

    def work(self, *, urgent: bool = False) -> SqlUnitOfWork:
        """A transaction that may write. `urgent` ones pass all that waits.

        On SQLite one task may hold only one: a second inside it raises RuntimeError at once, for it would wait for itself.
        """
        return self._unit("emergency" if urgent else "routine")

    def read(self) -> SqlUnitOfWork:
        """A transaction that only reads and waits for no writer."""
        return self._unit("read")

    async def close(self) -> None:
        """Close every connection; without it the process does not end."""
        await self.database.close()

    def _unit(self, lane: UnitLane) -> SqlUnitOfWork:
        return SqlUnitOfWork(self.database, lane, self._sealer, self._chance, self.jobs)


def open_store(url: str | URL, sealer: Sealer, chance: Chance, *, synchronous: Synchronous = "NORMAL") -> SqlStore:
    """The store at an address. It connects at the first use; give it back with `close()`.

    Raises:
        NeedsAttention: the address is not understood, or its file cannot be written.
    """
    database = Database.at(url, synchronous=synchronous)
    return SqlStore(database, sealer, chance, JobQueue(database))


class SqlUnitOfWork:
    """Implements `bot.ports.UnitOfWork`: one transaction, entered once, committed at most once. Its repositories refuse every use after that.

    What the database refuses leaves the `async with` block as an error of `bot.domain.errors`, or as it is if it is a bug.
    """

    communities: SqlCommunities
    links: SqlLinks
    grants: SqlGrants
    link_requests: SqlLinkRequests
    link_jobs: SqlLinkJobs
    meetings: SqlMeetings
    invites: SqlInvites
    audit: SqlAudit
    agenda: SqlAgenda
    usage: SqlUsage
    notes: SqlNotes
    jobs: SqlJobs
    series: SqlSeries
    server_events: SqlKeptEvents
    reminders: SqlReminders
    inbox: SqlInbox
    sessions: SqlSessions
    drifts: SqlDrifts
    alerts: SqlAlerts
    panels: SqlPanels
    voids: SqlVoidOrders
    checks: SqlChecks
    guests: SqlGuests
    edits: SqlEdits
    doors: SqlDoors
    acts: SqlActs
    personal: SqlPersonal
    erasures: SqlErasures
    incidents: SqlIncidents
    holds: SqlIncidents
    papers: SqlIncidentPapers
    follow_ups: SqlFollowUps
    record: SqlAuditReading
    checkpoints: SqlCheckpoints
    signing_keys: SqlSigningKeys
    roster: SqlRoster
    leaks: SqlLeaks
    rotations: SqlRotations
    link_rules: SqlLinkRules

    def __init__(self, database: Database, lane: UnitLane, sealer: Sealer, chance: Chance, jobs: JobQueue) -> None:
        self._database = database
        self._lane = lane
        self._sealer = sealer
        self._chance = chance
        self._queue = jobs
        self._held = AsyncExitStack()
        self._session: AsyncSession | None = None

    async def __aenter__(self) -> Self:
        if self._session is not None:
            raise RuntimeError("a unit of work is entered once; ask the store for another")
        database = self._database
        transaction = database.read_session() if self._lane == "read" else database.session(self._lane)
        self._session = await self._held.enter_async_context(transaction)
        self._offer_repositories(self._session)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._held.aclose()
        explained = None if error is None else _explained(error)
        if explained is not None:
            raise explained from error

    async def commit(self) -> None:
        """Make everything true at once."""
        if self._session is None:
            raise RuntimeError("a unit of work is used inside `async with`")
        await self._session.commit()
        if self._session.info.get(ERASED):
            await self._database.drop_old_pages()

    def _offer_repositories(self, session: AsyncSession) -> None:
        self.communities = SqlCommunities(session)
        self.links = SqlLinks(session)
        self.grants = SqlGrants(session, self._sealer)
        self.link_requests = SqlLinkRequests(session, self._sealer)
        self.link_jobs = SqlLinkJobs(session, self._queue)
        self.meetings = SqlMeetings(session, self._sealer)
        self.invites = SqlInvites(session, self._sealer)
        self.audit = SqlAudit(session, self._chance)
        self.agenda = SqlAgenda(session)
        self.usage = SqlUsage(session)
        self.notes = SqlNotes(session)
        self.jobs = SqlJobs(session, self._queue)
        self.series = SqlSeries(session, self.meetings)
        self.server_events = SqlKeptEvents(session)
        self.reminders = SqlReminders(session)
        self.inbox = SqlInbox(session)
        self.sessions = SqlSessions(session)
        self.drifts = SqlDrifts(session)
        self.alerts = SqlAlerts(session)
        self.panels = SqlPanels(session)
        self.voids = SqlVoidOrders(session)
        self.checks = SqlChecks(session)
        self.guests = SqlGuests(session)
        self.edits = SqlEdits(session)
        self.doors = SqlDoors(session)
        self.acts = SqlActs(session)
        self.personal = SqlPersonal(session, self._chance)
        self.erasures = SqlErasures(session)
        self.incidents = self.holds = SqlIncidents(session)
        self.papers = SqlIncidentPapers(session, self.incidents)
        self.follow_ups = SqlFollowUps(session)
        self.record = SqlAuditReading(session)
        self.checkpoints = SqlCheckpoints(session)
        self.signing_keys = SqlSigningKeys(session, self._sealer)
        self.roster = SqlRoster(session)
        self.leaks = SqlLeaks(session, self._sealer)
        self.rotations = SqlRotations(session)
        self.link_rules = SqlLinkRules(session)


def _explained(error: BaseException) -> VestibuleError | None:
    """The job queue wraps what the database raised."""
    cause = error.__cause__ if isinstance(error, ConnectorException) else error
    return explain(cause) if isinstance(cause, SQLAlchemyError) else None
