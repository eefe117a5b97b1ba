"""When a meeting is live: what Zoom reports, and what its list says where no reports come."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.meeting import Meeting, MeetingState, opens_at
from bot.domain.session import Session, state_with
from bot.domain.tracking import Mark, Track
from bot.domain.values import MeetingId, SessionId
from bot.ports import Clock, DueItem, EventKind, IncomingEvent, Job, MeetingProvider, Store, UnitOfWork
from bot.services.intake import KEEP_HANDLED, KINDS
from bot.services.room_events import ABOUT_PEOPLE, PROVES_LIVE, by_session, moment, reported

LOOK_EVERY = timedelta(seconds=60)
"""Between two looks at Zoom's list, where its events do not come or a call runs over."""
LOOK_ANYWAY_EVERY = timedelta(minutes=15)
"""The same where events come: one may be lost for good, because Zoom repeats a delivery three times only."""


@dataclass(frozen=True, slots=True)
class FoldedSession:
    """What a fold wrote of one session, under which revision."""

    session: Session
    session_changed: bool
    tracks: Sequence[Track]
    marks: Sequence[Mark]
    revision: int


@dataclass(frozen=True, slots=True)
class Folded:
    """What a fold wrote, and the meeting as it was left."""

    meeting: Meeting
    sessions: Sequence[FoldedSession]


class LiveSessions:
    """Keeps a meeting's sessions, and with them CREATED and LIVE, true. Both methods may run twice without harm."""

    def __init__(self, store: Store, provider: MeetingProvider, clock: Clock) -> None:
        self._store = store
        self._provider = provider
        self._clock = clock

    async def fold(self, meeting_id: MeetingId, about: Collection[SessionId] = ()) -> Folded | None:
        """Take in what waits of starts, ends and people; what was written, or None if nothing waited.

        A repeat finds nothing waiting; the order in which events came does not matter. Two that fold at once take turns at the session's row. Of the
        people, only the rows of those are read and written whom the events name.

        Args:
            about: the sessions that the waiting events are about, where the caller knows; what waits of others stays for a later fold.
        """
        async with self._store.work() as uow:
            named = about or by_session(await uow.inbox.waiting(meeting_id, KINDS[Job.FOLD_SESSIONS]))
            held = {session_id: await uow.roster.hold(session_id, meeting_id) for session_id in sorted(named)}
            waiting = await uow.inbox.waiting(meeting_id, KINDS[Job.FOLD_SESSIONS])
            mine = [event for event in waiting if event.session_id is None or event.session_id in held]
            meeting = await uow.meetings.get(meeting_id)
            if meeting is None or not mine:
                return None
            written = [
                await self._fold_session(uow, meeting_id, session_id, events, held[session_id])
                for session_id, events in by_session(mine).items()
            ]
            await uow.inbox.handled([event.key for event in mine], self._clock.now())
            begun = any(each.session.live for each in written) and meeting.state is not MeetingState.LIVE
            if begun or any(each.session_changed for each in written):
                meeting = await self._settle(uow, meeting)
            await uow.commit()
        return Folded(meeting, written)

    async def look(self, meeting_id: MeetingId) -> None:
        """Ask Zoom whether the meeting is live, and put the next look on the agenda, as long as it may be. A repeat asks once more.

        Raises:
            NeedsAttention, Transient: Zoom does not say; the look is put back.
        """
        asked_at = self._clock.now()
        async with self._store.read() as uow:
            meeting = await uow.meetings.get(meeting_id)
            if meeting is None or not meeting.upcoming or meeting.zoom_id is None:
                return
            community = await uow.communities.get(meeting.guild_id)
        first = opens_at(meeting, community)
        if asked_at < first and meeting.state is MeetingState.CREATED:
            await self._look_again(meeting, first)
            return
        live = await self._provider.live_meetings(meeting.link_id, meeting.host_id)
        async with self._store.work() as uow:
            current = await uow.meetings.get(meeting_id)
            if current is None or not current.upcoming:
                return
            for session in await self._seen(uow, current, live.get(meeting.zoom_id), asked_at):
                await uow.roster.hold(session.session_id, meeting_id)
                await uow.sessions.save(session)
            await self._settle(uow, current)
            await uow.agenda.put(
                DueItem(Job.LOOK_LIVE, meeting_id, asked_at + await self._pause(uow, current, asked_at))
            )
            await uow.commit()

    async def _fold_session(
        self,
        uow: UnitOfWork,
        meeting_id: MeetingId,
        session_id: SessionId,
        events: Sequence[IncomingEvent],
        revision: int,
    ) -> FoldedSession:
        known = await uow.sessions.get(session_id) or Session(session_id, meeting_id)
        changed = known
        for event in events:
            changed = _with(changed, event)
        if changed != known:
            await uow.sessions.save(changed)
        news = reported(session_id, [event for event in events if event.kind in ABOUT_PEOPLE])
        tracks = dict(news.tracks)
        for track in await uow.roster.tracks(session_id, only=news.tracks.keys()) if tracks else ():
            tracks[track.participant_uuid] = track.merged(tracks[track.participant_uuid])
        marks = dict(news.marks)
        for mark in await uow.roster.marks(session_id, only=news.marks.keys()) if marks else ():
            marks[mark.kind, mark.key] = mark.merged(marks[mark.kind, mark.key])
        await uow.roster.save(list(tracks.values()), list(marks.values()), revision)
        return FoldedSession(changed, changed != known, list(tracks.values()), list(marks.values()), revision)

    async def _seen(self, uow: UnitOfWork, meeting: Meeting, live: SessionId | None, at: datetime) -> Iterable[Session]:
        runs = {session.session_id: session for session in await uow.sessions.of_meeting(meeting.meeting_id)}
        changed = [session.missed_at(at) for key, session in runs.items() if key != live]
        if live is not None:
            changed.append(runs.get(live, Session(live, meeting.meeting_id)).seen_live(at))
        return [session for session in changed if runs.get(session.session_id) != session]

    async def _pause(self, uow: UnitOfWork, meeting: Meeting, now: datetime) -> timedelta:
        link = await uow.links.get(meeting.link_id)
        heard = link is not None and await uow.inbox.heard(link.zoom_account_id, now - KEEP_HANDLED)
        return LOOK_ANYWAY_EVERY if heard and now < meeting.ends_at else LOOK_EVERY

    async def _settle(self, uow: UnitOfWork, meeting: Meeting) -> Meeting:
        """CREATED or LIVE as the sessions say; the end of the last one after the closing time closes the meeting. The meeting as it is now."""
        now = self._clock.now()
        state = state_with(meeting, await uow.sessions.of_meeting(meeting.meeting_id))
        if state is meeting.state:
            return meeting
        await uow.meetings.save(meeting.changed(state=state))
        action = "session.live" if state is MeetingState.LIVE else "session.over"
        await uow.audit.append(meeting.guild_id, action, at=now, actor=None, meeting=meeting.meeting_id)
        if state is MeetingState.CREATED and now >= meeting.closes_at:
            await uow.jobs.put(Job.CLOSE, meeting.meeting_id)
        else:
            await uow.jobs.put(Job.ANNOUNCE, meeting.meeting_id)
        return meeting.changed(state=state)

    async def _look_again(self, meeting: Meeting, at: datetime) -> None:
        async with self._store.work() as uow:
            await uow.agenda.put(DueItem(Job.LOOK_LIVE, meeting.meeting_id, at))
            await uow.commit()


def _with(session: Session, event: IncomingEvent) -> Session:
    """A start may be lost; somebody in the call says as much."""
    if event.kind is EventKind.STARTED:
        return session.started(moment(event, "start_time") or event.at)
    if event.kind is EventKind.ENDED:
        started, ended = moment(event, "start_time"), session.ended(moment(event, "end_time") or event.at)
        return ended if started is None else ended.started(started)
    return session.started(event.at) if event.kind in PROVES_LIVE else session
