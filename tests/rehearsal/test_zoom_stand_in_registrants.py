"""Registrants and links of the stand-in for Zoom: who gets one, what it opens, when it stops working."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from tests.rehearsal.zoom_world import SAFE, World, zoom_world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with zoom_world() as opened:
        yield opened


async def _status(world: World, number: int, action: str, *ids: str) -> int:
    body = {"action": action, "registrants": [{"id": each} for each in ids]}
    return (await world.call("PUT", f"/meetings/{number}/registrants/status", body)).status


async def test_registrant_enters_under_the_registered_name_and_a_stranger_meets_the_registration_page(
    world: World,
) -> None:
    made = await world.meeting()
    added = (await world.register(made["id"], "a@people.example", last_name="B")).body
    opened = world.zoom.open_link(added["join_url"])
    assert (opened.outcome, opened.name) == ("waiting_room", "Ana·K7F B")
    assert opened.registrant_id == added["registrant_id"]
    assert world.zoom.open_link(made["join_url"]).outcome == "registration_page"
    assert world.zoom.open_link(made["registration_url"]).outcome == "registration_page"


@pytest.mark.parametrize("action", ["cancel", "deny"])
async def test_revoked_link_is_refused(world: World, action: str) -> None:
    number = (await world.meeting())["id"]
    added = (await world.register(number, "a@people.example")).body
    assert await _status(world, number, action, added["registrant_id"]) == 204
    assert world.zoom.open_link(added["join_url"]).outcome == "invalid_registrant"
    denied = (await world.call("GET", f"/meetings/{number}/registrants", status="denied")).body["registrants"]
    assert [(row["id"], row["status"], "join_url" in row) for row in denied] == [
        (added["registrant_id"], "denied", False)
    ]
    assert world.zoom.registrants(number, "approved") == []


async def test_deleted_registrant_leaves_no_link(world: World) -> None:
    number = (await world.meeting())["id"]
    added = (await world.register(number, "a@people.example")).body
    path = f"/meetings/{number}/registrants/{added['registrant_id']}"
    assert (await world.call("DELETE", path)).status == 204
    assert world.zoom.open_link(added["join_url"]).outcome == "invalid_registrant"
    assert (await world.call("DELETE", path)).refusal == (400, 300)
    assert (await world.call("GET", path)).refusal == (400, 300)


async def test_pending_registrant_has_no_link_until_approved(world: World) -> None:
    number = (await world.meeting())["id"]
    added = (await world.register(number, "a@people.example", auto_approve=False)).body
    assert "join_url" not in added
    pending = (await world.call("GET", f"/meetings/{number}/registrants", status="pending")).body["registrants"]
    assert [row["status"] for row in pending] == ["pending"]
    await _status(world, number, "approve", added["registrant_id"])
    row = (await world.call("GET", f"/meetings/{number}/registrants/{added['registrant_id']}")).body
    assert world.zoom.open_link(row["join_url"]).lets_in


async def test_automatic_approval_gives_a_link_to_anybody(world: World) -> None:
    number = (await world.meeting(settings=SAFE | {"approval_type": 0}))["id"]
    assert "join_url" in (await world.register(number, "a@people.example", auto_approve=False)).body


async def test_same_address_gets_the_same_registrant_and_a_fresh_one_after_cancelling(world: World) -> None:
    number = (await world.meeting())["id"]
    first = (await world.register(number, "a@people.example")).body
    again = (await world.register(number, "A@People.example")).body
    assert again["join_url"] == first["join_url"]
    await _status(world, number, "cancel", first["registrant_id"])
    anew = (await world.register(number, "a@people.example")).body
    assert anew["registrant_id"] != first["registrant_id"]
    assert not world.zoom.open_link(first["join_url"]).lets_in


async def test_fourth_add_of_one_registrant_in_a_day_is_refused_until_midnight(world: World) -> None:
    number = (await world.meeting())["id"]
    for _ in range(3):
        assert (await world.register(number, "a@people.example")).status == 201
    refused = await world.register(number, "a@people.example")
    assert refused.refusal == (429, 429)
    text = refused.body["message"]
    assert text.startswith("You have exceeded the daily rate limit of (3) for Add a")
    assert text.endswith("registrant (a@people.example). You can resume these API requests at GMT 00:00:00.")
    assert (await world.register(number, "b@people.example")).status == 201
    assert (await world.register((await world.meeting())["id"], "a@people.example")).status == 201
    world.clock.now = world.clock.now.replace(hour=23, minute=59)
    await world.sign_in()
    assert (await world.register(number, "a@people.example")).status == 429
    world.clock.forward(minutes=1)
    assert (await world.register(number, "a@people.example")).status == 201


async def test_eleventh_status_update_of_one_registrant_in_a_day_is_refused(world: World) -> None:
    number = (await world.meeting())["id"]
    added = (await world.register(number, "a@people.example")).body["registrant_id"]
    answers = [await _status(world, number, ("approve", "cancel")[turn % 2], added) for turn in range(11)]
    assert answers == [204] * 10 + [429]


async def test_full_meeting_takes_no_more_but_knows_its_registrants(world: World) -> None:
    world.zoom.state.registrant_capacity = 2
    number = (await world.meeting())["id"]
    assert (await world.register(number, "a@people.example")).status == 201
    assert (await world.register(number, "b@people.example", auto_approve=False)).status == 201, (
        "pending ones take a place too"
    )
    assert (await world.register(number, "c@people.example")).refusal == (400, 3043)
    assert (await world.register(number, "a@people.example")).status == 201
    batch = {"registrants": [{"email": "d@people.example", "first_name": "D"}]}
    assert (await world.call("POST", f"/meetings/{number}/batch_registrants", batch)).refusal == (400, 3043)


async def test_nobody_registers_for_a_meeting_that_is_over(world: World) -> None:
    number = (await world.meeting(start_time="2026-11-21T12:10:00Z", duration=30))["id"]
    world.zoom.start_meeting(number)
    world.zoom.end_meeting(number)
    assert (await world.register(number, "early@people.example")).status == 201, (
        "a test run before the start ends nothing"
    )
    world.clock.forward(minutes=15)
    world.zoom.start_meeting(number)
    world.clock.forward(minutes=40)
    assert (await world.register(number, "late@people.example")).status == 201, "live beyond its end"
    world.zoom.end_meeting(number)
    assert (await world.register(number, "after@people.example")).refusal == (400, 3038)
    batch = {"registrants": [{"email": "d@people.example", "first_name": "D"}]}
    assert (await world.call("POST", f"/meetings/{number}/batch_registrants", batch)).refusal == (400, 3038)


async def test_batch_is_for_scheduled_meetings_with_registration_and_thirty_people(world: World) -> None:
    def people(count: int) -> dict[str, object]:
        rows = [{"email": f"p{each}@people.example", "first_name": f"P{each}"} for each in range(count)]
        return {"auto_approve": True, "registrants": rows}

    number = (await world.meeting())["id"]
    series = (await world.meeting(type=8, recurrence={"type": 1, "end_times": 2}))["id"]
    open_door = (await world.meeting(settings={"waiting_room": True}))["id"]
    assert (await world.call("POST", f"/meetings/{number}/batch_registrants", people(31))).refusal == (400, 300)
    assert (await world.call("POST", f"/meetings/{series}/batch_registrants", people(2))).refusal == (400, 303)
    assert (await world.call("POST", f"/meetings/{open_door}/batch_registrants", people(2))).refusal == (400, 404)
    added = (await world.call("POST", f"/meetings/{number}/batch_registrants", people(30))).body["registrants"]
    links = {row["join_url"] for row in added}
    assert len(links) == 30
    assert {world.zoom.open_link(link).name for link in links} == {f"P{each}" for each in range(30)}


async def test_batch_with_one_registrant_over_the_daily_cap_adds_nobody(world: World) -> None:
    number = (await world.meeting())["id"]
    for _ in range(3):
        await world.register(number, "a@people.example")
    rows = [{"email": f"{name}@people.example", "first_name": name} for name in ("b", "a")]
    assert (await world.call("POST", f"/meetings/{number}/batch_registrants", {"registrants": rows})).status == 429
    assert [r.email for r in world.zoom.registrants(number)] == ["a@people.example"]


@pytest.mark.parametrize(
    "person",
    [
        {"first_name": ""},
        {"first_name": "x" * 65},
        {"last_name": "x" * 65},
        {"email": "nobody"},
        {"email": "x" * 120 + "@a.example"},
    ],
)
async def test_bad_registrant_is_refused(world: World, person: dict[str, str]) -> None:
    number = (await world.meeting())["id"]
    assert (await world.register(number, "a@people.example", **person)).refusal == (400, 300)


async def test_meeting_without_registration_takes_no_registrant(world: World) -> None:
    number = (await world.meeting(settings={"waiting_room": True}))["id"]
    assert (await world.register(number, "a@people.example")).refusal == (400, 300)
    assert (await world.call("DELETE", f"/meetings/{number}/registrants/x")).refusal == (400, 300)


async def test_status_update_can_answer_204_without_effect(world: World) -> None:
    number = (await world.meeting())["id"]
    added = (await world.register(number, "a@people.example")).body
    world.zoom.state.status_updates_have_effect = False
    assert await _status(world, number, "cancel", added["registrant_id"]) == 204
    assert world.zoom.open_link(added["join_url"]).lets_in


async def test_status_update_finds_people_by_address_and_takes_thirty(world: World) -> None:
    number = (await world.meeting())["id"]
    await world.register(number, "a@people.example")
    path = f"/meetings/{number}/registrants/status"
    body = {"action": "cancel", "registrants": [{"email": "a@people.example"}]}
    assert (await world.call("PUT", path, body)).status == 204
    assert [r.status for r in world.zoom.registrants(number)] == ["cancelled"]
    many = {"action": "cancel", "registrants": [{"id": str(each)} for each in range(31)]}
    assert (await world.call("PUT", path, many)).refusal == (400, 300)
    assert (await world.call("PUT", path, {"action": "forget"})).refusal == (400, 300)


async def test_long_links_are_too_long_for_a_link_button(world: World) -> None:
    world.zoom.state.long_links = True
    link = (await world.register((await world.meeting())["id"], "a@people.example")).body["join_url"]
    assert len(link) > 512
    assert world.zoom.open_link(link).lets_in


async def test_invite_links_expire_and_do_not_pass_registration(world: World) -> None:
    open_door = (await world.meeting(settings={"waiting_room": True}))["id"]
    path = f"/meetings/{open_door}/invite_links"
    people = {"attendees": [{"name": "Ana·K7F"}, {"name": "Ben·2QX"}]}
    first, second = (each["join_url"] for each in (await world.call("POST", path, people)).body["attendees"])
    assert first != second
    assert (world.zoom.open_link(first).outcome, world.zoom.open_link(first).name) == ("waiting_room", "Ana·K7F")
    forever = (await world.call("POST", path, people | {"ttl": 0})).body["attendees"][0]["join_url"]
    world.clock.forward(hours=2)
    assert world.zoom.open_link(first).outcome == "expired"
    assert world.zoom.open_link(forever).lets_in
    await world.sign_in()
    registered = (await world.meeting())["id"]
    made = (await world.call("POST", f"/meetings/{registered}/invite_links", people)).body["attendees"]
    assert world.zoom.open_link(made[0]["join_url"]).outcome == "registration_page"


@pytest.mark.parametrize(
    "body", [{"attendees": []}, {"attendees": [{"name": "x" * 65}]}, {"attendees": [{"name": "A"}], "ttl": 7776001}]
)
async def test_bad_invite_link_request_is_refused(world: World, body: dict[str, object]) -> None:
    number = (await world.meeting())["id"]
    assert (await world.call("POST", f"/meetings/{number}/invite_links", body)).refusal == (400, 300)


async def test_other_links_lead_nowhere(world: World) -> None:
    made = await world.meeting(settings={"meeting_authentication": True})
    assert world.zoom.open_link(made["join_url"]).outcome == "sign_in_wanted"
    assert world.zoom.open_link(made["join_url"], signed_in=True).lets_in
    assert world.zoom.open_link("https://evil.example/j/1").outcome == "no_such_link"
    assert world.zoom.open_link("https://us02web.zoom.us/j/1").outcome == "no_such_meeting"
    assert world.zoom.open_link(f"https://us02web.zoom.us/w/{made['id']}?tk=x").outcome == "invalid_registrant"
    assert world.zoom.open_link(f"https://us02web.zoom.us/s/{made['id']}?zak=x").outcome == "no_such_link"


async def test_every_secret_in_any_answer_is_known_as_a_secret(world: World) -> None:
    made = await world.meeting(password="tq7Xw2mZ")
    added = (await world.register(made["id"], "a@people.example")).body
    people = {"attendees": [{"name": "Ana"}]}
    invited = (await world.call("POST", f"/meetings/{made['id']}/invite_links", people)).body["attendees"][0]
    expected = {made[name] for name in ("join_url", "start_url", "registration_url", "password", "encrypted_password")}
    expected |= {added["join_url"], str(added["participant_pin_code"]), invited["join_url"], world.token, "app-secret"}
    expected |= {urlsplit(added["join_url"]).query.removeprefix("tk=")}
    assert expected <= world.zoom.secrets()
    assert str(made["id"]) not in world.zoom.secrets()
