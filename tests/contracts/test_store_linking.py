"""Grants, leases and requests to link, on both stores."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.adapters.store.unit_of_work import SqlStore
from bot.domain.linking import Stage
from bot.domain.values import LinkId, Token, ZoomUserId
from bot.ports import IssuedToken, LinkJob, LinkKind, LinkRequestId, LinkState, UserGrant, ZoomIdentity, ZoomUser
from tests.contracts.stores import ANA, GUILD, LINK, NOW, account, link_request, opened

HOUR = timedelta(hours=1)
ISSUED = IssuedToken(Token("access"), NOW + HOUR, frozenset({"user:read:user"}))
REQUEST = LinkRequestId("request-1")
ANA_AT_ZOOM = ZoomIdentity(ZoomUser(ZoomUserId("zoom-ana"), "ana@example.org", "Ana", True), "zoom-account")


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[SqlStore]:
    async with opened(store_url) as store:
        async with store.work() as unit:
            await unit.links.save(account())
            await unit.commit()
        yield store


async def leased(store: SqlStore, owner: str, version: int = 0) -> bool:
    async with store.work() as unit:
        taken = await unit.grants.lease(LINK, owner, version, NOW, NOW + HOUR)
        await unit.commit()
    return taken


async def test_one_of_many_gets_the_lease(store: SqlStore) -> None:
    got = await asyncio.gather(*(leased(store, f"process-{number}") for number in range(8)))
    assert got.count(True) == 1


async def test_lease_ends_by_release_by_time_and_by_rotation(store: SqlStore) -> None:
    assert await leased(store, "one")
    assert not await leased(store, "two")
    async with store.work() as unit:
        await unit.grants.release(LINK, "two")
        await unit.commit()
    assert not await leased(store, "two"), "it was not theirs to give back"
    async with store.work() as unit:
        assert await unit.grants.lease(LINK, "two", 0, NOW + HOUR, NOW + 2 * HOUR), "its time was over"
        assert await unit.grants.rotate(LINK, 0, ISSUED, None)
        await unit.commit()
    assert not await leased(store, "three", 0), "the version is another"
    assert await leased(store, "three", 1)


async def test_tokens_change_only_from_the_version_they_were_decided_on(store: SqlStore) -> None:
    async with store.work() as unit:
        assert await unit.grants.rotate(LINK, 0, ISSUED, Token("first"))
        assert not await unit.grants.rotate(LINK, 0, ISSUED, Token("late"))
        await unit.grants.replace(LINK, UserGrant(ISSUED, Token("consent")))
        await unit.grants.erase(LINK)
        assert not await unit.grants.rotate(LINK, 2, ISSUED, Token("after erasure"))
        await unit.commit()
    async with store.read() as unit:
        held = await unit.grants.held(LINK)
    assert held is not None
    assert (held.access, held.refresh, held.version) == (None, None, 3)


async def test_unlinked_accounts_are_known_only_by_id(store: SqlStore) -> None:
    gone = account(LinkId("gone"), kind=LinkKind.USER, state=LinkState.UNLINKED, is_default=False)
    hers = account(LinkId("hers"), kind=LinkKind.USER, owner=ANA, zoom_user_id=ZoomUserId("z"), hint="a…", removal=True)
    async with store.work() as unit:
        await unit.links.save(gone)
        await unit.links.save(hers)
        await unit.commit()
    async with store.read() as unit:
        assert [link.link_id for link in await unit.links.of_guild(GUILD)] == ["hers", LINK]
        assert await unit.links.get(LinkId("gone")) == gone
        assert await unit.links.of_zoom_user(ZoomUserId("z")) == hers
        assert await unit.links.of_zoom_user(ZoomUserId("nobody")) is None


async def test_questions_to_owners_are_taken_once(store: SqlStore) -> None:
    async with store.work() as unit:
        await unit.grants.ask_owner_at(LINK, NOW)
        await unit.commit()

    async def take() -> list[LinkId]:
        async with store.work() as unit:
            found = list(await unit.grants.due_asks(NOW, NOW + HOUR, 9))
            await unit.commit()
        return found

    assert sorted(await asyncio.gather(take(), take())) == [[], [LINK]]
    async with store.work() as unit:
        assert await unit.grants.due_asks(NOW + HOUR, NOW + 2 * HOUR, 9) == [LINK], "until it is done"
        await unit.grants.ask_owner_at(LINK, None)
        assert await unit.grants.due_asks(NOW + 9 * HOUR, NOW + 9 * HOUR, 9) == []


async def test_request_keeps_what_it_is_given(store: SqlStore) -> None:
    changed = link_request(stage=Stage.CONFIRMING, cookie_hash="c" * 64, code_hash="d" * 64, tries=2, relinks=LINK)
    async with store.work() as unit:
        await unit.link_requests.save(link_request())
        await unit.link_requests.save(changed)
        assert await unit.link_requests.get(REQUEST) == changed
        assert await unit.link_requests.open_of(GUILD, ANA) == changed
        await unit.link_requests.save(replace(changed, stage=Stage.ENDED))
        assert await unit.link_requests.open_of(GUILD, ANA) is None


async def test_stage_moves_once(store: SqlStore) -> None:
    async with store.work() as unit:
        await unit.link_requests.save(link_request())
        await unit.commit()

    async def move() -> bool:
        async with store.work() as unit:
            moved = await unit.link_requests.move(REQUEST, Stage.INVITED, Stage.CONSENTING)
            await unit.commit()
        return moved

    assert sorted(await asyncio.gather(move(), move(), move())) == [False, False, True]


async def test_ticket_is_spent_once_and_forgotten_when_its_signature_has_expired(store: SqlStore) -> None:
    async def spend() -> bool:
        async with store.work() as unit:
            done = await unit.link_requests.spend("jti-1", NOW + HOUR)
            await unit.commit()
        return done

    assert sorted(await asyncio.gather(spend(), spend(), spend())) == [False, False, True]
    async with store.work() as unit:
        await unit.link_requests.forget_spent(NOW + HOUR - timedelta(seconds=1))
        assert not await unit.link_requests.spend("jti-1", NOW + HOUR)
        await unit.link_requests.forget_spent(NOW + HOUR)
        assert await unit.link_requests.spend("jti-1", NOW + HOUR)


async def test_requests_of_one_zoom_user_are_found_and_removed(store: SqlStore) -> None:
    async with store.work() as unit:
        await unit.link_requests.save(link_request())
        await unit.link_requests.save(link_request("request-2"))
        await unit.link_requests.save_pending(REQUEST, None, ANA_AT_ZOOM)
        assert await unit.link_requests.of_user(ZoomUserId("zoom-ana")) == [REQUEST]
        assert await unit.link_requests.pending_identity(REQUEST) == ANA_AT_ZOOM
        assert await unit.link_requests.pending_grant(REQUEST) is None
        await unit.link_requests.remove(REQUEST)
        assert await unit.link_requests.get(REQUEST) is None


async def test_requests_fall_due_when_their_time_is_over(store: SqlStore) -> None:
    over = NOW + timedelta(minutes=10)
    async with store.work() as unit:
        await unit.link_requests.save(link_request())
        assert await unit.link_requests.due(over - timedelta(seconds=1), over, 9) == []
        assert await unit.link_requests.due(over, over + HOUR, 9) == [REQUEST]
        assert await unit.link_requests.due(over, over + HOUR, 9) == [], "put off until then"
        assert await unit.link_requests.due(over + HOUR, over + HOUR, 9) == [REQUEST]


async def test_job_on_a_link_carries_its_id_and_nothing_else(store: SqlStore) -> None:
    async with store.work() as unit:
        await unit.link_jobs.put(LinkJob.ASK_OWNER, LINK)
        await unit.commit()
    (job,) = await store.jobs.app.job_manager.list_jobs_async()
    assert (job.task_name, job.task_kwargs, job.lock) == ("link.ask_owner", {"subject": LINK}, f"link:{LINK}")
