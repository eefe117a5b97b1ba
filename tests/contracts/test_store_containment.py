"""What the store promises of containment, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.adapters.store.unit_of_work import SqlStore
from bot.domain.containment import Act, ActKind, Outcome, Step, StepKind, Verdict
from bot.domain.values import ActId, GuestId, InviteId, ParticipantId, RegistrantId, SessionId
from bot.domain.verdict import WaitingRoom
from bot.ports.containment import ClosedDoor
from tests.contracts.stores import ANA, BEN, GUILD, MEETING, NOW, furnish, opened

LATER = NOW + timedelta(seconds=30)
STEPS = (
    Step(StepKind.CLOSE_DOOR, outcome=Outcome.DONE, at=NOW),
    Step(StepKind.REMOVE, ParticipantId("p1"), ANA, InviteId("invite-1")),
    Step(StepKind.REMOVE, ParticipantId("p2")),
    Step(StepKind.REVOKE_INVITE, guest_id=GuestId("guest-1")),
    Step(StepKind.CANCEL_UNUSED, count=3, code="not_void_yet", outcome=Outcome.UNCONFIRMED, at=NOW),
)


def act(name: str = "act-1", **changes: object) -> Act:
    made = Act(
        ActId(name),
        ActKind.EMERGENCY,
        GUILD,
        MEETING,
        SessionId("run-1"),
        BEN,
        NOW,
        STEPS,
        held_back=(ParticipantId("boss"),),
        pick_list=(ParticipantId("p9"),),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[SqlStore]:
    async with opened(store_url) as store:
        await furnish(store)
        yield store


async def test_act_comes_back_as_it_was_kept(store: SqlStore) -> None:
    async with store.work(urgent=True) as unit:
        assert await unit.acts.begin(act(), LATER)
        await unit.commit()
    async with store.read() as unit:
        assert await unit.acts.get(ActId("act-1")) == act()
        assert await unit.acts.of_meeting(MEETING) == [act()]
        assert await unit.acts.of_session(SessionId("run-1")) == [act()]
        assert await unit.acts.unfinished(MEETING) == [(act(), LATER)]
        assert await unit.acts.unfinished() == [(act(), LATER)]
        assert await unit.acts.get(ActId("act-2")) is None


async def test_same_act_begins_once_until_it_is_let_go(store: SqlStore) -> None:
    async with store.work(urgent=True) as unit:
        assert await unit.acts.begin(act(), LATER)
        assert not await unit.acts.begin(act(), LATER)
        assert not await unit.acts.begin(act("act-2"), LATER)
        assert await unit.acts.begin(act("act-3", target="p7"), LATER)
        running = await unit.acts.running(act().running_key)
        assert running is not None
        assert running.act_id == "act-1"
        await unit.acts.let_go(ActId("act-1"))
        assert await unit.acts.begin(act("act-2"), LATER)
        await unit.commit()
    async with store.read() as unit:
        assert [found.act_id for found, _ in await unit.acts.unfinished()] == ["act-1", "act-2", "act-3"]


async def test_what_is_surer_is_not_forgotten(store: SqlStore) -> None:
    done = STEPS[1].turned(Outcome.DONE, LATER)
    added = Step(StepKind.REMOVE, ParticipantId("p3"), outcome=Outcome.ACCEPTED, at=LATER)
    async with store.work(urgent=True) as unit:
        await unit.acts.begin(act(), LATER)
        await unit.acts.save(act().with_steps([done, added]), LATER)
        await unit.acts.save(replace(act(), verdict=Verdict.HELD), None)
        await unit.commit()
    async with store.read() as unit:
        kept = await unit.acts.get(ActId("act-1"))
        assert kept is not None
        assert kept.steps == (STEPS[0], done, *STEPS[2:], added)
        assert kept.verdict is Verdict.HELD
        assert await unit.acts.unfinished() == []


async def test_act_is_taken_over_once_its_lease_has_run_out(store: SqlStore) -> None:
    async with store.work(urgent=True) as unit:
        await unit.acts.begin(act(), LATER)
        assert not await unit.acts.take_over(ActId("act-1"), NOW, LATER)
        assert await unit.acts.take_over(ActId("act-1"), LATER, LATER + timedelta(seconds=30))
        assert not await unit.acts.take_over(ActId("act-1"), LATER, LATER + timedelta(seconds=30))
        await unit.acts.save(act(), None)
        assert not await unit.acts.take_over(ActId("act-1"), LATER + timedelta(hours=1), LATER + timedelta(hours=2))
        await unit.commit()


async def test_closed_door_keeps_its_moment_and_whom_it_found_inside(store: SqlStore) -> None:
    first = ClosedDoor(MEETING, NOW, frozenset({ParticipantId("p1")}))
    async with store.work(urgent=True) as unit:
        assert await unit.doors.closed(MEETING) is None
        await unit.doors.close(first)
        await unit.doors.close(ClosedDoor(MEETING, LATER))
        await unit.doors.note_reading(MEETING, WaitingRoom(True, True, False), room_locked=True)
        await unit.doors.note_cancelled(MEETING, {RegistrantId("r1"), RegistrantId("r2")}, LATER)
        await unit.doors.note_cancelled(MEETING, {RegistrantId("r1")}, LATER)
        await unit.doors.note_cancelled(MEETING, (), LATER)
        await unit.commit()
    async with store.work() as unit:
        assert await unit.doors.closed(MEETING) == ClosedDoor(
            MEETING,
            NOW,
            first.inside,
            WaitingRoom(True, True, False),
            True,
            frozenset({RegistrantId("r1"), RegistrantId("r2")}),
        )
        await unit.doors.open(MEETING)
        assert await unit.doors.closed(MEETING) is None
        await unit.doors.close(ClosedDoor(MEETING, LATER))
        reopened = await unit.doors.closed(MEETING)
        assert reopened == ClosedDoor(MEETING, LATER)
        await unit.commit()


async def test_barred_member_stays_barred_until_it_is_lifted(store: SqlStore) -> None:
    async with store.work() as unit:
        await unit.doors.bar(MEETING, ANA, BEN, NOW)
        await unit.doors.bar(MEETING, ANA, None, LATER)
        assert await unit.doors.barred(MEETING) == frozenset({ANA})
        assert await unit.doors.is_barred(MEETING, ANA)
        assert not await unit.doors.is_barred(MEETING, BEN)
        assert await unit.doors.lift(MEETING, ANA)
        assert not await unit.doors.lift(MEETING, ANA)
        assert await unit.doors.barred(MEETING) == frozenset()
        await unit.commit()


async def test_everything_goes_with_its_meeting(store: SqlStore) -> None:
    async with store.work() as unit:
        await unit.acts.begin(act(), LATER)
        await unit.doors.close(ClosedDoor(MEETING, NOW))
        await unit.doors.note_cancelled(MEETING, {RegistrantId("r1")}, NOW)
        await unit.doors.bar(MEETING, ANA, BEN, NOW)
        await unit.meetings.remove(MEETING)
        assert await unit.acts.get(ActId("act-1")) is None
        assert await unit.doors.closed(MEETING) is None
        assert await unit.doors.barred(MEETING) == frozenset()
        await unit.commit()
