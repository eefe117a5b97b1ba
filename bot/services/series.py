"""A call that repeats every week: each week a meeting of its own with its own links, confirmed together, created one after the other.

Confirming writes one promise and an agenda entry for each meeting before Zoom is asked for the first. So whatever is interrupted goes on by
itself, and each meeting is created once, exactly as a single one is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from bot.domain.community import MemberFacts, Right
from bot.domain.errors import NeedsAttention, OutcomeUnknown, Transient, UserMistake, VestibuleError
from bot.domain.meeting import Meeting, MeetingState
from bot.domain.series import MAX_WEEKS, MIN_WEEKS, SeriesId
from bot.domain.values import GuildId, MeetingId
from bot.ports import Chance, Clock, DueItem, Job, Store, UnitOfWork, WeeklyTimes
from bot.services.creating import SETTLE_AFTER, Creating, Creation
from bot.services.drafting import DRAFT_LIFE, Draft, Drafting, MeetingAsk, Prepared, clashes_with
from bot.services.limits import CREATES_A_DAY, creates_left
from bot.services.rights import community_where

APART = timedelta(seconds=5)
"""Between two meetings of a series that are created by themselves."""
AFTER_NO_ANSWER = timedelta(minutes=2)
AFTER_AN_OBSTACLE = timedelta(minutes=10)
"""Each try may count against Zoom's limit of the day, so they are few."""
AFTER_A_REFUSAL = timedelta(hours=6)
_HOPELESS = frozenset({"draft_past", "draft_incomplete"})
_NOTHING_LEFT = frozenset({"meeting_over", "meeting_unknown", "meeting_cancelled"})


@dataclass(frozen=True, slots=True)
class SeriesDraft:
    """What would be created. `first` says what holds for all; `clashes` pairs each of ours with what its host has at that time."""

    series_id: SeriesId
    first: Draft
    meetings: tuple[Meeting, ...]
    clashes: tuple[tuple[Meeting, Meeting], ...]
    notes: tuple[str, ...]
    creates_left: int


@dataclass(frozen=True, slots=True)
class SeriesCreation:
    """How far it got. `problem` stopped it, `waiting` are created by themselves from `goes_on_at` on."""

    created: tuple[Creation, ...]
    waiting: tuple[Meeting, ...] = ()
    problem: VestibuleError | None = None
    goes_on_at: datetime | None = None


class Series:
    """`/meeting create` with `repeat_weeks`."""

    def __init__(
        self, store: Store, drafting: Drafting, creating: Creating, weeks: WeeklyTimes, clock: Clock, chance: Chance
    ) -> None:
        self._store = store
        self._drafting = drafting
        self._creating = creating
        self._weeks = weeks
        self._clock = clock
        self._chance = chance
        self._under_way: dict[SeriesId, asyncio.Task[SeriesCreation]] = {}

    async def draft(self, who: MemberFacts, guild_id: GuildId, ask: MeetingAsk, weeks: int) -> SeriesDraft:
        """Read what was asked and keep one draft a week. Raises as `Drafting.draft` does."""
        if not MIN_WEEKS <= weeks <= MAX_WEEKS:
            raise UserMistake(
                f"A call can repeat for {MIN_WEEKS} to {MAX_WEEKS} weeks. Give a number of weeks, the first one included.",
                code="weeks_range",
            )
        ready = await self._drafting.prepare(who, guild_id, ask)
        times = self._weeks.weekly(ready.meeting.starts_at, zone=ready.community.zone, count=weeks)
        meetings = self._meetings(ready, [each.at for each in times])
        series_id, now = SeriesId(self._chance.new_id()), self._clock.now()
        async with self._store.work() as uow:
            clashes = [(meeting, other) for meeting in meetings for other in await clashes_with(uow, meeting)]
            left = await creates_left(uow, ready.host.user_id, now.date())
            for meeting in meetings:
                await uow.meetings.add(meeting, self._chance.passcode())
                await uow.agenda.put(DueItem(Job.DROP_DRAFT, meeting.meeting_id, now + DRAFT_LIFE))
            await uow.series.add(series_id, [meeting.meeting_id for meeting in meetings])
            await uow.commit()
        notes = tuple(each.note for each in times if each.note)
        return SeriesDraft(series_id, ready.draft((), _limit(weeks, left)), meetings, tuple(clashes), notes, left)

    async def discard(self, who: MemberFacts, guild_id: GuildId, series_id: SeriesId) -> None:
        """Forget the drafts of a series that its organiser does not want. What was confirmed stays."""
        async with self._store.work() as uow:
            await community_where(uow, guild_id, who, Right.ORGANISE)
            for meeting in await uow.series.meetings(series_id):
                unconfirmed = await uow.series.promised(meeting.meeting_id) is None
                if meeting.guild_id == guild_id and meeting.state is MeetingState.PLANNED and unconfirmed:
                    await uow.agenda.drop(meeting.meeting_id)
                    await uow.meetings.remove(meeting.meeting_id)
            await uow.commit()

    async def confirm(self, who: MemberFacts, guild_id: GuildId, series_id: SeriesId) -> SeriesCreation:
        """Create every meeting of the series, one after the other. Pressing twice creates each once.

        The first obstacle stops it; the rest follows by itself, also after a kill.

        Raises:
            UserMistake: the drafts are gone, or the person has no right.
        """
        now = self._clock.now()
        async with self._store.work() as uow:
            await community_where(uow, guild_id, who, Right.ORGANISE)
            meetings = [m for m in await uow.series.meetings(series_id) if m.guild_id == guild_id]
            if not meetings:
                raise UserMistake(
                    "This draft is not kept any more. Start again with /meeting create.", code="draft_gone"
                )
            if await uow.series.promised(meetings[0].meeting_id) is None:
                await uow.series.promise(series_id, who.member_id)
                await uow.audit.append(
                    guild_id, "series.confirmed", at=now, actor=who.member_id, facts={"meetings": len(meetings)}
                )
                await self._put_on_agenda(uow, meetings, now + SETTLE_AFTER)
            await uow.commit()
        task = self._under_way.get(series_id)
        if task is None:
            task = asyncio.create_task(self._create_all(series_id))
            self._under_way[series_id] = task
            task.add_done_callback(lambda _: self._under_way.pop(series_id, None))
        return await asyncio.shield(task)

    async def create_one(self, meeting_id: MeetingId) -> None:
        """Create one meeting of a confirmed series, if it is still to be created: a second run finds nothing to do.

        What stops it is tried again later, together with the others of the series.
        """
        async with self._store.read() as uow:
            series_id = await uow.series.of(meeting_id)
            meeting = await uow.meetings.get(meeting_id)
        if series_id is None or meeting is None or meeting.state is not MeetingState.PLANNED:
            return
        if series_id in self._under_way:
            await self._look_again(meeting_id)
            return
        try:
            await self._create(meeting)
        except VestibuleError as problem:
            await self._postpone(series_id, problem)

    async def _create_all(self, series_id: SeriesId) -> SeriesCreation:
        async with self._store.read() as uow:
            meetings = await uow.series.meetings(series_id)
        created: list[Creation] = []
        for meeting in meetings:
            try:
                made = await self._create(meeting)
            except VestibuleError as problem:
                goes_on_at = await self._postpone(series_id, problem)
                return SeriesCreation(tuple(created), await self._waiting(series_id), problem, goes_on_at)
            created += [made] if made is not None else []
        return SeriesCreation(tuple(created))

    async def _create(self, meeting: Meeting) -> Creation | None:
        """The created meeting; None where nothing is left to create."""
        async with self._store.read() as uow:
            actor = await uow.series.promised(meeting.meeting_id)
        if actor is None:
            return None
        try:
            made = await self._creating.create(actor, meeting.guild_id, meeting.meeting_id)
        except UserMistake as mistake:
            if mistake.code in _HOPELESS:
                await self._give_up(meeting, mistake.code)
            elif mistake.code not in _NOTHING_LEFT:
                raise
            return None
        async with self._store.work() as uow:
            await uow.agenda.drop(meeting.meeting_id, Job.CREATE)
            await uow.commit()
        return made

    async def _give_up(self, meeting: Meeting, reason: str) -> None:
        async with self._store.work() as uow:
            await uow.agenda.drop(meeting.meeting_id)
            await uow.meetings.remove(meeting.meeting_id)
            await uow.audit.append(
                meeting.guild_id,
                "series.meeting_given_up",
                at=self._clock.now(),
                actor=None,
                meeting=meeting.meeting_id,
                facts={"why": reason},
            )
            await uow.commit()

    async def _postpone(self, series_id: SeriesId, problem: VestibuleError) -> datetime:
        """All that is left waits together, so that an obstacle costs one try and not one for each week."""
        now = self._clock.now()
        again = _next_try(problem, now)
        async with self._store.work() as uow:
            await self._put_on_agenda(uow, await uow.series.meetings(series_id), again)
            await uow.commit()
        return again

    async def _look_again(self, meeting_id: MeetingId) -> None:
        """Somebody is creating the series right now; should that be interrupted, this entry goes on."""
        async with self._store.work() as uow:
            await uow.agenda.put(DueItem(Job.CREATE, meeting_id, self._clock.now() + SETTLE_AFTER))
            await uow.commit()

    async def _put_on_agenda(self, uow: UnitOfWork, meetings: Sequence[Meeting], first: datetime) -> None:
        for number, meeting in enumerate(m for m in meetings if m.state is MeetingState.PLANNED):
            await uow.agenda.drop(meeting.meeting_id, Job.DROP_DRAFT)
            await uow.agenda.put(DueItem(Job.CREATE, meeting.meeting_id, first + number * APART))

    async def _waiting(self, series_id: SeriesId) -> tuple[Meeting, ...]:
        async with self._store.read() as uow:
            return tuple(m for m in await uow.series.meetings(series_id) if m.state is MeetingState.PLANNED)

    def _meetings(self, ready: Prepared, starts: Sequence[datetime]) -> tuple[Meeting, ...]:
        later = (
            ready.meeting.changed(meeting_id=MeetingId(self._chance.new_id()), starts_at=start) for start in starts[1:]
        )
        return (ready.meeting, *later)


def _next_try(problem: VestibuleError, now: datetime) -> datetime:
    if problem.code == "daily_creates_used":
        return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(0, 1), UTC)
    match problem:
        case OutcomeUnknown():
            return now + AFTER_NO_ANSWER
        case Transient(retry_after=wait):
            return now + max(wait or timedelta(), AFTER_AN_OBSTACLE)
        case NeedsAttention():
            return now + AFTER_AN_OBSTACLE
    return now + AFTER_A_REFUSAL


def _limit(weeks: int, left: int) -> tuple[str, ...]:
    if weeks <= left:
        return ()
    return (
        f"Zoom lets this host create or change only {left} more meetings today (it counts to {CREATES_A_DAY}). "
        f"I create {left} now and the others by myself after 00:00 UTC.",
    )
