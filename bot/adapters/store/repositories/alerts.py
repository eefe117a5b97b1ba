"""Alerts to moderators, until they are posted and say how they ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.repositories.statements import update_one, upsert
from bot.adapters.store.tables_events import AlertRow
from bot.domain.values import AlertId, ChannelId, GuildId, MeetingId, MessageId
from bot.ports.alerts import Alert, AlertKind, AlertOutcome, Place, PostedAlert

_ONCE = ("channel_id", "message_id")


class SqlAlerts:
    """Implements `bot.ports.AlertBook`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def put(self, alert: Alert) -> None:
        """Add it, or change it; it falls due at once."""
        values = {
            "alert_id": alert.alert_id,
            "guild_id": alert.guild_id,
            "kind": alert.kind,
            "at": alert.at,
            "meeting_id": alert.meeting_id,
            "facts": _facts(alert),
            "outcome": alert.outcome,
            "due_at": alert.at,
        }
        await self._session.execute(upsert(self._session, AlertRow, values, key=["alert_id"], once=_ONCE))

    async def get(self, alert_id: AlertId) -> Alert | None:
        """One alert."""
        row = await self._session.get(AlertRow, alert_id)
        return None if row is None else _alert(row)

    async def open_of(self, meeting_id: MeetingId, kind: AlertKind) -> Sequence[Alert]:
        """Those without an outcome, oldest first."""
        wanted = select(AlertRow).where(
            AlertRow.meeting_id == meeting_id, AlertRow.kind == kind, AlertRow.outcome.is_(None)
        )
        return [_alert(row) for row in await self._session.scalars(wanted.order_by(AlertRow.at, AlertRow.alert_id))]

    async def any_due(self, now: datetime) -> bool:
        """Whether `due` would find something."""
        return await self._session.scalar(select(AlertRow.alert_id).where(AlertRow.due_at <= now).limit(1)) is not None

    async def due(self, now: datetime, again_at: datetime, limit: int) -> Sequence[PostedAlert]:
        """What has to be posted or changed now, oldest first, each put off to `again_at`."""
        due = select(AlertRow).where(AlertRow.due_at <= now).order_by(AlertRow.due_at, AlertRow.alert_id).limit(limit)
        rows = list(await self._session.scalars(due.with_for_update(skip_locked=True)))
        found = [_posted(row) for row in rows]
        if rows:
            taken = AlertRow.alert_id.in_([row.alert_id for row in rows])
            await self._session.execute(update(AlertRow).where(taken).values(due_at=again_at))
        return found

    async def posted(
        self, alert_id: AlertId, channel_id: ChannelId, message_id: MessageId, shown: AlertOutcome | None
    ) -> None:
        """It stands there. If it has another outcome by now than the one shown, it stays due."""
        where = {"channel_id": channel_id, "message_id": message_id}
        await update_one(self._session, AlertRow.alert_id, alert_id, where)
        same = AlertRow.outcome.is_(None) if shown is None else AlertRow.outcome == shown
        settled = update(AlertRow).where(AlertRow.alert_id == alert_id, same)
        await self._session.execute(settled.values(due_at=None))

    async def put_off(self, alert_id: AlertId, until: datetime | None) -> None:
        """Due again then; None: never."""
        await update_one(self._session, AlertRow.alert_id, alert_id, {"due_at": until})


def _facts(alert: Alert) -> dict[str, object]:
    return {
        "topic": alert.topic,
        "starts_at": None if alert.starts_at is None else alert.starts_at.isoformat(),
        "said": list(alert.said),
        "links_stopped": alert.links_stopped,
        "count": alert.count,
        "done": alert.done,
        "places": [[place.channel_id, place.message_id] for place in alert.places],
        "subject": alert.subject,
    }


def _alert(row: AlertRow) -> Alert:
    facts = row.facts
    starts_at, said, count = facts["starts_at"], facts["said"], facts["count"]
    return Alert(
        alert_id=AlertId(row.alert_id),
        guild_id=GuildId(row.guild_id),
        kind=row.kind,
        at=row.at,
        meeting_id=None if row.meeting_id is None else MeetingId(row.meeting_id),
        topic=str(facts["topic"]),
        starts_at=datetime.fromisoformat(starts_at) if isinstance(starts_at, str) else None,
        said=tuple(str(line) for line in said) if isinstance(said, list) else (),
        links_stopped=facts["links_stopped"] is True,
        count=count if isinstance(count, int) else 0,
        done=facts["done"] is True,
        places=_places(facts.get("places")),
        subject=str(facts.get("subject", "")),
        outcome=row.outcome,
    )


def _places(kept: object) -> tuple[Place, ...]:
    pairs = kept if isinstance(kept, list) else []
    return tuple(
        Place(ChannelId(channel), None if message is None else MessageId(message)) for channel, message in pairs
    )


def _posted(row: AlertRow) -> PostedAlert:
    channel = None if row.channel_id is None else ChannelId(row.channel_id)
    return PostedAlert(_alert(row), channel, None if row.message_id is None else MessageId(row.message_id))
