"""The account's token: asked for once, kept sealed, replaced when Zoom rejects it; and the list of hosts."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.errors import NeedsAttention, Transient
from bot.domain.values import Token
from bot.ports import IssuedToken, LinkState, UserGrant
from bot.services.linking import Linking, ServerToServer
from bot.services.tokens import AccountTokens
from tests.services.conftest import ANA, GUILD, HOST, LINK, Vestibule
from tests.services.fakes import FixedClock


class Issuer:
    """Zoom's token endpoint; each token differs from the one before."""

    def __init__(self, clock: FixedClock) -> None:
        self.clock = clock
        self.issued = 0
        self.fail: Exception | None = None

    async def account_token(self, account_id: str) -> IssuedToken:
        await asyncio.sleep(0.01)
        if self.fail is not None:
            raise self.fail
        self.issued += 1
        return IssuedToken(
            Token(f"canary-token-{self.issued}"), self.clock.now() + timedelta(hours=1), frozenset({"a:b"})
        )

    async def refreshed(self, refresh: Token) -> UserGrant:
        raise AssertionError("a server-to-server token has no refresh token")

    async def revoke(self, token: Token) -> None:
        raise AssertionError("nothing is unlinked here")


@pytest.fixture
def issuer(vestibule: Vestibule) -> Issuer:
    return Issuer(vestibule.clock)


async def test_many_tasks_cause_one_request(vestibule: Vestibule, issuer: Issuer) -> None:
    tokens = AccountTokens(vestibule.store, issuer, vestibule.clock, "one")
    got = await asyncio.gather(*(tokens.current(LINK) for _ in range(100)))
    assert issuer.issued == 1
    assert len(set(got)) == 1


async def test_rejected_token_is_replaced_once_for_everybody(vestibule: Vestibule, issuer: Issuer) -> None:
    tokens = AccountTokens(vestibule.store, issuer, vestibule.clock, "one")
    old = await tokens.current(LINK)
    got = await asyncio.gather(*(tokens.renewed(LINK, old) for _ in range(50)))
    assert issuer.issued == 2
    assert set(got) == {await tokens.current(LINK)}


async def test_token_is_kept_sealed_and_used_again_after_a_restart(
    vestibule: Vestibule, issuer: Issuer, tmp_path: Path
) -> None:
    first = await AccountTokens(vestibule.store, issuer, vestibule.clock, "one").current(LINK)
    assert await AccountTokens(vestibule.store, issuer, vestibule.clock, "one").current(LINK) == first
    assert issuer.issued == 1
    raw = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert b"canary-token" not in raw


async def test_token_near_its_end_is_replaced_before_it_is_used(vestibule: Vestibule, issuer: Issuer) -> None:
    tokens = AccountTokens(vestibule.store, issuer, vestibule.clock, "one")
    first = await tokens.current(LINK)
    vestibule.clock.advance(minutes=56)
    assert await tokens.current(LINK) != first


async def test_refused_app_marks_the_link_broken_and_a_later_success_mends_it(
    vestibule: Vestibule, issuer: Issuer
) -> None:
    tokens = AccountTokens(vestibule.store, issuer, vestibule.clock, "one")
    issuer.fail = NeedsAttention("Zoom refuses the app.", code="zoom_app_refused")
    with pytest.raises(NeedsAttention):
        await tokens.current(LINK)
    async with vestibule.store.read() as uow:
        link = await uow.links.get(LINK)
    assert link is not None
    assert link.state is LinkState.BROKEN
    issuer.fail = None
    await tokens.current(LINK)
    async with vestibule.store.read() as uow:
        link = await uow.links.get(LINK)
    assert link is not None
    assert link.state is LinkState.ACTIVE
    assert (await vestibule.actions())[-2:] == ["link.broken", "link.works_again"]


async def test_zoom_being_down_breaks_nothing(vestibule: Vestibule, issuer: Issuer) -> None:
    tokens = AccountTokens(vestibule.store, issuer, vestibule.clock, "one")
    issuer.fail = Transient("Zoom is down.")
    with pytest.raises(Transient):
        await tokens.current(LINK)
    assert "link.broken" not in await vestibule.actions()


async def test_only_allowed_hosts_are_kept_and_their_members_survive_a_refresh(vestibule: Vestibule) -> None:
    account = ServerToServer("account", GUILD, ("host@choir.example",))
    linking = Linking(vestibule.store, vestibule.zoom, vestibule.clock)
    await linking.bind(account)
    assert await linking.refresh_hosts(account) == []
    admin = vestibule.person(ANA, manages_guild=True)
    await vestibule.setup.name_host(admin, GUILD, HOST, ANA)
    await linking.refresh_hosts(account)
    async with vestibule.store.read() as uow:
        hosts = [host for host in await uow.links.hosts(GUILD) if host.link_id == account.link_id]
    assert [(host.user_id, host.member_id) for host in hosts] == [(HOST, ANA)]


async def test_unknown_host_is_reported_without_its_full_address(vestibule: Vestibule) -> None:
    account = ServerToServer("account", GUILD, ("host@choir.example", "nobody@choir.example"))
    linking = Linking(vestibule.store, vestibule.zoom, vestibule.clock)
    await linking.bind(account)
    (problem,) = await linking.refresh_hosts(account)
    assert "n…@choir.example" in problem
    assert "nobody@" not in problem
