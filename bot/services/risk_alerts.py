"""Zoom found a link into one of our calls in public: the moderators are told where, and are offered Rotate.

`meeting.risk_alert` comes from Zoom's At-Risk Meeting Notifier (https://developers.zoom.us/docs/api/meetings/events/). How soon it comes and which
places it covers is not known to us (docs/verify-live.md).
"""

from __future__ import annotations

from datetime import UTC, datetime

from bot.domain.meeting import Meeting, MeetingState
from bot.domain.values import MeetingId
from bot.ports import Chance, Clock, IncomingEvent, Job, Store, UnitOfWork
from bot.services.intake import KINDS
from bot.services.leaks import tell_public


class RiskAlerts:
    """The job behind every risk alert of Zoom's."""

    def __init__(self, store: Store, clock: Clock, chance: Chance) -> None:
        self._store = store
        self._clock = clock
        self._chance = chance

    async def check(self, meeting_id: MeetingId) -> None:
        """Tell the moderators what Zoom found. A repeat finds nothing waiting; the same place is told of once."""
        async with self._store.work() as uow:
            meeting = await uow.meetings.get(meeting_id)
            waiting = await uow.inbox.waiting(meeting_id, KINDS[Job.CHECK_RISK])
            if not waiting:
                return
            for event in waiting:
                if meeting is not None:
                    await self._tell(uow, meeting, event)
            await uow.inbox.handled([event.key for event in waiting], self._clock.now())
            await uow.commit()

    async def _tell(self, uow: UnitOfWork, meeting: Meeting, event: IncomingEvent) -> None:
        matters = meeting.upcoming and (meeting.replaced_by is None or meeting.state is MeetingState.LIVE)
        if matters:
            for said in where_posted(event):
                await tell_public(uow, meeting, self._chance, self._clock, said=said)
        await uow.audit.append(
            meeting.guild_id,
            "leak.found_by_zoom",
            at=self._clock.now(),
            actor=None,
            meeting=meeting.meeting_id,
            text=" ".join(where_posted(event)),
            facts={"told": matters},
        )


def where_posted(event: IncomingEvent) -> tuple[str, ...]:
    """Where and when, as far as Zoom says; an address stands by itself."""
    platform, at, address = (event.facts.get(name) for name in ("post_platform", "post_time", "social_link"))
    where = f"Zoom found it on {platform}" if platform else "Zoom found it in public"
    when = f", posted {datetime.fromisoformat(at).astimezone(UTC):%Y-%m-%d %H:%M} UTC" if isinstance(at, str) else ""
    return (where + when, *([str(address)] if address else []))
