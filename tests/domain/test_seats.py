"""Who somebody in the call is: known, host, guest, unknown, duplicate or unidentified."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.roster import NAMELESS_PREFIX, Entry, EntryList, Participant, Place, Role, Seat, SeatKind, seats
from bot.domain.values import GuestId, InviteId, MemberId, ParticipantId, RegistrantId, SessionId, ZoomUserId
from tests.domain.people import NOW

HOST = ZoomUserId("zoom-host")
ANA = Entry(MemberId(7), "K7F", InviteId("i1"), registrant_id=RegistrantId("r-ana"))
ASKED = Entry(MemberId(8), "Q2Q", InviteId("i2"))
OLD = Entry(MemberId(9), "ZZZ", InviteId("i0"), current=False, registrant_id=RegistrantId("r-old"))
LEE = Entry(guest_id=GuestId("g1"), guest_name="Dr. Lee·GK7F", tag="GK7F", registrant_id=RegistrantId("r-lee"))
LIST = EntryList(
    registrants={each.registrant_id: each for each in (ANA, OLD, LEE) if each.registrant_id is not None},
    addresses={"hash-ana": ANA, "hash-asked": ASKED},
    hosts={HOST: MemberId(1)},
    host_addresses={"hash-host": HOST},
    accepted=frozenset({ParticipantId("accepted")}),
)


def somebody(uuid: str = "p1", seen: datetime = NOW, **facts: object) -> Participant:
    plain = Participant(SessionId("run"), ParticipantId(uuid), name="Somebody", first_seen=seen, since=seen)
    return replace(plain, **facts)  # type: ignore[arg-type]


def seated(
    *people: Participant, registration: bool = True, now: datetime = NOW + timedelta(minutes=5)
) -> dict[str, Seat]:
    found = seats(people, LIST, registration=registration, now=now)
    return {seat.participant.participant_uuid: seat for seat in found}


def kind(who: Participant, *, registration: bool = True) -> SeatKind:
    return seated(who, registration=registration)[who.participant_uuid].kind


def test_a_current_invite_makes_known() -> None:
    seat = seated(somebody(registrant_id=RegistrantId("r-ana")))["p1"]
    assert (seat.kind, seat.member_id, seat.tag, seat.invite_id) == (SeatKind.KNOWN, 7, "K7F", "i1")


def test_a_void_link_makes_unknown_but_says_whose_it_was() -> None:
    seat = seated(somebody(registrant_id=RegistrantId("r-old")))["p1"]
    assert (seat.kind, seat.member_id, seat.invite_id) == (SeatKind.UNKNOWN, 9, "i0")


def test_an_invite_that_zoom_has_not_answered_yet_is_matched_by_the_hash_of_its_address() -> None:
    early = somebody(registrant_id=RegistrantId("new"), address_hash="hash-asked")
    assert seated(early)["p1"].member_id == 8
    assert kind(early) is SeatKind.KNOWN


def test_another_registrant_under_an_address_of_ours_is_unknown() -> None:
    assert kind(somebody(registrant_id=RegistrantId("foreign"), address_hash="hash-ana")) is SeatKind.UNKNOWN
    assert kind(somebody(address_hash="hash-ana")) is SeatKind.KNOWN


@pytest.mark.parametrize("registration", [True, False])
def test_hosts_and_the_accepted_are_told_apart_in_every_meeting(registration: bool) -> None:
    assert kind(somebody(zoom_user_id=HOST), registration=registration) is SeatKind.HOST
    assert kind(somebody(address_hash="hash-host"), registration=registration) is SeatKind.HOST
    assert kind(somebody("accepted"), registration=registration) is SeatKind.GUEST


def test_nobody_becomes_host_by_typing_the_hosts_address_into_a_registration() -> None:
    typed = somebody(registrant_id=RegistrantId("foreign"), address_hash="hash-host")
    assert kind(typed) is SeatKind.UNKNOWN


def test_a_host_who_comes_by_a_members_link_is_a_host() -> None:
    seat = seated(somebody(zoom_user_id=HOST, registrant_id=RegistrantId("r-ana")))["p1"]
    assert (seat.kind, seat.member_id) == (SeatKind.HOST, 1)


def test_guests_are_known_by_their_registrant() -> None:
    seat = seated(somebody(registrant_id=RegistrantId("r-lee")))["p1"]
    assert (seat.kind, seat.guest_name, seat.tag) == (SeatKind.GUEST, "Dr. Lee·GK7F", "GK7F")


def test_everybody_else_is_unknown_and_without_registration_unidentified() -> None:
    assert kind(somebody()) is SeatKind.UNKNOWN
    assert kind(somebody(), registration=False) is SeatKind.UNIDENTIFIED
    assert kind(somebody(registrant_id=RegistrantId("r-ana")), registration=False) is SeatKind.UNIDENTIFIED


def twice(gap: float, now: float, **second: object) -> dict[str, SeatKind]:
    one = somebody("a", registrant_id=RegistrantId("r-ana"))
    other = somebody("b", NOW + timedelta(seconds=gap), registrant_id=RegistrantId("r-ana"))
    found = seated(one, replace(other, **second), now=NOW + timedelta(seconds=now))  # type: ignore[arg-type]
    return {uuid: seat.kind for uuid, seat in found.items()}


def test_two_seats_of_one_invite_are_duplicates_once_they_overlap_for_over_half_a_minute() -> None:
    assert twice(100, 130) == {"a": SeatKind.KNOWN, "b": SeatKind.KNOWN}
    assert twice(100, 131) == {"a": SeatKind.DUPLICATE, "b": SeatKind.DUPLICATE}
    assert twice(100, 200, place=Place.WAITING)["b"] is SeatKind.DUPLICATE
    assert twice(100, 200, place=Place.GONE) == {"a": SeatKind.KNOWN, "b": SeatKind.KNOWN}


def test_being_admitted_does_not_begin_the_half_minute_anew() -> None:
    admitted = twice(100, 200, since=NOW + timedelta(seconds=199))
    assert admitted["b"] is SeatKind.DUPLICATE


def test_a_guests_link_in_two_hands_is_noticed_too() -> None:
    people = [somebody(uuid, registrant_id=RegistrantId("r-lee")) for uuid in ("a", "b")]
    assert {seat.kind for seat in seated(*people).values()} == {SeatKind.DUPLICATE}


def test_a_telephone_is_who_its_owner_is_and_no_second_seat() -> None:
    ana = somebody("a", registrant_id=RegistrantId("r-ana"))
    phone = somebody("phone", by_phone=True, bound_to=ParticipantId("a"))
    found = seated(ana, phone)
    assert (found["phone"].kind, found["phone"].member_id) == (SeatKind.KNOWN, 7)
    assert found["a"].kind is SeatKind.KNOWN
    assert seated(phone)["phone"].kind is SeatKind.UNKNOWN, "bound to somebody nobody knows"


def test_somebody_named_in_two_ways_has_one_seat() -> None:
    nameless = somebody(NAMELESS_PREFIX + "16778240", user_id="16778240")
    assert set(seated(nameless, somebody("a", user_id="16778240"))) == {"a"}
    assert set(seated(nameless, somebody("a", user_id="2"))) == {"a", nameless.participant_uuid}
    assert not nameless.addressable


def test_the_order_of_the_people_changes_nothing_and_the_newest_come_first() -> None:
    people = [
        somebody(uuid, NOW + timedelta(seconds=late), registrant_id=RegistrantId(by) if by else None)
        for uuid, late, by in (("a", 0, "r-ana"), ("b", 5, "r-ana"), ("c", 9, ""), ("d", 9, ""))
    ]
    expected = seats(people, LIST, registration=True, now=NOW + timedelta(minutes=1))
    assert [seat.participant.participant_uuid for seat in expected] == ["c", "d", "b", "a"]
    for order in itertools.permutations(people):
        assert seats(order, LIST, registration=True, now=NOW + timedelta(minutes=1)) == expected


def test_host_rights_are_what_zoom_said_last_and_else_the_hosts() -> None:
    host, ana = somebody(zoom_user_id=HOST), somebody(registrant_id=RegistrantId("r-ana"))
    assert seated(host)["p1"].host_rights
    assert not seated(ana)["p1"].host_rights
    assert seated(replace(ana, role=Role.CO_HOST, role_told=True))["p1"].host_rights
    assert not seated(replace(host, role=Role.ATTENDEE, role_told=True))["p1"].host_rights
