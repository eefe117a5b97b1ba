"""Rate limits and misbehaviour of the stand-in for Zoom."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
import pytest

from bot.rehearsal.zoom_limits import ALLOWANCES, Label, Plan, RetryAfterForm
from tests.adapters.impatient import impatient
from tests.rehearsal.zoom_world import World, zoom_world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with zoom_world() as opened:
        yield opened


@pytest.mark.parametrize("plan", list(Plan))
async def test_calls_of_a_second_are_counted_per_plan(plan: Plan) -> None:
    async with zoom_world(plan) as world:
        light = ALLOWANCES[plan][Label.LIGHT].calls
        answers = [await world.call("GET", f"/users/{world.host.id}") for _ in range(light + 1)]
        assert [said.status for said in answers] == [200] * light + [429]
        refused = answers[-1]
        assert refused.body["message"].startswith("You have reached the maximum per-second rate limit")
        assert refused.headers["X-RateLimit-Type"] == "QPS"
        assert (await world.call("GET", "/users")).status == 200, "another label has its own budget"
        world.seconds.forward(seconds=1)
        assert (await world.call("GET", f"/users/{world.host.id}")).status == 200


async def test_update_answers_code_4001_when_too_fast(world: World) -> None:
    number = (await world.meeting())["id"]
    for _ in range(29):
        await world.call("GET", f"/meetings/{number}")
    assert (await world.call("PATCH", f"/meetings/{number}", {})).refusal == (429, 4001)


async def test_limits_are_shared_by_all_apps_of_an_account(world: World) -> None:
    world.zoom.add_app(world.account, "second", "second-secret", scopes=["user:read:user:admin"])
    said = await world.ask_token(
        client="second", key="second-secret", grant_type="account_credentials", account_id="acc-1"
    )
    for _ in range(30):
        await world.call("GET", f"/users/{world.host.id}")
    assert (await world.call("GET", f"/users/{world.host.id}", token=said.body["access_token"])).status == 429


async def test_daily_budget_of_a_free_plan_ends_at_midnight() -> None:
    async with zoom_world(Plan.FREE) as world:
        for _ in range(2000):
            world.zoom.limits.spend_call("acc-1", Plan.FREE, Label.MEDIUM)
            world.seconds.forward(seconds=1)
        refused = await world.call("GET", "/users")
        assert refused.status == 429
        assert (refused.headers["X-RateLimit-Type"], refused.headers["Retry-After"]) == (
            "Daily-limit",
            "2026-11-22T00:00:00Z",
        )
        world.clock.now = datetime(2026, 11, 22, tzinfo=UTC)
        await world.sign_in()
        assert (await world.call("GET", "/users")).status == 200


async def test_hundred_creates_and_updates_a_host_a_day(world: World) -> None:
    number = (await world.meeting())["id"]
    for _ in range(98):
        world.seconds.forward(seconds=1)
        assert (await world.call("PATCH", f"/meetings/{number}", {"duration": 30})).status == 204
    world.seconds.forward(seconds=1)
    assert (await world.call("PATCH", f"/meetings/{number}", {"duration": 0})).status == 400, (
        "a refused one is not counted"
    )
    assert (await world.call("PATCH", f"/meetings/{number}", {"duration": 30})).status == 204
    refused = await world.call("PATCH", f"/meetings/{number}", {"duration": 30})
    assert refused.body["message"] == (
        "You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted for this particular user. "
        "You may resume these requests at GMT 00:00:00."
    )
    assert "Retry-After" not in refused.headers
    assert world.zoom.limits.count("host", world.host.id) == 100
    assert (await world.call("POST", f"/users/{world.free_host.id}/meetings", {})).status == 201
    assert (await world.call("DELETE", f"/meetings/{number}")).status == 204


async def test_switched_off_limits_refuse_nothing(world: World) -> None:
    world.zoom.limits.enabled = False
    assert {(await world.call("GET", f"/users/{world.host.id}")).status for _ in range(40)} == {200}


@pytest.mark.parametrize("form", ["iso", "seconds", "http_date", "absent"])
async def test_retry_after_comes_in_the_chosen_form(world: World, form: RetryAfterForm) -> None:
    world.zoom.limits.retry_after = form
    world.zoom.faults.add(("GET", "^/v2/users"), "rate_limited")
    said = await world.call("GET", f"/users/{world.host.id}")
    assert said.refusal == (429, 429)
    value = said.headers.get("Retry-After")
    match form:
        case "iso":
            assert value == "2026-11-21T12:00:01Z"
        case "seconds":
            assert value == "1"
        case "http_date":
            assert parsedate_to_datetime(value) == datetime(2026, 11, 21, 12, 0, 1, tzinfo=UTC)
        case "absent":
            assert value is None


async def test_every_answer_has_a_tracking_id_and_its_category(world: World) -> None:
    for said in (await world.call("GET", "/users"), await world.call("GET", "/meetings/1")):
        assert said.headers["x-zm-trackingid"]
        assert said.headers["X-RateLimit-Category"] in ("Medium", "Light")


async def test_request_log_tells_host_label_and_outcome(world: World) -> None:
    number = (await world.meeting())["id"]
    await world.register(number, "nobody")
    noted = world.zoom.requests[-1]
    assert (noted.method, noted.template) == ("POST", "/meetings/{meetingId}/registrants")
    assert (noted.label, noted.host, noted.status, noted.code) == (Label.LIGHT, world.host.id, 400, 300)
    assert noted.body is not None
    assert noted.body["email"] == "nobody"


@pytest.mark.parametrize("kind", ["apply_then_timeout", "apply_then_reset"])
async def test_write_is_applied_although_its_answer_never_comes(world: World, kind: str) -> None:
    world.zoom.faults.add(("POST", "/meetings$"), kind)  # type: ignore[arg-type]
    url, headers = f"{world.zoom.api_url}/users/{world.host.id}/meetings", {"Authorization": f"Bearer {world.token}"}
    with pytest.raises((aiohttp.ClientConnectionError, TimeoutError)):
        async with impatient(world.session, world.zoom.faults).request(
            "POST", url, json={"topic": "Lost"}, headers=headers
        ):
            pass
    assert [meeting.topic for meeting in world.zoom.meetings] == ["Lost"]
    assert (world.zoom.requests[-1].applied, world.zoom.requests[-1].status) == (201, None)
    assert (await world.call("POST", f"/users/{world.host.id}/meetings", {})).status == 201, "the fault is used up"


@pytest.mark.parametrize("kind", ["timeout", "reset"])
async def test_write_is_not_applied_when_the_request_is_lost(world: World, kind: str) -> None:
    world.zoom.faults.add(("POST", "/meetings$"), kind)  # type: ignore[arg-type]
    url, headers = f"{world.zoom.api_url}/users/{world.host.id}/meetings", {"Authorization": f"Bearer {world.token}"}
    with pytest.raises((aiohttp.ClientConnectionError, TimeoutError)):
        async with impatient(world.session, world.zoom.faults).request("POST", url, json={}, headers=headers):
            pass
    assert world.zoom.meetings == []
    assert (world.zoom.requests[-1].applied, world.zoom.requests[-1].status) == (None, None)


async def test_hanging_request_ends_when_released(world: World) -> None:
    world.zoom.faults.add(("POST", "/meetings$"), "timeout")
    asking = asyncio.ensure_future(world.call("POST", f"/users/{world.host.id}/meetings", {}))
    await world.zoom.faults.next_hanging()
    world.zoom.faults.release()
    with pytest.raises(aiohttp.ClientConnectionError):
        await asking


async def test_status_malformed_and_delay_faults(world: World) -> None:
    faults = world.zoom.faults
    fault = faults.add(("*", re.escape("/users")), "status", status=502, times=2, skip=1)
    seen = []
    url, headers = f"{world.zoom.api_url}/users", {"Authorization": f"Bearer {world.token}"}
    for _ in range(4):
        async with world.session.get(url, headers=headers) as said:
            seen.append(said.status)
    assert (seen, fault.hits) == ([200, 502, 502, 200], 2)
    faults.add(("POST", "/meetings$"), "malformed")
    async with world.session.post(f"{url}/{world.host.id}/meetings", json={}, headers=headers) as broken:
        assert broken.status == 201
        with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
            await broken.json()
    assert len(world.zoom.meetings) == 1
    faults.add(("GET", "/users$"), "delay", seconds=0.05)
    started = asyncio.get_running_loop().time()
    assert (await world.call("GET", "/users")).status == 200
    assert asyncio.get_running_loop().time() - started >= 0.05
    faults.add(("GET", "/users$"), "status", times=None)
    faults.clear()
    assert (await world.call("GET", "/users")).status == 200


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (400, 3000, "Cannot access webinar info."),
        (400, 3037, "Not allowed to delete PAC."),
        (400, 3063, "Can not end on-premise user's meeting."),
        (400, 3309, "Not enough cloud storage available."),
        (403, 2314, "Not allowed to manage the AI Companion."),
    ],
)
async def test_refusals_without_a_model_can_be_asked_for(world: World, status: int, code: int, message: str) -> None:
    number = (await world.meeting())["id"]
    world.zoom.refuse(("*", f"/meetings/{number}"), status, code, message)
    said = await world.call("DELETE", f"/meetings/{number}")
    assert (said.refusal, said.body["message"]) == ((status, code), message)
    assert [meeting.id for meeting in world.zoom.meetings] == [number]
