"""Reporting what happened in a call: kept at once, moderators told, the person told where to turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.audit import text_digest
from bot.domain.community import Community, MemberFacts, Right, may
from bot.domain.errors import UserMistake, VestibuleError
from bot.domain.incident import (
    CATEGORY_WORDS,
    CONFIRM_WITHIN,
    REPORTS_AN_HOUR,
    Category,
    Incident,
    IncidentId,
    ReportId,
    next_reminder,
    words_only,
)
from bot.domain.meeting import Meeting
from bot.domain.reporting import REPORTABLE_FOR, Call, call_meant, knows_of, may_report
from bot.domain.routes import Route, RouteKind, routes_for
from bot.domain.values import AlertId, GuildId, MeetingId, MemberId, SessionId
from bot.ports import Alert, AlertKind, Chance, Clock, FollowUp, RemoveFromReport, Report, Store, UnitOfWork

RECENT_CALLS = 25


@dataclass(frozen=True, slots=True)
class ReportAsk:
    """What somebody reports, in words. `participant_uuid` with `remove`: put that person out in the same press (moderators only)."""

    category: Category
    seen: str
    meeting_id: MeetingId | None = None
    participant_uuid: str | None = None
    remove: bool = False


@dataclass(frozen=True, slots=True)
class Reported:
    """It is kept. `removal` says how far the removal is, where one was asked for; `call` is None where there was none."""

    incident: Incident
    category: Category
    call: Call | None
    routes: tuple[Route, ...]
    by_moderator: bool
    confirm_until: datetime
    removal: str | None = None


async def open_or_join(
    uow: UnitOfWork,
    chance: Chance,
    at: datetime,
    guild_id: GuildId,
    category: Category,
    *,
    meeting: Meeting | None,
    call: Call | None,
    actor: MemberId | None,
    emergency: bool = False,
) -> Incident:
    """The open incident of this call, opened if there is none, in the transaction of whoever calls. Emergencies open theirs with `emergency`.

    From its commit on nothing of the meeting is erased.
    """
    meeting_id = None if meeting is None else meeting.meeting_id
    session_id = None if call is None else call.session.session_id
    number = await uow.incidents.next_number(guild_id)
    known = await uow.incidents.open_about(guild_id, meeting_id, session_id)
    if known is not None:
        joined = known.joined(category, emergency=emergency)
        await uow.incidents.save(joined)
        return joined
    opened = Incident(
        IncidentId(chance.new_id()), guild_id, number, category, at, meeting_id, session_id, emergency=emergency
    )
    await uow.incidents.save(opened)
    facts = {"incident": number, "category": category.value, "emergency": emergency}
    await uow.audit.append(guild_id, "incident.open", at=at, actor=actor, meeting=meeting_id, facts=facts)
    return opened


async def recent_calls(uow: UnitOfWork, guild_id: GuildId, member_id: MemberId, now: datetime) -> Sequence[Call]:
    """The community's calls that a report can be about, live ones first, then the newest."""
    found: list[Call] = []
    for run in await uow.incidents.recent_runs(guild_id, now - REPORTABLE_FOR, RECENT_CALLS):
        meeting = await uow.meetings.get(run.meeting_id)
        if meeting is not None:
            found.append(Call(meeting, run, await uow.invites.asked(run.meeting_id, member_id)))
    return found


class Reporting:
    """`/report` and every Report button.

    Args:
        routes: where to turn, from the data file.
        removing: who acts on running calls; None where nobody can.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        chance: Chance,
        routes: Sequence[Route],
        removing: RemoveFromReport | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._chance = chance
        self._routes = routes
        self._removing = removing

    async def admit(self, guild_id: GuildId, who: MemberFacts) -> None:
        """Before the form opens: refuse whoever may not report.

        Raises:
            UserMistake: says what to do instead.
        """
        async with self._store.read() as uow:
            await self._calls(uow, guild_id, who, self._clock.now())

    async def reportable(self, guild_id: GuildId, who: MemberFacts) -> Sequence[Call]:
        """The calls this person can choose from; others are not even named to them."""
        async with self._store.read() as uow:
            return (await self._calls(uow, guild_id, who, self._clock.now()))[1]

    async def report(self, guild_id: GuildId, who: MemberFacts, ask: ReportAsk) -> Reported:
        """Keep the report, tell the moderators, and say where to turn. A removal that was asked for begins first: it must not wait.

        Raises:
            UserMistake: they may not report, reported too often within the hour, or wrote nothing.
        """
        seen = words_only(ask.seen)
        if not seen:
            raise UserMistake("Please write in a few words what you saw or heard.", code="report_empty")
        removal = await self._removal(guild_id, who, ask)
        now = self._clock.now()
        async with self._store.work() as uow:
            community, calls = await self._calls(uow, guild_id, who, now)
            if await uow.papers.reported_since(guild_id, who.member_id, now - timedelta(hours=1)) >= REPORTS_AN_HOUR:
                raise UserMistake(
                    "You have sent several reports within the hour, and all of them are kept. If there is more, tell a moderator directly.",
                    code="report_often",
                )
            call = call_meant(calls, ask.meeting_id)
            incident = await self._keep(uow, guild_id, who, ask.category, seen, call, community)
            await self._remind_of_confirming(uow, incident, who.member_id, call, now)
            await uow.commit()
        return Reported(
            incident,
            ask.category,
            call,
            self.where_to(community, ask.category),
            bool(may(Right.INCIDENTS, who, community)),
            now + CONFIRM_WITHIN,
            removal,
        )

    def where_to(self, community: Community, category: Category) -> tuple[Route, ...]:
        """The routes for a report of this kind in this community's country, without support lines."""
        kinds = (RouteKind.ZOOM, RouteKind.POLICE, RouteKind.HOTLINE)
        return routes_for(self._routes, community.country, category, kinds)

    async def _calls(
        self, uow: UnitOfWork, guild_id: GuildId, who: MemberFacts, now: datetime
    ) -> tuple[Community, tuple[Call, ...]]:
        community = await uow.communities.get(guild_id)
        calls = await recent_calls(uow, guild_id, who.member_id, now)
        decision = may_report(who, community, calls, now)
        if not decision:
            raise UserMistake(decision.reason, code=decision.code)
        return community, knows_of(who, community, calls, now)

    async def _keep(
        self,
        uow: UnitOfWork,
        guild_id: GuildId,
        who: MemberFacts,
        category: Category,
        seen: str,
        call: Call | None,
        community: Community,
    ) -> Incident:
        now, salt = self._clock.now(), self._chance.salt()
        meeting = None if call is None else call.meeting
        # No actor anywhere here: the record of what was done must not tell who reported.
        known = await uow.incidents.open_about(guild_id, *_place(call))
        incident = await open_or_join(
            uow, self._chance, now, guild_id, category, meeting=meeting, call=call, actor=None
        )
        report = Report(
            ReportId(self._chance.new_id()),
            incident.incident_id,
            guild_id,
            who.member_id,
            bool(may(Right.INCIDENTS, who, community)),
            category,
            seen,
            now,
            salt,
        )
        await uow.papers.add_report(report)
        facts = {"incident": incident.number, "category": category.value, "text": text_digest(salt, seen)}
        await uow.audit.append(
            guild_id, "incident.report", at=now, actor=None, meeting=incident.meeting_id, facts=facts
        )
        if known is None or known.category is not incident.category:
            await uow.alerts.put(self._alert(incident, category, meeting, now))
        return incident

    def _alert(self, incident: Incident, category: Category, meeting: Meeting | None, now: datetime) -> Alert:
        return Alert(
            AlertId(self._chance.new_id()),
            incident.guild_id,
            AlertKind.REPORTED,
            now,
            incident.meeting_id,
            topic="" if meeting is None else meeting.topic,
            starts_at=None if meeting is None else meeting.starts_at,
            said=(CATEGORY_WORDS[category],),
            count=incident.number,
        )

    async def _remind_of_confirming(
        self, uow: UnitOfWork, incident: Incident, reporter: MemberId, call: Call | None, now: datetime
    ) -> None:
        """Reminders for who reported and for the owner of the Zoom account. Whoever has some already, or wanted none, keeps it so."""
        if call is None:
            return
        people = {reporter: False}
        owner = await _owner(uow, call.meeting)
        if owner is not None:
            people.setdefault(owner, True)
        for member_id, is_owner in people.items():
            if await uow.follow_ups.get(incident.incident_id, member_id) is None:
                due = next_reminder(now, now)
                await uow.follow_ups.put(
                    FollowUp(incident.incident_id, incident.guild_id, member_id, now, due, owner=is_owner)
                )

    async def _removal(self, guild_id: GuildId, who: MemberFacts, ask: ReportAsk) -> str | None:
        """What is known of the removal. One that fails is said, and never stops the report."""
        if not ask.remove:
            return None
        if self._removing is None or ask.meeting_id is None or ask.participant_uuid is None:
            return "I could not remove anybody from here. In Zoom: Participants > the name > Remove."
        try:
            return await self._removing.remove(guild_id, ask.meeting_id, ask.participant_uuid, who)
        except VestibuleError as error:
            return error.message


def _place(call: Call | None) -> tuple[MeetingId | None, SessionId | None]:
    return (None, None) if call is None else (call.meeting.meeting_id, call.session.session_id)


async def _owner(uow: UnitOfWork, meeting: Meeting) -> MemberId | None:
    """Who owns the Zoom account of a meeting: who linked it; on the operator's own account, the host."""
    link = await uow.links.get(meeting.link_id)
    if link is not None and link.owner is not None:
        return link.owner
    hosts = await uow.links.hosts(meeting.guild_id)
    return next((host.member_id for host in hosts if host.user_id == meeting.host_id), None)
