"""What Zoom's events say of a participant: in each event other fields (https://developers.zoom.us/docs/api/meetings/events/).

A field that Zoom leaves out, or empty, is left out or empty here too: `role_changed` has no `id`, sharing neither `participant_uuid` nor
`registrant_id`, and who waits for the host has little more than a name.
"""

from __future__ import annotations

from bot.rehearsal.zoom_live import DISCONNECTED, LEFT, LiveEvent
from bot.rehearsal.zoom_state import Participant, stamp
from bot.rehearsal.zoom_wire import JsonObject

_BY_THEMSELVES = (LEFT, DISCONNECTED)


def about_participant(event: LiveEvent, who: Participant) -> JsonObject:
    """The `participant`, and beside it the breakout room if there is one."""
    room: JsonObject = {"breakout_room_uuid": who.breakout} if who.breakout else {}
    at = stamp(event.at)
    match event.name:
        case "joined":
            return {"participant": _known(who) | {"join_time": at}}
        case "left":
            return {"participant": _known(who) | {"leave_time": at, "leave_reason": _reason(event, who)}}
        case "joined_breakout":
            return room | {"participant": _known(who) | _in_breakout(who) | {"join_time": at}}
        case "left_breakout":
            gone: JsonObject = {"leave_time": at, "leave_reason": _reason(event, who)}
            return room | {"participant": _known(who) | _in_breakout(who) | gone}
        case "role_changed":
            roles: JsonObject = {"date_time": at, **event.more}
            return {"participant": {key: value for key, value in _known(who).items() if key != "id"} | roles}
        case "sharing_started" | "sharing_ended":
            return {"participant": _sharing(event, who)}
        case "waits_for_host" | "waits_no_more":
            return {"participant": {"user_name": who.name, "customer_key": ""}}
        case _:
            return {"participant": _known(who) | {"date_time": at}}


def _known(who: Participant) -> JsonObject:
    return {
        "user_id": who.user_id,
        "user_name": who.name,
        "id": who.zoom_user_id,
        "participant_user_id": who.zoom_user_id,
        "participant_uuid": who.uuid,
        "registrant_id": who.registrant_id or "",
        "email": who.email,
    }


def _in_breakout(who: Participant) -> JsonObject:
    return {"user_id": who.breakout_user_id, "parent_user_id": who.user_id}


def _sharing(event: LiveEvent, who: Participant) -> JsonObject:
    details: JsonObject = {
        "content": "application",
        "link_source": "",
        "file_link": "",
        "date_time": stamp(event.at),
        "source": "",
    }
    return {"user_id": who.user_id, "user_name": who.name, "id": who.zoom_user_id, "sharing_details": details}


def _reason(event: LiveEvent, who: Participant) -> str:
    """As in Zoom's example; the separator varies at Zoom."""
    reason = event.more.get("reason", LEFT)
    return f"{who.name} {reason}" if reason in _BY_THEMSELVES else f"{who.name} {LEFT}<br>Reason: {reason}"
