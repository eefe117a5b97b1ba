"""What moderators see of a live call: who is in and who waits, the door, what can be done. Pure: drawn from the room as it is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.concerns import Raised
from bot.domain.containment import Act, Capabilities
from bot.domain.meeting import Meeting
from bot.domain.room import Hearing, RoomView
from bot.domain.roster import Seat, SeatKind
from bot.domain.values import AlertId, MemberId, ParticipantId
from bot.domain.verdict import DoorWords

FIRST_EVENT_WITHIN = timedelta(seconds=90)
"""How long after a session's start the first event about somebody may take before it is said that none comes."""
LOOK_TWICE = (SeatKind.UNKNOWN, SeatKind.DUPLICATE)


@dataclass(frozen=True, slots=True)
class PanelView:
    """One session as the panel shows it.

    Args:
        acts: of this session, newest first.
        door_words: what a closed door means, in words for the moderator and the host.
        hidden: why no name may stand in this channel, as a whole sentence; "" where names may.
    """

    room: RoomView
    capabilities: Capabilities = field(default_factory=Capabilities)
    acts: tuple[Act, ...] = ()
    door_words: DoorWords | None = None
    hidden: str = ""

    @property
    def meeting(self) -> Meeting:
        """The meeting as it is kept."""
        return self.room.meeting

    @property
    def over(self) -> bool:
        """The session has ended."""
        return self.room.session.ended_at is not None

    @property
    def began(self) -> datetime:
        """When the session began, as far as is known."""
        return self.room.session.started_at or self.room.at

    @property
    def too_early(self) -> bool:
        """Nobody was reported, but the call has only just begun."""
        return self.room.hearing is Hearing.NOT_THIS_CALL and self.room.at - self.began < FIRST_EVENT_WITHIN

    @property
    def inside(self) -> tuple[Seat, ...]:
        """In the call: those to look at twice first, then whoever came last first."""
        return ordered(self.room.inside)

    @property
    def waiting(self) -> tuple[Seat, ...]:
        """In the waiting room, in the same order."""
        return ordered(self.room.waiting)

    @property
    def to_choose(self) -> tuple[Seat, ...]:
        """Everybody here in the order of the menu: unknown, duplicate, newest, wherever they are. People with host rights come last."""
        here = [seat for seat in self.room.seats if seat.participant.here]
        return tuple(sorted(here, key=lambda seat: (seat.host_rights, *_order(seat))))


def ordered(found: Iterable[Seat]) -> tuple[Seat, ...]:
    """Unknown, then duplicate, then whoever came last first."""
    return tuple(sorted(found, key=_order))


def _order(seat: Seat) -> tuple[int, float, str]:
    rank = LOOK_TWICE.index(seat.kind) if seat.kind in LOOK_TWICE else len(LOOK_TWICE)
    return rank, -seat.participant.since.timestamp(), seat.participant.participant_uuid


@dataclass(frozen=True, slots=True)
class Summary:
    """What a session was, in numbers."""

    lasted: timedelta | None
    members: int
    guests: int
    hosts: int
    strangers: int
    strangers_in: int
    unidentified: int


def summary(room: RoomView) -> Summary:
    """People are counted once, however often they came: members by their link, others by their stay, because nothing else is known of them.

    Whoever came by a link that is void now counts as the member it was made for: it may have become void only because they were removed.
    """
    people: dict[tuple[SeatKind, object], bool] = {}
    for seat in room.seats:
        by_void_link = seat.kind is SeatKind.UNKNOWN and seat.member_id is not None
        kind = SeatKind.KNOWN if seat.kind is SeatKind.DUPLICATE or by_void_link else seat.kind
        by_link = seat.member_id if kind in (SeatKind.KNOWN, SeatKind.HOST) else seat.guest_name
        who = (kind, by_link or seat.participant.participant_uuid)
        people[who] = people.get(who, False) or seat.participant.joined_at is not None
    count = Counter(kind for kind, _ in people)
    began, ended = room.session.started_at, room.session.ended_at
    return Summary(
        lasted=ended - began if began is not None and ended is not None else None,
        members=count[SeatKind.KNOWN],
        guests=count[SeatKind.GUEST],
        hosts=count[SeatKind.HOST],
        strangers=count[SeatKind.UNKNOWN],
        strangers_in=sum(entered for (kind, _), entered in people.items() if kind is SeatKind.UNKNOWN),
        unidentified=count[SeatKind.UNIDENTIFIED],
    )


def owner_of(seats: Sequence[Seat]) -> MemberId | None:
    """The member whose name several people show: the one who came by their own link, or signed in as the host."""
    theirs = (SeatKind.KNOWN, SeatKind.DUPLICATE, SeatKind.HOST)
    return next((seat.member_id for seat in seats if seat.kind in theirs and seat.member_id is not None), None)


@dataclass(frozen=True, slots=True)
class RoomNotice:
    """One message about one or several concerns. `people` are the seats they are about, those who left too."""

    message: AlertId
    meeting: Meeting
    raised: tuple[Raised, ...]
    people: Mapping[ParticipantId, Seat]
    may_remove: bool = True
    hidden: bool = False
    """No name may stand in the channel."""
    over: bool = False
    """The session is over: nothing can be pressed any more."""
