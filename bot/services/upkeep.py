"""What happens by itself: due entries become jobs, jobs run their use case, and what could not be done is put back on the agenda."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from bot.domain.errors import NeedsAttention, OutcomeUnknown, Transient, Undeliverable
from bot.domain.meeting import MeetingState
from bot.domain.values import MeetingId
from bot.ports import Clock, DueItem, Job, Store
from bot.services.announcing import Announcing
from bot.services.creating import Creating

TRY_AGAIN_AFTER = timedelta(seconds=30)
"""How long work that met a passing obstacle waits, where the obstacle did not say."""
TRY_AGAIN_AFTER_MENDING = timedelta(minutes=10)
"""How long work waits that somebody has to make possible first (a permission, a grant)."""
LONGEST_WAIT = timedelta(hours=1)
AT_ONCE = 100
"""How many due entries one sweep takes."""
_URGENT = frozenset({Job.CONTAIN, Job.FOLD_SESSIONS})
"""What containment waits for."""

Handler = Callable[[MeetingId], Awaitable[None]]


class Upkeep:
    """The handlers of all jobs on meetings. Each may run twice without harm; its use case says why.

    Args:
        also: handlers of topics of their own; they take the place of those named here.
    """

    def __init__(
        self, store: Store, creating: Creating, announcing: Announcing, clock: Clock, also: Mapping[Job, Handler] = {}
    ) -> None:
        self._store = store
        self._clock = clock
        self._handlers: Mapping[Job, Handler] = {
            Job.ANNOUNCE: announcing.bring_up_to_date,
            Job.RELEASE: announcing.bring_up_to_date,
            Job.NOTIFY_CANCELLED: announcing.notify_cancelled,
            Job.TELL_HOSTS: announcing.tell_hosts,
            Job.SETTLE: creating.settle,
            Job.CLOSE: self.close,
            Job.DROP_DRAFT: self.drop_draft,
            **also,
        }

    async def sweep(self) -> int:
        """Turn what is due into jobs, in one transaction; returns how many. Two sweeps at once take each entry once."""
        async with self._store.work() as uow:
            due = await uow.agenda.take(self._clock.now(), AT_ONCE)
            for item in due:
                await uow.jobs.put(item.due, item.meeting_id, urgent=item.due in _URGENT)
            await uow.commit()
        return len(due)

    async def run(self, job: Job, meeting_id: MeetingId) -> None:
        """Do one job. An obstacle puts it on the agenda again, until the meeting is over; a message nobody can receive is final."""
        try:
            await self._handlers[job](meeting_id)
        except Undeliverable:
            return
        except NeedsAttention:
            await self._put_back(job, meeting_id, TRY_AGAIN_AFTER_MENDING)
        except (Transient, OutcomeUnknown) as error:
            wait = error.retry_after if isinstance(error, Transient) and error.retry_after else TRY_AGAIN_AFTER
            await self._put_back(job, meeting_id, min(wait, LONGEST_WAIT))

    async def close(self, meeting_id: MeetingId) -> None:
        """The meeting is over: say so and erase its links and passcode. Closing a closed meeting changes nothing.

        A meeting that is live is left alone; the end of its last session closes it.
        """
        now = self._clock.now()
        async with self._store.work() as uow:
            meeting = await uow.meetings.get(meeting_id)
            if meeting is None or meeting.state is not MeetingState.CREATED:
                return
            if now < meeting.closes_at:
                await uow.agenda.put(DueItem(Job.CLOSE, meeting_id, meeting.closes_at))
            else:
                await uow.meetings.save(meeting.changed(state=MeetingState.ENDED))
                await uow.meetings.forget_secrets(meeting_id)
                await uow.jobs.put(Job.ANNOUNCE, meeting_id)
                await uow.audit.append(meeting.guild_id, "meeting.ended", at=now, actor=None, meeting=meeting_id)
            await uow.commit()

    async def drop_draft(self, meeting_id: MeetingId) -> None:
        """Forget a draft nobody confirmed. A confirmed meeting stays, alone or in its series, whenever this runs."""
        async with self._store.work() as uow:
            meeting = await uow.meetings.get(meeting_id)
            promised = await uow.series.promised(meeting_id) is not None
            forgettable = meeting is not None and meeting.state is MeetingState.PLANNED and meeting.confirmed_at is None
            if forgettable and not promised and meeting is not None and meeting.replaces is None:
                await uow.meetings.remove(meeting_id)
            await uow.commit()

    async def _put_back(self, job: Job, meeting_id: MeetingId, wait: timedelta) -> None:
        async with self._store.work() as uow:
            await uow.agenda.put(DueItem(job, meeting_id, self._clock.now() + wait))
            await uow.commit()
