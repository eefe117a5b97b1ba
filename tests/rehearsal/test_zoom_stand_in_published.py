"""The stand-in for Zoom answers as Zoom's published description says, and files scopes and labels as it does."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from openapi_schema_validator import OAS30Validator

from bot.rehearsal.zoom_endpoints import ENDPOINTS, Endpoint
from tests.rehearsal.zoom_world import SAFE, World, zoom_world
from tests.shared_files import shared_json


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with zoom_world() as opened:
        yield opened


def _operation(method: str, template: str) -> Any:
    file = "users" if template in ("/users", "/users/{userId}", "/users/{userId}/settings") else "meetings"
    return shared_json(f"specs/zoom-{file}-2026-08.openapi.json")["paths"][template][method.lower()]


def _schema(method: str, template: str, status: int, body: Any) -> Any:
    schema = _operation(method, template)["responses"][str(status)]["content"]["application/json"]["schema"]
    if template != "/users/{userId}/settings":
        return schema
    # No alternative has required fields, so any object fits several of them and "oneOf" can never hold: choose by what is asked for.
    alternatives = schema["oneOf"]
    number = 3 if "meeting_security" in body else 2 if "authentication_options" in body else 0
    return alternatives[2]["oneOf"][0] if number == 2 else alternatives[number]


def _names(schema: Any) -> set[str]:
    """All property names of a schema and the parts it is put together from."""
    found = set(schema.get("properties", {}))
    for part in schema.get("allOf", []) + schema.get("oneOf", []):
        found |= _names(part)
    return found


async def _walk(world: World) -> None:
    """Use every endpoint once with success."""
    host = world.host.email
    await world.call("GET", "/users")
    await world.call("GET", f"/users/{host}")
    for option in ({}, {"option": "meeting_security"}, {"option": "meeting_authentication"}):
        await world.call("GET", f"/users/{host}/settings", **option)
    await world.call("PATCH", f"/users/{host}/settings", {"in_meeting": {"who_can_share_screen": "host"}})
    recurrence = {"type": 2, "repeat_interval": 1, "weekly_days": "4", "end_times": 5}
    for body in ({"type": 1}, {"type": 3}, {"type": 8, "recurrence": recurrence}, {"settings": {"use_pmi": True}}):
        made = await world.meeting(**body)
        await world.call("GET", f"/meetings/{made['id']}")
    number = (await world.meeting(agenda="x" * 400))["id"]
    await world.call("GET", f"/users/{host}/meetings")
    await world.call("PATCH", f"/meetings/{number}", {"topic": "Changed"})
    one = (await world.register(number, "a@people.example")).body["registrant_id"]
    await world.register(number, "b@people.example", auto_approve=False)
    batch = {"auto_approve": True, "registrants": [{"email": "c@people.example", "first_name": "Cem"}]}
    await world.call("POST", f"/meetings/{number}/batch_registrants", batch)
    for status in ("approved", "pending", "denied"):
        await world.call("GET", f"/meetings/{number}/registrants", status=status)
    await world.call("GET", f"/meetings/{number}/registrants/{one}")
    await world.call(
        "PUT", f"/meetings/{number}/registrants/status", {"action": "cancel", "registrants": [{"id": one}]}
    )
    await world.call("DELETE", f"/meetings/{number}/registrants/{one}")
    await world.call("POST", f"/meetings/{number}/invite_links", {"attendees": [{"name": "Ana"}]})
    world.account.remove_enabled = True
    world.zoom.start_meeting(number)
    remove = {"method": "participant.remove", "params": {"participant_uuid": "none"}}
    await world.call("PATCH", f"/live_meetings/{number}/events", remove)
    await world.call("PUT", f"/meetings/{number}/status", {"action": "end"})
    run = quote(world.zoom.meeting(number).uuid, safe="")
    await world.call("GET", f"/past_meetings/{run}/participants")
    await world.call("GET", f"/report/meetings/{run}/participants", include_fields="registrant_id")
    await world.call("DELETE", f"/meetings/{number}")


async def test_every_endpoint_answers_as_published(world: World) -> None:
    world.zoom.limits.enabled = False
    await _walk(world)
    used = {(method, template) for method, template, _ in world.answers}
    assert used == {(endpoint.method, endpoint.template) for endpoint in ENDPOINTS}
    for method, template, said in world.answers:
        responses = _operation(method, template)["responses"]
        assert str(said.status) in responses, (method, template, said.status, said.body)
        if said.body is None:
            assert said.status in (202, 204)
            continue
        schema = _schema(method, template, said.status, said.body)
        problems = [error.message for error in OAS30Validator(schema).iter_errors(said.body)]
        assert not problems, (method, template, problems)
        assert set(said.body) <= _names(schema), (method, template, set(said.body) - _names(schema))


async def test_meeting_settings_hold_no_invented_field(world: World) -> None:
    published = set(_schema("GET", "/meetings/{meetingId}", 200, {})["properties"]["settings"]["properties"])
    made = await world.meeting()
    assert set(made["settings"]) <= published


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda e: f"{e.method} {e.template}")
def test_scope_and_label_are_the_published_ones(endpoint: Endpoint) -> None:
    operation = _operation(endpoint.method, endpoint.template)
    assert f"`{endpoint.scope}`" in operation["description"]
    label = re.search(r"Rate Limit Label\]\([^)]*\):\*\* `([A-Z-]+)`", operation["description"])
    assert label is not None
    assert label[1] == endpoint.label


async def test_list_cuts_the_agenda_and_leaves_out_instant_meetings(world: World) -> None:
    await world.meeting(type=1)
    await world.meeting(agenda="y" * 400)
    listed = (await world.call("GET", f"/users/{world.host.id}/meetings")).body["meetings"]
    assert [len(row["agenda"]) for row in listed] == [250]


async def test_pages_are_complete_and_a_page_token_lives_fifteen_minutes(world: World) -> None:
    numbers = {(await world.meeting())["id"] for _ in range(5)}
    path = f"/users/{world.host.id}/meetings"
    first = (await world.call("GET", path, page_size="2")).body
    second = (await world.call("GET", path, page_size="2", next_page_token=first["next_page_token"])).body
    third = (await world.call("GET", path, page_size="2", next_page_token=second["next_page_token"])).body
    assert {row["id"] for page in (first, second, third) for row in page["meetings"]} == numbers
    assert third["next_page_token"] == ""
    world.clock.now += timedelta(minutes=15)
    late = await world.call("GET", path, page_size="2", next_page_token=first["next_page_token"])
    assert late.refusal == (400, 300)
    assert (await world.call("GET", path, page_size="301")).refusal == (400, 300)


async def test_recurring_meeting_keeps_its_time_of_day_over_the_clock_change(world: World) -> None:
    recurrence = {"type": 1, "repeat_interval": 1, "end_times": 3}
    made = await world.meeting(
        type=8, start_time="2027-03-27T19:00:00", timezone="Europe/Berlin", recurrence=recurrence, settings=SAFE
    )
    starts = [each["start_time"] for each in made["occurrences"]]
    assert starts == ["2027-03-27T18:00:00Z", "2027-03-28T17:00:00Z", "2027-03-29T17:00:00Z"]


@pytest.mark.parametrize(
    ("recurrence", "dates"),
    [
        ({"type": 1, "repeat_interval": 2, "end_times": 3}, ["11-22", "11-24", "11-26"]),
        ({"type": 1, "end_date_time": "2026-11-24T12:00:00Z"}, ["11-22", "11-23", "11-24"]),
        ({"type": 2, "weekly_days": "2,1", "end_times": 4}, ["11-22", "11-23", "11-29", "11-30"]),
        ({"type": 3, "monthly_day": 31, "end_times": 2}, ["12-31", "01-31"]),
    ],
)
async def test_dates_of_a_series(world: World, recurrence: dict[str, object], dates: list[str]) -> None:
    made = await world.meeting(type=8, recurrence=recurrence)
    assert [each["start_time"][5:10] for each in made["occurrences"]] == dates


async def test_series_refuses_steps_and_ends_zoom_does_not_know(world: World) -> None:
    path = f"/users/{world.host.id}/meetings"
    for recurrence in (
        {"type": 2, "repeat_interval": 51},
        {"type": 1, "end_times": 2, "end_date_time": "2026-12-01T00:00:00Z"},
    ):
        said = await world.call("POST", path, {"type": 8, "recurrence": recurrence})
        assert said.refusal == (400, 300), recurrence
