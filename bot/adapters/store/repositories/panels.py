"""Panels of live sessions and the concerns that were raised in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, case, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.repositories.statements import insert_into, upsert
from bot.adapters.store.tables import MeetingRow
from bot.adapters.store.tables_events import SessionRow
from bot.adapters.store.tables_panels import ConcernRow, PanelRow
from bot.domain.concerns import Raised
from bot.domain.meeting import MeetingState
from bot.domain.values import AlertId, ChannelId, GuildId, MeetingId, MessageId, ParticipantId, SessionId
from bot.ports.panels import KeptConcern, PanelPost


class SqlPanels:
    """Implements `bot.ports.PanelBook`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def touch(self, meeting_id: MeetingId, at: datetime) -> None:
        """The room of this meeting changed."""
        sooner = case(
            (or_(PanelRow.due_at.is_(None), PanelRow.due_at > at), literal(at, PanelRow.due_at.type)),
            else_=PanelRow.due_at,
        )
        open_ones = update(PanelRow).where(PanelRow.meeting_id == meeting_id, PanelRow.closed.is_(False))
        await self._session.execute(open_ones.values(touched=PanelRow.touched + 1, due_at=sooner))

    async def any_due(self, now: datetime) -> bool:
        """Whether `open_new` or `take_due` would find something."""
        due = select(PanelRow.session_id).where(PanelRow.closed.is_(False), PanelRow.due_at <= now)
        if await self._session.scalar(due.limit(1)) is not None:
            return True
        return (await self._session.execute(_new_ones().limit(1))).first() is not None

    async def open_new(self, now: datetime) -> int:
        """Begin a panel for every session that is live and has none."""
        found = (await self._session.execute(_new_ones())).all()
        for session_id, meeting_id, guild_id in found:
            post = PanelPost(SessionId(session_id), MeetingId(meeting_id), GuildId(guild_id))
            values = {**_columns(post), "due_at": now}
            await self._session.execute(insert_into(self._session, PanelRow).values(values).on_conflict_do_nothing())
        return len(found)

    async def take_due(self, now: datetime, again_at: datetime, limit: int) -> Sequence[PanelPost]:
        """What has to be looked at now, longest due first, each put off to `again_at`."""
        due = select(PanelRow).where(PanelRow.closed.is_(False), PanelRow.due_at <= now)
        due = due.order_by(PanelRow.due_at, PanelRow.session_id).limit(limit)
        rows = list(await self._session.scalars(due.with_for_update(skip_locked=True)))
        found = [_post(row) for row in rows]
        if rows:
            taken = PanelRow.session_id.in_([row.session_id for row in rows])
            await self._session.execute(update(PanelRow).where(taken).values(due_at=again_at))
        return found

    async def of_meeting(self, meeting_id: MeetingId) -> PanelPost | None:
        """The panel of its newest open session."""
        wanted = (
            select(PanelRow)
            .join(SessionRow, SessionRow.session_id == PanelRow.session_id)
            .where(PanelRow.meeting_id == meeting_id, PanelRow.closed.is_(False))
            .order_by(SessionRow.started_at.desc())
            .limit(1)
        )
        row = await self._session.scalar(wanted)
        return None if row is None else _post(row)

    async def save(self, post: PanelPost, due_at: datetime | None) -> None:
        """Keep it; due again then, unless the room was touched meanwhile."""
        columns = {name: value for name, value in _columns(post).items() if name not in ("session_id", "touched")}
        untouched = PanelRow.touched == post.touched
        due = case((untouched, literal(due_at, PanelRow.due_at.type)), else_=PanelRow.due_at)
        keeping = update(PanelRow).where(PanelRow.session_id == post.session_id)
        await self._session.execute(keeping.values(**columns, due_at=due))

    async def concerns(self, session_id: SessionId) -> Sequence[KeptConcern]:
        """What was raised in this session, oldest first."""
        wanted = select(ConcernRow).where(ConcernRow.session_id == session_id).order_by(ConcernRow.at, ConcernRow.key)
        return [_concern(row) for row in await self._session.scalars(wanted)]

    async def told_by(self, message: AlertId) -> tuple[SessionId, Sequence[KeptConcern]] | None:
        """What one message tells, and in which session; None if it is not known any more."""
        wanted = select(ConcernRow).where(ConcernRow.message == message).order_by(ConcernRow.at, ConcernRow.key)
        rows = list(await self._session.scalars(wanted))
        return (SessionId(rows[0].session_id), [_concern(row) for row in rows]) if rows else None

    async def keep(self, session_id: SessionId, concerns: Sequence[KeptConcern]) -> None:
        """Add or change these."""
        for kept in concerns:
            values = {"session_id": session_id, **_concern_columns(kept)}
            await self._session.execute(upsert(self._session, ConcernRow, values, key=["session_id", "key"]))


def _new_ones() -> Select[str, str, int]:
    """Sessions that are live and have no panel."""
    return (
        select(SessionRow.session_id, SessionRow.meeting_id, MeetingRow.guild_id)
        .join(MeetingRow, MeetingRow.meeting_id == SessionRow.meeting_id)
        .outerjoin(PanelRow, PanelRow.session_id == SessionRow.session_id)
        .where(MeetingRow.state == MeetingState.LIVE, PanelRow.session_id.is_(None))
        .where(SessionRow.started_at.is_not(None), SessionRow.ended_at.is_(None))
    )


def _columns(post: PanelPost) -> dict[str, object]:
    return {
        "session_id": post.session_id,
        "meeting_id": post.meeting_id,
        "guild_id": post.guild_id,
        "channel_id": post.channel_id,
        "message_id": post.message_id,
        "posted_at": post.posted_at,
        "shown_at": post.shown_at,
        "fingerprint": post.fingerprint,
        "obstacle": post.obstacle,
        "told_organiser": post.told_organiser,
        "closed": post.closed,
        "touched": post.touched,
    }


def _post(row: PanelRow) -> PanelPost:
    return PanelPost(
        session_id=SessionId(row.session_id),
        meeting_id=MeetingId(row.meeting_id),
        guild_id=GuildId(row.guild_id),
        channel_id=None if row.channel_id is None else ChannelId(row.channel_id),
        message_id=None if row.message_id is None else MessageId(row.message_id),
        posted_at=row.posted_at,
        shown_at=row.shown_at,
        fingerprint=row.fingerprint,
        obstacle=row.obstacle,
        told_organiser=row.told_organiser,
        closed=row.closed,
        touched=row.touched,
    )


def _concern_columns(kept: KeptConcern) -> dict[str, object]:
    raised = kept.raised
    return {
        "key": raised.key,
        "concern": raised.concern,
        "who": list(raised.who),
        "at": raised.at,
        "over_at": raised.over_at,
        "asked": raised.asked,
        "answer": raised.answer,
        "calls": kept.calls,
        "message": kept.message,
        "channel_id": kept.channel_id,
        "message_id": kept.message_id,
        "fingerprint": kept.fingerprint,
    }


def _concern(row: ConcernRow) -> KeptConcern:
    who = tuple(ParticipantId(each) for each in row.who)
    raised = Raised(row.concern, row.key, who, row.at, row.over_at, row.asked, row.answer)
    channel = None if row.channel_id is None else ChannelId(row.channel_id)
    message = None if row.message_id is None else MessageId(row.message_id)
    return KeptConcern(raised, AlertId(row.message), row.calls, channel, message, row.fingerprint)
