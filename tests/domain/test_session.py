"""Sessions: whatever order and repetition Zoom's reports come in, what is known in the end is the same."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.meeting import MeetingState
from bot.domain.session import LISTS_LAG, Session, state_with
from bot.domain.values import MeetingId, SessionId
from tests.domain.people import NOW, meeting

RUN = Session(SessionId("u"), MeetingId("m"))
MOMENTS = st.integers(0, 600).map(lambda minutes: NOW + timedelta(minutes=minutes))
REPORTS = st.lists(st.tuples(st.sampled_from(["started", "ended"]), MOMENTS), min_size=1, max_size=6)


def told(reports: list[tuple[str, object]]) -> Session:
    run = RUN
    for what, at in reports:
        run = getattr(run, what)(at)
    return run


@given(reports=REPORTS, data=st.data())
def test_order_and_repetition_change_nothing(reports: list[tuple[str, object]], data: st.DataObject) -> None:
    repeated = reports + data.draw(st.lists(st.sampled_from(reports), max_size=6))
    assert told(data.draw(st.permutations(repeated))) == told(reports)


def test_an_end_before_its_start_is_an_end() -> None:
    assert not RUN.ended(NOW).started(NOW - timedelta(hours=1)).live


def test_a_list_that_is_behind_ends_nothing_fresh() -> None:
    fresh = RUN.started(NOW - LISTS_LAG / 2)
    assert fresh.missed_at(NOW).live
    assert not fresh.missed_at(NOW + LISTS_LAG).live


def test_a_list_reopens_only_what_ended_long_before() -> None:
    ended = RUN.started(NOW - timedelta(hours=1)).ended(NOW)
    assert not ended.seen_live(NOW + LISTS_LAG / 2).live
    assert ended.seen_live(NOW + LISTS_LAG).live


def test_only_created_and_live_follow_the_sessions() -> None:
    live = RUN.started(NOW)
    for state in MeetingState:
        follows = state in (MeetingState.CREATED, MeetingState.LIVE)
        assert state_with(meeting(state=state), [live]) is (MeetingState.LIVE if follows else state)
        assert state_with(meeting(state=state), [live.ended(NOW)]) is (MeetingState.CREATED if follows else state)
