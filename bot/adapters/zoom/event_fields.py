"""Which fields of Zoom's events are kept: an allow-list. What is not named here never gets past the door.

So no `join_url`, `password`, `meeting_url`, PIN, IP address, address book entry, topic or operator is ever kept, nor the account name of whoever
posted a link in public (`post_user`): where it was posted is what moderators need. Fields of the events:
https://developers.zoom.us/docs/api/meetings/events/ . Later additions of Zoom's are left out until somebody names them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from bot.ports import EventKind


class Keep(Enum):
    """How a field is kept."""

    ID = "id"
    """An identifier, as text."""
    NAME = "name"
    """What everyone in the call sees of a person, cut to a sane length."""
    WORD = "word"
    """One of a few words of Zoom's: a role, a state, a platform."""
    MOMENT = "moment"
    """An instant."""
    HASHED = "hashed"
    """An e-mail address, as a keyed hash."""
    GIVEN = "given"
    """Only whether there is one: a phone number."""
    PLACE = "place"
    """The public address where somebody posted a link, as long as it holds no link into a call itself."""
    REASON = "reason"
    """Why somebody left: the part that Zoom documents, without the name it stands beside."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One field: in which object below `payload.object` it stands, Zoom's name for it, under which name and how it is kept."""

    above: tuple[str, ...]
    field: str
    name: str
    how: Keep


def _kept(path: str, how: Keep, name: str = "") -> Kept:
    *above, field = path.split(".")
    return Kept(tuple(above), field, name or field, how)


_WHO = (
    _kept("participant.user_id", Keep.ID),
    _kept("participant.participant_uuid", Keep.ID),
    _kept("participant.participant_user_id", Keep.ID),
    _kept("participant.id", Keep.ID, "participant_id"),
    _kept("participant.registrant_id", Keep.ID),
    _kept("participant.user_name", Keep.NAME),
    _kept("participant.email", Keep.HASHED, "email_hash"),
    _kept("participant.phone_number", Keep.GIVEN, "by_phone"),
    _kept("participant.date_time", Keep.MOMENT),
)
_BREAKOUT = (_kept("breakout_room_uuid", Keep.ID), _kept("participant.parent_user_id", Keep.ID))
_SHARING = (
    *_WHO,
    _kept("participant.sharing_details.content", Keep.WORD),
    _kept("participant.sharing_details.date_time", Keep.MOMENT),
)
_REGISTRANT = (
    _kept("registrant.id", Keep.ID, "registrant_id"),
    _kept("registrant.email", Keep.HASHED, "email_hash"),
    _kept("registrant.status", Keep.WORD),
)
_JOINED = (*_WHO, _kept("participant.join_time", Keep.MOMENT))
_LEFT = (*_WHO, _kept("participant.leave_time", Keep.MOMENT), _kept("participant.leave_reason", Keep.REASON))
_STARTED = (_kept("start_time", Keep.MOMENT),)

FIELDS: Mapping[EventKind, tuple[Kept, ...]] = {
    EventKind.STARTED: _STARTED,
    EventKind.ENDED: (*_STARTED, _kept("end_time", Keep.MOMENT)),
    EventKind.CREATED: (),
    EventKind.UPDATED: (),
    EventKind.DELETED: (),
    EventKind.PERMANENTLY_DELETED: (),
    EventKind.RECOVERED: (),
    EventKind.CONVERTED: (),
    EventKind.ALERT: (),
    EventKind.RISK_ALERT: (
        _kept("armn_details.post_platform", Keep.WORD),
        _kept("armn_details.post_time", Keep.MOMENT),
        _kept("armn_details.social_link", Keep.PLACE),
    ),
    EventKind.REGISTRATION_CREATED: _REGISTRANT,
    EventKind.REGISTRATION_APPROVED: _REGISTRANT,
    EventKind.REGISTRATION_CANCELLED: _REGISTRANT,
    EventKind.REGISTRATION_DENIED: _REGISTRANT,
    EventKind.JOINED: _JOINED,
    EventKind.LEFT: _LEFT,
    EventKind.WAITING: _WHO,
    EventKind.LEFT_WAITING: (*_WHO, _kept("participant.leave_reason", Keep.REASON)),
    EventKind.ADMITTED: _WHO,
    EventKind.PUT_IN_WAITING: _WHO,
    EventKind.ROLE_CHANGED: (
        *_WHO,
        _kept("participant.old_role", Keep.WORD),
        _kept("participant.new_role", Keep.WORD),
    ),
    EventKind.BOUND: (
        *_WHO,
        _kept("participant.bind_user_id", Keep.ID),
        _kept("participant.bind_participant_uuid", Keep.ID),
    ),
    EventKind.WAITING_FOR_HOST: _WHO,
    EventKind.LEFT_WAITING_FOR_HOST: _WHO,
    EventKind.JOINED_BEFORE_HOST: _WHO,
    EventKind.JOINED_BREAKOUT: (*_JOINED, *_BREAKOUT),
    EventKind.LEFT_BREAKOUT: (*_LEFT, *_BREAKOUT),
    EventKind.SHARING_STARTED: _SHARING,
    EventKind.SHARING_ENDED: _SHARING,
    EventKind.BREAKOUT_SHARING_STARTED: (*_SHARING, *_BREAKOUT),
    EventKind.BREAKOUT_SHARING_ENDED: (*_SHARING, *_BREAKOUT),
    EventKind.DEAUTHORIZED: (),
}

LEAVE_REASONS: Mapping[str, str] = {
    "removed by host from waiting room": "removed_from_waiting_room",
    "removed by host": "removed",
    "host ended the meeting": "host_ended",
    "host closed the meeting": "host_closed",
    "host started a new meeting": "host_started_another",
    "host did not join": "no_host",
    "network connection error": "network",
    "exceeded free meeting minutes limit": "minutes_used_up",
    "leave waiting room": "left_waiting_room",
    "got disconnected from the meeting": "disconnected",
    "left the meeting": "left",
}
"""What Zoom writes into `leave_reason`, the more telling first, because several can stand in one text beside the person's name."""
