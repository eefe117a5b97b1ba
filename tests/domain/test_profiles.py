"""Profiles, and when links are handed out."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.meeting import (
    GRACE_AFTER_END,
    MAX_INVITE_LINK_LIFE,
    PROFILES,
    Host,
    LinkWindow,
    MeetingState,
    ProfileName,
    invite_link_life,
    link_window,
    opens_at,
    overlaps,
    public_words,
    topic_problem,
)
from bot.domain.readback import SETTING_NAMES, wanted
from bot.domain.values import LinkId, ZoomUserId
from tests.domain.people import NOW, SPANS, community, meeting

STATES = st.sampled_from(MeetingState)
MOMENTS = st.integers(-200 * 3600, 200 * 3600).map(lambda seconds: NOW + timedelta(seconds=seconds))
LENGTHS = st.integers(60, 86400).map(lambda seconds: timedelta(seconds=seconds))
ORDER = [LinkWindow.EARLY, LinkWindow.OPEN, LinkWindow.OVER]
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("profile", ProfileName)
@pytest.mark.parametrize("personal_links", [True, False])
def test_every_profile_asks_zoom_for_a_safe_meeting(profile: ProfileName, personal_links: bool) -> None:
    asked = wanted(meeting(profile=profile, personal_links=personal_links))
    assert asked.passcode
    assert asked.waiting_room
    assert asked.waiting_room_for_everyone
    assert asked.mute_on_entry
    for setting in (
        "open_registration",
        "join_before_host",
        "personal_meeting_id",
        "video_at_entry",
        "telephone",
        "mails_from_zoom",
        "recording",
        "continuous_chat",
        "ai_companion",
    ):
        assert getattr(asked, setting) is False, setting
    assert asked.registration is personal_links


def test_waiting_room_may_be_left_out_only_for_members() -> None:
    assert [name for name, profile in PROFILES.items() if not profile.waiting_room_required] == [ProfileName.MEMBERS]


def test_high_risk_adds_focus_and_screen_share_by_the_host_only() -> None:
    asked = wanted(meeting(profile=ProfileName.HIGH_RISK))
    plain = wanted(meeting())
    changed = {name for name in SETTING_NAMES if getattr(asked, name) != getattr(plain, name)}
    assert changed == {"focus_mode", "participants_can_share"}
    assert asked.focus_mode
    assert asked.participants_can_share is False


def test_telephone_is_an_explicit_choice() -> None:
    assert wanted(meeting(telephone=True)).telephone


def test_only_the_open_door_registers_nobody() -> None:
    assert {name: profile.registration for name, profile in PROFILES.items()} == {
        ProfileName.MEMBERS: True,
        ProfileName.HIGH_RISK: True,
        ProfileName.OPEN_DOOR: False,
    }
    assert [name for name, profile in PROFILES.items() if profile.open_door] == [ProfileName.OPEN_DOOR]


@given(release=SPANS, length=LENGTHS, state=STATES, moments=st.lists(MOMENTS, min_size=2, max_size=8))
def test_links_go_from_early_to_open_to_over_and_never_back(
    release: timedelta, length: timedelta, state: MeetingState, moments: list[datetime]
) -> None:
    where = community(link_release=release)
    windows = [link_window(meeting(state=state, duration=length), where, moment) for moment in sorted(moments)]
    assert [ORDER.index(window) for window in windows] == sorted(ORDER.index(window) for window in windows)


@given(release=SPANS, length=LENGTHS, state=STATES, now=MOMENTS)
def test_links_leave_only_while_a_created_meeting_is_near(
    release: timedelta, length: timedelta, state: MeetingState, now: datetime
) -> None:
    about, where = meeting(state=state, duration=length), community(link_release=release)
    near = opens_at(about, where) <= now < about.ends_at + GRACE_AFTER_END
    near = near or (state is MeetingState.LIVE and now >= opens_at(about, where))
    assert (link_window(about, where, now) is LinkWindow.OPEN) == (near and about.upcoming)


def test_window_opens_and_closes_on_the_second() -> None:
    about, where = meeting(), community(link_release=timedelta(minutes=30))
    opens, closes = about.starts_at - timedelta(minutes=30), about.starts_at + timedelta(hours=2)
    assert link_window(about, where, opens - SECOND) is LinkWindow.EARLY
    assert link_window(about, where, opens) is LinkWindow.OPEN
    assert link_window(about, where, closes - SECOND) is LinkWindow.OPEN
    assert link_window(about, where, closes) is LinkWindow.OVER


@given(length=LENGTHS, now=MOMENTS)
def test_shared_link_lives_until_two_hours_past_the_end_within_zooms_limit(length: timedelta, now: datetime) -> None:
    about = meeting(duration=length)
    life = invite_link_life(about, now)
    assert timedelta(0) < life <= MAX_INVITE_LINK_LIFE
    if now < about.ends_at:
        assert now + life == about.ends_at + timedelta(hours=2)


def test_shared_link_made_a_year_ahead_is_cut_to_what_zoom_allows() -> None:
    assert invite_link_life(meeting(starts_at=NOW + timedelta(days=365)), NOW) == MAX_INVITE_LINK_LIFE


@given(a=MOMENTS, a_length=LENGTHS, b=MOMENTS, b_length=LENGTHS)
def test_overlap_is_mutual_and_means_a_shared_moment(
    a: datetime, a_length: timedelta, b: datetime, b_length: timedelta
) -> None:
    shared = max(a, b) < min(a + a_length, b + b_length)
    assert overlaps(a, a_length, b, b_length) == overlaps(b, b_length, a, a_length) == shared
    assert not overlaps(a, a_length, a + a_length, b_length)


def test_host_hint_is_recognisable_to_its_owner_only() -> None:
    host = Host(ZoomUserId("h"), "ana.long.name@example.org", licensed=True, link_id=LinkId("l"))
    assert host.hint == "a…@example.org"


def test_host_comes_before_those_who_stand_in() -> None:
    about = meeting(alternative_hosts=(ZoomUserId("b"), ZoomUserId("a")))
    assert about.host_ids == ("host-1", "b", "a")
    assert about.marker == "vestibule:meeting-1"


@pytest.mark.parametrize(
    "topic",
    [
        "Join https://us02web.zoom.us/j/81234567890",
        "us02web.zoom.us/j/8123",
        "Call 812 3456 7890",
        "Choir 81234567890",
        "Choir ?pwd=abc",
        "",
        "x" * 201,
    ],
)
def test_topic_that_could_let_somebody_in_is_refused(topic: str) -> None:
    assert topic_problem(topic) is not None


@pytest.mark.parametrize(
    "topic", ["Choir practice", "Planning 2027", "Meet on 24.12.2026", "Zoom basics", "50+ years, 1,000 songs"]
)
def test_ordinary_topic_is_taken(topic: str) -> None:
    assert topic_problem(topic) is None


def test_announcement_promises_personal_links_only_where_there_are_any() -> None:
    for profile in ProfileName:
        assert "of their own" in public_words(profile, personal_links=True)[1]
        assert "of their own" not in public_words(profile, personal_links=False)[1]
