"""What moderators should notice in a live call. Each is a fact of the call as it is; whether and how often it is told is decided elsewhere."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.likeness import skeleton, without_tag
from bot.domain.room import RoomView
from bot.domain.roster import Role, Seat, SeatKind

OURS = frozenset({SeatKind.KNOWN, SeatKind.HOST, SeatKind.GUEST})
"""Seats of people who may be in the call. A `duplicate` is none: one of the two is somebody else."""


@dataclass(frozen=True, slots=True)
class LookAlike:
    """Somebody whose name can be taken for another's. `of` was there before, or belongs here."""

    who: Seat
    of: Seat


def same_names(seats: Sequence[Seat]) -> tuple[tuple[Seat, ...], ...]:
    """People who wait or are in the call under exactly the same shown name, two or more at a time, the first to come first."""
    groups: dict[str, list[Seat]] = defaultdict(list)
    for seat in _arrived(seats):
        name = unicodedata.normalize("NFC", seat.participant.name).strip()
        if name:
            groups[name].append(seat)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def look_alikes(seats: Sequence[Seat]) -> tuple[LookAlike, ...]:
    """People whose name differs from that of somebody here only to a careful eye, or lacks the tag it should have. Each once.

    Nobody who may be here is called a look-alike of anybody: two members may both be called Ana, and their tags tell them apart.
    """
    here = _arrived(seats)
    owners: dict[str, Seat] = {}
    for seat in sorted(here, key=lambda seat: seat.kind not in OURS):
        bare = skeleton(without_tag(seat.participant.name)) if seat.kind in OURS else ""
        for sign in filter(None, (skeleton(seat.participant.name), bare)):
            owners.setdefault(sign, seat)
    return tuple(
        LookAlike(seat, owner)
        for seat in here
        if seat.kind not in OURS
        and (owner := _first(owners, seat)) is not None
        and owner.participant.name != seat.participant.name
    )


def _first(owners: Mapping[str, Seat], seat: Seat) -> Seat | None:
    """Whose name this is like: as it stands, or without the tag that somebody made up."""
    name = seat.participant.name
    found = (owners.get(sign) for sign in (skeleton(name), skeleton(without_tag(name))))
    return next((owner for owner in found if owner is not None and owner is not seat), None)


def nobody_hosts(view: RoomView) -> bool:
    """People are in the call, and none of them can admit, mute or remove anybody."""
    return bool(view.inside) and not any(seat.host_rights for seat in view.inside)


def unexpected_hosts(seats: Sequence[Seat]) -> tuple[Seat, ...]:
    """Those in the call whom somebody made host or co-host though they are neither the planned host nor an alternative one."""
    return tuple(
        seat
        for seat in seats
        if seat.here
        and seat.kind is not SeatKind.HOST
        and seat.participant.role_told
        and seat.participant.role is not Role.ATTENDEE
    )


def sharing(seats: Sequence[Seat]) -> tuple[Seat, ...]:
    """Who shares a screen."""
    return tuple(seat for seat in seats if seat.participant.sharing)


def waiting_since(view: RoomView, at_least: timedelta, now: datetime) -> tuple[Seat, ...]:
    """Who has been in the waiting room for so long, the longest first."""
    long = [seat for seat in view.waiting if now - seat.participant.since >= at_least]
    return tuple(sorted(long, key=lambda seat: (seat.participant.since, seat.participant.participant_uuid)))


def _arrived(seats: Sequence[Seat]) -> list[Seat]:
    """Those who are here, the first to come first; without telephones, which bear their owner's name."""
    here = [seat for seat in seats if seat.here and seat.participant.bound_to is None]
    return sorted(here, key=lambda seat: (seat.participant.first_seen, seat.participant.participant_uuid))
