"""The endpoint over real sockets with the real store behind it: what is answered when, and what is left behind."""

from __future__ import annotations

import asyncio
import io
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from bot.adapters.store.unit_of_work import SqlStore
from bot.adapters.web.server import WebServer
from bot.adapters.web.webhooks import PATH, Webhooks
from bot.adapters.zoom.events import ZoomEventReader, address_hash, signature_of
from bot.domain.errors import Transient
from bot.domain.values import Secret, ZoomMeetingId
from bot.logs import configure_logs
from bot.ports import EventIntake, EventKind, IncomingEvent
from bot.services.intake import Intake
from tests.contracts.stores import MEETING, NOW, TestChance, add_meeting, everything_stored, meeting, opened, traces_of
from tests.services.fakes import FixedClock
from tests.shared_files import shared
from tests.waiting import PATIENCE, until

SECRET = Secret("the-secret-token-of-the-app")
ZOOM = ZoomMeetingId("86000000001")


@dataclass
class Recording:
    """Passes batches on, notes their sizes, and can be slow or fail."""

    inner: EventIntake
    sizes: list[int] = field(default_factory=list)
    gate: asyncio.Event | None = None
    fail: list[Exception] = field(default_factory=list)
    poison: str = ""

    async def store(self, batch: Sequence[IncomingEvent]) -> None:
        self.sizes.append(len(batch))
        if self.gate is not None:
            await self.gate.wait()
        if self.fail:
            raise self.fail.pop(0)
        if any(event.session_id == self.poison for event in batch):
            raise ValueError("one of them breaks the statement")
        await self.inner.store(batch)


@dataclass
class Endpoint:
    """A server with the endpoint, and Zoom's side of it."""

    url: str
    store: SqlStore
    intake: Recording
    webhooks: Webhooks
    session: aiohttp.ClientSession

    async def post(self, body: bytes, *, age: timedelta = timedelta(), **headers: str) -> int:
        timestamp = str(int((NOW - age).timestamp()))
        signed = {"x-zm-request-timestamp": timestamp, "x-zm-signature": signature_of(SECRET, timestamp, body)}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.post(self.url, data=body, headers={**signed, **named}) as answer:
            return answer.status

    async def kept(self) -> list[IncomingEvent]:
        async with self.store.read() as uow:
            return list(await uow.inbox.waiting(MEETING, list(EventKind)))


@asynccontextmanager
async def endpoint(url: str, *, answer_within: float = PATIENCE) -> AsyncIterator[Endpoint]:
    clock = FixedClock(NOW)
    async with opened(url) as store, aiohttp.ClientSession() as session:
        async with store.work() as uow:
            await add_meeting(uow, meeting(zoom_id=ZOOM))
            await uow.commit()
        intake = Recording(Intake(store, clock, TestChance()))
        reader = ZoomEventReader(SECRET, clock, lambda address: address_hash(b"key", address))
        webhooks = Webhooks(reader, intake, answer_within=answer_within)
        web = WebServer("127.0.0.1", 0, webhooks.routes())
        await web.start()
        try:
            yield Endpoint(f"http://127.0.0.1:{web.port}{PATH}", store, intake, webhooks, session)
        finally:
            if intake.gate is not None:
                intake.gate.set()
            await web.stop()


def body(uuid: str = "u1", event: str = "meeting.started", **extra: object) -> bytes:
    about = {"id": str(ZOOM), "uuid": uuid, "host_id": "host-1", **extra}
    return json.dumps({"event": event, "event_ts": 1, "payload": {"account_id": "a", "object": about}}).encode()


async def test_a_delivery_is_answered_when_it_is_kept_and_kept_once(store_url: str) -> None:
    async with endpoint(store_url) as e:
        assert await e.post(body()) == 204
        assert [event.session_id for event in await e.kept()] == ["u1"]
        assert await e.post(body()) == 204
        assert await e.post(body(), age=timedelta(minutes=20)) == 204
        assert len(await e.kept()) == 1


async def test_what_comes_while_one_commit_is_written_shares_the_next(store_url: str) -> None:
    async with endpoint(store_url) as e:
        e.session.connector._limit = 200  # type: ignore[union-attr]
        e.intake.gate = asyncio.Event()
        posting = [asyncio.create_task(e.post(body("u0")))]
        await until(lambda: e.intake.sizes == [1])
        posting += [asyncio.create_task(e.post(body(f"u{number}"))) for number in range(1, 200)]
        await until(lambda: len(e.webhooks._group._waiting) == 199)
        e.intake.gate.set()
        assert Counter(await asyncio.gather(*posting)) == {204: 200}
        assert e.intake.sizes == [1, 199]
        assert len(await e.kept()) == 200


async def test_nothing_is_acknowledged_before_the_commit(sqlite_url: str) -> None:
    async with endpoint(sqlite_url) as e:
        e.intake.gate = asyncio.Event()
        waiting = asyncio.create_task(e.post(body()))
        await until(lambda: e.intake.sizes == [1])
        assert not waiting.done()
        e.intake.gate.set()
        assert await waiting == 204


async def test_a_slow_store_is_not_now_and_the_event_is_kept_all_the_same(sqlite_url: str) -> None:
    async with endpoint(sqlite_url, answer_within=0.1) as e:
        e.intake.gate = asyncio.Event()
        assert await e.post(body()) == 503
        e.webhooks._answer_within = PATIENCE
        e.intake.gate.set()
        assert await e.post(body()) == 204
        assert len(await e.kept()) == 1


async def test_a_store_that_cannot_now_is_503_and_the_next_delivery_is_taken(sqlite_url: str) -> None:
    async with endpoint(sqlite_url) as e:
        e.intake.fail = [Transient("Busy.", code="store_busy"), OSError("disk"), OSError("disk")]
        assert await e.post(body()) == 503
        assert await e.post(body()) == 503
        e.intake.fail.clear()
        assert await e.post(body()) == 204


async def test_one_event_that_breaks_the_group_does_not_hold_up_the_others(sqlite_url: str) -> None:
    async with endpoint(sqlite_url) as e:
        e.intake.poison = "bad"
        e.intake.gate = asyncio.Event()
        first = asyncio.create_task(e.post(body("u0")))
        await until(lambda: e.intake.sizes == [1])
        rest = [asyncio.create_task(e.post(body(uuid))) for uuid in ("u1", "bad", "u2")]
        await until(lambda: len(e.webhooks._group._waiting) == 3)
        e.intake.gate.set()
        assert await asyncio.gather(first, *rest) == [204, 204, 503, 204]
        assert {event.session_id for event in await e.kept()} == {"u0", "u1", "u2"}


async def test_whoever_is_not_zoom_leaves_nothing_behind(store_url: str) -> None:
    async with endpoint(store_url) as e:
        assert await e.post(body("CANARYforged"), x_zm_signature="v0=" + "0" * 64) == 401
        assert await e.post(body("CANARYstale"), age=timedelta(hours=3)) == 401
        assert await e.post(b"CANARYnonsense") == 401
        async with e.session.post(e.url, data=b"CANARYbare") as answer:
            assert (answer.status, await answer.read()) == (401, b"")
        assert await e.post(b"{" + b" " * 300_000) == 413
        async with e.session.get(e.url) as answer:
            assert answer.status == 405
        assert await e.kept() == []
        assert b"CANARY" not in await everything_stored(e.store)
        assert e.intake.sizes == []


async def test_two_signatures_are_no_signature(sqlite_url: str) -> None:
    async with endpoint(sqlite_url) as e:
        timestamp = str(int(NOW.timestamp()))
        good = signature_of(SECRET, timestamp, body())
        headers = [("x-zm-request-timestamp", timestamp), ("x-zm-signature", good), ("x-zm-signature", good)]
        async with e.session.post(e.url, data=body(), headers=headers) as answer:
            assert answer.status == 401


async def test_unknown_events_are_acknowledged_and_counted(sqlite_url: str) -> None:
    async with endpoint(sqlite_url) as e:
        assert await e.post(body(event="meeting.something_new")) == 204
        assert e.webhooks.not_kept == {"meeting.something_new": 1}
        assert await e.kept() == []


async def test_zoom_can_validate_the_address(sqlite_url: str) -> None:
    async with endpoint(sqlite_url) as e:
        asked = json.dumps({"event": "endpoint.url_validation", "payload": {"plainToken": "qgg8"}}).encode()
        timestamp = str(int(NOW.timestamp()))
        headers = {"x-zm-request-timestamp": timestamp, "x-zm-signature": signature_of(SECRET, timestamp, asked)}
        async with e.session.post(e.url, data=asked, headers=headers) as answer:
            assert answer.status == 200
            said = await answer.json()
        assert said["plainToken"] == "qgg8"
        assert set(said) == {"plainToken", "encryptedToken"}


MAY_STAY = {
    "account_id",
    "uuid",
    "host_id",
    "user_id",
    "participant_uuid",
    "participant_user_id",
    "parent_user_id",
    "bind_user_id",
    "bind_participant_uuid",
    "registrant_id",
    "breakout_room_uuid",
    "user_name",
    "old_role",
    "new_role",
    "status",
    "content",
    "post_platform",
}
"""Text fields that may be kept as they come; every other gets a canary."""


def with_canaries(value: Any, name: str = "", above: str = "") -> Any:
    """Every text that must not be kept made a canary, every number that must not be kept one of digits."""
    if isinstance(value, dict):
        return {key: with_canaries(inner, key, name) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_canaries(inner, name, above) for inner in value]
    kept_id = name == "id" and above in ("object", "participant", "registrant")
    if name in MAY_STAY or kept_id or name.endswith(("_time", "event_ts")) or name == "event":
        return str(ZOOM) if kept_id and above == "object" else value
    if isinstance(value, str):
        return f"CANARY-{above}-{name}@canary.example/j/99887766554?pwd=CANARY"
    return 99_887_766_554 if isinstance(value, int) and not isinstance(value, bool) else value


async def test_no_canary_of_any_published_sample_is_left_in_database_or_logs(store_url: str) -> None:
    written = io.StringIO()
    configure_logs(level="debug", form="json", stream=written)
    async with endpoint(store_url) as e:
        names = {kind.value for kind in EventKind}
        sent = 0
        for path in sorted(shared("specs/zoom-webhook-samples").glob("*.json")):
            sample = json.loads(path.read_text(encoding="utf-8"))
            if sample.get("event") == "endpoint.url_validation" or "event" not in sample:
                continue
            filled = with_canaries(sample)
            about = filled["payload"].get("object", {})
            about |= {"public_ip": "203.0.113.77", "join_url": "https://us02web.zoom.us/j/1?pwd=CANARY"}
            if isinstance(about.get("participant"), dict):
                about["participant"] |= {"private_ip": "203.0.113.78", "phone_number": "99887766554"}
            assert await e.post(json.dumps(filled).encode()) == 204, path.name
            sent += sample["event"] in names
        stored = await everything_stored(e.store)
        async with e.store.read() as uow:
            assert await uow.inbox.heard("AAAAAABBBB", NOW)
    assert sent == len(names)
    for canary in ("CANARY", "canary.example", "99887766554", "203.0.113.7"):
        assert not any(trace in stored for trace in traces_of(canary)), canary
        assert canary not in written.getvalue(), canary


@pytest.mark.parametrize("canary", ["CANARY", "99887766554"])
def test_the_canaries_are_in_what_is_sent(canary: str) -> None:
    sample = json.loads((shared("specs/zoom-webhook-samples") / "meeting.registration_created.json").read_text())
    assert canary in json.dumps(with_canaries(sample))
