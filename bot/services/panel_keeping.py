"""Keeps the panel of every live session true: one message, changed only when it would read differently, and closed with what the call was.

One process at a time does this (the leading one). What it shows stands in the store, so that the next one goes on with the same message.

Discord publishes no figure for edits; five in five seconds to one channel is what it has long answered, for all messages in it together. So one panel
is changed every two seconds at most and one channel once a second. A message older than an hour takes only few edits (error 30046,
https://docs.discord.com/developers/topics/opcodes-and-status-codes#json), so a panel that is nearly that old is posted anew and the old one deleted.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bot.domain.community import Community, moderators_channel_problem
from bot.domain.concerns import next_look
from bot.domain.containment import Act
from bot.domain.errors import NeedsAttention, OutcomeUnknown, Transient, Undeliverable, VestibuleError
from bot.domain.panel import PanelView
from bot.domain.values import ChannelId, MeetingId
from bot.ports import ChannelProblem, Chat, Clock, PanelPost, Panels, Store
from bot.services.live_views import LiveViews
from bot.services.room_alerts import RoomAlerts

EDIT_EVERY = timedelta(seconds=2)
"""Between two changes of one panel."""
CHANNEL_EVERY = timedelta(seconds=1)
"""Between two changes in one channel, whatever the number of live calls."""
LOOK_EVERY = timedelta(seconds=15)
"""Between two looks at a session of which nothing was heard: what becomes true by time alone."""
PASS_ON_AFTER = 0.5
"""Seconds in which changes of acts are put together before they are passed on."""
TRY_AGAIN_AFTER = timedelta(seconds=30)
MOVE_AFTER = timedelta(minutes=50)
SETTLED_AFTER = timedelta(minutes=5)
"""How long after its end a session's panel waits for acts whose outcome is not known."""
AT_ONCE = 20

_NO_CHANNEL = "There is no moderators' channel."
_CHANNEL_GONE = "I cannot see the moderators' channel any more."

_log = structlog.stdlib.get_logger(__name__)


class PanelKeeping:
    """Posts, changes, moves and closes panels, and has alerts told. `sweep` may run twice without harm: what stands there is compared first."""

    def __init__(
        self, store: Store, views: LiveViews, alerts: RoomAlerts, chat: Chat, panels: Panels, clock: Clock
    ) -> None:
        self._store = store
        self._views = views
        self._alerts = alerts
        self._chat = chat
        self._panels = panels
        self._clock = clock
        self._changed: set[MeetingId] = set()
        self._passing_on: dict[MeetingId, asyncio.Task[None]] = {}
        self._free_at: dict[ChannelId, datetime] = {}

    async def room_changed(self, meeting_id: MeetingId) -> None:
        """Implements `bot.ports.RoomListener`: look at it with the next sweep, in the process that does that."""
        self._changed.add(meeting_id)

    async def act_changed(self, act: Act) -> None:
        """Implements `bot.ports.ActListener`: whichever process acts, the one that keeps the panels learns of it, once a second at most."""
        meeting_id = act.meeting_id
        if meeting_id not in self._passing_on:
            self._passing_on[meeting_id] = asyncio.create_task(self._pass_on(meeting_id), name="panel-touch")

    async def _pass_on(self, meeting_id: MeetingId) -> None:
        await self._clock.sleep(PASS_ON_AFTER)
        del self._passing_on[meeting_id]
        try:
            await self.touch(meeting_id)
        except VestibuleError as error:
            _log.info("panel.not_touched", code=error.code)

    async def settled(self) -> None:
        """Return once every act that was told of is passed on."""
        while self._passing_on:
            await asyncio.wait(list(self._passing_on.values()))

    async def touch(self, meeting_id: MeetingId) -> None:
        """The panel of this meeting has to be looked at now, whichever process keeps it."""
        async with self._store.work() as uow:
            await uow.panels.touch(meeting_id, self._clock.now())
            await uow.commit()

    async def sweep(self) -> int:
        """Look at what is due; returns how many. What meets an obstacle stays due."""
        now = self._clock.now()
        changed, self._changed = self._changed, set()
        async with self._store.read() as uow:
            if not changed and not await uow.panels.any_due(now):
                return 0
        async with self._store.work() as uow:
            await uow.panels.open_new(now)
            for meeting_id in sorted(changed):
                await uow.panels.touch(meeting_id, now)
            due = await uow.panels.take_due(now, now + TRY_AGAIN_AFTER, AT_ONCE)
            await uow.commit()
        for post in due:
            await self._guarded(post)
        return len(due)

    async def _guarded(self, post: PanelPost) -> None:
        try:
            await self._look_at(post)
        except (Transient, OutcomeUnknown) as error:
            _log.info("panel.waits", code=error.code, session_id=post.session_id)
        except (NeedsAttention, Undeliverable) as error:
            await self._stopped(post, error)
        except Exception:
            _log.exception("panel.bug", session_id=post.session_id)

    async def _look_at(self, post: PanelPost) -> None:
        view = await self._views.of(post.meeting_id, post.session_id)
        if view is None:
            await self._save(replace(post, closed=True), None)
            return
        async with self._store.read() as uow:
            community = await uow.communities.get(post.guild_id)
        channel, hidden = await self._channel(community)
        if channel is None or hidden:
            post = await self._tell_organiser(post, view, channel, hidden)
        view = replace(view, hidden=hidden)
        told_again_at = await self._alerts.tell(view, community, channel)
        if channel is None:
            await self._save(replace(post, obstacle=hidden, closed=view.over), self._next(view, told_again_at))
            return
        post, wait_until = await self._shown(replace(post, obstacle=hidden), view, channel)
        done = view.over and wait_until is None and told_again_at is None and not self._still_acting(view)
        moments = [moment for moment in (wait_until, told_again_at) if moment is not None]
        await self._save(replace(post, closed=done), None if done else self._next(view, *moments))

    def _still_acting(self, view: PanelView) -> bool:
        """Whether an act of this session may yet change what the last panel says."""
        ended = view.room.session.ended_at
        late = ended is None or self._clock.now() - ended < SETTLED_AFTER
        return late and not all(act.settled for act in view.acts)

    def _next(self, view: PanelView, *moments: datetime | None) -> datetime:
        now = self._clock.now()
        known = [moment for moment in (*moments, next_look(view.room)) if moment is not None]
        return min([now + LOOK_EVERY, *known])

    async def _shown(self, post: PanelPost, view: PanelView, channel: ChannelId) -> tuple[PanelPost, datetime | None]:
        """The panel brought up to date, and when to try again if its turn has not come."""
        fingerprint = self._panels.fingerprint(view)
        moved = post.channel_id is not None and post.channel_id != channel
        if post.message_id is not None and not moved and fingerprint == post.fingerprint:
            return post, None
        if view.over and post.message_id is None:
            return post, None
        now = self._clock.now()
        turn = max(self._free_at.get(channel, now), post.shown_at + EDIT_EVERY if post.shown_at is not None else now)
        if turn > now:
            return post, turn
        self._free_at[channel] = now + CHANNEL_EVERY
        old = post.posted_at is not None and now - post.posted_at >= MOVE_AFTER
        if post.message_id is not None and post.channel_id is not None and (moved or old):
            await self._panels.remove(post.channel_id, post.message_id)
            post = replace(post, message_id=None)
        if post.message_id is not None:
            try:
                await self._panels.edit(channel, post.message_id, view)
                return replace(post, fingerprint=fingerprint, shown_at=now), None
            except Undeliverable:
                await self._panels.remove(channel, post.message_id)
                post = replace(post, message_id=None)
        key = f"panel:{post.session_id}:{channel}:{post.shown_at}"
        message = await self._panels.post(channel, view, once_key=key)
        shown = replace(
            post, channel_id=channel, message_id=message, posted_at=now, shown_at=now, fingerprint=fingerprint
        )
        return shown, None

    async def _channel(self, community: Community) -> tuple[ChannelId | None, str]:
        """Where the panel stands, and why no name may stand there. Asked anew each time, because people change who can read a channel."""
        wanted = community.moderators_channel
        if wanted is None:
            return None, _NO_CHANNEL
        facts = await self._chat.channel(community.guild_id, wanted)
        if facts is None:
            return None, _CHANNEL_GONE
        problem = moderators_channel_problem(facts, community)
        if not facts.bot_can_post:
            return None, problem.reason
        return wanted, problem.reason

    async def _tell_organiser(
        self, post: PanelPost, view: PanelView, channel: ChannelId | None, reason: str
    ) -> PanelPost:
        """Whoever planned the meeting hears in private, once per session, why nobody sees who is in."""
        if post.told_organiser or view.over:
            return post
        problem = ChannelProblem(post.guild_id, view.meeting.topic, channel, reason)
        try:
            await self._panels.tell_organiser(
                view.meeting.created_by, problem, once_key=f"panel-channel:{post.session_id}"
            )
        except Undeliverable:
            _log.warning("panel.organiser_not_told", session_id=post.session_id)
        except (Transient, NeedsAttention) as error:
            _log.info("panel.organiser_waits", code=error.code)
            return post
        return replace(post, told_organiser=True)

    async def _stopped(self, post: PanelPost, error: NeedsAttention | Undeliverable) -> None:
        """Discord does not take it: somebody has to change something first. It is tried again in a while."""
        _log.warning("panel.not_shown", code=error.code, session_id=post.session_id)
        await self._save(replace(post, obstacle=error.message), self._clock.now() + TRY_AGAIN_AFTER)

    async def _save(self, post: PanelPost, due_at: datetime | None) -> None:
        async with self._store.work() as uow:
            await uow.panels.save(post, due_at)
            await uow.commit()
