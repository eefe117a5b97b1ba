"""300 tasks in three processes find the token expired: Zoom is asked once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import aiohttp

from bot.adapters.store.sealed import Sealer, new_key
from bot.adapters.store.unit_of_work import open_store
from bot.adapters.timing import SystemChance, SystemClock
from bot.adapters.zoom.grants import ZoomGrants
from bot.domain.grants import SCOPES
from bot.domain.values import GuildId, LinkId, Secret, ZoomUserId
from bot.ports import AccountLink, LinkKind, UserGrant
from bot.rehearsal.zoom import ZoomStandIn
from tests.faults.token_process import live
from tests.processes import Child

LINK = LinkId("link-1")
REDIRECT = "https://vestibule.example/link/zoom"


async def test_three_processes_with_an_expired_token_refresh_once(store_url: str) -> None:
    ahead = timedelta(hours=-2)
    zoom = ZoomStandIn(lambda: datetime.now(UTC) + ahead)
    account = zoom.add_account()
    user = zoom.add_user(account, "hanna@choir.example")
    scopes = [scope.user for scope in SCOPES if scope.user]
    zoom.add_app(account, "client", "secret", kind="user_managed", scopes=scopes, redirect_uris=[REDIRECT])
    await zoom.start()
    try:
        key = new_key()
        grant = await _linked(zoom, store_url, key, ZoomUserId(user.id))
        ahead = timedelta(0)
        zoom.faults.add(("POST", "/oauth/token"), "delay", times=None, seconds=0.4)
        said = await _processes(zoom, store_url, key)
        refreshes = [seen for seen in zoom.requests if seen.path == "/oauth/token"][1:]
        assert said == [{"tokens": 1, "who": ["hanna@choir.example"]}] * 3
        assert [seen.status for seen in refreshes] == [200]
        store = open_store(store_url, Sealer([key]), SystemChance())
        async with store.read() as uow:
            held = await uow.grants.held(LINK)
        await store.close()
        assert held is not None
        assert held.version == 2
        assert held.refresh not in (None, grant.refresh)
    finally:
        await zoom.stop()


async def _linked(zoom: ZoomStandIn, store_url: str, key: str, user_id: ZoomUserId) -> UserGrant:
    """Consent, two hours ago; what was granted is kept and has run out since."""
    async with aiohttp.ClientSession() as session:
        clock = SystemClock()
        grants = ZoomGrants(
            session,
            "client",
            Secret("secret"),
            clock,
            redirect_uri=REDIRECT,
            oauth_url=zoom.oauth_url,
            api_url=zoom.api_url,
        )
        # The challenge of RFC 7636, appendix B, and its verifier.
        address = grants.authorize_address(Secret("state"), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
        code = zoom.consent(address.reveal(), "hanna@choir.example").partition("code=")[2].partition("&")[0]
        grant = await grants.exchanged(Secret(code), Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"))
    expired = UserGrant(
        type(grant.access)(grant.access.token, clock.now() - timedelta(hours=1), grant.access.scopes), grant.refresh
    )
    store = open_store(store_url, Sealer([key]), SystemChance())
    async with store.work() as uow:
        await uow.links.save(AccountLink(LINK, GuildId(11), LinkKind.USER, "acc", zoom_user_id=user_id))
        await uow.grants.replace(LINK, expired)
        await uow.commit()
    await store.close()
    return grant


async def _processes(zoom: ZoomStandIn, store_url: str, key: str) -> list[dict[str, object]]:
    told = {
        "store": store_url,
        "key": key,
        "client_id": "client",
        "client_secret": "secret",
        "oauth_url": zoom.oauth_url,
        "api_url": zoom.api_url,
        "link_id": LINK,
    }
    running = [Child(live, told) for _ in range(3)]
    assert [await process.heard() for process in running] == ["ready"] * 3
    for process in running:
        process.connection.send("go")
    said = [await process.heard() for process in running]
    assert [await process.ended() for process in running] == [0, 0, 0]
    return said
