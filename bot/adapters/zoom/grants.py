"""What users grant by OAuth, for the port `Consents`: consent address, code, refresh, revocation, and whose grant it is.

https://developers.zoom.us/docs/integrations/oauth/
"""

from __future__ import annotations

from urllib.parse import urlencode

import aiohttp

from bot.adapters.zoom import protocol
from bot.adapters.zoom.oauth import OAUTH_URL, ZoomOAuth
from bot.adapters.zoom.parsing import JsonObject, parse_user, text
from bot.adapters.zoom.refusals import Refusal, error_from
from bot.adapters.zoom.tokens import TokenRequest, basic, parse_token
from bot.adapters.zoom.transport import (
    Deadline,
    Lost,
    Outgoing,
    Patience,
    broken_error,
    exchange,
    repeated,
    unreachable,
)
from bot.adapters.zoom.wire import API_URL
from bot.domain.errors import NeedsAttention, OutcomeUnknown, VestibuleError
from bot.domain.values import Secret, Token
from bot.ports import Clock, IssuedToken, UserGrant, ZoomIdentity

_UNKNOWN_TOKEN = "zoom_grant_dead"  # noqa: S105


class ZoomGrants:
    """Zoom as `Consents`.

    Args:
        session: shared; this class neither opens nor closes it.
        client_id, client_secret: the app's.
        redirect_uri: where Zoom sends browsers back to; must stand in the app's settings to the letter.
        oauth_url, api_url: without a slash at the end.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        client_id: str,
        client_secret: Secret,
        clock: Clock,
        *,
        redirect_uri: str,
        oauth_url: str = OAUTH_URL,
        api_url: str = API_URL,
        patience: Patience = Patience(),  # noqa: B008 - frozen
    ) -> None:
        self._session = session
        self._client_id = client_id
        self._authorization = basic(client_id, client_secret)
        self._clock = clock
        self._redirect_uri = redirect_uri
        self._oauth_url = oauth_url.rstrip("/")
        self._api_url = api_url.rstrip("/")
        self._patience = patience
        self._oauth = ZoomOAuth(session, client_id, client_secret, clock, oauth_url, patience)

    async def account_token(self, account_id: str) -> IssuedToken:
        """A server-to-server token, as `ZoomOAuth.account_token`."""
        return await self._oauth.account_token(account_id)

    def authorize_address(self, state: Secret, challenge: str) -> Secret:
        """Where a browser is sent for consent. Scopes are fixed in the app's settings and not asked for here."""
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            "state": state.reveal(),
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return Secret(f"{self._oauth_url}/authorize?{urlencode(query)}")

    async def exchanged(self, code: Secret, verifier: Secret) -> UserGrant:
        """The first pair for a code."""
        return await self._pair(
            {
                "grant_type": "authorization_code",
                "code": code.reveal(),
                "redirect_uri": self._redirect_uri,
                "code_verifier": verifier.reveal(),
            }
        )

    async def refreshed(self, refresh: Token) -> UserGrant:
        """The next pair."""
        return await self._pair({"grant_type": "refresh_token", "refresh_token": refresh.reveal()})

    async def revoke(self, token: Token) -> None:
        """End the grant behind this access token. Repeating it is harmless, so a lost answer is asked for again."""
        try:
            await self._ask("/revoke", {"token": token.reveal()}, repeatable=True)
        except NeedsAttention as refused:
            if refused.code != _UNKNOWN_TOKEN:
                raise

    async def identify(self, token: Token) -> ZoomIdentity:
        """Whose token it is (https://developers.zoom.us/docs/api/users/#tag/users/get/users/{userId})."""
        request = protocol.read_user("me")
        outgoing = Outgoing(
            event="zoom.request",
            facts={"operation": request.operation, "label": request.label.value, "link_id": "new"},
            method=request.method,
            url=self._api_url + request.target,
            headers={"Authorization": f"Bearer {token.reveal()}", "Accept": "application/json"},
        )

        async def attempt() -> JsonObject:
            answer = await exchange(self._session, outgoing, self._patience)
            if isinstance(answer, Lost):
                raise unreachable()
            if answer.broken or (answer.good and answer.body is None):
                raise broken_error(safe_to_repeat=True)
            if not answer.good:
                refusal = Refusal.of(answer.status, answer.body, answer.headers)
                raise error_from(refusal, request, self._clock.now())
            return answer.body or {}

        deadline = Deadline(self._patience)
        body = await repeated(attempt, patience=self._patience, deadline=deadline, sleep=self._clock.sleep)
        user = parse_user(body)
        if user is None:
            raise broken_error(safe_to_repeat=True)
        return ZoomIdentity(user, text(body, "account_id"))

    async def _pair(self, form: dict[str, str]) -> UserGrant:
        asked_at = self._clock.now()
        body = await self._ask("/token", form, repeatable=False)
        access, refresh = parse_token(body, asked_at), text(body, "refresh_token")
        if access is None or not refresh:
            raise _unreadable()
        return UserGrant(access, Token(refresh))

    async def _ask(self, path: str, form: dict[str, str], *, repeatable: bool) -> JsonObject:
        return await self._oauth.ask(TokenRequest(path, self._authorization, form), repeatable=repeatable)


def _unreadable() -> VestibuleError:
    return OutcomeUnknown(
        "Zoom's answer to the request for access could not be read. Please start again.", code="zoom_answer_garbled"
    )
