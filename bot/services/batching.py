"""Many presses at once share calls: Zoom registers 30 people in one call that costs as much of its limits as two or three single ones.

https://developers.zoom.us/docs/api/rate-limits/ : a Pro account may send 30 single or 10 batch calls a second, so batches carry ten times as
many people.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.domain.errors import NeedsAttention, OutcomeUnknown, Transient, UserMistake, VestibuleError
from bot.domain.values import LinkId, ZoomMeetingId
from bot.ports import Clock, MeetingProvider, Registered

FEW = 4
"""So many registrations may be on their way one by one; whoever comes then waits to share a call."""
SHARE_WITHIN = 0.25
"""Seconds somebody waits at most for others to share a call with."""
BATCH = 30
"""https://developers.zoom.us/docs/api/meetings/#tag/meetings/post/meetings/{meetingId}/batch_registrants"""
_NEVER_HERE = frozenset({"zoom_single_only", "zoom_scope_missing", "zoom_feature_off", "zoom_no_permission"})
"""Refusals that hold for every batch of this meeting."""
_ONE_OF_THEM = frozenset({"zoom_daily_adds"})
"""Refusals of a whole batch for the sake of one person in it."""


@dataclass
class _Waiting:
    address: str
    name: str
    made: asyncio.Future[Registered | None]


@dataclass
class _Line:
    """Those who want to be registered for one meeting."""

    link_id: LinkId
    zoom_id: ZoomMeetingId
    alone: int = 0
    waiting: list[_Waiting] = field(default_factory=list)
    full: asyncio.Event = field(default_factory=asyncio.Event)
    gathering: bool = False
    single_only: bool = False


class Batching:
    """Registers people, alone or together. Nothing is kept here that may not be lost: invites are committed before."""

    def __init__(self, provider: MeetingProvider, clock: Clock) -> None:
        self._provider = provider
        self._clock = clock
        self._lines: dict[ZoomMeetingId, _Line] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def add(self, link_id: LinkId, zoom_id: ZoomMeetingId, address: str, name: str) -> Registered | None:
        """Register one person; None if Zoom's answer was lost and its list does not show them yet.

        Raises:
            UserMistake, NeedsAttention, Transient: Zoom refuses, or cannot be reached.
        """
        line = self._lines.setdefault(zoom_id, _Line(link_id, zoom_id))
        if line.single_only or (line.alone < FEW and not line.gathering):
            return await self._alone(line, address, name)
        turn = _Waiting(address, name, asyncio.get_running_loop().create_future())
        line.waiting.append(turn)
        if len(line.waiting) >= BATCH:
            line.full.set()
        if not line.gathering:
            line.gathering = True
            self._start(self._gather(line))
        return await turn.made

    async def add_all(
        self, link_id: LinkId, zoom_id: ZoomMeetingId, people: Sequence[tuple[str, str]]
    ) -> Mapping[str, Registered | VestibuleError | None]:
        """Register up to 30 people (address, name), in one call where Zoom takes it; what became of each, by address."""
        line = self._lines.setdefault(zoom_id, _Line(link_id, zoom_id))
        loop = asyncio.get_running_loop()
        turns = [_Waiting(address, name, loop.create_future()) for address, name in people]
        await self._together(line, turns)
        return {turn.address: _outcome(turn) for turn in turns}

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _alone(self, line: _Line, address: str, name: str) -> Registered | None:
        line.alone += 1
        try:
            return await self._provider.add_registrant(line.link_id, line.zoom_id, address, name)
        except OutcomeUnknown:
            return await self._provider.find_registrant(line.link_id, line.zoom_id, address)
        finally:
            line.alone -= 1
            self._forget(line)

    async def _gather(self, line: _Line) -> None:
        """Wait for company, a quarter of a second at most, then go; more who come meanwhile gather anew."""
        full = asyncio.ensure_future(line.full.wait())
        late = asyncio.ensure_future(self._clock.sleep(SHARE_WITHIN))
        await asyncio.wait((full, late), return_when=asyncio.FIRST_COMPLETED)
        for task in (full, late):
            task.cancel()
        turns, line.waiting = line.waiting[:BATCH], line.waiting[BATCH:]
        line.full.clear()
        if len(line.waiting) >= BATCH:
            line.full.set()
        if line.waiting:
            self._start(self._gather(line))
        else:
            line.gathering = False
        await self._together(line, turns)
        self._forget(line)

    def _forget(self, line: _Line) -> None:
        if not (line.alone or line.waiting or line.gathering or line.single_only):
            self._lines.pop(line.zoom_id, None)

    async def _together(self, line: _Line, turns: Sequence[_Waiting]) -> None:
        if line.single_only or len(turns) <= 1:
            await self._one_by_one(line, turns)
            return
        try:
            people = [(turn.address, turn.name) for turn in turns]
            made = await self._provider.add_registrants(line.link_id, line.zoom_id, people)
        except OutcomeUnknown:
            await self._look(line, turns)
        except Transient as error:
            if error.code in _ONE_OF_THEM:
                await self._one_by_one(line, turns)
            else:
                _fail(turns, error)
        except (NeedsAttention, UserMistake) as error:
            line.single_only = line.single_only or error.code in _NEVER_HERE
            await self._one_by_one(line, turns)
        except BaseException as error:
            _fail(turns, error)
            raise
        else:
            _give(turns, made)

    async def _look(self, line: _Line, turns: Sequence[_Waiting]) -> None:
        """The answer was lost: Zoom's list says who was registered; nobody is sent twice."""
        try:
            _give(turns, await self._provider.registrants(line.link_id, line.zoom_id))
        except VestibuleError as error:
            _fail(turns, error)

    async def _one_by_one(self, line: _Line, turns: Sequence[_Waiting]) -> None:
        async def each(turn: _Waiting) -> None:
            try:
                made = await self._alone(line, turn.address, turn.name)
            except BaseException as error:
                _fail([turn], error)
                if not isinstance(error, VestibuleError):
                    raise
            else:
                _give([turn], {} if made is None else {turn.address.lower(): made})

        await asyncio.gather(*(each(turn) for turn in turns))


def _give(turns: Sequence[_Waiting], made: Mapping[str, Registered]) -> None:
    for turn in turns:
        if not turn.made.done():
            turn.made.set_result(made.get(turn.address.lower()))


def _fail(turns: Sequence[_Waiting], error: BaseException) -> None:
    for turn in turns:
        if not turn.made.done():
            turn.made.set_exception(error if isinstance(error, Exception) else _STOPPED)


_STOPPED = Transient("I am being restarted. Press again in a minute; nothing is lost.", code="stopping")


def _outcome(turn: _Waiting) -> Registered | VestibuleError | None:
    error = turn.made.exception()
    if error is not None and not isinstance(error, VestibuleError):
        raise error
    return error if error is not None else turn.made.result()
