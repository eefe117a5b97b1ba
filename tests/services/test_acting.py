"""Acting on a live call: what is done, what is said of it, and what stands in the store afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from bot.domain.containment import Act, ActKind, Door, Outcome, StepKind, Verdict
from bot.domain.errors import NeedsAttention, Transient, UserMistake
from bot.domain.meeting import MeetingState, ProfileName
from bot.domain.values import GuildId, MemberId, ParticipantId
from bot.domain.verdict import WaitingRoom, by_hand, door_words
from bot.ports import EventKind
from bot.services.admissions import LinkReady, NotAdmitted
from bot.services.incident_links import OpensIncidents, RemovesFromReports
from tests.services.acting_rig import SESSION, Crisis, Heard, crisis, only, prepared, removals
from tests.services.conftest import ANA, BEN, GUILD, HOST, MALLORY, ORGANISER, VERIFIED, Vestibule


@pytest.fixture
async def call(vestibule: Vestibule, tmp_path: Path) -> AsyncIterator[Crisis]:
    async with crisis(vestibule, tmp_path) as built:
        yield built


async def door_of(call: Crisis) -> Door:
    return (await call.v.meeting(call.meeting.meeting_id)).door


# ------------------------------------------------------------------------------------------------ lock


async def test_lock_stops_links_cancels_unused_ones_and_says_held(call: Crisis) -> None:
    used, unused = await call.member(ANA, "Ana"), await call.member(BEN, "Ben")
    await call.joins("a", registrant_id=used)
    act = await call.acting.lock(*call.where, call.mia)
    assert only(act, StepKind.CLOSE_DOOR).outcome is Outcome.DONE
    assert await door_of(call) is Door.CLOSED
    act = await call.over(act)
    assert act.verdict is Verdict.HELD
    assert (only(act, StepKind.CANCEL_UNUSED).outcome, only(act, StepKind.CANCEL_UNUSED).count) == (Outcome.DONE, 1)
    assert call.valid_links() == {
        f"https://us02web.zoom.us/w/{call.meeting.zoom_id}?tk=registrant-{used[1:]}-{call.meeting.zoom_id}"
    }
    assert ("cancel", (unused,)) in call.room.calls
    assert isinstance(await call.press(call.v.person(BEN, VERIFIED, name="Ben")), NotAdmitted)
    assert call.room.removed == []


async def test_who_waited_in_this_session_keeps_their_link(call: Crisis) -> None:
    waiting = await call.member(ANA, "Ana")
    await call.waits("a", registrant_id=waiting)
    await call.over(await call.acting.lock(*call.where, call.mia))
    assert len(call.valid_links()) == 1


async def test_hundreds_of_unused_links_go_in_calls_of_thirty_after_everything_else(call: Crisis) -> None:
    for number in range(70):
        await call.member(MemberId(9000 + number), f"Person {number}")
    act = await call.over(await call.acting.lock(*call.where, call.mia))
    assert only(act, StepKind.CANCEL_UNUSED).count == 70
    assert call.valid_links() == set()


async def test_link_in_flight_when_the_door_closes_is_not_handed_over(call: Crisis) -> None:
    call.v.zoom.slow["add"] = asyncio.Event()
    ana = call.v.person(ANA, VERIFIED, name="Ana")
    pressing = asyncio.create_task(call.press(ana))
    await call.until(lambda: call.v.zoom.calls["add"] > 0)
    await call.over(await call.acting.lock(*call.where, call.mia))
    call.v.zoom.slow["add"].set()
    assert isinstance(await pressing, NotAdmitted)
    await call.v.run_jobs()
    assert call.valid_links() == set()


async def test_guest_link_in_flight_when_the_door_closes_is_not_handed_over(call: Crisis) -> None:
    call.v.zoom.slow["add"] = asyncio.Event()
    inviting = asyncio.create_task(call.v.links.guests.invite(call.v.organiser, *call.where, "Dr. Lee"))
    await call.until(lambda: call.v.zoom.calls["add"] > 0)
    await call.over(await call.acting.lock(*call.where, call.mia))
    call.v.zoom.slow["add"].set()
    with pytest.raises(NeedsAttention) as stopped:
        await inviting
    assert stopped.value.code == "links_stopped"


async def test_unused_links_of_guests_go_too_and_the_one_of_a_guest_who_is_in_stays(call: Crisis) -> None:
    speaker, late = [
        (await call.v.links.guests.invite(call.v.organiser, *call.where, name)).guest
        for name in ("Dr. Lee", "Dr. Late")
    ]
    assert speaker.registrant_id is not None
    await call.joins("lee", registrant_id=speaker.registrant_id)
    act = await call.over(await call.acting.lock(*call.where, call.mia))
    assert (only(act, StepKind.CANCEL_UNUSED).outcome, only(act, StepKind.CANCEL_UNUSED).count) == (Outcome.DONE, 1)
    listed = await call.v.links.guests.listed(call.v.organiser, *call.where)
    assert [guest.guest_id for guest in listed.guests] == [speaker.guest_id]
    assert ("cancel", (late.registrant_id,)) in call.room.calls
    assert len(call.valid_links()) == 1
    again = await call.acting.lock(*call.where, call.mia)
    assert again.act_id == act.act_id
    assert call.room.removed == []


async def test_links_already_shown_are_not_shown_again(call: Crisis) -> None:
    registrant = await call.member(ANA, "Ana")
    await call.joins("a", registrant_id=registrant)
    await call.over(await call.acting.lock(*call.where, call.mia))
    assert isinstance(await call.press(call.v.ana()), NotAdmitted)


async def test_waiting_room_off_and_removal_never_confirmed_stops_links_only(call: Crisis) -> None:
    call.room.waiting = WaitingRoom(on=False)
    await call.joins("stranger")
    act = await call.over(await call.acting.lock(*call.where, call.mia))
    assert act.verdict is Verdict.LINKS_STOPPED


async def test_waiting_room_off_and_removal_once_confirmed_is_guarded(call: Crisis) -> None:
    call.room.waiting = WaitingRoom(on=False)
    await call.joins("stranger")
    await call.over(await call.acting.remove(*call.where, call.mia, participant=ParticipantId("stranger")))
    act = await call.over(await call.acting.lock(*call.where, call.mia))
    assert act.verdict is Verdict.GUARDED


async def test_read_back_that_fails_leaves_no_promise(call: Crisis) -> None:
    call.room.fail["waiting_room"] = Transient("Busy.", code="zoom_rate_limited")
    act = await call.over(await call.acting.lock(*call.where, call.mia))
    assert act.verdict is Verdict.LINKS_STOPPED
    assert only(act, StepKind.READ_BACK).outcome is Outcome.UNCONFIRMED


async def test_route_inside_the_meeting_locks_for_real(call: Crisis) -> None:
    call.room.lockable = True
    act = await call.over(await call.acting.lock(*call.where, call.mia))
    assert act.verdict is Verdict.LOCKED
    assert ("lock", True) in call.room.calls


async def test_lock_pressed_again_right_after_unlock_closes_the_door_again(call: Crisis) -> None:
    first = await call.over(await call.acting.lock(*call.where, call.mia))
    await call.over(await call.acting.unlock(*call.where, call.mia))
    again = await call.over(await call.acting.lock(*call.where, call.max))
    assert again.act_id != first.act_id
    assert await door_of(call) is Door.CLOSED


async def test_unlock_pressed_again_right_after_lock_opens_the_door_again(call: Crisis) -> None:
    for close in (call.acting.lock, call.acting.emergency):
        await call.over(await close(*call.where, call.mia))
        await call.over(await call.acting.unlock(*call.where, call.mia))
        assert await door_of(call) is Door.OPEN


async def test_lock_after_another_process_has_unlocked_closes_the_door_again(call: Crisis, tmp_path: Path) -> None:
    other = prepared(call.v, tmp_path / "other")
    await call.over(await call.acting.lock(*call.where, call.mia))
    unlocked = await other.acting.unlock(*call.where, call.mia)
    await other.acting.over(unlocked.act_id)
    await call.over(await call.acting.lock(*call.where, call.mia))
    assert await door_of(call) is Door.CLOSED
    await other.built.close()


async def test_unlock_approves_nothing_again_and_the_next_press_is_a_new_generation(call: Crisis) -> None:
    before = await call.member(ANA, "Ana")
    await call.over(await call.acting.lock(*call.where, call.mia))
    await call.over(await call.acting.unlock(*call.where, call.mia))
    assert await door_of(call) is Door.OPEN
    assert call.valid_links() == set()
    assert await call.member(ANA, "Ana") != before
    async with call.v.store.read() as uow:
        invite = await uow.invites.current(call.meeting.meeting_id, ANA)
    assert invite is not None
    assert invite.generation == 2


async def test_door_facts_tell_the_verdict_without_an_act(call: Crisis) -> None:
    await call.joins("a")
    assert door_words(await call.acting.door(*call.where)).title == "Not closed"
    await call.over(await call.acting.lock(*call.where, call.mia))
    words = door_words(await call.acting.door(*call.where))
    assert words.title == "Held at the waiting room"
    assert "put them out" in words.moderator


# ------------------------------------------------------------------------------------------------ the closed door


async def test_stranger_admitted_while_the_door_is_closed_is_put_out(call: Crisis) -> None:
    await call.over(await call.acting.lock(*call.where, call.mia))
    await call.waits("stranger")
    assert call.room.removed == []
    await call.someone(EventKind.ADMITTED, "stranger")
    await call.joins("stranger")
    await call.until(lambda: call.room.removed == ["stranger"])
    async with call.v.store.read() as uow:
        acts = await uow.acts.of_meeting(call.meeting.meeting_id)
    assert [act.kind for act in acts] == [ActKind.LOCK, ActKind.PUT_OUT]


async def test_member_who_is_admitted_stays(call: Crisis) -> None:
    registrant = await call.member(ANA, "Ana")
    await call.waits("a", registrant_id=registrant)
    await call.over(await call.acting.lock(*call.where, call.mia))
    await call.joins("a", registrant_id=registrant)
    await call.built.sentinel.look_around()
    assert call.room.removed == []


async def test_member_whose_unused_link_was_cancelled_while_they_were_on_their_way_stays(call: Crisis) -> None:
    registrant = await call.member(ANA, "Ana")
    await call.over(await call.acting.lock(*call.where, call.mia))
    await call.joins("a", registrant_id=registrant)
    await call.built.sentinel.look_around()
    assert call.room.removed == []


async def test_strangers_who_were_in_before_the_lock_are_left_to_the_moderators(call: Crisis) -> None:
    await call.joins("early")
    await call.over(await call.acting.lock(*call.where, call.mia))
    await call.joins("late")
    await call.until(lambda: call.room.removed == ["late"])
    await call.built.sentinel.look_around()
    assert call.room.removed == ["late"]


async def test_host_is_never_put_out_and_an_accepted_guest_stays(call: Crisis) -> None:
    await call.over(await call.acting.lock(*call.where, call.mia))
    await call.joins("h", participant_user_id=HOST)
    guest = await call.waits("speaker")
    await call.over(await call.acting.accept_guest(*call.where, call.mia, guest))
    await call.v.rooms.keep_up()
    await call.joins("speaker")
    await call.built.sentinel.look_around()
    assert call.room.removed == []


async def test_guest_who_reconnects_is_a_stranger_again(call: Crisis) -> None:
    await call.over(await call.acting.lock(*call.where, call.mia))
    guest = await call.waits("speaker")
    await call.over(await call.acting.accept_guest(*call.where, call.mia, guest))
    await call.leaves(guest)
    await call.joins("speaker-again")
    await call.until(lambda: call.room.removed == ["speaker-again"])


async def test_nobody_is_tried_twice_and_nobody_at_all_after_zoom_refused(call: Crisis) -> None:
    call.room.removal_enabled = False
    await call.over(await call.acting.lock(*call.where, call.mia))
    await call.joins("first")
    await call.until(lambda: call.room.removed == ["first"])
    await call.until(lambda: call.acting.can(call.meeting).remove is False)
    await call.joins("second")
    await call.built.sentinel.look_around()
    assert call.room.removed == ["first"]


async def test_nobody_is_put_out_where_nobody_can_be_told_apart(vestibule: Vestibule, tmp_path: Path) -> None:
    async with crisis(vestibule, tmp_path, profile=ProfileName.OPEN_DOOR) as call:
        await call.over(await call.acting.lock(*call.where, call.mia))
        await call.joins("anybody")
        await call.built.sentinel.look_around()
        assert call.room.removed == []


# ------------------------------------------------------------------------------------------------ remove, undo


async def test_remove_puts_out_voids_the_link_and_gives_no_new_one(call: Crisis) -> None:
    registrant = await call.member(MALLORY, "Mallory")
    who = await call.joins("m", registrant_id=registrant)
    act = await call.over(await call.acting.remove(*call.where, call.mia, participant=who))
    assert {step.kind: step.outcome for step in act.steps} == dict.fromkeys(
        (StepKind.REMOVE, StepKind.REVOKE_INVITE, StepKind.BAR_MEMBER), Outcome.DONE
    )
    with pytest.raises(UserMistake) as removed:
        await call.press(call.v.person(MALLORY, VERIFIED, name="Mallory"))
    assert removed.value.code == "removed"
    assert call.valid_links() == set()
    await call.until(lambda: call.acting.can(call.meeting).remove is True)


async def test_removed_member_cannot_get_a_link_until_undone(call: Crisis) -> None:
    registrant = await call.member(ANA, "Ana")
    who = await call.joins("a", registrant_id=registrant)
    await call.over(await call.acting.remove(*call.where, call.mia, participant=who))
    with pytest.raises(UserMistake) as removed:
        await call.press(call.v.ana())
    assert removed.value.code == "removed"
    await call.over(await call.acting.undo(*call.where, call.max, ANA))
    assert isinstance(await call.press(call.v.ana()), LinkReady)
    with pytest.raises(UserMistake) as nothing:
        await call.acting.undo(*call.where, call.max, ANA)
    assert nothing.value.code == "not_removed"


async def test_member_who_is_not_in_can_be_removed_too(call: Crisis) -> None:
    await call.member(ANA, "Ana")
    act = await call.over(await call.acting.remove(*call.where, call.mia, member_id=ANA))
    assert {step.kind: step.outcome for step in act.steps} == dict.fromkeys(
        (StepKind.REVOKE_INVITE, StepKind.BAR_MEMBER), Outcome.DONE
    )
    assert call.valid_links() == set()


async def test_who_waits_is_not_removed_but_their_link_goes(call: Crisis) -> None:
    registrant = await call.member(ANA, "Ana")
    who = await call.waits("a", registrant_id=registrant)
    act = await call.over(await call.acting.remove(*call.where, call.mia, participant=who))
    assert call.room.removed == []
    assert removals(act) == ()
    assert call.valid_links() == set()


async def test_hosts_and_co_hosts_need_a_second_confirmation(call: Crisis) -> None:
    registrant = await call.member(ANA, "Ana")
    ana = await call.joins("a", registrant_id=registrant)
    host = await call.joins("h", participant_user_id=HOST)
    await call.someone(EventKind.ROLE_CHANGED, "a", new_role="co-host", old_role="attendee", registrant_id=registrant)
    for who in (ana, host):
        with pytest.raises(UserMistake) as asked:
            await call.acting.remove(*call.where, call.mia, participant=who)
        assert asked.value.code == "confirm_host"
    assert call.room.removed == []
    await call.over(await call.acting.remove(*call.where, call.mia, participant=ana, confirmed=True))
    assert call.room.removed == ["a"]


async def test_zoom_that_accepts_and_does_nothing_is_not_believed(call: Crisis) -> None:
    call.room.without_effect = True
    who = await call.joins("m")
    act = await call.over(await call.acting.remove(*call.where, call.mia, participant=who))
    (step,) = removals(act)
    assert (step.outcome, step.code) == (Outcome.UNCONFIRMED, "not_confirmed")
    assert "Remove" in by_hand(step)
    assert call.acting.can(call.meeting).remove is None
    await call.leaves(who)
    await call.until(lambda: removals(call.built.desk._acts[act.act_id].act)[0].outcome is Outcome.DONE)
    assert removals(await call.kept(act))[0].outcome is Outcome.DONE


async def test_not_enabled_by_zoom_is_said_and_remembered(call: Crisis) -> None:
    call.room.removal_enabled = False
    who = await call.joins("m")
    act = await call.over(await call.acting.remove(*call.where, call.mia, participant=who))
    (step,) = removals(act)
    assert (step.outcome, step.code) == (Outcome.UNSUPPORTED, "removal_off")
    while (known := await call.link()).removal is None:
        await asyncio.sleep(0.005)
    assert known.removal is False
    call.room.removal_enabled = True
    call.v.clock.advance(minutes=1)
    act = await call.over(await call.acting.remove(*call.where, call.max, participant=who))
    assert removals(act)[0].outcome is Outcome.DONE
    while (await call.link()).removal is not True:
        await asyncio.sleep(0.005)


# ------------------------------------------------------------------------------------------------ emergency, end


async def test_emergency_puts_out_strangers_newest_first_then_both_sides_of_a_double(call: Crisis) -> None:
    ana, ben = await call.member(ANA, "Ana"), await call.member(BEN, "Ben")
    await call.joins("a1", registrant_id=ana)
    await call.joins("b", registrant_id=ben)
    await call.joins("old")
    call.v.clock.advance(minutes=1)
    await call.joins("a2", registrant_id=ana)
    call.v.clock.advance(minutes=1)
    await call.joins("new")
    await call.waits("waiting")
    act = await call.acting.emergency(*call.where, call.mia)
    assert [step.participant for step in removals(act)] == ["new", "old", "a2", "a1"]
    act = await call.over(act)
    assert sorted(call.room.removed) == ["a1", "a2", "new", "old"]
    assert call.room.removed[:2] == ["new", "old"]
    assert all(step.outcome is Outcome.DONE for step in act.steps)
    assert call.incidents.incidents == [(call.meeting.meeting_id, act.session_id, "emergency")]
    assert len(call.valid_links()) == 1  # Ben's
    names = [name for name, _ in call.room.calls]
    assert max(i for i, name in enumerate(names) if name == "remove") < min(
        i for i, name in enumerate(names) if name == "cancel"
    )


async def test_emergency_without_registration_removes_nobody_and_gives_a_list(
    vestibule: Vestibule, tmp_path: Path
) -> None:
    async with crisis(vestibule, tmp_path, profile=ProfileName.OPEN_DOOR) as call:
        await call.joins("first")
        call.v.clock.advance(minutes=1)
        await call.joins("second")
        act = await call.over(await call.acting.emergency(*call.where, call.mia))
        assert removals(act) == ()
        assert act.pick_list == ("second", "first")
        assert call.room.removed == []
        assert await door_of(call) is Door.CLOSED


async def test_stranger_with_host_rights_is_held_back_for_a_person_to_decide(call: Crisis) -> None:
    await call.joins("boss")
    await call.someone(EventKind.ROLE_CHANGED, "boss", new_role="co-host", old_role="attendee")
    await call.joins("other")
    act = await call.over(await call.acting.emergency(*call.where, call.mia))
    assert act.held_back == ("boss",)
    assert call.room.removed == ["other"]


async def test_where_removing_is_not_enabled_it_is_tried_once_and_said_once(call: Crisis) -> None:
    call.room.removal_enabled = False
    for number in range(5):
        await call.joins(f"s{number}")
    await call.over(await call.acting.remove(*call.where, call.mia, participant=ParticipantId("s0")))
    call.room.calls.clear()
    act = await call.over(await call.acting.emergency(*call.where, call.mia))
    assert {step.outcome for step in removals(act)} == {Outcome.UNSUPPORTED}
    assert len(call.room.removed) == 1


async def test_another_emergency_means_those_who_came_since(call: Crisis) -> None:
    call.room.slow["remove"] = asyncio.Event()
    await call.joins("first")
    one = await call.acting.emergency(*call.where, call.mia)
    two = await call.acting.emergency(*call.where, call.max)
    assert one.act_id == two.act_id
    call.room.slow["remove"].set()
    await call.over(one)


async def test_end_ends_for_all_and_the_meeting_is_over(call: Crisis) -> None:
    await call.member(ANA, "Ana")
    await call.joins("stranger")
    act = await call.over(await call.acting.end(*call.where, call.mia))
    assert {step.kind: step.outcome for step in act.steps} == dict.fromkeys(
        (StepKind.END, StepKind.CLOSE_DOOR, StepKind.CANCEL_UNUSED), Outcome.DONE
    )
    await call.kept(act)
    meeting = await call.v.meeting(call.meeting.meeting_id)
    assert (meeting.state, meeting.door) == (MeetingState.ENDED, Door.CLOSED)
    assert isinstance(await call.press(call.v.ana()), NotAdmitted)


async def test_end_that_zoom_accepts_and_does_not_do_is_not_believed(call: Crisis) -> None:
    call.room.without_effect = True
    act = await call.over(await call.acting.end(*call.where, call.mia))
    assert only(act, StepKind.END).outcome is Outcome.UNCONFIRMED
    assert (await call.v.meeting(call.meeting.meeting_id)).state is MeetingState.LIVE


async def test_meeting_that_has_not_begun_is_not_ended(vestibule: Vestibule, tmp_path: Path) -> None:
    call = prepared(vestibule, tmp_path)
    call.meeting = await vestibule.live_links()
    with pytest.raises(UserMistake) as refused:
        await call.acting.end(*call.where, call.mia)
    assert refused.value.code == "not_live"
    assert call.room.calls == []
    await call.built.close()


async def test_end_waits_for_no_other_act(call: Crisis) -> None:
    call.room.slow["remove"] = asyncio.Event()
    await call.joins("stranger")
    stuck = await call.acting.emergency(*call.where, call.mia)
    await call.until(lambda: bool(call.room.removed))
    act = await call.over(await call.acting.end(*call.where, call.max))
    assert only(act, StepKind.END).outcome is Outcome.DONE
    call.room.slow["remove"].set()
    await call.over(stuck)


# ------------------------------------------------------------------------------------------------ who, and how often


async def test_two_moderators_at_once_are_one_act(call: Crisis) -> None:
    await call.joins("stranger")
    one, two = await asyncio.gather(
        call.acting.emergency(*call.where, call.mia), call.acting.emergency(*call.where, call.max)
    )
    assert one.act_id == two.act_id
    await call.over(one)
    assert call.room.removed == ["stranger"]
    assert (await call.v.actions()).count("act.emergency") == 1


async def test_members_and_moderators_elsewhere_may_do_nothing(call: Crisis) -> None:
    await call.joins("stranger")
    ana = call.v.ana()
    presses: tuple[Callable[[], Awaitable[Act]], ...] = (
        lambda: call.acting.lock(*call.where, ana),
        lambda: call.acting.unlock(*call.where, ana),
        lambda: call.acting.remove(*call.where, ana, participant=ParticipantId("stranger")),
        lambda: call.acting.undo(*call.where, ana, BEN),
        lambda: call.acting.end(*call.where, ana),
        lambda: call.acting.emergency(*call.where, ana),
        lambda: call.acting.accept_guest(*call.where, ana, ParticipantId("stranger")),
    )
    for press in presses:
        with pytest.raises(UserMistake) as refused:
            await press()
        assert refused.value.code == "not_moderator"
    with pytest.raises(UserMistake) as unknown:
        await call.acting.lock(GuildId(GUILD + 1), call.meeting.meeting_id, call.mia)
    assert unknown.value.code == "meeting_unknown"
    assert [name for name, _ in call.room.calls] == []
    assert await call.acting.live(GUILD, ana) == []
    assert [m.meeting_id for m in await call.acting.live(GUILD, call.mia)] == [call.meeting.meeting_id]
    organiser = call.v.person(MALLORY, ORGANISER)
    assert await call.acting.live(GUILD, organiser)


async def test_person_who_left_cannot_be_removed(call: Crisis) -> None:
    await call.joins("m")
    await call.leaves(ParticipantId("m"))
    with pytest.raises(UserMistake) as gone:
        await call.acting.remove(*call.where, call.mia, participant=ParticipantId("m"))
    assert gone.value.code == "participant_gone"


async def test_every_answer_of_zoom_is_told_and_audited(call: Crisis) -> None:
    heard = Heard()
    call.acting.listen(heard)
    await call.joins("stranger")
    act = await call.over(await call.acting.emergency(*call.where, call.mia))
    await call.kept(act)
    await call.until(lambda: heard.acts[-1] == act)
    actions = await call.v.actions()
    assert "act.emergency" in actions
    assert "step.remove" in actions
    async with call.v.store.read() as uow:
        entries = await uow.audit.entries(GUILD)
    assert all(entry.actor is not None for entry in entries if entry.action.startswith("act."))


# ------------------------------------------------------------------------------------------------ incidents, reports


async def test_emergency_opens_the_calls_incident_once(vestibule: Vestibule, tmp_path: Path) -> None:
    opener = OpensIncidents(vestibule.clock, vestibule.chance)
    async with crisis(vestibule, tmp_path, incidents=opener) as call:
        await call.joins("stranger")
        await call.over(await call.acting.emergency(*call.where, call.mia))
        call.v.clock.advance(minutes=2)
        await call.joins("another")
        await call.over(await call.acting.emergency(*call.where, call.mia))
        assert (await call.v.actions()).count("incident.open") == 1
        async with call.v.store.read() as uow:
            incident = await uow.incidents.open_about(GUILD, call.meeting.meeting_id, SESSION)
        assert incident is not None
        assert incident.emergency


async def test_report_puts_out_in_the_same_press(call: Crisis) -> None:
    removing = RemovesFromReports(call.acting)
    registrant = await call.member(ANA, "Ana")
    who, waiting = await call.joins("m"), await call.waits("w", registrant_id=registrant)
    assert "putting them out" in await removing.remove(*call.where, who, call.mia)
    assert "not in the call itself" in await removing.remove(*call.where, waiting, call.mia)
    await call.until(lambda: call.room.removed == ["m"])


async def test_stranger_in_the_waiting_room_is_the_hosts_to_refuse(call: Crisis) -> None:
    waiting = await call.waits("w")
    with pytest.raises(UserMistake) as told:
        await call.acting.remove(*call.where, call.mia, participant=waiting)
    assert told.value.code == "only_waiting"
    assert "Do not press Admit" in told.value.message
