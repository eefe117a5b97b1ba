"""What Zoom's events say, in the shape of its published descriptions (https://developers.zoom.us/docs/api/meetings/events/)."""

from __future__ import annotations

from datetime import datetime

from bot.rehearsal.zoom_live import LiveEvent
from bot.rehearsal.zoom_people_payloads import about_participant
from bot.rehearsal.zoom_state import Meeting, Registrant, ZoomState, stamp
from bot.rehearsal.zoom_wire import JsonObject

NAMES = {
    "started": "meeting.started",
    "ended": "meeting.ended",
    "updated": "meeting.updated",
    "deleted": "meeting.deleted",
    "registered": "meeting.registration_created",
    "approved": "meeting.registration_approved",
    "cancelled": "meeting.registration_cancelled",
    "denied": "meeting.registration_denied",
    "waiting": "meeting.participant_joined_waiting_room",
    "left_waiting": "meeting.participant_left_waiting_room",
    "admitted": "meeting.participant_admitted",
    "put_back": "meeting.participant_put_in_waiting_room",
    "joined": "meeting.participant_joined",
    "left": "meeting.participant_left",
    "role_changed": "meeting.participant_role_changed",
    "sharing_started": "meeting.sharing_started",
    "sharing_ended": "meeting.sharing_ended",
    "joined_breakout": "meeting.participant_joined_breakout_room",
    "left_breakout": "meeting.participant_left_breakout_room",
    "waits_for_host": "meeting.participant_jbh_waiting",
    "waits_no_more": "meeting.participant_jbh_waiting_left",
    "risk_alert": "meeting.risk_alert",
}
"""What happens here -> the event Zoom reports it with."""
_DONE_BY_SOMEBODY = ("updated", "deleted", "approved", "cancelled", "denied")
_NUMBERED_BY_INTEGER = frozenset(
    {"updated", "deleted", "registered", "approved", "cancelled", "denied", "risk_alert", "waits_no_more"}
)
"""In these events Zoom's meeting number is an integer, in the others text."""


def envelope(state: ZoomState, event: LiveEvent) -> JsonObject:
    """The whole body of a delivery, as JSON."""
    meeting, at = event.meeting, event.at
    payload: JsonObject = {"account_id": meeting.account_id, "object": _object(state, event)}
    host = state.users[meeting.host_id]
    if event.name in _DONE_BY_SOMEBODY:
        payload |= {"operator": host.email, "operator_id": host.id}
    if event.name == "updated":
        payload |= {"scope": "all", "time_stamp": _milliseconds(at), "old_object": {"id": meeting.id}}
    if event.name == "deleted":
        payload["operation"] = "all"
    return {"event": NAMES[event.name], "event_ts": _milliseconds(at), "payload": payload}


def _object(state: ZoomState, event: LiveEvent) -> JsonObject:
    meeting = event.meeting
    about: JsonObject = {
        "id": meeting.id if event.name in _NUMBERED_BY_INTEGER else str(meeting.id),
        "uuid": event.uuid,
        "host_id": meeting.host_id,
        "topic": meeting.topic,
        "type": meeting.type,
        "start_time": stamp(meeting.start or meeting.created_at),
        "timezone": meeting.timezone,
        "duration": meeting.duration,
    }
    match event.name:
        case "started":
            about |= {"host_email": state.users[meeting.host_id].email, "start_time": stamp(event.at)}
        case "ended":
            about |= {"host_email": state.users[meeting.host_id].email, "end_time": stamp(event.at)}
            about["start_time"] = stamp(event.began or event.at)
        case "updated":
            about |= _changed(meeting)
        case "risk_alert":
            about |= {"host_email": state.users[meeting.host_id].email, "armn_details": _found_in_public(event)}
            del about["duration"]
    if event.registrant is not None:
        about["registrant"] = _registrant(event.registrant, event.name)
    if event.participant is not None:
        about |= about_participant(event, event.participant)
    return about


def _changed(meeting: Meeting) -> JsonObject:
    """The event repeats what the bot must not keep: passcode and links."""
    return {"password": meeting.passcode, "agenda": meeting.agenda, "settings": {}}


def _registrant(registrant: Registrant, name: str) -> JsonObject:
    about: JsonObject = {
        "id": registrant.id,
        "first_name": registrant.first_name,
        "last_name": registrant.last_name,
        "email": registrant.email,
    }
    if name in ("registered", "approved"):
        about |= {"join_url": registrant.join_url, "participant_pin_code": registrant.pin}
    if name == "registered":
        about["status"] = registrant.status
    return about


def _found_in_public(event: LiveEvent) -> JsonObject:
    """The event names where the link stands, and the link."""
    return {
        "post_platform": event.more["platform"],
        "social_link": "https://social.example/someone/status/1372556404872069120",
        "post_time": stamp(event.at),
        "post_user": "someone",
        "meeting_url": f"https://us02web.zoom.us/j/{event.meeting.id}?pwd={event.meeting.link_key}",
        "recommended_enable_settings": ["enablePassword", "enableWaitingRoom"],
        "recommended_disable_settings": ["enableMeetingChat"],
    }


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
