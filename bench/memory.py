"""Resident memory: added bytes for each community, beside a bare discord.py client with the same intents and cache flags."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from cryptography.fernet import Fernet

from bench.bare import bare_config
from bench.figures import table
from bench.lines import started

AIM = 1.15
_KINDS = ("bare", "bot")


@dataclass(frozen=True)
class Plan:
    """What is asked for: memory with `few` and with `many` communities in each of `rounds`, `settle` seconds after a process is ready."""

    few: int = 10
    many: int = 2500
    roles: int = 40
    channels: int = 30
    rounds: int = 5
    guild_ready_timeout: float = 2.0
    settle: float = 1.0


async def measure(plan: Plan, folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """One run. Bot and bare client of one size run side by side: memory does not depend on speed."""
    in_use: dict[tuple[str, int], list[int]] = {(kind, size): [] for kind in _KINDS for size in (plan.few, plan.many)}
    async with AsyncExitStack() as stack:
        towns = {}
        for size in (plan.few, plan.many):
            town = {"guilds": size, "roles": plan.roles, "channels": plan.channels, "members": 1}
            child = await stack.enter_async_context(started("bench.stand_ins", town, folder / f"stand_ins_{size}.log"))
            towns[size] = child.ready
        say("the communities stand")
        for number in range(plan.rounds):
            for size, stand_ins in towns.items():
                found = await asyncio.gather(_bare(plan, stand_ins, folder), _bot(plan, stand_ins, folder, size))
                for kind, taken in zip(_KINDS, found, strict=True):
                    in_use[kind, size].append(taken)
            say(f"round {number + 1} of {plan.rounds} done")
    return {"plan": vars(plan), **_figures(plan, in_use)}


def _figures(plan: Plan, in_use: Mapping[tuple[str, int], list[int]]) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for kind in _KINDS:
        few, many = median(in_use[kind, plan.few]), median(in_use[kind, plan.many])
        each = (many - few) / (plan.many - plan.few)
        figures[kind] = {"few": few, "many": many, "each": each, "constant": few - each * plan.few}
    return figures | {"ratio": figures["bot"]["each"] / figures["bare"]["each"]}


async def _bare(plan: Plan, stand_ins: Mapping[str, Any], folder: Path) -> int:
    config = bare_config(stand_ins, plan.guild_ready_timeout)
    return await _taken("bench.bare_client", config, folder / "bare.log", plan.settle)


async def _bot(plan: Plan, stand_ins: Mapping[str, Any], folder: Path, size: int) -> int:
    config = {
        "stand_ins": dict(stand_ins),
        "folder": str(folder / f"data_{size}"),
        "key": Fernet.generate_key().decode(),
        "synchronous": "normal",
        "guild_ready_timeout": plan.guild_ready_timeout,
    }
    return await _taken("bench.bot_process", config, folder / "bot.log", plan.settle)


async def _taken(module: str, config: Mapping[str, Any], log: Path, settle: float) -> int:
    async with started(module, config, log) as child:
        await asyncio.sleep(settle)
        answer = await child.ask("memory")
    return int(answer["bytes"])


def report(result: dict[str, Any]) -> str:
    """The figures as a table with what has to be known to read it."""
    plan = result["plan"]
    rows = [
        [
            {"bare": "bare client", "bot": "bot"}[kind],
            *(f"{result[kind][size] / 2**20:.1f}" for size in ("few", "many")),
            f"{result[kind]['each'] / 1024:.2f}",
            f"{result[kind]['constant'] / 2**20:.1f}",
        ]
        for kind in _KINDS
    ]
    head = ["process", f"MiB at {plan['few']}", f"MiB at {plan['many']}", "KiB a community", "constant MiB"]
    return "\n".join(
        [
            f"Resident memory after a full collection; communities of {plan['roles']} roles and {plan['channels']} channels.",
            f"Medians of {plan['rounds']} rounds, each with fresh processes.",
            "",
            table(head, rows),
            "",
            f"For each community the bot takes {result['ratio']:.3f} times what the bare client takes (aim: at most {AIM}).",
        ]
    )
