"""Zoom's OAuth server: tokens for server-to-server apps and for users, their rotation, revocation and refusals.

https://developers.zoom.us/docs/integrations/oauth/ , https://developers.zoom.us/docs/internal-apps/s2s-oauth/ ,
https://developers.zoom.us/docs/integrations/oauth-error-messages/ . The numbers of that last page are not part of the JSON answer; they are
kept in `OAuthError.code` for the request log.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import parse_qs, urlencode, urlsplit

from bot.rehearsal.zoom_state import User, ZoomState
from bot.rehearsal.zoom_wire import JsonObject, ZoomError

ACCESS_TOKEN_LIFETIME = timedelta(hours=1)
REFRESH_TOKEN_LIFETIME = timedelta(days=90)
CODE_LIFETIME = timedelta(minutes=5)

AppKind = Literal["server_to_server", "user_managed"]


class OAuthError(Exception):
    """A refusal of the token endpoint: `{"reason", "error"}`."""

    def __init__(self, status: int, code: int, reason: str, error: str) -> None:
        super().__init__(reason)
        self.status = status
        self.code = code
        self.reason = reason
        self.error = error


@dataclass(slots=True)
class App:
    """A Marketplace app with the scopes its owner chose. Scopes count in either form, with or without `:admin`."""

    client_id: str
    client_secret: str
    kind: AppKind
    account_id: str
    scopes: frozenset[str]
    redirect_uris: frozenset[str]
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """What an access token allows: `user_id` is `None` for a token of the whole account."""

    client_id: str
    account_id: str
    user_id: str | None
    scopes: frozenset[str]
    expires_at: datetime

    def missing(self, scope: str) -> bool:
        """Whether neither the scope nor its `:admin` form was granted."""
        return scope not in self.scopes and f"{scope}:admin" not in self.scopes

    def account_wide(self, scope: str) -> bool:
        """Whether it reaches all users of the account."""
        return self.user_id is None or scope.endswith(":admin") or f"{scope}:admin" in self.scopes


@dataclass(frozen=True, slots=True)
class _Code:
    client_id: str
    user_id: str
    redirect_uri: str
    challenge: str
    method: str
    expires_at: datetime


@dataclass(slots=True)
class _Refresh:
    client_id: str
    user_id: str
    scopes: frozenset[str]
    expires_at: datetime
    state: Literal["current", "used", "replaced"] = "current"


@dataclass(slots=True)
class ZoomOAuth:
    """Issues and checks tokens.

    `one_s2s_token`: a new server-to-server token ends the one before (https://devforum.zoom.us/t/-/72070 says it may).
    `refresh_reuse_allowed`: the old refresh token goes on working, as one live test has seen; by default it is refused.
    """

    state: ZoomState
    api_root: str = ""
    one_s2s_token: bool = False
    refresh_reuse_allowed: bool = False
    apps: dict[str, App] = field(default_factory=dict)
    _grants: dict[str, Grant] = field(default_factory=dict)
    _codes: dict[str, _Code] = field(default_factory=dict)
    _refreshes: dict[str, _Refresh] = field(default_factory=dict)

    def add_app(
        self,
        client_id: str,
        client_secret: str,
        *,
        account_id: str,
        kind: AppKind,
        scopes: Iterable[str],
        redirect_uris: Iterable[str] = (),
    ) -> App:
        """Register an app; its secret counts as something that must not leak."""
        self.state.secret(client_secret)
        app = App(client_id, client_secret, kind, account_id, frozenset(scopes), frozenset(redirect_uris))
        self.apps[client_id] = app
        return app

    def consent(self, authorize_url: str, user: User) -> str:
        """What the browser of `user` is sent to after pressing Allow on the page at `authorize_url`.

        Raises:
            OAuthError: unknown client, redirect address that does not match exactly, or another response type than `code`.
        """
        query = {name: values[0] for name, values in parse_qs(urlsplit(authorize_url).query).items()}
        app = self.apps.get(query.get("client_id", ""))
        if app is None or app.kind != "user_managed":
            raise OAuthError(400, 4702, "Invalid client.", "invalid_client")
        redirect_uri = query.get("redirect_uri", "")
        if redirect_uri not in app.redirect_uris:
            raise OAuthError(400, 4709, "Redirect URI mismatch.", "invalid_request")
        if query.get("response_type") != "code":
            raise OAuthError(400, 4706, "Unsupported response type.", "unsupported_response_type")
        challenge, method = query.get("code_challenge", ""), query.get("code_challenge_method", "plain")
        code = self.state.new_secret()
        expires_at = self.state.now() + CODE_LIFETIME
        self._codes[code] = _Code(app.client_id, user.id, redirect_uri, challenge, method, expires_at)
        answer = {"code": code} | ({"state": query["state"]} if "state" in query else {})
        return f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{urlencode(answer)}"

    def token(self, authorization: str, form: Mapping[str, str]) -> JsonObject:
        """The token endpoint.

        Args:
            authorization: the `Authorization` header.
            form: the form body.

        Raises:
            OAuthError: as documented.
        """
        app = self._client(authorization)
        match form.get("grant_type"):
            case None:
                raise OAuthError(400, 4706, "Missing grant type.", "invalid_request")
            case "account_credentials":
                return self._account_token(app, form)
            case "authorization_code":
                return self._exchange(app, form)
            case "refresh_token":
                return self._refresh(app, form)
            case "client_credentials":
                return self._issue(app, None, frozenset())
            case _:
                raise OAuthError(
                    400, 4705, "Grant type is not supported from token endpoint.", "unsupported_grant_type"
                )

    def revoke(self, authorization: str, form: Mapping[str, str]) -> JsonObject:
        """The revocation endpoint: ends the access token, and the refresh tokens of the same user and app.

        Raises:
            OAuthError: bad client, or a token that is not this client's.
        """
        app = self._client(authorization)
        token = form.get("token", "")
        grant = self._grants.get(token)
        if grant is None or grant.client_id != app.client_id:
            raise OAuthError(400, 4700, "Invalid Token!", "invalid_request")
        del self._grants[token]
        if grant.user_id is not None:
            self._replace_refreshes(app.client_id, grant.user_id)
        return {"status": "success"}

    def remove_app(self, client_id: str, user: User | None = None) -> None:
        """Take the app away, from one user or altogether: its tokens stop working. A private app is not told."""
        for token, grant in list(self._grants.items()):
            if grant.client_id == client_id and (user is None or grant.user_id == user.id):
                del self._grants[token]
        for refresh in self._refreshes.values():
            if refresh.client_id == client_id and (user is None or refresh.user_id == user.id):
                refresh.state = "replaced"

    def authorise(self, authorization: str, query: Mapping[str, str]) -> Grant:
        """The grant behind an API request's `Authorization` header.

        Raises:
            ZoomError: 401/124; also for a token in the query string, refused since 2023 (https://devforum.zoom.us/t/-/78782).
        """
        kind, _, token = authorization.partition(" ")
        if "access_token" in query or kind.lower() != "bearer":
            raise ZoomError(401, 124, "Invalid access token.")
        grant = self._grants.get(token)
        if grant is None:
            raise ZoomError(401, 124, "Invalid access token.")
        if grant.expires_at <= self.state.now():
            raise ZoomError(401, 124, "Access token is expired.")
        return grant

    def _client(self, authorization: str) -> App:
        kind, _, encoded = authorization.partition(" ")
        if kind.lower() != "basic":
            raise OAuthError(400, 4706, "Client ID or client secret is missing.", "invalid_client")
        try:
            client_id, _, client_secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            raise OAuthError(401, 4702, "Invalid client.", "invalid_client") from None
        app = self.apps.get(client_id)
        if app is None:
            raise OAuthError(401, 4702, "Invalid client.", "invalid_client")
        if not secrets.compare_digest(app.client_secret.encode(), client_secret.encode()):
            raise OAuthError(401, 4704, "Invalid client secret.", "invalid_client")
        if app.disabled:
            raise OAuthError(400, 4717, "The app has been disabled.", "invalid_client")
        return app

    def _account_token(self, app: App, form: Mapping[str, str]) -> JsonObject:
        if app.kind != "server_to_server":
            raise OAuthError(400, 4705, "Grant type is not supported from token endpoint.", "unsupported_grant_type")
        if form.get("account_id") != app.account_id:
            raise OAuthError(400, 4706, "Bad request.", "invalid_request")
        if self.one_s2s_token:
            self._grants = {t: g for t, g in self._grants.items() if g.client_id != app.client_id}
        return self._issue(app, None, app.scopes)

    def _exchange(self, app: App, form: Mapping[str, str]) -> JsonObject:
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or code.client_id != app.client_id:
            raise OAuthError(400, 4734, "Invalid authorization code.", "invalid_grant")
        if code.expires_at <= self.state.now():
            raise OAuthError(400, 4733, "Code is expired.", "invalid_grant")
        if form.get("redirect_uri") != code.redirect_uri:
            raise OAuthError(400, 4709, "Redirect URI mismatch.", "invalid_request")
        if code.challenge and not _proves(code, form.get("code_verifier", "")):
            raise OAuthError(400, 4700, "Invalid code verifier.", "invalid_grant")
        self._replace_refreshes(app.client_id, code.user_id)
        return self._issue(app, code.user_id, app.scopes)

    def _refresh(self, app: App, form: Mapping[str, str]) -> JsonObject:
        refresh = self._refreshes.get(form.get("refresh_token", ""))
        if refresh is None or refresh.client_id != app.client_id or refresh.expires_at <= self.state.now():
            raise OAuthError(400, 4700, "Invalid Token!", "invalid_grant")
        if refresh.state == "replaced":
            raise OAuthError(400, 4741, "The token has been revoked.", "invalid_grant")
        if refresh.state == "used" and not self.refresh_reuse_allowed:
            raise OAuthError(400, 4740, "Invalid Token!", "invalid_grant")
        if refresh.user_id not in self.state.users:
            raise OAuthError(400, 4735, "The owner of the token does not exist.", "invalid_grant")
        refresh.state = "used"
        return self._issue(app, refresh.user_id, refresh.scopes)

    def _issue(self, app: App, user_id: str | None, scopes: frozenset[str]) -> JsonObject:
        now = self.state.now()
        access = self.state.secret(".".join(secrets.token_urlsafe(size) for size in (24, 90, 48)))
        account = app.account_id if user_id is None else self.state.users[user_id].account_id
        self._grants[access] = Grant(app.client_id, account, user_id, scopes, now + ACCESS_TOKEN_LIFETIME)
        answer: JsonObject = {
            "access_token": access,
            "token_type": "bearer",
            "expires_in": int(ACCESS_TOKEN_LIFETIME.total_seconds()),
            "scope": " ".join(sorted(scopes)),
            "api_url": self.api_root,
        }
        if user_id is not None:
            refresh = self.state.new_secret(64)
            self._refreshes[refresh] = _Refresh(app.client_id, user_id, scopes, now + REFRESH_TOKEN_LIFETIME)
            answer["refresh_token"] = refresh
        return answer

    def _replace_refreshes(self, client_id: str, user_id: str) -> None:
        for refresh in self._refreshes.values():
            if refresh.client_id == client_id and refresh.user_id == user_id:
                refresh.state = "replaced"


def _proves(code: _Code, verifier: str) -> bool:
    """Whether the verifier fits the challenge; `plain` is Zoom's default method where none was named."""
    if code.method == "plain":
        return secrets.compare_digest(verifier.encode(), code.challenge.encode())
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == code.challenge
