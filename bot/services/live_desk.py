"""What moderators look up about live calls: which are live, who is in, whose link somebody came by. And what a member says of their own name."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bot.domain.community import MemberFacts, Right
from bot.domain.concerns import Answer, Concern
from bot.domain.errors import NeedsAttention, Transient, UserMistake
from bot.domain.guest import Guest
from bot.domain.invite import Invite
from bot.domain.meeting import Meeting
from bot.domain.panel import PanelView, owner_of
from bot.domain.room import RoomView
from bot.domain.roster import Seat, SeatKind
from bot.domain.values import AlertId, GuildId, MeetingId, MemberId, ParticipantId, SessionId
from bot.ports import Clock, KeptConcern, Store, UnitOfWork
from bot.services.live_views import LiveViews, RoomViews
from bot.services.rights import community_where

STORE_PATIENCE = 1.0
"""Seconds that an answer about an act waits for what only the store knows; the act itself does not wait."""

SEVERAL = "Several calls are live. Type the command again and choose which one."
NOT_LIVE = "No call is live here at the moment."
GONE = "I do not know that person in this call any more. /roster lists who is there."


class LiveRooms(RoomViews, Protocol):
    """The rooms this process has in memory; `bot.services.rooms.Rooms`."""

    @property
    def live(self) -> tuple[MeetingId, ...]: ...
    def at_hand(self, meeting_id: MeetingId) -> RoomView | None: ...


class Toucher(Protocol):
    """Has the panel of a meeting looked at; `bot.services.panel_keeping.PanelKeeping`."""

    async def touch(self, meeting_id: MeetingId) -> None: ...


@dataclass(frozen=True, slots=True)
class WhoseLink:
    """By whose link somebody came: the seat says which member. `invite` is their current one, `guest` the guest it was made for."""

    view: PanelView
    seat: Seat
    invite: Invite | None = None
    guest: Guest | None = None


class LiveDesk:
    """Reads, and one audited look. Choosing a call needs no store, so that acting works without one; whoever acts checks the rights."""

    def __init__(self, store: Store, rooms: LiveRooms, views: LiveViews, panels: Toucher, clock: Clock) -> None:
        self._store = store
        self._rooms = rooms
        self._views = views
        self._panels = panels
        self._clock = clock

    async def chosen(self, who: MemberFacts, guild_id: GuildId, named: str | None) -> MeetingId:
        """The call that is meant: the one that was named, or the only live one. Where that is clear no store is asked: acting checks the rights.

        Raises:
            UserMistake: no right; none is live; or several are and none was named.
        """
        if named:
            return MeetingId(named)
        live = self._live(guild_id)
        if len(live) == 1:
            return live[0].meeting_id
        await self._refuse_others(who, guild_id)
        if live:
            raise UserMistake(SEVERAL, code="several_live")
        raise UserMistake(NOT_LIVE, code="not_live")

    async def _refuse_others(self, who: MemberFacts, guild_id: GuildId) -> None:
        """Those without the right read that, and not whether a call is live; while the store is silent nobody is refused here."""
        try:
            async with asyncio.timeout(STORE_PATIENCE), self._store.read() as uow:
                await community_where(uow, guild_id, who, Right.MODERATE)
        except (Transient, TimeoutError):
            return

    async def meetings(self, who: MemberFacts, guild_id: GuildId) -> Sequence[Meeting]:
        """The live calls, for moderators.

        Raises:
            UserMistake: no right.
        """
        async with self._store.read() as uow:
            await community_where(uow, guild_id, who, Right.MODERATE)
        return self._live(guild_id)

    async def panel(self, who: MemberFacts, guild_id: GuildId, named: str | None) -> PanelView:
        """A call as its panel shows it, for one moderator.

        Raises:
            UserMistake: no right, or no such live call.
        """
        async with self._store.read() as uow:
            await community_where(uow, guild_id, who, Right.MODERATE)
        view = await self._views.of(await self.chosen(who, guild_id, named))
        if view is None or view.meeting.guild_id != guild_id:
            raise UserMistake(NOT_LIVE, code="not_live")
        return view

    async def seat(
        self, who: MemberFacts, guild_id: GuildId, meeting_id: MeetingId, participant: ParticipantId
    ) -> tuple[PanelView, Seat]:
        """One person of a call.

        Raises:
            UserMistake: no right, or nobody of this id is known there.
        """
        view = await self.panel(who, guild_id, meeting_id)
        seat = _seat(view.room.seats, participant)
        if seat is None:
            raise UserMistake(GONE, code="participant_unknown")
        return view, seat

    async def whose(
        self, who: MemberFacts, guild_id: GuildId, meeting_id: MeetingId, participant: ParticipantId
    ) -> WhoseLink:
        """By whose link somebody came. That somebody looked is audited, because it names a member.

        Raises:
            UserMistake: no right, or nobody of this id is known there.
        """
        view, seat = await self.seat(who, guild_id, meeting_id, participant)
        async with self._store.work() as uow:
            held = await uow.invites.current(meeting_id, seat.member_id) if seat.member_id is not None else None
            guest = await _guest(uow, view.meeting.meeting_id, seat)
            await uow.audit.append(
                guild_id,
                "seat.whose_link",
                at=self._clock.now(),
                actor=who.member_id,
                subject=seat.member_id,
                meeting=meeting_id,
                facts={"kind": seat.kind.value},
            )
            await uow.commit()
        return WhoseLink(view, seat, held if held is not None and held.invite_id == seat.invite_id else None, guest)

    def name_at_hand(self, meeting_id: MeetingId, participant: ParticipantId) -> tuple[str, bool]:
        """The name somebody shows, and whether they are still there; what this process knows, for who must answer at once."""
        room = self._rooms.at_hand(meeting_id)
        seat = None if room is None else _seat(room.seats, participant)
        return ("", False) if seat is None else (seat.participant.name, seat.participant.here)

    async def around(self, meeting_id: MeetingId) -> PanelView | None:
        """What the answer about an act shows around it; without the store, what this process knows."""
        try:
            async with asyncio.timeout(STORE_PATIENCE):
                return await self._views.of(meeting_id)
        except (Transient, NeedsAttention, TimeoutError):
            room = self._rooms.at_hand(meeting_id)
            return None if room is None else PanelView(room)

    async def name_is_whose(self, member_id: MemberId, message: AlertId) -> None:
        """Whether this member is asked by this message.

        Raises:
            UserMistake: they are not.
        """
        async with self._store.read() as uow:
            told = await uow.panels.told_by(message)
        await self._theirs(member_id, told)

    async def answer_name(self, member_id: MemberId, message: AlertId, answer: Answer) -> None:
        """What the member whose name two people show says about it. The moderators see it in the alert.

        Raises:
            UserMistake: it is not their name, or nobody asks any more.
        """
        async with self._store.read() as uow:
            told = await uow.panels.told_by(message)
        view, theirs = await self._theirs(member_id, told)
        meeting, guild_id = view.meeting.meeting_id, view.meeting.guild_id
        answered = [replace(each, raised=replace(each.raised, answer=answer)) for each in theirs]
        async with self._store.work() as uow:
            await uow.panels.keep(view.room.session.session_id, answered)
            facts = {"answer": answer.value}
            now = self._clock.now()
            await uow.audit.append(guild_id, "name.answered", at=now, actor=member_id, meeting=meeting, facts=facts)
            await uow.commit()
        await self._panels.touch(meeting)

    async def _theirs(
        self, member_id: MemberId, told: tuple[SessionId, Sequence[KeptConcern]] | None
    ) -> tuple[PanelView, list[KeptConcern]]:
        """What the message asks this member about."""
        over = UserMistake("Nobody asks about this name any more. Thank you.", code="name_over")
        if told is None:
            raise over
        session, kept = told
        meeting_id = await self._meeting_of(session)
        view = None if meeting_id is None else await self._views.of(meeting_id, session)
        if view is None or view.over:
            raise over
        names = [each for each in kept if each.raised.concern is Concern.SAME_NAME]
        theirs = [each for each in names if owner_of(_seats(view, each)) == member_id]
        if not theirs:
            raise UserMistake("Only the member whose name it is can press this.", code="not_your_name")
        if all(each.raised.over_at is not None for each in theirs):
            raise over
        return view, theirs

    async def _meeting_of(self, session_id: SessionId) -> MeetingId | None:
        async with self._store.read() as uow:
            session = await uow.sessions.get(session_id)
        return None if session is None else session.meeting_id

    def _live(self, guild_id: GuildId) -> list[Meeting]:
        """The community's live calls as this process knows them, soonest begun first."""
        known = [self._rooms.at_hand(meeting_id) for meeting_id in self._rooms.live]
        found = [room for room in known if room is not None and room.meeting.guild_id == guild_id]
        return [room.meeting for room in sorted(found, key=lambda room: room.meeting.starts_at)]


def _seat(seats: Sequence[Seat], participant: ParticipantId) -> Seat | None:
    return next((seat for seat in seats if seat.participant.participant_uuid == participant), None)


def _seats(view: PanelView, kept: KeptConcern) -> list[Seat]:
    return [seat for seat in view.room.seats if seat.participant.participant_uuid in kept.raised.who]


async def _guest(uow: UnitOfWork, meeting_id: MeetingId, seat: Seat) -> Guest | None:
    if seat.kind is not SeatKind.GUEST:
        return None
    guests = await uow.guests.of_meeting(meeting_id)
    return next((guest for guest in guests if guest.registrant_id == seat.participant.registrant_id), None)
