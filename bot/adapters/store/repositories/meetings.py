"""Meetings of communities, and the secrets Zoom gave for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.repositories.meeting_rows import meeting_columns, meeting_from
from bot.adapters.store.repositories.statements import SecretColumn, update_one
from bot.adapters.store.sealed import Sealer
from bot.adapters.store.tables import AlternativeHostRow, InviteRow, MeetingRow
from bot.domain.meeting import Meeting, MeetingState
from bot.domain.values import GuildId, JoinLink, LinkId, MeetingId, Passcode, ZoomUserId
from bot.ports import CreatedMeeting

_UPCOMING = (MeetingState.CREATED, MeetingState.LIVE)
_NOT_OVER = (MeetingState.PLANNED, *_UPCOMING)


class SqlMeetings:
    """Implements `bot.ports.Meetings`."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._passcode = SecretColumn(sealer, "meeting", "passcode")
        self._shared_link = SecretColumn(sealer, "meeting", "shared_link")

    async def get(self, meeting_id: MeetingId) -> Meeting | None:
        """One meeting, without its secrets."""
        row = await self._session.get(MeetingRow, meeting_id)
        return None if row is None else (await self._with_alternatives([row]))[0]

    async def add(self, meeting: Meeting, passcode: Passcode) -> None:
        """Keep a new meeting and the passcode it is to have, sealed."""
        values = meeting_columns(meeting) | self._passcode.values(meeting.meeting_id, passcode)
        await self._session.execute(insert(MeetingRow).values(values))
        await self._add_alternatives(meeting)

    async def save(self, meeting: Meeting) -> None:
        """Keep all of a meeting, the new for the old; its secrets stay."""
        await update_one(self._session, MeetingRow.meeting_id, meeting.meeting_id, meeting_columns(meeting))
        of_meeting = AlternativeHostRow.meeting_id == meeting.meeting_id
        await self._session.execute(delete(AlternativeHostRow).where(of_meeting))
        await self._add_alternatives(meeting)

    async def remove(self, meeting_id: MeetingId) -> None:
        """Forget a draft."""
        await self._session.execute(delete(MeetingRow).where(MeetingRow.meeting_id == meeting_id))

    async def passcode(self, meeting_id: MeetingId) -> Passcode | None:
        """The passcode, while it is kept."""
        row = await self._session.get(MeetingRow, meeting_id)
        text = None if row is None else self._passcode.opened(meeting_id, row.passcode_sealed, row.passcode_key_id)
        return None if text is None else Passcode(text)

    async def save_created(self, meeting_id: MeetingId, created: CreatedMeeting) -> None:
        """Keep the shared link and the passcode Zoom settled on, sealed. Its number is the meeting's own `zoom_id`."""
        values = self._shared_link.values(meeting_id, created.shared_link)
        values |= self._passcode.values(meeting_id, created.passcode)
        await update_one(self._session, MeetingRow.meeting_id, meeting_id, values)

    async def shared_link(self, meeting_id: MeetingId) -> JoinLink | None:
        """The plain join link, while it is kept."""
        row = await self._session.get(MeetingRow, meeting_id)
        if row is None:
            return None
        text = self._shared_link.opened(meeting_id, row.shared_link_sealed, row.shared_link_key_id)
        return None if text is None else JoinLink(text)

    async def forget_secrets(self, meeting_id: MeetingId) -> None:
        """Erase the meeting's and its invites' sealed secrets."""
        values = self._passcode.values(meeting_id, None) | self._shared_link.values(meeting_id, None)
        await self._session.execute(update(MeetingRow).where(MeetingRow.meeting_id == meeting_id).values(values))
        of_meeting = InviteRow.meeting_id == meeting_id
        await self._session.execute(update(InviteRow).where(of_meeting).values(link_sealed=None, link_key_id=None))

    async def upcoming(self, guild_id: GuildId) -> Sequence[Meeting]:
        """CREATED and LIVE meetings, soonest first."""
        wanted = select(MeetingRow).where(MeetingRow.guild_id == guild_id, MeetingRow.state.in_(_UPCOMING))
        rows = await self._session.scalars(wanted.order_by(MeetingRow.starts_at, MeetingRow.meeting_id))
        return await self._with_alternatives(rows.all())

    async def with_host(
        self, link_id: LinkId, host_id: ZoomUserId, start: datetime, end: datetime
    ) -> Sequence[Meeting]:
        """Confirmed meetings that are not over, share a moment with [start, end) and have this (alternative) host, soonest first."""
        stands_in = exists().where(
            AlternativeHostRow.meeting_id == MeetingRow.meeting_id, AlternativeHostRow.user_id == host_id
        )
        wanted = select(MeetingRow).where(
            MeetingRow.link_id == link_id,
            MeetingRow.starts_at < end,
            MeetingRow.ends_at > start,
            MeetingRow.confirmed_at.is_not(None),
            MeetingRow.state.in_(_NOT_OVER),
            or_(MeetingRow.host_id == host_id, stands_in),
        )
        rows = await self._session.scalars(wanted.order_by(MeetingRow.starts_at, MeetingRow.meeting_id))
        return await self._with_alternatives(rows.all())

    async def _add_alternatives(self, meeting: Meeting) -> None:
        rows = [
            {"meeting_id": meeting.meeting_id, "position": position, "user_id": user_id}
            for position, user_id in enumerate(meeting.alternative_hosts)
        ]
        if rows:
            await self._session.execute(insert(AlternativeHostRow), rows)

    async def _with_alternatives(self, rows: Sequence[MeetingRow]) -> list[Meeting]:
        """One more query, however many meetings."""
        ids = [row.meeting_id for row in rows]
        wanted = select(AlternativeHostRow.meeting_id, AlternativeHostRow.user_id).where(
            AlternativeHostRow.meeting_id.in_(ids)
        )
        alternatives: dict[str, list[ZoomUserId]] = {meeting_id: [] for meeting_id in ids}
        if ids:
            found = await self._session.execute(wanted.order_by(AlternativeHostRow.position))
            for meeting_id, user_id in found:
                alternatives[meeting_id].append(ZoomUserId(user_id))
        return [meeting_from(row, tuple(alternatives[row.meeting_id])) for row in rows]
