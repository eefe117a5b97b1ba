"""The stand-in reports what happens as Zoom does: the right shape, signed, repeated only where Zoom repeats."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web
from jsonschema import Draft202012Validator

from bot.adapters.timing import MovableClock
from bot.adapters.zoom.events import signature_of
from bot.domain.grants import SCOPES
from bot.domain.values import Secret
from bot.rehearsal.zoom import ZoomStandIn
from bot.rehearsal.zoom_events import PATH, REPEATED_AFTER, ZoomEventSender
from bot.rehearsal.zoom_state import Meeting
from tests.services.fakes import START
from tests.shared_files import shared_json
from tests.waiting import until

SECRET = "webhook secret"
LATER = "2027-01-01T18:00:00Z"


@dataclass
class Receiver:
    """Notes what is delivered and answers `status`."""

    bodies: list[bytes] = field(default_factory=list)
    signed: list[bool] = field(default_factory=list)
    status: int = 204

    async def receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        timestamp = request.headers["x-zm-request-timestamp"]
        self.signed.append(request.headers["x-zm-signature"] == signature_of(Secret(SECRET), timestamp, body))
        self.bodies.append(body)
        return web.Response(status=self.status)

    @property
    def names(self) -> list[str]:
        return [json.loads(body)["event"] for body in self.bodies]


@dataclass
class Stage:
    zoom: ZoomStandIn
    sender: ZoomEventSender
    receiver: Receiver
    clock: MovableClock
    session: aiohttp.ClientSession
    headers: dict[str, str]

    async def call(self, method: str, path: str, body: object = None) -> dict[str, object]:
        url = self.zoom.api_url + path
        async with self.session.request(method, url, json=body, headers=self.headers) as answer:
            assert answer.status < 300, await answer.text()
            found: dict[str, object] = await answer.json() if answer.status != 204 else {}
            return found

    async def meeting(self) -> Meeting:
        wanted = {"topic": "Choir", "type": 2, "start_time": LATER, "settings": {"approval_type": 1}}
        made = await self.call("POST", "/users/host@choir.example/meetings", wanted)
        return self.zoom.meeting(str(made["id"]))


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with _stage() as built:
        yield built


@asynccontextmanager
async def _stage() -> AsyncIterator[Stage]:
    clock, receiver = MovableClock(START), Receiver()
    zoom = ZoomStandIn(clock.now)
    await zoom.start()
    account = zoom.add_account()
    zoom.add_user(account, "host@choir.example")
    zoom.add_app(account, "id", "secret", scopes=[scope.admin for scope in SCOPES])
    application = web.Application()
    application.router.add_post(PATH, receiver.receive)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    sender = ZoomEventSender(zoom.state, SECRET, lambda: address, clock)
    zoom.report_events_to(sender)
    await sender.start()
    async with aiohttp.ClientSession() as session:
        form = {"grant_type": "account_credentials", "account_id": account.id}
        login = {"Authorization": aiohttp.encode_basic_auth("id", "secret")}
        async with session.post(f"{zoom.oauth_url}/token", data=form, headers=login) as answer:
            token = (await answer.json())["access_token"]
        yield Stage(zoom, sender, receiver, clock, session, {"Authorization": f"Bearer {token}"})
    await sender.stop()
    await runner.cleanup()
    await zoom.stop()


async def test_every_event_has_the_published_shape_and_is_signed(stage: Stage) -> None:
    zoom, meeting = stage.zoom, await stage.meeting()
    path = f"/meetings/{meeting.id}/registrants"
    registered = await stage.call("POST", path, {"email": "m1@g.example", "first_name": "Ana", "auto_approve": True})
    link = str(registered["join_url"])
    people = [{"id": registered["registrant_id"]}]
    zoom.register_by_hand(meeting.id, "stranger@elsewhere.example", "Stranger")
    zoom.change_in_portal(meeting.id, {"settings": {"waiting_room": True}})
    zoom.start_meeting(meeting.id)
    live = zoom.live
    live.wait_for_host(meeting, "Early")
    live.wait_for_host(meeting, "Early", waits=False)
    live.alert_risk(meeting, "twitter")
    host = zoom.host_enters(meeting.id)
    ana = zoom.enter(link, "Ana")
    zoom.admit(meeting.id, ana.uuid)
    live.put_back(meeting, ana.uuid)
    zoom.admit(meeting.id, ana.uuid)
    live.share(meeting, ana.uuid, on=True)
    live.share(meeting, ana.uuid, on=False)
    live.give_role(meeting, ana.uuid, "host")
    live.to_breakout(meeting, ana.uuid, "room-1")
    live.to_breakout(meeting, ana.uuid)
    zoom.leave(meeting.id, ana.uuid)
    zoom.leave(meeting.id, live.intrude(meeting, "Refused").uuid)
    ana = zoom.enter(link, "Ana", again=ana)
    live.admit(meeting, ana.uuid)
    live.remove(meeting, ana.uuid)
    assert host.uuid in meeting.participants
    zoom.end_meeting(meeting.id)
    for action in ("cancel", "approve", "deny"):
        await stage.call("PUT", f"{path}/status", {"action": action, "registrants": people})
    zoom.delete_in_portal(meeting.id)
    await stage.sender.settled()
    assert all(stage.receiver.signed)
    assert len(set(stage.receiver.names)) == 22
    for body in stage.receiver.bodies:
        event = json.loads(body)
        schema = shared_json(f"specs/zoom-webhook-schemas/{event['event']}.schema.json")
        problems = [problem.message for problem in Draft202012Validator(schema).iter_errors(event)]
        assert problems == [], event["event"]


async def test_a_registration_is_reported_before_the_call_is_answered(stage: Stage) -> None:
    meeting = await stage.meeting()
    path = f"/meetings/{meeting.id}/registrants"
    await stage.call("POST", path, {"email": "m1@g.example", "first_name": "Ana", "auto_approve": True})
    assert stage.receiver.names == ["meeting.registration_created"]


@pytest.mark.parametrize(("status", "attempts"), [(204, 1), (401, 1), (500, 4), (503, 4)])
async def test_only_failures_of_the_receiver_are_repeated(stage: Stage, status: int, attempts: int) -> None:
    meeting = await stage.meeting()
    stage.receiver.status = status
    stage.zoom.start_meeting(meeting.id)
    await stage.sender.settled()
    for wait in REPEATED_AFTER:
        tried = len(stage.receiver.bodies)
        stage.clock.advance(timedelta(seconds=wait + 1))
        if tried < attempts:
            await until(lambda tried=tried: len(stage.sender.deliveries[0].statuses) > tried)  # type: ignore[misc]
        await asyncio.sleep(0.02)
    assert [len(d.statuses) for d in stage.sender.deliveries] == [attempts]
    assert len(stage.receiver.bodies) == attempts


async def test_events_can_come_twice_out_of_order_or_never(stage: Stage) -> None:
    meeting, sender = await stage.meeting(), stage.sender
    sender.hold()
    stage.zoom.start_meeting(meeting.id)
    stage.zoom.end_meeting(meeting.id)
    await sender.settled()
    assert stage.receiver.names == []
    sender.release()
    await sender.settled()
    assert sorted(stage.receiver.names) == ["meeting.ended", "meeting.started"]
    assert sender.deliveries[0].name == "meeting.ended"
    sender.copies, sender.lose = 2, 1
    stage.zoom.start_meeting(meeting.id)
    stage.zoom.end_meeting(meeting.id)
    await sender.settled()
    assert stage.receiver.names[2:] == ["meeting.ended", "meeting.ended"]
