"""The REST endpoints the stand-in for Zoom has, with the scope and the rate-limit label of each.

https://developers.zoom.us/docs/api/meetings/ , https://developers.zoom.us/docs/api/users/ . Scopes are in their user form; the `:admin` form of
each is accepted as well. Where Zoom has only the `:admin` form, that is named.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.rehearsal.zoom_limits import Label


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation; `template` is the path below `/v2`. `per_second_code` is the code of its 429 when a second's calls are used up."""

    method: str
    template: str
    scope: str
    label: Label
    per_second_code: int = 429


_LIGHT, _MEDIUM, _HEAVY = Label.LIGHT, Label.MEDIUM, Label.HEAVY
_MEETING = "/meetings/{meetingId}"
_REGISTRANT = "/meetings/{meetingId}/registrants"

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("GET", "/users", "user:read:list_users:admin", _MEDIUM),
    Endpoint("GET", "/users/{userId}", "user:read:user", _LIGHT),
    Endpoint("GET", "/users/{userId}/settings", "user:read:settings", _MEDIUM),
    Endpoint("PATCH", "/users/{userId}/settings", "user:update:settings", _MEDIUM),
    Endpoint("POST", "/users/{userId}/meetings", "meeting:write:meeting", _LIGHT),
    Endpoint("GET", "/users/{userId}/meetings", "meeting:read:list_meetings", _MEDIUM),
    Endpoint("GET", _MEETING, "meeting:read:meeting", _LIGHT),
    Endpoint("PATCH", _MEETING, "meeting:update:meeting", _LIGHT, per_second_code=4001),
    Endpoint("DELETE", _MEETING, "meeting:delete:meeting", _LIGHT),
    Endpoint("PUT", f"{_MEETING}/status", "meeting:update:status", _LIGHT),
    Endpoint("POST", _REGISTRANT, "meeting:write:registrant", _LIGHT),
    Endpoint("GET", _REGISTRANT, "meeting:read:list_registrants", _MEDIUM),
    Endpoint("PUT", f"{_REGISTRANT}/status", "meeting:update:registrant_status", _MEDIUM),
    Endpoint("GET", f"{_REGISTRANT}/{{registrantId}}", "meeting:read:registrant", _LIGHT),
    Endpoint("DELETE", f"{_REGISTRANT}/{{registrantId}}", "meeting:delete:registrant", _LIGHT),
    Endpoint("POST", f"{_MEETING}/batch_registrants", "meeting:write:batch_registrants", _HEAVY),
    Endpoint("POST", f"{_MEETING}/invite_links", "meeting:write:invite_links", _LIGHT),
    Endpoint("PATCH", "/live_meetings/{meetingId}/events", "meeting:update:in_meeting_controls", _MEDIUM),
    Endpoint("GET", "/past_meetings/{meetingId}/participants", "meeting:read:list_past_participants", _MEDIUM),
    Endpoint("GET", "/report/meetings/{meetingId}/participants", "report:read:list_meeting_participants:admin", _HEAVY),
)
