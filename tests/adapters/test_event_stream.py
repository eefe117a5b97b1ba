"""Zoom's event stream over a real socket: read, kept, reconnected, honest about gaps, and silent about its address."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import aiohttp
import pytest
import structlog

from bot.adapters.timing import MovableClock
from bot.adapters.zoom.event_stream import BEAT_EVERY, LONGEST_WAIT, ZoomEventStream, unwrapped
from bot.adapters.zoom.events import ZoomEventParser
from bot.adapters.zoom.oauth import ZoomOAuth
from bot.domain.errors import Transient
from bot.domain.values import Secret
from bot.ports import EventKind, IncomingEvent
from bot.rehearsal.zoom import ZoomStandIn
from bot.rehearsal.zoom_socket import ZoomEventSocket
from bot.rehearsal.zoom_state import Meeting
from bot.rehearsal.zoom_wire import JsonObject
from tests.services.fakes import START
from tests.services.fakes_events import hashed
from tests.waiting import until

ACCOUNT, CLIENT_SECRET = "account-1", "client-secret-canary"


@dataclass
class Kept:
    """Stands for the intake: notes what it is given, and refuses as long as it is told to."""

    events: list[IncomingEvent] = field(default_factory=list)
    refusals: int = 0

    async def store(self, batch: Sequence[IncomingEvent]) -> None:
        if self.refusals:
            self.refusals -= 1
            raise Transient("Not now.", code="store_busy")
        self.events += batch

    @property
    def kinds(self) -> list[EventKind]:
        return [event.kind for event in self.events]


@dataclass
class Ear:
    """Stands for the memory of what was heard and what was not."""

    until: datetime | None = None
    gaps: list[tuple[datetime, datetime]] = field(default_factory=list)

    async def heard_until(self) -> datetime | None:
        return self.until

    async def heard(self, at: datetime) -> None:
        self.until = at

    async def note(self, since: datetime, until: datetime) -> None:
        self.gaps.append((since, until))


@dataclass
class World:
    zoom: ZoomStandIn
    socket: ZoomEventSocket
    clock: MovableClock
    kept: Kept
    gaps: list[tuple[datetime, datetime]]
    stream: ZoomEventStream

    def body(self, event: str = "meeting.started", account: str = ACCOUNT, number: int = 0) -> JsonObject:
        about: JsonObject = {"id": "86000000001", "uuid": f"u{number}==", "host_id": "host"}
        return {"event": event, "event_ts": 1, "payload": {"account_id": account, "object": about}}


@asynccontextmanager
async def world(*, subscription: str = "sub-1", ear: Ear | None = None) -> AsyncIterator[World]:
    clock, kept = MovableClock(START), Kept()
    zoom = ZoomStandIn(clock.now)
    account = zoom.add_account(ACCOUNT)
    zoom.add_app(account, "client", CLIENT_SECRET, scopes=[])
    await zoom.start()
    socket = ZoomEventSocket(zoom, "sub-1")
    await socket.start()

    async with aiohttp.ClientSession() as session:
        secret = Secret(CLIENT_SECRET)
        oauth = ZoomOAuth(session, "client", secret, clock, zoom.oauth_url)
        parser = ZoomEventParser(hashed)
        ear = ear or Ear()
        gaps = ear.gaps
        stream = ZoomEventStream(
            session, oauth, "client", secret, subscription, ACCOUNT, parser, kept, clock, ear, socket.url
        )
        running = asyncio.create_task(stream.run())
        try:
            yield World(zoom, socket, clock, kept, gaps, stream)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await socket.stop()
            await zoom.stop()


async def passing(w: World, holds: Callable[[], bool], seconds: float = LONGEST_WAIT) -> None:
    """Let time pass until something is so, and no further: a heartbeat that is due again before its answer is here closes the connection."""

    def so_or_later() -> bool:
        if holds():
            return True
        w.clock.advance(timedelta(seconds=seconds))
        return False

    await until(so_or_later)


async def test_events_are_kept_whatever_they_are_wrapped_in() -> None:
    async with world() as w:
        await until(lambda: w.socket.connected)
        inner = json.dumps(w.body(number=1))
        frames = [
            json.dumps({"module": "message", "content": inner}),
            json.dumps({"module": "message", "content": w.body(number=2)}),
            json.dumps(w.body(number=3)),
        ]
        for frame in frames:
            await w.socket.send(frame)
        await until(lambda: len(w.kept.events) == 3)
        assert [event.session_id for event in w.kept.events] == ["u1==", "u2==", "u3=="]
        assert len({event.key for event in w.kept.events}) == 3


async def test_what_happens_at_the_stand_in_comes_through() -> None:
    async with world() as w:
        host, now = w.zoom.add_user(w.zoom.state.accounts[ACCOUNT], "host@choir.example"), w.clock.now()
        meeting = Meeting(86000000001, "", host.id, ACCOUNT, 2, "Choir", "", None, 60, "UTC", "", "", {}, now, "r")
        w.zoom.state.meetings[meeting.id] = meeting
        await until(lambda: w.socket.connected)
        w.zoom.on_event(w.socket.sink)
        w.zoom.start_meeting(meeting.id)
        w.zoom.live.intrude(meeting, "Somebody")
        await w.socket.flush()
        await until(lambda: w.kept.kinds == [EventKind.STARTED, EventKind.JOINED])


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "nonsense",
        "[]",
        "5",
        '{"module":"heartbeat"}',
        '{"module":"message"}',
        '{"module":"message","content":"hi"}',
    ],
)
def test_frames_without_an_event_are_passed_over(frame: str) -> None:
    assert unwrapped(frame) is None


async def test_events_of_another_account_and_unknown_ones_are_not_kept() -> None:
    async with world() as w:
        await until(lambda: w.socket.connected)
        for body in (w.body(account="another"), w.body("meeting.chat_message_sent"), {"event": "meeting.started"}):
            await w.socket.send(json.dumps(body))
        await w.socket.send(json.dumps(w.body(number=9)))
        await until(lambda: len(w.kept.events) == 1)
        assert w.stream.not_kept == 3


async def test_an_event_the_store_does_not_take_is_not_lost() -> None:
    async with world() as w:
        await until(lambda: w.socket.connected)
        w.kept.refusals = 3
        await w.socket.send(json.dumps(w.body()))
        await passing(w, lambda: len(w.kept.events) == 1, seconds=2)


async def test_a_broken_connection_is_opened_again_and_the_gap_is_told() -> None:
    async with world() as w:
        await until(lambda: w.socket.connected)
        await w.socket.send(json.dumps(w.body(number=1)))
        await until(lambda: len(w.kept.events) == 1)
        broken = w.clock.now()
        w.gaps.clear()
        await w.socket.drop()
        await passing(w, lambda: w.socket.opened == 2)
        await until(lambda: len(w.gaps) == 1)
        ((since, to),) = w.gaps
        assert START < since <= broken < to, "deaf since it was last known to hear"
        await w.socket.send(json.dumps(w.body(number=2)))
        await until(lambda: len(w.kept.events) == 2)


async def test_a_restart_tells_how_long_nobody_listened() -> None:
    ear = Ear(START - timedelta(hours=1))
    async with world(ear=ear) as w:
        await until(lambda: w.socket.connected)
        await until(lambda: len(ear.gaps) == 1)
        assert ear.gaps[0][0] == START - timedelta(hours=1)
        assert ear.until is not None
        assert ear.until > START - timedelta(hours=1)


async def test_the_first_time_nothing_was_missed() -> None:
    ear = Ear()
    async with world(ear=ear):
        await until(lambda: len(ear.gaps) == 1)
        assert ear.gaps[0][0] == ear.gaps[0][1]


async def test_it_beats_as_zoom_wants() -> None:
    async with world() as w:
        await until(lambda: w.socket.heartbeats == 1)
        w.clock.advance(timedelta(seconds=BEAT_EVERY + 1))
        await until(lambda: w.socket.heartbeats == 2)
        assert w.socket.opened == 1


@pytest.mark.parametrize("trouble", ["refused", "no server", "no token"])
async def test_nothing_logged_holds_the_address_or_the_token(trouble: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as events:
        async with world(subscription="wrong" if trouble == "refused" else "sub-1") as w:
            if trouble == "no server":
                await until(lambda: w.socket.connected)
                await w.socket.send(json.dumps(w.body()))
                await w.socket.stop()
            if trouble == "no token":
                await until(lambda: w.socket.connected)
                w.zoom.oauth.apps["client"].disabled = True
                await w.socket.drop()
            await passing(w, lambda: sum(event["event"] == "events.stream_lost" for event in events) >= 3)
            hidden = {*w.zoom.secrets(), CLIENT_SECRET, "access_token", "subscriptionId"} - {""}
            assert w.socket.addresses
    seen = "\n".join([*map(str, events), caplog.text])
    assert [secret for secret in hidden if secret in seen] == []
