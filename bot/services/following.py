"""Links follow their members: whoever loses the right loses the link, as soon as Discord says so, and at the latest with the next round.

What Discord says is written down as a question about each member before anything else happens, so that a kill loses none; a question goes only with
its decision. Coming back is a fresh decision on the next press.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.community import Community, MemberFacts, admits
from bot.domain.errors import VestibuleError
from bot.domain.following import next_round
from bot.domain.meeting import Meeting, admission_policy
from bot.domain.values import Decision, GuildId, MeetingId, MemberId, refused
from bot.ports import Chat, Check, Clock, DueItem, Job, Store
from bot.services.departures import note_left
from bot.services.revoking import Revoking

AT_ONCE = 50
"""How many members one job looks up, so that other work on the meeting gets its turn."""
_LEFT = refused("left", "Not in this server any more.")


class Following:
    """Decides again about people who hold a link."""

    def __init__(self, store: Store, chat: Chat, revoking: Revoking, clock: Clock) -> None:
        self._store = store
        self._chat = chat
        self._revoking = revoking
        self._clock = clock

    async def member_changed(self, guild_id: GuildId, member_id: MemberId) -> None:
        """Discord says that something about this member changed, or that they are gone. Nothing follows where they hold no link."""
        async with self._store.read() as uow:
            held = await uow.invites.held_by(guild_id, member_id)
        if not held:
            return
        async with self._store.work() as uow:
            for meeting_id in held:
                await uow.checks.ask(meeting_id, member_id, self._clock.now())
                await uow.jobs.put(Job.DECIDE_AGAIN, meeting_id, urgent=True)
            await uow.commit()

    async def many_changed(self, guild_id: GuildId) -> None:
        """Something changed for many at once (a role was deleted, members were pruned): everybody who holds a link is looked up."""
        async with self._store.work() as uow:
            for meeting in await uow.meetings.upcoming(guild_id):
                await uow.jobs.put(Job.CHECK_HOLDERS, meeting.meeting_id)
            await uow.commit()

    async def check_holders(self, meeting_id: MeetingId) -> None:
        """One round: ask about everybody who holds a link, plan the next, and begin to decide. A repeat asks again, which changes nothing.

        Raises:
            Transient, NeedsAttention: Discord does not answer; the questions stay.
        """
        now = self._clock.now()
        async with self._store.work() as uow:
            meeting = await uow.meetings.get(meeting_id)
            if meeting is None or not meeting.upcoming:
                await uow.checks.clear(meeting_id)
            else:
                community = await uow.communities.get(meeting.guild_id)
                again = next_round(meeting, community, now)
                if again is not None:
                    await uow.agenda.put(DueItem(Job.CHECK_HOLDERS, meeting_id, again))
                await uow.checks.ask_all(meeting_id, now)
            await uow.commit()
        await self.decide_again(meeting_id)

    async def decide_again(self, meeting_id: MeetingId) -> None:
        """Decide about the next members that were asked about. A repeat decides about whoever is left.

        Raises:
            Transient, NeedsAttention: Discord does not answer; the questions stay.
        """
        async with self._store.read() as uow:
            meeting = await uow.meetings.get(meeting_id)
            checks = await uow.checks.waiting(meeting_id, AT_ONCE)
        if meeting is None or not checks:
            return
        settled: list[Check] = []
        try:
            for check in checks:
                who = await self._chat.member(meeting.guild_id, check.member_id)
                if await self._keeps(meeting_id, check.member_id, who):
                    settled.append(check)
                else:
                    await self._take_back(meeting_id, check, who)
        except VestibuleError:
            await self._settle(meeting_id, settled, go_on=False)
            raise
        await self._settle(meeting_id, settled, go_on=True)
        if len(settled) < len(checks):
            await self._revoking.try_now(meeting_id)  # at once; the job sees to what Zoom does not confirm

    async def _keeps(self, meeting_id: MeetingId, member_id: MemberId, who: MemberFacts | None) -> bool:
        async with self._store.read() as uow:
            meeting = await uow.meetings.get(meeting_id)
            if meeting is None or await uow.invites.current(meeting_id, member_id) is None:
                return True
            community = await uow.communities.get(meeting.guild_id)
        return bool(self._decision(meeting, community, who))

    def _decision(self, meeting: Meeting, community: Community, who: MemberFacts | None) -> Decision:
        return _LEFT if who is None else admits(admission_policy(meeting, community), who, self._clock.now())

    async def _take_back(self, meeting_id: MeetingId, check: Check, who: MemberFacts | None) -> None:
        """Decide once more inside the transaction that revokes, because the rules may have changed since."""
        async with self._store.work() as uow:
            meeting = await uow.meetings.get(meeting_id)
            invite = await uow.invites.current(meeting_id, check.member_id)
            if meeting is not None and invite is not None:
                community = await uow.communities.get(meeting.guild_id)
                decision = self._decision(meeting, community, who)
                if not decision:
                    await self._revoking.revoke(uow, meeting, invite, why=decision.code)
            if meeting is not None and who is None:
                await note_left(uow, meeting.guild_id, check.member_id, self._clock.now())
            await uow.checks.done(meeting_id, [check])
            await uow.commit()

    async def _settle(self, meeting_id: MeetingId, settled: Sequence[Check], *, go_on: bool) -> None:
        """Keep what was decided. After an obstacle the job comes back by itself, later."""
        async with self._store.work() as uow:
            await uow.checks.done(meeting_id, settled)
            if go_on and await uow.checks.waiting(meeting_id, 1):
                await uow.jobs.put(Job.DECIDE_AGAIN, meeting_id)
            await uow.commit()
