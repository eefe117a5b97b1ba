"""Making one member's link exactly once, keeping it sealed, and deciding once more at the moment it is handed over."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

from bot.domain.community import MemberFacts
from bot.domain.errors import NeedsAttention, OutcomeUnknown, Transient, UserMistake
from bot.domain.invite import Invite
from bot.domain.meeting import Meeting, invite_link_life
from bot.domain.values import Decision, InviteId, JoinLink, MeetingId, MemberId, RegistrantId, ZoomMeetingId
from bot.ports import Chance, Chat, Clock, MeetingProvider, Registered, Store
from bot.ports.zoom import NOTHING_DONE
from bot.services.batching import Batching
from bot.services.closed_here import ClosedHere
from bot.services.grouping import Grouped
from bot.services.invite_book import Addresses, Delivery, InviteBook, Wish
from bot.services.revoking import Revoking

FACTS_STAY_FRESH = timedelta(seconds=5)
"""If more time than this passed since Discord described the person, they are looked up again before the link is handed over."""
HEARD_FACTS_STAY_FRESH = timedelta(seconds=20)
"""The same where Discord says at once who lost a role or was put out: that takes away the invite, which stands from before Zoom was asked. So a
rush of presses does not become a rush of look-ups too."""
MAX_GENERATIONS = 5
"""How many links one member can get for one meeting by choosing other names."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A link ready to be shown to its member."""

    link: JoinLink
    shown_name: str
    first_time: bool


@dataclass(frozen=True, slots=True)
class _Made:
    registrant_id: RegistrantId | None
    link: JoinLink


class Issuing:
    """One link per member, meeting and generation, however often and from however many places it is asked for."""

    def __init__(
        self,
        store: Store,
        provider: MeetingProvider,
        chat: Chat,
        clock: Clock,
        chance: Chance,
        addresses: Addresses,
        closed_here: ClosedHere | None = None,
    ) -> None:
        self._store = store
        self._provider = provider
        self._chat = chat
        self._clock = clock
        self.closed_here = closed_here or ClosedHere()
        self.book = InviteBook(store, clock, chance, addresses, self.closed_here)
        self._requests = Grouped(self.book.request, clock)
        self._deliveries = Grouped(self.book.deliver, clock)
        self._kept = Grouped(self.book.keep, clock)
        self._batching = Batching(provider, clock)
        self._revoking = Revoking(store, provider, clock)
        self._locks: WeakValueDictionary[tuple[MeetingId, int], asyncio.Lock] = WeakValueDictionary()

    async def issue(
        self, meeting: Meeting, who: MemberFacts, *, asked_at: datetime, name: str | None
    ) -> Issued | Decision:
        """The member's link, made if it does not exist, or the decision not to hand it over after all.

        Raises:
            UserMistake, NeedsAttention, Transient: with what to do next; asking again goes on where this stopped.
        """
        async with self.turn(meeting.meeting_id, who.member_id):
            await self._void_if_renamed(meeting, who, name)
            wish = Wish(who, name)
            asked = await self._requests.do(meeting, wish)
            if asked.link is not None:
                return await self._hand_over(meeting, wish, asked_at, asked.invite, asked.link, unsaved=False)
            if meeting.zoom_id is None:
                raise Transient("This meeting is still being created. Press again in a minute.", code="still_creating")
            try:
                made = await self._make(meeting, meeting.zoom_id, asked.invite, look_first=asked.asked_before)
            except Transient as error:
                if error.code in NOTHING_DONE:
                    await self.book.give_back(asked.invite)
                raise
            invite = asked.invite.issued(made.registrant_id)
            return await self._hand_over(meeting, wish, asked_at, invite, made.link, unsaved=True)

    async def take_back(self, meeting: Meeting, member_id: MemberId, decision: Decision) -> None:
        """This member is not admitted any more: their link goes, at once here and as soon as may be at Zoom."""
        async with self._store.work() as uow:
            invite = await uow.invites.current(meeting.meeting_id, member_id)
            if invite is not None:
                await self._revoking.revoke(uow, meeting, invite, why=decision.code, actor=member_id)
            await uow.commit()
        await self._revoking.try_now(meeting.meeting_id)

    def turn(self, meeting_id: MeetingId, member_id: MemberId) -> asyncio.Lock:
        """Held while this member's link is being made in this process."""
        key = (meeting_id, int(member_id))
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        return lock

    async def _void_if_renamed(self, meeting: Meeting, who: MemberFacts, name: str | None) -> None:
        if name is None:
            return
        async with self._store.read() as uow:
            invite = await uow.invites.current(meeting.meeting_id, who.member_id)
        if invite is None or invite.name == name:
            return
        if invite.generation >= MAX_GENERATIONS:
            raise UserMistake(
                "You have changed your name for this call as often as I can do it. Your last link still works.",
                code="too_many_names",
            )
        await self._void_at_zoom(meeting, invite)
        async with self._store.work() as uow:
            await self._revoking.revoke(uow, meeting, invite, why="other_name", actor=who.member_id, sent=True)
            await uow.commit()

    async def make_all(
        self, meeting: Meeting, zoom_id: ZoomMeetingId, invites: Sequence[Invite]
    ) -> Mapping[InviteId, Registered]:
        """Register up to 30 people beforehand; those for whom Zoom made a link. The others press for theirs."""
        people = [(invite.address, invite.shown_name) for invite in invites]
        made = await self._batching.add_all(meeting.link_id, zoom_id, people)
        for invite in invites:
            outcome = made[invite.address]
            if isinstance(outcome, Transient) and outcome.code in NOTHING_DONE:
                await self.book.give_back(invite)
        found = {invite.invite_id: made[invite.address] for invite in invites}
        return {key: each for key, each in found.items() if isinstance(each, Registered) and each.link is not None}

    async def _make(self, meeting: Meeting, zoom_id: ZoomMeetingId, invite: Invite, *, look_first: bool) -> _Made:
        if not meeting.personal_links:
            return _Made(None, await self._shared_link(meeting, zoom_id, invite))
        found = None
        if look_first:
            found = await self._provider.find_registrant(meeting.link_id, zoom_id, invite.address)
        if found is None:
            found = await self._batching.add(meeting.link_id, zoom_id, invite.address, invite.shown_name)
        if found is None:
            raise Transient(
                "Zoom did not answer in time. Press again in a minute; you will not be registered twice.",
                code="add_unknown",
            )
        if found.link is None:
            raise NeedsAttention(
                "Zoom keeps your registration waiting for an approval by hand. Please tell an organiser: "
                "zoom.us > Meetings > this meeting > Registration.",
                code="registration_pending",
            )
        return _Made(found.registrant_id, found.link)

    async def _shared_link(self, meeting: Meeting, zoom_id: ZoomMeetingId, invite: Invite) -> JoinLink:
        """A link of a meeting without registration: one with the member's name and an end, or else the meeting's own."""
        life = invite_link_life(meeting, self._clock.now())
        try:
            return await self._provider.invite_link(meeting.link_id, zoom_id, invite.shown_name, life)
        except OutcomeUnknown:
            raise Transient("Zoom did not answer in time. Press again in a minute.", code="link_unknown") from None
        except (UserMistake, NeedsAttention):
            async with self._store.read() as uow:
                shared = await uow.meetings.shared_link(meeting.meeting_id)
            if shared is None:
                raise
            return shared

    async def _hand_over(
        self, meeting: Meeting, wish: Wish, asked_at: datetime, invite: Invite, link: JoinLink, *, unsaved: bool
    ) -> Issued | Decision:
        """Keep the link and decide once more, on what Discord says now."""
        who: MemberFacts | None = wish.who
        first_time = invite.delivered_at is None
        heard = self._chat.hears_changes(meeting.guild_id)
        fresh = self._clock.now() - asked_at <= (HEARD_FACTS_STAY_FRESH if heard else FACTS_STAY_FRESH)
        if not fresh:
            if unsaved:
                # If Discord does not answer, the next press need not ask Zoom again.
                await self._kept.do(meeting.meeting_id, (invite, link))
            who = await self._chat.member(meeting.guild_id, wish.who.member_id)
        delivery = Delivery(invite, link, who, first_time=first_time, unsaved=unsaved)
        decision = await self._deliveries.do(meeting, delivery)
        if not decision:
            await self._withhold(meeting, invite, decision)
            return decision
        return Issued(link, invite.shown_name, first_time)

    async def _withhold(self, meeting: Meeting, invite: Invite, why: Decision) -> None:
        """The link was made and is not handed over: it has to go."""
        async with self._store.work() as uow:
            standing = await uow.invites.current(meeting.meeting_id, invite.member_id)
            if standing is not None and standing.invite_id == invite.invite_id:
                await self._revoking.revoke(uow, meeting, invite, why=why.code, actor=invite.member_id)
            elif invite.address:
                await self._revoking.order(uow, meeting.meeting_id, invite.address, invite.registrant_id)
            await uow.audit.append_all(meeting.guild_id, [self.book.withheld(invite, meeting, why)])
            await uow.commit()
        await self._revoking.try_now(meeting.meeting_id)

    async def _void_at_zoom(self, meeting: Meeting, invite: Invite) -> None:
        if meeting.zoom_id is not None and invite.registrant_id is not None:
            await self._provider.cancel_registrants(
                meeting.link_id, meeting.zoom_id, [(invite.registrant_id, invite.address)]
            )
