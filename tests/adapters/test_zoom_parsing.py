"""What is read from Zoom's answers, however loosely they are written."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.zoom import parsing, room, tokens
from bot.domain.readback import SETTING_NAMES, RoomSettings
from bot.domain.values import JoinLink
from tests.shared_files import shared_json

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
MEETING: dict[str, Any] = {
    "id": 98765432109,
    "topic": "Support circle",
    "start_time": "2026-11-28T19:00:00Z",
    "join_url": "https://us02web.zoom.us/j/98765432109?pwd=canary",
    "start_url": "https://us02web.zoom.us/s/98765432109?zak=start-canary",
    "password": "Ab3@efGh7_",
    "settings": {
        "approval_type": 1,
        "waiting_room": True,
        "waiting_room_options": {"mode": "custom", "who_goes_to_waiting_room": "everyone"},
        "join_before_host": False,
        "use_pmi": False,
        "mute_upon_entry": True,
        "participant_video": False,
        "audio": "voip",
        "allow_multiple_devices": False,
        "registrants_confirmation_email": False,
        "registrants_email_notification": False,
        "email_notification": False,
        "alternative_hosts_email_notification": False,
        "show_share_button": False,
        "auto_recording": "none",
        "continuous_meeting_chat": {"enable": False},
        "auto_start_meeting_summary": False,
        "auto_start_ai_companion_questions": False,
        "focus_mode": False,
    },
}
HOST_SETTINGS = {"in_meeting": {"screen_sharing": True, "who_can_share_screen": "host"}}


def read(changes: dict[str, Any] | None = None, *, top: dict[str, Any] | None = None, **account: Any) -> RoomSettings:
    meeting = copy.deepcopy(MEETING)
    meeting.update(top or {})
    meeting["settings"].update(changes or {})
    return room.read_room(meeting, account.get("host", HOST_SETTINGS), account.get("security", {}))


def test_safe_meeting_reads_as_safe() -> None:
    assert read() == RoomSettings(
        registration=True,
        open_registration=False,
        passcode=True,
        waiting_room=True,
        waiting_room_for_everyone=True,
        join_before_host=False,
        personal_meeting_id=False,
        mute_on_entry=True,
        video_at_entry=False,
        telephone=False,
        several_devices=False,
        mails_from_zoom=False,
        share_button=False,
        recording=False,
        continuous_chat=False,
        ai_companion=False,
        focus_mode=False,
        participants_can_share=False,
    )


@pytest.mark.parametrize(
    ("changes", "setting", "reads"),
    [
        ({"approval_type": 0}, "open_registration", True),
        ({"approval_type": 2}, "registration", False),
        ({"approval_type": "2"}, "registration", False),
        ({"approval_type": None}, "registration", None),
        ({"waiting_room": False}, "waiting_room", False),
        ({"waiting_room": False}, "waiting_room_for_everyone", None),
        (
            {"waiting_room_options": {"mode": "custom", "who_goes_to_waiting_room": "users_not_in_account"}},
            "waiting_room_for_everyone",
            False,
        ),
        ({"waiting_room_options": {"mode": "follow_setting"}}, "waiting_room_for_everyone", None),
        ({"waiting_room_options": None}, "waiting_room_for_everyone", None),
        ({"join_before_host": True}, "join_before_host", True),
        ({"use_pmi": True}, "personal_meeting_id", True),
        ({"mute_upon_entry": False}, "mute_on_entry", False),
        ({"participant_video": True}, "video_at_entry", True),
        ({"audio": "both"}, "telephone", True),
        ({"audio": "telephony"}, "telephone", True),
        ({"audio": "thirdParty"}, "telephone", True),
        ({"audio": ""}, "telephone", None),
        ({"allow_multiple_devices": True}, "several_devices", True),
        ({"registrants_confirmation_email": True}, "mails_from_zoom", True),
        ({"email_notification": True}, "mails_from_zoom", True),
        ({"show_share_button": True}, "share_button", True),
        ({"auto_recording": "cloud"}, "recording", True),
        ({"auto_recording": "local"}, "recording", True),
        ({"auto_recording": None}, "recording", None),
        ({"continuous_meeting_chat": {"enable": True}}, "continuous_chat", True),
        ({"continuous_meeting_chat": None}, "continuous_chat", None),
        ({"auto_start_meeting_summary": True}, "ai_companion", True),
        ({"auto_start_ai_companion_questions": True}, "ai_companion", True),
        ({"focus_mode": True}, "focus_mode", True),
    ],
)
def test_each_setting_is_read(changes: dict[str, Any], setting: str, reads: bool | None) -> None:
    assert getattr(read(changes), setting) is reads


def test_passcode_that_is_missing_null_or_empty_is_none() -> None:
    assert [read(top={"password": value}).passcode for value in ("", None, "x")] == [False, False, True]


@pytest.mark.parametrize(
    ("in_meeting", "reads"),
    [
        ({"who_can_share_screen": "all"}, True),
        ({"who_can_share_screen": "host"}, False),
        ({"screen_sharing": False, "who_can_share_screen": "all"}, False),
        ({}, None),
        (None, None),
    ],
)
def test_screen_sharing_comes_from_the_hosts_account(in_meeting: object, reads: bool | None) -> None:
    assert read(host={"in_meeting": in_meeting}).participants_can_share is reads


@pytest.mark.parametrize(("placed", "reads"), [(0, True), ("0", True), (1, False), (2, False), (None, None)])
def test_who_waits_follows_the_account_where_the_meeting_says_so(placed: object, reads: bool | None) -> None:
    follows = {"waiting_room_options": {"mode": "follow_setting"}}
    assert room.follows_account({**MEETING, "settings": {**MEETING["settings"], **follows}})
    assert not room.follows_account(MEETING)
    security = {"meeting_security": {"waiting_room_settings": {"participants_to_place_in_waiting_room": placed}}}
    assert read(follows, security=security).waiting_room_for_everyone is reads


def test_nothing_said_reads_as_not_said_but_for_the_passcode() -> None:
    silent = room.read_room({}, {}, {})
    said = {name for name in SETTING_NAMES if getattr(silent, name) is not None}
    assert said == {"passcode"}


def test_start_link_is_dropped_and_secrets_are_masked() -> None:
    reading = room.parse_reading(MEETING, HOST_SETTINGS, {})
    assert reading is not None
    assert "start-canary" not in repr(reading)
    assert "canary" not in repr(reading)
    assert "start-canary" not in reading.created.shared_link.reveal()
    assert "Ab3@efGh7_" not in repr(reading)


def test_official_examples_are_read() -> None:
    meetings = shared_json("specs/zoom-meetings-2026-08.openapi.json")["paths"]
    users = shared_json("specs/zoom-users-2026-08.openapi.json")["paths"]
    created = parsing.parse_created(_example(meetings["/users/{userId}/meetings"]["post"], "201"))
    assert created is not None
    meeting = _example(meetings["/meetings/{meetingId}"]["get"], "200")
    reading = room.parse_reading(meeting, _example(users["/users/{userId}/settings"]["get"], "200"), {})
    assert reading is not None
    assert reading.starts_at is not None
    registered = parsing.parse_registered(_example(meetings["/meetings/{meetingId}/registrants"]["post"], "201"))
    assert registered is not None
    assert registered.link is not None
    listed = _example(meetings["/meetings/{meetingId}/registrants"]["get"], "200")
    assert parsing.parse_registrant(listed, listed["registrants"][0]["email"]) is not None
    assert parsing.parse_invite_link(_example(meetings["/meetings/{meetingId}/invite_links"]["post"], "201"))
    assert parsing.parse_users(_example(users["/users"]["get"], "200"))
    assert parsing.parse_user(_example(users["/users/{userId}"]["get"], "200"))
    marked = _example(meetings["/users/{userId}/meetings"]["get"], "200")
    agenda = marked["meetings"][0]["agenda"]
    assert parsing.parse_marked_meetings(marked, agenda[:5])


def _example(operation: dict[str, Any], status: str) -> dict[str, Any]:
    content = operation["responses"][status]["content"]["application/json"]
    if "example" in content:
        return content["example"]  # type: ignore[no-any-return]
    if "examples" in content:
        return next(iter(content["examples"].values()))["value"]  # type: ignore[no-any-return]
    built = _built(content["schema"])
    assert isinstance(built, dict)
    return built


def _built(schema: dict[str, Any]) -> object:
    """An example from the examples of the parts."""
    for choice in ("oneOf", "anyOf"):
        if choice in schema:
            return _built(schema[choice][0])
    parts = [_built(part) for part in schema.get("allOf", ())]
    if parts or "properties" in schema:
        merged: dict[str, object] = {}
        for part in parts:
            assert isinstance(part, dict)
            merged |= part
        return merged | {name: _built(part) for name, part in schema.get("properties", {}).items()}
    if schema.get("type") == "array":
        return [_built(schema.get("items", {}))]
    return schema.get("example")


def test_meetings_are_recognised_by_the_start_of_their_agenda() -> None:
    body = {
        "meetings": [
            {"id": 1, "agenda": "vestibule:A and more"},
            {"id": "2", "agenda": " vestibule:A"},
            {"id": 3, "agenda": "see vestibule:A"},
            {"id": 4, "agenda": None},
            {"agenda": "vestibule:A"},
            "odd",
        ]
    }
    assert parsing.parse_marked_meetings(body, "vestibule:A") == ["1", "2"]


def test_registrant_without_a_link_is_pending() -> None:
    pending = parsing.parse_registered({"registrant_id": 5, "join_url": ""})
    assert pending is not None
    assert (pending.registrant_id, pending.link) == ("5", None)
    assert parsing.parse_registered({"join_url": "https://x"}) is None


def test_token_is_read_with_its_scopes_and_life() -> None:
    issued = tokens.parse_token({"access_token": "t", "expires_in": "3599", "scope": "a:b:c d:e:f,g:h:i"}, NOW)
    assert issued is not None
    assert issued.scopes == {"a:b:c", "d:e:f", "g:h:i"}
    assert (issued.expires_at - NOW).total_seconds() == 3599
    assert tokens.parse_token({"access_token": None}, NOW) is None


# ------------------------------------------------------------------------------------------------ properties

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = [
    *MEETING,
    *MEETING["settings"],
    *("users", "meetings", "registrants", "attendees", "registrant_id", "email", "agenda", "next_page_token", "type"),
    *("access_token", "expires_in", "scope", "in_meeting", "who_can_share_screen", "meeting_security"),
]
OBJECTS = st.dictionaries(st.sampled_from(FIELDS), ANYTHING, max_size=12)


@settings(deadline=None)
@given(OBJECTS, OBJECTS, OBJECTS)
def test_no_answer_of_zooms_breaks_the_parsers(
    body: dict[str, object], inner: dict[str, object], more: dict[str, object]
) -> None:
    whole = {**body, "settings": inner, "users": [inner], "registrants": [more], "in_meeting": more}
    for answer in (body, whole):
        room.parse_reading(answer, whole, inner)
        room.follows_account(answer)
        parsing.parse_users(answer)
        parsing.parse_created(answer)
        parsing.parse_registered(answer)
        parsing.parse_registrant(answer, "a@example.org")
        parsing.parse_invite_link(answer)
        parsing.parse_marked_meetings(answer, "vestibule:")
        parsing.next_page(answer)
        tokens.parse_token(answer, NOW)


@settings(deadline=None)
@given(st.integers(1, 2**63 - 1), st.sampled_from(["int", "text", "padded"]))
def test_ids_are_the_same_as_number_and_as_text(zoom_id: int, form: str) -> None:
    written: object = {"int": zoom_id, "text": str(zoom_id), "padded": f" {zoom_id} "}[form]
    created = parsing.parse_created({"id": written, "join_url": "https://zoom.us/j/1"})
    assert created is not None
    assert created.zoom_id == str(zoom_id)


@settings(deadline=None)
@given(st.sampled_from(["id", "join_url"]), st.sampled_from([None, "", " ", "missing"]))
def test_missing_null_and_empty_mean_the_same(name: str, value: str | None) -> None:
    body: dict[str, object] = {"id": 1, "join_url": "https://zoom.us/j/1", name: value}
    if value == "missing":
        del body[name]
    assert parsing.parse_created(body) is None


@settings(deadline=None)
@given(OBJECTS)
def test_unknown_fields_change_nothing(extra: dict[str, object]) -> None:
    known = {"registrant_id": "r1", "join_url": "https://zoom.us/w/1?tk=x"}
    assert parsing.parse_registered({**{f"new_{name}": value for name, value in extra.items()}, **known}) == (
        parsing.parse_registered(known)
    )
    assert JoinLink("https://zoom.us/w/1?tk=x") == parsing.parse_registered(known).link  # type: ignore[union-attr]
