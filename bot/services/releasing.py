"""The moment links open: the announcement says so, links are made for those who are coming, and whoever holds one is looked up from now on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.following import next_round
from bot.domain.values import MeetingId
from bot.ports import Chance, Chat, Clock, DueItem, Job, MeetingProvider, Store
from bot.services.announcing import Announcing
from bot.services.creating import Creating
from bot.services.editing import Editing
from bot.services.following import Following
from bot.services.guests import Guesting
from bot.services.invite_book import Addresses
from bot.services.issuing import Issuing
from bot.services.preissuing import Preissuing
from bot.services.revoking import Revoking
from bot.services.upkeep import Handler


class Releasing:
    """Starts what begins with the release. A repeat starts it again, which each part survives."""

    def __init__(self, store: Store, announce: Handler, clock: Clock) -> None:
        self._store = store
        self._announce = announce
        self._clock = clock

    async def release(self, meeting_id: MeetingId) -> None:
        """Links are open now. Whoever has one already (of a call that was moved) is looked up at once."""
        now = self._clock.now()
        async with self._store.work() as uow:
            meeting = await uow.meetings.get(meeting_id)
            if meeting is not None and meeting.upcoming:
                again = next_round(meeting, await uow.communities.get(meeting.guild_id), now)
                held = await uow.invites.of_meeting(meeting_id)
                if again is not None:
                    await uow.agenda.put(DueItem(Job.CHECK_HOLDERS, meeting_id, now if held else again))
                if await uow.invites.coming_untried(meeting_id, 1):
                    await uow.jobs.put(Job.PREISSUE, meeting_id)
            await uow.commit()
        await self._announce(meeting_id)


@dataclass(frozen=True)
class LinksFollow:
    """The use cases by which links follow their members, built together because they share the taking back of links."""

    announcing: Announcing
    releasing: Releasing
    preissuing: Preissuing
    following: Following
    revoking: Revoking
    editing: Editing
    guests: Guesting

    @classmethod
    def built(
        cls,
        store: Store,
        provider: MeetingProvider,
        chat: Chat,
        creating: Creating,
        announcing: Announcing,
        announce: Handler,
        issuing: Issuing,
        addresses: Addresses,
        clock: Clock,
        chance: Chance,
    ) -> LinksFollow:
        """All of them, on these adapters. `announce` brings the announcement, and what goes with it, up to date."""
        revoking = Revoking(store, provider, clock)
        return cls(
            announcing,
            Releasing(store, announce, clock),
            Preissuing(store, chat, issuing, clock),
            Following(store, chat, revoking, clock),
            revoking,
            Editing(store, provider, creating, revoking, clock, chance),
            Guesting(store, provider, revoking, clock, chance, addresses, issuing.closed_here),
        )

    def handlers(self) -> Mapping[Job, Handler]:
        """Which job runs which use case. Each may run twice without harm; its use case says why."""
        return {
            Job.RELEASE: self.releasing.release,
            Job.PREISSUE: self.preissuing.next_thirty,
            Job.CHECK_HOLDERS: self.following.check_holders,
            Job.DECIDE_AGAIN: self.following.decide_again,
            Job.REVOKE: self.revoking.carry_out,
            Job.CARRY_OUT_EDIT: self.editing.go_on,
            Job.NOTIFY_CHANGED: self.announcing.notify_changed,
            Job.SETTLE_GUESTS: self.guests.settle,
        }
