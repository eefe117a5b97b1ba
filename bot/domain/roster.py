"""Who is in the call: the people Zoom reports, each matched with a member, a host, a guest, or nobody.

Presence is a fact from Zoom, never a permission. How the facts are put together from events is in `bot.domain.tracking`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import Enum

from bot.domain.values import GuestId, InviteId, MemberId, ParticipantId, RegistrantId, SessionId, ZoomUserId

OVERLAP_BORNE = timedelta(seconds=30)
"""How long two seats of one invite may overlap: whoever loses the connection is back before Zoom has noticed that they were gone."""
NAMELESS_PREFIX = "user:"
"""Begins our id of somebody whom Zoom named no `participant_uuid` for (a later addition to the events): their `user_id` follows."""


class Place(Enum):
    """Where somebody is."""

    WAITING = "waiting"
    IN = "in"
    """In the meeting or in a breakout room of it."""
    GONE = "gone"


class Role(Enum):
    """What somebody may do in the call. The value is Zoom's word with an underscore."""

    HOST = "host"
    CO_HOST = "co_host"
    ATTENDEE = "attendee"


class SeatKind(Enum):
    """Who somebody is to the community."""

    KNOWN = "known"
    """Holds a current invite."""
    HOST = "host"
    GUEST = "guest"
    """Invited by an organiser, or accepted by a moderator."""
    UNKNOWN = "unknown"
    DUPLICATE = "duplicate"
    """One invite, two seats."""
    UNIDENTIFIED = "unidentified"
    """The meeting has no registration, so nobody can be matched."""


_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody Zoom reports in a session, as they are now.

    `user_id` is new on every join; `zoom_user_id` is there only for people of the host's account who are signed in. `role` is what Zoom last said;
    without `role_told` it said nothing yet: hosts come in without a word about it. `since` is when the present place began, `joined_at` when they
    were first in the call itself. `bound_to` is the participant whose telephone this one is. `left_why` is one of Zoom's documented reasons as a code
    ("removed", "left", "host_ended", ...) or "other".
    """

    session_id: SessionId
    participant_uuid: ParticipantId
    user_id: str = ""
    name: str = ""
    registrant_id: RegistrantId | None = None
    zoom_user_id: ZoomUserId | None = None
    address_hash: str | None = None
    by_phone: bool = False
    place: Place = Place.IN
    role: Role = Role.ATTENDEE
    role_told: bool = False
    sharing: bool = False
    in_breakout: bool = False
    first_seen: datetime = _BEGINNING
    since: datetime = _BEGINNING
    joined_at: datetime | None = None
    left_at: datetime | None = None
    left_why: str | None = None
    bound_to: ParticipantId | None = None

    @property
    def here(self) -> bool:
        """In the meeting or in its waiting room."""
        return self.place is not Place.GONE

    @property
    def addressable(self) -> bool:
        """Whether Zoom can be asked to remove them: it takes a `participant_uuid` and nothing else."""
        return not self.participant_uuid.startswith(NAMELESS_PREFIX)


@dataclass(frozen=True, slots=True)
class Entry:
    """What we know of a registrant of ours: a member's invite or a guest.

    `current` is False for a link that was made void: whoever holds a seat by it is `unknown`, but we know whose it was.
    """

    member_id: MemberId | None = None
    tag: str | None = None
    invite_id: InviteId | None = None
    guest_id: GuestId | None = None
    guest_name: str | None = None
    current: bool = True
    registrant_id: RegistrantId | None = None


@dataclass(frozen=True, slots=True)
class EntryList:
    """Who may be in a call.

    `addresses` are keyed hashes, of several keys if there are several; they matter for a registrant of whom Zoom told by an event before it answered
    our call. `hosts` are the host and the alternative hosts, with the member that is, where known. `accepted` were let in by a moderator.
    """

    registrants: Mapping[RegistrantId, Entry] = field(default_factory=dict)
    addresses: Mapping[str, Entry] = field(default_factory=dict)
    hosts: Mapping[ZoomUserId, MemberId | None] = field(default_factory=dict)
    host_addresses: Mapping[str, ZoomUserId] = field(default_factory=dict)
    accepted: frozenset[ParticipantId] = frozenset()

    def with_entries(self, entries: Iterable[tuple[Entry, Collection[str]]]) -> EntryList:
        """With these, each under its registrant id or, where Zoom has not told us one yet, under the hashes of its address."""
        registrants, addresses = dict(self.registrants), dict(self.addresses)
        for entry, hashes in entries:
            if entry.registrant_id is not None:
                registrants[entry.registrant_id] = entry
            addresses.update(dict.fromkeys(hashes, entry))
        return replace(self, registrants=registrants, addresses=addresses)

    def entry(self, who: Participant) -> Entry | None:
        """The registrant of ours who this is, a void one too."""
        if who.registrant_id is not None and who.registrant_id in self.registrants:
            return self.registrants[who.registrant_id]
        entry = None if who.address_hash is None else self.addresses.get(who.address_hash)
        if entry is None or who.registrant_id is None or entry.registrant_id is None:
            return entry
        return None  # another registrant under the same address

    def host(self, who: Participant) -> ZoomUserId | None:
        """Which host this is. An address counts only where nobody could have typed it into a registration."""
        if who.zoom_user_id is not None and who.zoom_user_id in self.hosts:
            return who.zoom_user_id
        if who.registrant_id is None and who.address_hash is not None:
            return self.host_addresses.get(who.address_hash)
        return None


@dataclass(frozen=True, slots=True)
class Seat:
    """A participant matched with our people. `tag`, `invite_id` and `member_id` of an `unknown` one are those of the void link they came by."""

    participant: Participant
    kind: SeatKind
    member_id: MemberId | None = None
    tag: str | None = None
    invite_id: InviteId | None = None
    guest_name: str | None = None
    guest_id: GuestId | None = None

    @property
    def here(self) -> bool:
        """In the meeting or in its waiting room."""
        return self.participant.here

    @property
    def host_rights(self) -> bool:
        """Whether they can admit, mute and remove: what Zoom said last; where it said nothing, hosts have them."""
        if self.participant.role_told:
            return self.participant.role is not Role.ATTENDEE
        return self.kind is SeatKind.HOST


def seats(
    participants: Iterable[Participant], entry_list: EntryList, *, registration: bool, now: datetime
) -> tuple[Seat, ...]:
    """Everybody matched, whoever came last first. The same people in any order give the same seats.

    Args:
        registration: the meeting has personal links; without them nobody but hosts and accepted guests can be told apart.
    """
    people = _once_each(participants)
    matched = {each.participant_uuid: _seat(each, entry_list, registration) for each in people}
    for each in people:
        owner = None if each.bound_to is None else matched.get(each.bound_to)
        if owner is not None and owner.participant is not each:
            matched[each.participant_uuid] = replace(owner, participant=each)  # a telephone is who its owner is
    doubled = _doubled([seat for seat in matched.values() if seat.participant.bound_to is None], now)
    found = (
        replace(seat, kind=SeatKind.DUPLICATE) if seat.here and _link(seat) in doubled else seat
        for seat in matched.values()
    )
    return tuple(sorted(found, key=_newest_first))


def _newest_first(seat: Seat) -> tuple[float, str]:
    return -seat.participant.since.timestamp(), seat.participant.participant_uuid


def _once_each(participants: Iterable[Participant]) -> Sequence[Participant]:
    """Without those whom some events named by `participant_uuid` and others did not, the second time."""
    everybody = list(participants)
    named = {each.user_id for each in everybody if each.addressable and each.user_id}
    return [each for each in everybody if each.addressable or each.user_id not in named]


def _seat(who: Participant, entry_list: EntryList, registration: bool) -> Seat:
    entry = entry_list.entry(who)
    host = entry_list.host(who)
    if host is not None:
        member = entry_list.hosts.get(host)
        return Seat(who, SeatKind.HOST, member if entry is None or member is not None else entry.member_id)
    if who.participant_uuid in entry_list.accepted:
        return Seat(who, SeatKind.GUEST, guest_name=who.name)
    if not registration:
        return Seat(who, SeatKind.UNIDENTIFIED)
    if entry is None:
        return Seat(who, SeatKind.UNKNOWN)
    kind = SeatKind.KNOWN if entry.guest_id is None else SeatKind.GUEST
    return Seat(
        who,
        kind if entry.current else SeatKind.UNKNOWN,
        entry.member_id,
        entry.tag,
        entry.invite_id,
        entry.guest_name,
        entry.guest_id,
    )


def _link(seat: Seat) -> InviteId | GuestId | None:
    """The personal link somebody is here by; None where it is void or there is none."""
    return (seat.invite_id or seat.guest_id) if seat.kind in (SeatKind.KNOWN, SeatKind.GUEST) else None


def _doubled(matched: Sequence[Seat], now: datetime) -> frozenset[InviteId | GuestId]:
    """The links with two seats at this moment that have overlapped for longer than is borne. Waiting counts: being admitted begins nothing anew."""
    arrivals: dict[InviteId | GuestId, list[datetime]] = defaultdict(list)
    for seat in matched:
        link = _link(seat)
        if link is not None and seat.here:
            arrivals[link].append(seat.participant.first_seen)
    return frozenset(link for link, seen in arrivals.items() if len(seen) > 1 and now - sorted(seen)[1] > OVERLAP_BORNE)
