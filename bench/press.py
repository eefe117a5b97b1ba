"""Press to link: from the dispatch of INTERACTION_CREATE until the member's link stands in their reply, beside the bare HTTP round trips."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from bench.figures import over_rounds, table
from bench.lines import Child, started
from bench.load import even, paced, random_arrivals, saturate
from bench.machine import about_disk

ROUNDS = 5
LOADED_SHARE = 0.5
"""Of the saturation found in the same run."""
_HOLDERS = 200
_WARM_UP = 30
_AT_ONCE = 16


@dataclass(frozen=True)
class Plan:
    """What is asked for.

    Args:
        newcomers: whether members get their link for the first time; otherwise they press again.
        samples: presses, and as many bare trips, of each state (idle, loaded), spread over the rounds.
        synchronous: SQLite's setting, "normal" or "full".
        idle_rate: presses a second while the bot is idle: so few that none meets another.
        saturate_seconds: how long saturation is looked for.
    """

    newcomers: bool
    samples: int = 1000
    synchronous: str = "normal"
    idle_rate: float = 12.0
    saturate_seconds: float = 4.0
    guild_ready_timeout: float = 0.1


@dataclass
class State:
    """The samples of one state in milliseconds, one list a round."""

    rate: float
    press: list[list[float]] = field(default_factory=list)
    bare: list[list[float]] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        """Medians over rounds; `added` is press minus bare."""
        found = {"rate": self.rate, "samples": float(sum(map(len, self.press)))}
        for name, percent in (("p50", 50.0), ("p99", 99.0)):
            press, bare = over_rounds(self.press, percent), over_rounds(self.bare, percent)
            found |= {f"press_{name}": press, f"bare_{name}": bare, f"added_{name}": press - bare}
            found[f"ratio_{name}"] = press / bare
        return found


async def measure(plan: Plan, folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """One run: saturation, then five rounds of idle and loaded presses, each beside its bare trips."""
    per_round = max(1, plan.samples // ROUNDS)
    wanted = 2 * ROUNDS * per_round + _WARM_UP + int(60 * plan.saturate_seconds) + _AT_ONCE
    members = 1 + (wanted if plan.newcomers else min(_HOLDERS, wanted))
    async with AsyncExitStack() as stack:
        town = {"guilds": 1, "roles": 20, "channels": 20, "members": members}
        stand_ins = await stack.enter_async_context(started("bench.stand_ins", town, folder / "stand_ins.log"))
        config = {
            "stand_ins": dict(stand_ins.ready),
            "folder": str(folder),
            "key": Fernet.generate_key().decode(),
            "synchronous": plan.synchronous,
            "guild_ready_timeout": plan.guild_ready_timeout,
        }
        await stack.enter_async_context(started("bench.bot_process", config, folder / "bot.log"))
        bare = await stack.enter_async_context(started("bench.bare_trips", stand_ins.ready, folder / "bare.log"))
        await stand_ins.ask("open_links")
        await bare.ask("prepare")
        return await _rounds(plan, per_round, _Hands(plan, stand_ins, bare, members), folder, say)


class _Hands:
    """Whose turn it is to press."""

    def __init__(self, plan: Plan, stand_ins: Child, bare: Child, members: int) -> None:
        self._stand_ins, self._bare = stand_ins, bare
        self._members = iter(range(1, members)) if plan.newcomers else itertools.cycle(range(1, members))
        self._holders = 0 if plan.newcomers else members - 1
        self.trips: list[dict[str, Any]] = []

    async def prepare(self) -> None:
        """Everybody who is to hold a link gets one, and one press is watched for its HTTP requests."""
        for _ in range(self._holders):
            await self.press()
        if self._holders:
            await self._stand_ins.ask("press", member=0)
        self.trips = (await self._stand_ins.ask("trips", member=0))["trips"]

    async def press(self) -> float:
        answer = await self._stand_ins.ask("press", member=next(self._members))
        return float(answer["ms"])

    async def bare(self) -> float:
        interaction = await self._stand_ins.ask("bare_press")
        answer = await self._bare.ask("go", trips=self.trips, id=interaction["id"], token=interaction["token"])
        return float(answer["ms"])

    async def refusals(self) -> dict[str, Any]:
        answer = await self._stand_ins.ask("refusals")
        return {name: answer[name] for name in ("discord", "zoom")}


async def _rounds(
    plan: Plan, per_round: int, hands: _Hands, folder: Path, say: Callable[[str], None]
) -> dict[str, Any]:
    await hands.prepare()
    for act in (hands.press, hands.bare):
        await _several(act, _WARM_UP // 2)
    saturation = await saturate(hands.press, at_once=_AT_ONCE, seconds=plan.saturate_seconds)
    say(f"saturation: {saturation:.1f} presses a second, {_AT_ONCE} people at once")
    idle, loaded = State(plan.idle_rate), State(saturation * LOADED_SHARE)
    for number in range(ROUNDS):
        for state, gaps in ((idle, even(idle.rate)), (loaded, random_arrivals(loaded.rate, number))):
            press, bare = await paced((hands.press, hands.bare), gaps, per_round)
            state.press.append(press)
            state.bare.append(bare)
        say(f"round {number + 1} of {ROUNDS} done")
    return {
        "who": "newcomers" if plan.newcomers else "holders",
        "trips": [f"{trip['service']} {trip['method']}" for trip in hands.trips],
        "saturation": saturation,
        "idle": idle.figures(),
        "loaded": loaded.figures(),
        "refused": await hands.refusals(),
        "disk": about_disk(folder, plan.synchronous),
    }


async def _several(act: Callable[[], Awaitable[float]], times: int) -> None:
    for _ in range(times):
        await act()
        await asyncio.sleep(0.06)


def report(result: dict[str, Any]) -> str:
    """The figures as a table with what has to be known to read it."""
    rows = []
    for state in ("idle", "loaded"):
        figures = result[state]
        for name in ("p50", "p99"):
            press, bare, added, ratio = (figures[f"{kind}_{name}"] for kind in ("press", "bare", "added", "ratio"))
            rate = f"{figures['rate']:.1f}/s"
            rows.append([state, rate, name, f"{press:.1f}", f"{bare:.1f}", f"{added:.1f}", f"{ratio:.2f}"])
    who = {
        "holders": "members who hold a link press again",
        "newcomers": "members get a link for the first time",
    }[result["who"]]
    head = ["state", "rate", "", "press ms", "bare ms", "added ms", "press / bare"]
    return "\n".join(
        [
            f"Press to link: {who}.",
            f"HTTP requests of one press: {', '.join(result['trips'])}.",
            f"Saturation {result['saturation']:.1f}/s; {result['idle']['samples']:.0f} presses and as many bare trips of each state.",
            "The stand-ins' limits are on (Zoom: plan Pro; Discord: its defaults), and so is the bot's own pacing.",
            f"Requests refused by the stand-ins: Discord {result['refused']['discord']}, Zoom {result['refused']['zoom']}.",
            result["disk"],
            "",
            table(head, rows),
        ]
    )
