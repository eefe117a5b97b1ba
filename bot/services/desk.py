"""Where acts of this process are: begun once however often they are pressed, carried out, kept, told, and gone on with after a kill."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from datetime import timedelta
from typing import Any

import structlog

from bot.domain.containment import Act, StepKind
from bot.domain.errors import VestibuleError
from bot.domain.values import ActId, MeetingId, ParticipantId
from bot.ports import Clock, DueItem, Job, Store
from bot.ports.containment import ActListener, ClosedDoor
from bot.services.carrying import Carrying
from bot.services.recording import LEASE, Recording
from bot.services.standby import StandBy, Standing
from bot.services.under_way import UnderWay

REPLAY_EVERY = 2.0
"""Seconds between two tries to enter what is kept in the data folder."""
KEPT_IN_MEMORY = 500

_log = structlog.stdlib.get_logger(__name__)


class Desk:
    """The acts under way in this process."""

    def __init__(self, store: Store, recording: Recording, carrying: Carrying, standby: StandBy, clock: Clock) -> None:
        self._store = store
        self._recording = recording
        self._carrying = carrying
        self._standby = standby
        self._clock = clock
        self._acts: dict[ActId, UnderWay] = {}
        self._by_key: dict[str, UnderWay] = {}
        self._listeners: list[ActListener] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def listen(self, listener: ActListener) -> None:
        """Tell this one how every act of this process goes on."""
        self._listeners.append(listener)

    def same(self, running_key: str) -> UnderWay | None:
        """The same act, if it was begun here and the press still means it."""
        under_way = self._by_key.get(running_key)
        return under_way if under_way is not None and under_way.act.joinable(self._clock.now()) else None

    def named(self, meeting_id: MeetingId) -> frozenset[ParticipantId]:
        """Whom the acts of this process remove from this meeting, or tried to."""
        acts = (each.act for each in self._acts.values() if each.act.meeting_id == meeting_id)
        return frozenset(s.participant for act in acts for s in act.of_kind(StepKind.REMOVE) if s.participant)

    async def begin(self, act: Act, standing: Standing, door: ClosedDoor | None = None) -> Act:
        """Keep the intent if the store answers in time, and start. The same act, if it is going on here or elsewhere.

        Args:
            door: what the door is closed on, for acts that close it.
        """
        same = self.same(act.running_key)
        if same is not None and not self._overtaken(same.act):
            return same.act
        under_way = self._put(act)
        if door is not None:
            self._standby.closed_here(door)
        try:
            begun = await self._recording.begin(act, door, silent=not standing.from_store)
        except BaseException:
            self._forget(under_way)
            raise
        if begun.act_id != act.act_id:
            self._forget(under_way)
            return begun
        under_way.merge(begun)
        self._start(under_way, standing)
        return under_way.act

    async def begin_in_store(self, act: Act, standing: Standing) -> Act:
        """As `begin`, for what can wait until the store answers.

        Raises:
            Transient, NeedsAttention: the store does not; nothing was done.
        """
        begun = await self._recording.begin_in_store(act)
        if begun.act_id == act.act_id:
            self._start(self._put(begun), standing)
        return begun

    async def progress(self, act_id: ActId) -> Act | None:
        """What is known of an act now, of this process or another."""
        under_way = self._acts.get(act_id)
        if under_way is not None:
            return under_way.act
        async with self._store.read() as uow:
            return await uow.acts.get(act_id)

    async def changes(self, act_id: ActId) -> AsyncIterator[Act]:
        """An act now and after each change, until everything was tried and waited for. Of another process's act only what is known now."""
        under_way = self._acts.get(act_id)
        if under_way is None:
            act = await self.progress(act_id)
            if act is not None:
                yield act
            return
        async for act in under_way.changes():
            yield act

    async def over(self, act_id: ActId) -> Act:
        """Wait until everything of an act of this process was tried and waited for; the act then."""
        under_way = self._acts[act_id]
        async for _ in under_way.changes():
            pass
        return under_way.act

    async def go_on(self, meeting_id: MeetingId) -> None:
        """The job: go on with acts of this meeting whose process is gone.

        A repeat finds them taken or over; and carrying an act out twice does no more than once.
        """
        now = self._clock.now()
        async with self._store.work(urgent=True) as uow:
            unfinished = await uow.acts.unfinished(meeting_id)
            mine = [
                act
                for act, _ in unfinished
                if act.act_id not in self._busy() and await uow.acts.take_over(act.act_id, now, now + LEASE)
            ]
            if unfinished:
                await uow.agenda.put(DueItem(Job.CONTAIN, meeting_id, now + LEASE + timedelta(seconds=1)))
            await uow.commit()
        if mine:
            standing = await self._standby.look(meeting_id)
            for act in mine:
                self._start(self._put(act), standing)

    async def adopt(self) -> None:
        """At the start of the only process there is: whoever worked on acts is gone, so they are gone on with at once."""
        now = self._clock.now()
        async with self._store.work() as uow:
            for act, _ in await uow.acts.unfinished():
                await uow.acts.save(act, now)
                await uow.agenda.put(DueItem(Job.CONTAIN, act.meeting_id, now))
            await uow.commit()

    async def replay(self) -> None:
        """Enter what is kept in the data folder, if there is anything. Raises nothing: it is tried again."""
        try:
            kept = await self._recording.replay()
        except VestibuleError as error:
            _log.warning("acts.not_entered", code=error.code)
            return
        for act in kept:
            under_way = self._acts.get(act.act_id)
            if under_way is not None:
                under_way.merge(act)

    async def close(self) -> None:
        """Stop. What is not over, the job goes on with."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._carrying.close()

    def _overtaken(self, act: Act) -> bool:
        """Somebody has turned the door back since, so the press means it anew."""
        known = self._standby.recall(act.meeting_id)
        return known is not None and act.overtaken(known.meeting.door)

    def _busy(self) -> frozenset[ActId]:
        return frozenset(key for key, under_way in self._acts.items() if not under_way.over)

    def _put(self, act: Act) -> UnderWay:
        under_way = self._acts[act.act_id] = self._by_key[act.running_key] = UnderWay(act)
        for old in [key for key, each in self._acts.items() if each.over][: max(0, len(self._acts) - KEPT_IN_MEMORY)]:
            self._forget(self._acts[old])
        return under_way

    def _forget(self, under_way: UnderWay) -> None:
        self._acts.pop(under_way.act.act_id, None)
        under_way.forget()
        if self._by_key.get(under_way.act.running_key) is under_way:
            del self._by_key[under_way.act.running_key]

    def _start(self, under_way: UnderWay, standing: Standing) -> None:
        self._run(self._carry_out(under_way, standing))
        self._run(self._keep(under_way))
        self._run(self._tell(under_way))

    async def _carry_out(self, under_way: UnderWay, standing: Standing) -> None:
        try:
            await self._carrying.carry_out(under_way, standing)
        except Exception:
            _log.exception("act.failed", act=under_way.act.act_id)
        finally:
            under_way.end()

    async def _keep(self, under_way: UnderWay) -> None:
        """One commit at a time with the newest there is; late confirmations too."""
        seen = 0
        while not (under_way.finished and under_way.act.recorded and seen == under_way.version):
            seen = await under_way.beyond(seen)
            kept = await self._recording.keep(under_way.act)
            alone = under_way.version == seen
            under_way.merge(kept)
            seen = under_way.version if alone else seen

    async def _tell(self, under_way: UnderWay) -> None:
        seen = 0
        while not (under_way.finished and seen == under_way.version):
            for listener in self._listeners:
                try:
                    await listener.act_changed(under_way.act)
                except Exception:
                    _log.exception("act.listener_failed", listener=type(listener).__name__)
            seen = await under_way.beyond(seen)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
