"""Staying below Zoom's limits before they bite: one bucket per Zoom account and rate label, whoever linked the account.

The limits hold per Zoom account and are shared by all its apps (https://developers.zoom.us/docs/api/rate-limits/), so a bucket is never the whole
truth: a 429 is obeyed as well. The arithmetic (GCRA) is pyrate-limiter's.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from math import ceil, floor
from time import monotonic
from typing import Protocol

from pyrate_limiter import GCRA, InMemoryStateStore, Limiter, Rate, StateBucket
from pyrate_limiter.abstracts.store import StateStore
from pyrate_limiter.limiter import SingleBucketFactory

from bot import metrics
from bot.adapters.zoom.protocol import Label
from bot.domain.errors import Transient
from bot.domain.values import LinkId
from bot.ports import ZoomUser

ROUTINE_SHARE = 0.75
"""Of each limit, rate and burst together; the rest is kept free for emergencies."""
_BURST_SHARE = 0.2
"""GCRA lets the burst and then the rate through in one interval, so both together must stay within the limit."""
PATIENCE = 15.0
"""Seconds a routine call waits for its turn."""
_BUFFER_MS = 5
"""Added to every wait by the library; its default of 50 ms halves the speed of small buckets."""


class Plan(Enum):
    """A Zoom account's plan, as far as limits go. BUSINESS stands for Business and above."""

    FREE = "free"
    PRO = "pro"
    BUSINESS = "business"


@dataclass(frozen=True, slots=True)
class Allowance:
    """Zoom's limit: `calls` in `seconds`."""

    calls: int
    seconds: int = 1


ALLOWANCES: dict[Plan, dict[Label, Allowance]] = {
    Plan.FREE: {
        Label.LIGHT: Allowance(4),
        Label.MEDIUM: Allowance(2),
        Label.HEAVY: Allowance(1),
        Label.RESOURCE_INTENSIVE: Allowance(10, 60),
    },
    Plan.PRO: {
        Label.LIGHT: Allowance(30),
        Label.MEDIUM: Allowance(20),
        Label.HEAVY: Allowance(10),
        Label.RESOURCE_INTENSIVE: Allowance(10, 60),
    },
    Plan.BUSINESS: {
        Label.LIGHT: Allowance(80),
        Label.MEDIUM: Allowance(60),
        Label.HEAVY: Allowance(40),
        Label.RESOURCE_INTENSIVE: Allowance(20, 60),
    },
}
"""https://developers.zoom.us/docs/api/rate-limits/"""


def plan_of(users: Sequence[ZoomUser]) -> Plan:
    """The plan that an account's users give away: one licence makes it at least Pro."""
    return Plan.PRO if any(user.licensed for user in users) else Plan.FREE


def routine_rate(allowance: Allowance) -> Rate:
    """The bucket that routine calls use: at most `ROUTINE_SHARE` of the limit."""
    return rate_of(allowance, ROUTINE_SHARE)


def rate_of(allowance: Allowance, share: float) -> Rate:
    """A bucket whose rate and burst together use at most `share` of the limit, with at least one call at a time.

    A limit so small that a single call exceeds the share is kept by spacing calls out.
    """
    calls, interval = allowance.calls * share, allowance.seconds * 1000
    if calls <= 1:
        return Rate(1, ceil(interval / calls), burst=1)
    burst = max(1, floor(calls * _BURST_SHARE))
    rate = min(calls * (1 - _BURST_SHARE), floor(calls) - burst + 1)
    return Rate(floor(rate), interval, burst=burst)


def in_memory(_key: str) -> StateStore:
    """A bucket's state for one process."""
    return InMemoryStateStore()


class Accounts(Protocol):
    """What all processes know of the Zoom accounts behind the links."""

    async def account(self, link_id: LinkId) -> str:
        """The Zoom account of a link: two communities may have linked the same one, and it has one set of limits."""
        ...

    async def plan(self, account: str) -> str | None:
        """The plan noted last; None: nothing is known yet."""
        ...

    async def note_plan(self, account: str, plan: str) -> None:
        """Let every process know an account's plan."""
        ...


class LoneAccounts:
    """For one process without a store: every link is taken for an account of its own."""

    def __init__(self) -> None:
        self._plans: dict[str, str] = {}

    async def account(self, link_id: LinkId) -> str:
        """The link's own id."""
        return link_id

    async def plan(self, account: str) -> str | None:
        """As `Accounts.plan`."""
        return self._plans.get(account)

    async def note_plan(self, account: str, plan: str) -> None:
        """As `Accounts.note_plan`."""
        self._plans[account] = plan


class Pacer:
    """Lets calls through at the pace of their account's plan.

    Args:
        stores: makes the state of the bucket with this key; one shared by several processes must be kept where they all see it.
        accounts: which account a link stands for, and its plan; as shared as `stores`.
        patience: seconds a call waits at most for its turn; `PATIENCE` if not said.
        unknown: the plan of an account that nothing is known of yet; personal links need a licensed host, so that is Pro.
    """

    def __init__(
        self,
        stores: Callable[[str], StateStore] = in_memory,
        accounts: Accounts | None = None,
        patience: float | None = None,
        unknown: Plan = Plan.PRO,
    ) -> None:
        self._stores = stores
        self._accounts = accounts or LoneAccounts()
        self._patience = PATIENCE if patience is None else patience
        self._unknown = unknown
        self._limiters: dict[str, Limiter] = {}
        self._emergencies = Counter[str]()
        self._calm: dict[str, asyncio.Event] = {}

    async def whose(self, link_id: LinkId) -> tuple[str, Plan]:
        """The account a link stands for, and the plan it is paced for."""
        account = await self._accounts.account(link_id)
        return account, await self._plan(account)

    @contextmanager
    def emergency(self, account: str) -> Iterator[None]:
        """As long as this lasts, the account's routine calls of this process wait."""
        self._emergencies[account] += 1
        self._calm.setdefault(account, asyncio.Event()).clear()
        try:
            yield
        finally:
            self._emergencies[account] -= 1
            if not self._emergencies[account]:
                del self._emergencies[account]
                self._calm.pop(account).set()

    async def plan(self, link_id: LinkId) -> Plan:
        """The plan this link's account is paced for."""
        return await self._plan(await self._accounts.account(link_id))

    async def learn(self, link_id: LinkId, users: Sequence[ZoomUser]) -> None:
        """Take an account's plan from the complete list of its users."""
        account, plan = await self._accounts.account(link_id), plan_of(users)
        if await self._accounts.plan(account) != plan.value:
            await self._accounts.note_plan(account, plan.value)

    async def wait(self, link_id: LinkId, label: Label, within: float) -> None:
        """Wait for this call's turn, `within` seconds at most.

        Raises:
            Transient: its turn does not come in time; nothing was sent.
        """
        began = monotonic()
        account, plan = await self.whose(link_id)
        limiter, patience = self._limiter(account, plan, label), min(self._patience, within)
        admitted = await self._calmed(account, patience)
        if admitted:
            admitted = await limiter.try_acquire_async(timeout=max(0.0, patience - (monotonic() - began)))
        metrics.ZOOM_WAIT.labels(label.value).observe(monotonic() - began)
        if not admitted:
            raise Transient(
                "Many requests to Zoom are waiting for this account. Please try again in a minute.",
                code="zoom_busy",
                retry_after=timedelta(seconds=self._patience),
            )

    async def _calmed(self, account: str, patience: float) -> bool:
        """Whether no emergency is under way, or was over in time."""
        calm = self._calm.get(account)
        if calm is None:
            return True
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await calm.wait()
        return calm.is_set()

    async def _plan(self, account: str) -> Plan:
        noted = await self._accounts.plan(account)
        return Plan(noted) if noted in {plan.value for plan in Plan} else self._unknown

    def _limiter(self, account: str, plan: Plan, label: Label) -> Limiter:
        """One limiter per key: the library holds one lock per limiter while it waits. A changed plan begins a new bucket."""
        key = f"zoom:{account}:{plan.value}:{label.value}"
        if key not in self._limiters:
            self._limiters[key] = _limiter(routine_rate(ALLOWANCES[plan][label]), self._stores(key))
        return self._limiters[key]


class EmergencyPace:
    """Paces emergency calls among themselves, in memory, at the whole of the plan's rate: what routine calls used just before, a 429 tells."""

    def __init__(self) -> None:
        self._limiters: dict[tuple[str, Plan, Label], Limiter] = {}

    async def wait(self, account: str, plan: Plan, label: Label, within: float) -> bool:
        """Wait for this call's turn, first come first served; whether it came within so many seconds."""
        key = (account, plan, label)
        if key not in self._limiters:
            self._limiters[key] = _limiter(rate_of(ALLOWANCES[plan][label], 1.0), InMemoryStateStore())
        return await self._limiters[key].try_acquire_async(timeout=within)


def _limiter(rate: Rate, store: StateStore) -> Limiter:
    bucket = StateBucket([rate], algorithm=GCRA(), store=store)
    return Limiter(SingleBucketFactory(bucket, schedule_leak=False), buffer_ms=_BUFFER_MS)
