"""What the stand-in for Zoom does with meetings: its defaults, its will over ours, its refusals."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.rehearsal.zoom_live import LiveEvent
from bot.rehearsal.zoom_wire import JsonObject
from tests.rehearsal.zoom_world import SAFE, World, zoom_world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with zoom_world() as opened:
        yield opened


async def test_missing_fields_get_unsafe_api_defaults(world: World) -> None:
    made = (await world.call("POST", f"/users/{world.host.id}/meetings", {})).body
    unsafe = {
        "waiting_room": False,
        "approval_type": 2,
        "audio": "both",
        "mute_upon_entry": False,
        "show_share_button": True,
    }
    assert unsafe.items() <= made["settings"].items()
    assert made["settings"]["continuous_meeting_chat"]["enable"]
    assert made["password"]
    assert made["start_time"] == "2026-11-21T12:00:00Z"


async def test_past_start_becomes_now_when_created_and_is_ignored_when_changed(world: World) -> None:
    made = await world.meeting(start_time="2020-01-01T00:00:00Z")
    assert made["start_time"] == "2026-11-21T12:00:00Z"
    later = await world.meeting(start_time="2026-12-24T18:00:00", timezone="Europe/Berlin")
    assert later["start_time"] == "2026-12-24T17:00:00Z"
    await world.call("PATCH", f"/meetings/{later['id']}", {"start_time": "2020-01-01T00:00:00Z", "duration": 30})
    read = (await world.call("GET", f"/meetings/{later['id']}")).body
    assert (read["start_time"], read["duration"]) == ("2026-12-24T17:00:00Z", 30)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"topic": "t" * 201}, "topic"),
        ({"agenda": "a" * 2001}, "agenda"),
        ({"duration": 0}, "duration"),
        ({"duration": 1441}, "duration"),
        ({"duration": "60"}, "duration"),
        ({"type": 4}, "type"),
        ({"type": 8}, "recurrence"),
        ({"password": "12345678901"}, "password"),
        ({"password": "geheim ß"}, "password"),
        ({"start_time": "tomorrow"}, "start_time"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"settings": {"audio": "morse"}}, "settings.audio"),
        ({"settings": {"waiting_room": "yes"}}, "settings.waiting_room"),
        (
            {"settings": {"waiting_room_options": {"mode": "custom"}}},
            "settings.waiting_room_options.who_goes_to_waiting_room",
        ),
        ({"settings": {"alternative_hosts": "nobody@club.example"}}, "settings.alternative_hosts"),
        ({"settings": {"alternative_hosts": "free@club.example"}}, "settings.alternative_hosts"),
        (
            {
                "settings": {
                    "allow_host_control_participant_mute_state": True,
                    "request_permission_to_unmute_participants": True,
                }
            },
            "settings.allow_host_control_participant_mute_state",
        ),
    ],
)
async def test_bad_field_is_refused_by_name(world: World, body: Any, field: str) -> None:
    for method, path in (
        ("POST", f"/users/{world.host.id}/meetings"),
        ("PATCH", f"/meetings/{(await world.meeting())['id']}"),
    ):
        said = await world.call(method, path, body)
        assert said.refusal == (400, 300)
        assert [error["field"] for error in said.body["errors"]] == [field]
    assert len(world.zoom.meetings) == 1


async def test_body_that_is_no_json_object_is_refused(world: World) -> None:
    url, headers = f"{world.zoom.api_url}/users/{world.host.id}/meetings", {"Authorization": f"Bearer {world.token}"}
    for raw in (b"{", b"[1]"):
        async with world.session.post(url, data=raw, headers=headers | {"Content-Type": "application/json"}) as said:
            assert (said.status, (await said.json())["code"]) == (400, 300)


async def test_licensed_colleague_may_be_alternative_host(world: World) -> None:
    world.zoom.add_user(world.account, "second@club.example")
    made = await world.meeting(settings=SAFE | {"alternative_hosts": "second@club.example"})
    assert made["settings"]["alternative_hosts"] == "second@club.example"


async def test_passcode_must_meet_the_hosts_requirement(world: World) -> None:
    requirement = {"length": 8, "have_letter": True, "have_number": True, "consecutive_characters_length": 4}
    world.host.security["meeting_password_requirement"] = requirement  # type: ignore[assignment]
    path = f"/users/{world.host.id}/meetings"
    for weak in ("a1", "12345678", "abcdXY99", "onlytext"):
        assert (await world.call("POST", path, {"password": weak})).refusal == (400, 300), weak
    assert (await world.call("POST", path, {"password": "tq7Xw2mZ"})).body["password"] == "tq7Xw2mZ"
    made = (await world.call("POST", path, {})).body["password"]
    assert len(made) >= 8


async def test_update_takes_fewer_passcode_characters_than_create(world: World) -> None:
    made = await world.meeting(password="tq7!#Xw2")
    assert (await world.call("PATCH", f"/meetings/{made['id']}", {"password": "tq7!#Xw2"})).refusal == (400, 300)
    assert (await world.call("PATCH", f"/meetings/{made['id']}", {"password": "tq7-@Xw2"})).status == 204


async def test_new_passcode_closes_the_old_plain_link(world: World) -> None:
    made = await world.meeting(settings={"waiting_room": True})
    assert world.zoom.open_link(made["join_url"]).outcome == "waiting_room"
    await world.call("PATCH", f"/meetings/{made['id']}", {"password": "tq7Xw2mZ"})
    assert world.zoom.open_link(made["join_url"]).outcome == "passcode_wanted"


async def test_zoom_never_leaves_a_meeting_without_any_safeguard(world: World) -> None:
    bare = {"default_password": False, "settings": {"waiting_room": False}}
    made = (await world.call("POST", f"/users/{world.host.id}/meetings", bare)).body
    assert made["settings"]["waiting_room"]
    world.zoom.force(world.account, {"waiting_room": False})
    locked = (await world.call("POST", f"/users/{world.host.id}/meetings", bare)).body
    assert not locked["settings"]["waiting_room"]
    assert locked["password"]


async def test_account_lock_overrides_create_and_update(world: World) -> None:
    world.zoom.force(world.account, {"auto_recording": "cloud"})
    world.zoom.force(world.host, {"waiting_room": False, "join_before_host": True})
    made = await world.meeting()
    forced = {"auto_recording": "cloud", "waiting_room": False, "join_before_host": True}
    assert forced.items() <= made["settings"].items()
    await world.call("PATCH", f"/meetings/{made['id']}", {"settings": {"waiting_room": True, "auto_recording": "none"}})
    assert forced.items() <= (await world.call("GET", f"/meetings/{made['id']}")).body["settings"].items()


async def test_account_without_enforcement_can_make_a_meeting_wide_open(world: World) -> None:
    world.account.auto_security = False
    world.zoom.force(world.host, {"waiting_room": False}, passcode="")
    made = await world.meeting(password="tq7Xw2mZ", settings={"waiting_room": True})
    assert (made["password"], made["settings"]["waiting_room"]) == ("", False)
    assert world.zoom.open_link(made["join_url"]).outcome == "waits_for_host"


async def test_waiting_room_switches_join_before_host_off(world: World) -> None:
    made = await world.meeting(settings={"waiting_room": True, "join_before_host": True})
    assert made["settings"]["join_before_host"] is False


@pytest.mark.parametrize("body", [{"settings": SAFE | {"use_pmi": True}}, {"type": 1}, {"type": 3}])
async def test_registration_is_dropped_where_it_cannot_be(world: World, body: Any) -> None:
    made = await world.meeting(**body)
    assert made["settings"]["approval_type"] == 2
    assert "registration_url" not in made


async def test_free_host_gets_no_registration(world: World) -> None:
    made = await world.meeting(world.free_host)
    assert made["settings"]["approval_type"] == 2
    refused = await world.register(made["id"], "a@people.example")
    assert refused.refusal == (400, 200)


async def test_meeting_ids_exceed_32_bits_and_start_urls_are_new_each_time(world: World) -> None:
    made = await world.meeting()
    assert made["id"] > 2**32
    read = (await world.call("GET", f"/meetings/{made['id']}")).body
    assert read["start_url"] != made["start_url"]
    assert world.zoom.open_link(read["start_url"]).outcome == "starts_as_host"


async def test_deleted_meeting_is_gone_until_recovered(world: World) -> None:
    made = await world.meeting()
    path = f"/meetings/{made['id']}"
    assert (await world.call("DELETE", path)).status == 204
    for method, below in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("GET", "/registrants"),
        ("POST", "/invite_links"),
    ):
        assert (await world.call(method, path + below)).refusal == (404, 3001)
    assert (await world.register(made["id"], "a@people.example")).refusal == (404, 1001)
    assert world.zoom.open_link(made["join_url"]).outcome == "no_such_meeting"
    assert (await world.call("PUT", f"{path}/status", {"action": "recover"})).status == 204
    assert (await world.call("GET", path)).status == 200


async def test_one_date_of_a_series_can_be_moved_or_deleted(world: World) -> None:
    made = await world.meeting(type=8, recurrence={"type": 1, "end_times": 3})
    path, first, second = f"/meetings/{made['id']}", *(each["occurrence_id"] for each in made["occurrences"][:2])
    assert (await world.call("DELETE", path, occurrence_id=first)).status == 204
    moved = {"start_time": "2026-11-30T09:00:00Z", "topic": "not for one date"}
    assert (await world.call("PATCH", path, moved, occurrence_id=second)).status == 204
    assert (await world.call("DELETE", path, occurrence_id="1")).refusal == (400, 300)
    read = (await world.call("GET", path)).body
    assert [each["start_time"] for each in read["occurrences"]] == ["2026-11-30T09:00:00Z", "2026-11-24T12:00:00Z"]
    assert read["topic"] == "Evening circle"


async def test_refusals_about_users_and_ids(world: World) -> None:
    elsewhere = world.zoom.add_user(world.zoom.add_account(), "host@other.example")
    banned = world.zoom.add_user(world.account, "banned@club.example", may_host=False)
    assert (await world.call("POST", "/users/nobody@club.example/meetings", {})).refusal == (404, 1001)
    assert (await world.call("POST", f"/users/{elsewhere.id}/meetings", {})).refusal == (404, 1010)
    assert (await world.call("POST", f"/users/{banned.id}/meetings", {})).refusal == (400, 3161)
    assert (await world.call("GET", "/meetings/not-a-number")).refusal == (400, 300)
    assert (await world.call("DELETE", f"/meetings/{world.host.pmi}")).refusal == (400, 3018)
    assert (await world.call("GET", "/meetings/1/polls")).refusal == (404, 2300)
    assert (await world.call("PUT", f"/meetings/{(await world.meeting())['id']}/status", {})).refusal == (400, 300)
    assert (await world.call("GET", f"/users/{world.host.id}/meetings", type="all")).refusal == (400, 300)


async def test_meeting_lists_by_kind(world: World) -> None:
    past = (await world.meeting(start_time="2026-11-21T12:00:00Z"))["id"]
    coming = (await world.meeting())["id"]
    world.clock.forward(hours=2)
    world.zoom.start_meeting(coming)
    await world.sign_in()
    expected = {"scheduled": [past, coming], "upcoming": [coming], "live": [coming], "previous_meetings": [past]}
    for kind, numbers in expected.items():
        rows = (await world.call("GET", f"/users/{world.host.id}/meetings", type=kind)).body["meetings"]
        assert [row["id"] for row in rows] == numbers, kind


async def test_settings_are_checked_and_locked_ones_stay(world: World) -> None:
    path = f"/users/{world.host.id}/settings"
    assert (await world.call("GET", path)).body["in_meeting"]["who_can_share_screen"] == "all"
    bad = {"in_meeting": {"who_can_share_screen": "nobody"}}
    assert (await world.call("PATCH", path, bad)).refusal == (400, 300)
    world.account.locked_settings.add("in_meeting.file_transfer")
    await world.call("PATCH", path, {"in_meeting": {"who_can_share_screen": "host", "file_transfer": False}})
    now = (await world.call("GET", path)).body["in_meeting"]
    assert (now["who_can_share_screen"], now["file_transfer"]) == ("host", True)
    await world.call("PATCH", path, {"meeting_security": {"waiting_room": True}}, option="meeting_security")
    assert (await world.call("GET", path, option="meeting_security")).body["meeting_security"]["waiting_room"]
    assert (await world.call("GET", path, option="colours")).refusal == (400, 300)


async def test_removal_needs_zooms_enabling_and_a_live_meeting(world: World) -> None:
    events: list[LiveEvent] = []
    world.zoom.on_event(events.append)
    made = await world.meeting()
    number, path = made["id"], f"/live_meetings/{made['id']}/events"
    link = (await world.register(number, "a@people.example")).body["join_url"]
    with pytest.raises(ValueError, match="nobody can come in"):
        world.zoom.enter(link, "Ana")
    started = world.zoom.start_meeting(number)
    assert started != made["uuid"]
    stranger = world.zoom.enter(link, "Somebody else")
    assert (stranger.name, stranger.waiting) == ("Ana·K7F", True)
    body: JsonObject = {"method": "participant.remove", "params": {"participant_uuid": stranger.uuid}}
    refused = await world.call("PATCH", path, body)
    assert refused.refusal == (400, 300)
    assert "not available for this account" in refused.body["message"]
    world.account.remove_enabled = True
    world.zoom.admit(number, stranger.uuid)
    assert (await world.call("PATCH", path, body)).status == 202
    assert world.zoom.meeting(number).participants == {}
    assert (await world.call("PUT", f"/meetings/{number}/status", {"action": "end"})).status == 204
    assert (await world.call("PATCH", path, body)).refusal == (400, 300)
    assert (await world.call("PATCH", "/live_meetings/123/events", body)).refusal == (404, 3001)
    expected = ["registered", "started", "waiting", "admitted", "joined", "left", "ended"]
    assert [event.name for event in events] == expected
    assert events[5].more == {"reason": "Removed by host."}
    assert [gone.name for gone in world.zoom.meeting(number).removed] == ["Ana·K7F"]


async def test_a_control_can_be_accepted_and_do_nothing(world: World) -> None:
    world.account.remove_enabled, world.account.controls_have_effect = True, False
    made = await world.meeting()
    number = made["id"]
    world.zoom.start_meeting(number)
    stranger = world.zoom.live.intrude(world.zoom.meeting(number), "Somebody")
    body: JsonObject = {"method": "participant.remove", "params": {"participant_uuid": stranger.uuid}}
    assert (await world.call("PATCH", f"/live_meetings/{number}/events", body)).status == 202
    assert (await world.call("PUT", f"/meetings/{number}/status", {"action": "end"})).status == 204
    assert stranger.uuid in world.zoom.meeting(number).participants
    assert world.zoom.meeting(number).live


async def test_somebody_can_weaken_a_meeting_in_the_portal(world: World) -> None:
    made = await world.meeting()
    world.zoom.change_in_portal(made["id"], {"settings": {"waiting_room": False}})
    assert (await world.call("GET", f"/meetings/{made['id']}")).body["settings"]["waiting_room"] is False
    assert world.zoom.limits.count("host", world.host.id) == 1, "the portal does not use up the API's budget"
