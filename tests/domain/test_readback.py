"""What Zoom made of a meeting, compared with what was asked."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.meeting import ProfileName
from bot.domain.readback import SETTING_NAMES, RoomSettings, compare, unsafe, wanted
from tests.domain.people import meeting

MAYBE = st.sampled_from([True, False, None])
readings = st.builds(RoomSettings, **{field.name: MAYBE for field in fields(RoomSettings)})
requests = st.builds(
    meeting,
    profile=st.sampled_from(ProfileName),
    personal_links=st.booleans(),
    waiting_room=st.booleans(),
    telephone=st.booleans(),
).map(wanted)
UNSAFE = ["registration", "open_registration", "join_before_host", "personal_meeting_id", "recording"]
COMBINED = {"no_barrier", "open_without_waiting_room"}


@given(asked=requests)
def test_what_was_asked_is_no_difference(asked: RoomSettings) -> None:
    assert compare(asked, asked) == ()


@given(asked=requests)
def test_what_zoom_did_not_say_is_no_difference(asked: RoomSettings) -> None:
    assert compare(asked, RoomSettings()) == ()


@given(asked=requests, got=readings)
def test_each_changed_setting_is_reported_once_in_words_unsafe_first(asked: RoomSettings, got: RoomSettings) -> None:
    differences = compare(asked, got)
    changed = {
        name
        for name in SETTING_NAMES
        if None not in (getattr(asked, name), getattr(got, name)) and getattr(asked, name) != getattr(got, name)
    }
    names = [difference.setting for difference in differences]
    assert len(names) == len(set(names))
    assert set(names) - COMBINED == changed
    assert all(difference.said.endswith(".") or "check again" in difference.said for difference in differences)
    assert [difference.unsafe for difference in differences] == sorted(
        (difference.unsafe for difference in differences), reverse=True
    )


@pytest.mark.parametrize("setting", UNSAFE)
@given(asked=requests, got=readings)
def test_unsafe_difference_blocks_whatever_else_holds(setting: str, asked: RoomSettings, got: RoomSettings) -> None:
    opposite = replace(got, **{setting: not getattr(asked, setting)})
    assert setting in unsafe(compare(asked, opposite))


@given(asked=requests, got=readings)
def test_neither_waiting_room_nor_passcode_always_blocks(asked: RoomSettings, got: RoomSettings) -> None:
    bare = replace(got, waiting_room=False, passcode=False)
    assert "no_barrier" in unsafe(compare(asked, bare))
    assert "no_barrier" not in unsafe(compare(asked, replace(bare, passcode=True)))
    assert "no_barrier" not in unsafe(compare(asked, replace(bare, waiting_room=True)))


def test_open_door_without_its_waiting_room_blocks() -> None:
    asked = wanted(meeting(profile=ProfileName.OPEN_DOOR, personal_links=False))
    assert "open_without_waiting_room" in unsafe(compare(asked, replace(asked, waiting_room=False)))


def test_members_without_waiting_room_are_told_and_not_blocked() -> None:
    asked = wanted(meeting())
    got = replace(asked, waiting_room=False)
    assert [(difference.setting, difference.unsafe) for difference in compare(asked, got)] == [("waiting_room", False)]


def test_screen_share_by_all_blocks_only_where_it_was_demanded() -> None:
    shared = RoomSettings(participants_can_share=True)
    assert unsafe(compare(wanted(meeting(profile=ProfileName.HIGH_RISK)), shared)) == ("participants_can_share",)
    assert compare(wanted(meeting()), shared) == ()


def test_every_setting_has_its_sentence() -> None:
    asked = RoomSettings(**dict.fromkeys(SETTING_NAMES, True))
    got = RoomSettings(**dict.fromkeys(SETTING_NAMES, False))
    assert {difference.setting for difference in compare(asked, got)} == {*SETTING_NAMES, "no_barrier"}
