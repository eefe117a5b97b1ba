"""Leaked links: whose they are, what was found where, who has to ask for a new one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.repositories.following import guest_from
from bot.adapters.store.repositories.invites import invite_from
from bot.adapters.store.repositories.link_marks import LinkMarks
from bot.adapters.store.repositories.statements import insert_into, update_one
from bot.adapters.store.sealed import Sealer
from bot.adapters.store.tables import InviteRow
from bot.adapters.store.tables_following import GuestRow
from bot.adapters.store.tables_leaks import LeakRow, LinkHoldRow, LinkMarkRow
from bot.domain.leak import Leak, LeakKind
from bot.domain.values import (
    ChannelId,
    GuestId,
    GuildId,
    InviteId,
    JoinLink,
    LeakId,
    MeetingId,
    MemberId,
    MessageId,
)
from bot.domain.zoom_links import LinkToken
from bot.ports.leaks import Holder


class SqlLeaks:
    """Implements `bot.ports.LeakBook`."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._marks = LinkMarks(session, sealer)

    async def note_guest(self, guest_id: GuestId, link: JoinLink) -> None:
        """Keep the mark of a guest's link, which itself is kept nowhere."""
        await self._marks.note_guest(guest_id, link)

    async def holders(self, tokens: Collection[LinkToken]) -> Mapping[LinkToken, Holder]:
        """Whose these are, under whatever key their marks were made; those of nobody are left out."""
        by_mark = {mark: token for token in tokens for mark in self._marks.possible(token)}
        rows = await self._session.scalars(select(LinkMarkRow).where(LinkMarkRow.mark.in_(by_mark)))
        found = {by_mark[row.mark]: await self._holder(row) for row in rows}
        return {token: holder for token, holder in found.items() if holder is not None}

    async def add(self, leak: Leak) -> bool:
        """False if the same link in the same message is kept already; nothing is written then."""
        adding = insert_into(self._session, LeakRow).values(_columns(leak)).on_conflict_do_nothing()
        return (await self._session.execute(adding.returning(LeakRow.leak_id))).first() is not None

    async def get(self, leak_id: LeakId) -> Leak | None:
        """One leak."""
        row = await self._session.get(LeakRow, leak_id)
        return None if row is None else _leak(row)

    async def save(self, leak: Leak) -> None:
        """Keep all of it, the new for the old."""
        await update_one(self._session, LeakRow.leak_id, leak.leak_id, _columns(leak))

    async def of_message(self, guild_id: GuildId, message_id: MessageId) -> Sequence[Leak]:
        """What was found in one message, in the order in which it was kept."""
        wanted = select(LeakRow).where(LeakRow.guild_id == guild_id, LeakRow.message_id == message_id)
        return [_leak(row) for row in await self._session.scalars(wanted.order_by(LeakRow.leak_id))]

    async def of_meeting(self, meeting_id: MeetingId) -> Sequence[Leak]:
        """Every leak of a way into this meeting, oldest first."""
        wanted = select(LeakRow).where(LeakRow.meeting_id == meeting_id).order_by(LeakRow.at, LeakRow.leak_id)
        return [_leak(row) for row in await self._session.scalars(wanted)]

    async def untold(self, meeting_id: MeetingId) -> Sequence[Leak]:
        """Links of members that were taken back and whose holder was not told yet, oldest first."""
        wanted = select(LeakRow).where(
            LeakRow.meeting_id == meeting_id,
            LeakRow.kind == LeakKind.MEMBER,
            LeakRow.still_worked,
            LeakRow.told_at.is_(None),
        )
        return [_leak(row) for row in await self._session.scalars(wanted.order_by(LeakRow.at, LeakRow.leak_id))]

    async def times(self, guild_id: GuildId, member_id: MemberId) -> int:
        """How many different links of this member were taken back here; one that stood in ten messages counts once."""
        of_member = (LeakRow.guild_id == guild_id, LeakRow.member_id == member_id, LeakRow.still_worked)
        wanted = select(func.count(LeakRow.invite_id.distinct())).where(*of_member)
        return await self._session.scalar(wanted) or 0

    async def leaked_among(self, meeting_id: MeetingId, member_ids: Collection[MemberId]) -> frozenset[MemberId]:
        """Those of them of whom a link into this meeting was taken back because it had leaked."""
        wanted = select(LeakRow.member_id).where(
            LeakRow.meeting_id == meeting_id, LeakRow.member_id.in_(member_ids), LeakRow.still_worked
        )
        return frozenset(MemberId(found) for found in await self._session.scalars(wanted) if found is not None)

    async def hold(self, guild_id: GuildId, member_id: MemberId, leak_id: LeakId, at: datetime) -> None:
        """This member gets no new link until a moderator allows one. A repeat changes nothing."""
        values = {"guild_id": guild_id, "member_id": member_id, "leak_id": leak_id, "since": at}
        await self._session.execute(insert_into(self._session, LinkHoldRow).values(values).on_conflict_do_nothing())

    async def held(self, guild_id: GuildId, member_id: MemberId) -> bool:
        """Whether a moderator has to allow it first."""
        return bool(await self.held_among(guild_id, [member_id]))

    async def held_among(self, guild_id: GuildId, member_ids: Collection[MemberId]) -> frozenset[MemberId]:
        """Those of them for whom a moderator has to allow it first."""
        wanted = select(LinkHoldRow.member_id).where(
            LinkHoldRow.guild_id == guild_id, LinkHoldRow.member_id.in_(member_ids)
        )
        return frozenset(MemberId(found) for found in await self._session.scalars(wanted))

    async def allow(self, guild_id: GuildId, member_id: MemberId) -> bool:
        """They may have new links; False if they might already."""
        of_member = (LinkHoldRow.guild_id == guild_id, LinkHoldRow.member_id == member_id)
        gone = await self._session.execute(delete(LinkHoldRow).where(*of_member).returning(LinkHoldRow.member_id))
        return gone.first() is not None

    async def _holder(self, row: LinkMarkRow) -> Holder | None:
        if row.invite_id is not None:
            invite = await self._session.get(InviteRow, row.invite_id)
            return None if invite is None else Holder(MeetingId(invite.meeting_id), invite=invite_from(invite))
        guest = await self._session.get(GuestRow, row.guest_id)
        return None if guest is None else Holder(MeetingId(guest.meeting_id), guest=guest_from(guest))


def _columns(leak: Leak) -> dict[str, object]:
    return {
        "leak_id": leak.leak_id,
        "once": leak.once,
        "guild_id": leak.guild_id,
        "meeting_id": leak.meeting_id,
        "kind": leak.kind,
        "at": leak.at,
        "channel_id": leak.channel_id,
        "message_id": leak.message_id,
        "author_id": leak.author_id,
        "reported_by": leak.reported_by,
        "invite_id": leak.invite_id,
        "guest_id": leak.guest_id,
        "member_id": leak.member_id,
        "dealt_at": leak.dealt_at,
        "dealt_by": leak.dealt_by,
        "still_worked": leak.still_worked,
        "told_at": leak.told_at,
    }


def _leak(row: LeakRow) -> Leak:
    return Leak(
        leak_id=LeakId(row.leak_id),
        guild_id=GuildId(row.guild_id),
        meeting_id=MeetingId(row.meeting_id),
        kind=row.kind,
        at=row.at,
        channel_id=ChannelId(row.channel_id),
        message_id=MessageId(row.message_id),
        author_id=MemberId(row.author_id),
        reported_by=MemberId(row.reported_by),
        invite_id=None if row.invite_id is None else InviteId(row.invite_id),
        guest_id=None if row.guest_id is None else GuestId(row.guest_id),
        member_id=None if row.member_id is None else MemberId(row.member_id),
        dealt_at=row.dealt_at,
        dealt_by=None if row.dealt_by is None else MemberId(row.dealt_by),
        still_worked=row.still_worked,
        told_at=row.told_at,
    )
