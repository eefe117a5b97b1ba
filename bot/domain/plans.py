"""What is to be done about a meeting: pure functions of what can be done and who is in. The order of the steps is the order in which they start."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.containment import Capabilities, Step, StepKind
from bot.domain.roster import Place, Role, Seat, SeatKind
from bot.domain.values import MemberId, ParticipantId


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of an act, and those about whom only a person decides.

    Args:
        held_back: not on the list, but with host rights or beyond the reach of Zoom's call: the moderator decides about each.
        pick_list: nobody can match them; newest first, for the moderator to choose from.
    """

    steps: tuple[Step, ...]
    held_back: tuple[ParticipantId, ...] = ()
    pick_list: tuple[ParticipantId, ...] = ()


def plan_lock(can: Capabilities) -> Plan:
    """Close the door. The links nobody has used yet go last: nothing waits for them."""
    room = (Step(StepKind.LOCK_ROOM),) if can.lock else ()
    return Plan((Step(StepKind.CLOSE_DOOR), *room, Step(StepKind.READ_BACK), Step(StepKind.CANCEL_UNUSED)))


def plan_unlock(can: Capabilities) -> Plan:
    """Open the door. Nothing is approved again: whoever presses gets a link of a new generation."""
    room = (Step(StepKind.LOCK_ROOM),) if can.lock else ()
    return Plan((Step(StepKind.OPEN_DOOR), *room))


def plan_end() -> Plan:
    """End it for everyone first of all; then see to it that nobody comes back by an old link."""
    return Plan((Step(StepKind.END), Step(StepKind.CLOSE_DOOR), Step(StepKind.CANCEL_UNUSED)))


def plan_remove(seat: Seat) -> Plan:
    """Put one person out for this meeting: out of the room, their link void, no new one.

    Somebody in the waiting room is not removed by us: the host simply does not admit them, and their link is void.
    """
    steps = [_removal(seat)] if seat.participant.place is Place.IN and seat.participant.addressable else []
    return Plan((*steps, *_voiding(seat, bar=True)))


def plan_remove_member(member_id: MemberId, seats: Iterable[Seat]) -> Plan:
    """The same by member: whoever is in by their link goes, and they get no new one, whether they are in or not."""
    theirs = [seat for seat in seats if seat.member_id == member_id and seat.here]
    steps = [step for seat in theirs for step in plan_remove(seat).steps]
    if not any(step.kind is StepKind.REVOKE_INVITE for step in steps):
        steps.append(Step(StepKind.REVOKE_INVITE, member_id=member_id))
    return Plan(_once([*steps, Step(StepKind.BAR_MEMBER, member_id=member_id)]))


def plan_undo(member_id: MemberId) -> Plan:
    """Let a member who was removed by mistake get a link again."""
    return Plan((Step(StepKind.LIFT_BAR, member_id=member_id),))


def plan_accept(seat: Seat) -> Plan:
    """Take somebody in the room or the waiting room for a guest."""
    return Plan((Step(StepKind.ACCEPT_GUEST, participant=seat.participant.participant_uuid),))


def plan_emergency(can: Capabilities, seats: Sequence[Seat], *, registration: bool) -> Plan:
    """Door closed; every stranger out, newest first; then both sides of every doubled link, and the link; unused links last.

    Without registration nobody can be told apart, so nobody is removed by the bulk: the moderator gets a list to pick from, and End.
    """
    inside = sorted(
        (seat for seat in seats if seat.participant.place is Place.IN),
        key=lambda seat: seat.participant.since,
        reverse=True,
    )
    room = (Step(StepKind.LOCK_ROOM),) if can.lock else ()
    first, last = (Step(StepKind.CLOSE_DOOR), *room), (Step(StepKind.READ_BACK), Step(StepKind.CANCEL_UNUSED))
    if not registration:
        unmatched = [seat for seat in inside if seat.kind is SeatKind.UNIDENTIFIED]
        return Plan((*first, *last), pick_list=_ids(unmatched))
    strangers = [seat for seat in inside if seat.kind is SeatKind.UNKNOWN]
    doubled = [seat for seat in inside if seat.kind is SeatKind.DUPLICATE]
    removals = [_removal(seat) for seat in (*strangers, *doubled) if removable_unasked(seat)]
    voids = [step for seat in seats if seat.kind is SeatKind.DUPLICATE for step in _voiding(seat, bar=False)]
    held_back = _ids(seat for seat in (*strangers, *doubled) if not removable_unasked(seat))
    return Plan(_once([*first, *removals, *voids, *last]), held_back)


def plan_put_out(seats: Iterable[Seat]) -> Plan:
    """What the closed door does by itself to these seats (`sentinel.decide`)."""
    return Plan(tuple(_removal(seat) for seat in seats))


def removable_unasked(seat: Seat) -> bool:
    """Whether nobody has to be asked once more: not with host rights, and within the reach of Zoom's call."""
    return not needs_second_confirmation(seat) and seat.participant.addressable


def needs_second_confirmation(seat: Seat) -> bool:
    """Hosts and co-hosts: putting them out may leave the room without anybody who can act in it."""
    return seat.kind is SeatKind.HOST or seat.host_rights or seat.participant.role is not Role.ATTENDEE


def _removal(seat: Seat) -> Step:
    return Step(
        StepKind.REMOVE,
        participant=seat.participant.participant_uuid,
        member_id=seat.member_id,
        invite_id=seat.invite_id,
    )


def _voiding(seat: Seat, *, bar: bool) -> Sequence[Step]:
    """Their link goes; with `bar` they get no new one. A link that is void already needs nothing."""
    steps = []
    has_link = seat.invite_id is not None or seat.guest_id is not None
    if has_link and seat.kind is not SeatKind.UNKNOWN:
        steps.append(
            Step(
                StepKind.REVOKE_INVITE,
                member_id=seat.member_id,
                invite_id=seat.invite_id,
                guest_id=seat.guest_id,
            )
        )
    if bar and seat.member_id is not None:
        steps.append(Step(StepKind.BAR_MEMBER, member_id=seat.member_id))
    return steps


def _ids(seats: Iterable[Seat]) -> tuple[ParticipantId, ...]:
    return tuple(seat.participant.participant_uuid for seat in seats)


def _once(steps: Iterable[Step]) -> tuple[Step, ...]:
    return tuple({step.key: step for step in steps}.values())
