"""What is counted and measured, in one place, for Prometheus (https://prometheus.io/docs/practices/naming/).

Nothing here is about a person, a community or a meeting: labels are names of our own (a command, a kind of job, an outcome), never ids or texts, and
what does not look like such a name is counted as "other". Counters belong to the process and live as long as it does.
"""

from __future__ import annotations

import re

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""https://prometheus.io/docs/instrumenting/exposition_formats/"""

_WAITS = (0.005, 0.025, 0.1, 0.25, 1.0, 2.5, 5.0, 15.0)
_NAME = re.compile(r"[a-z][a-z_.:\- ]{0,63}")
_MOST_NAMES = 200
OTHER = "other"

_COMMANDS = Counter(
    "vestibule_commands", "Commands and presses answered, by outcome.", ["command", "outcome"], registry=REGISTRY
)
_JOBS = Counter("vestibule_jobs", "Jobs run, by how they ended.", ["task", "outcome"], registry=REGISTRY)
_ZOOM_REQUESTS = Counter(
    "vestibule_zoom_requests",
    "Requests to Zoom, by rate label and HTTP status (or why there was none).",
    ["label", "status"],
    registry=REGISTRY,
)
ZOOM_WAIT = Histogram(
    "vestibule_zoom_wait_seconds",
    "How long requests to Zoom waited for their turn under the account's limits.",
    ["label"],
    buckets=_WAITS,
    registry=REGISTRY,
)
STORE_SECONDS = Histogram(
    "vestibule_store_seconds",
    "How long transactions took from asking for one to its end, waits included.",
    ["lane"],
    buckets=_WAITS,
    registry=REGISTRY,
)
GATE_WAIT = Histogram(
    "vestibule_gate_wait_seconds",
    "How long write transactions waited for each other in this process (SQLite).",
    ["lane"],
    buckets=_WAITS,
    registry=REGISTRY,
)
_EVENTS = Counter(
    "vestibule_zoom_events", "Deliveries of Zoom's events, by how they were answered.", ["outcome"], registry=REGISTRY
)
DISCORD_CONNECTED = Gauge(
    "vestibule_discord_connected", "1 while Discord can reach what this process serves.", registry=REGISTRY
)
SHARDS = Gauge("vestibule_discord_shards", "Shards that this process serves.", registry=REGISTRY)

_seen: dict[str, set[str]] = {}


def count_command(command: str, outcome: str) -> None:
    """One command or press was answered."""
    _COMMANDS.labels(_named("command", command), _named("outcome", outcome)).inc()


def count_job(task: str, outcome: str) -> None:
    """One job was run."""
    _JOBS.labels(_named("task", task), outcome).inc()


def count_zoom_request(label: str, status: int | str) -> None:
    """One request went to Zoom."""
    _ZOOM_REQUESTS.labels(_named("label", label), str(status)).inc()


def count_event(outcome: str) -> None:
    """One delivery of Zoom's was answered."""
    _EVENTS.labels(outcome).inc()


def text() -> bytes:
    """Everything, as Prometheus reads it."""
    return generate_latest(REGISTRY)


def _named(kind: str, value: str) -> str:
    """`value` if it is a name of ours, and not one of more than there can be."""
    known = _seen.setdefault(kind, set())
    if value not in known and (len(known) >= _MOST_NAMES or not _NAME.fullmatch(value)):
        return OTHER
    known.add(value)
    return value
