"""What one event about a participant costs, in calls of different sizes: kept in the inbox, folded into the roster, written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any

from cryptography.fernet import Fernet

from bench.figures import over_rounds, table
from bench.lines import started
from bench.machine import about_disk
from bench.press import ROUNDS

AIM = 1.3
"""What an event should cost at most in the largest call, as a ratio to the smallest."""
_LOOKS = 20


@dataclass(frozen=True)
class Plan:
    """What is asked for.

    Args:
        sizes: people in each call, the smallest first: the baseline.
        samples: events in each call, spread over the rounds.
    """

    sizes: tuple[int, ...] = (10, 100, 1000)
    samples: int = 1000
    synchronous: str = "normal"
    warm_up: int = 50


async def measure(plan: Plan, folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Rounds in which each call has its turn, all in one database, so that all meet the same tables and the same moments."""
    config = {
        "folder": str(folder),
        "key": Fernet.generate_key().decode(),
        "synchronous": plan.synchronous,
        "sizes": list(plan.sizes),
    }
    per_round = max(1, plan.samples // ROUNDS)
    cost: dict[int, list[list[float]]] = {size: [] for size in plan.sizes}
    looks: dict[int, list[float]] = {size: [] for size in plan.sizes}
    async with started("bench.roster_process", config, folder / "roster.log") as child:
        for size in plan.sizes:
            await child.ask("feed", size=size, events=plan.warm_up)
        for number in range(ROUNDS):
            for size in plan.sizes:
                cost[size].append((await child.ask("feed", size=size, events=per_round))["ms"])
                looks[size].append((await child.ask("look", size=size, times=_LOOKS))["ms"])
            say(f"round {number + 1} of {ROUNDS} done")
    means = {size: median(mean(events) for events in cost[size]) for size in plan.sizes}
    least = means[plan.sizes[0]]
    return {
        "samples": per_round * ROUNDS,
        "calls": [
            {
                "people": size,
                "mean": means[size],
                "p50": over_rounds(cost[size], 50.0),
                "p99": over_rounds(cost[size], 99.0),
                "ratio": means[size] / least,
                "look": median(looks[size]),
            }
            for size in plan.sizes
        ],
        "disk": about_disk(folder, plan.synchronous),
    }


def report(result: dict[str, Any]) -> str:
    """The figures as a table, and once more in one line."""
    calls = result["calls"]
    columns = ("mean", "p50", "p99", "ratio", "look")
    rows = [[str(call["people"]), *(f"{call[column]:.2f}" for column in columns)] for call in calls]
    ratios = ", ".join(f"{call['people']}: {call['ratio']:.2f}" for call in calls)
    means = ", ".join(f"{call['mean']:.2f}" for call in calls)
    met = "met" if calls[-1]["ratio"] <= AIM else "missed"
    return "\n".join(
        [
            f"One event about a participant, kept, folded and written: processor time, {result['samples']} events in each call.",
            "A look is putting everybody together as the panel and the closed door see them; it comes beside, and is not in the other columns.",
            result["disk"],
            "",
            table(["people", "mean ms", "p50 ms", "p99 ms", f"mean / at {calls[0]['people']}", "a look ms"], rows),
            "",
            f"roster: mean CPU ms {means}; ratios {ratios} (aim {AIM}: {met})",
        ]
    )
