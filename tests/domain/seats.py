"""People in a call, for tests of what moderators see of it."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.roster import Participant, Place, Role, Seat, SeatKind
from bot.domain.values import InviteId, MemberId, ParticipantId, SessionId
from tests.domain.people import NOW

SESSION = SessionId("4444AAAiAAAAAiAiAiiAii==")
_MEMBERS = {SeatKind.KNOWN: 42, SeatKind.HOST: 40, SeatKind.DUPLICATE: 42}


def seat(
    name: str,
    kind: SeatKind = SeatKind.KNOWN,
    place: Place = Place.IN,
    *,
    uuid: str = "",
    minutes: float | None = None,
    role: Role | None = None,
    sharing: bool = False,
    invite: str | None = None,
    member: int | None = None,
    bound_to: ParticipantId | None = None,
) -> Seat:
    """Somebody who has been there for `minutes` (waiting: half of one); a member's invite is their own unless said otherwise."""
    unique = uuid or (name if kind is SeatKind.KNOWN else f"{name}-{kind.value}-{place.value}")
    here_for = minutes if minutes is not None else 0.5 if place is Place.WAITING else 5
    since = NOW - timedelta(minutes=here_for)
    who = Participant(
        SESSION,
        ParticipantId(unique),
        name=name,
        place=place,
        role=role or Role.ATTENDEE,
        role_told=role is not None,
        sharing=sharing,
        first_seen=since,
        since=since,
        joined_at=since if place is not Place.WAITING else None,
        left_at=since if place is Place.GONE else None,
        bound_to=bound_to,
    )
    member_id = member if member is not None else _MEMBERS.get(kind)
    invite_id = InviteId(invite or f"invite-{unique}") if kind in (SeatKind.KNOWN, SeatKind.DUPLICATE) else None
    return Seat(who, kind, None if member_id is None else MemberId(member_id), invite_id=invite_id)
