"""Calling a meeting off: no link leaves from the first moment on, and Zoom's copy goes even if Zoom is slow."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.community import MemberFacts, Right
from bot.domain.errors import OutcomeUnknown, UserMistake, VestibuleError
from bot.domain.meeting import Meeting, MeetingState
from bot.domain.values import GuildId, MeetingId, MemberId
from bot.ports import Clock, DueItem, Job, Store, UnitOfWork
from bot.services.creating import SETTLE_AFTER, Creating
from bot.services.rights import community_where, meeting_of

OVER = (MeetingState.CANCELLED, MeetingState.ENDED)
"""States in which nothing is left to cancel."""


@dataclass(frozen=True, slots=True)
class Cancellation:
    """What became of it. `links_voided` counts personal links; `gone_at_zoom` is False while Zoom has not confirmed the deletion."""

    meeting: Meeting
    links_voided: int
    gone_at_zoom: bool


class Cancelling:
    """`/meeting cancel`."""

    def __init__(self, store: Store, creating: Creating, clock: Clock) -> None:
        self._store = store
        self._creating = creating
        self._clock = clock

    async def cancel(self, who: MemberFacts, guild_id: GuildId, meeting_id: MeetingId) -> Cancellation:
        """Cancel, void every link, and delete at Zoom. What Zoom does not confirm now is tried again by itself.

        Raises:
            UserMistake: it is over already, or the person has no right.
        """
        async with self._store.work() as uow:
            await community_where(uow, guild_id, who, Right.ORGANISE)
            meeting = await meeting_of(uow, guild_id, meeting_id)
            if meeting.state in OVER:
                raise UserMistake(
                    "This meeting is already over or cancelled; nothing is left to do.", code="meeting_over"
                )
            cancelled, links = await self.mark(uow, meeting, who.member_id)
            await uow.commit()
        return Cancellation(cancelled, links, await self.delete_now(meeting_id))

    async def mark(self, uow: UnitOfWork, meeting: Meeting, actor: MemberId | None) -> tuple[Meeting, int]:
        """Within a transaction: no link leaves any more, and what follows is put to work. The meeting as it is now, and how many links it had."""
        now, meeting_id = self._clock.now(), meeting.meeting_id
        invites = await uow.invites.of_meeting(meeting_id)
        for invite in invites:
            await uow.invites.save(invite.revoked(now))
        for guest in await uow.guests.of_meeting(meeting_id):
            await uow.guests.save(guest.revoked(now))
        await uow.edits.drop(meeting_id)
        cancelled = meeting.changed(state=MeetingState.CANCELLED)
        await uow.meetings.save(cancelled)
        await uow.meetings.forget_secrets(meeting_id)
        await uow.agenda.drop(meeting_id)
        await uow.agenda.put(DueItem(Job.SETTLE, meeting_id, now + SETTLE_AFTER))
        await uow.jobs.put(Job.ANNOUNCE, meeting_id)
        await uow.jobs.put(Job.NOTIFY_CANCELLED, meeting_id)
        await uow.audit.append(
            meeting.guild_id,
            "meeting.cancelled",
            at=now,
            actor=actor,
            meeting=meeting_id,
            facts={"links": len(invites)},
        )
        return cancelled, len(invites)

    async def delete_now(self, meeting_id: MeetingId) -> bool:
        """Delete a cancelled meeting at Zoom; whether Zoom confirmed it. What it does not confirm is tried again by itself."""
        try:
            await self._creating.settle(meeting_id)
        except OutcomeUnknown:
            return False
        except VestibuleError:
            return False
        return True
