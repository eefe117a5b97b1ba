"""What a closed door does about each person by itself.

It acts on `unknown` seats alone. Personal links tell members from strangers, so removing strangers is safe also where the waiting room is on:
somebody admitted them by mistake or was deceived.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bot.domain.containment import Capabilities, Door
from bot.domain.plans import removable_unasked
from bot.domain.roster import Place, Seat, SeatKind
from bot.domain.values import ParticipantId


class Duty(Enum):
    """What follows from one person's presence while the door is closed."""

    NOTHING = "nothing"
    PUT_OUT = "put_out"
    ALARM = "alarm"
    """Not on the list and not removed by us: Zoom does not let us, or they have host rights. A person has to act."""
    DO_NOT_ADMIT = "do_not_admit"
    """Waiting and not on the list."""
    MENTION = "mention"
    """On the list and came in although the door is closed: stays, and the moderators are told."""


@dataclass(frozen=True, slots=True)
class Closing:
    """What the door was closed on.

    Args:
        at: when it was closed.
        inside: strangers who were in already. They are not put out by themselves: that is what Remove and Emergency are for.
        tried: whom a removal was sent for already, whatever came of it.
        cancelled: participants who came by a link that was valid until this closing made it void: members who were on their way.
    """

    at: datetime
    inside: frozenset[ParticipantId] = frozenset()
    tried: frozenset[ParticipantId] = frozenset()
    cancelled: frozenset[ParticipantId] = frozenset()


def duty(seat: Seat, door: Door, can: Capabilities, closing: Closing) -> Duty:
    """What is to be done about this person now. People in the waiting room and hosts are never put out."""
    who = seat.participant
    if door is Door.OPEN or not seat.here or seat.kind in (SeatKind.HOST, SeatKind.UNIDENTIFIED):
        return Duty.NOTHING
    stranger = seat.kind is SeatKind.UNKNOWN and who.participant_uuid not in closing.cancelled
    if who.place is Place.WAITING:
        return Duty.DO_NOT_ADMIT if stranger else Duty.NOTHING
    if not stranger:
        return Duty.MENTION if who.since >= closing.at else Duty.NOTHING
    if who.participant_uuid in closing.inside or who.participant_uuid in closing.tried:
        return Duty.NOTHING
    return Duty.PUT_OUT if can.may_remove and removable_unasked(seat) else Duty.ALARM


def to_put_out(seats: Iterable[Seat], door: Door, can: Capabilities, closing: Closing) -> tuple[Seat, ...]:
    """Whom the closed door puts out now, newest first."""
    found = [seat for seat in seats if duty(seat, door, can, closing) is Duty.PUT_OUT]
    return tuple(sorted(found, key=lambda seat: seat.participant.since, reverse=True))


def strangers_inside(seats: Iterable[Seat]) -> frozenset[ParticipantId]:
    """Who is in and not on the list at the moment the door is closed."""
    return frozenset(
        seat.participant.participant_uuid
        for seat in seats
        if seat.participant.place is Place.IN and seat.kind is SeatKind.UNKNOWN
    )
