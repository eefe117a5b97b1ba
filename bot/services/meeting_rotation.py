"""Rotate: a new meeting at Zoom in the place of one whose link is out, new links for everybody who may still come, and the old one void.

A kill at any moment loses nothing. The new meeting stands in the store, pointing at the one it replaces, before Zoom is asked; it is created as every
meeting is, once, by its marker. What people see changes over in one commit: announcement, server event, reminders, series, links. Then the old
meeting goes at Zoom, and is asked for until it is gone. Until the change-over the old meeting stays as it is, so a failure costs nothing either.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.community import MemberFacts, Right
from bot.domain.drift import Drift
from bot.domain.errors import NeedsAttention, OutcomeUnknown, Transient, UserMistake, VestibuleError
from bot.domain.guest import Guest
from bot.domain.meeting import Door, Meeting, MeetingState, opens_at
from bot.domain.values import GuildId, MeetingId, MemberId
from bot.ports import (
    AlertKind,
    AlertOutcome,
    Chance,
    Clock,
    DueItem,
    Job,
    MeetingProvider,
    Store,
    UnitOfWork,
    VoidOrder,
)
from bot.services.alerting import settle_alerts
from bot.services.creating import NOT_READ_BACK, SETTLE_AFTER, Creating
from bot.services.limits import creates_left
from bot.services.revoking import FIRST_LOOK_AGAIN, Revoking
from bot.services.rights import community_where, meeting_of

LEAST_LEFT = timedelta(minutes=60)
"""How long a meeting lasts at least that takes the place of one that has begun."""
LOOK_AGAIN = timedelta(minutes=1)
"""Between two looks whether the old call is over, so that it can be deleted."""
_NOT_CREATED_YET = OutcomeUnknown(
    "Zoom has not confirmed the new meeting yet. I go on by myself; until it is there, the old one stays as it is. "
    "Look at /meeting list in two minutes.",
    code="rotate_goes_on",
)


@dataclass(frozen=True, slots=True)
class Rotated:
    """What was done. `people` had a link or asked for one, `guests` need a new link from an organiser, `creates_left` is of today.

    `gone_at_zoom` is False while Zoom still has the old meeting; `still_running`: its call goes on, with whoever is in it.
    """

    old: Meeting
    new: Meeting
    opens_at: datetime
    people: int
    guests: tuple[Guest, ...]
    gone_at_zoom: bool
    still_running: bool
    creates_left: int

    @property
    def blocked(self) -> bool:
        """Whether the new one invites nobody until an organiser accepts what Zoom changed."""
        return bool(self.new.blocked_by_read_back)


@dataclass(frozen=True, slots=True)
class _Over:
    """The change-over: the meeting that was replaced, as it is now, and who has to get a new link."""

    old: Meeting
    people: int
    guests: tuple[Guest, ...]


class MeetingRotation:
    """`/meeting rotate` and the button under alerts."""

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
        self._under_way: dict[MeetingId, asyncio.Task[Rotated]] = {}

    async def rotate(self, who: MemberFacts, guild_id: GuildId, meeting_id: MeetingId) -> Rotated:
        """Put a new meeting in its place. Pressing twice makes one, and gives the same answer to both.

        Raises:
            UserMistake: no right, no such meeting, or it is rotated already.
            NeedsAttention: Zoom refuses a new meeting, or the day's limit is used up; nothing was changed.
            Transient, OutcomeUnknown: Zoom does not answer; it goes on by itself, and the old meeting stays until then.
        """
        async with self._store.read() as uow:
            await community_where(uow, guild_id, who, Right.ORGANISE)
            await meeting_of(uow, guild_id, meeting_id)
        task = self._under_way.get(meeting_id)
        if task is None:
            task = asyncio.create_task(self._rotate(who.member_id, guild_id, meeting_id))
            self._under_way[meeting_id] = task
            task.add_done_callback(lambda _: self._under_way.pop(meeting_id, None))
        return await asyncio.shield(task)

    async def go_on(self, new_id: MeetingId) -> None:
        """Bring a rotation to its end after an interruption. Running it twice finds the change-over done and changes nothing.

        Raises:
            Transient, OutcomeUnknown: Zoom does not answer; it is put back.
        """
        async with self._store.read() as uow:
            new = await uow.meetings.get(new_id)
        if new is None or new.replaces is None or new.replaces in self._under_way:
            return
        try:
            await self._carry_on(new.created_by, new)
        except (UserMistake, NeedsAttention):
            return  # given up, which the audit says

    async def finish(self, old_id: MeetingId) -> None:
        """The meeting that was replaced goes at Zoom, as soon as nobody is in it. Running it twice asks Zoom to delete what is gone."""
        async with self._store.read() as uow:
            old = await uow.meetings.get(old_id)
        if old is not None and old.replaced_by is not None:
            await self._remove_old(old)

    async def _rotate(self, actor: MemberId, guild_id: GuildId, meeting_id: MeetingId) -> Rotated:
        return await self._carry_on(actor, await self._intend(actor, guild_id, meeting_id))

    async def _intend(self, actor: MemberId, guild_id: GuildId, meeting_id: MeetingId) -> Meeting:
        """Write down what is going to happen. Who rotates what is being rotated goes on with it."""
        now = self._clock.now()
        async with self._store.work() as uow:
            old = await meeting_of(uow, guild_id, meeting_id)
            _must_be_replaceable(old)
            edit = await uow.edits.get(meeting_id)
            if edit is not None and edit.confirmed_at is not None:
                raise Transient(
                    "This meeting is being changed at Zoom right now. Rotate it again in a minute.",
                    code="being_changed",
                )
            under_way = await uow.rotations.successor(meeting_id)
            if under_way is not None:
                return await meeting_of(uow, guild_id, under_way)
            await creates_left(uow, old.host_id, now.date())
            new = successor(old, MeetingId(self._chance.new_id()), actor, now)
            await uow.meetings.add(new, self._chance.passcode())
            await uow.agenda.put(DueItem(Job.ROTATE, new.meeting_id, now + SETTLE_AFTER))
            await self._log(uow, old, "meeting.rotate_intended", actor)
            await uow.commit()
        return new

    async def _carry_on(self, actor: MemberId, new: Meeting) -> Rotated:
        try:
            await self._creating.create(actor, new.guild_id, new.meeting_id)
        except (UserMistake, NeedsAttention) as refusal:
            await self._give_up(new, refusal.code)
            raise
        async with self._store.read() as uow:
            created = await meeting_of(uow, new.guild_id, new.meeting_id)
        if NOT_READ_BACK in created.blocked_by_read_back:
            await self._creating.settle(new.meeting_id)
        over = await self._change_over(actor, new.guild_id, new.meeting_id)
        gone = await self._gone_now(over.old.meeting_id)
        async with self._store.read() as uow:
            current = await meeting_of(uow, new.guild_id, new.meeting_id)
            old = await meeting_of(uow, new.guild_id, over.old.meeting_id)
            community = await uow.communities.get(new.guild_id)
            left = await self._left_today(uow, current)
        running = old.state is MeetingState.LIVE
        return Rotated(old, current, opens_at(current, community), over.people, over.guests, gone, running, left)

    async def _change_over(self, actor: MemberId, guild_id: GuildId, new_id: MeetingId) -> _Over:
        """In one commit: from here on only the new meeting is announced, joined and reminded of, and no old link is shown to anybody."""
        now = self._clock.now()
        async with self._store.work() as uow:
            new = await meeting_of(uow, guild_id, new_id)
            if new.replaces is None:
                raise UserMistake(
                    "This meeting was rotated a moment ago. /meeting list shows the new one.", code="rotated"
                )
            if NOT_READ_BACK in new.blocked_by_read_back or not new.upcoming:
                raise _NOT_CREATED_YET
            old = await meeting_of(uow, guild_id, new.replaces)
            if not old.upcoming:
                await self._drop_new(uow, new, "old_over")
                await uow.commit()
                raise UserMistake(
                    "This meeting was cancelled or ended meanwhile, so there is nothing to rotate.", code="meeting_over"
                )
            live = old.state is MeetingState.LIVE
            await uow.rotations.bring_over(old.meeting_id, new_id, now)
            people = await uow.invites.count_coming(new_id)
            guests = tuple(await uow.guests.of_meeting(old.meeting_id))
            await self._void_links(uow, old, guests, live=live, now=now)
            await self._accept_again(uow, old, new)
            await self._save_both(uow, old, new, live=live, now=now)
            for kind in (AlertKind.LINK_PUBLIC, AlertKind.CHANGED):
                await settle_alerts(uow, old.meeting_id, kind, AlertOutcome.ROTATED, now)
            await self._log(uow, old, "meeting.rotated", actor, people=people, guests=len(guests), live=live)
            await uow.commit()
        return _Over(old, people, guests)

    async def _void_links(
        self, uow: UnitOfWork, old: Meeting, guests: tuple[Guest, ...], *, live: bool, now: datetime
    ) -> None:
        """Nobody is shown an old link any more. A call that runs cannot be deleted, so there each registrant is cancelled."""
        registrants = list(await uow.rotations.revoke_invites(old.meeting_id, now))
        for guest in guests:
            await uow.guests.save(guest.revoked(now))
            registrants.append((guest.address, guest.registrant_id))
        await uow.meetings.forget_secrets(old.meeting_id)
        await uow.edits.drop(old.meeting_id)
        await uow.agenda.drop(old.meeting_id)
        await uow.agenda.put(DueItem(Job.FINISH_ROTATION, old.meeting_id, now + FIRST_LOOK_AGAIN))
        if not live:
            return
        for address, registrant_id in registrants:
            if address:
                await uow.voids.put(VoidOrder(old.meeting_id, address, registrant_id, now))
        await uow.agenda.put(DueItem(Job.REVOKE, old.meeting_id, now + FIRST_LOOK_AGAIN))
        await uow.agenda.put(DueItem(Job.LOOK_LIVE, old.meeting_id, now + LOOK_AGAIN))
        await uow.agenda.put(DueItem(Job.CLOSE, old.meeting_id, old.closes_at))

    async def _save_both(self, uow: UnitOfWork, old: Meeting, new: Meeting, *, live: bool, now: datetime) -> None:
        current = await meeting_of(uow, new.guild_id, new.meeting_id)
        await uow.meetings.save(
            old.changed(
                state=old.state if live else MeetingState.CANCELLED,
                door=Door.CLOSED,
                replaced_by=new.meeting_id,
                announcement_channel=None,
                announcement_message=None,
            )
        )
        await uow.meetings.save(
            current.changed(
                replaces=None,
                announcement_channel=old.announcement_channel,
                announcement_message=old.announcement_message,
            )
        )
        await uow.agenda.drop(new.meeting_id, Job.ROTATE)
        community = await uow.communities.get(new.guild_id)
        await uow.agenda.put(DueItem(Job.RELEASE, new.meeting_id, max(now, opens_at(current, community))))
        for job in (Job.ANNOUNCE, Job.TELL_HOSTS, Job.NOTIFY_ROTATED):
            await uow.jobs.put(job, new.meeting_id)

    async def _accept_again(self, uow: UnitOfWork, old: Meeting, new: Meeting) -> None:
        """What an organiser accepted of the old meeting need not be accepted once more."""
        known = (await uow.drifts.get(old.meeting_id)).known
        blocked = tuple(name for name in new.blocked_by_read_back if name not in known)
        if blocked == new.blocked_by_read_back:
            return
        seen = await uow.drifts.get(new.meeting_id)
        accepted = tuple(name for name in new.blocked_by_read_back if name in known)
        await uow.drifts.save(Drift(new.meeting_id, (*seen.known, *accepted), blocked))
        await uow.meetings.save(new.changed(blocked_by_read_back=blocked))
        await self._log(uow, new, "meeting.difference_accepted", None, accepted=",".join(accepted))

    async def _gone_now(self, old_id: MeetingId) -> bool:
        """Whether Zoom has the old meeting no more; what it does not confirm is tried again by itself."""
        try:
            await self.finish(old_id)
        except VestibuleError:
            return False
        async with self._store.read() as uow:
            old = await uow.meetings.get(old_id)
        return old is not None and old.state is not MeetingState.LIVE

    async def _remove_old(self, old: Meeting) -> None:
        """Raises `Transient` or `OutcomeUnknown` where Zoom does not answer."""
        if old.state is MeetingState.LIVE:
            await self._revoking.try_now(old.meeting_id)
            await self._look_again(old)
            return
        if old.zoom_id is not None:
            try:
                await self._provider.delete_meeting(old.link_id, old.zoom_id)
            except UserMistake as refusal:
                if refusal.code != "zoom_in_progress":
                    raise
                await self._look_again(old)
                raise Transient("The old call is running at Zoom.", code="zoom_in_progress") from refusal
        async with self._store.work() as uow:
            current = await uow.meetings.get(old.meeting_id)
            if current is not None and current.upcoming:
                await uow.meetings.save(current.changed(state=MeetingState.CANCELLED))
            await uow.agenda.drop(old.meeting_id)
            await self._log(uow, old, "meeting.deleted_at_zoom", None)
            await uow.commit()

    async def _look_again(self, old: Meeting) -> None:
        async with self._store.work() as uow:
            await uow.agenda.put(DueItem(Job.FINISH_ROTATION, old.meeting_id, self._clock.now() + LOOK_AGAIN))
            await uow.commit()

    async def _give_up(self, new: Meeting, why: str) -> None:
        """Zoom will have no new meeting: the old one stays as it is."""
        async with self._store.work() as uow:
            current = await uow.meetings.get(new.meeting_id)
            if current is not None and current.replaces is not None:
                await self._drop_new(uow, current, why)
            await uow.commit()

    async def _drop_new(self, uow: UnitOfWork, new: Meeting, why: str) -> None:
        """Within a transaction. What Zoom may have made of it is looked for and deleted."""
        now = self._clock.now()
        await self._log(uow, new, "meeting.rotate_given_up", None, why=why)
        await uow.agenda.drop(new.meeting_id)
        if new.state is MeetingState.PLANNED and new.confirmed_at is None:
            await uow.meetings.remove(new.meeting_id)
            return
        await uow.meetings.save(new.changed(state=MeetingState.CANCELLED, replaces=None))
        await uow.agenda.put(DueItem(Job.SETTLE, new.meeting_id, now + timedelta(seconds=1)))

    async def _left_today(self, uow: UnitOfWork, meeting: Meeting) -> int:
        try:
            return await creates_left(uow, meeting.host_id, self._clock.now().date())
        except NeedsAttention:
            return 0

    async def _log(
        self, uow: UnitOfWork, meeting: Meeting, action: str, actor: MemberId | None, **facts: str | int | bool
    ) -> None:
        await uow.audit.append(
            meeting.guild_id, action, at=self._clock.now(), actor=actor, meeting=meeting.meeting_id, facts=facts
        )


def successor(old: Meeting, new_id: MeetingId, actor: MemberId, now: datetime) -> Meeting:
    """The meeting that is to take the place of `old`: the same in all that people chose. One that has begun starts now and lasts an hour at least."""
    begun = old.starts_at <= now
    starts_at = now if begun else old.starts_at
    return old.changed(
        meeting_id=new_id,
        state=MeetingState.PLANNED,
        starts_at=starts_at,
        duration=max(_whole_minutes(old.ends_at - now), LEAST_LEFT) if begun else old.duration,
        created_by=actor,
        planned_at=now,
        door=Door.OPEN,
        zoom_id=None,
        confirmed_at=None,
        blocked_by_read_back=(),
        announcement_channel=None,
        announcement_message=None,
        replaces=old.meeting_id,
        replaced_by=None,
    )


def _whole_minutes(span: timedelta) -> timedelta:
    """Zoom counts meetings in minutes."""
    return timedelta(minutes=-(-int(span.total_seconds()) // 60))


def _must_be_replaceable(old: Meeting) -> None:
    if old.replaced_by is not None:
        raise UserMistake("This meeting was rotated already. /meeting list shows the new one.", code="rotated")
    if old.replaces is not None:
        raise UserMistake(
            "This meeting is just taking the place of another one. Try again in a minute.", code="rotating"
        )
    if not old.upcoming or old.zoom_id is None:
        raise UserMistake("This meeting is not planned any more. /meeting list shows what is.", code="meeting_over")
