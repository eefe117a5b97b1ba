"""Start to ready: from just before the process is made until it says it is ready, beside a bare discord.py client."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from cryptography.fernet import Fernet

from bench.bare import bare_config
from bench.figures import table
from bench.lines import Child, started
from bench.machine import about_disk

_KINDS = ("bare", "empty", "existing")


@dataclass(frozen=True)
class Plan:
    """What is asked for: `starts` of each kind in each of `rounds`. `guild_ready_timeout` as in production unless said otherwise."""

    rounds: int = 5
    starts: int = 3
    synchronous: str = "normal"
    guild_ready_timeout: float = 2.0


async def measure(plan: Plan, folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """One run; the kinds of start take turns."""
    town = {"guilds": 10, "roles": 40, "channels": 30, "members": 10}
    seconds: dict[str, list[list[float]]] = {kind: [] for kind in _KINDS}
    async with started("bench.stand_ins", town, folder / "stand_ins.log") as stand_ins:
        starter = _Starter(plan, folder, stand_ins.ready)
        data = folder
        for number in range(plan.rounds):
            for kind in _KINDS:
                seconds[kind].append([])
            for again in range(plan.starts):
                data = folder / f"data-{number}-{again}"
                seconds["bare"][-1].append(await starter.bare())
                seconds["empty"][-1].append(await starter.bot(data))
                seconds["existing"][-1].append(await starter.bot(data))
            say(f"round {number + 1} of {plan.rounds} done")
    return {
        "starts": plan.rounds * plan.starts,
        "waiting": plan.guild_ready_timeout,
        "seconds": {kind: median(median(starts) for starts in rounds) for kind, rounds in seconds.items()},
        "slowest": {kind: max(map(max, rounds)) for kind, rounds in seconds.items()},
        "disk": about_disk(data, plan.synchronous),
    }


class _Starter:
    """Starts one process, notes how long it took to be ready, and ends it."""

    def __init__(self, plan: Plan, folder: Path, stand_ins: Mapping[str, Any]) -> None:
        self._plan, self._folder, self._stand_ins = plan, folder, dict(stand_ins)
        self._key = Fernet.generate_key().decode()

    async def bare(self) -> float:
        config = bare_config(self._stand_ins, self._plan.guild_ready_timeout)
        return await self._timed("bench.bare_client", config, "bare.log")

    async def bot(self, data: Path) -> float:
        config = {
            "stand_ins": self._stand_ins,
            "folder": str(data),
            "key": self._key,
            "synchronous": self._plan.synchronous,
            "guild_ready_timeout": self._plan.guild_ready_timeout,
        }
        return await self._timed("bench.bot_process", config, "bot.log")

    async def _timed(self, module: str, config: Mapping[str, Any], log: str) -> float:
        child = await Child.start(module, config, self._folder / log)
        await child.stop()
        return child.seconds_to_ready


def report(result: dict[str, Any]) -> str:
    """The figures as a table with what has to be known to read it."""
    names = {"bare": "bare client", "empty": "bot, no database yet", "existing": "bot, existing database"}
    base = result["seconds"]["bare"]
    rows = [
        [
            names[kind],
            f"{seconds:.2f}",
            f"{seconds - base:+.2f}",
            f"{seconds / base:.2f}",
            f"{result['slowest'][kind]:.2f}",
        ]
        for kind, seconds in result["seconds"].items()
    ]
    return "\n".join(
        [
            f"Start to ready, 10 communities, {result['starts']} starts of each kind.",
            f"Each holds {result['waiting']:g} s in which discord.py waits for further servers.",
            result["disk"],
            "",
            table(["start", "median s", "added s", "start / bare", "slowest s"], rows),
        ]
    )
