"""Closed doors, barred members, acts and their steps."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import ColumnElement

from bot.adapters.store.repositories.statements import insert_into, upsert
from bot.adapters.store.tables_control import (
    ActRow,
    ActStepRow,
    BarredMemberRow,
    DoorCancelledRow,
    DoorClosingRow,
)
from bot.domain.containment import Act, Step
from bot.domain.values import (
    ActId,
    GuestId,
    GuildId,
    InviteId,
    MeetingId,
    MemberId,
    ParticipantId,
    RegistrantId,
    SessionId,
)
from bot.domain.verdict import WaitingRoom
from bot.ports.containment import ClosedDoor


class SqlDoors:
    """Implements `bot.ports.containment.Doors`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def close(self, door: ClosedDoor) -> None:
        """Keep it, unless it is closed already."""
        values = {
            "meeting_id": door.meeting_id,
            "closed_at": door.at,
            "inside": sorted(door.inside),
            "waiting_room": door.waiting_room.on,
            "for_everyone": door.waiting_room.for_everyone,
            "others_admit": door.waiting_room.others_admit,
            "room_locked": door.room_locked,
        }
        await self._session.execute(insert_into(self._session, DoorClosingRow).values(values).on_conflict_do_nothing())

    async def closed(self, meeting_id: MeetingId) -> ClosedDoor | None:
        """What this meeting's door was closed on."""
        row = await self._session.get(DoorClosingRow, meeting_id)
        if row is None:
            return None
        cancelled = select(DoorCancelledRow.registrant_id).where(DoorCancelledRow.meeting_id == meeting_id)
        return ClosedDoor(
            meeting_id,
            row.closed_at,
            frozenset(map(ParticipantId, row.inside)),
            WaitingRoom(row.waiting_room, row.for_everyone, row.others_admit),
            row.room_locked,
            frozenset(map(RegistrantId, await self._session.scalars(cancelled))),
        )

    async def note_reading(self, meeting_id: MeetingId, waiting_room: WaitingRoom, *, room_locked: bool) -> None:
        """What the last read-back said."""
        values = {
            "waiting_room": waiting_room.on,
            "for_everyone": waiting_room.for_everyone,
            "others_admit": waiting_room.others_admit,
            "room_locked": room_locked,
        }
        noting = update(DoorClosingRow).where(DoorClosingRow.meeting_id == meeting_id)
        await self._session.execute(noting.values(values))

    async def note_cancelled(self, meeting_id: MeetingId, who: Collection[RegistrantId], at: datetime) -> None:
        """The closing made these links void."""
        if who:
            rows = [{"meeting_id": meeting_id, "registrant_id": each, "cancelled_at": at} for each in sorted(who)]
            await self._session.execute(
                insert_into(self._session, DoorCancelledRow).values(rows).on_conflict_do_nothing()
            )

    async def open(self, meeting_id: MeetingId) -> None:
        """Forget what it was closed on."""
        for row in (DoorClosingRow, DoorCancelledRow):
            await self._session.execute(delete(row).where(row.meeting_id == meeting_id))

    async def bar(self, meeting_id: MeetingId, member_id: MemberId, by: MemberId | None, at: datetime) -> None:
        """No new link for this member in this meeting."""
        values = {"meeting_id": meeting_id, "member_id": member_id, "barred_at": at, "barred_by": by}
        await self._session.execute(insert_into(self._session, BarredMemberRow).values(values).on_conflict_do_nothing())

    async def lift(self, meeting_id: MeetingId, member_id: MemberId) -> bool:
        """They may have one again; False if they were not barred."""
        them = (BarredMemberRow.meeting_id == meeting_id, BarredMemberRow.member_id == member_id)
        gone = await self._session.execute(delete(BarredMemberRow).where(*them).returning(BarredMemberRow.member_id))
        return gone.first() is not None

    async def barred(self, meeting_id: MeetingId) -> frozenset[MemberId]:
        """Who gets no new link."""
        found = select(BarredMemberRow.member_id).where(BarredMemberRow.meeting_id == meeting_id)
        return frozenset(map(MemberId, await self._session.scalars(found)))

    async def is_barred(self, meeting_id: MeetingId, member_id: MemberId) -> bool:
        """Whether this member gets no new link."""
        return await self._session.get(BarredMemberRow, (meeting_id, member_id)) is not None


class SqlActs:
    """Implements `bot.ports.containment.Acts`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def begin(self, act: Act, lease_until: datetime) -> bool:
        """Keep an act that begins; False if the same is going on or this one is kept already."""
        values = {**_columns(act), "running_key": act.running_key, "lease_until": lease_until}
        adding = insert_into(self._session, ActRow).values(values).on_conflict_do_nothing()
        if (await self._session.execute(adding.returning(ActRow.act_id))).first() is None:
            return False
        if act.steps:
            await self._session.execute(insert(ActStepRow), _steps(act))
        return True

    async def get(self, act_id: ActId) -> Act | None:
        """One act."""
        return next(iter(await self._found(ActRow.act_id == act_id)), None)

    async def running(self, running_key: str) -> Act | None:
        """The act with this key that is not over."""
        return next(iter(await self._found(ActRow.running_key == running_key)), None)

    async def let_go(self, act_id: ActId) -> None:
        """Another act with the same key may begin from now on."""
        await self._session.execute(update(ActRow).where(ActRow.act_id == act_id).values(running_key=None))

    async def save(self, act: Act, lease_until: datetime | None) -> None:
        """Keep what is known now, never for something surer."""
        known = await self.get(act.act_id)
        merged = act if known is None else known.with_steps(act.steps)
        changed: dict[str, object] = {"verdict": act.verdict, "lease_until": lease_until}
        await self._session.execute(update(ActRow).where(ActRow.act_id == act.act_id).values(changed))
        before = {} if known is None else {row["position"]: row for row in _steps(known)}
        for row in _steps(merged):
            if before.get(row["position"]) != row:
                await self._session.execute(upsert(self._session, ActStepRow, row, key=["act_id", "position"]))

    async def take_over(self, act_id: ActId, now: datetime, lease_until: datetime) -> bool:
        """Go on with an act whose process is gone."""
        free = update(ActRow).where(ActRow.act_id == act_id, ActRow.lease_until <= now)
        taken = await self._session.execute(free.values(lease_until=lease_until).returning(ActRow.act_id))
        return taken.first() is not None

    async def unfinished(self, meeting_id: MeetingId | None = None) -> Sequence[tuple[Act, datetime]]:
        """Acts that are not over, with the end of their lease."""
        wanted = select(ActRow.act_id, ActRow.lease_until).where(ActRow.lease_until.is_not(None))
        if meeting_id is not None:
            wanted = wanted.where(ActRow.meeting_id == meeting_id)
        until = {row.act_id: row.lease_until for row in await self._session.execute(wanted)}
        return [(act, until[act.act_id]) for act in await self._found(ActRow.act_id.in_(until))]

    async def of_meeting(self, meeting_id: MeetingId) -> Sequence[Act]:
        """All, oldest first."""
        return await self._found(ActRow.meeting_id == meeting_id)

    async def of_session(self, session_id: SessionId) -> Sequence[Act]:
        """Those of one live run, oldest first."""
        return await self._found(ActRow.session_id == session_id)

    async def _found(self, wanted: ColumnElement[bool]) -> Sequence[Act]:
        rows = list(await self._session.scalars(select(ActRow).where(wanted).order_by(ActRow.at, ActRow.act_id)))
        ids = [row.act_id for row in rows]
        each = select(ActStepRow).where(ActStepRow.act_id.in_(ids)).order_by(ActStepRow.act_id, ActStepRow.position)
        steps: dict[str, list[Step]] = {act_id: [] for act_id in ids}
        for step in await self._session.scalars(each):
            steps[step.act_id].append(_step(step))
        return [_act(row, steps[row.act_id]) for row in rows]


def _columns(act: Act) -> dict[str, object]:
    return {
        "act_id": act.act_id,
        "kind": act.kind,
        "guild_id": act.guild_id,
        "meeting_id": act.meeting_id,
        "session_id": act.session_id,
        "actor": act.actor,
        "at": act.at,
        "target": act.target,
        "held_back": list(act.held_back),
        "pick_list": list(act.pick_list),
        "verdict": act.verdict,
    }


def _steps(act: Act) -> list[dict[str, object]]:
    return [
        {
            "act_id": act.act_id,
            "position": position,
            "meeting_id": act.meeting_id,
            "kind": step.kind,
            "participant": step.participant,
            "member_id": step.member_id,
            "invite_id": step.invite_id,
            "guest_id": step.guest_id,
            "outcome": step.outcome,
            "code": step.code,
            "count": step.count,
            "known_at": step.at,
        }
        for position, step in enumerate(act.steps)
    ]


def _act(row: ActRow, steps: Sequence[Step]) -> Act:
    return Act(
        act_id=ActId(row.act_id),
        kind=row.kind,
        guild_id=GuildId(row.guild_id),
        meeting_id=MeetingId(row.meeting_id),
        session_id=None if row.session_id is None else SessionId(row.session_id),
        actor=None if row.actor is None else MemberId(row.actor),
        at=row.at,
        steps=tuple(steps),
        target=row.target,
        held_back=tuple(map(ParticipantId, row.held_back)),
        pick_list=tuple(map(ParticipantId, row.pick_list)),
        verdict=row.verdict,
    )


def _step(row: ActStepRow) -> Step:
    return Step(
        kind=row.kind,
        participant=None if row.participant is None else ParticipantId(row.participant),
        member_id=None if row.member_id is None else MemberId(row.member_id),
        invite_id=None if row.invite_id is None else InviteId(row.invite_id),
        guest_id=None if row.guest_id is None else GuestId(row.guest_id),
        outcome=row.outcome,
        code=row.code,
        count=row.count,
        at=row.known_at,
    )
