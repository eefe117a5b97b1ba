"""A user's tokens: they rotate, are kept before they are used, and end with one question to their owner."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.domain.errors import NeedsAttention, OutcomeUnknown, Transient
from bot.domain.values import LinkId, Token
from bot.ports import AccountLink, HeldGrant, LinkKind, LinkState, ZoomUser
from bot.services.tokens import LEASE, AccountTokens
from tests.services.conftest import GUILD, OLGA, Vestibule
from tests.waiting import until

LINK = LinkId("link-of-hanna")


@pytest.fixture
async def hanna(vestibule: Vestibule) -> ZoomUser:
    """Her account is linked by Olga; its access token has run out."""
    user = vestibule.consents.add("hanna")
    grant = vestibule.consents._pair(user.user_id)
    link = AccountLink(LINK, GUILD, LinkKind.USER, "acc", is_default=False, owner=OLGA, zoom_user_id=user.user_id)
    async with vestibule.store.work() as uow:
        await uow.links.save(link)
        await uow.grants.replace(LINK, grant)
        await uow.commit()
    vestibule.clock.advance(hours=2)
    return user


def tokens(v: Vestibule, owner: str = "one") -> AccountTokens:
    return AccountTokens(v.store, v.consents, v.clock, owner)


async def held(v: Vestibule) -> HeldGrant:
    async with v.store.read() as uow:
        grant = await uow.grants.held(LINK)
    assert grant is not None
    return grant


async def state(v: Vestibule) -> LinkState:
    async with v.store.read() as uow:
        link = await uow.links.get(LINK)
    assert link is not None
    return link.state


async def zoom_is_asked(v: Vestibule) -> None:
    """The lease is taken, and Zoom has the request."""
    await until(lambda: bool(v.consents.waiting))


async def test_many_tasks_of_several_processes_refresh_once(vestibule: Vestibule, hanna: ZoomUser) -> None:
    vestibule.consents.delay = 0.02
    processes = [tokens(vestibule, name) for name in ("one", "two", "three")]
    got = await asyncio.gather(*(process.current(LINK) for process in processes for _ in range(30)))
    assert vestibule.consents.refreshes == 1
    assert len(set(got)) == 1


async def test_new_pair_is_kept_before_it_is_used(vestibule: Vestibule, hanna: ZoomUser) -> None:
    token = await tokens(vestibule).current(LINK)
    kept = await held(vestibule)
    assert kept.access is not None
    assert kept.access.token == token
    assert kept.refresh is not None
    assert kept.refresh.reveal() == vestibule.consents.newest[hanna.user_id]


async def test_dead_grant_breaks_the_link_stops_retries_and_asks_the_owner_once(
    vestibule: Vestibule, hanna: ZoomUser
) -> None:
    vestibule.consents.remove_app(hanna)
    for process in (tokens(vestibule), tokens(vestibule, "two")):
        for _ in range(3):
            with pytest.raises(NeedsAttention) as refused:
                await process.current(LINK)
            assert refused.value.code == "zoom_grant_dead"
    assert await state(vestibule) is LinkState.BROKEN
    assert vestibule.consents.refreshes == 1
    for _ in range(3):
        await vestibule.run_jobs()
        vestibule.clock.advance(minutes=5)
    assert [member for member, _ in vestibule.chat.owners_asked] == [OLGA]
    assert (await vestibule.actions()).count("link.owner_asked") == 1


async def test_owner_who_takes_no_messages_is_not_asked_for_ever(vestibule: Vestibule, hanna: ZoomUser) -> None:
    vestibule.consents.remove_app(hanna)
    vestibule.chat.closed.add(OLGA)
    with pytest.raises(NeedsAttention):
        await tokens(vestibule).current(LINK)
    await vestibule.run_jobs()
    vestibule.clock.advance(minutes=5)
    assert await vestibule.run_jobs() == []
    assert (await vestibule.actions())[-1] == "link.owner_not_reached"


async def test_owner_is_asked_later_while_discord_is_down(vestibule: Vestibule, hanna: ZoomUser) -> None:
    vestibule.consents.remove_app(hanna)
    vestibule.chat.fail["ask_owner"] = Transient("Discord is down.")
    with pytest.raises(NeedsAttention):
        await tokens(vestibule).current(LINK)
    await vestibule.run_jobs()
    del vestibule.chat.fail["ask_owner"]
    vestibule.clock.advance(minutes=2)
    await vestibule.run_jobs()
    assert len(vestibule.chat.owners_asked) == 1


async def test_refused_refresh_uses_what_a_sibling_got(vestibule: Vestibule, hanna: ZoomUser) -> None:
    """Our lease ran out while Zoom was slow; another process renewed; Zoom then refuses the token we sent."""
    first = tokens(vestibule)
    gate = vestibule.consents.hold = asyncio.Event()
    slow = asyncio.create_task(first.current(LINK))
    await zoom_is_asked(vestibule)
    async with vestibule.store.work() as uow:
        sibling = vestibule.consents._pair(hanna.user_id)
        await uow.grants.replace(LINK, sibling)
        await uow.commit()
    gate.set()
    assert await slow == sibling.access.token
    assert await state(vestibule) is LinkState.ACTIVE


async def test_lost_answer_breaks_nothing_and_is_tried_again(vestibule: Vestibule, hanna: ZoomUser) -> None:
    vestibule.consents.fail["refreshed"] = OutcomeUnknown("No answer.")
    process = tokens(vestibule)
    with pytest.raises(Transient):
        await process.current(LINK)
    assert await state(vestibule) is LinkState.ACTIVE
    del vestibule.consents.fail["refreshed"]
    await process.current(LINK)


async def test_operators_mistake_does_not_break_a_users_link(vestibule: Vestibule, hanna: ZoomUser) -> None:
    vestibule.consents.fail["refreshed"] = NeedsAttention("Wrong secret.", code="zoom_client_rejected")
    with pytest.raises(NeedsAttention):
        await tokens(vestibule).current(LINK)
    assert await state(vestibule) is LinkState.ACTIVE


async def test_cancelled_caller_does_not_cost_the_grant(vestibule: Vestibule, hanna: ZoomUser) -> None:
    gate = vestibule.consents.hold = asyncio.Event()
    process = tokens(vestibule)
    impatient = asyncio.create_task(process.current(LINK))
    await zoom_is_asked(vestibule)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    gate.set()
    await process.finish()
    await process.current(LINK)
    assert vestibule.consents.refreshes == 1
    kept = await held(vestibule)
    assert kept.refresh is not None
    assert kept.refresh.reveal() == vestibule.consents.newest[hanna.user_id]


async def test_lease_of_a_process_that_died_is_taken_over(vestibule: Vestibule, hanna: ZoomUser) -> None:
    now = vestibule.clock.now()
    async with vestibule.store.work() as uow:
        assert await uow.grants.lease(LINK, "dead", (await held(vestibule)).version, now, now + timedelta(seconds=1))
        await uow.commit()
    await tokens(vestibule).current(LINK)
    assert vestibule.consents.refreshes == 1
    assert vestibule.clock.now() - now < LEASE


async def test_pair_that_comes_after_unlinking_is_not_kept(vestibule: Vestibule, hanna: ZoomUser) -> None:
    gate = vestibule.consents.hold = asyncio.Event()
    renewing = asyncio.create_task(tokens(vestibule).current(LINK))
    await zoom_is_asked(vestibule)
    vestibule.consents.hold = None
    vestibule.consents.fail["refreshed"] = Transient("Zoom is down.")
    assert not (await vestibule.unlinking.unlink(vestibule.organiser, GUILD, LINK)).confirmed_by_zoom
    vestibule.consents.fail.clear()
    gate.set()
    with pytest.raises(NeedsAttention, match="not linked any more"):
        await renewing
    kept = await held(vestibule)
    assert (kept.access, kept.refresh) == (None, None)
    assert vestibule.consents.live_users() == set(), "nor at Zoom"


async def test_token_zoom_rejects_is_replaced_once_for_everybody(vestibule: Vestibule, hanna: ZoomUser) -> None:
    one, two = tokens(vestibule), tokens(vestibule, "two")
    old = await one.current(LINK)
    assert await two.current(LINK) == old
    got = await asyncio.gather(*(process.renewed(LINK, old) for process in (one, two) for _ in range(20)))
    assert vestibule.consents.refreshes == 2
    assert got.count(got[0]) == 40
    assert got[0] != Token(old.reveal())


async def test_token_kept_ready_has_a_quarter_of_an_hour_left_and_needs_no_store(
    vestibule: Vestibule, hanna: ZoomUser
) -> None:
    process = tokens(vestibule)
    assert process.at_hand(LINK) is None
    await process.keep_ready(LINK)
    first = process.at_hand(LINK)
    assert first is not None
    vestibule.clock.advance(minutes=40)
    await process.keep_ready(LINK)
    assert process.at_hand(LINK) == first
    vestibule.clock.advance(minutes=6)
    await process.keep_ready(LINK)
    assert process.at_hand(LINK) not in (None, first)
    vestibule.clock.advance(hours=2)
    assert process.at_hand(LINK) is None


async def test_process_takes_over_what_another_has_renewed(vestibule: Vestibule, hanna: ZoomUser) -> None:
    one, two = tokens(vestibule), tokens(vestibule, "two")
    await one.keep_ready(LINK)
    await two.keep_ready(LINK)
    assert vestibule.consents.refreshes == 1
    vestibule.clock.advance(minutes=50)
    await two.keep_ready(LINK)
    await one.keep_ready(LINK)
    assert one.at_hand(LINK) == two.at_hand(LINK)
    assert vestibule.consents.refreshes == 2


async def test_token_at_hand_stays_when_it_cannot_be_renewed(vestibule: Vestibule, hanna: ZoomUser) -> None:
    process = tokens(vestibule)
    await process.keep_ready(LINK)
    first = process.at_hand(LINK)
    vestibule.clock.advance(minutes=50)
    vestibule.consents.fail["refreshed"] = Transient("Zoom is away.", code="zoom_unreachable")
    with pytest.raises(Transient):
        await process.keep_ready(LINK)
    assert first is not None
    assert process.at_hand(LINK) == first
