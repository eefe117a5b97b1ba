"""Links made beforehand for those who said that they are coming, so that a press answers at once.

Nobody is shown one before pressing, and pressing decides anew. Whoever is left out here (not admitted now, Zoom busy, the process killed) loses
nothing: their press does the same as everybody else's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

from bot.domain.community import MemberFacts, admits
from bot.domain.invite import Invite
from bot.domain.meeting import Door, LinkWindow, Meeting, admission_policy, link_window
from bot.domain.values import InviteId, MeetingId, MemberId
from bot.ports import Chat, Clock, Job, Registered, Store
from bot.services.batching import BATCH
from bot.services.invite_book import Requested, Wish
from bot.services.issuing import Issuing


class Preissuing:
    """Thirty people at a time, one call to Zoom each time, within the routine share of its limits."""

    def __init__(self, store: Store, chat: Chat, issuing: Issuing, clock: Clock) -> None:
        self._store = store
        self._chat = chat
        self._issuing = issuing
        self._clock = clock

    async def next_thirty(self, meeting_id: MeetingId) -> None:
        """Make links for the next who are coming and admitted. A repeat goes on with whoever was not tried yet.

        Raises:
            Transient: Discord or Zoom cannot be asked now; who was not tried is tried again.
        """
        now = self._clock.now()
        async with self._store.read() as uow:
            meeting = await uow.meetings.get(meeting_id)
            if meeting is None or not meeting.personal_links or meeting.zoom_id is None:
                return
            community = await uow.communities.get(meeting.guild_id)
            coming = await uow.invites.coming_untried(meeting_id, BATCH)
            hosts = {h.member_id for h in await uow.links.hosts(meeting.guild_id) if h.user_id in meeting.host_ids}
        if not coming or not _handing_out(meeting) or link_window(meeting, community, now) is not LinkWindow.OPEN:
            return
        people = [await self._chat.member(meeting.guild_id, member_id) for member_id in coming]
        policy = admission_policy(meeting, community)
        admitted = [who for who in people if who and who.member_id not in hosts and admits(policy, who, now)]
        async with AsyncExitStack() as turns:
            for who in sorted(admitted, key=lambda who: who.member_id):
                await turns.enter_async_context(self._issuing.turn(meeting_id, who.member_id))
            invites = await self._intend(meeting, coming, admitted)
            if invites:
                made = await self._issuing.make_all(meeting, meeting.zoom_id, invites)
                await self._keep(meeting_id, invites, made)
        async with self._store.work() as uow:
            if await uow.invites.coming_untried(meeting_id, 1):
                await uow.jobs.put(Job.PREISSUE, meeting_id)
            await uow.commit()

    async def _intend(
        self, meeting: Meeting, tried: Sequence[MemberId], admitted: Sequence[MemberFacts]
    ) -> list[Invite]:
        """Write down whom Zoom is asked for, before it is asked."""
        now = self._clock.now()
        async with self._store.work() as uow:
            await uow.invites.note_tried(meeting.meeting_id, tried, now)
            invited = await uow.invites.current_of(meeting.meeting_id, [who.member_id for who in admitted])
            wishes = [Wish(who) for who in admitted if who.member_id not in invited]
            outcomes = await self._issuing.book.request_within(uow, meeting, wishes)
            await uow.commit()
        # Whoever got none (the meeting is full) is told on their press.
        return [each.invite for each in outcomes if isinstance(each, Requested) and each.link is None]

    async def _keep(
        self, meeting_id: MeetingId, invites: Sequence[Invite], made: Mapping[InviteId, Registered]
    ) -> None:
        issued = [
            (invite.issued(made[invite.invite_id].registrant_id), link)
            for invite in invites
            if invite.invite_id in made and (link := made[invite.invite_id].link) is not None
        ]
        await self._issuing.book.keep(meeting_id, issued)


def _handing_out(meeting: Meeting) -> bool:
    return meeting.upcoming and meeting.door is Door.OPEN and not meeting.blocked_by_read_back
