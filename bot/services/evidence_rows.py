"""The rows of an evidence pack, from what the store and the live roster know. Who a member is stands there only where it may be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.domain.evidence import HIDDEN, Deed, Happening, Posted, Presence, Told
from bot.domain.incident import CATEGORY_WORDS, Incident, words_only
from bot.domain.meeting import Meeting
from bot.domain.room import RoomView
from bot.domain.roster import Seat
from bot.domain.values import MemberId
from bot.ports import EventKind, IncidentNote, IncomingEvent, Report, UnitOfWork

_IN_COLUMNS = frozenset({"participant_uuid", "user_id", "user_name", "email_hash"})
"""Facts of an event that have a place of their own in a pack, or none."""
_NOT_EVIDENCE = frozenset({EventKind.CREATED, EventKind.UPDATED, EventKind.DEAUTHORIZED})


def meeting_facts(meeting: Meeting | None) -> tuple[tuple[str, str], ...]:
    """What the meeting is. No link, no passcode."""
    if meeting is None:
        return ()
    return (
        ("topic", words_only(meeting.topic)),
        ("zoom_meeting_id", str(meeting.zoom_id or "")),
        ("zoom_host_id", meeting.host_id),
        ("planned_start", meeting.starts_at.isoformat()),
        ("planned_end", meeting.ends_at.isoformat()),
        ("profile", meeting.profile.value),
        ("personal_links", "yes" if meeting.personal_links else "no"),
        ("waiting_room", "yes" if meeting.waiting_room else "no"),
    )


def presences(views: Sequence[RoomView], shown: bool) -> tuple[Presence, ...]:
    """Everybody who was seen, by run, in the order in which they came."""
    everybody = [_presence(seat, shown) for view in views for seat in view.seats]
    return tuple(sorted(everybody, key=lambda each: (each.meeting_uuid, str(each.first_seen), each.participant_uuid)))


def _presence(seat: Seat, shown: bool) -> Presence:
    who = seat.participant
    return Presence(
        meeting_uuid=who.session_id,
        participant_uuid=who.participant_uuid,
        user_id=who.user_id,
        name=words_only(who.name),
        seat=seat.kind.value,
        member=_member(seat.member_id, shown),
        tag=seat.tag or "",
        invite=seat.invite_id or "",
        guest=words_only(seat.guest_name or ""),
        registrant_id=who.registrant_id or "",
        by_phone=who.by_phone,
        role=who.role.value if who.role_told else "",
        first_seen=who.first_seen,
        joined_at=who.joined_at,
        left_at=who.left_at,
        left_because=who.left_why or "",
    )


def happenings(events: Sequence[IncomingEvent]) -> tuple[Happening, ...]:
    """What Zoom reported, oldest first."""
    found = [
        Happening(
            event.at,
            event.kind.value,
            event.session_id or "",
            str(event.facts.get("participant_uuid", "")),
            str(event.facts.get("user_id", "")),
            words_only(str(event.facts.get("user_name", ""))),
            tuple((name, words_only(str(value))) for name, value in event.facts.items() if name not in _IN_COLUMNS),
        )
        for event in events
        if event.kind not in _NOT_EVIDENCE
    ]
    return tuple(sorted(found, key=lambda each: (each.at, each.what, each.participant_uuid)))


async def posted(
    uow: UnitOfWork, meeting: Meeting | None, events: Sequence[IncomingEvent], shown: bool
) -> tuple[Posted, ...]:
    """Where links into the call were posted: in Discord, and where Zoom found them in public."""
    found = [
        Posted(event.at, f"in public, found by Zoom on {words_only(str(event.facts.get('post_platform', 'the web')))}")
        for event in events
        if event.kind is EventKind.RISK_ALERT
    ]
    if meeting is not None:
        for leak in await uow.leaks.of_meeting(meeting.meeting_id):
            where = f"Discord, https://discord.com/channels/{leak.guild_id}/{leak.channel_id}/{leak.message_id}"
            whose = leak.kind.value if leak.invite_id is None else f"invite {leak.invite_id}"
            found.append(Posted(leak.at, f"{where}, by {_member(leak.author_id, shown)}", whose))
    return tuple(sorted(found, key=lambda each: each.at))


async def deeds(uow: UnitOfWork, incident: Incident, shown: bool) -> tuple[Deed, ...]:
    """What was done about the meeting and the incident, with Zoom's answers, from the record."""
    entries = [] if incident.meeting_id is None else await uow.record.of_meeting(incident.guild_id, incident.meeting_id)
    named = {name for entry in entries for name in (entry.actor, entry.subject) if name is not None}
    people = await uow.record.people(incident.guild_id, named) if shown else {}
    return tuple(
        Deed(
            entry.at,
            entry.seq,
            entry.action,
            _subject(entry.actor, people, "the bot"),
            _subject(entry.subject, people, ""),
            tuple((name, words_only(str(value))) for name, value in entry.facts.items() if value is not None),
        )
        for entry in entries
    )


def told(reports: Sequence[Report], notes: Sequence[IncidentNote], shown: bool) -> tuple[Told, ...]:
    """What was written, oldest first."""
    found = [
        Told(
            report.at,
            f"report: {CATEGORY_WORDS[report.category]}",
            _member(report.reporter, shown) if shown else "a moderator" if report.by_moderator else "a member",
            words_only(report.seen),
        )
        for report in reports
    ]
    found += [
        Told(note.at, "note", _member(note.author, shown), words_only(note.text)) for note in notes if not note.is_hold
    ]
    return tuple(sorted(found, key=lambda each: each.at))


def _member(member_id: MemberId | None, shown: bool) -> str:
    if member_id is None:
        return ""
    return f"Discord user {member_id}" if shown else HIDDEN


def _subject(opaque: str | None, people: Mapping[str, MemberId], nobody: str) -> str:
    """A person of the record: by number where shown, else by the opaque id, which is the same for the same person."""
    if opaque is None:
        return nobody
    known = people.get(opaque)
    return f"person {opaque}" if known is None else f"Discord user {known}"
