"""Creating a meeting at Zoom exactly once, reading it back, and letting people in only when it is as safe as was asked.

The order of writes makes a kill at any moment harmless: the intent and its "settle" entry are committed before Zoom is called, the meeting stays
closed for inviting ("not_read_back") until the comparison is committed, and settling looks for the marker instead of creating again.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.community import Community, MemberFacts, Right
from bot.domain.drift import Drift, planning_differences
from bot.domain.errors import NeedsAttention, OutcomeUnknown, Transient, UserMistake
from bot.domain.meeting import Host, Meeting, MeetingState, opens_at
from bot.domain.readback import Difference, compare, unsafe, wanted
from bot.domain.values import GuildId, MeetingId, MemberId, Passcode, ZoomMeetingId, ZoomUserId
from bot.ports import (
    AlertKind,
    AlertOutcome,
    Clock,
    DueItem,
    Job,
    MeetingProvider,
    MeetingReading,
    MeetingRequest,
    Store,
    UnitOfWork,
)
from bot.services.alerting import settle_alerts
from bot.services.limits import count_create, creates_left
from bot.services.rights import community_where, meeting_of

SETTLE_AFTER = timedelta(seconds=60)
"""When a creation that was interrupted is looked at again."""
LOOK_AGAIN_AFTER = timedelta(minutes=10)
"""When Zoom is searched once more for a meeting that turned up late."""
LOOKS = (0.5, 1.0, 2.0)
"""Seconds to wait before each look for a meeting whose creation was not answered."""
NOT_READ_BACK = "not_read_back"


@dataclass(frozen=True, slots=True)
class Creation:
    """What was made. `differences` are what Zoom changed; while `meeting.blocked_by_read_back` is not empty nobody is invited."""

    meeting: Meeting
    opens_at: datetime
    differences: tuple[Difference, ...]

    @property
    def blocked(self) -> bool:
        """Whether the organiser has to accept something first."""
        return bool(self.meeting.blocked_by_read_back)


class Creating:
    """The confirmation of a draft, the acceptance of what Zoom changed, and settling after an interruption."""

    def __init__(self, store: Store, provider: MeetingProvider, clock: Clock) -> None:
        self._store = store
        self._provider = provider
        self._clock = clock
        self._under_way: dict[MeetingId, asyncio.Task[Creation]] = {}

    async def confirm(self, who: MemberFacts, guild_id: GuildId, meeting_id: MeetingId) -> Creation:
        """Create the drafted meeting. Pressing twice creates one meeting and gives the same answer to both.

        Raises:
            UserMistake: the draft is gone, or the person has no right.
            NeedsAttention, Transient: Zoom refused or cannot be reached; the draft is kept, so the button works again.
            OutcomeUnknown: Zoom did not answer and the meeting is not there yet; it is looked for again by itself.
        """
        async with self._store.read() as uow:
            await community_where(uow, guild_id, who, Right.ORGANISE)
            await meeting_of(uow, guild_id, meeting_id)
        return await self.create(who.member_id, guild_id, meeting_id)

    async def create(self, actor: MemberId, guild_id: GuildId, meeting_id: MeetingId) -> Creation:
        """Create a drafted meeting for somebody whose right was checked when they confirmed it. Raises as `confirm` does."""
        task = self._under_way.get(meeting_id)
        if task is None:
            task = asyncio.create_task(self._create(actor, guild_id, meeting_id))
            self._under_way[meeting_id] = task
            task.add_done_callback(lambda _: self._under_way.pop(meeting_id, None))
        return await asyncio.shield(task)

    async def accept(self, who: MemberFacts, guild_id: GuildId, meeting_id: MeetingId) -> Creation:
        """The organiser takes the unsafe differences on themselves; inviting starts.

        Raises:
            UserMistake: there is nothing to accept, or the person has no right.
        """
        async with self._store.work() as uow:
            community = await community_where(uow, guild_id, who, Right.ORGANISE)
            meeting = await meeting_of(uow, guild_id, meeting_id)
            _must_be_upcoming(meeting)
            if NOT_READ_BACK in meeting.blocked_by_read_back:
                raise UserMistake(
                    "I could not read this meeting back from Zoom yet. Press Check again first.", code="not_read_back"
                )
            accepted = ",".join(meeting.blocked_by_read_back)
            known = (await uow.drifts.get(meeting_id)).known + meeting.blocked_by_read_back
            await uow.drifts.save(Drift(meeting_id, known))
            await settle_alerts(uow, meeting_id, AlertKind.CHANGED, AlertOutcome.ACCEPTED, self._clock.now())
            personal = meeting.personal_links and "registration" not in meeting.blocked_by_read_back
            meeting = meeting.changed(blocked_by_read_back=(), personal_links=personal)
            await uow.meetings.save(meeting)
            await self._log(uow, meeting, "meeting.difference_accepted", who.member_id, accepted=accepted)
            await _start_inviting(uow, meeting)
            await uow.commit()
        return Creation(meeting, opens_at(meeting, community), ())

    async def check_again(self, who: MemberFacts, guild_id: GuildId, meeting_id: MeetingId) -> Creation:
        """Compare once more, after the organiser changed something at Zoom."""
        async with self._store.read() as uow:
            await community_where(uow, guild_id, who, Right.ORGANISE)
            meeting = await meeting_of(uow, guild_id, meeting_id)
            edit = await uow.edits.get(meeting_id)
        _must_be_upcoming(meeting)
        if edit is not None and edit.confirmed_at is not None:
            raise Transient(
                "This meeting is being changed at Zoom right now. Look again in a minute.", code="being_changed"
            )
        return await self._read_back(meeting)

    async def settle(self, meeting_id: MeetingId) -> None:
        """Bring our record and Zoom together after an interruption. Running it twice looks twice and changes nothing the second time."""
        async with self._store.read() as uow:
            meeting = await uow.meetings.get(meeting_id)
        if meeting is None or meeting_id in self._under_way:
            return
        if meeting.state is MeetingState.PLANNED:
            await self._settle_planned(meeting)
        elif meeting.state is MeetingState.CANCELLED:
            await self._remove_at_zoom(meeting)
        elif NOT_READ_BACK in meeting.blocked_by_read_back:
            await self._read_back(meeting)

    async def _create(self, actor: MemberId, guild_id: GuildId, meeting_id: MeetingId) -> Creation:
        meeting, request, community = await self._intend(actor, guild_id, meeting_id)
        if request is None:
            return Creation(meeting, opens_at(meeting, community), ())
        try:
            created = await self._provider.create_meeting(meeting.link_id, request)
            zoom_id = created.zoom_id
        except OutcomeUnknown:
            zoom_id = await self._look(meeting)
        except (NeedsAttention, Transient, UserMistake) as error:
            await self._back_to_draft(meeting, actor, error.code)
            raise
        adopted = await self._adopt(meeting, zoom_id, actor)
        return await self._read_back(adopted)

    async def _intend(
        self, actor: MemberId, guild_id: GuildId, meeting_id: MeetingId
    ) -> tuple[Meeting, MeetingRequest | None, Community]:
        now = self._clock.now()
        async with self._store.work() as uow:
            community = await uow.communities.get(guild_id)
            meeting = await meeting_of(uow, guild_id, meeting_id)
            if meeting.upcoming:
                return meeting, None, community
            if meeting.state is not MeetingState.PLANNED:
                raise UserMistake(
                    "This meeting is over or cancelled. Create a new one with /meeting create.", code="meeting_over"
                )
            if meeting.confirmed_at is not None:
                raise OutcomeUnknown(
                    "I am still finding out whether Zoom created this meeting. Look at /meeting list in a minute.",
                    code="still_settling",
                )
            if meeting.ends_at <= now:
                raise UserMistake(
                    "The time of this draft has passed. Start again with /meeting create.", code="draft_past"
                )
            await creates_left(uow, meeting.host_id, now.date())
            await count_create(uow, meeting.host_id, now.date())
            hosts = {host.user_id: host for host in await uow.links.hosts(guild_id)}
            passcode = await uow.meetings.passcode(meeting_id)
            if passcode is None:
                raise UserMistake(
                    "This draft is no longer complete. Start again with /meeting create.", code="draft_incomplete"
                )
            await uow.meetings.save(meeting.changed(confirmed_at=now))
            await uow.agenda.drop(meeting_id, Job.DROP_DRAFT)
            await uow.agenda.put(DueItem(Job.SETTLE, meeting_id, now + SETTLE_AFTER))
            await self._log(uow, meeting, "meeting.create_intended", actor)
            await uow.commit()
        return meeting.changed(confirmed_at=now), meeting_request(meeting, passcode, hosts), community

    async def _look(self, meeting: Meeting) -> ZoomMeetingId:
        for wait in LOOKS:
            await self._clock.sleep(wait)
            try:
                found = await self._provider.find_meetings(meeting.link_id, meeting.host_id, meeting.marker)
            except Transient:
                continue
            if found:
                return found[0]
        raise OutcomeUnknown(
            "Zoom did not answer, and the meeting is not there yet. I keep looking and will not create it twice. "
            "Look at /meeting list in two minutes; if it is not there, press Create again.",
            code="create_unknown",
        )

    async def _settle_planned(self, meeting: Meeting) -> None:
        found = await self._provider.find_meetings(meeting.link_id, meeting.host_id, meeting.marker)
        if meeting.confirmed_at is None:
            for stray in found:
                await self._provider.delete_meeting(meeting.link_id, stray)
            return
        if not found:
            await self._back_to_draft(meeting, None, "not_found")
            return
        for double in found[1:]:
            await self._provider.delete_meeting(meeting.link_id, double)
        await self._read_back(await self._adopt(meeting, found[0], None))

    async def _adopt(self, meeting: Meeting, zoom_id: ZoomMeetingId, actor: MemberId | None) -> Meeting:
        now = self._clock.now()
        async with self._store.work() as uow:
            current = await meeting_of(uow, meeting.guild_id, meeting.meeting_id)
            community = await uow.communities.get(meeting.guild_id)
            state = MeetingState.CREATED if current.state is MeetingState.PLANNED else current.state
            adopted = current.changed(state=state, zoom_id=zoom_id, blocked_by_read_back=(NOT_READ_BACK,))
            await uow.meetings.save(adopted)
            await uow.agenda.put(DueItem(Job.SETTLE, meeting.meeting_id, now + SETTLE_AFTER))
            if state is MeetingState.CREATED:
                await uow.agenda.put(DueItem(Job.RELEASE, meeting.meeting_id, opens_at(adopted, community)))
                await uow.agenda.put(DueItem(Job.LOOK_LIVE, meeting.meeting_id, opens_at(adopted, community)))
                await uow.agenda.put(DueItem(Job.CLOSE, meeting.meeting_id, adopted.closes_at))
            await self._log(uow, adopted, "meeting.created", actor)
            await uow.commit()
        if state is MeetingState.CANCELLED:
            await self._remove_at_zoom(adopted)
            raise UserMistake(
                "This meeting was cancelled while Zoom was creating it; it is gone again.", code="meeting_cancelled"
            )
        return adopted

    async def _read_back(self, meeting: Meeting) -> Creation:
        assert meeting.zoom_id is not None, "only created meetings are read back"  # noqa: S101 - an invariant of the callers
        reading = await self._provider.read_meeting(meeting.link_id, meeting.zoom_id, meeting.host_id)
        differences = compare(wanted(meeting), reading.settings)
        async with self._store.work() as uow:
            current = await meeting_of(uow, meeting.guild_id, meeting.meeting_id)
            community = await uow.communities.get(meeting.guild_id)
            first = NOT_READ_BACK in current.blocked_by_read_back
            checked = current.changed(blocked_by_read_back=unsafe(differences))
            await uow.meetings.save(checked)
            await uow.meetings.save_created(meeting.meeting_id, reading.created)
            await note_shown(uow, checked, reading, differences, self._clock.now())
            await uow.agenda.drop(meeting.meeting_id, Job.SETTLE)
            await self._log(uow, checked, "meeting.read_back", None, changed=",".join(d.setting for d in differences))
            if not checked.blocked_by_read_back and (first or current.blocked_by_read_back):
                await _start_inviting(uow, checked)
            await uow.commit()
        return Creation(checked, opens_at(checked, community), differences)

    async def _back_to_draft(self, meeting: Meeting, actor: MemberId | None, reason: str) -> None:
        now = self._clock.now()
        async with self._store.work() as uow:
            current = await uow.meetings.get(meeting.meeting_id)
            if current is not None and current.state is MeetingState.PLANNED:
                await uow.meetings.save(current.changed(confirmed_at=None))
                await uow.agenda.put(DueItem(Job.SETTLE, meeting.meeting_id, now + LOOK_AGAIN_AFTER))
                await uow.agenda.put(DueItem(Job.DROP_DRAFT, meeting.meeting_id, now + 3 * LOOK_AGAIN_AFTER))
                await self._log(uow, meeting, "meeting.create_failed", actor, reason=reason)
            await uow.commit()

    async def _remove_at_zoom(self, meeting: Meeting) -> None:
        found = [meeting.zoom_id] if meeting.zoom_id is not None else []
        if not found and meeting.confirmed_at is not None:
            found = list(await self._provider.find_meetings(meeting.link_id, meeting.host_id, meeting.marker))
        for zoom_id in found:
            await self._provider.delete_meeting(meeting.link_id, zoom_id)
        async with self._store.work() as uow:
            await uow.agenda.drop(meeting.meeting_id, Job.SETTLE)
            await self._log(uow, meeting, "meeting.deleted_at_zoom", None)
            await uow.commit()

    async def _log(
        self, uow: UnitOfWork, meeting: Meeting, action: str, actor: MemberId | None, **facts: str | int | bool | None
    ) -> None:
        await uow.audit.append(
            meeting.guild_id, action, at=self._clock.now(), actor=actor, meeting=meeting.meeting_id, facts=facts
        )


def _must_be_upcoming(meeting: Meeting) -> None:
    if not meeting.upcoming or meeting.zoom_id is None:
        raise UserMistake("This meeting is not planned any more. /meeting list shows what is.", code="meeting_over")


def as_read(meeting: Meeting, reading: MeetingReading) -> Meeting:
    """Registration that Zoom left off means shared links, whatever was asked."""
    return meeting.changed(personal_links=meeting.personal_links and reading.settings.registration is not False)


async def note_shown(
    uow: UnitOfWork, meeting: Meeting, reading: MeetingReading, differences: tuple[Difference, ...], now: datetime
) -> None:
    """What the organiser is shown of the differences counts as known; what stops inviting waits for their decision."""
    planning = planning_differences(
        meeting, topic=reading.topic, starts_at=reading.starts_at, duration=reading.duration
    )
    names = tuple(difference.setting for difference in (*differences, *planning))
    blocked = meeting.blocked_by_read_back
    await uow.drifts.save(Drift(meeting.meeting_id, tuple(name for name in names if name not in blocked), blocked))
    if not blocked:
        await settle_alerts(uow, meeting.meeting_id, AlertKind.CHANGED, AlertOutcome.PUT_RIGHT, now)


def meeting_request(meeting: Meeting, passcode: Passcode, hosts: dict[ZoomUserId, Host]) -> MeetingRequest:
    """What Zoom is asked to make of this meeting."""
    return MeetingRequest(
        host_id=meeting.host_id,
        topic=meeting.topic,
        marker=meeting.marker,
        starts_at=meeting.starts_at,
        duration=meeting.duration,
        passcode=passcode,
        settings=wanted(meeting),
        alternative_hosts=tuple(hosts[key].email for key in meeting.alternative_hosts if key in hosts),
    )


async def _start_inviting(uow: UnitOfWork, meeting: Meeting) -> None:
    await uow.jobs.put(Job.ANNOUNCE, meeting.meeting_id)
    await uow.jobs.put(Job.TELL_HOSTS, meeting.meeting_id)
