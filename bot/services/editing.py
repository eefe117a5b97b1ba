"""Changing a planned meeting with the same care as creating it: shown back first, carried out to its end, read back, announced.

A kill at any moment loses nothing: the confirmed change stands in the store before Zoom is asked, no link leaves until the meeting was read
back, and the job that goes on with it looks at Zoom before it sends anything again.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from bot.domain.community import MemberFacts, Right
from bot.domain.edit import (
    Edit,
    LinkFate,
    Shown,
    admits_differently,
    changed_fields,
    concerns_zoom,
    link_fate,
    seems_carried_out,
)
from bot.domain.errors import NeedsAttention, OutcomeUnknown, Transient, UserMistake
from bot.domain.meeting import Meeting, opens_at
from bot.domain.readback import Difference, compare, unsafe, wanted
from bot.domain.values import GuildId, MeetingId, MemberId, ZoomMeetingId
from bot.ports import Chance, Clock, DueItem, Job, MeetingProvider, MeetingReading, Store, UnitOfWork
from bot.services.announcing import OUTDATED
from bot.services.creating import LOOKS, NOT_READ_BACK, SETTLE_AFTER, Creating, meeting_request, note_shown
from bot.services.limits import count_create, creates_left
from bot.services.proposing import Edited
from bot.services.revoking import Revoking
from bot.services.rights import community_where, meeting_of

_ANNOUNCED = frozenset({"topic", "starts_at", "duration", "profile"})
"""What people in the channel are told of."""


class Editing:
    """The confirmation of a proposed change, and going on with it after an interruption."""

    def __init__(
        self,
        store: Store,
        provider: MeetingProvider,
        creating: Creating,
        revoking: Revoking,
        clock: Clock,
        chance: Chance,
    ) -> None:
        self._store = store
        self._provider = provider
        self._creating = creating
        self._revoking = revoking
        self._clock = clock
        self._chance = chance
        self._under_way: dict[MeetingId, asyncio.Task[Edited]] = {}

    async def confirm(self, who: MemberFacts, guild_id: GuildId, meeting_id: MeetingId, edit_id: str) -> Edited:
        """Carry out the change that was shown. Pressing twice does it once and gives the same answer to both.

        Raises:
            UserMistake: the proposal is gone or out of date, or the person has no right.
            NeedsAttention, Transient: Zoom refused or cannot be reached; nothing was changed there.
            OutcomeUnknown: it is not known yet whether Zoom did it, or links have to go first; it goes on by itself.
        """
        async with self._store.read() as uow:
            await community_where(uow, guild_id, who, Right.ORGANISE)
            await meeting_of(uow, guild_id, meeting_id)
        task = self._under_way.get(meeting_id)
        if task is None:
            task = asyncio.create_task(self._change(who.member_id, guild_id, meeting_id, edit_id))
            self._under_way[meeting_id] = task
            task.add_done_callback(lambda _: self._under_way.pop(meeting_id, None))
        return await asyncio.shield(task)

    async def go_on(self, meeting_id: MeetingId) -> None:
        """Bring a confirmed change to its end after an interruption. Running it twice looks twice and changes nothing the second time."""
        if meeting_id in self._under_way:
            return
        async with self._store.read() as uow:
            meeting = await uow.meetings.get(meeting_id)
            edit = await uow.edits.get(meeting_id)
        if meeting is None or edit is None or edit.confirmed_at is None:
            return
        if not meeting.upcoming or meeting.zoom_id is None:
            await self._give_up(meeting, "meeting_over")
            return
        after = edit.applied_to(meeting)
        try:
            reading = await self._finish_at_zoom(meeting, after, meeting.zoom_id)
        except (UserMistake, NeedsAttention) as error:
            await self._give_up(meeting, error.code)
            return
        await self._adopt(meeting, edit, reading, None, 0)

    async def _change(self, actor: MemberId, guild_id: GuildId, meeting_id: MeetingId, edit_id: str) -> Edited:
        before, edit, given_up = await self._intend(actor, guild_id, meeting_id, edit_id)
        after = edit.applied_to(before)
        reading = None
        if concerns_zoom(before, after) and before.zoom_id is not None:
            await self._links_gone(before, after)
            try:
                reading = await self._send(before, after, before.zoom_id)
            except Transient:
                await self._back_to_proposal(before, edit)
                raise
            except (UserMistake, NeedsAttention) as error:
                await self._give_up(before, error.code)
                raise
        return await self._adopt(before, edit, reading, actor, given_up)

    async def _intend(
        self, actor: MemberId, guild_id: GuildId, meeting_id: MeetingId, edit_id: str
    ) -> tuple[Meeting, Edit, int]:
        """Write down what is going to happen. From here on no link leaves, and links that are to go are shown to nobody."""
        now = self._clock.now()
        async with self._store.work() as uow:
            meeting = await meeting_of(uow, guild_id, meeting_id)
            edit = await uow.edits.get(meeting_id)
            _must_be_current(meeting, edit, edit_id)
            assert edit is not None  # noqa: S101 - just seen
            after = edit.applied_to(meeting)
            if after.ends_at <= now:
                raise UserMistake(
                    "The new time has passed meanwhile. Start again with /meeting edit.", code="edit_past"
                )
            if concerns_zoom(meeting, after):
                await creates_left(uow, meeting.host_id, now.date())
                await count_create(uow, meeting.host_id, now.date())
                await uow.meetings.save(meeting.changed(blocked_by_read_back=(NOT_READ_BACK,)))
                await uow.agenda.put(DueItem(Job.CARRY_OUT_EDIT, meeting_id, now + SETTLE_AFTER))
            given_up = await self._give_up_links(uow, meeting, after, actor)
            await uow.edits.put(edit.confirmed(now))
            await self._log(
                uow, meeting, "meeting.edit_intended", actor, changed=",".join(changed_fields(meeting, after))
            )
            await uow.commit()
        return meeting, edit.confirmed(now), given_up

    async def _give_up_links(self, uow: UnitOfWork, before: Meeting, after: Meeting, actor: MemberId) -> int:
        if link_fate(before, after) is LinkFate.KEPT:
            return 0
        invites = await uow.invites.of_meeting(before.meeting_id)
        for invite in invites:
            await self._revoking.revoke(uow, before, invite, why="meeting_changed", actor=actor)
        guests = await uow.guests.of_meeting(before.meeting_id)
        for guest in guests:
            await self._revoking.revoke_guest(uow, guest)
        return len(invites) + len(guests)

    async def _links_gone(self, before: Meeting, after: Meeting) -> None:
        """Registrants can be cancelled only while the meeting still has registration, so they go first."""
        if link_fate(before, after) is LinkFate.RENEWED and not await self._revoking.try_now(before.meeting_id):
            raise OutcomeUnknown(
                "Zoom has not confirmed yet that all personal links are void, and I change the meeting only then. I go on by myself; "
                "no link leaves meanwhile. Look at /meeting show in two minutes.",
                code="edit_goes_on",
            )

    async def _finish_at_zoom(self, before: Meeting, after: Meeting, zoom_id: ZoomMeetingId) -> MeetingReading | None:
        """Look first; send again only what Zoom does not show."""
        if not concerns_zoom(before, after):
            return None
        if link_fate(before, after) is LinkFate.RENEWED:
            await self._revoking.carry_out(before.meeting_id)
        reading = await self._provider.read_meeting(before.link_id, zoom_id, before.host_id)
        if seems_carried_out(before, after, _shown(reading)):
            return reading
        async with self._store.work() as uow:
            today = self._clock.now().date()
            await creates_left(uow, before.host_id, today)
            await count_create(uow, before.host_id, today)
            await uow.commit()
        return await self._send(before, after, zoom_id)

    async def _send(self, before: Meeting, after: Meeting, zoom_id: ZoomMeetingId) -> MeetingReading:
        async with self._store.read() as uow:
            hosts = {host.user_id: host for host in await uow.links.hosts(before.guild_id)}
            passcode = await uow.meetings.passcode(before.meeting_id)
        request = meeting_request(after, passcode or self._chance.passcode(), hosts)
        try:
            await self._provider.update_meeting(before.link_id, zoom_id, request)
        except OutcomeUnknown:
            return await self._look(before, after, zoom_id)
        try:
            return await self._provider.read_meeting(before.link_id, zoom_id, before.host_id)
        except Transient as error:
            raise OutcomeUnknown(
                "Zoom took the change, but I could not read it back yet, so no link leaves. I go on by myself. "
                "Look at /meeting show in two minutes.",
                code="edit_unread",
            ) from error

    async def _look(self, before: Meeting, after: Meeting, zoom_id: ZoomMeetingId) -> MeetingReading:
        for wait in LOOKS:
            await self._clock.sleep(wait)
            try:
                reading = await self._provider.read_meeting(before.link_id, zoom_id, before.host_id)
            except Transient:
                continue
            if seems_carried_out(before, after, _shown(reading)):
                return reading
        raise OutcomeUnknown(
            "Zoom did not answer, and I cannot see the change there yet. I go on by myself until it is done; no link leaves meanwhile. "
            "Look at /meeting show in two minutes.",
            code="edit_unknown",
        )

    async def _adopt(
        self, before: Meeting, edit: Edit, reading: MeetingReading | None, actor: MemberId | None, given_up: int
    ) -> Edited:
        """The change is true now: keep it, and let everything follow that hangs on it."""
        differences: tuple[Difference, ...] = ()
        async with self._store.work() as uow:
            current = await meeting_of(uow, before.guild_id, before.meeting_id)
            community = await uow.communities.get(before.guild_id)
            after = edit.applied_to(current)
            await uow.edits.drop(before.meeting_id)
            await uow.agenda.drop(before.meeting_id, Job.CARRY_OUT_EDIT)
            if not current.upcoming:
                await uow.commit()
                raise UserMistake("This meeting was cancelled or ended meanwhile.", code="meeting_over")
            if reading is not None:
                differences = compare(wanted(after), reading.settings)
                after = after.changed(blocked_by_read_back=unsafe(differences))
                await uow.meetings.save_created(before.meeting_id, reading.created)
                await note_shown(uow, after, reading, differences, self._clock.now())
            await uow.meetings.save(after)
            await let_follow(uow, current, after, self._clock.now())
            changed = changed_fields(current, after)
            await self._log(uow, after, "meeting.edited", actor, changed=",".join(changed))
            await uow.commit()
        return Edited(after, opens_at(after, community), changed, link_fate(before, after), given_up, differences)

    async def _back_to_proposal(self, before: Meeting, edit: Edit) -> None:
        """Zoom was not reached, so nothing was changed: the meeting is as it was, and the button works again."""
        async with self._store.work() as uow:
            current = await uow.meetings.get(before.meeting_id)
            if current is not None and current.blocked_by_read_back == (NOT_READ_BACK,):
                await uow.meetings.save(current.changed(blocked_by_read_back=before.blocked_by_read_back))
            await uow.edits.put(edit.confirmed(None))
            await uow.agenda.drop(before.meeting_id, Job.CARRY_OUT_EDIT)
            await self._log(uow, before, "meeting.edit_failed", None, reason="unreachable")
            await uow.commit()

    async def _give_up(self, meeting: Meeting, reason: str) -> None:
        """Zoom refuses the change: the meeting is read back as it was planned before."""
        now = self._clock.now()
        async with self._store.work() as uow:
            await uow.edits.drop(meeting.meeting_id)
            await uow.agenda.drop(meeting.meeting_id, Job.CARRY_OUT_EDIT)
            if meeting.upcoming:
                await uow.agenda.put(DueItem(Job.SETTLE, meeting.meeting_id, now + timedelta(seconds=1)))
            await self._log(uow, meeting, "meeting.edit_failed", None, reason=reason)
            await uow.commit()

    async def _log(self, uow: UnitOfWork, meeting: Meeting, action: str, actor: MemberId | None, **facts: str) -> None:
        await uow.audit.append(
            meeting.guild_id, action, at=self._clock.now(), actor=actor, meeting=meeting.meeting_id, facts=facts
        )


def _shown(reading: MeetingReading) -> Shown:
    settings = reading.settings
    return Shown(reading.topic, reading.starts_at, reading.duration, settings.registration, settings.focus_mode)


def _must_be_current(meeting: Meeting, edit: Edit | None, edit_id: str) -> None:
    if not meeting.upcoming or meeting.zoom_id is None:
        raise UserMistake("This meeting is not planned any more. /meeting list shows what is.", code="meeting_over")
    if edit is None or edit.edit_id != edit_id:
        raise UserMistake(
            "This change was carried out, discarded or replaced by a newer one. /meeting show has what holds now; "
            "start again with /meeting edit.",
            code="edit_outdated",
        )
    if edit.confirmed_at is not None:
        raise OutcomeUnknown(
            "I am still carrying out this change. Look at /meeting show in a minute.", code="edit_goes_on"
        )


async def let_follow(uow: UnitOfWork, before: Meeting, after: Meeting, now: datetime) -> None:
    """Within the transaction that changes a meeting: its agenda, who may have links, the announcement, what hosts were told."""
    meeting_id = after.meeting_id
    community = await uow.communities.get(after.guild_id)
    release = opens_at(after, community)
    await uow.agenda.put(DueItem(Job.RELEASE, meeting_id, release))
    await uow.agenda.put(DueItem(Job.LOOK_LIVE, meeting_id, release))
    await uow.agenda.put(DueItem(Job.CLOSE, meeting_id, after.closes_at))
    if admits_differently(before, after):
        await uow.jobs.put(Job.CHECK_HOLDERS, meeting_id)
    else:
        await uow.agenda.put(DueItem(Job.CHECK_HOLDERS, meeting_id, max(release, now)))
    await uow.jobs.put(Job.ANNOUNCE, meeting_id)
    changed = set(changed_fields(before, after))
    if changed & _ANNOUNCED and not after.blocked_by_read_back:
        await uow.jobs.put(Job.NOTIFY_CHANGED, meeting_id)
    if changed & {"topic", "starts_at", "alternative_hosts"}:
        for host_id in after.host_ids:
            key = f"briefed:{meeting_id}:{host_id}"
            if changed & {"topic", "starts_at"} and await uow.notes.get(key) is not None:
                await uow.notes.put(key, OUTDATED)
        await uow.jobs.put(Job.TELL_HOSTS, meeting_id)
