"""Which concerns moderators hear of, each once: a table over who is in the room."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.concerns import AGAIN_AFTER, Answer, Concern, concerns, next_look, told
from bot.domain.meeting import Door, ProfileName
from bot.domain.room import Hearing, RoomView
from bot.domain.roster import Place, Role, Seat, SeatKind
from bot.domain.session import Session
from bot.domain.values import MeetingId, ParticipantId
from tests.domain.people import NOW, meeting
from tests.domain.seats import SESSION, seat

HOST = seat("Hanna Host", SeatKind.HOST)
ANA = seat("Ana·K7F", SeatKind.KNOWN)
BEN = seat("Ben·M2X", SeatKind.KNOWN)
START = NOW - timedelta(minutes=10)


def alone(*seats: Seat, **changes: object) -> RoomView:
    """A call since ten minutes ago; without a host among `seats` there is none."""
    hearing = changes.pop("hearing", Hearing.HEARD)
    at = changes.pop("at", NOW)
    return RoomView(meeting(**changes), Session(SESSION, MeetingId("meeting-1"), START), seats, hearing, at)  # type: ignore[arg-type]


def room(*seats: Seat, **changes: object) -> RoomView:
    """With the host in it."""
    return alone(HOST, *seats, **changes)


def found(of: RoomView) -> list[Concern]:
    return [each.concern for each in concerns(of)]


CASES: list[tuple[str, RoomView, list[Concern]]] = [
    ("an ordinary evening", room(ANA, BEN, seat("Lee·GAB2", SeatKind.GUEST)), []),
    ("a stranger in the call", room(seat("Zoomer99", SeatKind.UNKNOWN)), [Concern.INTRUDER]),
    ("a stranger waits", room(seat("Zoomer99", SeatKind.UNKNOWN, Place.WAITING)), [Concern.STRANGER]),
    ("a stranger who left", room(seat("Zoomer99", SeatKind.UNKNOWN, Place.GONE)), []),
    (
        "one link twice",
        room(*(seat("Ana·K7F", SeatKind.DUPLICATE, uuid=u, invite="i1") for u in "ab")),
        [Concern.TWICE],
    ),
    ("her name in the call", room(ANA, seat("Ana·K7F", SeatKind.UNKNOWN)), [Concern.INTRUDER, Concern.SAME_NAME]),
    (
        "her name twice in the waiting room",
        room(seat("Ana·K7F", place=Place.WAITING), seat("Ana·K7F", SeatKind.UNKNOWN, Place.WAITING)),
        [Concern.SAME_NAME, Concern.STRANGER],
    ),
    ("other gaps and letters", room(ANA, seat("ANA  k7f", SeatKind.UNKNOWN)), [Concern.INTRUDER, Concern.LOOKALIKE]),
    ("Cyrillic letters", room(ANA, seat("Аnа·K7F", SeatKind.UNKNOWN)), [Concern.INTRUDER, Concern.LOOKALIKE]),
    ("without the tag", room(ANA, seat("Ana", SeatKind.UNKNOWN, Place.WAITING)), [Concern.LOOKALIKE, Concern.STRANGER]),
    ("with another tag", room(ANA, seat("Ana·X9Z", SeatKind.UNKNOWN)), [Concern.INTRUDER, Concern.LOOKALIKE]),
    ("two members of one name", room(ANA, seat("Ana·M4P", SeatKind.KNOWN)), []),
    ("two strangers of one name", room(*(seat("iPhone", SeatKind.UNIDENTIFIED, uuid=u) for u in "ab")), []),
    ("the host's name", room(seat("hanna host", SeatKind.UNIDENTIFIED, Place.WAITING)), [Concern.LOOKALIKE]),
    (
        "a telephone is its owner",
        room(ANA, seat("Ana·K7F", SeatKind.KNOWN, uuid="p", bound_to=ParticipantId("Ana·K7F"))),
        [],
    ),
    ("member made co-host", room(seat("Ben·M2X", role=Role.CO_HOST)), [Concern.RIGHTS]),
    ("stranger made host", room(seat("X", SeatKind.UNKNOWN, role=Role.HOST)), [Concern.INTRUDER, Concern.RIGHTS]),
    ("a member shares", room(seat("Ben·M2X", sharing=True)), []),
    ("a stranger shares", room(seat("X", SeatKind.UNKNOWN, sharing=True)), [Concern.INTRUDER, Concern.SHARING]),
    (
        "a member shares in a high-risk call",
        room(seat("Ben·M2X", sharing=True), profile=ProfileName.HIGH_RISK),
        [Concern.SHARING],
    ),
    ("the host shares in one", alone(seat("Hanna", SeatKind.HOST, sharing=True), profile=ProfileName.HIGH_RISK), []),
    (
        "a co-host shares in one",
        room(seat("Ben·M2X", role=Role.CO_HOST, sharing=True), profile=ProfileName.HIGH_RISK),
        [Concern.RIGHTS],
    ),
    ("waiting for a minute", room(seat("Ana·K7F", place=Place.WAITING, minutes=1)), [Concern.WAITING]),
    ("waiting for a moment", room(seat("Ana·K7F", place=Place.WAITING, minutes=0.9)), []),
    (
        "waiting under a name that two show",
        room(seat("Ana·K7F", place=Place.WAITING, minutes=3), seat("Ana·K7F", SeatKind.UNKNOWN, Place.WAITING)),
        [Concern.SAME_NAME, Concern.STRANGER],
    ),
    ("waiting behind a closed door", room(seat("Ana·K7F", place=Place.WAITING, minutes=9), door=Door.CLOSED), []),
    ("nobody with host rights", alone(ANA), [Concern.NO_HOST]),
    ("a host who lost the rights", alone(seat("Hanna", SeatKind.HOST, role=Role.ATTENDEE)), [Concern.NO_HOST]),
    ("a host who waits outside", alone(seat("Hanna", SeatKind.HOST, Place.WAITING)), [Concern.NO_HOST]),
    ("nobody at all", alone(), []),
    ("the host left just now", alone(ANA, seat("Hanna", SeatKind.HOST, Place.GONE, minutes=0.5)), []),
    (
        "the host left a while ago",
        alone(ANA, seat("Hanna", SeatKind.HOST, Place.GONE, minutes=2)),
        [Concern.NO_HOST],
    ),
    ("nothing is reported", alone(ANA, hearing=Hearing.NOT_THIS_CALL), []),
]


@pytest.mark.parametrize(("of", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_concerns_of_a_room(of: RoomView, expected: list[Concern]) -> None:
    assert found(of) == expected


def test_each_is_told_once_and_its_end_once() -> None:
    stranger = seat("Zoomer99", SeatKind.UNKNOWN)
    first = told(concerns(room(stranger)), (), NOW)
    assert [each.concern for each in first.new] == [Concern.INTRUDER]
    assert told(concerns(room(stranger)), first.new, NOW) == told((), (), NOW)
    gone = told(concerns(room()), first.new, NOW)
    assert gone.new == ()
    (ended,) = gone.changed
    assert ended.over_at == NOW
    assert told(concerns(room()), [ended], NOW) == told((), (), NOW)


def test_same_stranger_admitted_is_told_anew_because_it_is_worse() -> None:
    waiting = told(concerns(room(seat("Z", SeatKind.UNKNOWN, Place.WAITING))), (), NOW)
    admitted = told(concerns(room(seat("Z", SeatKind.UNKNOWN))), waiting.new, NOW)
    assert [each.concern for each in admitted.new] == [Concern.INTRUDER]
    assert [each.concern for each in admitted.changed] == [Concern.STRANGER]


def test_absent_host_is_told_anew_only_after_a_while() -> None:
    (first,) = told(concerns(alone(ANA)), (), NOW).new
    over = replace(first, over_at=NOW)
    soon, later = NOW + AGAIN_AFTER / 2, NOW + AGAIN_AFTER
    for at, new in ((soon, 0), (later, 1)):
        assert len(told(concerns(alone(ANA)), [over], at).new) == new


def test_third_person_under_one_name_is_added_and_an_answer_stays() -> None:
    two = room(ANA, seat("Ana·K7F", SeatKind.UNKNOWN, uuid="b"))
    names = [each for each in told(concerns(two), (), NOW).new if each.concern is Concern.SAME_NAME]
    answered = replace(names[0], answer=Answer.MINE_ALONE)
    three = room(ANA, *(seat("Ana·K7F", SeatKind.UNKNOWN, uuid=u) for u in "bc"))
    after = told([each for each in concerns(three) if each.concern is Concern.SAME_NAME], [answered], NOW)
    assert after.new == ()
    assert len(after.changed[0].who) == 3
    assert after.changed[0].answer is Answer.MINE_ALONE


def test_next_look_is_when_time_alone_makes_a_concern() -> None:
    assert next_look(room(ANA)) is None
    waiting = seat("Ana·K7F", place=Place.WAITING, minutes=0.5)
    assert next_look(room(waiting)) == NOW + timedelta(seconds=30)
    twice = [seat("Ana·K7F", uuid=u, invite="i1", minutes=0) for u in "ab"]
    assert timedelta(0) < (next_look(room(*twice)) or NOW) - NOW - timedelta(seconds=30) < timedelta(seconds=1)
    host_left = alone(ANA, seat("Hanna", SeatKind.HOST, Place.GONE, minutes=0.5))
    assert next_look(host_left) == NOW + timedelta(seconds=30)


def test_raid_of_members_names_is_one_round_with_everybody_in_it() -> None:
    members = [seat(f"Member {n}·ABC", uuid=f"m{n}", invite=f"i{n}") for n in range(30)]
    raid = [seat(f"Member {n}", SeatKind.UNKNOWN, Place.WAITING, uuid=f"r{n}") for n in range(30)]
    new = told(concerns(room(*members, *raid)), (), NOW).new
    assert sorted({each.concern for each in new}, key=lambda c: c.value) == [Concern.LOOKALIKE, Concern.STRANGER]
    assert len(new) == 60
