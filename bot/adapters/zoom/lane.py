"""The emergency lane: calls that act on a running meeting, before all routine traffic, repeated until they are taken or a minute has passed.

It needs no store: token, account and plan are in memory after `stand_by`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import aiohttp

from bot.adapters.zoom import protocol
from bot.adapters.zoom.control_refusals import control_error
from bot.adapters.zoom.pacing import EmergencyPace, Pacer, Plan
from bot.adapters.zoom.protocol import RegistrantAction, ZoomRequest
from bot.adapters.zoom.refusals import REJECTED_TOKEN
from bot.adapters.zoom.transport import Patience
from bot.adapters.zoom.wire import API_URL, Wire
from bot.domain.containment import Capabilities
from bot.domain.errors import NeedsAttention, Transient, UserMistake
from bot.domain.values import LinkId, ParticipantId, RegistrantId, Token, ZoomMeetingId
from bot.ports import Clock
from bot.ports.control import NOT_RUNNING, ReadyTokens, RoomControl

REPEAT_FOR = timedelta(seconds=60)
LANE_PATIENCE = Patience(connect=3.0, answer=10.0)
_WORTH_REPEATING = frozenset({"zoom_rate_limited", "zoom_unreachable", "zoom_down"})
_LONGEST_PAUSE = 10.0
"""Seconds between two attempts at most: somebody is waiting, and a limit counted in seconds is soon over."""


@dataclass(frozen=True, slots=True)
class _Known:
    account: str
    plan: Plan


class EmergencyLane(RoomControl):
    """Zoom's REST API as a `RoomControl`.

    Args:
        session: shared; this class neither opens nor closes it.
        pacer: of the routine calls, which wait meanwhile.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        tokens: ReadyTokens,
        pacer: Pacer,
        clock: Clock,
        api_url: str = API_URL,
        patience: Patience = LANE_PATIENCE,
    ) -> None:
        self._wire = Wire(session, clock, api_url, patience, control_error)
        self._tokens = tokens
        self._pacer = pacer
        self._pace = EmergencyPace()
        self._clock = clock
        self._patience = patience
        self._known: dict[LinkId, _Known] = {}

    def capabilities(self, link_id: LinkId) -> Capabilities:  # noqa: ARG002 - the same for every account
        """REST can remove where Zoom enabled it, and end; it cannot lock (docs: no such call exists)."""
        return Capabilities(remove=None, lock=False, end=True)

    async def stand_by(self, link_id: LinkId) -> None:
        """Have account, plan and a token with at least 15 minutes left in memory."""
        account, plan = await self._pacer.whose(link_id)
        self._known[link_id] = _Known(account, plan)
        await self._tokens.keep_ready(link_id)

    async def remove(self, link_id: LinkId, zoom_id: ZoomMeetingId, participant: ParticipantId) -> None:
        """Put somebody out of the running meeting."""
        await self._persist(link_id, protocol.remove_participant(zoom_id, participant))

    async def cancel(self, link_id: LinkId, zoom_id: ZoomMeetingId, who: Sequence[tuple[RegistrantId, str]]) -> None:
        """Make the links of these registrants void, 30 a call; where the meeting is gone, so are they."""
        for start in range(0, len(who), protocol.BATCH_SIZE):
            batch = who[start : start + protocol.BATCH_SIZE]
            try:
                await self._persist(link_id, protocol.set_registrant_status(zoom_id, batch, RegistrantAction.CANCEL))
            except UserMistake as mistake:
                if mistake.code != NOT_RUNNING:
                    raise

    async def end(self, link_id: LinkId, zoom_id: ZoomMeetingId) -> None:
        """End the meeting for everyone."""
        await self._persist(link_id, protocol.end_meeting(zoom_id))

    async def lock(self, link_id: LinkId, zoom_id: ZoomMeetingId, *, locked: bool) -> None:  # noqa: ARG002 - it never can
        """Zoom has no such call outside the meeting."""
        raise NeedsAttention(
            "Zoom lets nobody lock a meeting from outside. In Zoom: Host tools > Lock meeting.", code="lock_unsupported"
        )

    async def _persist(self, link_id: LinkId, request: ZoomRequest) -> None:
        """Send it until it is taken or refused, for a minute; with another token once, if Zoom rejects the one we have."""
        known = self._known.get(link_id) or _Known(link_id, Plan.PRO)
        until = self._clock.now() + REPEAT_FOR
        attempt = 0
        with self._pacer.emergency(known.account):
            token = await self._token(link_id)
            renewed = False
            while True:
                attempt += 1
                try:
                    await self._turn(known, request, until)
                    await self._wire.send(link_id, request, token)
                    return
                except NeedsAttention as refused:
                    if refused.code != REJECTED_TOKEN or renewed:
                        raise
                    token, renewed = await self._another_token(link_id, token), True
                except Transient as error:
                    pause = _pause(error, attempt)
                    if not self._worthwhile(error, pause, until):
                        raise
                    await self._clock.sleep(pause)

    async def _turn(self, known: _Known, request: ZoomRequest, until: datetime) -> None:
        left = max(0.1, (until - self._clock.now()).total_seconds())
        if not await self._pace.wait(known.account, known.plan, request.label, left):
            raise Transient("Too many emergency calls wait for this Zoom account.", code="zoom_busy")

    def _worthwhile(self, error: Transient, pause: float, until: datetime) -> bool:
        return error.code in _WORTH_REPEATING and self._clock.now() + timedelta(seconds=pause) <= until

    async def _token(self, link_id: LinkId) -> Token:
        return self._tokens.at_hand(link_id) or await self._within(self._tokens.current(link_id))

    async def _another_token(self, link_id: LinkId, rejected: Token) -> Token:
        return await self._within(self._tokens.renewed(link_id, rejected))

    async def _within(self, coming: Awaitable[Token]) -> Token:
        """Not for ever: the store that keeps the tokens may hang."""
        try:
            async with asyncio.timeout(REPEAT_FOR.total_seconds()):
                return await coming
        except TimeoutError:
            raise Transient("No access token for Zoom could be had in a minute.", code="zoom_no_token") from None


def _pause(error: Transient, attempt: int) -> float:
    """As long as Zoom asks; else a second for a limit, and half a second, doubling, for trouble; never long."""
    if error.code == "zoom_rate_limited":
        asked = error.retry_after.total_seconds() if error.retry_after else 1.0
        return max(0.2, asked)
    return min(_LONGEST_PAUSE, 0.5 * 2.0 ** (attempt - 1))
