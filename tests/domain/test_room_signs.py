"""What moderators should notice: two under one name, look-alikes, nobody with host rights, unexpected hosts, long waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.likeness import skeleton, without_tag
from bot.domain.meeting import MeetingState
from bot.domain.room import Hearing, RoomView
from bot.domain.room_signs import look_alikes, nobody_hosts, same_names, sharing, unexpected_hosts, waiting_since
from bot.domain.roster import Participant, Place, Role, Seat, SeatKind
from bot.domain.session import Session
from bot.domain.values import MeetingId, ParticipantId, SessionId
from tests.domain.people import NOW, meeting

RUN = SessionId("run")


def seat(name: str, kind: SeatKind = SeatKind.UNKNOWN, late: float = 0, **facts: object) -> Seat:
    seen = NOW + timedelta(seconds=late)
    who = Participant(RUN, ParticipantId(f"{name}/{late}"), name=name, first_seen=seen, since=seen)
    return Seat(replace(who, **facts), kind)  # type: ignore[arg-type]


def view(*seats: Seat) -> RoomView:
    run = Session(RUN, MeetingId("m"), NOW)
    return RoomView(meeting(state=MeetingState.LIVE), run, seats, Hearing.HEARD, NOW)


@pytest.mark.parametrize(
    "other",
    ["ANA·K7F", "Ana K7F", "Ana·К7F", "Аna·K7F", "Ana.k7f", "Ａna·K7F", "Án\u200ba·K7F", "ana\u3000k7f", "Ana•K7F"],
)
def test_names_that_differ_only_to_a_careful_eye_have_one_skeleton(other: str) -> None:
    assert skeleton(other) == skeleton("Ana·K7F")


@pytest.mark.parametrize(
    ("one", "other"), [("Alex", "AIex"), ("Bob", "B0b"), ("Marnie", "Mamie"), ("Will", "VVi11"), ("paypal", "раураl")]
)
def test_strokes_that_look_alike_count_as_one(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(("one", "other"), [("Ana", "Ben"), ("Ana·K7F", "Ana·Q2Q"), ("Зоя", "Яна"), ("王芳", "李娜")])
def test_other_names_stay_apart(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


def test_a_tag_is_taken_off_and_nothing_else() -> None:
    assert [without_tag(name) for name in ("Ana·K7F", "Lee·GK7F", "Ana·", "Ana", "A·B·K7F", "Ana·toolong")] == [
        "Ana",
        "Lee",
        "Ana·",
        "Ana",
        "A·B",
        "Ana·toolong",
    ]


def test_two_under_one_name_are_found_whether_they_wait_or_are_in() -> None:
    ana, other = seat("Ana·K7F", SeatKind.KNOWN), seat("Ana·K7F", late=9, place=Place.WAITING)
    gone = seat("Ana·K7F", late=5, place=Place.GONE)
    phone = seat("Ana·K7F", late=7, bound_to=ParticipantId("x"))
    assert same_names([other, gone, phone, ana, seat("Ben")]) == ((ana, other),)
    assert same_names([ana, gone, phone]) == ()


@pytest.mark.parametrize("name", ["Ana·К7F", "ana k7f", "Ana", "ANA", "Аna"])
def test_a_stranger_who_looks_like_somebody_here_is_found(name: str) -> None:
    ana, stranger = seat("Ana·K7F", SeatKind.KNOWN, late=9), seat(name)
    (found,) = look_alikes([ana, stranger])
    assert (found.who, found.of) == (stranger, ana)


def test_members_are_no_look_alikes_and_the_same_name_is_another_matter() -> None:
    assert look_alikes([seat("Ana·K7F", SeatKind.KNOWN), seat("Ana·Q2Q", SeatKind.KNOWN, 1)]) == ()
    assert look_alikes([seat("Ana·K7F", SeatKind.KNOWN), seat("Ana·K7F", late=1)]) == ()
    assert look_alikes([seat("Ana·K7F", SeatKind.KNOWN, place=Place.GONE), seat("Ana", late=1)]) == ()
    assert look_alikes([seat("...", SeatKind.KNOWN), seat("!!", late=1)]) == ()


def test_without_registration_the_later_of_two_is_the_look_alike_and_the_host_is_nobodys() -> None:
    first, later = seat("Ben", SeatKind.UNIDENTIFIED), seat("BEN", SeatKind.UNIDENTIFIED, 5)
    host, mimic = seat("Mina", SeatKind.HOST, 9), seat("Міna", SeatKind.UNIDENTIFIED)
    assert {
        (each.who.participant.name, each.of.participant.name) for each in look_alikes([later, first, mimic, host])
    } == {
        ("BEN", "Ben"),
        ("Міna", "Mina"),
    }


def test_a_call_without_anybody_who_can_admit_is_noticed() -> None:
    ana, host = seat("Ana", SeatKind.KNOWN), seat("Mina", SeatKind.HOST)
    assert nobody_hosts(view(ana))
    assert not nobody_hosts(view(ana, host))
    assert nobody_hosts(view(ana, seat("Mina", SeatKind.HOST, place=Place.WAITING)))
    assert not nobody_hosts(view(seat("Ana", SeatKind.KNOWN, role=Role.CO_HOST, role_told=True)))
    assert not nobody_hosts(view()), "nobody is in at all"


def test_host_rights_in_unexpected_hands_are_noticed() -> None:
    def promoted(name: str, kind: SeatKind, role: Role = Role.CO_HOST, place: Place = Place.IN) -> Seat:
        return seat(name, kind, role=role, role_told=True, place=place)

    planned, member = promoted("Mina", SeatKind.HOST), promoted("Ana", SeatKind.KNOWN)
    taken_back = promoted("Ben", SeatKind.KNOWN, Role.ATTENDEE)
    gone = promoted("Cleo", SeatKind.KNOWN, place=Place.GONE)
    assert unexpected_hosts([planned, member, taken_back, gone]) == (member,)


def test_who_shares_and_who_waits_long_is_told() -> None:
    one, other = seat("Ana", late=0, place=Place.WAITING), seat("Ben", late=50, place=Place.WAITING)
    now = NOW + timedelta(seconds=65)
    assert waiting_since(view(other, one), timedelta(minutes=1), now) == (one,)
    assert waiting_since(view(other, one), timedelta(), now) == (one, other)
    shares = seat("Cleo", sharing=True)
    assert sharing([one, shares]) == (shares,)
