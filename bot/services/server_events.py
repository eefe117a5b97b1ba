"""The server's own calendar: one event for each call, made, changed and ended with it. A convenience, never a condition.

Anybody may be able to read an event, also outside the server, so it says what the public announcement says, and calls of the profile High risk
get none.
"""

from __future__ import annotations

import hashlib
from dataclasses import astuple, replace
from datetime import timedelta

from bot.domain.errors import NeedsAttention, Undeliverable
from bot.domain.meeting import Meeting
from bot.domain.values import MeetingId
from bot.ports import Clock, EventState, KeptEvent, ServerEvent, ServerEvents, Store
from bot.services.series_views import event_wanted

SOON = timedelta(seconds=30)
"""Discord takes no event that has begun (https://docs.discord.com/developers/resources/guild-scheduled-event#create-guild-scheduled-event)."""
_UNABLE = {"discord_permission": EventState.NO_PERMISSION, "server_events_full": EventState.FULL}


class EventKeeping:
    """Keeps the event of a meeting true. Its method may run twice without harm: what Discord has is noted, and looked for before it is made."""

    def __init__(self, store: Store, events: ServerEvents, clock: Clock) -> None:
        self._store = store
        self._events = events
        self._clock = clock

    async def bring_up_to_date(self, meeting_id: MeetingId) -> None:
        """Make, change or end the event, as the meeting needs it.

        What the server does not allow (no permission, a hundred events already) is noted for `/meeting show` and tried again when the meeting
        changes or its links open; an event somebody deleted by hand stays deleted.
        """
        async with self._store.read() as uow:
            meeting = await uow.meetings.get(meeting_id)
            kept = await uow.server_events.get(meeting_id)
        if meeting is None or (kept is not None and kept.state in (EventState.OVER, EventState.REMOVED)):
            return
        try:
            changed = await self._changed(meeting, kept)
        except NeedsAttention as problem:
            if problem.code not in _UNABLE:
                raise
            earlier = kept or KeptEvent(meeting_id, EventState.SHOWN)
            changed = replace(earlier, state=_UNABLE[problem.code], fingerprint="")
        if changed is not None and changed != kept:
            async with self._store.work() as uow:
                await uow.server_events.save(changed)
                await uow.commit()

    async def _changed(self, meeting: Meeting, kept: KeptEvent | None) -> KeptEvent | None:
        """What is to be noted after Discord was brought into step; None where there is no event and none is needed."""
        wanted = meeting.upcoming and not meeting.blocked_by_read_back and event_wanted(meeting)
        if kept is None or kept.event_id is None:
            soon = meeting.starts_at <= self._clock.now() + SOON
            return await self._made(meeting) if wanted and not soon else None
        if not wanted:
            await self._events.end(kept.event_id, meeting.guild_id)
            return replace(kept, state=EventState.OVER)
        event = server_event(meeting)
        if kept.state is EventState.SHOWN and kept.fingerprint == _fingerprint(event):
            return kept
        try:
            await self._events.change(kept.event_id, event)
        except Undeliverable:
            return replace(kept, state=EventState.REMOVED)
        return replace(kept, state=EventState.SHOWN, fingerprint=_fingerprint(event))

    async def _made(self, meeting: Meeting) -> KeptEvent:
        event = server_event(meeting)
        async with self._store.read() as uow:
            taken = await uow.server_events.ids(meeting.guild_id)
        event_id = await self._events.find(event, not_these=taken) or await self._events.add(event)
        return KeptEvent(meeting.meeting_id, EventState.SHOWN, event_id, _fingerprint(event))


def server_event(meeting: Meeting) -> ServerEvent:
    """What the event of this meeting says."""
    return ServerEvent(
        guild_id=meeting.guild_id,
        topic=meeting.topic,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        profile=meeting.profile,
        channel_id=meeting.announcement_channel,
        personal_links=meeting.personal_links,
        small_group=meeting.extra_role is not None,
    )


def _fingerprint(event: ServerEvent) -> str:
    return hashlib.sha256(repr(astuple(event)).encode()).hexdigest()[:32]
