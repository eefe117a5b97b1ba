"""Personal links, and who asked for one too early."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.repositories.link_marks import LinkMarks
from bot.adapters.store.repositories.statements import SecretColumn, insert_into, update_one
from bot.adapters.store.sealed import Sealer
from bot.adapters.store.tables import ComingRow, InviteRow, MeetingRow
from bot.domain.invite import Invite, InviteState
from bot.domain.meeting import MeetingState
from bot.domain.values import GuildId, InviteId, JoinLink, MeetingId, MemberId, RegistrantId


class SqlInvites:
    """Implements `bot.ports.Invites`."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._link = SecretColumn(sealer, "invite", "link")
        self._marks = LinkMarks(session, sealer)

    async def current(self, meeting_id: MeetingId, member_id: MemberId) -> Invite | None:
        """The invite that is not revoked, if there is one."""
        wanted = select(InviteRow).where(
            InviteRow.meeting_id == meeting_id,
            InviteRow.member_id == member_id,
            InviteRow.state != InviteState.REVOKED,
        )
        row = await self._session.scalar(wanted)
        return None if row is None else invite_from(row)

    async def current_of(
        self, meeting_id: MeetingId, member_ids: Collection[MemberId], *, hold: bool = False
    ) -> Mapping[MemberId, Invite]:
        """Those of these members that are not revoked. `hold`: nobody else changes them until this transaction, which may write, ends."""
        if not member_ids:
            return {}
        wanted = select(InviteRow).where(
            InviteRow.meeting_id == meeting_id,
            InviteRow.member_id.in_(member_ids),
            InviteRow.state != InviteState.REVOKED,
        )
        if hold:
            # In one order, so that two who hold several never wait for each other. On SQLite one writes at a time anyhow.
            wanted = wanted.order_by(InviteRow.invite_id).with_for_update()
        return {MemberId(row.member_id): invite_from(row) for row in await self._session.scalars(wanted)}

    async def last_generation(self, meeting_id: MeetingId, member_id: MemberId) -> int:
        """0 if this member never had one."""
        return (await self.last_generations(meeting_id, [member_id])).get(member_id, 0)

    async def last_generations(self, meeting_id: MeetingId, member_ids: Collection[MemberId]) -> Mapping[MemberId, int]:
        """Of those of these members who ever had an invite."""
        newest = (
            select(InviteRow.member_id, func.max(InviteRow.generation))
            .where(InviteRow.meeting_id == meeting_id, InviteRow.member_id.in_(member_ids))
            .group_by(InviteRow.member_id)
        )
        return {MemberId(member_id): number for member_id, number in await self._session.execute(newest)}

    async def ownerless_addresses(self, meeting_id: MeetingId) -> Collection[str]:
        """Addresses of members of this meeting whose data was erased. Their invites have made-up negative numbers in place of the member's."""
        wanted = select(InviteRow.address).where(InviteRow.meeting_id == meeting_id, InviteRow.member_id < 0)
        return set(await self._session.scalars(wanted))

    async def add(self, invite: Invite) -> bool:
        """False if this member has a current one already, or the tag is taken in this meeting; nothing is written then.

        Two who add at once are told apart by the unique indexes; the loser's transaction goes on unharmed.
        """
        return bool(await self.add_all([invite]))

    async def add_all(self, invites: Sequence[Invite]) -> Collection[InviteId]:
        """As `add`, in one statement; those that were added."""
        if not invites:
            return ()
        adding = insert_into(self._session, InviteRow).on_conflict_do_nothing().returning(InviteRow.invite_id)
        # Through the connection: as a list of rows the statement is compiled once, not once for every number of them.
        connection = await self._session.connection()
        added = await connection.execute(adding, [_columns(invite) for invite in invites])
        return {InviteId(invite_id) for invite_id in added.scalars()}

    async def save(self, invite: Invite) -> None:
        """Keep all of an invite, the new for the old; its link stays, unless it is void now."""
        erased = {} if invite.current else self._link.values(invite.invite_id, None)
        await update_one(self._session, InviteRow.invite_id, invite.invite_id, _columns(invite) | erased)

    async def save_all(self, invites: Sequence[Invite], links: Mapping[InviteId, JoinLink] | None = None) -> None:
        """Keep several current invites, and the links of those in `links` with their marks, in three statements at most."""
        links = links or {}
        plain, linked = [], []
        for invite in invites:
            if invite.invite_id in links:
                linked.append(_parameters(invite) | self._link.values(invite.invite_id, links[invite.invite_id]))
            else:
                plain.append(_parameters(invite))
        connection = await self._session.connection()
        for rows in filter(None, (plain, linked)):
            await connection.execute(_SAVING, rows)
        await self._marks.note_all(links)

    async def save_link(self, invite_id: InviteId, link: JoinLink) -> None:
        """Keep the link, sealed and bound to this invite, and its mark, by which it is known again where it should not be."""
        await update_one(self._session, InviteRow.invite_id, invite_id, self._link.values(invite_id, link))
        await self._marks.note_all({invite_id: link})

    async def link(self, invite_id: InviteId) -> JoinLink | None:
        """The link, while it is kept."""
        row = await self._session.get(InviteRow, invite_id)
        text = None if row is None else self._link.opened(invite_id, row.link_sealed, row.link_key_id)
        return None if text is None else JoinLink(text)

    async def links(self, invite_ids: Collection[InviteId]) -> Mapping[InviteId, JoinLink]:
        """The links, while they are kept."""
        if not invite_ids:
            return {}
        wanted = select(InviteRow.invite_id, InviteRow.link_sealed, InviteRow.link_key_id)
        found = await self._session.execute(wanted.where(InviteRow.invite_id.in_(invite_ids)))
        opened = {InviteId(row_id): self._link.opened(row_id, sealed, key_id) for row_id, sealed, key_id in found}
        return {invite_id: JoinLink(text) for invite_id, text in opened.items() if text is not None}

    async def of_meeting(self, meeting_id: MeetingId) -> Sequence[Invite]:
        """Every current invite, by shown name."""
        wanted = select(InviteRow).where(InviteRow.meeting_id == meeting_id, InviteRow.state != InviteState.REVOKED)
        invites = [invite_from(row) for row in await self._session.scalars(wanted)]
        # Sorted here: the order of text differs from one database to another.
        return sorted(invites, key=lambda invite: (invite.shown_name.casefold(), invite.invite_id))

    async def count(self, meeting_id: MeetingId) -> int:
        """How many registrants this meeting has had, revoked ones included (Zoom counts them)."""
        return (
            await self._session.scalar(
                select(func.count()).select_from(InviteRow).where(InviteRow.meeting_id == meeting_id)
            )
            or 0
        )

    async def add_coming(self, meeting_id: MeetingId, member_id: MemberId, at: datetime) -> None:
        """This member asked before links were released. Repeating it changes nothing."""
        values = {"meeting_id": meeting_id, "member_id": member_id, "asked_at": at}
        await self._session.execute(insert_into(self._session, ComingRow).values(values).on_conflict_do_nothing())

    async def count_coming(self, meeting_id: MeetingId) -> int:
        """How many said "coming" and hold no current invite."""
        invited = exists().where(
            InviteRow.meeting_id == meeting_id,
            InviteRow.member_id == ComingRow.member_id,
            InviteRow.state != InviteState.REVOKED,
        )
        waiting = select(func.count()).select_from(ComingRow).where(ComingRow.meeting_id == meeting_id, ~invited)
        return await self._session.scalar(waiting) or 0

    async def asked(self, meeting_id: MeetingId, member_id: MemberId) -> bool:
        """Whether this member ever asked for this meeting (an invite of any state, or "coming")."""
        invited = exists().where(InviteRow.meeting_id == meeting_id, InviteRow.member_id == member_id)
        coming = exists().where(ComingRow.meeting_id == meeting_id, ComingRow.member_id == member_id)
        return bool(await self._session.scalar(select(or_(invited, coming))))

    async def held_by(self, guild_id: GuildId, member_id: MemberId) -> Sequence[MeetingId]:
        """The planned meetings of this community for which this member has a current invite."""
        wanted = (
            select(InviteRow.meeting_id)
            .join(MeetingRow, MeetingRow.meeting_id == InviteRow.meeting_id)
            .where(
                MeetingRow.guild_id == guild_id,
                MeetingRow.state.in_((MeetingState.CREATED, MeetingState.LIVE)),
                InviteRow.member_id == member_id,
                InviteRow.state != InviteState.REVOKED,
            )
        )
        return [MeetingId(found) for found in await self._session.scalars(wanted.order_by(InviteRow.meeting_id))]

    async def coming_untried(self, meeting_id: MeetingId, limit: int) -> Sequence[MemberId]:
        """Who said "coming", never had an invite, and was not tried yet; those who asked first come first."""
        invited = exists().where(InviteRow.meeting_id == meeting_id, InviteRow.member_id == ComingRow.member_id)
        wanted = select(ComingRow.member_id).where(
            ComingRow.meeting_id == meeting_id, ComingRow.tried_at.is_(None), ~invited
        )
        first = wanted.order_by(ComingRow.asked_at, ComingRow.member_id).limit(limit)
        return [MemberId(found) for found in await self._session.scalars(first)]

    async def note_tried(self, meeting_id: MeetingId, member_ids: Sequence[MemberId], at: datetime) -> None:
        """These were tried: they have an invite now, or were not admitted and can ask for themselves."""
        tried = update(ComingRow).where(ComingRow.meeting_id == meeting_id, ComingRow.member_id.in_(member_ids))
        await self._session.execute(tried.values(tried_at=at))


_KEY = "key"
_SAVING = update(InviteRow.__table__).where(InviteRow.__table__.c.invite_id == bindparam(_KEY))  # type: ignore[arg-type]
"""Sets the columns that the rows name."""


def _parameters(invite: Invite) -> dict[str, object]:
    columns = _columns(invite)
    return {_KEY: columns.pop("invite_id"), **columns}


def _columns(invite: Invite) -> dict[str, object]:
    return {
        "invite_id": invite.invite_id,
        "meeting_id": invite.meeting_id,
        "member_id": invite.member_id,
        "generation": invite.generation,
        "name": invite.name,
        "tag": invite.tag,
        "address": invite.address,
        "requested_at": invite.requested_at,
        "state": invite.state,
        "registrant_id": invite.registrant_id,
        "adds_today": invite.adds_today,
        "adds_day": invite.adds_day,
        "delivered_at": invite.delivered_at,
        "revoked_at": invite.revoked_at,
    }


def invite_from(row: InviteRow) -> Invite:
    """The invite a row holds."""
    return Invite(
        invite_id=InviteId(row.invite_id),
        meeting_id=MeetingId(row.meeting_id),
        member_id=MemberId(row.member_id),
        generation=row.generation,
        name=row.name,
        tag=row.tag,
        address=row.address,
        requested_at=row.requested_at,
        state=row.state,
        registrant_id=None if row.registrant_id is None else RegistrantId(row.registrant_id),
        adds_today=row.adds_today,
        adds_day=row.adds_day,
        delivered_at=row.delivered_at,
        revoked_at=row.revoked_at,
    )
