"""Keeping what Zoom reports: each event once, only about meetings of ours, with the work that follows from it in the same commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta

from bot.domain.values import MeetingId
from bot.ports import Chance, Clock, DueItem, EventKind, InboxEvent, IncomingEvent, Job, Store, UnitOfWork
from bot.services.deauthorization import forget_account
from bot.services.room_events import ABOUT_PEOPLE

KEEP_HANDLED = timedelta(days=7)
"""How long an event stays after it was handled: longer than Zoom goes on repeating deliveries."""

MAKE_UP_AFTER = timedelta(seconds=3)
"""When what happens in calls is taken in by a job, in case that the process which stored it, and takes it in at once, has died."""

FOLLOWS: Mapping[EventKind, Job] = {
    EventKind.STARTED: Job.FOLD_SESSIONS,
    EventKind.ENDED: Job.FOLD_SESSIONS,
    **dict.fromkeys(ABOUT_PEOPLE, Job.FOLD_SESSIONS),
    EventKind.UPDATED: Job.CHECK_DRIFT,
    EventKind.DELETED: Job.CHECK_DRIFT,
    EventKind.PERMANENTLY_DELETED: Job.CHECK_DRIFT,
    EventKind.CONVERTED: Job.CHECK_DRIFT,
    EventKind.REGISTRATION_CREATED: Job.CHECK_REGISTRATIONS,
    EventKind.REGISTRATION_APPROVED: Job.CHECK_REGISTRATIONS,
    EventKind.RISK_ALERT: Job.CHECK_RISK,
}
"""Which job an event asks for. Those not named are kept for whoever reads them within the week."""

KINDS: Mapping[Job, frozenset[EventKind]] = {
    job: frozenset(kind for kind, follows in FOLLOWS.items() if follows is job) for job in set(FOLLOWS.values())
}
_WAIT_FOR_NOBODY = frozenset(EventKind) - FOLLOWS.keys()


Told = Callable[[Iterable[tuple[MeetingId, IncomingEvent]]], None]
"""Is told of new events about calls and people in them, once they are committed; it must return at once."""


class Intake:
    """Implements `bot.ports.EventIntake`."""

    def __init__(self, store: Store, clock: Clock, chance: Chance, told: Told | None = None) -> None:
        self._store = store
        self._clock = clock
        self._chance = chance
        self._told = told

    async def store(self, batch: Sequence[IncomingEvent]) -> None:
        """Keep them in one transaction. What came before, and what is about meetings that are not ours, is passed over.

        An account has other meetings than those the community planned here, and what happens in them is nobody's business.
        """
        now = self._clock.now()
        numbers = {event.zoom_id for event in batch if event.zoom_id is not None}
        async with self._store.work() as uow:
            ours = await uow.inbox.meetings(numbers)
            kept = [
                InboxEvent(ours[event.zoom_id][0] if event.zoom_id is not None else None, event)
                for event in {event.key: event for event in batch}.values()
                if event.zoom_id is None or event.zoom_id in ours
            ]
            new = await uow.inbox.add(kept, now, handled=_WAIT_FOR_NOBODY)
            fresh = [each for each in kept if each.event.key in new]
            await self._follow_up(uow, fresh)
            await uow.commit()
        if self._told is not None:
            self._told(
                (each.meeting_id, each.event)
                for each in fresh
                if each.meeting_id is not None and FOLLOWS.get(each.event.kind) is Job.FOLD_SESSIONS
            )

    async def remove_old(self) -> int:
        """Forget events that were handled a week ago, but those an incident holds; how many. Twice forgets nothing more."""
        async with self._store.work() as uow:
            held = await uow.holds.held(self._clock.now())
            gone = await uow.inbox.forget(self._clock.now() - KEEP_HANDLED, held.meetings)
            await uow.commit()
        return gone

    async def _follow_up(self, uow: UnitOfWork, fresh: Sequence[InboxEvent]) -> None:
        asked: dict[tuple[Job, MeetingId], None] = {}
        for each in fresh:
            if each.event.kind is EventKind.DEAUTHORIZED:
                await forget_account(uow, each.event, self._chance, self._clock.now())
            elif each.event.kind in FOLLOWS and each.meeting_id is not None:
                asked[FOLLOWS[each.event.kind], each.meeting_id] = None
        for job, meeting_id in asked:
            if job is Job.FOLD_SESSIONS:
                await uow.agenda.put(DueItem(job, meeting_id, self._clock.now() + MAKE_UP_AFTER))
            else:
                await uow.jobs.put(job, meeting_id, coalesced=True)
