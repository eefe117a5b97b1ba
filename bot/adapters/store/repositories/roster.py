"""Who is in a call: tracks, marks, accepted guests, and the list they are compared with."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from bot.adapters.store.base import Base
from bot.adapters.store.repositories.statements import Values, insert_into
from bot.adapters.store.tables import AlternativeHostRow, InviteRow, MeetingRow, ZoomHostRow
from bot.adapters.store.tables_events import SessionRow
from bot.adapters.store.tables_following import GuestRow
from bot.adapters.store.tables_roster import AcceptedGuestRow, ParticipantMarkRow, ParticipantRow
from bot.domain.guest import GuestState
from bot.domain.invite import TAG_SIGN, InviteState
from bot.domain.meeting import MeetingState
from bot.domain.roster import Entry
from bot.domain.tracking import Mark, MarkKind, Said, Track
from bot.domain.values import GuestId, InviteId, MeetingId, MemberId, ParticipantId, RegistrantId, SessionId
from bot.ports.roster import ListedEntry, OpenSession


class SqlRoster:
    """Implements `bot.ports.Roster`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def hold(self, session_id: SessionId, meeting_id: MeetingId) -> int:
        """Lock the session's row by counting its revision up."""
        adding = insert_into(self._session, SessionRow).values(session_id=session_id, meeting_id=meeting_id, revision=1)
        counted = adding.on_conflict_do_update(
            index_elements=["session_id"], set_={"revision": SessionRow.revision + 1}
        )
        return int((await self._session.execute(counted.returning(SessionRow.revision))).scalar_one())

    async def revision(self, session_id: SessionId) -> int:
        """How often something was written about it."""
        wanted = select(SessionRow.revision).where(SessionRow.session_id == session_id)
        return await self._session.scalar(wanted) or 0

    async def tracks(
        self, session_id: SessionId, *, only: Collection[ParticipantId] | None = None, after: int = 0
    ) -> Sequence[Track]:
        """Read as columns: a thousand rows are no thousand objects of the session."""
        columns = (
            ParticipantRow.participant_uuid,
            ParticipantRow.first_seen,
            ParticipantRow.joined_at,
            ParticipantRow.registers,
        )
        wanted = select(*columns).where(ParticipantRow.session_id == session_id, ParticipantRow.revision > after)
        if only is not None:
            wanted = wanted.where(ParticipantRow.participant_uuid.in_(only))
        return [
            Track(session_id, ParticipantId(uuid), first_seen, joined_at, _registers(registers))
            for uuid, first_seen, joined_at, registers in await self._session.execute(wanted)
        ]

    async def marks(
        self, session_id: SessionId, *, only: Collection[tuple[MarkKind, str]] | None = None, after: int = 0
    ) -> Sequence[Mark]:
        """Facts that name no participant."""
        row = ParticipantMarkRow
        wanted = select(row.kind, row.key, row.value, row.at, row.rank, row.name).where(
            row.session_id == session_id, row.revision > after
        )
        if only is not None:
            wanted = wanted.where(tuple_(row.kind, row.key).in_(only))
        return [
            Mark(session_id, kind, key, Said(value, at, rank), name)
            for kind, key, value, at, rank, name in await self._session.execute(wanted)
        ]

    async def save(self, tracks: Sequence[Track], marks: Sequence[Mark], revision: int) -> None:
        """Two statements, however many rows."""
        await self._put(ParticipantRow, [_track_columns(each, revision) for each in tracks])
        await self._put(ParticipantMarkRow, [_mark_columns(each, revision) for each in marks])

    async def accept(self, session_id: SessionId, participant_uuid: ParticipantId, by: MemberId, at: datetime) -> None:
        """The first who accepted stays named."""
        values = {
            "session_id": session_id,
            "participant_uuid": participant_uuid,
            "accepted_by": by,
            "accepted_at": at,
        }
        adding = insert_into(self._session, AcceptedGuestRow).values(values).on_conflict_do_nothing()
        await self._session.execute(adding)

    async def accepted(self, session_id: SessionId) -> frozenset[ParticipantId]:
        """Whom moderators let stay."""
        wanted = select(AcceptedGuestRow.participant_uuid).where(AcceptedGuestRow.session_id == session_id)
        return frozenset(ParticipantId(uuid) for uuid in await self._session.scalars(wanted))

    async def entries(
        self, meeting_id: MeetingId, *, only: Collection[RegistrantId] | None = None
    ) -> Sequence[ListedEntry]:
        """Invites and guests, without their links."""
        invites = select(
            InviteRow.registrant_id,
            InviteRow.address,
            InviteRow.state,
            InviteRow.invite_id,
            InviteRow.member_id,
            InviteRow.tag,
        ).where(InviteRow.meeting_id == meeting_id, *_named(InviteRow.registrant_id, only))
        guests = select(
            GuestRow.registrant_id, GuestRow.address, GuestRow.state, GuestRow.guest_id, GuestRow.name, GuestRow.tag
        ).where(GuestRow.meeting_id == meeting_id, *_named(GuestRow.registrant_id, only))
        found = [
            ListedEntry(
                Entry(
                    member_id=MemberId(member_id),
                    tag=tag,
                    invite_id=InviteId(invite_id),
                    current=state is not InviteState.REVOKED,
                    registrant_id=_registrant(registrant),
                ),
                address,
            )
            for registrant, address, state, invite_id, member_id, tag in await self._session.execute(invites)
        ]
        found += [
            ListedEntry(
                Entry(
                    tag=tag,
                    guest_id=GuestId(guest_id),
                    guest_name=f"{name}{TAG_SIGN}{tag}",
                    current=state is not GuestState.REVOKED,
                    registrant_id=_registrant(registrant),
                ),
                address,
            )
            for registrant, address, state, guest_id, name, tag in await self._session.execute(guests)
        ]
        return found

    async def open_sessions(self) -> Sequence[OpenSession]:
        """By meeting."""
        wanted = (
            select(SessionRow.meeting_id, SessionRow.session_id, SessionRow.revision)
            .join(MeetingRow, MeetingRow.meeting_id == SessionRow.meeting_id)
            .where(
                SessionRow.ended_at.is_(None),
                SessionRow.started_at.is_not(None),
                MeetingRow.state == MeetingState.LIVE,
            )
        )
        found = await self._session.execute(wanted.order_by(SessionRow.meeting_id, SessionRow.started_at))
        return [OpenSession(MeetingId(meeting), SessionId(run), revision) for meeting, run, revision in found]

    async def host_addresses(self, meeting_id: MeetingId) -> Mapping[str, str]:
        """The host's and the alternative hosts', of the meeting's community."""
        stand_ins = select(AlternativeHostRow.user_id).where(AlternativeHostRow.meeting_id == meeting_id)
        wanted = (
            select(ZoomHostRow.email, ZoomHostRow.user_id)
            .join(MeetingRow, MeetingRow.guild_id == ZoomHostRow.guild_id)
            .where(
                MeetingRow.meeting_id == meeting_id,
                or_(ZoomHostRow.user_id == MeetingRow.host_id, ZoomHostRow.user_id.in_(stand_ins)),
            )
        )
        return {email: user_id for email, user_id in await self._session.execute(wanted) if email}

    async def _put(self, row: type[Base], rows: Sequence[Values]) -> None:
        """Write rows whether or not they are there, through the connection: compiled once, not once for every number of rows."""
        if not rows:
            return
        key = [column.name for column in row.__table__.primary_key]
        adding = insert_into(self._session, row)
        changed = {name: adding.excluded[name] for name in rows[0] if name not in key}
        connection = await self._session.connection()
        await connection.execute(adding.on_conflict_do_update(index_elements=key, set_=changed), rows)


def _named(
    column: InstrumentedAttribute[str | None], only: Collection[RegistrantId] | None
) -> Iterable[ColumnElement[bool]]:
    return () if only is None else (or_(column.in_(only), column.is_(None)),)


def _registrant(found: str | None) -> RegistrantId | None:
    return None if found is None else RegistrantId(found)


def _registers(stored: Mapping[str, Sequence[object]]) -> dict[str, Said]:
    return {
        name: Said(str(value), datetime.fromisoformat(str(at)), int(str(rank)))
        for name, (value, at, rank) in stored.items()
    }


def _track_columns(track: Track, revision: int) -> dict[str, object]:
    registrant = track.registers.get("registrant_id")
    return {
        "session_id": track.session_id,
        "participant_uuid": track.participant_uuid,
        "registrant_id": None if registrant is None else registrant.value,
        "first_seen": track.first_seen,
        "joined_at": track.joined_at,
        "registers": {name: [said.value, said.at.isoformat(), said.rank] for name, said in track.registers.items()},
        "revision": revision,
    }


def _mark_columns(mark: Mark, revision: int) -> dict[str, object]:
    return {
        "session_id": mark.session_id,
        "kind": mark.kind,
        "key": mark.key,
        "name": mark.name,
        "value": mark.on.value,
        "at": mark.on.at,
        "rank": mark.on.rank,
        "revision": revision,
    }
