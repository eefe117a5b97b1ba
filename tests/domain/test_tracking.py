"""The roster: whatever order, repetition and grouping Zoom's reports come in, the same people are in the same places."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.roster import Participant, Place, Role
from bot.domain.tracking import Happening, Mark, MarkKind, Report, Track, happened_at, mark, merged_tracks, people
from bot.domain.values import ParticipantId, SessionId
from tests.domain.people import NOW

RUN = SessionId("run")
ANA, PHONE = ParticipantId("ana-uuid"), ParticipantId("phone-uuid")
SECOND = timedelta(seconds=1)


def report(happening: Happening, seconds: float = 0, who: ParticipantId = ANA, **said: object) -> Report:
    fields: dict[str, object] = {"user_id": "1", "name": "Ana·K7F"} | said
    return Report(happening, NOW + seconds * SECOND, RUN, who, **fields)  # type: ignore[arg-type]


def after(*reports: Report) -> Participant:
    (track,) = merged_tracks(each.track() for each in reports).values()
    return track.participant()


REPORTS = st.builds(
    Report,
    happening=st.sampled_from([each for each in Happening if each is not Happening.SESSION_OVER]),
    at=st.integers(0, 4).map(lambda second: NOW + second * SECOND),
    session_id=st.just(RUN),
    participant_uuid=st.sampled_from([ANA, PHONE]),
    user_id=st.sampled_from(["", "1", "2"]),
    name=st.sampled_from(["", "Ana", "Ana·K7F"]),
    registrant_id=st.sampled_from(["", "r1", "r2"]),
    zoom_user_id=st.sampled_from(["", "z1"]),
    address_hash=st.sampled_from(["", "h1"]),
    by_phone=st.booleans(),
    reason=st.sampled_from(["", "left", "removed", "host_ended", "removed_from_waiting_room"]),
    role=st.sampled_from(["", "host", "co-host", "attendee", "captain"]),
    bound_to=st.sampled_from(["", PHONE]),
)


@given(reports=st.lists(REPORTS, min_size=1, max_size=8), data=st.data())
def test_order_repetition_and_grouping_change_nothing(reports: list[Report], data: st.DataObject) -> None:
    repeated = reports + data.draw(st.lists(st.sampled_from(reports), max_size=8))
    shuffled = data.draw(st.permutations(repeated))
    cut = data.draw(st.integers(0, len(shuffled)))
    halves = [merged_tracks(each.track() for each in part).values() for part in (shuffled[:cut], shuffled[cut:])]
    together = merged_tracks([track for half in halves for track in half])
    assert together == merged_tracks(each.track() for each in reports)
    assert set(people(together.values(), [], ended_at=None)) == set(
        people(merged_tracks(each.track() for each in reports).values(), [], ended_at=None)
    )


@given(
    marks=st.lists(
        st.builds(
            lambda key, on, second: mark(RUN, MarkKind.SHARING, key, on=on, at=NOW + second * SECOND),
            st.sampled_from(["1", "2"]),
            st.booleans(),
            st.integers(0, 3),
        ),
        min_size=1,
        max_size=6,
    ),
    data=st.data(),
)
def test_order_and_repetition_of_sharing_change_nothing(marks: list[Mark], data: st.DataObject) -> None:
    repeated = marks + data.draw(st.lists(st.sampled_from(marks), max_size=6))
    assert folded(data.draw(st.permutations(repeated))) == folded(marks)


def folded(marks: Sequence[Mark]) -> dict[str, Mark]:
    found: dict[str, Mark] = {}
    for each in marks:
        found[each.key] = found[each.key].merged(each) if each.key in found else each
    return found


def test_the_way_through_the_waiting_room() -> None:
    waits = report(Happening.WAITS)
    assert (after(waits).place, after(waits).since, after(waits).joined_at) == (Place.WAITING, NOW, None)
    admitted = after(waits, report(Happening.ADMITTED, 60))
    assert (admitted.place, admitted.since, admitted.first_seen) == (Place.IN, NOW + 60 * SECOND, NOW)
    back = after(waits, report(Happening.ADMITTED, 60), report(Happening.JOINED, 61), report(Happening.PUT_BACK, 90))
    assert (back.place, back.since, back.left_at) == (Place.WAITING, NOW + 90 * SECOND, None)
    again = after(waits, report(Happening.JOINED, 61), report(Happening.PUT_BACK, 90), report(Happening.JOINED, 95))
    assert again.place is Place.IN


def test_leaving_the_waiting_room_is_told_of_the_admitted_too() -> None:
    """Zoom does not say whether an admitted person is also reported as having left the waiting room, nor when."""
    for second in (60, 61, 70):
        assert after(
            report(Happening.WAITS), report(Happening.ADMITTED, 60), report(Happening.LEFT_WAITING_ROOM, second)
        ).place is (Place.IN)
    refused = after(report(Happening.WAITS), report(Happening.LEFT_WAITING_ROOM, 60))
    assert (refused.place, refused.left_at, refused.left_why) == (
        Place.GONE,
        NOW + 60 * SECOND,
        "left_waiting_room",
    )


def test_whoever_is_put_back_and_reported_as_having_left_still_waits() -> None:
    joined, back = report(Happening.JOINED), report(Happening.PUT_BACK, 30)
    assert after(joined, back, report(Happening.LEFT, 30, reason="left")).place is Place.WAITING
    assert after(joined, back, report(Happening.LEFT, 40, reason="removed_from_waiting_room")).place is Place.GONE


def test_a_late_report_of_leaving_does_not_undo_the_return() -> None:
    """The line broke at second 30; Zoom noticed a minute later, when the same person had been back for long."""
    left_at = happened_at(NOW + 30 * SECOND, NOW + 90.5 * SECOND)
    left = Report(Happening.LEFT, left_at, RUN, ANA, user_id="1", reason="network")
    back = after(report(Happening.JOINED), report(Happening.JOINED, 40, user_id="2"), left)
    assert (back.place, back.user_id, back.joined_at, back.since) == (Place.IN, "2", NOW, NOW + 40 * SECOND)


def test_the_reason_for_leaving_is_kept() -> None:
    removed = after(report(Happening.JOINED), report(Happening.LEFT, 9, reason="removed"))
    assert (removed.place, removed.left_why, removed.left_at) == (Place.GONE, "removed", NOW + 9 * SECOND)
    assert after(report(Happening.JOINED), report(Happening.LEFT, 9)).left_why == "left"


def test_a_breakout_room_is_in_the_meeting() -> None:
    away = [report(Happening.JOINED), report(Happening.JOINED_BREAKOUT, 60)]
    assert (after(*away).place, after(*away).in_breakout) == (Place.IN, True)
    assert after(*away).since == NOW, "moving to another room of the same meeting is no new arrival"
    assert after(*away, report(Happening.LEFT, 60)).place is Place.GONE, "a report of leaving is believed"
    assert after(*away, report(Happening.LEFT, 59)).place is Place.IN, "left the main room for it"
    back = after(*away, report(Happening.LEFT_BREAKOUT, 90, reason="left"))
    assert (back.place, back.in_breakout) == (Place.IN, False)
    assert after(*away, report(Happening.LEFT_BREAKOUT, 90, reason="host_ended")).place is Place.GONE


def test_roles_are_taken_as_zoom_tells_them() -> None:
    quiet = after(report(Happening.JOINED))
    assert (quiet.role, quiet.role_told) == (Role.ATTENDEE, False)
    given_and_taken = [report(Happening.ROLE, 5, role="co-host"), report(Happening.ROLE, 9, role="attendee")]
    assert after(report(Happening.JOINED), given_and_taken[0]).role is Role.CO_HOST
    assert after(*given_and_taken, report(Happening.JOINED)).role is Role.ATTENDEE
    assert after(given_and_taken[0]).place is Place.IN, "whoever gets a role is in, though their joining was lost"


def test_a_telephone_knows_whose_it_is() -> None:
    phone = after(report(Happening.BOUND, who=PHONE, bound_to=ANA, by_phone=True))
    assert (phone.bound_to, phone.by_phone) == (ANA, True)


def test_sharing_is_joined_to_people_by_user_id_however_it_comes() -> None:
    started, ended = (
        mark(RUN, MarkKind.SHARING, "1", on=on, at=NOW + at * SECOND) for on, at in ((True, 5), (False, 9))
    )
    ana, ben = report(Happening.JOINED).track(), report(Happening.JOINED, who=PHONE, user_id="2").track()
    assert [each.sharing for each in people([ana, ben], [started], ended_at=None)] == [True, False]
    assert not any(each.sharing for each in people([ana, ben], [started.merged(ended)], ended_at=None))
    assert not any(each.sharing for each in people([ana, ben], [ended.merged(started)], ended_at=None))
    left = ana.merged(report(Happening.LEFT, 6).track())
    assert not any(each.sharing for each in people([left], [started], ended_at=None)), "nobody shares who is gone"


@pytest.mark.parametrize("last", [Happening.WAITS, Happening.JOINED, Happening.JOINED_BREAKOUT, Happening.ROLE])
@pytest.mark.parametrize("seconds", [0, 90])
def test_nobody_is_in_a_session_that_has_ended(last: Happening, seconds: float) -> None:
    ended_at = NOW + 60 * SECOND
    (found,) = people([report(last, seconds, role="host").track()], [], ended_at=ended_at)
    assert (found.place, found.left_at) == (Place.GONE, max(ended_at, NOW + seconds * SECOND))


def test_the_end_leaves_those_alone_who_had_left_before() -> None:
    track = report(Happening.JOINED).track().merged(report(Happening.LEFT, 5, reason="removed").track())
    (found,) = people([track], [], ended_at=NOW + 60 * SECOND)
    assert (found.left_at, found.left_why) == (NOW + 5 * SECOND, "removed")


@pytest.mark.parametrize(
    ("reported", "moment"), [(0.25, 0.25), (-3.0, 0.0), (61.0, 0.999999)], ids=["same second", "before", "long after"]
)
def test_the_second_of_the_event_is_made_finer_by_the_report(reported: float, moment: float) -> None:
    assert happened_at(NOW, NOW + reported * SECOND) == NOW + moment * SECOND
    assert happened_at(None, NOW + reported * SECOND) == NOW + reported * SECOND


def test_another_participant_is_another_track() -> None:
    both = [report(Happening.JOINED), report(Happening.JOINED, who=PHONE)]
    assert set(merged_tracks(each.track() for each in both)) == {ANA, PHONE}


def test_what_an_event_does_not_say_erases_nothing() -> None:
    full = report(Happening.JOINED, registrant_id="r1", address_hash="h", zoom_user_id="z", by_phone=True)
    bare = Report(Happening.LEFT, NOW + 9 * SECOND, RUN, ANA)
    left = after(full, bare)
    assert (left.registrant_id, left.address_hash, left.zoom_user_id, left.by_phone, left.name) == (
        "r1",
        "h",
        "z",
        True,
        "Ana·K7F",
    )


def at(seconds: float) -> datetime:
    return NOW + seconds * SECOND


def test_a_track_says_when_it_began() -> None:
    track: Track = report(Happening.JOINED, 7).track().merged(report(Happening.WAITS, 2).track())
    assert (track.first_seen, track.joined_at) == (at(2), at(7))
