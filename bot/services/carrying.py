"""Carrying acts out: every step that is still open is tried, and each outcome is noted as soon as it is known.

Removals and End start at once and side by side, newest strangers first; links are made void afterwards, unused ones last. Carrying an act out twice
does no more than once: whoever is out is not asked for again, and each call says what is to be, not what is to change.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from bot.domain.containment import CONFIRM_WITHIN, URGENT, ActKind, Outcome, Step, StepKind
from bot.domain.errors import VestibuleError
from bot.domain.meeting import Meeting
from bot.ports import Clock, MeetingProvider
from bot.ports.control import NOT_RUNNING, REMOVAL_NOT_PERMITTED, REMOVAL_OFF, RoomControl
from bot.services.closing import Closing
from bot.services.confirming import Confirmations
from bot.services.standby import StandBy, Standing
from bot.services.under_way import UnderWay

NOT_CONFIRMED = "not_confirmed"
BUG = "unexpected"
_NOT_HERE = frozenset({REMOVAL_OFF, REMOVAL_NOT_PERMITTED})
"""Refusals that hold for everybody in every meeting of the account, until Zoom changes it."""
_UNSUPPORTED = _NOT_HERE | {"zoom_scope_missing", "lock_unsupported"}
_MAY_HAVE_HAPPENED = frozenset({"zoom_unreachable", "zoom_down", "zoom_answer_lost", "zoom_answer_garbled"})

_log = structlog.stdlib.get_logger(__name__)


class Carrying:
    """Does what acts say.

    Args:
        provider: for looking whether a meeting is still live.
    """

    def __init__(
        self,
        control: RoomControl,
        standby: StandBy,
        closing: Closing,
        confirmations: Confirmations,
        provider: MeetingProvider,
        clock: Clock,
    ) -> None:
        self._control = control
        self._standby = standby
        self._closing = closing
        self._confirmations = confirmations
        self._provider = provider
        self._clock = clock
        self._late: set[asyncio.Task[None]] = set()

    async def carry_out(self, under_way: UnderWay, standing: Standing) -> None:
        """Try every open step of this act, and wait for what confirms it, 15 seconds each."""
        meeting = standing.meeting
        confirming: list[asyncio.Task[None]] = []

        async def do(step: Step) -> None:
            if step.outcome is Outcome.PENDING:
                await self._safely(under_way, step, lambda: self._call(under_way, step, meeting))
            confirming.append(
                asyncio.create_task(self._safely(under_way, step, lambda: self._confirm(under_way, step, meeting)))
            )

        at_once = [step for step in under_way.act.steps if step.kind in URGENT and not step.settled]
        if self._first_is_the_test(under_way, at_once, meeting):
            await do(at_once.pop(0))
        await asyncio.gather(*(do(step) for step in at_once))
        await self._closing.finish(under_way, standing)
        await asyncio.gather(*confirming)

    async def close(self) -> None:
        """Wait for no more late confirmations."""
        for task in tuple(self._late):
            task.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)

    def _first_is_the_test(self, under_way: UnderWay, steps: Sequence[Step], meeting: Meeting) -> bool:
        """Zoom refused a removal before: one person is tried, and the others only if it works by now."""
        many = len(steps) > 1 and all(step.kind is StepKind.REMOVE for step in steps)
        return many and under_way.act.kind is not ActKind.REMOVE and not self._standby.can(meeting.link_id).may_remove

    async def _call(self, under_way: UnderWay, step: Step, meeting: Meeting) -> None:
        """Ask Zoom for one thing; ACCEPTED, or why not."""
        if meeting.zoom_id is None:
            self._turn(under_way, step, Outcome.REFUSED, NOT_RUNNING)
            return
        if step.kind is StepKind.REMOVE and self._needs_no_call(under_way, step, meeting):
            return
        try:
            if step.kind is StepKind.END:
                await self._control.end(meeting.link_id, meeting.zoom_id)
            elif step.kind is StepKind.LOCK_ROOM:
                locked = under_way.act.kind is not ActKind.UNLOCK
                await self._control.lock(meeting.link_id, meeting.zoom_id, locked=locked)
            elif step.participant is not None:
                await self._control.remove(meeting.link_id, meeting.zoom_id, step.participant)
        except VestibuleError as error:
            self._turn(under_way, step, outcome_of(error), error.code)
            if step.kind is StepKind.REMOVE and error.code in _NOT_HERE:
                await self._learned(meeting, works=False, code=error.code)
        else:
            self._turn(under_way, step, Outcome.DONE if step.kind is StepKind.LOCK_ROOM else Outcome.ACCEPTED)

    def _needs_no_call(self, under_way: UnderWay, step: Step, meeting: Meeting) -> bool:
        """They are out already, or Zoom has just said about another that it removes nobody here."""
        assert step.participant is not None  # noqa: S101 - a removal names one
        if self._confirmations.is_out(meeting.meeting_id, step.participant):
            self._turn(under_way, step, Outcome.DONE)
            return True
        refused = next((s for s in under_way.act.of_kind(StepKind.REMOVE) if s.code in _NOT_HERE), None)
        if refused is not None:
            self._turn(under_way, step, Outcome.UNSUPPORTED, refused.code)
        return refused is not None

    async def _confirm(self, under_way: UnderWay, step: Step, meeting: Meeting) -> None:
        """Wait for Zoom's word on what it accepted."""
        known = under_way.act.step(step.key)
        if known is None:
            return
        if step.kind is StepKind.REMOVE and known.outcome is Outcome.ACCEPTED:
            await self._confirm_removal(under_way, step, meeting)
        elif step.kind is StepKind.END:
            await self._confirm_end(under_way, known, meeting)

    async def _confirm_removal(self, under_way: UnderWay, step: Step, meeting: Meeting) -> None:
        assert step.participant is not None  # noqa: S101 - a removal names one
        leaving = self._confirmations.leaving(meeting.meeting_id, step.participant)
        if await self._confirmations.within(leaving, CONFIRM_WITHIN.total_seconds()):
            self._turn(under_way, step, Outcome.DONE)
            await self._learned(meeting, works=True)
        else:
            self._turn(under_way, step, Outcome.UNCONFIRMED, NOT_CONFIRMED)
            self._start(self._confirm_late(under_way, step, leaving))

    async def _confirm_late(self, under_way: UnderWay, step: Step, leaving: asyncio.Future[None]) -> None:
        """Until the call is over."""
        await asyncio.wait({leaving})
        if not leaving.cancelled():
            self._turn(under_way, step, Outcome.DONE)

    async def _confirm_end(self, under_way: UnderWay, step: Step, meeting: Meeting) -> None:
        """By Zoom's event, or by its list of live meetings; also where Zoom said that it does not run."""
        if step.outcome is Outcome.ACCEPTED:
            ending = self._confirmations.ending(meeting.meeting_id)
            if await self._confirmations.within(ending, CONFIRM_WITHIN.total_seconds()):
                self._turn(under_way, step, Outcome.DONE)
                return
        elif step.code != NOT_RUNNING:
            return
        try:
            live = await self._provider.live_meetings(meeting.link_id, meeting.host_id)
        except VestibuleError as error:
            self._turn(under_way, step, Outcome.UNCONFIRMED, error.code)
            return
        if meeting.zoom_id not in live:
            self._turn(under_way, step, Outcome.DONE)
        else:
            self._turn(under_way, step, Outcome.UNCONFIRMED, NOT_CONFIRMED)

    async def _learned(self, meeting: Meeting, *, works: bool, code: str = "") -> None:
        if self._standby.can(meeting.link_id).remove is not works:
            self._standby.removal_is(meeting.link_id, works=works)
            self._start(self._standby.keep_removal(meeting, works=works, code=code))

    async def _safely(self, under_way: UnderWay, step: Step, work: Callable[[], Awaitable[None]]) -> None:
        """A bug in one step holds up no other."""
        try:
            await work()
        except Exception:
            _log.exception("step.failed", act=under_way.act.act_id, step=step.kind.value)
            self._turn(under_way, step, Outcome.UNCONFIRMED, BUG)

    def _turn(self, under_way: UnderWay, step: Step, outcome: Outcome, code: str = "") -> None:
        under_way.turn(step, outcome, self._clock.now(), code)

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._late.add(task)
        task.add_done_callback(self._late.discard)


def outcome_of(error: VestibuleError) -> Outcome:
    """What a refusal says of a step: whether it cannot be, was refused, or may have happened all the same."""
    if error.code in _UNSUPPORTED:
        return Outcome.UNSUPPORTED
    return Outcome.UNCONFIRMED if error.code in _MAY_HAVE_HAPPENED else Outcome.REFUSED
