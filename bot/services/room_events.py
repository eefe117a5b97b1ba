"""Zoom's events about people in a call, in the words of the roster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.roster import NAMELESS_PREFIX
from bot.domain.tracking import Happening, Mark, MarkKind, Report, Track, happened_at, mark, merged_tracks
from bot.domain.values import ParticipantId, SessionId
from bot.ports import EventKind, IncomingEvent

HAPPENINGS: Mapping[EventKind, Happening] = {
    EventKind.WAITING: Happening.WAITS,
    EventKind.LEFT_WAITING: Happening.LEFT_WAITING_ROOM,
    EventKind.ADMITTED: Happening.ADMITTED,
    EventKind.PUT_IN_WAITING: Happening.PUT_BACK,
    EventKind.JOINED: Happening.JOINED,
    EventKind.LEFT: Happening.LEFT,
    EventKind.ROLE_CHANGED: Happening.ROLE,
    EventKind.BOUND: Happening.BOUND,
    EventKind.JOINED_BREAKOUT: Happening.JOINED_BREAKOUT,
    EventKind.LEFT_BREAKOUT: Happening.LEFT_BREAKOUT,
}
"""Events about a participant."""
SHARING: Mapping[EventKind, bool] = {
    EventKind.SHARING_STARTED: True,
    EventKind.SHARING_ENDED: False,
    EventKind.BREAKOUT_SHARING_STARTED: True,
    EventKind.BREAKOUT_SHARING_ENDED: False,
}
"""They carry no `participant_uuid`."""
EARLY: Mapping[EventKind, bool] = {
    EventKind.WAITING_FOR_HOST: True,
    EventKind.LEFT_WAITING_FOR_HOST: False,
    EventKind.JOINED_BEFORE_HOST: False,
}
"""They carry neither `participant_uuid` nor `user_id`."""
ABOUT_PEOPLE = HAPPENINGS.keys() | SHARING.keys() | EARLY.keys()
PROVES_LIVE = frozenset(
    {
        EventKind.ADMITTED,
        EventKind.JOINED,
        EventKind.ROLE_CHANGED,
        EventKind.JOINED_BREAKOUT,
        EventKind.SHARING_STARTED,
        EventKind.BREAKOUT_SHARING_STARTED,
    }
)
"""Events that can only come of a call that has begun. People may wait before that, and one who leaves may be the last."""


@dataclass(frozen=True, slots=True)
class Reported:
    """What some events say of people in one session."""

    tracks: Mapping[ParticipantId, Track] = field(default_factory=dict)
    marks: Mapping[tuple[MarkKind, str], Mark] = field(default_factory=dict)


def by_session(events: Iterable[IncomingEvent]) -> dict[SessionId, list[IncomingEvent]]:
    """The events of each session; those that name none tell nothing."""
    found: dict[SessionId, list[IncomingEvent]] = {}
    for event in events:
        if event.session_id is not None:
            found.setdefault(event.session_id, []).append(event)
    return found


def reported(session_id: SessionId, events: Iterable[IncomingEvent]) -> Reported:
    """All of it put together."""
    tracks: list[Track] = []
    marks: dict[tuple[MarkKind, str], Mark] = {}
    for event in events:
        if event.kind in HAPPENINGS:
            report = _report(session_id, event)
            tracks += [] if report is None else [report.track()]
        else:
            found = _mark(session_id, event)
            if found is not None:
                key = (found.kind, found.key)
                marks[key] = marks[key].merged(found) if key in marks else found
    return Reported(merged_tracks(tracks), marks)


def moment(event: IncomingEvent, *names: str) -> datetime | None:
    """The first of these facts that is there."""
    written = next((said for name in names if isinstance(said := event.facts.get(name), str)), None)
    return None if written is None else datetime.fromisoformat(written)


def _report(session_id: SessionId, event: IncomingEvent) -> Report | None:
    """None if it does not say whom it is about."""
    user_id = _text(event, "parent_user_id") or _text(event, "user_id")
    uuid = _text(event, "participant_uuid") or (NAMELESS_PREFIX + user_id if user_id else "")
    if not uuid:
        return None
    bound = event.kind is EventKind.BOUND
    return Report(
        happening=HAPPENINGS[event.kind],
        at=happened_at(_said_at(event), event.at),
        session_id=session_id,
        participant_uuid=ParticipantId(uuid),
        user_id=user_id,
        name=_text(event, "user_name"),
        # Of a telephone being bound, Zoom names the registrant, and perhaps the user, of the person it is bound to.
        registrant_id="" if bound else _text(event, "registrant_id"),
        zoom_user_id="" if bound else _text(event, "participant_user_id") or _text(event, "participant_id"),
        address_hash="" if bound else _text(event, "email_hash"),
        by_phone=event.facts.get("by_phone") is True,
        reason=_text(event, "leave_reason"),
        role=_text(event, "new_role"),
        bound_to=_text(event, "bind_participant_uuid") if bound else "",
    )


def _said_at(event: IncomingEvent) -> datetime | None:
    """When it happened, where the event says so beyond doubt.

    Zoom's description of `date_time` in the other events is "the time when the participant joined the meeting", which may be what it says: there the
    moment of the report counts.
    """
    match event.kind:
        case EventKind.JOINED | EventKind.JOINED_BREAKOUT:
            return moment(event, "join_time", "date_time")
        case EventKind.WAITING:
            return moment(event, "date_time")
        case EventKind.LEFT | EventKind.LEFT_BREAKOUT:
            return moment(event, "leave_time")
        case _:
            return None


def _mark(session_id: SessionId, event: IncomingEvent) -> Mark | None:
    name = _text(event, "user_name")
    if event.kind in SHARING:
        kind, on, key = MarkKind.SHARING, SHARING[event.kind], _text(event, "parent_user_id") or _text(event, "user_id")
    elif event.kind in EARLY:
        kind, on, key = MarkKind.EARLY, EARLY[event.kind], _text(event, "participant_id") or name
    else:
        return None
    at = happened_at(moment(event, "date_time"), event.at)
    return mark(session_id, kind, key, on=on, at=at, name=name) if key else None


def _text(event: IncomingEvent, name: str) -> str:
    said = event.facts.get(name)
    return said if isinstance(said, str) else ""
