"""Acts under way in this process, and those who watch them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime

from bot.domain.containment import Act, Outcome, Step, Verdict


class UnderWay:
    """One act under way. `over` is set when everything was tried and waited for; a late confirmation may still change it."""

    def __init__(self, act: Act) -> None:
        self.act = act
        self.over = False
        self.forgotten = False
        self.version = 0
        self._news = asyncio.Event()

    @property
    def finished(self) -> bool:
        """Over, and nothing can be confirmed late any more, or nobody would care."""
        if self.forgotten:
            return True
        late = (Outcome.PENDING, Outcome.ACCEPTED, Outcome.UNCONFIRMED)
        return self.over and not any(step.outcome in late for step in self.act.steps)

    def turn(self, step: Step, outcome: Outcome, at: datetime, code: str = "", *, count: int | None = None) -> None:
        """A newer outcome of one step; what is surer already stays."""
        known = self.act.step(step.key)
        if known is not None:
            self.merge(self.act.with_steps([known.turned(outcome, at, code, count=count)]))

    def judge(self, verdict: Verdict) -> None:
        """What can be said of the door."""
        self._become(replace(self.act, verdict=verdict))

    def merge(self, kept: Act) -> None:
        """What is known elsewhere of the same act."""
        merged = self.act.with_steps(kept.steps)
        self._become(replace(merged, recorded=kept.recorded, verdict=self.act.verdict or kept.verdict))

    def end(self) -> None:
        """Everything was tried and waited for."""
        self.over = True
        self._tell()

    def forget(self) -> None:
        """Whoever follows it may stop."""
        self.forgotten = True
        self._tell()

    async def beyond(self, version: int) -> int:
        """Wait until there is something newer than this version; the newest."""
        while self.version <= version:
            await self._news.wait()
        return self.version

    async def changes(self) -> AsyncIterator[Act]:
        """The act now, and after each change, until it is over; changes that come while the caller is busy are put together."""
        seen = self.version
        yield self.act
        while not self.over or self.version > seen:
            seen = await self.beyond(seen)
            yield self.act

    def _become(self, act: Act) -> None:
        if act != self.act:
            self.act = act
            self._tell()

    def _tell(self) -> None:
        self.version += 1
        news, self._news = self._news, asyncio.Event()
        news.set()
