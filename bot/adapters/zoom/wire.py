"""One request of the REST API on the wire, and what its answer means: shared by routine traffic and the emergency lane."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import aiohttp

from bot import metrics
from bot.adapters.zoom.parsing import JsonObject
from bot.adapters.zoom.protocol import ZoomRequest
from bot.adapters.zoom.refusals import Refusal, error_from
from bot.adapters.zoom.transport import Answer, Lost, Outgoing, Patience, broken_error, exchange, lost_error
from bot.domain.errors import VestibuleError
from bot.domain.values import LinkId, Token
from bot.ports import Clock

API_URL = "https://api.zoom.us/v2"

Parsed = TypeVar("Parsed")
Judge = Callable[[Refusal, ZoomRequest, datetime], VestibuleError]


class Wire:
    """Sends single requests. It repeats nothing and waits for nobody's turn.

    Args:
        session: shared; this class neither opens nor closes it.
        clock: for limits that end at midnight.
        api_url: without a slash at the end.
        judge: what a refusing answer means.
    """

    def __init__(
        self, session: aiohttp.ClientSession, clock: Clock, api_url: str, patience: Patience, judge: Judge = error_from
    ) -> None:
        self._session = session
        self._clock = clock
        self._api_url = api_url.rstrip("/")
        self._patience = patience
        self._judge = judge

    async def send(self, link_id: LinkId, request: ZoomRequest, token: Token) -> JsonObject:
        """The answer's object, empty where none is due. Raises the error that a refusal or a lost answer means."""
        outgoing = Outgoing(
            event="zoom.request",
            facts={"operation": request.operation, "label": request.label.value, "link_id": link_id},
            method=request.method,
            url=self._api_url + request.target,
            headers={"Authorization": f"Bearer {token.reveal()}", "Accept": "application/json"},
            payload=request.json,
        )
        answer = await exchange(self._session, outgoing, self._patience)
        metrics.count_zoom_request(request.label.value, answer.value if isinstance(answer, Lost) else answer.status)
        return self._understood(request, answer)

    def _understood(self, request: ZoomRequest, answer: Answer | Lost) -> JsonObject:
        if isinstance(answer, Lost):
            raise lost_error(answer, safe_to_repeat=request.safe_to_repeat)
        if answer.broken:
            raise broken_error(safe_to_repeat=request.safe_to_repeat)
        if not answer.good:
            raise self._judge(Refusal.of(answer.status, answer.body, answer.headers), request, self._clock.now())
        return understood(request, answer.body) if request.answers else {}


def understood(request: ZoomRequest, parsed: Parsed | None) -> Parsed:
    """What was parsed; an answer that says yes but not what it should is as good as lost."""
    if parsed is None:
        raise broken_error(safe_to_repeat=request.safe_to_repeat)
    return parsed
