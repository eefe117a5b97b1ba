"""What Zoom reported, and what is needed to know whose it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import CursorResult, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.repositories.statements import insert_into
from bot.adapters.store.tables import AccountLinkRow, InviteRow, MeetingRow
from bot.adapters.store.tables_events import InboxRow
from bot.adapters.store.tables_following import GuestRow
from bot.domain.values import GuildId, LinkId, MeetingId, SessionId, ZoomMeetingId, ZoomUserId
from bot.ports.events import EventKind, InboxEvent, IncomingEvent


class SqlInbox:
    """Implements `bot.ports.Inbox`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(
        self, events: Sequence[InboxEvent], received_at: datetime, *, handled: Collection[EventKind]
    ) -> set[str]:
        """Keep them in one statement; the keys of those that are new. Repeated keys, here or in the batch, are passed over."""
        if not events:
            return set()
        rows = [_columns(kept, received_at, kept.event.kind in handled) for kept in events]
        adding = insert_into(self._session, InboxRow).on_conflict_do_nothing(index_elements=["key"])
        # Through the connection: as a list of rows the statement is compiled once, not once for every size of batch.
        connection = await self._session.connection()
        return set((await connection.execute(adding.returning(InboxRow.key), rows)).scalars())

    async def waiting(self, meeting_id: MeetingId, kinds: Collection[EventKind]) -> Sequence[IncomingEvent]:
        """What nobody has handled yet, oldest first."""
        wanted = select(InboxRow).where(
            InboxRow.meeting_id == meeting_id, InboxRow.handled_at.is_(None), InboxRow.kind.in_(kinds)
        )
        rows = await self._session.scalars(wanted.order_by(InboxRow.at, InboxRow.key))
        return [_event(row) for row in rows]

    async def handled(self, keys: Collection[str], at: datetime) -> None:
        """These wait no more."""
        await self._session.execute(update(InboxRow).where(InboxRow.key.in_(keys)).values(handled_at=at))

    async def heard(self, account_id: str, since: datetime) -> bool:
        """Whether any event of this Zoom account was kept since then."""
        of_account = (InboxRow.account_id == account_id, InboxRow.received_at >= since)
        return await self._session.scalar(select(InboxRow.key).where(*of_account).limit(1)) is not None

    async def forget(self, handled_before: datetime, spare: Collection[MeetingId] = ()) -> int:
        """Delete what was handled before then, except about meetings to `spare`; how many."""
        old = delete(InboxRow).where(InboxRow.handled_at < handled_before)
        if spare:
            old = old.where(or_(InboxRow.meeting_id.is_(None), InboxRow.meeting_id.not_in(spare)))
        gone = await self._session.execute(old)
        return gone.rowcount if isinstance(gone, CursorResult) else 0

    async def of_meeting(self, meeting_id: MeetingId) -> Sequence[IncomingEvent]:
        """Everything that is kept about a meeting, oldest first."""
        wanted = select(InboxRow).where(InboxRow.meeting_id == meeting_id).order_by(InboxRow.at, InboxRow.key)
        return [_event(row) for row in await self._session.scalars(wanted)]

    async def meetings(self, zoom_ids: Collection[ZoomMeetingId]) -> Mapping[ZoomMeetingId, tuple[MeetingId, GuildId]]:
        """Our meetings with these numbers."""
        wanted = select(MeetingRow.zoom_id, MeetingRow.meeting_id, MeetingRow.guild_id)
        found = await self._session.execute(wanted.where(MeetingRow.zoom_id.in_(zoom_ids)))
        return {ZoomMeetingId(zoom_id): (MeetingId(ours), GuildId(guild)) for zoom_id, ours, guild in found if zoom_id}

    async def addresses(self, meeting_id: MeetingId) -> Mapping[str, str | None]:
        """The registrant addresses this meeting ever used, of members and guests, revoked ones too, each with its registrant id if Zoom answered."""
        members = select(InviteRow.address, InviteRow.registrant_id).where(InviteRow.meeting_id == meeting_id)
        guests = select(GuestRow.address, GuestRow.registrant_id).where(GuestRow.meeting_id == meeting_id)
        found = await self._session.execute(members.union_all(guests))
        return {address: registrant for address, registrant in found if address}

    async def links_of(self, account_id: str) -> Sequence[LinkId]:
        """The links of this Zoom account, of whatever community."""
        wanted = select(AccountLinkRow.link_id).where(AccountLinkRow.zoom_account_id == account_id)
        return [LinkId(link_id) for link_id in await self._session.scalars(wanted.order_by(AccountLinkRow.link_id))]


def _columns(kept: InboxEvent, received_at: datetime, handled: bool) -> dict[str, object]:
    event = kept.event
    return {
        "key": event.key,
        "kind": event.kind,
        "meeting_id": kept.meeting_id,
        "account_id": event.account_id,
        "session_id": event.session_id,
        "zoom_id": event.zoom_id,
        "host_id": event.host_id,
        "at": event.at,
        "facts": dict(event.facts),
        "received_at": received_at,
        "handled_at": received_at if handled else None,
    }


def _event(row: InboxRow) -> IncomingEvent:
    return IncomingEvent(
        key=row.key,
        kind=row.kind,
        account_id=row.account_id,
        at=row.at,
        zoom_id=None if row.zoom_id is None else ZoomMeetingId(row.zoom_id),
        session_id=None if row.session_id is None else SessionId(row.session_id),
        host_id=None if row.host_id is None else ZoomUserId(row.host_id),
        facts=dict(row.facts),
    )
