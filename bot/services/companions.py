"""What follows a meeting around: its reminders and its event in the server's calendar change whenever its announcement does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from bot.domain.values import MeetingId
from bot.ports import Clock, DueItem, Job, Store
from bot.services.announcing import Announcing
from bot.services.reminding import Reminding
from bot.services.series import Series
from bot.services.server_events import EventKeeping


class Companions:
    """The handlers of these jobs, for `Upkeep`."""

    def __init__(
        self,
        store: Store,
        announcing: Announcing,
        series: Series,
        events: EventKeeping,
        reminding: Reminding,
        clock: Clock,
    ) -> None:
        self._store = store
        self._announcing = announcing
        self._series = series
        self._events = events
        self._reminding = reminding
        self._clock = clock

    def handlers(self) -> Mapping[Job, Callable[[MeetingId], Awaitable[None]]]:
        """Whoever changes a meeting puts ANNOUNCE; the rest follows from it."""
        return {
            Job.ANNOUNCE: self.announce,
            Job.RELEASE: self.announce,
            Job.CREATE: self._series.create_one,
            Job.SERVER_EVENT: self._events.bring_up_to_date,
            Job.REMIND: self._reminding.remind_channel,
            Job.REMIND_PEOPLE: self._reminding.remind_people,
        }

    async def announce(self, meeting_id: MeetingId) -> None:
        """Bring the announcement up to date, and put the others on the agenda, so that none stops another. Harmless twice, as they are."""
        async with self._store.read() as uow:
            meeting = await uow.meetings.get(meeting_id)
        if meeting is None or meeting.replaces or meeting.replaced_by:
            return  # what people see is the other one's: Rotate hands it on in one commit
        await self._reminding.plan(meeting_id)
        async with self._store.work() as uow:
            if await uow.meetings.get(meeting_id) is not None:
                await uow.agenda.put(DueItem(Job.SERVER_EVENT, meeting_id, self._clock.now()))
            await uow.commit()
        await self._announcing.bring_up_to_date(meeting_id)
