"""What moderators are alerted to while a call runs: decided from who is in it and from what they were told already, so that each is told once."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from bot.domain.meeting import Door
from bot.domain.room import RoomView
from bot.domain.room_signs import OURS, look_alikes, same_names, sharing, unexpected_hosts, waiting_since
from bot.domain.roster import OVERLAP_BORNE, Place, Seat, SeatKind
from bot.domain.values import InviteId, ParticipantId

WAIT_BORNE = timedelta(seconds=60)
"""How long people who may come in wait before moderators hear of it."""
HOST_BORNE = timedelta(seconds=60)
"""How long a call may go without anybody who has host rights."""
AGAIN_AFTER = timedelta(minutes=5)
"""How long a concern about nobody in particular must have been over before it is told anew."""

_A_MOMENT = timedelta(milliseconds=1)
_MAY_ENTER = OURS | {SeatKind.UNIDENTIFIED}


class Concern(Enum):
    """What may be wrong, gravest first."""

    EMERGENCY = "emergency"
    """A moderator pressed Emergency."""
    INTRUDER = "intruder"
    """Somebody who is not on the list is in the call."""
    TWICE = "twice"
    """Two seats hold one person's link."""
    SAME_NAME = "same_name"
    """Two people show one name."""
    LOOKALIKE = "lookalike"
    """Somebody's name can be taken for that of a person who is there."""
    RIGHTS = "rights"
    """Somebody who is no named host has host rights."""
    SHARING = "sharing"
    """Somebody shares who was not expected to."""
    STRANGER = "stranger"
    """Somebody who is not on the list waits to be let in."""
    NO_HOST = "no_host"
    WAITING = "waiting"
    """People who may come in have waited for long."""


CALLS = frozenset({Concern.EMERGENCY, Concern.INTRUDER})
"""For these the on-call role is mentioned, at most once a minute."""
_ABOUT_NOBODY = frozenset({Concern.NO_HOST, Concern.WAITING})
GRAVITY = {concern: rank for rank, concern in enumerate(Concern)}


class Answer(Enum):
    """What a member said when asked whether a second seat under their name is theirs."""

    MINE_ALONE = "mine_alone"
    """They are there, in one seat."""
    BOTH = "both"
    """Both seats are theirs, on two devices."""
    NOT_THERE = "not_there"


class Asked(Enum):
    """Whether the member whose name two people show could be asked in private."""

    NOT = "not"
    YES = "yes"
    CLOSED = "closed"
    """They take no direct messages from the bot."""


@dataclass(frozen=True, slots=True)
class Found:
    """A concern that holds now. `key` is the same for the same thing in one session; `who` are those it is about."""

    concern: Concern
    key: str
    who: tuple[ParticipantId, ...] = ()


@dataclass(frozen=True, slots=True)
class Raised:
    """A concern that moderators were told of. `over_at` is when it held no longer."""

    concern: Concern
    key: str
    who: tuple[ParticipantId, ...]
    at: datetime
    over_at: datetime | None = None
    asked: Asked = Asked.NOT
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What follows for the moderators: concerns to tell of, and earlier ones that changed (over, or about others by now)."""

    new: tuple[Raised, ...] = ()
    changed: tuple[Raised, ...] = ()


def concerns(room: RoomView) -> tuple[Found, ...]:
    """Everything that holds at the moment of the view, gravest first."""
    if not room.heard or not room.session.live:
        return ()
    checks = (_strangers, _twice, _same_names, _lookalikes, _rights, _sharing, _no_host)
    found = [each for check in checks for each in check(room)]
    doubtful = {who for each in found if each.concern is Concern.SAME_NAME for who in each.who}
    found += _waiting(room, doubtful)
    return tuple(sorted(found, key=lambda each: GRAVITY[each.concern]))


def doubtful_names(room: RoomView) -> frozenset[ParticipantId]:
    """Those who wait or sit under a name that somebody else shows too: nobody of them is admitted before it is clear who is who."""
    return frozenset(who for each in _same_names(room) for who in each.who)


def told(found: Iterable[Found], raised: Iterable[Raised], now: datetime) -> Told:
    """What is new and what has changed since. Asking again with the answer taken in gives nothing."""
    holding = {each.key: each for each in found}
    known = {each.key: each for each in raised}
    new = [Raised(f.concern, f.key, f.who, now) for f in holding.values() if _is_new(f, known.get(f.key), now)]
    fresh = {each.key for each in new}
    changed = [
        _brought_up_to_date(each, holding.get(each.key), now) for each in known.values() if each.key not in fresh
    ]
    return Told(tuple(new), tuple(each for each in changed if each != known[each.key]))


def next_look(room: RoomView) -> datetime | None:
    """When something may hold that does not hold yet, although nobody comes or goes; None: not by time alone."""
    moments = [seat.participant.since + WAIT_BORNE for seat in _may_be_let_in(room, timedelta())]
    moments += [second + OVERLAP_BORNE + _A_MOMENT for second in _second_seats(room)]
    since = _without_host_since(room)
    moments += [since + HOST_BORNE] if since is not None else []
    return min((moment for moment in moments if moment > room.at), default=None)


def _is_new(found: Found, known: Raised | None, now: datetime) -> bool:
    if known is None:
        return True
    over = known.over_at
    return found.concern in _ABOUT_NOBODY and over is not None and now - over >= AGAIN_AFTER


def _brought_up_to_date(known: Raised, found: Found | None, now: datetime) -> Raised:
    if found is None:
        return known if known.over_at is not None else replace(known, over_at=now)
    if known.over_at is not None and found.concern in _ABOUT_NOBODY:
        return known
    who = known.who if found.concern is Concern.WAITING else found.who
    return replace(known, who=who, over_at=None)


def _strangers(room: RoomView) -> Iterator[Found]:
    for seat in room.seats:
        if seat.here and seat.kind is SeatKind.UNKNOWN:
            inside = seat.participant.place is Place.IN
            yield _about(Concern.INTRUDER if inside else Concern.STRANGER, seat)


def _twice(room: RoomView) -> Iterator[Found]:
    by_invite: dict[InviteId, list[Seat]] = defaultdict(list)
    for seat in room.seats:
        if seat.here and seat.kind is SeatKind.DUPLICATE and seat.invite_id is not None:
            by_invite[seat.invite_id].append(seat)
    for invite, held in by_invite.items():
        yield Found(Concern.TWICE, f"twice:{invite}", _ids(held))


def _same_names(room: RoomView) -> Iterator[Found]:
    """One of them at least is somebody the community knows; that strangers share a name ("iPhone") is no concern of its own."""
    for named in same_names(room.seats):
        holders = {seat.invite_id for seat in named if seat.kind in (SeatKind.KNOWN, SeatKind.DUPLICATE)}
        one_link = len(holders) == 1 and all(seat.invite_id in holders for seat in named)
        if not one_link and any(seat.kind in OURS for seat in named):
            digest = hashlib.sha256(named[0].participant.name.strip().encode()).hexdigest()
            yield Found(Concern.SAME_NAME, f"name:{digest[:24]}", _ids(named))


def _lookalikes(room: RoomView) -> Iterator[Found]:
    """Of those only who are taken for somebody the community knows."""
    for pair in look_alikes(room.seats):
        if pair.of.kind in OURS and pair.who.kind is not SeatKind.DUPLICATE:
            who, of = pair.who.participant.participant_uuid, pair.of.participant.participant_uuid
            yield Found(Concern.LOOKALIKE, f"like:{who}", (who, of))


def _rights(room: RoomView) -> Iterator[Found]:
    return (_about(Concern.RIGHTS, seat) for seat in unexpected_hosts(room.seats))


def _sharing(room: RoomView) -> Iterator[Found]:
    hosts_alone = room.meeting.settings.host_only_share_demanded
    for seat in sharing(room.seats):
        if seat.here and not seat.host_rights and (hosts_alone or seat.kind not in OURS):
            yield _about(Concern.SHARING, seat)


def _no_host(room: RoomView) -> Iterator[Found]:
    since = _without_host_since(room)
    if since is not None and room.at - since >= HOST_BORNE:
        yield Found(Concern.NO_HOST, "no_host")


def _without_host_since(room: RoomView) -> datetime | None:
    """Since when nobody with host rights has been in, while others are there or wait; None if somebody is."""
    if not room.heard or not any(seat.here for seat in room.seats) or any(seat.host_rights for seat in room.inside):
        return None
    left = [seat.participant.since for seat in room.seats if seat.host_rights and not seat.here]
    return max([room.session.started_at or room.at, *left])


def _waiting(room: RoomView, doubtful: Collection[ParticipantId]) -> Iterator[Found]:
    long = [seat for seat in _may_be_let_in(room, WAIT_BORNE) if seat.participant.participant_uuid not in doubtful]
    if long:
        yield Found(Concern.WAITING, "waiting", _ids(long))


def _may_be_let_in(room: RoomView, at_least: timedelta) -> Sequence[Seat]:
    """Those who wait and could be admitted; behind a closed door waiting is what is wanted."""
    if room.meeting.door is Door.CLOSED:
        return ()
    return [seat for seat in waiting_since(room, at_least, room.at) if seat.kind in _MAY_ENTER]


def _second_seats(room: RoomView) -> Iterator[datetime]:
    """When the second seat of each invite with several began."""
    since: Mapping[InviteId, list[datetime]] = defaultdict(list)
    for seat in room.seats:
        if seat.here and seat.kind is SeatKind.KNOWN and seat.invite_id is not None:
            since[seat.invite_id].append(seat.participant.since)
    return (sorted(moments)[1] for moments in since.values() if len(moments) > 1)


def _ids(seats: Iterable[Seat]) -> tuple[ParticipantId, ...]:
    return tuple(sorted(seat.participant.participant_uuid for seat in seats))


def _about(concern: Concern, seat: Seat) -> Found:
    who = seat.participant.participant_uuid
    return Found(concern, f"{concern.value}:{who}", (who,))
