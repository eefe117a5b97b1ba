"""The pacer keeps below Zoom's limits, with room for emergencies."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from pyrate_limiter import GCRA, InMemoryStateStore, Rate, StateBucket
from pyrate_limiter.abstracts.rate import RateItem
from pyrate_limiter.abstracts.store import StateStore

from bot.adapters.zoom.pacing import (
    ALLOWANCES,
    ROUTINE_SHARE,
    Allowance,
    LoneAccounts,
    Pacer,
    Plan,
    plan_of,
    routine_rate,
)
from bot.adapters.zoom.protocol import Label
from bot.domain.errors import Transient
from bot.domain.values import LinkId, ZoomUserId
from bot.ports import ZoomUser
from tests.waiting import PATIENCE

LINK, OTHER = LinkId("link-1"), LinkId("link-2")
EACH = pytest.mark.parametrize("allowance", {a for plan in ALLOWANCES.values() for a in plan.values()}, ids=str)


class SharedAccounts(LoneAccounts):
    """Both links are of one account."""

    async def account(self, link_id: LinkId) -> str:
        return "account"


def user(*, licensed: bool) -> ZoomUser:
    return ZoomUser(ZoomUserId("u"), "ana@example.org", "Ana", licensed)


def admitted(rate: Rate, milliseconds: int) -> list[int]:
    """The moments at which a caller who always asks is let through."""
    bucket = StateBucket([rate], algorithm=GCRA(), store=InMemoryStateStore())
    return [moment for moment in range(milliseconds) if bucket.put(RateItem("x", moment))]


@EACH
def test_no_interval_holds_more_than_the_routine_share(allowance: Allowance) -> None:
    interval = allowance.seconds * 1000
    moments = admitted(routine_rate(allowance), interval * 3)
    fullest = max(sum(start <= moment < start + interval for moment in moments) for start in moments)
    assert fullest <= max(1, allowance.calls * ROUTINE_SHARE)


@EACH
def test_the_share_is_mostly_used(allowance: Allowance) -> None:
    moments = admitted(routine_rate(allowance), allowance.seconds * 1000 * 4)
    assert len(moments) >= allowance.calls * 4 * 0.4


def test_single_call_limits_are_kept_by_spacing() -> None:
    moments = admitted(routine_rate(Allowance(1)), 5000)
    assert min(later - earlier for earlier, later in pairwise(moments)) >= 1000 / ROUTINE_SHARE - 1


@pytest.mark.parametrize(("licensed", "plan"), [([], Plan.FREE), ([False], Plan.FREE), ([False, True], Plan.PRO)])
def test_one_licence_makes_it_pro(licensed: list[bool], plan: Plan) -> None:
    assert plan_of([user(licensed=each) for each in licensed]) is plan


async def test_plan_is_learned_for_the_account_by_every_pacer() -> None:
    accounts = SharedAccounts()
    first, second = Pacer(accounts=accounts), Pacer(accounts=accounts)
    assert await first.plan(LINK) is Plan.PRO
    await first.learn(LINK, [user(licensed=False)])
    assert [await pacer.plan(LINK) for pacer in (first, second)] == [Plan.FREE, Plan.FREE]
    assert await second.plan(OTHER) is Plan.FREE


@pytest.fixture
def one_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit that no machine is slow enough to see refilled."""
    monkeypatch.setitem(ALLOWANCES[Plan.FREE], Label.HEAVY, Allowance(1, 3600))


@pytest.mark.usefixtures("one_an_hour")
async def test_two_links_of_one_account_share_its_limits() -> None:
    pacer = Pacer(accounts=SharedAccounts())
    await pacer.learn(LINK, [user(licensed=False)])
    await pacer.wait(LINK, Label.HEAVY, 1)
    with pytest.raises(Transient):
        await pacer.wait(OTHER, Label.HEAVY, 0.05)


async def test_plan_nobody_knows_counts_as_unknown() -> None:
    accounts = LoneAccounts()
    await accounts.note_plan(LINK, "platinum")
    assert await Pacer(accounts=accounts).plan(LINK) is Plan.PRO


@pytest.mark.usefixtures("one_an_hour")
async def test_call_whose_turn_does_not_come_is_transient() -> None:
    pacer = Pacer()
    await pacer.learn(LINK, [user(licensed=False)])
    await pacer.wait(LINK, Label.HEAVY, 1)
    with pytest.raises(Transient) as busy:
        await pacer.wait(LINK, Label.HEAVY, 0.05)
    assert busy.value.code == "zoom_busy"
    assert busy.value.retry_after


async def test_waiting_for_one_account_or_label_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ALLOWANCES[Plan.FREE], Label.HEAVY, Allowance(1, 10 * int(PATIENCE)))
    pacer = Pacer(patience=20 * PATIENCE)
    await pacer.learn(LINK, [user(licensed=False)])
    await pacer.wait(LINK, Label.HEAVY, 1)
    waiting = asyncio.create_task(pacer.wait(LINK, Label.HEAVY, 20 * PATIENCE))
    await asyncio.sleep(0)
    await pacer.wait(LINK, Label.LIGHT, PATIENCE)
    await pacer.wait(OTHER, Label.HEAVY, PATIENCE)
    assert not waiting.done()
    waiting.cancel()


@pytest.mark.usefixtures("one_an_hour")
async def test_state_shared_between_pacers_is_one_limit() -> None:
    stores: dict[str, StateStore] = {}

    def shared(key: str) -> StateStore:
        return stores.setdefault(key, InMemoryStateStore())

    first, second = Pacer(shared), Pacer(shared)
    for pacer in (first, second):
        await pacer.learn(LINK, [user(licensed=False)])
    await first.wait(LINK, Label.HEAVY, 1)
    with pytest.raises(Transient):
        await second.wait(LINK, Label.HEAVY, 0.05)
