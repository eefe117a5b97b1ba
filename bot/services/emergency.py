"""Acting on a live meeting: lock, unlock, remove, undo, end, emergency, accept as guest.

Every press is checked anew. The use cases return as soon as the intent is kept (or, if the store is silent, after 250 ms) and the acts go on by
themselves: `changes` tells each line as it is confirmed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from bot.domain.community import MemberFacts, Right, may
from bot.domain.containment import Act, ActKind, Capabilities, StepKind
from bot.domain.errors import UserMistake
from bot.domain.meeting import Meeting, MeetingState
from bot.domain.plans import (
    Plan,
    needs_second_confirmation,
    plan_accept,
    plan_emergency,
    plan_end,
    plan_lock,
    plan_remove,
    plan_remove_member,
    plan_undo,
    plan_unlock,
)
from bot.domain.room import RoomView
from bot.domain.roster import Seat
from bot.domain.sentinel import strangers_inside
from bot.domain.values import ActId, GuildId, MeetingId, MemberId, ParticipantId
from bot.domain.verdict import MANUAL_REFUSE, DoorFacts
from bot.ports import Chance, Clock, LinkState
from bot.ports.containment import ActListener, ClosedDoor
from bot.services.closing import Closing
from bot.services.desk import Desk
from bot.services.patience import StorePatience, StoreSilent
from bot.services.standby import LiveRooms, StandBy, Standing


class Acting:
    """What moderators can do. Each use case raises `UserMistake` for who may not or asks for what is not there, and `NeedsAttention` "store_silent"
    where the store does not answer and this process knows nothing of the meeting."""

    def __init__(
        self,
        desk: Desk,
        standby: StandBy,
        closing: Closing,
        rooms: LiveRooms,
        clock: Clock,
        chance: Chance,
        patience: StorePatience,
    ) -> None:
        self._desk = desk
        self._standby = standby
        self._closing = closing
        self._rooms = rooms
        self._clock = clock
        self._chance = chance
        self._patience = patience

    async def lock(self, guild_id: GuildId, meeting_id: MeetingId, actor: MemberFacts) -> Act:
        """Close the door. `verdict` comes with the read-back; `door` has the words."""
        standing = await self._allowed(guild_id, meeting_id, actor)
        view = self._rooms.at_hand(meeting_id) or await self._view(standing)
        plan = plan_lock(self._can(standing))
        return await self._begin(ActKind.LOCK, plan, standing, view, actor)

    async def unlock(self, guild_id: GuildId, meeting_id: MeetingId, actor: MemberFacts) -> Act:
        """Open the door. Nothing is approved again: whoever presses gets a new link.

        Raises:
            Transient: the store does not answer; the door stays closed.
            UserMistake: also with code "account_unlinked": there would be no link to hand out.
        """
        standing = await self._allowed(guild_id, meeting_id, actor)
        if standing.link is None or standing.link.state is LinkState.UNLINKED:
            raise UserMistake(
                "The Zoom account of this meeting is not linked any more, so there is no link to hand out. Create the meeting again.",
                code="account_unlinked",
            )
        plan = plan_unlock(self._can(standing))
        act = self._act(ActKind.UNLOCK, plan, standing, self._rooms.at_hand(meeting_id), actor)
        return await self._desk.begin_in_store(act, standing)

    async def remove(
        self,
        guild_id: GuildId,
        meeting_id: MeetingId,
        actor: MemberFacts,
        *,
        participant: ParticipantId | None = None,
        member_id: MemberId | None = None,
        confirmed: bool = False,
    ) -> Act:
        """Put somebody out for this meeting: a participant, or a member (who may not be in at all).

        Args:
            confirmed: the second confirmation that hosts and co-hosts need.

        Raises:
            UserMistake: also with "participant_gone", "only_waiting" (the host just must not admit them), or "confirm_host": ask once more, then
                call with `confirmed`.
        """
        standing = await self._allowed(guild_id, meeting_id, actor)
        view = await self._view(standing)
        targets = self._targets(view, participant, member_id)
        if not confirmed and any(needs_second_confirmation(seat) for seat in targets):
            raise UserMistake(
                "This person is a host or co-host here. Without them nobody may be left who can admit or remove people. Press again to remove them.",
                code="confirm_host",
            )
        plan = plan_remove(targets[0]) if member_id is None else plan_remove_member(member_id, targets)
        if not plan.steps:
            raise UserMistake(
                f"They are not in the call itself, and they have no link from me. {MANUAL_REFUSE}", code="only_waiting"
            )
        return await self._begin(ActKind.REMOVE, plan, standing, view, actor, target=str(participant or member_id))

    async def undo(self, guild_id: GuildId, meeting_id: MeetingId, actor: MemberFacts, member_id: MemberId) -> Act:
        """Let a member who was removed by mistake get a link again; Zoom itself may still refuse them (`verdict.REJOIN_NOTE`).

        Raises:
            Transient: the store does not answer; nothing was changed.
            UserMistake: also with "not_removed".
        """
        standing = await self._allowed(guild_id, meeting_id, actor)
        if member_id not in await self._standby.barred(meeting_id):
            raise UserMistake(
                "Nobody removed this member from that call, so they can get a link as before.", code="not_removed"
            )
        act = self._act(ActKind.UNDO, plan_undo(member_id), standing, None, actor, target=str(member_id))
        return await self._desk.begin_in_store(act, standing)

    async def end(self, guild_id: GuildId, meeting_id: MeetingId, actor: MemberFacts) -> Act:
        """End it for everyone and close the door. Ask once before, except from Emergency. It waits for no other act.

        Raises:
            UserMistake: also with "not_live": a meeting that has not begun is called off, not ended.
        """
        standing = await self._allowed(guild_id, meeting_id, actor)
        view = self._rooms.at_hand(meeting_id)
        if view is None and standing.meeting.state is not MeetingState.LIVE:
            raise UserMistake(
                "That call is not running, as far as I know. If you see it running, end it in Zoom: End > End meeting for all. "
                "/meeting cancel calls a planned one off.",
                code="not_live",
            )
        return await self._begin(ActKind.END, plan_end(), standing, view, actor)

    async def emergency(self, guild_id: GuildId, meeting_id: MeetingId, actor: MemberFacts) -> Act:
        """One press: the door closed, every stranger and both sides of a doubled link out, newest first; an incident opened.

        Without registration: the door closed, and `pick_list` to choose from. `held_back` are those whom only a person may decide about.
        """
        standing = await self._allowed(guild_id, meeting_id, actor)
        view = await self._view(standing)
        seats = () if view is None else view.seats
        plan = plan_emergency(self._can(standing), seats, registration=standing.meeting.personal_links)
        plan, target = self._beyond_what_goes_on(plan, meeting_id)
        return await self._begin(ActKind.EMERGENCY, plan, standing, view, actor, target=target)

    async def accept_guest(
        self, guild_id: GuildId, meeting_id: MeetingId, actor: MemberFacts, participant: ParticipantId
    ) -> Act:
        """Take somebody in the room or the waiting room for a guest. It is lost when they reconnect (`verdict.GUEST_UNTIL_RECONNECT`).

        Raises:
            Transient: the store does not answer; nothing was changed.
            UserMistake: also with "participant_gone".
        """
        standing = await self._allowed(guild_id, meeting_id, actor)
        view = await self._view(standing)
        (seat,) = self._targets(view, participant, None)
        act = self._act(ActKind.ACCEPT_GUEST, plan_accept(seat), standing, view, actor, target=participant)
        return await self._desk.begin_in_store(act, standing)

    async def live(self, guild_id: GuildId, actor: MemberFacts) -> Sequence[Meeting]:
        """The community's live meetings, also while the store is silent; empty for whoever may not act."""
        try:
            found = await self._patience.of(self._standby.live_of(guild_id, actor))
        except StoreSilent:
            known = (self._standby.recall(meeting_id) for meeting_id in self._rooms.live)
            found = [
                standing.meeting
                for standing in known
                if standing is not None
                and standing.meeting.guild_id == guild_id
                and may(Right.MODERATE, actor, standing.community)
            ]
        return sorted(found, key=lambda meeting: (meeting.starts_at, meeting.meeting_id))

    async def door(self, guild_id: GuildId, meeting_id: MeetingId) -> DoorFacts:
        """What can be said of the door now, for `verdict` and `door_words`. Raises as the use cases do, but asks for no right."""
        return self._closing.facts(await self._standby.know(guild_id, meeting_id))

    def can(self, meeting: Meeting) -> Capabilities:
        """What can be done with this meeting's account now."""
        return self._standby.can(meeting.link_id)

    def listen(self, listener: ActListener) -> None:
        """Tell this one how every act goes on."""
        self._desk.listen(listener)

    async def progress(self, act_id: ActId) -> Act | None:
        """What is known of an act now."""
        return await self._desk.progress(act_id)

    def changes(self, act_id: ActId) -> AsyncIterator[Act]:
        """The act now and after each change, until everything was tried and waited for."""
        return self._desk.changes(act_id)

    async def over(self, act_id: ActId) -> Act:
        """Wait until everything of an act begun here was tried and waited for."""
        return await self._desk.over(act_id)

    async def _allowed(self, guild_id: GuildId, meeting_id: MeetingId, actor: MemberFacts) -> Standing:
        standing = await self._standby.know(guild_id, meeting_id)
        decision = may(Right.MODERATE, actor, standing.community)
        if not decision:
            raise UserMistake(decision.reason, code=decision.code)
        if not standing.meeting.upcoming:
            raise UserMistake("That meeting is over or was cancelled.", code="meeting_over")
        return standing

    async def _view(self, standing: Standing) -> RoomView | None:
        """The call as the store has it, or as it is in memory."""
        meeting_id = standing.meeting.meeting_id
        view = None
        if standing.from_store:
            try:
                view = await self._patience.of(self._rooms.view(meeting_id))
            except StoreSilent:
                view = None
        view = view or self._rooms.at_hand(meeting_id)
        return view if view is not None and view.session.ended_at is None else None

    def _can(self, standing: Standing) -> Capabilities:
        return self._standby.can(standing.meeting.link_id)

    def _targets(
        self, view: RoomView | None, participant: ParticipantId | None, member_id: MemberId | None
    ) -> Sequence[Seat]:
        here = [seat for seat in (view.seats if view is not None else ()) if seat.here]
        if member_id is not None:
            return [seat for seat in here if seat.member_id == member_id]
        found = [seat for seat in here if seat.participant.participant_uuid == participant]
        if not found:
            raise UserMistake("This person is not in the call any more.", code="participant_gone")
        return found

    def _beyond_what_goes_on(self, plan: Plan, meeting_id: MeetingId) -> tuple[Plan, str]:
        """While an emergency goes on, another press means those who came since; if nobody did, it means the same."""
        going_on = self._desk.same(f"{meeting_id}:{ActKind.EMERGENCY.value}:")
        if going_on is None:
            return plan, ""
        known = {step.key for step in going_on.act.steps}
        new = [step for step in plan.steps if step.kind is StepKind.REMOVE and step.key not in known]
        if not new:
            return plan, ""
        rest = [step for step in plan.steps if step.kind is not StepKind.REMOVE or step in new]
        return replace(plan, steps=tuple(rest)), str(new[0].participant)

    async def _begin(
        self,
        kind: ActKind,
        plan: Plan,
        standing: Standing,
        view: RoomView | None,
        actor: MemberFacts,
        *,
        target: str = "",
    ) -> Act:
        act = self._act(kind, plan, standing, view, actor, target=target)
        return await self._desk.begin(act, standing, self._door(act, standing, view))

    def _act(
        self,
        kind: ActKind,
        plan: Plan,
        standing: Standing,
        view: RoomView | None,
        actor: MemberFacts | None,
        *,
        target: str = "",
    ) -> Act:
        return Act(
            act_id=ActId(self._chance.new_id()),
            kind=kind,
            guild_id=standing.meeting.guild_id,
            meeting_id=standing.meeting.meeting_id,
            session_id=None if view is None else view.session.session_id,
            actor=None if actor is None else actor.member_id,
            at=self._clock.now(),
            steps=plan.steps,
            target=target,
            held_back=plan.held_back,
            pick_list=plan.pick_list,
        )

    def _door(self, act: Act, standing: Standing, view: RoomView | None) -> ClosedDoor | None:
        """What the door is closed on. A door that is closed already keeps that; Emergency spares nobody."""
        if not act.of_kind(StepKind.CLOSE_DOOR):
            return None
        spared = frozenset[ParticipantId]()
        if act.kind is ActKind.LOCK and view is not None:
            spared = strangers_inside(view.seats)
        return standing.door or ClosedDoor(act.meeting_id, act.at, spared)
