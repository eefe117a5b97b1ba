"""The command line of the benchmarks: `python -m bench --help`."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from bench import acting, events, memory, press, roster, rush, startup
from bench.machine import about_machine

Measure = Callable[[argparse.Namespace, Path, Callable[[str], None]], Awaitable[dict[str, Any]]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one benchmark and print its figures."""
    chosen = _parser().parse_args(arguments)
    say = _quiet if chosen.as_json else _progress
    machine, load, began = about_machine(), os.getloadavg()[0], perf_counter()
    with TemporaryDirectory(prefix="vestibule-bench-", dir=chosen.folder) as folder:
        result = asyncio.run(chosen.measure(chosen, Path(folder), say))
    if chosen.as_json:
        print(json.dumps({"machine": machine, **result}))
    else:
        load_now = os.getloadavg()[0]
        print(
            f"\n{machine}\nTook {perf_counter() - began:.0f} s; load average {load:.1f} before, {load_now:.1f} after."
        )
        print(chosen.report(result))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Benchmarks of the bot against stand-ins on this machine. Every figure stands beside a baseline of the same run. "
        "Nothing leaves this machine. docs/benchmarks.md explains the figures.",
    )
    commands = parser.add_subparsers(title="benchmarks", metavar="BENCHMARK", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", dest="as_json", action="store_true", help="print one JSON object instead of tables")
    common.add_argument(
        "--folder", type=Path, help="where databases are kept while it runs (default: the system's folder)"
    )
    database = argparse.ArgumentParser(add_help=False)
    database.add_argument("--synchronous", choices=("normal", "full"), default="normal", help="SQLite's setting")

    what = "from the press on the button to the link in the reply"
    command = commands.add_parser("press", parents=[common, database], help=what, description=f"Time {what}.")
    command.add_argument("--who", choices=("holders", "newcomers"), default="holders", help="who presses")
    command.add_argument("--samples", type=int, default=1000, help="presses idle and as many loaded")
    command.add_argument("--idle-rate", type=float, default=12.0, help="presses a second while idle")
    command.add_argument("--saturate-seconds", type=float, default=4.0, help="how long saturation is looked for")
    command.set_defaults(measure=_press, report=press.report)

    what = "how very many first presses within seconds are served"
    command = commands.add_parser("rush", parents=[common, database], help=what, description=f"Measure {what}.")
    command.add_argument("--members", type=int, default=1000, help="how many press, each once")
    command.add_argument("--within", type=float, default=10.0, help="seconds over which they press")
    command.add_argument("--zoom-seconds", type=float, default=0.3, help="how long Zoom takes for each answer")
    command.set_defaults(measure=_rush, report=rush.report)

    what = "from the start of the process until it is ready"
    command = commands.add_parser("startup", parents=[common, database], help=what, description=f"Time {what}.")
    command.add_argument("--rounds", type=int, default=5)
    command.add_argument("--starts", type=int, default=3, help="starts of each kind in a round")
    command.add_argument("--guild-ready-timeout", type=float, default=2.0, help="seconds; 2 in production")
    command.set_defaults(measure=_startup, report=startup.report)

    what = "resident memory for each community"
    command = commands.add_parser("memory", parents=[common], help=what, description=f"Measure {what}.")
    command.add_argument("--few", type=int, default=10, help="communities of the small measurement")
    command.add_argument("--many", type=int, default=2500, help="communities of the large measurement")
    command.add_argument("--rounds", type=int, default=5)
    command.add_argument("--guild-ready-timeout", type=float, default=2.0, help="seconds; 2 in production")
    command.add_argument("--settle", type=float, default=1.0, help="seconds from ready to the measurement")
    command.set_defaults(measure=_memory, report=memory.report)
    what = "events of Zoom's kept and answered per second"
    command = commands.add_parser("events", parents=[common, database], help=what, description=f"Measure {what}.")
    command.add_argument("--connections", type=int, default=64, help="senders at once")
    command.add_argument("--seconds", type=float, default=3.0, help="length of each turn")
    command.add_argument("--database", help="the address of an empty PostgreSQL database (default: SQLite)")
    command.set_defaults(measure=_events, report=events.report)

    for name, what in (
        ("lock", "from the press on Lock to the first request at Zoom"),
        ("stranger", "from a stranger's event to their removal while the door is closed"),
    ):
        command = commands.add_parser(name, parents=[common, database], help=what, description=f"Time {what}.")
        command.add_argument("--samples", type=int, default=acting.SAMPLES[name], help="acts idle and as many loaded")
        command.add_argument("--rate", type=float, default=acting.RATES[name], help="acts a second")
        command.add_argument("--saturate-seconds", type=float, default=4.0, help="how long saturation is looked for")
        command.set_defaults(measure=_acting, report=acting.report, what=name)

    what = "what one event about a participant costs in calls of 10, 100 and 1,000 people"
    command = commands.add_parser("roster", parents=[common, database], help=what, description=f"Measure {what}.")
    command.add_argument("--samples", type=int, default=1000, help="events in each call")
    command.set_defaults(measure=_roster, report=roster.report)
    return parser


async def _press(chosen: argparse.Namespace, folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    plan = press.Plan(
        newcomers=chosen.who == "newcomers",
        samples=chosen.samples,
        synchronous=chosen.synchronous,
        idle_rate=chosen.idle_rate,
        saturate_seconds=chosen.saturate_seconds,
    )
    return await press.measure(plan, folder, say)


async def _rush(chosen: argparse.Namespace, folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    plan = rush.Plan(chosen.members, chosen.within, chosen.zoom_seconds, chosen.synchronous)
    return await rush.measure(plan, folder, say)


async def _startup(chosen: argparse.Namespace, folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    plan = startup.Plan(chosen.rounds, chosen.starts, chosen.synchronous, chosen.guild_ready_timeout)
    return await startup.measure(plan, folder, say)


async def _memory(chosen: argparse.Namespace, folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    plan = memory.Plan(
        few=chosen.few,
        many=chosen.many,
        rounds=chosen.rounds,
        guild_ready_timeout=chosen.guild_ready_timeout,
        settle=chosen.settle,
    )
    return await memory.measure(plan, folder, say)


async def _events(chosen: argparse.Namespace, folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    plan = events.Plan(chosen.connections, chosen.seconds, chosen.synchronous, chosen.database)
    return await events.measure(plan, folder, say)


async def _acting(chosen: argparse.Namespace, folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    plan = acting.Plan(
        chosen.what,
        samples=chosen.samples,
        synchronous=chosen.synchronous,
        rate=chosen.rate,
        saturate_seconds=chosen.saturate_seconds,
    )
    return await acting.measure(plan, folder, say)


async def _roster(chosen: argparse.Namespace, folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    return await roster.measure(roster.Plan(samples=chosen.samples, synchronous=chosen.synchronous), folder, say)


def _progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _quiet(_: str) -> None:
    return


if __name__ == "__main__":
    sys.exit(main())
