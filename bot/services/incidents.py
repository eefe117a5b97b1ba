"""`/incident`: what moderators and organisers see of an incident, and what they do with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.community import MemberFacts, Right
from bot.domain.errors import UserMistake
from bot.domain.incident import Consent, Incident, Purpose, held_until, holds, words_only
from bot.domain.meeting import Meeting
from bot.domain.values import GuildId
from bot.ports import Clock, IncidentNote, Report, Store, UnitOfWork
from bot.services.rights import community_where

LISTED = 25
FORGET_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class IncidentView:
    """One incident as moderators see it. Who reported is not in it. `until` is None under a legal hold."""

    incident: Incident
    meeting: Meeting | None
    reports: tuple[Report, ...]
    notes: tuple[IncidentNote, ...]
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """One organiser agreed; a second has to press before `until`."""

    incident: Incident
    purpose: Purpose
    until: datetime


async def incident_of(uow: UnitOfWork, guild_id: GuildId, number: int) -> Incident:
    """The community's incident.

    Raises:
        UserMistake: it has none of this number.
    """
    incident = await uow.incidents.numbered(guild_id, number)
    if incident is None:
        raise UserMistake(f"There is no incident {number} here. /incident list shows them.", code="incident_unknown")
    return incident


async def agreed(uow: UnitOfWork, incident: Incident, purpose: Purpose, who: MemberFacts, now: datetime) -> bool:
    """Whether this press is the second organiser's yes; if not, it is kept as the first. A yes is used up by the second."""
    first = await uow.papers.consent(incident.incident_id, purpose)
    facts = {"incident": incident.number, "purpose": purpose.value}
    if first is not None and first.completed_by(who.member_id, now):
        await uow.papers.drop_consent(incident.incident_id, purpose)
        await uow.audit.append(incident.guild_id, "incident.consent_second", at=now, actor=who.member_id, facts=facts)
        return True
    if first is None or not first.waits(now):
        await uow.papers.save_consent(Consent(incident.incident_id, purpose, who.member_id, now))
        await uow.audit.append(incident.guild_id, "incident.consent_first", at=now, actor=who.member_id, facts=facts)
    return False


class Incidents:
    """Everything but the export."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def listed(self, guild_id: GuildId, who: MemberFacts) -> Sequence[IncidentView]:
        """The newest incidents, open ones first; without what was written."""
        async with self._store.read() as uow:
            await community_where(uow, guild_id, who, Right.INCIDENTS)
            found = await uow.incidents.of_guild(guild_id, LISTED)
            return [await _view(uow, incident, papers=False) for incident in found]

    async def shown(self, guild_id: GuildId, who: MemberFacts, number: int) -> IncidentView:
        """One incident with what was written. Looking is in the record."""
        async with self._store.work() as uow:
            await community_where(uow, guild_id, who, Right.INCIDENTS)
            incident = await incident_of(uow, guild_id, number)
            await self._note(uow, incident, who, "incident.shown")
            view = await _view(uow, incident)
            await uow.commit()
        return view

    async def note(self, guild_id: GuildId, who: MemberFacts, number: int, text: str) -> Incident:
        """Write something down, words only."""
        written = words_only(text)
        async with self._store.work() as uow:
            await community_where(uow, guild_id, who, Right.INCIDENTS)
            incident = await incident_of(uow, guild_id, number)
            _demand_kept(incident)
            await uow.papers.add_note(IncidentNote(incident.incident_id, who.member_id, written, self._clock.now()))
            await self._note(uow, incident, who, "incident.note")
            await uow.commit()
        return incident

    async def hold(self, guild_id: GuildId, who: MemberFacts, number: int, name: str) -> Incident:
        """Put a legal hold on it, or name it anew: nothing of it is erased until the hold is lifted."""
        now = self._clock.now()
        async with self._store.work() as uow:
            await community_where(uow, guild_id, who, Right.EVIDENCE)
            incident = await incident_of(uow, guild_id, number)
            if not holds(incident, now):
                _demand_kept(incident)
            held = incident if incident.hold_since is not None else replace(incident, hold_since=now)
            await uow.incidents.save(held)
            await uow.papers.add_note(
                IncidentNote(incident.incident_id, who.member_id, words_only(name), now, is_hold=True)
            )
            await self._note(uow, incident, who, "incident.hold")
            await uow.commit()
        return held

    async def release(self, guild_id: GuildId, who: MemberFacts, number: int) -> IncidentView | Waiting:
        """Lift the legal hold, once two organisers agree."""
        now = self._clock.now()
        async with self._store.work() as uow:
            await community_where(uow, guild_id, who, Right.EVIDENCE)
            incident = await incident_of(uow, guild_id, number)
            if incident.hold_since is None:
                raise UserMistake(f"There is no legal hold on incident {number}.", code="not_held")
            if not await agreed(uow, incident, Purpose.RELEASE, who, now):
                waiting = await waiting_for_second(uow, incident, Purpose.RELEASE)
                await uow.commit()
                return waiting
            released = replace(incident, hold_since=None)
            await uow.incidents.save(released)
            await self._note(uow, incident, who, "incident.release")
            view = await _view(uow, released, papers=False)
            await uow.commit()
        return view

    async def close(self, guild_id: GuildId, who: MemberFacts, number: int) -> IncidentView:
        """Close it: 30 days later it holds nothing any more, unless a legal hold is on it. Closing twice changes nothing."""
        async with self._store.work() as uow:
            await community_where(uow, guild_id, who, Right.EVIDENCE)
            incident = await incident_of(uow, guild_id, number)
            closed = incident.closed(self._clock.now())
            if closed is not incident:
                await uow.incidents.save(closed)
                await self._note(uow, incident, who, "incident.close")
            view = await _view(uow, closed, papers=False)
            await uow.commit()
        return view

    async def forget_over(self) -> int:
        """Erase reports, notes and names of incidents that hold nothing any more; how many. A repeat finds nothing."""
        now = self._clock.now()
        async with self._store.read() as uow:
            if not await uow.incidents.over(now, 1):
                return 0
        async with self._store.work() as uow:
            over = await uow.incidents.over(now, FORGET_AT_ONCE)
            for incident in over:
                await uow.papers.forget(incident.incident_id)
                await uow.incidents.save(replace(incident.closed(now), forgotten_at=now))
                facts = {"incident": incident.number}
                await uow.audit.append(incident.guild_id, "incident.forgotten", at=now, actor=None, facts=facts)
            await uow.commit()
        return len(over)

    async def _note(self, uow: UnitOfWork, incident: Incident, who: MemberFacts, action: str) -> None:
        await uow.audit.append(
            incident.guild_id,
            action,
            at=self._clock.now(),
            actor=who.member_id,
            meeting=incident.meeting_id,
            facts={"incident": incident.number},
        )


async def waiting_for_second(uow: UnitOfWork, incident: Incident, purpose: Purpose) -> Waiting:
    """Until when the first organiser's yes counts."""
    first = await uow.papers.consent(incident.incident_id, purpose)
    if first is None:
        raise LookupError("nobody has agreed")
    return Waiting(incident, purpose, first.until)


def _demand_kept(incident: Incident) -> None:
    if incident.forgotten_at is not None:
        raise UserMistake(
            f"What was written about incident {incident.number} is erased: its time is over.", code="incident_forgotten"
        )


async def _view(uow: UnitOfWork, incident: Incident, *, papers: bool = True) -> IncidentView:
    meeting = None if incident.meeting_id is None else await uow.meetings.get(incident.meeting_id)
    return IncidentView(
        incident,
        meeting,
        tuple(await uow.papers.reports(incident.incident_id)) if papers else (),
        tuple(await uow.papers.notes(incident.incident_id)) if papers else (),
        held_until(incident),
    )
