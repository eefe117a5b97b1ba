"""OAuth over real sockets against the stand-in: consent, PKCE, rotation, revocation, and nothing of it in logs."""

from __future__ import annotations

import hashlib
import logging
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
import structlog

from bot.adapters.zoom.grants import ZoomGrants
from bot.domain.errors import NeedsAttention, OutcomeUnknown, Transient, VestibuleError
from bot.domain.grants import SCOPES
from bot.domain.values import Secret, Token
from bot.ports import Consents, UserGrant
from bot.rehearsal.zoom import ZoomStandIn
from bot.rehearsal.zoom_state import BASIC
from tests.adapters.impatient import impatient
from tests.adapters.zoom_world import SteppedClock

REDIRECT = "https://vestibule.example/link/zoom"
VERIFIER = Secret("verifier-canary-verifier-canary-verifier-canary")
CHALLENGE = urlsafe_b64encode(hashlib.sha256(VERIFIER.reveal().encode()).digest()).rstrip(b"=").decode()
HANNA, BO = "hanna@choir.example", "bo@choir.example"


@dataclass
class World:
    zoom: ZoomStandIn
    grants: ZoomGrants
    clock: SteppedClock

    def code(self, email: str = HANNA, challenge: str = CHALLENGE) -> Secret:
        address = self.grants.authorize_address(Secret("state-canary"), challenge)
        back = self.zoom.consent(address.reveal(), email)
        assert back.startswith(REDIRECT)
        query = parse_qs(urlsplit(back).query)
        assert query["state"] == ["state-canary"]
        return Secret(query["code"][0])

    async def granted(self, email: str = HANNA) -> UserGrant:
        return await self.grants.exchanged(self.code(email), VERIFIER)

    def asked(self, path: str) -> int:
        return sum(seen.path == path for seen in self.zoom.requests)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    clock = SteppedClock()
    zoom = ZoomStandIn(clock.now)
    account = zoom.add_account("account-1")
    zoom.add_user(account, HANNA, first_name="Hanna", last_name="Host")
    zoom.add_user(account, BO, type=BASIC)
    scopes = [scope.user for scope in SCOPES if scope.user]
    zoom.add_app(account, "client", "secret-canary", kind="user_managed", scopes=scopes, redirect_uris=[REDIRECT])
    await zoom.start()
    async with aiohttp.ClientSession() as session:
        yield World(zoom, grants_at(zoom, session, clock), clock)
    await zoom.stop()


def grants_at(zoom: ZoomStandIn, session: aiohttp.ClientSession, clock: SteppedClock) -> ZoomGrants:
    return ZoomGrants(
        impatient(session, zoom.faults),
        "client",
        Secret("secret-canary"),
        clock,
        redirect_uri=REDIRECT,
        oauth_url=zoom.oauth_url,
        api_url=zoom.api_url,
    )


async def test_it_keeps_the_port(world: World) -> None:
    port: Consents = world.grants
    assert port is world.grants


async def test_consent_gives_a_pair_and_says_whose_it_is(world: World) -> None:
    grant = await world.granted()
    who = await world.grants.identify(grant.access.token)
    assert (who.user.email, who.user.licensed, who.account_id) == (HANNA, True, "account-1")
    assert "user:read:user" in grant.access.scopes
    assert not (await world.grants.identify((await world.granted(BO)).access.token)).user.licensed


async def test_consent_page_is_asked_for_pkce_s256(world: World) -> None:
    query = parse_qs(urlsplit(world.grants.authorize_address(Secret("s"), CHALLENGE).reveal()).query)
    assert query == {
        "response_type": ["code"],
        "client_id": ["client"],
        "redirect_uri": [REDIRECT],
        "state": ["s"],
        "code_challenge": [CHALLENGE],
        "code_challenge_method": ["S256"],
    }


async def test_code_works_once_and_only_with_its_verifier(world: World) -> None:
    code = world.code()
    await world.grants.exchanged(code, VERIFIER)
    with pytest.raises(NeedsAttention) as refused:
        await world.grants.exchanged(code, VERIFIER)
    assert refused.value.code == "zoom_code_refused"
    with pytest.raises(NeedsAttention):
        await world.grants.exchanged(world.code(challenge="another"), VERIFIER)


async def test_each_refresh_gives_a_new_pair_and_ends_the_one_before(world: World) -> None:
    first = await world.granted()
    second = await world.grants.refreshed(first.refresh)
    assert second.refresh != first.refresh
    with pytest.raises(NeedsAttention) as refused:
        await world.grants.refreshed(first.refresh)
    assert refused.value.code == "zoom_grant_dead"


@pytest.mark.parametrize("kind", ["apply_then_reset", "apply_then_timeout", "malformed", "status"])
async def test_refresh_whose_answer_is_lost_is_sent_once(world: World, kind: str) -> None:
    grant = await world.granted()
    before = world.asked("/oauth/token")
    world.zoom.faults.add(("POST", "/oauth/token"), kind, times=None)  # type: ignore[arg-type]
    with pytest.raises(OutcomeUnknown):
        await world.grants.refreshed(grant.refresh)
    assert world.asked("/oauth/token") == before + 1


async def test_revoking_ends_the_grant_and_twice_is_harmless(world: World) -> None:
    grant = await world.granted()
    await world.grants.revoke(grant.access.token)
    await world.grants.revoke(grant.access.token)
    with pytest.raises(NeedsAttention):
        await world.grants.refreshed(grant.refresh)
    with pytest.raises(NeedsAttention):
        await world.grants.identify(grant.access.token)


async def test_revoking_is_repeated_when_the_answer_is_lost(world: World) -> None:
    grant = await world.granted()
    world.zoom.faults.add(("POST", "/oauth/revoke"), "apply_then_reset", times=1)
    await world.grants.revoke(grant.access.token)
    assert world.asked("/oauth/revoke") == 2


async def test_zoom_being_away_says_so(world: World) -> None:
    grant = await world.granted()
    await world.zoom.stop()
    with pytest.raises(Transient):
        await world.grants.revoke(grant.access.token)
    with pytest.raises(Transient):
        await world.grants.refreshed(grant.refresh)


async def test_missing_scope_to_identify_is_told(world: World) -> None:
    app = world.zoom.oauth.apps["client"]
    app.scopes -= {"user:read:user"}
    grant = await world.granted()
    with pytest.raises(NeedsAttention) as refused:
        await world.grants.identify(grant.access.token)
    assert refused.value.code == "zoom_scope_missing"


async def test_no_code_verifier_or_token_is_logged_or_told(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    texts: list[str] = []
    with structlog.testing.capture_logs() as events:
        grant = await world.granted()
        texts.append(repr(grant))
        await world.grants.identify(grant.access.token)
        for fault in (None, "reset", "status", "malformed"):
            if fault is not None:
                world.zoom.faults.add(("*", ".*"), fault, times=1)
            for attempt in (
                world.grants.refreshed(Token("refresh-canary")),
                world.grants.exchanged(Secret("code-canary"), VERIFIER),
                world.grants.revoke(grant.access.token),
            ):
                try:
                    await attempt
                except VestibuleError as error:
                    texts += [str(error), repr(error), repr(error.__cause__)]
    said = "\n".join([*texts, caplog.text, repr(events)])
    assert "zoom.token" in said
    for secret in (*world.zoom.secrets(), VERIFIER.reveal(), "refresh-canary", "code-canary", "state-canary"):
        assert secret not in said
