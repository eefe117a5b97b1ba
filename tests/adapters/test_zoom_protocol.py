"""Every request we can make of Zoom, checked against Zoom's published descriptions."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from openapi_schema_validator import OAS30Validator

from bot.adapters.zoom import protocol
from bot.adapters.zoom.protocol import Label, RegistrantAction, RegistrantStatus, ZoomRequest
from bot.domain.grants import SCOPES
from bot.domain.readback import RoomSettings
from bot.domain.values import ParticipantId, Passcode, RegistrantId, ZoomMeetingId, ZoomUserId
from bot.ports import MeetingRequest
from tests.adapters.zoom_world import MARKER, SAFE
from tests.shared_files import shared_json

ZOOM_ID, HOST = ZoomMeetingId("98765432109"), ZoomUserId("z8yCxTTTTSiw02QgCAp8uQ")
STARTS = datetime(2026, 11, 28, 20, 0, tzinfo=timezone(timedelta(hours=1)))


def asked(settings: RoomSettings = SAFE, **changes: Any) -> MeetingRequest:
    fields: dict[str, Any] = {
        "host_id": HOST,
        "topic": "T" * 200,
        "marker": MARKER,
        "starts_at": STARTS,
        "duration": timedelta(minutes=90),
        "passcode": Passcode("Ab3@efGh7_"),
        "settings": settings,
        "alternative_hosts": ("ben@example.org", "cara@example.org"),
    }
    return MeetingRequest(**{**fields, **changes})


OPEN_DOOR = RoomSettings(registration=False, waiting_room=True, waiting_room_for_everyone=True)
NO_WAITING_ROOM = RoomSettings(registration=True, waiting_room=False, waiting_room_for_everyone=False, telephone=True)
PEOPLE = [(f"m{number}@guests.example.org", f"P{number}") for number in range(30)]
WHO = [(RegistrantId(f"id{number}"), f"m{number}@guests.example.org") for number in range(30)]

REQUESTS: tuple[tuple[ZoomRequest, str], ...] = (
    (protocol.list_users(), "/users"),
    (protocol.list_users().page("abc=="), "/users"),
    (protocol.read_user("ana+zoom@example.org"), "/users/{userId}"),
    (protocol.read_user_settings(HOST), "/users/{userId}/settings"),
    (protocol.read_user_security(HOST), "/users/{userId}/settings"),
    (protocol.create_meeting(asked()), "/users/{userId}/meetings"),
    (protocol.create_meeting(asked(OPEN_DOOR)), "/users/{userId}/meetings"),
    (protocol.create_meeting(asked(NO_WAITING_ROOM, alternative_hosts=())), "/users/{userId}/meetings"),
    (protocol.create_meeting(asked(RoomSettings())), "/users/{userId}/meetings"),
    (protocol.list_scheduled_meetings(HOST), "/users/{userId}/meetings"),
    (protocol.list_scheduled_meetings(HOST).page("abc=="), "/users/{userId}/meetings"),
    (protocol.list_live_meetings(HOST), "/users/{userId}/meetings"),
    (protocol.read_meeting(ZOOM_ID), "/meetings/{meetingId}"),
    (protocol.update_meeting(ZOOM_ID, asked()), "/meetings/{meetingId}"),
    (protocol.update_meeting(ZOOM_ID, asked(OPEN_DOOR)), "/meetings/{meetingId}"),
    (protocol.delete_meeting(ZOOM_ID), "/meetings/{meetingId}"),
    (protocol.end_meeting(ZOOM_ID), "/meetings/{meetingId}/status"),
    (
        protocol.remove_participant(ZOOM_ID, ParticipantId("55555AAAiAAAAAiAiAiiAii")),
        "/live_meetings/{meetingId}/events",
    ),
    (protocol.add_registrant(ZOOM_ID, "m1@guests.example.org", "N" * 64), "/meetings/{meetingId}/registrants"),
    (protocol.add_registrants(ZOOM_ID, PEOPLE), "/meetings/{meetingId}/batch_registrants"),
    *((protocol.list_registrants(ZOOM_ID, status), "/meetings/{meetingId}/registrants") for status in RegistrantStatus),
    *(
        (protocol.set_registrant_status(ZOOM_ID, WHO, action), "/meetings/{meetingId}/registrants/status")
        for action in RegistrantAction
    ),
    (protocol.deny_registrants(ZOOM_ID, [RegistrantId("r1")]), "/meetings/{meetingId}/registrants/status"),
    (
        protocol.delete_registrant(ZOOM_ID, RegistrantId("a/b+c")),
        "/meetings/{meetingId}/registrants/{registrantId}",
    ),
    (protocol.create_invite_link(ZOOM_ID, "N" * 64, timedelta(hours=3)), "/meetings/{meetingId}/invite_links"),
    (protocol.create_invite_link(ZOOM_ID, "N", timedelta(days=400)), "/meetings/{meetingId}/invite_links"),
    (protocol.create_invite_link(ZOOM_ID, "N", timedelta(0)), "/meetings/{meetingId}/invite_links"),
)
EACH = pytest.mark.parametrize(("request_", "template"), REQUESTS, ids=lambda value: getattr(value, "operation", None))


def operation(request_: ZoomRequest, template: str) -> dict[str, Any]:
    name = "users" if template in ("/users", "/users/{userId}", "/users/{userId}/settings") else "meetings"
    described = shared_json(f"specs/zoom-{name}-2026-08.openapi.json")["paths"][template]
    return described[request_.method.lower()]  # type: ignore[no-any-return]


@EACH
def test_path_fits_the_description(request_: ZoomRequest, template: str) -> None:
    pattern = re.sub(r"\{\w+\}", "[^/?#]+", template)
    assert re.fullmatch(pattern, request_.path)
    operation(request_, template)


TYPED: dict[str, Callable[[str], object]] = {
    "integer": int,
    "boolean": lambda written: {"true": True, "false": False}[written],
}


@EACH
def test_query_fits_the_description(request_: ZoomRequest, template: str) -> None:
    described = {
        parameter["name"]: parameter["schema"]
        for parameter in operation(request_, template).get("parameters", [])
        if parameter["in"] == "query"
    }
    for name, value in request_.query.items():
        schema = described[name]
        typed = TYPED.get(schema["type"], str)(value)
        assert list(OAS30Validator(schema).iter_errors(typed)) == []
    assert dict(parse_qsl(urlsplit(request_.target).query)) == dict(request_.query)


@EACH
def test_body_fits_the_description(request_: ZoomRequest, template: str) -> None:
    described = operation(request_, template).get("requestBody")
    if described is None:
        assert request_.json is None
        return
    schema = described["content"]["application/json"]["schema"]
    assert [error.message for error in OAS30Validator(schema).iter_errors(request_.json)] == []
    assert unknown_fields(schema, request_.json) == []


def unknown_fields(schema: dict[str, Any], value: object, at: str = "") -> list[str]:
    """Fields that the description does not name; it does not forbid them, so a misspelt one would pass otherwise."""
    if isinstance(value, list):
        return [found for each in value for found in unknown_fields(schema.get("items", {}), each, f"{at}[]")]
    if not isinstance(value, dict):
        return []
    known = {**schema.get("properties", {})}
    for part in schema.get("allOf", ()):
        known |= part.get("properties", {})
    found = [f"{at}.{name}" for name in value if name not in known]
    for name in value.keys() & known.keys():
        found += unknown_fields(known[name], value[name], f"{at}.{name}")
    return found


@EACH
def test_label_and_scope_are_those_described(request_: ZoomRequest, template: str) -> None:
    text = operation(request_, template)["description"]
    label = re.search(r"Rate Limit Label\][^`]*`([A-Z-]+)`", text)
    assert label is not None
    assert Label(label[1].lower()) is request_.label
    granular = set(re.findall(r"`([a-z_]+:[a-z]+:[a-z_]+(?::admin)?)`", text))
    assert any(scope.granted(granular) for scope in SCOPES)


def test_every_builder_is_in_the_table() -> None:
    covered = {request_.operation for request_, _ in REQUESTS}
    built = set(re.findall(r'(?:ZoomRequest\(|operation=)"([a-z_.]+)"', _source()))
    assert built == covered


def _source() -> str:
    assert protocol.__file__ is not None
    with open(protocol.__file__, encoding="utf-8") as source:
        return source.read()


def test_meeting_body_names_every_safety_field() -> None:
    body = protocol.create_meeting(asked()).json
    assert body is not None
    settings = body["settings"]
    assert isinstance(settings, dict)
    assert settings == {
        "approval_type": 1,
        "use_pmi": False,
        "waiting_room": True,
        "waiting_room_options": {"mode": "custom", "who_goes_to_waiting_room": "everyone"},
        "join_before_host": False,
        "mute_upon_entry": True,
        "participant_video": False,
        "host_video": False,
        "audio": "voip",
        "meeting_authentication": False,
        "allow_multiple_devices": False,
        "registrants_confirmation_email": False,
        "registrants_email_notification": False,
        "email_notification": False,
        "alternative_hosts_email_notification": False,
        "show_share_button": False,
        "show_join_info": False,
        "auto_recording": "none",
        "continuous_meeting_chat": {"enable": False},
        "auto_start_meeting_summary": False,
        "auto_start_ai_companion_questions": False,
        "focus_mode": False,
        "alternative_hosts": "ben@example.org;cara@example.org",
    }
    assert (body["type"], body["password"]) == (2, "Ab3@efGh7_")


def test_what_was_left_open_is_sent_at_its_safer_value() -> None:
    body = protocol.create_meeting(asked(RoomSettings())).json
    assert body is not None
    settings = body["settings"]
    assert isinstance(settings, dict)
    assert settings["approval_type"] == 2
    assert settings["waiting_room"] is True
    assert settings["waiting_room_options"] == {"mode": "custom", "who_goes_to_waiting_room": "everyone"}
    assert settings["mute_upon_entry"] is True
    assert settings["join_before_host"] is settings["use_pmi"] is settings["participant_video"] is False
    assert settings["audio"] == "voip"


def test_registration_is_never_opened_to_everybody() -> None:
    body = protocol.create_meeting(asked(RoomSettings(registration=True, open_registration=True))).json
    assert body is not None
    assert isinstance(body["settings"], dict)
    assert body["settings"]["approval_type"] == 1


def test_start_is_sent_in_utc_and_length_in_whole_minutes_rounded_up() -> None:
    body = protocol.create_meeting(asked(duration=timedelta(minutes=90, seconds=1))).json
    assert body is not None
    assert (body["start_time"], body["timezone"], body["duration"]) == ("2026-11-28T19:00:00Z", "UTC", 91)
    assert STARTS.astimezone(UTC).hour == 19


def test_agenda_starts_with_the_marker_within_what_lists_show() -> None:
    body = protocol.create_meeting(asked()).json
    assert body is not None
    agenda = str(body["agenda"])
    assert agenda.startswith(f"{MARKER} ")
    assert len(agenda) < 250


def test_passcodes_addresses_and_names_stay_out_of_the_repr() -> None:
    shown = " ".join(repr(request_) for request_, _ in REQUESTS)
    for hidden in ("Ab3@efGh7_", "guests.example.org", "ana", "ben@", ZOOM_ID, HOST):
        assert hidden not in shown


def test_writes_are_not_repeated_but_deletions_are() -> None:
    for request_, _ in REQUESTS:
        assert request_.is_write == (request_.method != "GET")
        says_what_is_to_be = request_.operation in ("meetings.end", "live.remove")
        assert request_.safe_to_repeat == (request_.method in ("GET", "DELETE") or says_what_is_to_be)


@pytest.mark.parametrize(
    ("uuid", "encoded"),
    [
        ("aDYlohsHRtCd4ii1uC2+hA==", "aDYlohsHRtCd4ii1uC2%2BhA%3D%3D"),
        ("/ajXp112QmuoKj4854875==", "%252FajXp112QmuoKj4854875%253D%253D"),
        ("aj//Xp112QmuoKj4854875==", "aj%252F%252FXp112QmuoKj4854875%253D%253D"),
        ("aj/Xp112QmuoKj4854875==", "aj%2FXp112QmuoKj4854875%3D%3D"),
    ],
)
def test_uuid_is_encoded_twice_where_zoom_wants_it(uuid: str, encoded: str) -> None:
    assert protocol.uuid_segment(uuid) == encoded
    once = unquote(encoded)
    assert uuid in (once, unquote(once))


@pytest.mark.parametrize("count", [0, 31])
def test_batches_have_one_to_thirty_people(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 30"):
        protocol.add_registrants(ZOOM_ID, [("m@guests.example.org", "P")] * count)
