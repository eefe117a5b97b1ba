"""From events to the roster: for each participant one last-writer register a fact.

A register keeps the value with the highest (moment, rank); ranks order what Zoom reports of the same moment as it happens in a call. Merging takes
the higher of each, so it does not matter in which order events come, how often, or in how many parts they were put together: the roster is the same.

What Zoom promises of order and repetition is nothing (https://developers.zoom.us/docs/api/webhooks/).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import TypeVar

from bot.domain.roster import Participant, Place, Role
from bot.domain.values import ParticipantId, RegistrantId, SessionId, ZoomUserId

_Id = TypeVar("_Id", bound=str)


class Happening(Enum):
    """What is reported of somebody. The order is the rank: of one moment, what stands further down came later."""

    WAITS = "waits"
    LEFT_WAITING_ROOM = "left_waiting_room"
    """Went away or was refused, or was admitted: the event does not say."""
    ADMITTED = "admitted"
    JOINED = "joined"
    ROLE = "role"
    BOUND = "bound"
    JOINED_BREAKOUT = "joined_breakout"
    LEFT_BREAKOUT = "left_breakout"
    PUT_BACK = "put_back"
    """From the call into the waiting room."""
    LEFT = "left"
    SESSION_OVER = "session_over"

    @property
    def rank(self) -> int:
        """Its place among what happened in the same moment."""
        return _RANKS[self]


_RANKS = {happening: rank for rank, happening in enumerate(Happening)}


@dataclass(frozen=True, slots=True)
class Said:
    """A value, when it became so and with what rank. Of two the later holds; of equals the greater text, so that it is always the same one."""

    value: str
    at: datetime
    rank: int = 0

    def or_later(self, other: Said | None) -> Said:
        """The one that holds."""
        return self if other is None or self._order() >= other._order() else other

    def _order(self) -> tuple[datetime, int, str]:
        return self.at, self.rank, self.value


Registers = Mapping[str, Said]

_IN, _ON, _OFF = "in", "on", "off"
"""`room` is "in" or why somebody left it, the other switches are "on" or "off"."""
_ENTERS = frozenset({Happening.ADMITTED, Happening.JOINED, Happening.JOINED_BREAKOUT})
_WAITING_ENDS_TOO = frozenset({"left_waiting_room", "removed_from_waiting_room"})
"""Reasons to have "left the meeting" that mean its waiting room."""
_SESSION_ENDS_TOO = frozenset({"host_ended", "host_closed", "minutes_used_up", "no_host", "host_started_another"})


@dataclass(frozen=True, slots=True)
class Track:
    """What is known of one participant, as registers. Two tracks of the same participant can always be merged."""

    session_id: SessionId
    participant_uuid: ParticipantId
    first_seen: datetime
    joined_at: datetime | None = None
    registers: Registers = field(default_factory=dict)

    def merged(self, other: Track) -> Track:
        """Both together: commutative, associative, and nothing changes by a repeat."""
        return replace(
            self,
            first_seen=min(self.first_seen, other.first_seen),
            joined_at=_earlier(self.joined_at, other.joined_at),
            registers=merged_registers(self.registers, other.registers),
        )

    def participant(self) -> Participant:
        """Who that is, and where they are now."""
        place, since, why = self._place()
        role = self._value("role")
        return Participant(
            session_id=self.session_id,
            participant_uuid=self.participant_uuid,
            user_id=self._value("user_id") or "",
            name=self._value("name") or "",
            registrant_id=_as(RegistrantId, self._value("registrant_id")),
            zoom_user_id=_as(ZoomUserId, self._value("zoom_user_id")),
            address_hash=self._value("address_hash"),
            by_phone=self._value("by_phone") == _ON,
            place=place,
            role=_role(role) or Role.ATTENDEE,
            role_told=_role(role) is not None,
            in_breakout=place is Place.IN and self._value("breakout") == _ON,
            first_seen=self.first_seen,
            since=since,
            joined_at=self.joined_at,
            left_at=since if place is Place.GONE else None,
            left_why=why,
            bound_to=_as(ParticipantId, self._value("bound_to")),
        )

    def closed(self, ended_at: datetime) -> Track:
        """As they are once the session is over, whatever was reported of them: nobody stays in a call that has ended."""
        participant = self.participant()
        if not participant.here:
            return self
        over = Said("host_ended", max(ended_at, participant.since), Happening.SESSION_OVER.rank)
        off = replace(over, value=_OFF)
        return replace(
            self, registers=merged_registers(self.registers, {"room": over, "waiting": off, "breakout": off})
        )

    def _value(self, register: str) -> str | None:
        said = self.registers.get(register)
        return None if said is None else said.value

    def _place(self) -> tuple[Place, datetime, str | None]:
        """Where they are, since when, and why they are gone.

        Somebody in a breakout room is in, even if Zoom reports that they left the main room for it. Somebody of whom only a role or a telephone is
        known is in: only those who are in get one.
        """
        room, waiting, breakout = (self.registers.get(name) for name in ("room", "waiting", "breakout"))
        if room is not None and room.value == _IN:
            return Place.IN, room.at, None
        if breakout is not None and breakout.value == _ON and (room is None or room.at <= breakout.at):
            return Place.IN, breakout.at, None
        if waiting is not None and waiting.value == _ON:
            return Place.WAITING, waiting.at, None
        if waiting is not None and (room is None or (room.at, room.rank) < (waiting.at, waiting.rank)):
            return Place.GONE, waiting.at, "left_waiting_room"
        return (Place.IN, self.first_seen, None) if room is None else (Place.GONE, room.at, room.value)


def merged_registers(ours: Registers, theirs: Registers) -> Registers:
    """The later of each."""
    return {name: said.or_later(ours.get(name)) for name, said in theirs.items()} | {
        name: said.or_later(theirs.get(name)) for name, said in ours.items()
    }


def merged_tracks(tracks: Iterable[Track]) -> dict[ParticipantId, Track]:
    """One for each participant."""
    found: dict[ParticipantId, Track] = {}
    for track in tracks:
        known = found.get(track.participant_uuid)
        found[track.participant_uuid] = track if known is None else known.merged(track)
    return found


@dataclass(frozen=True, slots=True)
class Report:
    """What one event says of one participant; what it does not say is None or "".

    `at` is when it happened, `reason` why somebody left, as a code, `role` Zoom's word, `bound_to` the participant whose telephone this is.
    """

    happening: Happening
    at: datetime
    session_id: SessionId
    participant_uuid: ParticipantId
    user_id: str = ""
    name: str = ""
    registrant_id: str = ""
    zoom_user_id: str = ""
    address_hash: str = ""
    by_phone: bool = False
    reason: str = ""
    role: str = ""
    bound_to: str = ""

    def track(self) -> Track:
        """What is known of the participant by this alone."""
        said = {
            "user_id": self.user_id,
            "name": self.name,
            "registrant_id": self.registrant_id,
            "zoom_user_id": self.zoom_user_id,
            "address_hash": self.address_hash,
            "by_phone": _ON if self.by_phone else "",
            **_CONSEQUENCES[self.happening](self),
        }
        rank = self.happening.rank
        registers = {name: Said(value, self.at, rank) for name, value in said.items() if value}
        joined_at = self.at if self.happening in _ENTERS else None
        return Track(self.session_id, self.participant_uuid, self.at, joined_at, registers)


def _left(report: Report) -> dict[str, str]:
    """Out of the room. Whoever was put into the waiting room may be reported as having left, so waiting goes on unless the reason ends it."""
    why = report.reason or "left"
    ends = why in _WAITING_ENDS_TOO | _SESSION_ENDS_TOO
    return {"room": why, "breakout": _OFF, **({"waiting": _OFF} if ends else {})}


def _left_breakout(report: Report) -> dict[str, str]:
    """Back in the main room, unless the whole session is over."""
    over = report.reason in _SESSION_ENDS_TOO | {"removed"}
    return {"breakout": _OFF, **({"room": report.reason} if over else {})}


_CONSEQUENCES: Mapping[Happening, Callable[[Report], dict[str, str]]] = {
    Happening.WAITS: lambda _: {"waiting": _ON, "room": "waiting"},
    Happening.LEFT_WAITING_ROOM: lambda _: {"waiting": _OFF},
    Happening.ADMITTED: lambda _: {"room": _IN, "waiting": _OFF},
    Happening.JOINED: lambda _: {"room": _IN, "waiting": _OFF, "breakout": _OFF},
    Happening.ROLE: lambda report: {"role": report.role},
    Happening.BOUND: lambda report: {"bound_to": report.bound_to},
    Happening.JOINED_BREAKOUT: lambda _: {"breakout": _ON, "waiting": _OFF},
    Happening.LEFT_BREAKOUT: _left_breakout,
    Happening.PUT_BACK: lambda _: {"waiting": _ON, "room": "waiting", "breakout": _OFF},
    Happening.LEFT: _left,
    Happening.SESSION_OVER: lambda _: {},
}


class MarkKind(Enum):
    """Facts that Zoom reports without saying which participant they are about."""

    SHARING = "sharing"
    """By `user_id`: somebody shares their screen."""
    EARLY = "early"
    """By Zoom user id or shown name: somebody waits for the host to begin (join before host)."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One such fact, as a register of its own."""

    session_id: SessionId
    kind: MarkKind
    key: str
    on: Said
    name: str = ""

    @property
    def is_on(self) -> bool:
        """Whether it holds."""
        return self.on.value == _ON

    def merged(self, other: Mark) -> Mark:
        """Both together: the later."""
        return self if (self.on._order(), self.name) >= (other.on._order(), other.name) else other


def mark(session_id: SessionId, kind: MarkKind, key: str, *, on: bool, at: datetime, name: str = "") -> Mark:
    """What an event says; of one moment the end came after the beginning."""
    return Mark(session_id, kind, key, Said(_ON if on else _OFF, at, 0 if on else 1), name)


def happened_at(said: datetime | None, reported: datetime) -> datetime:
    """When something happened: the second that the event names, made finer by the millisecond of the report where that lies in the same second.

    Zoom may report somebody's leaving long after it happened, and a person may be back by then.
    """
    if said is None:
        return reported
    return min(max(reported, said), said.replace(microsecond=0) + timedelta(seconds=1, microseconds=-1))


def people(tracks: Iterable[Track], marks: Iterable[Mark], *, ended_at: datetime | None) -> tuple[Participant, ...]:
    """Everybody of one session. Once it has ended, nobody is in it."""
    if ended_at is None:
        return with_sharing((track.participant() for track in tracks), marks)
    return tuple(track.closed(ended_at).participant() for track in tracks)


def with_sharing(participants: Iterable[Participant], marks: Iterable[Mark]) -> tuple[Participant, ...]:
    """With who shares joined to them by `user_id`, which is all that Zoom names there."""
    sharing = {each.key for each in marks if each.kind is MarkKind.SHARING and each.is_on}
    return tuple(
        replace(each, sharing=True) if each.place is Place.IN and each.user_id in sharing else each
        for each in participants
    )


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    both = [each for each in (one, other) if each is not None]
    return min(both, default=None)


def _role(word: str | None) -> Role | None:
    return {"host": Role.HOST, "co-host": Role.CO_HOST, "attendee": Role.ATTENDEE}.get((word or "").lower())


def _as(kind: Callable[[str], _Id], value: str | None) -> _Id | None:
    return kind(value) if value else None
