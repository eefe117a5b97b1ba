"""Reminders: one message in the channel, and a private one for each person who asked for it. Never with a link: they say where to press."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.community import Community, MemberFacts, admits
from bot.domain.errors import Undeliverable
from bot.domain.meeting import Meeting, admission_policy, opens_at
from bot.domain.reminder import messages_from, reminds_at, too_late
from bot.domain.values import Decision, GuildId, MeetingId, MemberId, refused
from bot.ports import Chat, Clock, DueItem, Job, PrivateReminders, Reminder, ReminderState, Store, UnitOfWork
from bot.services.announcing import Announcing

_UNKNOWN = refused("meeting_unknown", "That call is not planned any more.")
_TOO_LATE = refused("reminder_late", "It starts so soon that I send no reminder for it any more.")
_NONE_HERE = refused("reminders_off", "This server sends no reminders. Note the time yourself, please.")


@dataclass(frozen=True, slots=True)
class WillRemind:
    """Kept: this person is reminded of the meeting at about `at`."""

    meeting: Meeting
    at: datetime


class Reminding:
    """The buttons "Remind me" and "Do not remind me", and the reminders themselves."""

    def __init__(
        self, store: Store, chat: Chat, private: PrivateReminders, announcing: Announcing, clock: Clock
    ) -> None:
        self._store = store
        self._chat = chat
        self._private = private
        self._announcing = announcing
        self._clock = clock

    async def ask(self, guild_id: GuildId, meeting_id: MeetingId, who: MemberFacts) -> WillRemind | Decision:
        """Remind this person in private, if the meeting would let them in. Pressing twice changes nothing."""
        now = self._clock.now()
        async with self._store.work() as uow:
            meeting = await uow.meetings.get(meeting_id)
            community = await uow.communities.get(guild_id)
            if meeting is None or meeting.guild_id != guild_id or not meeting.upcoming:
                return _UNKNOWN
            decision = admits(admission_policy(meeting, community), who, now)
            at = reminds_at(meeting, community)
            if not decision or at is None or now >= at:
                return decision if not decision else _NONE_HERE if at is None else _TOO_LATE
            await uow.reminders.add(meeting_id, who.member_id, now)
            await _put_people(uow, meeting, at)
            await uow.commit()
        return WillRemind(meeting, at)

    async def forget(self, guild_id: GuildId, meeting_id: MeetingId, who: MemberFacts) -> None:
        """This person wants no reminder any more."""
        async with self._store.work() as uow:
            meeting = await uow.meetings.get(meeting_id)
            if meeting is not None and meeting.guild_id == guild_id:
                await uow.reminders.remove(meeting_id, who.member_id)
            await uow.commit()

    async def plan(self, meeting_id: MeetingId) -> None:
        """Put the reminders where they belong now, or drop them with the meeting. Running it twice puts them to the same place."""
        async with self._store.work() as uow:
            meeting = await uow.meetings.get(meeting_id)
            if meeting is None:
                return
            community = await uow.communities.get(meeting.guild_id)
            at = reminds_at(meeting, community)
            if not meeting.upcoming:
                await uow.reminders.drop(meeting_id)
                await uow.agenda.drop(meeting_id, Job.REMIND, Job.REMIND_PEOPLE)
            elif at is None:
                await uow.agenda.drop(meeting_id, Job.REMIND, Job.REMIND_PEOPLE)
            elif at > self._clock.now():
                await uow.agenda.put(DueItem(Job.REMIND, meeting_id, at))
                await _put_people(uow, meeting, at)
            await uow.commit()

    async def remind_channel(self, meeting_id: MeetingId) -> None:
        """Bring the announcement up to date and post one reminder. It is noted, so that a repeat posts nothing."""
        due = await self._due(meeting_id)
        key = f"reminded:{meeting_id}"
        async with self._store.read() as uow:
            if due is None or await uow.notes.get(key) is not None:
                return
        if self._clock.now() < due[1]:
            await self.plan(meeting_id)
            return
        await self._announcing.bring_up_to_date(meeting_id)
        await self._announcing.remind(meeting_id)
        async with self._store.work() as uow:
            await uow.notes.put(key, "sent")
            await uow.commit()

    async def remind_people(self, meeting_id: MeetingId) -> None:
        """Remind everybody who asked for it and would still be let in. Each one is noted, so that a repeat goes on with the next.

        Raises:
            Transient: direct messages have to wait; the rest follows.
        """
        while (due := await self._due(meeting_id)) is not None:
            async with self._store.read() as uow:
                waiting = await uow.reminders.waiting(meeting_id)
                community = await uow.communities.get(due[0].guild_id)
            if not waiting:
                return
            if self._clock.now() < messages_from(due[1], len(waiting)):
                await self.plan(meeting_id)
                return
            state = await self._tell(due[0], community, waiting[0])
            async with self._store.work() as uow:
                await uow.reminders.mark(meeting_id, waiting[0], state)
                await uow.commit()

    async def _tell(self, meeting: Meeting, community: Community, member_id: MemberId) -> ReminderState:
        who = await self._chat.member(meeting.guild_id, member_id)
        if who is None or not admits(admission_policy(meeting, community), who, self._clock.now()):
            return ReminderState.NOT_ADMITTED
        reminder = Reminder(
            meeting_id=meeting.meeting_id,
            guild_id=meeting.guild_id,
            topic=meeting.topic,
            starts_at=meeting.starts_at,
            opens_at=opens_at(meeting, community),
            channel_id=meeting.announcement_channel if meeting.announcement_message is not None else None,
        )
        try:
            await self._private.remind(member_id, reminder)
        except Undeliverable:
            return ReminderState.UNDELIVERABLE
        return ReminderState.SENT

    async def _due(self, meeting_id: MeetingId) -> tuple[Meeting, datetime] | None:
        """The meeting and when it is to be reminded of; None where nobody is to be, or it has become useless."""
        async with self._store.read() as uow:
            meeting = await uow.meetings.get(meeting_id)
            if meeting is None or too_late(meeting, self._clock.now()) or meeting.blocked_by_read_back:
                return None
            community = await uow.communities.get(meeting.guild_id)
        at = reminds_at(meeting, community)
        return None if at is None else (meeting, at)


async def _put_people(uow: UnitOfWork, meeting: Meeting, at: datetime) -> None:
    """The more people, the earlier the first message leaves."""
    people = len(await uow.reminders.waiting(meeting.meeting_id))
    if people:
        await uow.agenda.put(DueItem(Job.REMIND_PEOPLE, meeting.meeting_id, messages_from(at, people)))
