"""Incidents, what they hold, and what people wrote about them, on both stores."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.adapters.store.unit_of_work import SqlStore
from bot.domain.incident import Category, Consent, Incident, IncidentId, Purpose, ReportId
from bot.domain.session import Session
from bot.domain.values import GuildId, MeetingId, MemberId, SessionId
from bot.ports import FollowUp, FollowUpState, Held, IncidentNote, Report, UnitOfWork
from tests.contracts.stores import (
    ANA,
    BEN,
    GUILD,
    MEETING,
    NOW,
    add_meeting,
    everything_stored,
    invite,
    meeting,
    opened,
    traces_of,
)

OTHER = MeetingId("meeting-2")
RUN = SessionId("4444AAAiAAAAAiAiAiiAii==")
DAY = timedelta(days=1)
SEEN = "Someone who calls herself Zelda shouted"


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[SqlStore]:
    async with opened(store_url) as made:
        async with made.work() as unit:
            await add_meeting(unit, meeting(MEETING))
            await add_meeting(unit, meeting(OTHER))
            await unit.invites.add(invite())
            await unit.sessions.save(Session(RUN, MEETING, NOW))
            await unit.commit()
        yield made


def incident(number: int = 1, **changes: object) -> Incident:
    made = Incident(IncidentId(f"incident-{number}"), GUILD, number, Category.HATE, NOW, MEETING, RUN)
    return replace(made, **changes)  # type: ignore[arg-type]


def report(number: int = 1, reporter: MemberId = BEN, of: str = "incident-1") -> Report:
    return Report(
        ReportId(f"report-{number}"), IncidentId(of), GUILD, reporter, False, Category.HATE, SEEN, NOW, b"salt"
    )


async def keep(store: SqlStore, *incidents: Incident) -> None:
    async with store.work() as unit:
        for each in incidents:
            await unit.incidents.save(each)
        await unit.commit()


async def held(store: SqlStore, after: timedelta = timedelta(0)) -> Held:
    async with store.read() as unit:
        return await unit.holds.held(NOW + after)


async def test_incident_comes_back_and_changes(store: SqlStore) -> None:
    first = incident()
    await keep(store, first, incident(2, meeting_id=None, session_id=None, category=Category.OTHER))
    changed = replace(first, emergency=True, closed_at=NOW + DAY, hold_since=NOW, aftercare_at=NOW)
    await keep(store, changed)
    async with store.read() as unit:
        assert await unit.incidents.get(first.incident_id) == changed
        assert await unit.incidents.numbered(GUILD, 1) == changed
        assert await unit.incidents.numbered(GuildId(GUILD + 1), 1) is None
        assert await unit.incidents.open_about(GUILD, MEETING, RUN) is None
        found = await unit.incidents.open_about(GUILD, None, None)
        assert found is not None
        assert found.number == 2
        assert [each.number for each in await unit.incidents.of_guild(GUILD, 10)] == [2, 1]


async def test_two_who_open_at_once_get_numbers_of_their_own(store: SqlStore, store_url: str) -> None:
    async with opened(store_url) as other_process:

        async def open_one(into: SqlStore, key: int) -> None:
            async with into.work() as unit:
                number = await unit.incidents.next_number(GUILD)
                made = incident(number, incident_id=IncidentId(f"new-{key}"), session_id=SessionId(f"run-{key}"))
                await unit.incidents.save(made)
                await unit.commit()

        await asyncio.gather(*(open_one((store, other_process)[key % 2], key) for key in range(10)))
    async with store.read() as unit:
        assert sorted(each.number for each in await unit.incidents.of_guild(GUILD, 50)) == list(range(1, 11))


async def test_open_incident_holds_its_meeting_and_the_people_in_it(store: SqlStore) -> None:
    await keep(store, incident())
    async with store.work() as unit:
        await unit.papers.add_report(report())
        await unit.commit()
    now = await held(store)
    assert now == Held(frozenset({MEETING}), frozenset({RUN}), frozenset({(GUILD, ANA), (GUILD, BEN)}))
    assert now.holds_member(GUILD, ANA)
    assert not now.holds_member(GuildId(GUILD + 1), ANA)
    assert await held(store, 180 * DAY) == Held()


async def test_hold_ends_thirty_days_after_closing_unless_it_is_a_legal_one(store: SqlStore) -> None:
    await keep(store, incident(closed_at=NOW))
    assert (await held(store, 29 * DAY)).meetings == {MEETING}
    assert await held(store, 30 * DAY) == Held()
    await keep(store, incident(closed_at=NOW, hold_since=NOW + DAY))
    assert (await held(store, 4000 * DAY)).meetings == {MEETING}


async def test_incidents_that_are_over_are_found_once(store: SqlStore) -> None:
    await keep(store, incident(closed_at=NOW), incident(2, session_id=None))
    async with store.read() as unit:
        assert await unit.incidents.over(NOW + 29 * DAY, 10) == []
        (over,) = await unit.incidents.over(NOW + 30 * DAY, 10)
        assert over.number == 1
    await keep(store, replace(over, forgotten_at=NOW + 30 * DAY))
    async with store.read() as unit:
        assert await unit.incidents.over(NOW + 31 * DAY, 10) == []


async def test_reports_and_notes_come_back_oldest_first(store: SqlStore) -> None:
    await keep(store, incident())
    note = IncidentNote(IncidentId("incident-1"), ANA, "I rang 101", NOW)
    async with store.work() as unit:
        await unit.papers.add_report(report(1))
        await unit.papers.add_report(report(2, ANA))
        await unit.papers.add_note(note)
        await unit.papers.add_note(replace(note, text="Ref 17/26", is_hold=True))
        await unit.commit()
    async with store.read() as unit:
        assert await unit.papers.reports(IncidentId("incident-1")) == [report(1), report(2, ANA)]
        assert [each.text for each in await unit.papers.notes(note.incident_id)] == ["I rang 101", "Ref 17/26"]
        assert await unit.papers.reported_since(GUILD, BEN, NOW - DAY) == 1
        assert await unit.papers.reported_since(GUILD, BEN, NOW) == 0


async def test_forgotten_papers_leave_the_files(store: SqlStore) -> None:
    await keep(store, incident())
    async with store.work() as unit:
        await unit.papers.add_report(report())
        await unit.papers.add_note(IncidentNote(IncidentId("incident-1"), ANA, SEEN, NOW))
        await remind(unit, ANA)
        await unit.commit()
    before = await everything_stored(store)
    assert any(trace in before for trace in traces_of(SEEN))
    async with store.work() as unit:
        await unit.papers.forget(IncidentId("incident-1"))
        await unit.commit()
    left = await everything_stored(store)
    assert not any(trace in left for trace in traces_of(SEEN))
    async with store.read() as unit:
        assert await unit.follow_ups.get(IncidentId("incident-1"), ANA) is None


async def test_who_asks_to_be_erased_keeps_only_what_is_held(store: SqlStore) -> None:
    await keep(store, incident(closed_at=NOW), incident(2, session_id=None))
    async with store.work() as unit:
        await unit.papers.add_report(report(1))
        await unit.papers.add_report(report(2, of="incident-2"))
        await unit.papers.add_report(report(3, ANA))
        await unit.commit()
    async with store.work() as unit:
        assert not await unit.papers.erase_person(GUILD, BEN, NOW + 40 * DAY)
        await unit.commit()
    async with store.work() as unit:
        assert [each.reporter for each in await unit.papers.reports(IncidentId("incident-1"))] == [ANA]
        assert [each.reporter for each in await unit.papers.reports(IncidentId("incident-2"))] == [BEN]
        assert await unit.papers.erase_person(GUILD, BEN, NOW + 200 * DAY)
        assert await unit.papers.reports(IncidentId("incident-2")) == []


async def test_consent_waits_and_is_used_up(store: SqlStore) -> None:
    await keep(store, incident())
    first = Consent(IncidentId("incident-1"), Purpose.REVEAL, ANA, NOW)
    async with store.work() as unit:
        await unit.papers.save_consent(first)
        await unit.papers.save_consent(replace(first, by=BEN, at=NOW + DAY))
        assert await unit.papers.consent(first.incident_id, Purpose.REVEAL) == replace(first, by=BEN, at=NOW + DAY)
        assert await unit.papers.consent(first.incident_id, Purpose.RELEASE) is None
        await unit.papers.drop_consent(first.incident_id, Purpose.REVEAL)
        assert await unit.papers.consent(first.incident_id, Purpose.REVEAL) is None


async def remind(unit: UnitOfWork, who: MemberId) -> FollowUp:
    follow_up = FollowUp(IncidentId("incident-1"), GUILD, who, NOW, NOW + 3 * DAY)
    await unit.follow_ups.put(follow_up)
    return follow_up


async def test_each_reminder_falls_due_once(store: SqlStore) -> None:
    await keep(store, incident())
    async with store.work() as unit:
        anas, bens = await remind(unit, ANA), await remind(unit, BEN)
        await unit.follow_ups.put(replace(bens, due_at=None, state=FollowUpState.DONE))
        assert not await unit.follow_ups.any_due(NOW)
        assert await unit.follow_ups.any_due(NOW + 3 * DAY)
        assert await unit.follow_ups.due(NOW + 3 * DAY, NOW + 4 * DAY, 10) == [anas]
        assert await unit.follow_ups.due(NOW + 3 * DAY, NOW + 4 * DAY, 10) == []
        await unit.commit()
    async with store.read() as unit:
        assert await unit.follow_ups.get(anas.incident_id, ANA) == replace(anas, due_at=NOW + 4 * DAY)
        kept = await unit.follow_ups.get(anas.incident_id, BEN)
        assert kept is not None
        assert kept.state is FollowUpState.DONE
