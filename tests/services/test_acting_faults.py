"""Acting while something is broken: a store that hangs or is down, a bot that is killed in the middle, and what is said about it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from bot.domain.containment import Act, ActKind, Door, Outcome, StepKind, Verdict
from bot.domain.errors import NeedsAttention, Transient, UserMistake
from bot.domain.meeting import MeetingState
from bot.domain.values import GuildId, ParticipantId
from bot.ports.containment import ClosedDoor
from bot.services.admissions import LinkReady, NotAdmitted
from tests.services.acting_rig import Crisis, crisis, only, prepared, removals
from tests.services.conftest import ANA, BEN, GUILD, VERIFIED, Vestibule, on_both_stores, opened_vestibule

HARDLY = 0.02
"""Seconds an act waits for a store that never answers: what it is decides nothing."""


@pytest.fixture
async def call(vestibule: Vestibule, tmp_path: Path) -> AsyncIterator[Crisis]:
    async with crisis(vestibule, tmp_path) as built:
        yield built


def break_it(call: Crisis, how: str) -> None:
    call.built.patience.seconds = HARDLY
    if how == "hangs":
        call.store.hang()
    else:
        call.store.down = True


def mend_it(call: Crisis) -> None:
    call.built.patience.seconds = 60.0
    call.store.mend()


broken = pytest.mark.parametrize("how", ["hangs", "is_down"])


@broken
async def test_lock_after_unlock_closes_the_door_though_the_first_lock_was_not_written_in_time(
    call: Crisis, how: str
) -> None:
    recording, written = call.built.desk._recording, asyncio.Event()
    keep = recording.keep

    async def keep_late(act: Act) -> Act:
        await written.wait()
        return await keep(act)

    recording.keep = keep_late  # type: ignore[method-assign]
    break_it(call, how)
    first = await call.acting.lock(*call.where, call.mia)
    assert only(first, StepKind.CLOSE_DOOR).outcome is Outcome.ACCEPTED
    mend_it(call)
    await call.acting.unlock(*call.where, call.mia)
    assert (await call.v.meeting(call.meeting.meeting_id)).door is Door.OPEN
    second = await call.acting.lock(*call.where, call.mia)
    written.set()
    assert second.act_id != first.act_id
    assert (await call.v.meeting(call.meeting.meeting_id)).door is Door.CLOSED


@broken
async def test_emergency_goes_ahead_without_the_store_and_is_entered_later(call: Crisis, how: str) -> None:
    await call.joins("stranger")
    call.room.on_removed = None
    break_it(call, how)
    act = await call.acting.emergency(*call.where, call.mia)
    assert not act.recorded
    await call.until(lambda: call.room.removed == ["stranger"])
    assert [each.act_id for each in await call.spool.waiting()] == [act.act_id]
    mend_it(call)
    await call.built.desk.replay()
    assert await call.spool.waiting() == []
    kept = await call.stored(act)
    assert kept is not None
    assert kept.kind is ActKind.EMERGENCY
    assert (await call.v.meeting(call.meeting.meeting_id)).door is Door.CLOSED
    assert (await call.v.actions()).count("act.emergency") == 1
    assert len(call.incidents.incidents) == 1
    await call.leaves(ParticipantId("stranger"))
    act = await call.over(act)
    assert act.recorded
    assert removals(act)[0].outcome in (Outcome.DONE, Outcome.UNCONFIRMED)


@broken
async def test_no_link_leaves_through_a_door_that_only_this_process_knows_closed(call: Crisis, how: str) -> None:
    await call.member(ANA, "Ana")
    break_it(call, how)
    act = await call.acting.lock(*call.where, call.mia)
    assert only(act, StepKind.CLOSE_DOOR).outcome is Outcome.ACCEPTED
    mend_it(call)
    for who in (call.v.ana(), call.v.person(BEN, VERIFIED, name="Ben")):
        assert isinstance(await call.press(who), NotAdmitted)
    with pytest.raises(NeedsAttention):
        await call.v.links.guests.invite(call.v.organiser, *call.where, "Dr. Lee")
    await call.built.desk.replay()
    await call.over(act)
    assert only(await call.kept(act), StepKind.CLOSE_DOOR).outcome is Outcome.DONE
    assert isinstance(await call.press(call.v.ana()), NotAdmitted)


async def test_links_in_flight_are_not_handed_over_once_the_door_is_closed_in_this_process(call: Crisis) -> None:
    call.v.zoom.slow["add"] = asyncio.Event()
    pressing = asyncio.create_task(call.press(call.v.ana()))
    inviting = asyncio.create_task(call.v.links.guests.invite(call.v.organiser, *call.where, "Dr. Lee"))
    await call.until(lambda: call.v.zoom.calls["add"] == 2)
    call.v.admissions._issuing.closed_here.close(ClosedDoor(call.meeting.meeting_id, call.v.clock.now()))
    call.v.zoom.slow["add"].set()
    assert isinstance(await pressing, NotAdmitted)
    with pytest.raises(NeedsAttention):
        await inviting
    await call.v.run_jobs()
    assert call.valid_links() == set()


async def test_store_that_answers_late_keeps_the_act_once(call: Crisis) -> None:
    break_it(call, "hangs")
    act = await call.acting.lock(*call.where, call.mia)
    assert not act.recorded
    mend_it(call)
    await call.until(lambda: call.built.desk._acts[act.act_id].over)
    await call.built.desk.replay()
    await call.kept(act)
    assert (await call.v.actions()).count("act.lock") == 1
    assert await call.spool.waiting() == []


async def test_end_ends_while_the_store_is_silent(call: Crisis) -> None:
    break_it(call, "hangs")
    call.room.on_ended = None
    act = await call.acting.end(*call.where, call.mia)
    await call.until(lambda: ("end", call.meeting.zoom_id) in call.room.calls)
    mend_it(call)
    await call.built.desk.replay()
    act = await call.over(act)
    assert only(act, StepKind.END).outcome is Outcome.DONE  # Zoom's list has it no more
    await call.kept(act)
    assert (await call.v.meeting(call.meeting.meeting_id)).state is MeetingState.ENDED


async def test_what_can_wait_waits_for_the_store(call: Crisis) -> None:
    await call.over(await call.acting.lock(*call.where, call.mia))
    stranger = await call.waits("speaker")
    break_it(call, "is_down")
    presses: tuple[Callable[[], Awaitable[Act]], ...] = (
        lambda: call.acting.unlock(*call.where, call.mia),
        lambda: call.acting.accept_guest(*call.where, call.mia, stranger),
        lambda: call.acting.undo(*call.where, call.mia, ANA),
    )
    for press in presses:
        with pytest.raises(Transient):
            await press()
    mend_it(call)
    assert (await call.v.meeting(call.meeting.meeting_id)).door is Door.CLOSED


async def test_rights_are_checked_from_memory_too(call: Crisis) -> None:
    break_it(call, "hangs")
    with pytest.raises(UserMistake) as refused:
        await call.acting.emergency(*call.where, call.v.ana())
    assert refused.value.code == "not_moderator"
    with pytest.raises(NeedsAttention) as unknown:
        await call.acting.emergency(GuildId(GUILD + 1), call.meeting.meeting_id, call.mia)
    assert unknown.value.code == "store_silent"
    assert "Host tools" in unknown.value.message
    assert [m.meeting_id for m in await call.acting.live(GUILD, call.mia)] == [call.meeting.meeting_id]


async def test_older_act_from_the_folder_never_follows_a_newer_one(call: Crisis) -> None:
    break_it(call, "is_down")
    lock = await call.acting.lock(*call.where, call.mia)
    mend_it(call)
    await call.acting.unlock(*call.where, call.mia)
    await call.built.desk.replay()
    meeting = await call.v.meeting(call.meeting.meeting_id)
    assert meeting.door is Door.OPEN
    await call.over(lock)
    assert isinstance(await call.press(call.v.ana()), LinkReady)
    async with call.v.store.read() as uow:
        kinds = [act.kind for act in await uow.acts.of_meeting(call.meeting.meeting_id)]
    assert kinds == [ActKind.LOCK, ActKind.UNLOCK]


async def test_door_that_neither_store_nor_folder_keeps_is_said_not_to_be_closed(call: Crisis, tmp_path: Path) -> None:
    (tmp_path / "acts").write_text("in the way", encoding="utf-8")
    break_it(call, "is_down")
    act = await call.over(await call.acting.lock(*call.where, call.mia))
    assert act.verdict is Verdict.FAILED
    assert only(act, StepKind.CLOSE_DOOR).code == "not_kept"
    mend_it(call)
    assert isinstance(await call.press(call.v.ana()), NotAdmitted)


async def test_file_holds_ids_and_no_name_link_or_address(call: Crisis, tmp_path: Path) -> None:
    registrant = await call.member(ANA, "Ana Canary")
    await call.joins("a1", registrant_id=registrant)
    call.v.clock.advance(minutes=1)
    await call.joins("a2", registrant_id=registrant)
    await call.joins("stranger", user_name="Canary Stranger")
    call.v.clock.advance(minutes=1)
    await call.v.rooms.keep_up()
    break_it(call, "is_down")
    act = await call.acting.emergency(*call.where, call.mia)
    (file,) = (tmp_path / "acts").glob("*.json")
    written = file.read_text(encoding="utf-8")
    assert file.stat().st_mode & 0o077 == 0
    assert json.loads(written)["act_id"] == act.act_id
    for canary in ("Canary", "zoom.us", "tk=", "@", "guests.choir"):
        assert canary not in written
    mend_it(call)
    await call.built.desk.replay()
    await call.over(act)


# ------------------------------------------------------------------------------------------------ killed


def gone(call: Crisis) -> set[str]:
    view = call.v.rooms.at_hand(call.meeting.meeting_id)
    return set() if view is None else {seat.participant.participant_uuid for seat in view.seats if not seat.here}


async def killed(call: Crisis) -> None:
    """What goes on in this process stops where it is."""
    await call.built.close()


async def test_emergency_killed_in_the_middle_is_finished_by_the_next_process(call: Crisis, tmp_path: Path) -> None:
    await call.member(ANA, "Ana")
    for number in range(4):
        await call.joins(f"s{number}")
        call.v.clock.advance(seconds=1)
    call.room.slow = {ParticipantId(f"s{number}"): asyncio.Event() for number in range(3)}
    act = await call.acting.emergency(*call.where, call.mia)
    await call.until(lambda: len(call.room.removed) == 4 and not gone(call) ^ {"s3"})
    await killed(call)
    reborn = prepared(call.v, tmp_path)
    reborn.meeting, reborn.built.desk._acts = call.meeting, {}
    await reborn.built.standby.refresh()
    await reborn.built.desk.adopt()
    await call.v.run_jobs()
    act = await reborn.over(act)
    assert {step.outcome for step in act.steps} == {Outcome.DONE}
    assert sorted(reborn.room.removed) == ["s0", "s1", "s2"]  # who is out already is not asked for again
    assert call.valid_links() == set()
    assert (await reborn.kept(act)).settled
    await reborn.built.close()


async def test_process_that_is_still_at_work_is_not_taken_over(call: Crisis, tmp_path: Path) -> None:
    await call.joins("stranger")
    call.room.slow["remove"] = asyncio.Event()
    act = await call.acting.emergency(*call.where, call.mia)
    await call.until(lambda: bool(call.room.removed))
    other = prepared(call.v, tmp_path)
    await other.built.desk.go_on(call.meeting.meeting_id)
    assert other.room.calls == []
    await other.built.close()
    call.room.slow["remove"].set()
    await call.over(act)


async def test_act_in_the_folder_survives_a_kill_and_is_finished(call: Crisis, tmp_path: Path) -> None:
    await call.joins("stranger")
    break_it(call, "is_down")
    call.room.slow["remove"] = asyncio.Event()
    act = await call.acting.emergency(*call.where, call.mia)
    await killed(call)
    mend_it(call)
    reborn = prepared(call.v, tmp_path)
    reborn.meeting = call.meeting
    await reborn.built.desk.replay()
    await reborn.built.desk.adopt()
    await call.v.run_jobs()
    act = await reborn.over(act)
    assert reborn.room.removed == ["stranger"]
    assert removals(act)[0].outcome is Outcome.DONE
    assert (await call.v.actions()).count("act.emergency") == 1
    await reborn.built.close()


async def test_stranger_whose_coming_nobody_acted_upon_is_found_after_a_restart(call: Crisis, tmp_path: Path) -> None:
    await call.over(await call.acting.lock(*call.where, call.mia))
    await killed(call)
    call.v.rooms._listeners.clear()
    await call.joins("stranger")
    reborn = prepared(call.v, tmp_path)
    reborn.meeting = call.meeting
    await reborn.built.standby.refresh()
    await reborn.built.sentinel.look_around()
    await reborn.until(lambda: reborn.room.removed == ["stranger"])
    await reborn.built.close()


@on_both_stores
async def test_emergency_on_either_store_with_30_strangers(address: str, tmp_path: Path) -> None:
    async with opened_vestibule(address) as v, crisis(v, tmp_path) as call:
        registrant = await call.member(ANA, "Ana")
        await call.joins("ana", registrant_id=registrant)
        for number in range(30):
            await call.joins(f"s{number:02}", user_name="Ana")
        one, two = await asyncio.gather(
            call.acting.emergency(*call.where, call.mia), call.acting.emergency(*call.where, call.max)
        )
        assert one.act_id == two.act_id
        act = await call.over(one)
        assert len(removals(act)) == 30
        assert {step.outcome for step in act.steps} == {Outcome.DONE}
        assert len(set(call.room.removed)) == len(call.room.removed) == 30
        assert len(call.valid_links()) == 1
        kept = await call.kept(act)
        assert kept.verdict is Verdict.HELD
