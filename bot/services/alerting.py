"""Telling moderators what needs them: in their channel only, without names, until it is posted and until it says how it ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bot.domain.community import Community, moderators_channel_problem
from bot.domain.errors import NeedsAttention, OutcomeUnknown, Transient, Undeliverable
from bot.domain.meeting import Meeting
from bot.domain.values import AlertId, ChannelId, MeetingId
from bot.ports import (
    Alert,
    AlertKind,
    AlertOutcome,
    Alerts,
    Chat,
    Clock,
    PostedAlert,
    Store,
    UnitOfWork,
)

TRY_AGAIN_AFTER = timedelta(seconds=30)
TRY_AGAIN_AFTER_MENDING = timedelta(minutes=10)
"""How long an alert waits for which there is no private channel, or no permission to write in it."""
GIVE_UP_AFTER = timedelta(days=1)
AT_ONCE = 20

_log = structlog.stdlib.get_logger(__name__)


def about(meeting: Meeting, kind: AlertKind, alert_id: str, at: datetime) -> Alert:
    """A new alert about this meeting."""
    return Alert(
        AlertId(alert_id),
        meeting.guild_id,
        kind,
        at,
        meeting.meeting_id,
        topic=meeting.topic,
        starts_at=meeting.starts_at,
    )


async def settle_alerts(
    uow: UnitOfWork, meeting_id: MeetingId, kind: AlertKind, outcome: AlertOutcome, at: datetime
) -> None:
    """Every open alert of this kind says how it ended."""
    for alert in await uow.alerts.open_of(meeting_id, kind):
        await uow.alerts.put(replace(alert, outcome=outcome, at=at))


class Alerting:
    """Posts what is due. A message posted twice within minutes is one, because it carries the alert as its key."""

    def __init__(self, store: Store, chat: Chat, alerts: Alerts, clock: Clock) -> None:
        self._store = store
        self._chat = chat
        self._alerts = alerts
        self._clock = clock

    async def sweep(self) -> int:
        """Post or change what is due; returns how many were taken up. What meets an obstacle stays due."""
        now = self._clock.now()
        async with self._store.read() as uow:
            if not await uow.alerts.any_due(now):
                return 0
        async with self._store.work() as uow:
            due = await uow.alerts.due(now, now + TRY_AGAIN_AFTER, AT_ONCE)
            await uow.commit()
        for posted in due:
            try:
                await self._show(posted)
            except (Transient, OutcomeUnknown):
                continue
            except Undeliverable:
                await self._put_off(posted.alert, None)
            except NeedsAttention as error:
                await self._wait_for_mending(posted.alert, error.code)
            except Exception:
                _log.exception("alert.bug", kind=posted.alert.kind.value)
                await self._wait_for_mending(posted.alert, "bug")
        return len(due)

    async def _show(self, posted: PostedAlert) -> None:
        alert = posted.alert
        if posted.channel_id is not None and posted.message_id is not None:
            await self._alerts.update(posted.channel_id, posted.message_id, alert)
            channel_id, message_id = posted.channel_id, posted.message_id
        elif alert.outcome is not None:
            await self._put_off(alert, None)
            return
        else:
            channel_id = await self._private_channel(alert)
            message_id = await self._alerts.post(channel_id, alert, once_key=f"alert:{alert.alert_id}")
        async with self._store.work() as uow:
            await uow.alerts.posted(alert.alert_id, channel_id, message_id, alert.outcome)
            await uow.commit()

    async def _private_channel(self, alert: Alert) -> ChannelId:
        """The moderators' channel, asked anew whether it is private, because people may have changed who can read it.

        Raises:
            NeedsAttention: there is none, or it is not private any more.
        """
        async with self._store.read() as uow:
            community: Community = await uow.communities.get(alert.guild_id)
        if community.moderators_channel is None:
            raise NeedsAttention("There is no moderators' channel. Choose one in /setup.", code="no_moderators_channel")
        channel = await self._chat.channel(alert.guild_id, community.moderators_channel)
        if channel is None:
            raise NeedsAttention("I cannot see the moderators' channel any more.", code="channel_gone")
        problem = moderators_channel_problem(channel, community)
        if not problem:
            raise NeedsAttention(problem.reason, code=problem.code)
        return community.moderators_channel

    async def _wait_for_mending(self, alert: Alert, why: str) -> None:
        now = self._clock.now()
        over = now - alert.at > GIVE_UP_AFTER
        async with self._store.work() as uow:
            await uow.alerts.put_off(alert.alert_id, None if over else now + TRY_AGAIN_AFTER_MENDING)
            if over:
                facts = {"kind": alert.kind.value, "why": why}
                await uow.audit.append(
                    alert.guild_id, "alert.not_posted", at=now, actor=None, meeting=alert.meeting_id, facts=facts
                )
            await uow.commit()

    async def _put_off(self, alert: Alert, until: datetime | None) -> None:
        async with self._store.work() as uow:
            await uow.alerts.put_off(alert.alert_id, until)
            await uow.commit()
