"""`/incident export`: gathers what is known of an incident, asks Zoom for what it lists afterwards, and packs it for organisers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.community import MemberFacts, Right
from bot.domain.errors import NeedsAttention, OutcomeUnknown, Transient, UserMistake, VestibuleError
from bot.domain.evidence import CallRun, Evidence, ZoomList, ip_note
from bot.domain.incident import CATEGORY_WORDS, Incident, Purpose, words_only
from bot.domain.meeting import Meeting
from bot.domain.room import RoomView
from bot.domain.values import GuildId
from bot.ports import Attended, Clock, Packing, PastCalls, PastRecord, Store, UnitOfWork
from bot.services.evidence_rows import deeds, happenings, meeting_facts, posted, presences, told
from bot.services.incidents import Waiting, agreed, incident_of, waiting_for_second
from bot.services.rights import community_where
from bot.services.rooms import Rooms
from bot.services.signing import Signing

ASKED = (PastRecord.REPORT, PastRecord.PAST, PastRecord.DASHBOARD)


@dataclass(frozen=True, slots=True)
class Pack:
    """The file, for one person's eyes. `missing` says in plain sentences what Zoom did not give."""

    incident: Incident
    name: str
    data: bytes
    members_shown: bool
    missing: tuple[str, ...]
    still_running: bool


class Evidencing:
    """The export."""

    def __init__(
        self, store: Store, rooms: Rooms, past: PastCalls, packing: Packing, signing: Signing, clock: Clock
    ) -> None:
        self._store = store
        self._rooms = rooms
        self._past = past
        self._packing = packing
        self._signing = signing
        self._clock = clock

    async def export(self, guild_id: GuildId, who: MemberFacts, number: int, *, names: bool) -> Pack | Waiting:
        """The pack. With `names`, which member is behind a seat is shown once two organisers agree, or at once while an emergency is open.

        Raises:
            UserMistake: they are no organiser, or there is no such incident.
        """
        now = self._clock.now()
        async with self._store.work() as uow:
            await community_where(uow, guild_id, who, Right.EVIDENCE)
            incident = await incident_of(uow, guild_id, number)
            shown = names and (incident.emergency_open or await agreed(uow, incident, Purpose.REVEAL, who, now))
            if names and not shown:
                waiting = await waiting_for_second(uow, incident, Purpose.REVEAL)
                await uow.commit()
                return waiting
            facts = {"incident": number, "names": shown}
            await uow.audit.append(
                guild_id, "incident.export", at=now, actor=who.member_id, meeting=incident.meeting_id, facts=facts
            )
            await uow.commit()
        return await self._packed(incident, shown, now)

    async def _packed(self, incident: Incident, shown: bool, now: datetime) -> Pack:
        async with self._store.read() as uow:
            meeting = None if incident.meeting_id is None else await uow.meetings.get(incident.meeting_id)
            sessions = [] if meeting is None else list(await uow.sessions.of_meeting(meeting.meeting_id))
        sessions.sort(key=lambda run: run.started_at or now)
        views = (
            [] if meeting is None else [await self._rooms.view(meeting.meeting_id, run.session_id) for run in sessions]
        )
        seen = [view for view in views if view is not None]
        lists = await self._lists(meeting, seen)
        async with self._store.read() as uow:
            evidence = await self._gathered(uow, incident, meeting, seen, lists, shown, now)
        data = await self._packing.pack(evidence, await self._signing.notary())
        return Pack(
            incident,
            f"incident-{incident.number}-{now:%Y%m%d-%H%M}Z.zip",
            data,
            shown,
            tuple(each.missing for each in lists if each.missing),
            any(view.session.live for view in seen),
        )

    async def _gathered(
        self,
        uow: UnitOfWork,
        incident: Incident,
        meeting: Meeting | None,
        views: Sequence[RoomView],
        lists: tuple[ZoomList, ...],
        shown: bool,
        now: datetime,
    ) -> Evidence:
        head = await uow.record.head(incident.guild_id)
        events = [] if meeting is None else await uow.inbox.of_meeting(meeting.meeting_id)
        notes = await uow.papers.notes(incident.incident_id)
        holds = [note.text for note in notes if note.is_hold]
        running = any(view.session.live for view in views)
        remarks = ("The call was still running when this pack was made: make another one after it.",) if running else ()
        return Evidence(
            incident=incident.number,
            category=CATEGORY_WORDS[incident.category],
            community=str(incident.guild_id),
            opened_at=incident.opened_at,
            made_at=now,
            emergency=incident.emergency,
            legal_hold="; ".join(holds) if incident.hold_since is not None else "",
            meeting=meeting_facts(meeting),
            runs=runs_of(views),
            presences=presences(views, shown),
            happenings=happenings(events),
            posted=await posted(uow, meeting, events, shown),
            deeds=await deeds(uow, incident, shown),
            told=told(await uow.papers.reports(incident.incident_id), notes, shown),
            zoom=lists,
            members_shown=shown,
            ip_note=ip_note(lists),
            audit_entry=0 if head is None else head.seq,
            audit_digest="" if head is None else head.digest,
            remarks=remarks,
        )

    async def _lists(self, meeting: Meeting | None, views: Sequence[RoomView]) -> tuple[ZoomList, ...]:
        """What Zoom lists afterwards, of every run that is over; a refusal becomes a sentence."""
        over = [view.session for view in views if not view.session.live]
        if meeting is None or not over:
            return ()
        found: list[ZoomList] = []
        for record in ASKED:
            rows: list[Attended] = []
            missing = ""
            for run in over:
                try:
                    rows += await self._past.attended(meeting.link_id, run.session_id, record)
                except (NeedsAttention, UserMistake, Transient, OutcomeUnknown) as error:
                    missing = _sentence(record, error)
                    break
            found.append(ZoomList(record.value, missing, tuple(_row(row) for row in rows)))
        return tuple(found)


def runs_of(views: Sequence[RoomView]) -> tuple[CallRun, ...]:
    """The runs of the meeting, oldest first."""
    return tuple(CallRun(view.session.session_id, view.session.started_at, view.session.ended_at) for view in views)


def _sentence(record: PastRecord, error: VestibuleError) -> str:
    """Why a list is not in the pack. A passing obstacle is worth another export."""
    if isinstance(error, Transient | OutcomeUnknown):
        return f"{record.value} is missing: Zoom did not answer. Make the pack again later."
    needs = {
        PastRecord.REPORT: "It needs a Pro plan and an app with the admin scope report:read:list_meeting_participants.",
        PastRecord.PAST: "It needs a Pro plan and the scope meeting:read:list_past_participants.",
        PastRecord.DASHBOARD: "It needs a Business plan and the admin scope dashboard:read:list_meeting_participants.",
    }
    return f"{record.value} is missing: Zoom refused it for this account or call ({error.code}). {needs[record]}"


def _row(row: Attended) -> tuple[tuple[str, str], ...]:
    return (
        ("name", words_only(row.name)),
        ("joined_at", "" if row.joined_at is None else row.joined_at.isoformat()),
        ("left_at", "" if row.left_at is None else row.left_at.isoformat()),
        ("participant_uuid", row.participant_uuid),
        ("user_id", row.user_id),
        ("registrant_id", row.registrant_id),
        ("leave_reason", words_only(row.leave_reason)),
        ("ip_address", row.ip_address),
    )
