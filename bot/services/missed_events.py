"""What was not heard: over Zoom's event stream nothing that was missed is sent again."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.room import Missed
from bot.ports import Clock, DueItem, Job, Store, UnitOfWork

_NOTE, _HEARD = "events.missed", "events.heard_until"
BORNE = timedelta(seconds=2)
"""A shorter gap is told nobody of: a connection is renewed in less."""


class MissedEvents:
    """Remembers the last gap, for the panel of every process, and has Zoom asked which calls are live."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def heard_until(self) -> datetime | None:
        """When Zoom was last known to be heard, by whatever process; None if it never was."""
        async with self._store.read() as uow:
            written = await uow.notes.get(_HEARD)
        return None if written is None else datetime.fromisoformat(written)

    async def heard(self, at: datetime) -> None:
        """Zoom was heard at this moment."""
        async with self._store.work() as uow:
            await uow.notes.put(_HEARD, at.isoformat())
            await uow.commit()

    async def note(self, since: datetime, until: datetime) -> None:
        """Nothing could be heard in this time. A repeat notes it again and asks once more.

        Raises:
            Transient: the store does not take it now.
        """
        if until - since < BORNE:
            return
        async with self._store.work() as uow:
            await uow.notes.put(_NOTE, f"{since.isoformat()} {until.isoformat()}")
            for each in await uow.roster.open_sessions():
                await uow.roster.hold(each.session_id, each.meeting_id)  # so that every process looks again
                await uow.agenda.put(DueItem(Job.LOOK_LIVE, each.meeting_id, self._clock.now()))
            await uow.commit()


async def last_missed(uow: UnitOfWork) -> Missed | None:
    """The last gap there was; None if there was none."""
    written = await uow.notes.get(_NOTE)
    if written is None:
        return None
    since, until = written.split(" ")
    return Missed(datetime.fromisoformat(since), datetime.fromisoformat(until))
