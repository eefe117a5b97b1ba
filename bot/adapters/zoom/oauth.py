"""The network side of Zoom's token endpoint, for the port `TokenIssuer`."""

from __future__ import annotations

import aiohttp

from bot.adapters.zoom.parsing import JsonObject
from bot.adapters.zoom.tokens import TokenRequest, account_token_request, parse_token, token_error
from bot.adapters.zoom.transport import (
    Answer,
    Deadline,
    Lost,
    Outgoing,
    Patience,
    broken_error,
    exchange,
    lost_error,
    repeated,
)
from bot.domain.values import Secret
from bot.ports import Clock, IssuedToken

OAUTH_URL = "https://zoom.us/oauth"


class ZoomOAuth:
    """Gets access tokens. Asking twice is harmless: only the last token is used.

    Args:
        session: shared; this class neither opens nor closes it.
        client_id, client_secret: the app's.
        clock: for the waits and for when a token expires.
        oauth_url: without a slash at the end.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        client_id: str,
        client_secret: Secret,
        clock: Clock,
        oauth_url: str = OAUTH_URL,
        patience: Patience = Patience(),  # noqa: B008 - frozen
    ) -> None:
        self._session = session
        self._client_id = client_id
        self._client_secret = client_secret
        self._clock = clock
        self._oauth_url = oauth_url.rstrip("/")
        self._patience = patience

    async def account_token(self, account_id: str) -> IssuedToken:
        """A server-to-server token (https://developers.zoom.us/docs/internal-apps/s2s-oauth/).

        Raises:
            NeedsAttention: Zoom refuses the app's id, secret or account.
            Transient: Zoom cannot be reached, or its answer cannot be read.
        """
        asked_at = self._clock.now()
        body = await self.ask(account_token_request(self._client_id, self._client_secret, account_id), repeatable=True)
        issued = parse_token(body, asked_at)
        if issued is None:
            raise broken_error(safe_to_repeat=True)
        return issued

    async def ask(self, request: TokenRequest, *, repeatable: bool) -> JsonObject:
        """One request to Zoom's OAuth server; the answer's object. What is not `repeatable` is sent once at most.

        Raises:
            NeedsAttention: Zoom refuses.
            Transient: Zoom cannot be reached, or (repeatable) its answer cannot be read.
            OutcomeUnknown: not repeatable, and the answer was lost.
        """
        deadline = Deadline(self._patience)

        async def attempt() -> JsonObject:
            return self._judge(request, await self._send(request), repeatable=repeatable)

        return await repeated(attempt, patience=self._patience, deadline=deadline, sleep=self._clock.sleep)

    async def _send(self, request: TokenRequest) -> Answer | Lost:
        outgoing = Outgoing(
            event="zoom.token",
            facts={},
            method="POST",
            url=self._oauth_url + request.path,
            headers={"Authorization": request.authorization, "Accept": "application/json"},
            form=request.form,
        )
        return await exchange(self._session, outgoing, self._patience)

    def _judge(self, request: TokenRequest, answer: Answer | Lost, *, repeatable: bool) -> JsonObject:
        if isinstance(answer, Lost):
            raise lost_error(answer, safe_to_repeat=repeatable)
        if answer.broken or (answer.good and answer.body is None):
            raise broken_error(safe_to_repeat=repeatable)
        if not answer.good:
            raise token_error(answer.status, answer.body, request)
        return answer.body or {}
