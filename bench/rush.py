"""A rush: very many members press within seconds, each for the first time, against a Zoom that takes its time, under a Pro account's limits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from cryptography.fernet import Fernet

from bench.figures import percentile, table
from bench.lines import Child, started
from bench.load import even
from bench.machine import about_disk
from bot.rehearsal.zoom_limits import ALLOWANCES, Label
from bot.rehearsal.zoom_limits import Plan as ZoomPlan

AIM = 3.0
"""Seconds from press to link that 99 of 100 people should wait at most."""
BATCH = 30
"""Registrants in one batch call (https://developers.zoom.us/docs/api/rate-limits/)."""


@dataclass(frozen=True)
class Plan:
    """What is asked for.

    Args:
        members: how many press, each once.
        within: over how many seconds their presses are spread, evenly.
        zoom_seconds: how long Zoom takes for each answer.
        synchronous: SQLite's setting, "normal" or "full".
    """

    members: int = 1000
    within: float = 10.0
    zoom_seconds: float = 0.3
    synchronous: str = "normal"
    guild_ready_timeout: float = 0.1


def bounds(plan: Plan) -> dict[str, float]:
    """Seconds below which nobody could have served everybody: one person a call, and 30 a call, at Zoom's full limits."""
    limits = ALLOWANCES[ZoomPlan.PRO]
    single = plan.members / limits[Label.LIGHT].calls
    batch = plan.members / (limits[Label.HEAVY].calls * BATCH)
    return {name: max(plan.within, least) + plan.zoom_seconds for name, least in (("single", single), ("batch", batch))}


async def measure(plan: Plan, folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """One rush."""
    async with AsyncExitStack() as stack:
        town = {"guilds": 1, "roles": 20, "channels": 20, "members": plan.members}
        stand_ins = await stack.enter_async_context(started("bench.stand_ins", town, folder / "stand_ins.log"))
        config = {
            "stand_ins": dict(stand_ins.ready),
            "folder": str(folder),
            "key": Fernet.generate_key().decode(),
            "synchronous": plan.synchronous,
            "guild_ready_timeout": plan.guild_ready_timeout,
        }
        bot = await stack.enter_async_context(started("bench.bot_process", config, folder / "bot.log"))
        await stand_ins.ask("open_links")
        await stand_ins.ask("slow_zoom", seconds=plan.zoom_seconds)
        before = [(await child.ask("cpu"))["seconds"] for child in (bot, stand_ins)]
        say(f"{plan.members} people press within {plan.within:.0f} s")
        waits, unanswered, finished = await _rush(plan, stand_ins)
        after = [(await child.ask("cpu"))["seconds"] for child in (bot, stand_ins)]
        refused = await stand_ins.ask("refusals")
        calls = await stand_ins.ask("registrations")
    least = bounds(plan)
    return {
        "members": plan.members,
        "within": plan.within,
        "zoom_ms": plan.zoom_seconds * 1000,
        "p50": percentile(waits, 50),
        "p99": percentile(waits, 99),
        "worst": max(waits),
        "unanswered": unanswered,
        "finished": finished,
        **{f"{name}_bound": seconds for name, seconds in least.items()},
        **{f"{name}_ratio": finished / seconds for name, seconds in least.items()},
        "calls": calls,
        "cpu": {
            name: (end - start) * 1000 / plan.members
            for name, start, end in zip(("bot", "stand_ins"), before, after, strict=True)
        },
        "refused": {name: refused[name] for name in ("discord", "zoom", "zoom_429")},
        "disk": about_disk(folder, plan.synchronous),
    }


async def _rush(plan: Plan, stand_ins: Child) -> tuple[list[float], int, float]:
    """Milliseconds each person waited, how many got no link, and seconds from the first press to the last link."""
    gaps = even(plan.members / plan.within)
    began = due = perf_counter()
    asked: list[asyncio.Task[dict[str, Any]]] = []
    for member in range(plan.members):
        await asyncio.sleep(max(0.0, due - perf_counter()))
        asked.append(asyncio.create_task(stand_ins.ask("press", member=member)))
        due += next(gaps)
    answers = await asyncio.gather(*asked, return_exceptions=True)
    waits = [float(answer["ms"]) for answer in answers if not isinstance(answer, BaseException)]
    return waits, len(answers) - len(waits), perf_counter() - began


def report(result: dict[str, Any]) -> str:
    """The figures with what has to be known to read them."""
    rows = [
        [name, f"{result[f'{name}_bound']:.1f}", f"{result['finished']:.1f}", f"{result[f'{name}_ratio']:.2f}"]
        for name in ("single", "batch")
    ]
    calls, refused, cpu = result["calls"], result["refused"], result["cpu"]
    gap = result["within"] * 1000 / result["members"]
    met = "met" if result["p99"] <= AIM * 1000 and not result["unanswered"] else "missed"
    return "\n".join(
        [
            f"A rush: {result['members']} members press within {result['within']:.0f} s; Zoom (plan Pro) answers in {result['zoom_ms']:.0f} ms.",
            f"Press to link: p50 {result['p50']:.0f} ms, p99 {result['p99']:.0f} ms (aim {AIM:.0f} s: {met}), worst {result['worst']:.0f} ms.",
            f"{result['unanswered']} got no link: Discord takes a first answer within 3 s, and a machine with too much to do is later.",
            f"Zoom was asked {calls['single']} times for one person and {calls['batch']} times for several.",
            f"Processor time for each press: bot {cpu['bot']:.1f} ms, stand-ins {cpu['stand_ins']:.1f} ms. The presses come "
            f"{gap:.1f} ms apart; whatever takes longer on one core falls behind.",
            f"Refused: Discord {refused['discord']}, Zoom {refused['zoom']}, of which for its limits (429) {refused['zoom_429']}.",
            result["disk"],
            "",
            table(["bound", "least s", "took s", "took / least"], rows),
        ]
    )
