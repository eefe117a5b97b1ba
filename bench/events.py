"""Events kept and answered per second, beside a bare handler that only verifies their signature."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from cryptography.fernet import Fernet

from bench.figures import over_rounds, table
from bench.lines import started
from bench.machine import about_disk

ROUNDS = 5
_ZOOM_ID = "86000000001"
_PATH = "/zoom/events"


@dataclass(frozen=True)
class Plan:
    """What is asked for.

    Args:
        connections: senders at once, each with a connection of its own, who send the next event as soon as the last one is answered.
        seconds: length of each turn; every round has one turn of each server.
        synchronous: SQLite's setting, "normal" or "full".
        database: the address of an empty PostgreSQL database; None: SQLite.
    """

    connections: int = 64
    seconds: float = 3.0
    synchronous: str = "normal"
    database: str | None = None


@dataclass
class Turns:
    """What one server did: events a second, milliseconds of each answer, and of its processor time for each event, a list a round."""

    rates: list[float] = field(default_factory=list)
    answers: list[list[float]] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    refused: int = 0

    def figures(self) -> dict[str, float]:
        """Medians over rounds."""
        return {
            "rate": median(self.rates),
            "p50": over_rounds(self.answers, 50.0),
            "p99": over_rounds(self.answers, 99.0),
            "cpu": median(self.cpu),
            "samples": float(sum(map(len, self.answers))),
            "refused": float(self.refused),
        }


async def measure(plan: Plan, folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Rounds of one turn each, so that both servers meet the same moments of the machine."""
    secret = secrets.token_urlsafe(16)
    config = {
        "secret": secret,
        "folder": str(folder),
        "key": Fernet.generate_key().decode(),
        "synchronous": plan.synchronous,
        "database": plan.database,
        "zoom_id": _ZOOM_ID,
    }
    bare, kept = Turns(), Turns()
    numbers = itertools.count()
    async with AsyncExitStack() as stack:
        servers = []
        for turns, is_bare in ((bare, True), (kept, False)):
            log = folder / ("bare.log" if is_bare else "kept.log")
            child = await stack.enter_async_context(started("bench.event_server", {**config, "bare": is_bare}, log))
            servers.append((turns, child))
        for number in range(ROUNDS):
            for turns, child in servers:
                before = (await child.ask("cpu"))["seconds"]
                answered = await _turn(plan, int(child.ready["port"]), secret, turns, numbers)
                turns.cpu.append(((await child.ask("cpu"))["seconds"] - before) * 1000 / answered)
            say(f"round {number + 1} of {ROUNDS} done")
    return {
        "connections": plan.connections,
        "bare": bare.figures(),
        "kept": kept.figures(),
        "ratio": median(k / b for k, b in zip(kept.rates, bare.rates, strict=True)),
        "cpu_ratio": median(b / k for k, b in zip(kept.cpu, bare.cpu, strict=True)),
        "store": "PostgreSQL" if plan.database else about_disk(folder, plan.synchronous),
    }


def report(result: dict[str, Any]) -> str:
    """The figures as a table."""
    rows = []
    for name in ("bare", "kept"):
        figures = result[name]
        numbers = [f"{figures[of]:.1f}" for of in ("p50", "p99")] + [f"{figures['cpu']:.3f}"]
        rows.append([name, f"{figures['rate']:.0f}/s", *numbers, f"{figures['refused']:.0f}"])
    head = ["handler", "events", "p50 ms", "p99 ms", "CPU ms each", "not 204"]
    return (
        f"{result['connections']} connections; {result['store']}\n"
        f"Kept and answered as a ratio to the bare handler: {result['ratio']:.2f}; by processor time: {result['cpu_ratio']:.2f}\n\n"
        + table(head, rows)
    )


async def _turn(plan: Plan, port: int, secret: str, turns: Turns, numbers: Iterator[int]) -> int:
    """How many were answered."""
    answers: list[float] = []
    began = time.perf_counter()
    ends = began + plan.seconds
    await asyncio.gather(*(_sender(port, secret, ends, answers, turns, numbers) for _ in range(plan.connections)))
    turns.rates.append(len(answers) / (time.perf_counter() - began))
    turns.answers.append(answers)
    return len(answers)


async def _sender(
    port: int, secret: str, ends: float, answers: list[float], turns: Turns, numbers: Iterator[int]
) -> None:
    """One connection. Plain streams instead of an HTTP client, so that sending costs as little as can be."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.perf_counter() < ends:
        request = _request(secret, next(numbers))
        sent = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        answers.append((time.perf_counter() - sent) * 1000)
        turns.refused += not head.startswith(b"HTTP/1.1 204")
    writer.close()
    await writer.wait_closed()


def _request(secret: str, number: int) -> bytes:
    """One participant who joined; every event is another, because repeated ones would be passed over."""
    participant = {
        "user_id": str(16_778_240 + number),
        "user_name": "Ana·K7F",
        "participant_uuid": f"{number:022d}==",
        "registrant_id": f"registrant-{number}",
        "email": f"m{number}@guests.choir.example",
        "join_time": "2027-03-02T20:00:05Z",
    }
    about = {
        "id": _ZOOM_ID,
        "uuid": "4444AAAiAAAAAiAiAiiAii==",
        "host_id": "host",
        "topic": "Choir",
        "type": 2,
        "start_time": "2027-03-02T20:00:00Z",
        "timezone": "UTC",
        "duration": 60,
        "participant": participant,
    }
    event = {"event": "meeting.participant_joined", "event_ts": 1_800_000_000_000 + number}
    body = json.dumps({**event, "payload": {"account_id": "account", "object": about}}).encode()
    timestamp = str(int(time.time()))
    signature = hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    head = (
        f"POST {_PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"x-zm-request-timestamp: {timestamp}\r\nx-zm-signature: v0={signature}\r\n\r\n"
    )
    return head.encode() + body
