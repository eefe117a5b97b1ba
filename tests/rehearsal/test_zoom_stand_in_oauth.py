"""Tokens of the stand-in for Zoom: given, rotated, expired, revoked, refused."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest

from bot.rehearsal.zoom_oauth import OAuthError
from bot.rehearsal.zoom_state import User
from tests.rehearsal.zoom_world import Said, World, zoom_world

CALLBACK = "https://bot.example/oauth/callback"
VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with zoom_world() as opened:
        scopes = ("user:read:user", "meeting:write:meeting", "meeting:read:meeting")
        opened.zoom.add_app(
            opened.account, "user-app", "user-secret", kind="user_managed", scopes=scopes, redirect_uris=[CALLBACK]
        )
        yield opened


def _code(world: World, user: User, **change: str) -> str:
    query = {"response_type": "code", "client_id": "user-app", "redirect_uri": CALLBACK, "state": "s1"}
    query |= {"code_challenge": CHALLENGE, "code_challenge_method": "S256"} | change
    target = world.zoom.consent(f"{world.zoom.oauth_url}/authorize?{urlencode(query)}", user.email)
    answer = parse_qs(urlsplit(target).query)
    assert answer["state"] == ["s1"]
    return answer["code"][0]


async def _exchange(world: World, code: str, **change: str) -> Said:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    return await world.ask_token(client="user-app", key="user-secret", **(form | change))


async def _refresh(world: World, token: str) -> Said:
    return await world.ask_token(client="user-app", key="user-secret", grant_type="refresh_token", refresh_token=token)


async def test_server_token_lives_one_hour_and_has_no_refresh_token(world: World) -> None:
    said = await world.ask_token(grant_type="account_credentials", account_id="acc-1")
    assert said.body["expires_in"] == 3600
    assert "refresh_token" not in said.body
    token = said.body["access_token"]
    assert (await world.call("GET", f"/users/{world.host.id}", token=token)).status == 200
    world.clock.forward(hours=1)
    late = await world.call("GET", f"/users/{world.host.id}", token=token)
    assert late.refusal == (401, 124)
    assert late.body["message"] == "Access token is expired."


@pytest.mark.parametrize("one_token", [False, True])
async def test_new_server_token_ends_the_old_one_only_when_told_so(world: World, one_token: bool) -> None:
    world.zoom.oauth.one_s2s_token = one_token
    await world.ask_token(grant_type="account_credentials", account_id="acc-1")
    assert (await world.call("GET", f"/users/{world.host.id}")).status == (401 if one_token else 200)


async def test_me_is_refused_to_a_server_token_and_names_the_user_of_a_user_token(world: World) -> None:
    assert (await world.call("GET", "/users/me")).refusal == (404, 1001)
    token = (await _exchange(world, _code(world, world.host))).body["access_token"]
    me = await world.call("GET", "/users/me", token=token)
    assert me.body["email"] == world.host.email


async def test_user_token_does_not_reach_another_host(world: World) -> None:
    number = (await world.meeting())["id"]
    token = (await _exchange(world, _code(world, world.free_host))).body["access_token"]
    assert (await world.call("GET", f"/meetings/{number}", token=token)).status == 403
    assert (await world.call("POST", f"/users/{world.host.id}/meetings", {}, token=token)).status == 403


async def test_admin_scope_lets_a_user_token_reach_another_host(world: World) -> None:
    number = (await world.meeting())["id"]
    app = world.zoom.oauth.apps["user-app"]
    app.scopes = frozenset({"meeting:read:meeting:admin"})
    token = (await _exchange(world, _code(world, world.free_host))).body["access_token"]
    assert (await world.call("GET", f"/meetings/{number}", token=token)).status == 200


async def test_refresh_rotates_and_the_old_refresh_token_is_refused(world: World) -> None:
    first = (await _exchange(world, _code(world, world.host))).body
    second = await _refresh(world, first["refresh_token"])
    assert second.status == 200
    assert second.body["refresh_token"] != first["refresh_token"]
    again = await _refresh(world, first["refresh_token"])
    assert (again.status, again.body) == (400, {"reason": "Invalid Token!", "error": "invalid_grant"})
    world.zoom.oauth.refresh_reuse_allowed = True
    assert (await _refresh(world, first["refresh_token"])).status == 200


async def test_newer_consent_revokes_the_older_refresh_token(world: World) -> None:
    old = (await _exchange(world, _code(world, world.host))).body["refresh_token"]
    await _exchange(world, _code(world, world.host))
    refused = await _refresh(world, old)
    assert refused.body == {"reason": "The token has been revoked.", "error": "invalid_grant"}
    assert world.zoom.requests[-1].code == 4741


async def test_refresh_token_dies_after_ninety_days(world: World) -> None:
    token = (await _exchange(world, _code(world, world.host))).body["refresh_token"]
    world.clock.forward(days=90)
    assert (await _refresh(world, token)).body["error"] == "invalid_grant"


async def test_code_works_once_within_five_minutes_and_needs_its_verifier_and_address(world: World) -> None:
    code = _code(world, world.host)
    assert (await _exchange(world, code)).status == 200
    assert (await _exchange(world, code)).body["reason"] == "Invalid authorization code."
    late = _code(world, world.host)
    world.clock.forward(minutes=5)
    assert (await _exchange(world, late)).body["reason"] == "Code is expired."
    wrong = await _exchange(world, _code(world, world.host), code_verifier="x" * 50)
    assert wrong.body["error"] == "invalid_grant"
    elsewhere = await _exchange(world, _code(world, world.host), redirect_uri=CALLBACK + "/")
    assert (elsewhere.body["reason"], world.zoom.requests[-1].code) == ("Redirect URI mismatch.", 4709)


async def test_challenge_without_method_is_plain_as_at_zoom(world: World) -> None:
    query = {"response_type": "code", "client_id": "user-app", "redirect_uri": CALLBACK, "code_challenge": VERIFIER}
    target = world.zoom.consent(f"{world.zoom.oauth_url}/authorize?{urlencode(query)}", world.host.email)
    code = parse_qs(urlsplit(target).query)["code"][0]
    assert (await _exchange(world, code)).status == 200


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ({"client_id": "nobody"}, 4702),
        ({"redirect_uri": "https://evil.example/"}, 4709),
        ({"response_type": "token"}, 4706),
    ],
)
async def test_consent_page_refuses_what_does_not_match(world: World, change: dict[str, str], number: int) -> None:
    with pytest.raises(OAuthError) as refused:
        _code(world, world.host, **change)
    assert refused.value.code == number


async def test_consent_page_over_http_leads_back_to_the_app(world: World) -> None:
    query = {"response_type": "code", "client_id": "user-app", "redirect_uri": CALLBACK, "state": "a&b"}
    address = f"{world.zoom.oauth_url}/authorize?{urlencode(query)}"
    async with world.session.get(address) as page:
        assert world.host.email in await page.text()
    chosen = f"{address}&{urlencode({'as': world.host.email})}"
    async with world.session.get(chosen, allow_redirects=False) as sent:
        answer = parse_qs(urlsplit(sent.headers["Location"]).query)
    assert answer["state"] == ["a&b"]
    assert (await _exchange(world, answer["code"][0], code_verifier="")).status == 200


@pytest.mark.parametrize(
    ("form", "client", "secret", "number", "error"),
    [
        ({}, "app", "app-secret", 4706, "invalid_request"),
        ({"grant_type": "password"}, "app", "app-secret", 4705, "unsupported_grant_type"),
        ({"grant_type": "account_credentials"}, "app", "app-secret", 4706, "invalid_request"),
        ({"grant_type": "account_credentials", "account_id": "acc-1"}, "other", "app-secret", 4702, "invalid_client"),
        ({"grant_type": "account_credentials", "account_id": "acc-1"}, "app", "wrong", 4704, "invalid_client"),
        (
            {"grant_type": "account_credentials", "account_id": "acc-1"},
            "user-app",
            "user-secret",
            4705,
            "unsupported_grant_type",
        ),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "user-app", "user-secret", 4700, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": "x"}, "user-app", "user-secret", 4734, "invalid_grant"),
    ],
)
async def test_token_endpoint_refuses(
    world: World, form: dict[str, str], client: str, secret: str, number: int, error: str
) -> None:
    said = await world.ask_token(client=client, key=secret, **form)
    assert said.status in (400, 401)
    assert set(said.body) == {"reason", "error"}
    assert (said.body["error"], world.zoom.requests[-1].code) == (error, number)


async def test_disabled_app_and_vanished_owner_are_refused(world: World) -> None:
    token = (await _exchange(world, _code(world, world.host))).body["refresh_token"]
    del world.zoom.state.users[world.host.id]
    await _refresh(world, token)
    assert world.zoom.requests[-1].code == 4735
    world.zoom.oauth.apps["user-app"].disabled = True
    await _refresh(world, token)
    assert world.zoom.requests[-1].code == 4717


async def test_credentials_in_the_query_or_absent_are_refused(world: World) -> None:
    async with world.session.post(world.zoom.oauth_url + "/token", data={"grant_type": "account_credentials"}) as bare:
        assert bare.status == 400
    url = f"{world.zoom.api_url}/users/{world.host.id}"
    async with world.session.get(url, params={"access_token": world.token}) as said:
        assert (said.status, (await said.json())["code"]) == (401, 124)
    assert (await world.call("GET", f"/users/{world.host.id}", access_token=world.token)).refusal == (401, 124)


async def test_revoked_and_removed_tokens_are_refused(world: World) -> None:
    pair = (await _exchange(world, _code(world, world.host))).body
    revoked = await world.ask_token("/revoke", client="user-app", key="user-secret", token=pair["access_token"])
    assert revoked.body == {"status": "success"}
    assert (await world.call("GET", "/users/me", token=pair["access_token"])).refusal == (401, 124)
    assert (await _refresh(world, pair["refresh_token"])).body["error"] == "invalid_grant"
    other = (await _exchange(world, _code(world, world.free_host))).body
    mine = (await _exchange(world, _code(world, world.host))).body
    world.zoom.oauth.remove_app("user-app", world.host)
    assert (await world.call("GET", "/users/me", token=mine["access_token"])).refusal == (401, 124)
    assert (await world.call("GET", "/users/me", token=other["access_token"])).status == 200


async def test_missing_scope_is_named_in_both_forms(world: World) -> None:
    token = (await _exchange(world, _code(world, world.host))).body["access_token"]
    said = await world.call("GET", "/users/me/meetings", token=token)
    assert said.refusal == (400, 4711)
    assert "scopes:[meeting:read:list_meetings, meeting:read:list_meetings:admin]" in said.body["message"]


async def test_client_credentials_token_reaches_no_meeting(world: World) -> None:
    token = (await world.ask_token(grant_type="client_credentials")).body["access_token"]
    assert (await world.call("GET", f"/users/{world.host.id}", token=token)).refusal == (400, 4711)


async def test_stand_in_can_stop_and_come_back_with_its_world(world: World) -> None:
    number = (await world.meeting())["id"]
    port = urlsplit(world.zoom.api_url).port
    assert port is not None
    await world.zoom.stop()
    with pytest.raises(aiohttp.ClientConnectionError):
        await world.call("GET", f"/meetings/{number}")
    await world.zoom.start(port=port)
    assert (await world.call("GET", f"/meetings/{number}")).status == 200
