"""What the community sees of a meeting in public, and what its hosts are told in private."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.community import Community
from bot.domain.errors import Undeliverable
from bot.domain.meeting import LinkWindow, Meeting, MeetingState, link_window, opens_at
from bot.domain.values import MeetingId
from bot.ports import Announcement, Chat, Clock, HostBrief, Job, Notice, Phase, Store
from bot.services.series_views import series_around, tail_of

OUTDATED = "outdated"
"""Noted about a host who was told something that has changed since."""


class Announcing:
    """Keeps the announcement true and sends the few notices there are. Each method may run twice without harm."""

    def __init__(self, store: Store, chat: Chat, clock: Clock) -> None:
        self._store = store
        self._chat = chat
        self._clock = clock

    async def bring_up_to_date(self, meeting_id: MeetingId) -> None:
        """Post the announcement, or make the posted one say what holds now.

        A repeat edits the same message; a post that was interrupted is not repeated, because it carries the meeting as its key.
        """
        loaded = await self._load(meeting_id)
        if loaded is None:
            return
        meeting, announcement = loaded
        if not meeting.upcoming:
            await self._hand_on(meeting)
        if meeting.announcement_message is not None:
            try:
                await self._chat.update_announcement(announcement, meeting.announcement_message)
            except Undeliverable:
                await self._note_lost(meeting)
            return
        if not meeting.upcoming or meeting.blocked_by_read_back or await self._waits_its_turn(meeting):
            return
        message_id = await self._chat.announce(announcement, once_key=f"announce:{meeting_id}")
        async with self._store.work() as uow:
            current = await uow.meetings.get(meeting_id)
            if current is not None:
                await uow.meetings.save(current.changed(announcement_message=message_id))
                await uow.audit.append(
                    meeting.guild_id, "meeting.announced", at=self._clock.now(), actor=None, meeting=meeting_id
                )
            await uow.commit()
        if current is not None and not current.upcoming:
            await self.bring_up_to_date(meeting_id)

    async def notify_cancelled(self, meeting_id: MeetingId) -> None:
        """One message without names in the channel where the meeting was announced; its button answers each presser privately."""
        loaded = await self._load(meeting_id)
        if loaded is None:
            return
        meeting, announcement = loaded
        if meeting.announcement_message is not None:
            await self._chat.post_notice(Notice.CANCELLED, announcement, once_key=f"cancelled:{meeting_id}")

    async def notify_changed(self, meeting_id: MeetingId) -> None:
        """One message in the channel where the meeting was announced: it has changed, and how it is now. The same state is posted once."""
        loaded = await self._load(meeting_id)
        if loaded is None:
            return
        meeting, announcement = loaded
        if meeting.announcement_message is not None and meeting.upcoming:
            now = (meeting.topic, meeting.starts_at.isoformat(), str(meeting.duration), meeting.profile.value)
            await self._chat.post_notice(Notice.CHANGED, announcement, once_key=f"changed:{meeting_id}:{':'.join(now)}")

    async def notify_rotated(self, meeting_id: MeetingId) -> None:
        """One message in the channel where the meeting was announced: there are new links. The same new meeting is told of once."""
        loaded = await self._load(meeting_id)
        if loaded is not None and loaded[0].announcement_message is not None and loaded[0].upcoming:
            await self._chat.post_notice(Notice.ROTATED, loaded[1], once_key=f"rotated:{meeting_id}")

    async def tell_hosts(self, meeting_id: MeetingId) -> None:
        """Tell each named host once how to start. Who was told is kept, so that a repeat goes on where it stopped."""
        async with self._store.read() as uow:
            meeting = await uow.meetings.get(meeting_id)
            if meeting is None or not meeting.upcoming or meeting.replaces or await self._waits_its_turn(meeting):
                return
            hosts = [host for host in await uow.links.hosts(meeting.guild_id) if host.user_id in meeting.host_ids]
        for host in hosts:
            if host.member_id is None:
                continue
            brief = HostBrief(
                meeting_id=meeting_id,
                guild_id=meeting.guild_id,
                topic=meeting.topic,
                starts_at=meeting.starts_at,
                zoom_hint=host.hint,
                alternative=host.user_id != meeting.host_id,
                personal_links=meeting.personal_links,
            )
            key = f"briefed:{meeting_id}:{host.user_id}"
            async with self._store.read() as uow:
                if await uow.notes.get(key) not in (None, OUTDATED):
                    continue
            result = "told"
            try:
                await self._chat.brief_host(host.member_id, brief)
            except Undeliverable:
                result = "closed"
            async with self._store.work() as uow:
                await uow.notes.put(key, result)
                await uow.commit()

    async def remind(self, meeting_id: MeetingId) -> None:
        """One message without names in the announcement's channel: it starts soon, and here is the button."""
        loaded = await self._load(meeting_id)
        if loaded is not None and loaded[0].announcement_message is not None:
            await self._chat.post_notice(Notice.REMINDER, loaded[1], once_key=f"reminder:{meeting_id}")

    async def _load(self, meeting_id: MeetingId) -> tuple[Meeting, Announcement] | None:
        async with self._store.read() as uow:
            meeting = await uow.meetings.get(meeting_id)
            if meeting is None or meeting.announcement_channel is None:
                return None
            community = await uow.communities.get(meeting.guild_id)
            around = await series_around(uow, meeting)
        tail = tail_of(meeting, around, community)
        later = [other for other in around if other.starts_at > meeting.starts_at]
        announcement = self.announcement(meeting, community)
        return meeting, replace(
            announcement,
            weekly_until=tail.last if tail is not None else None,
            rest_cancelled=bool(later) and all(other.state is MeetingState.CANCELLED for other in later),
        )

    async def _waits_its_turn(self, meeting: Meeting) -> bool:
        """Of a series only the next meeting is announced: the others wait until the one before them is over, or their links open."""
        async with self._store.read() as uow:
            around = await series_around(uow, meeting)
            community = await uow.communities.get(meeting.guild_id)
        earlier = any(other.upcoming and other.starts_at < meeting.starts_at for other in around)
        return earlier and link_window(meeting, community, self._clock.now()) is LinkWindow.EARLY

    async def _hand_on(self, meeting: Meeting) -> None:
        """This meeting is over or off: the next one of its series has its turn. Repeating it changes nothing."""
        async with self._store.work() as uow:
            after = [m for m in await series_around(uow, meeting) if m.starts_at > meeting.starts_at and m.upcoming]
            for following in after[:1]:
                if following.announcement_message is None and not following.blocked_by_read_back:
                    await uow.jobs.put(Job.ANNOUNCE, following.meeting_id)
                    await uow.jobs.put(Job.TELL_HOSTS, following.meeting_id)
            await uow.commit()

    def announcement(self, meeting: Meeting, community: Community) -> Announcement:
        """What the public may know of this meeting now."""
        if meeting.announcement_channel is None:
            raise ValueError("a meeting without a channel has no announcement")
        return Announcement(
            meeting_id=meeting.meeting_id,
            guild_id=meeting.guild_id,
            channel_id=meeting.announcement_channel,
            topic=meeting.topic,
            starts_at=meeting.starts_at,
            ends_at=meeting.ends_at,
            opens_at=opens_at(meeting, community),
            profile=meeting.profile,
            phase=self._phase(meeting, community),
            personal_links=meeting.personal_links,
            small_group=meeting.extra_role is not None,
        )

    def _phase(self, meeting: Meeting, community: Community) -> Phase:
        if meeting.state is MeetingState.CANCELLED:
            return Phase.CANCELLED
        window = link_window(meeting, community, self._clock.now())
        if window is LinkWindow.OVER:
            return Phase.ENDED
        if window is LinkWindow.EARLY:
            return Phase.SCHEDULED
        return Phase.LIVE if meeting.state is MeetingState.LIVE else Phase.LINKS_OPEN

    async def _note_lost(self, meeting: Meeting) -> None:
        async with self._store.work() as uow:
            current = await uow.meetings.get(meeting.meeting_id)
            if current is not None:
                await uow.meetings.save(current.changed(announcement_message=None))
                await uow.audit.append(
                    meeting.guild_id,
                    "meeting.announcement_lost",
                    at=self._clock.now(),
                    actor=None,
                    meeting=meeting.meeting_id,
                )
            await uow.commit()
