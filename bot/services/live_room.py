"""One live call in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from bot.domain.meeting import Meeting, MeetingState
from bot.domain.room import Hearing, Missed, RoomView
from bot.domain.roster import Entry, EntryList, Participant, Place, seats
from bot.domain.session import Session
from bot.domain.tracking import Mark, MarkKind, Track, people, with_sharing
from bot.domain.values import ParticipantId
from bot.ports import IncomingEvent
from bot.services.room_events import ABOUT_PEOPLE, reported


class LiveRoom:
    """What one process knows of one run of a meeting. `revision` is how far it has read what is stored."""

    def __init__(self, meeting: Meeting, session: Session) -> None:
        self.meeting = meeting
        self.session = session
        self.revision = 0
        self.tracks: dict[ParticipantId, Track] = {}
        self.marks: dict[tuple[MarkKind, str], Mark] = {}
        self.entry_list = EntryList()
        self.hearing = Hearing.SILENT
        self.missed: Missed | None = None
        self._participants: dict[ParticipantId, Participant] = {}
        self._asked_again: list[tuple[Entry, Collection[str]]] = []

    @property
    def live(self) -> bool:
        """Whether it goes on."""
        return self.meeting.state is MeetingState.LIVE and self.session.live

    def heard(self, events: Iterable[IncomingEvent]) -> bool:
        """Take in events of this session; whether any was about people."""
        about_people = [event for event in events if event.kind in ABOUT_PEOPLE]
        news = reported(self.session.session_id, about_people)
        self.merge(news.tracks.values(), news.marks.values(), self.revision)
        return bool(about_people)

    def merge(self, tracks: Iterable[Track], marks: Iterable[Mark], revision: int) -> None:
        """Take in what is known elsewhere. Nothing is lost by taking in what is older than what is known here."""
        for track in tracks:
            known = self.tracks.get(track.participant_uuid)
            merged = track if known is None else known.merged(track)
            if merged != known:
                self.tracks[track.participant_uuid] = merged
                self._participants[track.participant_uuid] = merged.participant()
        for mark in marks:
            same = self.marks.get((mark.kind, mark.key))
            self.marks[mark.kind, mark.key] = mark if same is None else same.merged(mark)
        self.revision = max(self.revision, revision)
        if self.tracks:
            self.hearing = Hearing.HEARD

    def list_entries(self, entries: Iterable[tuple[Entry, Collection[str]]]) -> None:
        """Put these entries in place of what the list says of the same registrants."""
        news = list(entries)
        self._asked_again += news
        self.entry_list = self.entry_list.with_entries(news)

    @property
    def asked(self) -> int:
        """How many entries were read one by one so far."""
        return len(self._asked_again)

    def list_anew(self, entry_list: EntryList, asked: int) -> None:
        """Take this list, which was read when `asked` was so many; what was asked one by one meanwhile stays."""
        self.entry_list = entry_list.with_entries(self._asked_again[asked:])

    def view(self, now: datetime) -> RoomView:
        """As it is at this moment."""
        everybody = self._everybody()
        early = sorted(
            mark.name for mark in self.marks.values() if mark.kind is MarkKind.EARLY and mark.is_on and mark.name
        )
        seated = seats(everybody, self.entry_list, registration=self.meeting.personal_links, now=now)
        begun = any(seat.host_rights and seat.participant.place is Place.IN for seat in seated)
        return RoomView(
            meeting=self.meeting,
            session=self.session,
            seats=seated,
            hearing=self.hearing,
            at=now,
            missed=self.missed if self.missed is not None and self.missed.touches(self.session) else None,
            early=tuple(early) if self.session.ended_at is None and not begun else (),
        )

    def _everybody(self) -> Iterable[Participant]:
        """A thousand people are put together once, not at every look."""
        if self.session.ended_at is not None:
            return people(self.tracks.values(), self.marks.values(), ended_at=self.session.ended_at)
        return with_sharing(self._participants.values(), self.marks.values())
