"""Somebody changes or deletes a meeting at Zoom: see what, tell the moderators, and let an organiser restore or accept it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.domain.community import MemberFacts, Right
from bot.domain.drift import Drift, planning_differences
from bot.domain.errors import OutcomeUnknown, Transient, UserMistake
from bot.domain.meeting import Meeting, topic_problem
from bot.domain.readback import Difference, compare, unsafe, wanted
from bot.domain.values import GuildId, MeetingId, MemberId
from bot.ports import (
    AlertKind,
    AlertOutcome,
    Chance,
    Clock,
    Job,
    MeetingProvider,
    MeetingReading,
    MeetingRequest,
    Store,
    UnitOfWork,
)
from bot.services.alerting import about, settle_alerts
from bot.services.cancelling import Cancelling
from bot.services.creating import NOT_READ_BACK, as_read, meeting_request
from bot.services.editing import let_follow
from bot.services.intake import KINDS
from bot.services.limits import count_create, creates_left
from bot.services.rights import community_where, meeting_of

MEETING_GONE = "meeting_gone"


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of Restore or Accept. `left` are differences that Zoom kept in spite of a restore, the unsafe ones first."""

    meeting: Meeting
    left: tuple[Difference, ...] = ()


class Drifting:
    """The check that events ask for, and the two decisions. The comparison is always with Zoom as it is now, never with what an event said."""

    def __init__(
        self, store: Store, provider: MeetingProvider, cancelling: Cancelling, clock: Clock, chance: Chance
    ) -> None:
        self._store = store
        self._provider = provider
        self._cancelling = cancelling
        self._clock = clock
        self._chance = chance

    async def check(self, meeting_id: MeetingId) -> None:
        """Compare with what was asked, and alert to what is new. A repeat finds the same and says nothing more.

        Raises:
            NeedsAttention, Transient: Zoom does not say; the events stay, and the check is put back.
        """
        async with self._store.read() as uow:
            meeting = await uow.meetings.get(meeting_id)
            keys = [event.key for event in await uow.inbox.waiting(meeting_id, KINDS[Job.CHECK_DRIFT])]
        reading: MeetingReading | None = None
        ours = meeting is not None and meeting.upcoming and NOT_READ_BACK not in meeting.blocked_by_read_back
        if meeting is not None and ours:
            reading = await self._read(meeting)
        async with self._store.work() as uow:
            await uow.inbox.handled(keys, self._clock.now())
            if meeting is not None and ours:
                if await uow.meetings.get(meeting_id) != meeting:
                    raise Transient("The meeting changed meanwhile; I look again.", code="changed_meanwhile")
                if reading is None:
                    await self._gone(uow, meeting)
                else:
                    await self._judge(uow, meeting, reading)
            await uow.commit()

    async def restore(self, who: MemberFacts, guild_id: GuildId, meeting_id: MeetingId) -> Decided:
        """Make the meeting at Zoom what it was. Counts in the host's daily limit.

        Raises:
            UserMistake: there is nothing to restore, the meeting is gone, or the person has no right.
            NeedsAttention, Transient: Zoom refuses or cannot be reached; the button works again.
        """
        meeting, request = await self._intend(who, guild_id, meeting_id)
        assert meeting.zoom_id is not None, "only created meetings drift"  # noqa: S101 - an invariant of `_pending`
        try:
            await self._provider.update_meeting(meeting.link_id, meeting.zoom_id, request)
        except OutcomeUnknown:
            pass  # reading it back tells what became of it
        except UserMistake as mistake:
            if mistake.code != MEETING_GONE:
                raise
        reading = await self._reread(meeting)
        async with self._store.work() as uow:
            current = await meeting_of(uow, guild_id, meeting_id)
            drift = await uow.drifts.get(meeting_id)
            found = _differences(current, reading)
            left = drift.unknown(found)
            await self._save(uow, current, Drift(meeting_id, drift.still_known(found), _names(left)), left)
            if not left:
                await settle_alerts(uow, meeting_id, AlertKind.CHANGED, AlertOutcome.RESTORED, self._clock.now())
            await self._log(uow, current, "meeting.restored", who.member_id, left=",".join(_names(left)))
            await uow.commit()
        return Decided(current, left)

    async def accept(self, who: MemberFacts, guild_id: GuildId, meeting_id: MeetingId) -> Decided:
        """Take over what Zoom has now: its time and topic become ours, and the settings stay as somebody made them.

        Raises:
            UserMistake: there is nothing to accept, the new topic cannot be announced, or the person has no right.
            NeedsAttention, Transient: Zoom cannot be read; the button works again.
        """
        async with self._store.read() as uow:
            meeting = await self._pending(uow, who, guild_id, meeting_id)
        reading = await self._reread(meeting)
        async with self._store.work() as uow:
            current = await meeting_of(uow, guild_id, meeting_id)
            accepted = _taken_over(current, reading).changed(blocked_by_read_back=())
            names = _names(_differences(current, reading))
            await uow.meetings.save(accepted)
            await uow.drifts.save(Drift(meeting_id, _names(_differences(accepted, reading))))
            await let_follow(uow, current, accepted, self._clock.now())
            await settle_alerts(uow, meeting_id, AlertKind.CHANGED, AlertOutcome.ACCEPTED, self._clock.now())
            await self._log(uow, accepted, "meeting.drift_accepted", who.member_id, accepted=",".join(names))
            await uow.commit()
        return Decided(accepted)

    async def _judge(self, uow: UnitOfWork, meeting: Meeting, reading: MeetingReading) -> None:
        drift = await uow.drifts.get(meeting.meeting_id)
        found = _differences(meeting, reading)
        news = drift.unknown(found)
        await uow.meetings.save_created(meeting.meeting_id, reading.created)
        await self._save(uow, meeting, Drift(meeting.meeting_id, drift.still_known(found), _names(news)), news)
        if set(_names(news)) == set(drift.pending):
            return
        now = self._clock.now()
        outcome = AlertOutcome.REPLACED if news else AlertOutcome.PUT_RIGHT
        await settle_alerts(uow, meeting.meeting_id, AlertKind.CHANGED, outcome, now)
        if news:
            alert = about(meeting, AlertKind.CHANGED, self._chance.new_id(), now)
            said = tuple(difference.said for difference in news)
            await uow.alerts.put(replace(alert, said=said, links_stopped=bool(unsafe(news))))
        await self._log(uow, meeting, "meeting.changed_at_zoom", None, changed=",".join(_names(news)))

    async def _save(self, uow: UnitOfWork, meeting: Meeting, drift: Drift, unaccepted: tuple[Difference, ...]) -> None:
        """While something unsafe is not accepted, no link leaves."""
        await uow.drifts.save(drift)
        blocked = unsafe(unaccepted)
        if blocked != meeting.blocked_by_read_back:
            await uow.meetings.save(meeting.changed(blocked_by_read_back=blocked))
            await uow.jobs.put(Job.ANNOUNCE, meeting.meeting_id)
        if meeting.blocked_by_read_back and not blocked:
            await uow.jobs.put(Job.TELL_HOSTS, meeting.meeting_id)

    async def _gone(self, uow: UnitOfWork, meeting: Meeting) -> None:
        """Zoom has it no more: every link is void, the public is told, and the moderators are offered to plan it anew."""
        now = self._clock.now()
        _, links = await self._cancelling.mark(uow, meeting, None)
        await uow.agenda.drop(meeting.meeting_id, Job.SETTLE)
        await settle_alerts(uow, meeting.meeting_id, AlertKind.CHANGED, AlertOutcome.OVER, now)
        alert = about(meeting, AlertKind.DELETED, self._chance.new_id(), now)
        await uow.alerts.put(replace(alert, count=links))
        await self._log(uow, meeting, "meeting.deleted_elsewhere", None, links=links)

    async def _intend(
        self, who: MemberFacts, guild_id: GuildId, meeting_id: MeetingId
    ) -> tuple[Meeting, MeetingRequest]:
        now = self._clock.now()
        async with self._store.work() as uow:
            meeting = await self._pending(uow, who, guild_id, meeting_id)
            await creates_left(uow, meeting.host_id, now.date())
            await count_create(uow, meeting.host_id, now.date())
            hosts = {host.user_id: host for host in await uow.links.hosts(guild_id)}
            passcode = await uow.meetings.passcode(meeting_id) or self._chance.passcode()
            await self._log(uow, meeting, "meeting.restore_intended", who.member_id)
            await uow.commit()
        return meeting, meeting_request(meeting, passcode, hosts)

    async def _pending(self, uow: UnitOfWork, who: MemberFacts, guild_id: GuildId, meeting_id: MeetingId) -> Meeting:
        await community_where(uow, guild_id, who, Right.ORGANISE)
        meeting = await meeting_of(uow, guild_id, meeting_id)
        if not meeting.upcoming or meeting.zoom_id is None:
            raise UserMistake("This meeting is over or cancelled; nothing is left to do.", code="meeting_over")
        if not (await uow.drifts.get(meeting_id)).pending:
            raise UserMistake("Somebody has dealt with this already: nothing waits for a decision.", code="no_drift")
        return meeting

    async def _read(self, meeting: Meeting) -> MeetingReading | None:
        """The meeting as Zoom has it; None if it has it no more."""
        assert meeting.zoom_id is not None, "only created meetings are read"  # noqa: S101 - an invariant of the callers
        try:
            return await self._provider.read_meeting(meeting.link_id, meeting.zoom_id, meeting.host_id)
        except UserMistake as mistake:
            if mistake.code != MEETING_GONE:
                raise
            return None

    async def _reread(self, meeting: Meeting) -> MeetingReading:
        reading = await self._read(meeting)
        if reading is not None:
            return reading
        async with self._store.work() as uow:
            current = await uow.meetings.get(meeting.meeting_id)
            if current is not None and current.upcoming:
                await self._gone(uow, current)
                await uow.commit()
        raise UserMistake(
            "Zoom does not have this meeting any more: somebody deleted it. Plan it anew with /meeting create.",
            code="meeting_gone",
        )

    async def _log(
        self, uow: UnitOfWork, meeting: Meeting, action: str, actor: MemberId | None, **facts: str | int
    ) -> None:
        await uow.audit.append(
            meeting.guild_id, action, at=self._clock.now(), actor=actor, meeting=meeting.meeting_id, facts=facts
        )


def _differences(meeting: Meeting, reading: MeetingReading) -> tuple[Difference, ...]:
    planning = planning_differences(
        meeting, topic=reading.topic, starts_at=reading.starts_at, duration=reading.duration
    )
    return (*compare(wanted(meeting), reading.settings), *planning)


def _names(differences: tuple[Difference, ...]) -> tuple[str, ...]:
    return tuple(difference.setting for difference in differences)


def _taken_over(meeting: Meeting, reading: MeetingReading) -> Meeting:
    """Ours, with Zoom's topic, time and registration.

    Raises:
        UserMistake: the topic cannot be announced.
    """
    topic = " ".join(reading.topic.split()) or meeting.topic
    problem = topic_problem(topic)
    if problem is not None:
        raise UserMistake(f"{problem} Change it at zoom.us, or press Restore.", code="topic_unusable")
    changed = {difference.setting for difference in _differences(meeting, reading)}
    return as_read(meeting, reading).changed(
        topic=topic if "topic" in changed else meeting.topic,
        starts_at=reading.starts_at if "starts_at" in changed else meeting.starts_at,
        duration=reading.duration if "duration" in changed else meeting.duration,
    )
