"""Acting on a running call: press Lock to the first request at Zoom, and a stranger's event to their removal, beside bare HTTP trips."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from bench.calls import SECRET
from bench.figures import table
from bench.lines import Child, started
from bench.load import even, paced, random_arrivals, saturate
from bench.machine import about_disk
from bench.press import LOADED_SHARE, ROUNDS, State

AIM = 50.0
"""Milliseconds added at the idle p99 that should not be exceeded; loaded, twice that."""
_AT_ONCE = 16
RATES = {"lock": 2.5, "stranger": 6.0}
"""Acts a second: so few that none meets another (a lock is opened again each time). Zoom allows 20 such calls a second to a Pro account."""
SAMPLES = {"lock": 250, "stranger": 1000}
"""What takes four to six minutes at these rates."""
SAYS = {
    "lock": "Press Lock to the first request at Zoom.",
    "stranger": "A stranger's event while the door is closed to their removal at Zoom.",
}


@dataclass(frozen=True)
class Plan:
    """What is asked for.

    Args:
        what: "lock" or "stranger".
        samples: acts, and as many bare ones, of each state, spread over the rounds.
        rate: acts a second, idle and loaded: Zoom allows 20 such calls a second to a Pro account.
        saturate_seconds: how long the load's saturation is looked for.
        calls: live calls that are locked in turn; a stranger comes into one.
        holders: members who press again for their link, as the load.
        warm_up: acts before anything is measured.
    """

    what: str
    samples: int = 1000
    synchronous: str = "normal"
    rate: float = 6.0
    saturate_seconds: float = 4.0
    calls: int = 6
    holders: int = 50
    warm_up: int = 10
    guild_ready_timeout: float = 0.1


async def measure(plan: Plan, folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Saturation of the load (members who press again for their link), then five rounds, idle and loaded in turn."""
    async with AsyncExitStack() as stack:
        town = {"guilds": 1, "roles": 20, "channels": 20, "members": plan.holders}
        stand_ins = await stack.enter_async_context(started("bench.stand_ins", town, folder / "stand_ins.log"))
        about: dict[str, Any] = {"stand_ins": dict(stand_ins.ready), "folder": str(folder)}
        config = {
            **about,
            "key": Fernet.generate_key().decode(),
            "synchronous": plan.synchronous,
            "guild_ready_timeout": plan.guild_ready_timeout,
            "event_secret": SECRET,
        }
        bot = await stack.enter_async_context(started("bench.bot_process", config, folder / "bot.log"))
        bare_config = {**about, "secret": SECRET}
        bare = await stack.enter_async_context(started("bench.bare_reflex", bare_config, folder / "bare.log"))
        await stand_ins.ask("open_links")
        meeting = (await bare.ask("prepare"))["meeting"]
        address = f"http://127.0.0.1:{bot.ready['port']}"
        calls = plan.calls if plan.what == "lock" else 1
        await stand_ins.ask("open_calls", bot=address, bare=bare.ready["address"], bare_meeting=meeting, calls=calls)
        return await _rounds(plan, _Acts(plan, stand_ins), folder, say)


class _Acts:
    """What is done, and the load beside it."""

    def __init__(self, plan: Plan, stand_ins: Child) -> None:
        self._plan, self._what, self._stand_ins = plan, plan.what, stand_ins
        self._members = itertools.cycle(range(plan.holders))

    async def act(self) -> float:
        return float((await self._stand_ins.ask(self._what))["ms"])

    async def bare(self) -> float:
        return float((await self._stand_ins.ask(f"bare_{self._what}"))["ms"])

    async def press(self) -> float:
        return float((await self._stand_ins.ask("press", member=next(self._members)))["ms"])

    async def warm_up(self) -> None:
        """Everybody of the load holds a link, and everything was done a few times."""
        for _ in range(self._plan.holders):
            await self.press()
        await self.anew()
        for _ in range(self._plan.warm_up):
            await self.act()
            await self.bare()

    async def anew(self) -> None:
        """A new run of the call, so that no round meets more people than another."""
        if self._what == "stranger":
            await self._stand_ins.ask("guard")

    @asynccontextmanager
    async def load(self, rate: float, seed: int) -> AsyncIterator[None]:
        """Members press at this rate meanwhile."""
        presses: set[asyncio.Task[float]] = set()

        async def go_on() -> None:
            for gap in random_arrivals(rate, seed):
                task = asyncio.create_task(self.press())
                presses.add(task)
                task.add_done_callback(presses.discard)
                await asyncio.sleep(gap)

        running = asyncio.create_task(go_on())
        try:
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, *presses, return_exceptions=True)

    async def refusals(self) -> dict[str, Any]:
        answer = await self._stand_ins.ask("refusals")
        return {name: answer[name] for name in ("discord", "zoom")}

    async def door(self) -> dict[str, Any]:
        return await self._stand_ins.ask("door")


async def _rounds(plan: Plan, acts: _Acts, folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    await acts.warm_up()
    saturation = await saturate(acts.press, at_once=_AT_ONCE, seconds=plan.saturate_seconds)
    load = saturation * LOADED_SHARE
    say(f"saturation: {saturation:.1f} presses for links a second, {_AT_ONCE} people at once")
    per_round = max(1, plan.samples // ROUNDS)
    idle, loaded = State(plan.rate), State(plan.rate)
    for number in range(ROUNDS):
        for state in (idle, loaded):
            await acts.anew()
            async with AsyncExitStack() as stack:
                if state is loaded:
                    await stack.enter_async_context(acts.load(load, number))
                act, bare = await paced((acts.act, acts.bare), even(plan.rate), per_round)
            state.press.append(act)
            state.bare.append(bare)
        say(f"round {number + 1} of {ROUNDS} done")
    door = await acts.door()
    return {
        "what": plan.what,
        "saturation": saturation,
        "load": load,
        "idle": idle.figures(),
        "loaded": loaded.figures(),
        "refused": {**await acts.refusals(), "events": door["not_204"]},
        "disk": about_disk(folder, plan.synchronous),
    }


def report(result: dict[str, Any]) -> str:
    """The figures as a table, and once more in one line."""
    rows = []
    for state in ("idle", "loaded"):
        figures = result[state]
        for name in ("p50", "p99"):
            act, bare, added, ratio = (figures[f"{kind}_{name}"] for kind in ("press", "bare", "added", "ratio"))
            rows.append([state, name, f"{act:.1f}", f"{bare:.1f}", f"{added:.1f}", f"{ratio:.2f}"])
    refused, idle, loaded = result["refused"], result["idle"], result["loaded"]
    share = loaded["added_p99"] / idle["added_p99"]
    added = ", ".join(
        f"{state} p50 {result[state]['added_p50']:.1f} p99 {result[state]['added_p99']:.1f}"
        for state in ("idle", "loaded")
    )
    return "\n".join(
        [
            SAYS[result["what"]],
            f"Load: members press again for their link, {result['load']:.1f}/s: half of the {result['saturation']:.1f}/s found in this run.",
            f"{idle['samples']:.0f} acts and as many bare ones of each state, {idle['rate']:.1f}/s.",
            f"Requests refused: Discord {refused['discord']}, Zoom {refused['zoom']}; events not taken: {refused['events']}.",
            result["disk"],
            "",
            table(["state", "", "act ms", "bare ms", "added ms", "act / bare"], rows),
            "",
            f"{result['what']}: added ms {added}; loaded / idle p99 {share:.2f} "
            f"(aims: {AIM:.0f} ms {_met(idle['added_p99'] <= AIM)}, 2 {_met(share <= 2)})",
        ]
    )


def _met(good: bool) -> str:
    return "met" if good else "missed"
