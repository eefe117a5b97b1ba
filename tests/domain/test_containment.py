"""Acts, plans, the sentinel's decisions and the verdicts: pure, as tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.act_record import as_record, from_record
from bot.domain.containment import SAME_PRESS, Act, ActKind, Capabilities, Door, Outcome, Step, StepKind, Verdict
from bot.domain.plans import (
    plan_accept,
    plan_emergency,
    plan_end,
    plan_lock,
    plan_put_out,
    plan_remove,
    plan_remove_member,
    plan_undo,
    plan_unlock,
)
from bot.domain.roster import NAMELESS_PREFIX, Participant, Place, Role, Seat, SeatKind
from bot.domain.sentinel import Closing, Duty, duty, strangers_inside, to_put_out
from bot.domain.values import (
    ActId,
    GuestId,
    GuildId,
    InviteId,
    MeetingId,
    MemberId,
    ParticipantId,
    SessionId,
)
from bot.domain.verdict import (
    DoorFacts,
    WaitingRoom,
    by_hand,
    door_words,
    reason,
    summary,
    verdict,
)

NOW = datetime(2026, 12, 1, 18, 0, tzinfo=UTC)
CLOSED = NOW + timedelta(minutes=10)
AFTER, BEFORE = CLOSED + timedelta(minutes=1), CLOSED - timedelta(minutes=1)
ANY, NEVER, SURE, INSIDE = (
    Capabilities(),
    Capabilities(remove=False),
    Capabilities(remove=True),
    Capabilities(lock=True),
)


def seat(who: str, kind: SeatKind = SeatKind.UNKNOWN, *, since: datetime = AFTER, **changes: object) -> Seat:
    about = {key: changes.pop(key) for key in list(changes) if key in ("place", "role", "role_told", "registrant_id")}
    person = Participant(SessionId("run-1"), ParticipantId(who), first_seen=since, since=since, **about)  # type: ignore[arg-type]
    return Seat(person, kind, **changes)  # type: ignore[arg-type]


def known(who: str, member: int, kind: SeatKind = SeatKind.KNOWN, **changes: object) -> Seat:
    ids = {"member_id": MemberId(member), "invite_id": InviteId(f"invite-{member}")}
    return seat(who, kind, **ids, **changes)  # type: ignore[arg-type]


def keys(steps: tuple[Step, ...]) -> list[str]:
    return [step.key for step in steps]


def act(*steps: Step, **changes: object) -> Act:
    made = Act(
        ActId("act-1"), ActKind.EMERGENCY, GuildId(1), MeetingId("m"), SessionId("run-1"), MemberId(2), NOW, steps
    )
    return replace(made, **changes)  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------ plans


def test_lock_closes_reads_back_and_cancels_last() -> None:
    assert keys(plan_lock(ANY).steps) == ["close_door:", "read_back:", "cancel_unused:"]
    assert keys(plan_lock(INSIDE).steps) == ["close_door:", "lock_room:", "read_back:", "cancel_unused:"]
    assert keys(plan_unlock(ANY).steps) == ["open_door:"]
    assert keys(plan_unlock(INSIDE).steps) == ["open_door:", "lock_room:"]


def test_end_comes_before_everything() -> None:
    assert keys(plan_end().steps) == ["end:", "close_door:", "cancel_unused:"]


REMOVES: tuple[tuple[Seat, list[str]], ...] = (
    (known("a", 1), ["remove:a", "revoke_invite:invite-1", "bar_member:1"]),
    (known("a", 1, place=Place.WAITING), ["revoke_invite:invite-1", "bar_member:1"]),
    (known("a", 1, SeatKind.DUPLICATE), ["remove:a", "revoke_invite:invite-1", "bar_member:1"]),
    (known("a", 1, SeatKind.UNKNOWN), ["remove:a", "bar_member:1"]),
    (known(NAMELESS_PREFIX + "7", 1), ["revoke_invite:invite-1", "bar_member:1"]),
    (seat("g", SeatKind.GUEST, guest_id=GuestId("guest-1")), ["remove:g", "revoke_invite:guest-1"]),
    (seat("g", SeatKind.GUEST), ["remove:g"]),
    (seat("s"), ["remove:s"]),
    (seat("s", place=Place.WAITING), []),
    (seat("h", SeatKind.HOST), ["remove:h"]),
    (seat("u", SeatKind.UNIDENTIFIED), ["remove:u"]),
)


@pytest.mark.parametrize(("who", "expected"), REMOVES)
def test_remove_of_each_kind(who: Seat, expected: list[str]) -> None:
    assert keys(plan_remove(who).steps) == expected


def test_remove_by_member_takes_every_seat_and_also_who_is_not_in() -> None:
    there = [known("a1", 1), known("a2", 1), known("b", 2), known("gone", 1, place=Place.GONE)]
    assert keys(plan_remove_member(MemberId(1), there).steps) == [
        "remove:a1",
        "revoke_invite:invite-1",
        "bar_member:1",
        "remove:a2",
    ]
    assert keys(plan_remove_member(MemberId(3), there).steps) == ["revoke_invite:3", "bar_member:3"]
    assert keys(plan_undo(MemberId(1)).steps) == ["lift_bar:1"]
    assert keys(plan_accept(seat("s")).steps) == ["accept_guest:s"]


def test_emergency_takes_strangers_newest_first_then_doubles_and_never_hosts_or_waiting() -> None:
    minutes = [NOW + timedelta(minutes=n) for n in range(6)]
    people = [
        seat("old", since=minutes[1]),
        known("d1", 1, SeatKind.DUPLICATE, since=minutes[5]),
        known("d2", 1, SeatKind.DUPLICATE, since=minutes[0]),
        seat("new", since=minutes[4]),
        seat("host", SeatKind.HOST),
        known("ana", 2),
        seat("guest", SeatKind.GUEST),
        seat("waiting", place=Place.WAITING),
        known("d3", 3, SeatKind.DUPLICATE, place=Place.WAITING),
        seat("gone", place=Place.GONE),
        seat("boss", role=Role.CO_HOST, role_told=True, since=minutes[2]),
        seat(NAMELESS_PREFIX + "9", since=minutes[3]),
    ]
    plan = plan_emergency(ANY, people, registration=True)
    assert keys(plan.steps) == [
        "close_door:",
        "remove:new",
        "remove:old",
        "remove:d1",
        "remove:d2",
        "revoke_invite:invite-1",
        "revoke_invite:invite-3",
        "read_back:",
        "cancel_unused:",
    ]
    assert plan.held_back == (NAMELESS_PREFIX + "9", "boss")
    assert plan.pick_list == ()


def test_emergency_without_registration_only_lists_newest_first() -> None:
    people = [
        seat("first", SeatKind.UNIDENTIFIED, since=BEFORE),
        seat("second", SeatKind.UNIDENTIFIED, since=AFTER),
        seat("host", SeatKind.HOST),
        seat("waiting", SeatKind.UNIDENTIFIED, place=Place.WAITING),
    ]
    plan = plan_emergency(SURE, people, registration=False)
    assert keys(plan.steps) == ["close_door:", "read_back:", "cancel_unused:"]
    assert plan.pick_list == ("second", "first")


def test_who_came_in_the_same_moment_stands_in_the_order_of_the_panel() -> None:
    people = [seat(name, SeatKind.UNIDENTIFIED, since=AFTER) for name in ("b", "c", "a")]
    assert plan_emergency(SURE, people, registration=False).pick_list == ("b", "c", "a")


# ------------------------------------------------------------------------------------------------ sentinel

IN, WAITING, GONE = Place.IN, Place.WAITING, Place.GONE
CO_HOST = {"role": Role.CO_HOST, "role_told": True}
DUTIES: tuple[tuple[Seat, Door, Capabilities, Duty], ...] = (
    (seat("s"), Door.OPEN, SURE, Duty.NOTHING),
    (seat("s"), Door.CLOSED, SURE, Duty.PUT_OUT),
    (seat("s"), Door.CLOSED, ANY, Duty.PUT_OUT),
    (seat("s"), Door.CLOSED, NEVER, Duty.ALARM),
    (seat("s", since=BEFORE), Door.CLOSED, ANY, Duty.PUT_OUT),  # their event came late
    (seat("early", since=BEFORE), Door.CLOSED, ANY, Duty.NOTHING),
    (seat("tried"), Door.CLOSED, ANY, Duty.NOTHING),
    (seat("s", place=GONE), Door.CLOSED, ANY, Duty.NOTHING),
    (seat("s", place=WAITING), Door.CLOSED, ANY, Duty.DO_NOT_ADMIT),
    (seat("s", place=WAITING), Door.CLOSED, NEVER, Duty.DO_NOT_ADMIT),
    (seat("s", **CO_HOST), Door.CLOSED, ANY, Duty.ALARM),  # type: ignore[arg-type]
    (seat(NAMELESS_PREFIX + "1"), Door.CLOSED, ANY, Duty.ALARM),
    (seat("on-the-way"), Door.CLOSED, ANY, Duty.MENTION),
    (seat("on-the-way", place=WAITING), Door.CLOSED, ANY, Duty.NOTHING),
    (known("a", 1), Door.CLOSED, ANY, Duty.MENTION),
    (known("a", 1, since=BEFORE), Door.CLOSED, ANY, Duty.NOTHING),
    (known("a", 1, place=WAITING), Door.CLOSED, ANY, Duty.NOTHING),
    (known("a", 1, SeatKind.DUPLICATE), Door.CLOSED, ANY, Duty.MENTION),
    (seat("g", SeatKind.GUEST), Door.CLOSED, ANY, Duty.MENTION),
    (seat("h", SeatKind.HOST), Door.CLOSED, SURE, Duty.NOTHING),
    (seat("u", SeatKind.UNIDENTIFIED), Door.CLOSED, SURE, Duty.NOTHING),
)


@pytest.mark.parametrize(("who", "door", "can", "expected"), DUTIES)
def test_what_a_closed_door_does_about_each(who: Seat, door: Door, can: Capabilities, expected: Duty) -> None:
    closing = Closing(
        CLOSED,
        frozenset({ParticipantId("early")}),
        frozenset({ParticipantId("tried")}),
        frozenset({ParticipantId("on-the-way")}),
    )
    assert duty(who, door, can, closing) is expected
    assert bool(to_put_out([who], door, can, closing)) is (expected is Duty.PUT_OUT)


def test_newest_stranger_is_put_out_first_and_the_closing_spares_those_inside() -> None:
    people = [seat("one", since=AFTER), seat("two", since=AFTER + timedelta(seconds=1)), known("a", 1)]
    found = to_put_out(people, Door.CLOSED, ANY, Closing(CLOSED))
    assert keys(plan_put_out(found).steps) == ["remove:two", "remove:one"]
    assert strangers_inside([*people, seat("w", place=WAITING)]) == {"one", "two"}


# ------------------------------------------------------------------------------------------------ verdicts

ON, OFF, SOME = WaitingRoom(True, True), WaitingRoom(False), WaitingRoom(True, False)
VERDICTS = (
    (DoorFacts(False, SURE, ON, heard=True), Verdict.FAILED),
    (DoorFacts(True, SURE, ON, room_locked=True, heard=True), Verdict.LOCKED),
    (DoorFacts(True, ANY, ON, heard=True), Verdict.HELD),
    (DoorFacts(True, NEVER, ON), Verdict.HELD),
    (DoorFacts(True, ANY, ON, registration=False), Verdict.HELD),
    (DoorFacts(True, SURE, OFF, heard=True), Verdict.GUARDED),
    (DoorFacts(True, ANY, OFF, heard=True), Verdict.LINKS_STOPPED),
    (DoorFacts(True, NEVER, OFF, heard=True), Verdict.LINKS_STOPPED),
    (DoorFacts(True, SURE, OFF, heard=False), Verdict.LINKS_STOPPED),
    (DoorFacts(True, SURE, OFF, heard=True, registration=False), Verdict.LINKS_STOPPED),
    (DoorFacts(True, SURE, SOME, heard=True), Verdict.LINKS_STOPPED),
    (DoorFacts(True, SURE, WaitingRoom(), heard=True), Verdict.LINKS_STOPPED),
    (DoorFacts(True, SURE, WaitingRoom(True, None), heard=True), Verdict.LINKS_STOPPED),
)


@pytest.mark.parametrize(("facts", "expected"), VERDICTS)
def test_verdict_says_no_more_than_is_known(facts: DoorFacts, expected: Verdict) -> None:
    assert verdict(facts) is expected
    words = door_words(facts)
    assert words.title
    assert len(words.moderator) > 40
    for promise in ("nobody can enter", "are locked", "is locked"):
        assert (promise in words.moderator.lower()) is (expected is Verdict.LOCKED and promise != "are locked")


def test_words_of_a_held_door_say_what_cannot_be_seen() -> None:
    words = door_words(DoorFacts(True, ANY, WaitingRoom(True, True, True), heard=True))
    assert "others than the host" in words.moderator
    assert "I cannot see whether someone turned the waiting room off" in words.moderator
    assert "put them out" in words.moderator
    assert "Never press" in words.host
    assert "put them out" not in door_words(DoorFacts(True, NEVER, ON, heard=True)).moderator
    assert "I cannot see who joins" in door_words(DoorFacts(True, ANY, ON)).moderator
    assert "I cannot see who joins" in door_words(DoorFacts(True, ANY, OFF)).moderator
    assert "Lock meeting" in door_words(DoorFacts(False, ANY, why_failed="It broke.")).moderator


# ------------------------------------------------------------------------------------------------ outcomes


def test_what_is_surer_stays_and_a_late_confirmation_still_counts() -> None:
    step = Step(StepKind.REMOVE, ParticipantId("p"))
    accepted = step.turned(Outcome.ACCEPTED, NOW)
    unconfirmed = accepted.turned(Outcome.UNCONFIRMED, NOW, "not_confirmed")
    done = unconfirmed.turned(Outcome.DONE, AFTER)
    assert (done.outcome, done.code, done.at) == (Outcome.DONE, "", AFTER)
    assert done.turned(Outcome.UNCONFIRMED, AFTER, "x") is done
    assert accepted.turned(Outcome.PENDING, AFTER) is accepted
    assert step.turned(Outcome.UNSUPPORTED, NOW, "removal_off").turned(Outcome.DONE, AFTER).outcome is Outcome.DONE
    assert not accepted.settled
    assert unconfirmed.settled


def test_acts_merge_step_by_step() -> None:
    one, two = Step(StepKind.REMOVE, ParticipantId("1")), Step(StepKind.REMOVE, ParticipantId("2"))
    here = act(one.turned(Outcome.DONE, NOW), two)
    there = act(one, two.turned(Outcome.ACCEPTED, NOW), Step(StepKind.END))
    merged = here.with_steps(there.steps)
    assert [step.outcome for step in merged.steps] == [Outcome.DONE, Outcome.ACCEPTED, Outcome.PENDING]
    assert not merged.settled


def test_same_press_means_the_act_that_goes_on() -> None:
    removal = Step(StepKind.REMOVE, ParticipantId("1"))
    fresh, late = NOW + SAME_PRESS / 2, NOW + SAME_PRESS * 2
    assert act(removal.turned(Outcome.DONE, NOW)).joinable(fresh)
    assert not act(removal.turned(Outcome.DONE, NOW)).joinable(late)
    assert act(removal).joinable(late)
    assert not act(Step(StepKind.CANCEL_UNUSED)).joinable(late)
    assert act(target="p").running_key != act().running_key


def test_words_for_what_was_not_done() -> None:
    off = Step(StepKind.REMOVE, ParticipantId("p"), outcome=Outcome.UNSUPPORTED, code="removal_off")
    assert "Remove" in by_hand(off)
    assert "participant.remove" in reason(off.code)
    assert by_hand(Step(StepKind.REMOVE, ParticipantId("p"), outcome=Outcome.DONE)) == ""
    assert by_hand(replace(off, outcome=Outcome.REFUSED, code="participant_unknown")) == ""
    assert "End meeting for all" in by_hand(Step(StepKind.END, outcome=Outcome.UNCONFIRMED, code="not_confirmed"))
    assert "new_code" in reason("new_code")
    assert reason("") == ""
    done = Step(StepKind.REMOVE, ParticipantId("q"), outcome=Outcome.DONE)
    assert summary(act(off, done)) == "1 of 2 removed"
    assert summary(act()) == ""


def test_record_of_an_act_comes_back_and_nonsense_does_not() -> None:
    steps = (
        Step(StepKind.REMOVE, ParticipantId("p"), MemberId(1), InviteId("i"), GuestId("g"), Outcome.DONE, "x", 3, NOW),
        Step(StepKind.CLOSE_DOOR),
    )
    full = act(
        *steps,
        target="t",
        held_back=(ParticipantId("h"),),
        pick_list=(ParticipantId("l"),),
        verdict=Verdict.HELD,
        recorded=False,
    )
    bare = act(*steps, session_id=None, actor=None, recorded=False)
    assert from_record(as_record(full)) == full
    assert from_record(as_record(bare)) == bare
    for nonsense in (
        {},
        {**as_record(full), "steps": 1},
        {**as_record(full), "at": 5},
        {**as_record(full), "kind": "x"},
    ):
        with pytest.raises(ValueError, match=r"."):
            from_record(nonsense)
