"""Every request we make of Zoom's REST API, as data: nothing here opens a socket or looks at a clock.

Bodies are built strictly, from our own values alone; what comes back is read in `parsing` and `room`, refusals in `refusals`.
https://developers.zoom.us/docs/api/ ; rate labels: https://developers.zoom.us/docs/api/rate-limits/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import Enum
from urllib.parse import quote, urlencode

from bot.adapters.zoom.parsing import JsonObject
from bot.adapters.zoom.room import creation_body, update_body
from bot.domain.meeting import MAX_INVITE_LINK_LIFE
from bot.domain.values import ParticipantId, RegistrantId, ZoomMeetingId, ZoomUserId
from bot.ports import MeetingRequest

PAGE_SIZE = 300
"""The most rows a page of meetings or registrants has."""
BATCH_SIZE = 30
"""The most registrants one batch or status call takes."""


class Label(Enum):
    """How costly Zoom holds an endpoint to be; each label has its own limit."""

    LIGHT = "light"
    MEDIUM = "medium"
    HEAVY = "heavy"
    RESOURCE_INTENSIVE = "resource-intensive"


class RegistrantAction(Enum):
    """What a status call does to registrants."""

    APPROVE = "approve"
    CANCEL = "cancel"
    DENY = "deny"


class RegistrantStatus(Enum):
    """The lists Zoom keeps of registrants; cancelled ones are in none."""

    APPROVED = "approved"
    PENDING = "pending"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class ZoomRequest:
    """One call. Path, query and body may hold addresses and passcodes, so they are left out of the repr; `operation` may be logged.

    `path` is percent-encoded. `idempotent` marks a write that may be sent twice without doing more than once. `answers` says that a success
    must carry a JSON object.
    """

    operation: str
    method: str
    path: str = field(repr=False)
    label: Label
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: JsonObject | None = field(default=None, repr=False)
    answers: bool = True
    idempotent: bool = False

    @property
    def is_write(self) -> bool:
        """Whether it changes something at Zoom."""
        return self.method != "GET"

    @property
    def safe_to_repeat(self) -> bool:
        """Reading, deleting what may be gone already, and what is marked so."""
        return self.idempotent or self.method in ("GET", "DELETE")

    @property
    def about_meeting(self) -> bool:
        """Whether what may be missing is a meeting (rather than a user)."""
        return self.path.startswith(("/meetings/", "/live_meetings/"))

    @property
    def target(self) -> str:
        """Path and query as they go on the wire."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path

    def page(self, token: str) -> ZoomRequest:
        """The same list from another page on."""
        return replace(self, query={**self.query, "next_page_token": token})


def segment(raw: str) -> str:
    """Text as one segment of a path."""
    return quote(raw, safe="")


def uuid_segment(uuid: str) -> str:
    """A meeting's UUID as one segment: encoded twice if it begins with "/" or contains "//".

    https://developers.zoom.us/docs/api/using-zoom-apis/
    """
    return segment(segment(uuid)) if uuid.startswith("/") or "//" in uuid else segment(uuid)


# ------------------------------------------------------------------------------------------------ users


def list_users() -> ZoomRequest:
    """The account's active users (https://developers.zoom.us/docs/api/users/#tag/users/get/users)."""
    query = {"status": "active", "page_size": str(PAGE_SIZE)}
    return ZoomRequest("users.list", "GET", "/users", Label.MEDIUM, query)


def read_user(key: str) -> ZoomRequest:
    """One user by id or address (https://developers.zoom.us/docs/api/users/#tag/users/get/users/{userId})."""
    return ZoomRequest("users.read", "GET", f"/users/{segment(key)}", Label.LIGHT)


def read_user_settings(user_id: ZoomUserId) -> ZoomRequest:
    """A user's settings (https://developers.zoom.us/docs/api/users/#tag/users/get/users/{userId}/settings)."""
    return ZoomRequest("users.settings", "GET", f"/users/{segment(user_id)}/settings", Label.MEDIUM)


def read_user_security(user_id: ZoomUserId) -> ZoomRequest:
    """A user's security settings: passcode rules, who waits (same address, `option=meeting_security`)."""
    return replace(read_user_settings(user_id), operation="users.security", query={"option": "meeting_security"})


# ------------------------------------------------------------------------------------------------ meetings


def create_meeting(request: MeetingRequest) -> ZoomRequest:
    """Schedule a meeting (https://developers.zoom.us/docs/api/meetings/#tag/meetings/post/users/{userId}/meetings)."""
    path = f"/users/{segment(request.host_id)}/meetings"
    return ZoomRequest("meetings.create", "POST", path, Label.LIGHT, json=creation_body(request))


def list_scheduled_meetings(host_id: ZoomUserId) -> ZoomRequest:
    """A host's scheduled meetings (https://developers.zoom.us/docs/api/meetings/#tag/meetings/get/users/{userId}/meetings)."""
    query = {"type": "scheduled", "page_size": str(PAGE_SIZE)}
    return ZoomRequest("meetings.list", "GET", f"/users/{segment(host_id)}/meetings", Label.MEDIUM, query)


def list_live_meetings(host_id: ZoomUserId) -> ZoomRequest:
    """A host's meetings that are live now (same address, `type=live`)."""
    listing = list_scheduled_meetings(host_id)
    return replace(listing, operation="meetings.live", query={**listing.query, "type": "live"})


def read_meeting(zoom_id: ZoomMeetingId) -> ZoomRequest:
    """One meeting (https://developers.zoom.us/docs/api/meetings/#tag/meetings/get/meetings/{meetingId})."""
    return ZoomRequest("meetings.read", "GET", _meeting(zoom_id), Label.LIGHT)


def update_meeting(zoom_id: ZoomMeetingId, request: MeetingRequest) -> ZoomRequest:
    """Make it what `request` says (https://developers.zoom.us/docs/api/meetings/#tag/meetings/patch/meetings/{meetingId})."""
    body = update_body(request)
    return ZoomRequest("meetings.update", "PATCH", _meeting(zoom_id), Label.LIGHT, json=body, answers=False)


def delete_meeting(zoom_id: ZoomMeetingId) -> ZoomRequest:
    """Delete it; nobody gets mail (https://developers.zoom.us/docs/api/meetings/#tag/meetings/delete/meetings/{meetingId})."""
    query = {"schedule_for_reminder": "false", "cancel_meeting_reminder": "false"}
    return ZoomRequest("meetings.delete", "DELETE", _meeting(zoom_id), Label.LIGHT, query, answers=False)


def end_meeting(zoom_id: ZoomMeetingId) -> ZoomRequest:
    """End it for all (https://developers.zoom.us/docs/api/meetings/#tag/meetings/put/meetings/{meetingId}/status)."""
    path, body = f"{_meeting(zoom_id)}/status", JsonObject(action="end")
    return ZoomRequest("meetings.end", "PUT", path, Label.LIGHT, json=body, answers=False, idempotent=True)


def remove_participant(zoom_id: ZoomMeetingId, participant: ParticipantId) -> ZoomRequest:
    """Put somebody out of the running meeting. A success (202) means accepted, not done; Zoom has to enable it for an account first.

    https://developers.zoom.us/docs/api/meetings/#tag/in-meeting-features/patch/live_meetings/{meetingId}/events
    """
    path = f"/live_meetings/{segment(zoom_id)}/events"
    body: JsonObject = {"method": "participant.remove", "params": {"participant_uuid": participant}}
    return ZoomRequest("live.remove", "PATCH", path, Label.MEDIUM, json=body, answers=False, idempotent=True)


# ------------------------------------------------------------------------------------------------ registrants, invite links


def add_registrant(zoom_id: ZoomMeetingId, address: str, name: str) -> ZoomRequest:
    """Register one person, approved at once.

    https://developers.zoom.us/docs/api/meetings/#tag/meetings/post/meetings/{meetingId}/registrants
    """
    body: JsonObject = {**_person(address, name), "auto_approve": True}
    return ZoomRequest("registrants.add", "POST", f"{_meeting(zoom_id)}/registrants", Label.LIGHT, json=body)


def add_registrants(zoom_id: ZoomMeetingId, people: Sequence[tuple[str, str]]) -> ZoomRequest:
    """Register up to 30 (address, name) at once, approved, without mail.

    https://developers.zoom.us/docs/api/meetings/#tag/meetings/post/meetings/{meetingId}/batch_registrants
    """
    body: JsonObject = {
        "auto_approve": True,
        "registrants_confirmation_email": False,
        "registrants": [_person(address, name) for address, name in _batch(people)],
    }
    return ZoomRequest("registrants.batch", "POST", f"{_meeting(zoom_id)}/batch_registrants", Label.HEAVY, json=body)


def list_registrants(zoom_id: ZoomMeetingId, status: RegistrantStatus) -> ZoomRequest:
    """Who is registered (https://developers.zoom.us/docs/api/meetings/#tag/meetings/get/meetings/{meetingId}/registrants)."""
    query = {"status": status.value, "page_size": str(PAGE_SIZE)}
    return ZoomRequest("registrants.list", "GET", f"{_meeting(zoom_id)}/registrants", Label.MEDIUM, query)


def set_registrant_status(
    zoom_id: ZoomMeetingId, who: Sequence[tuple[RegistrantId, str]], action: RegistrantAction
) -> ZoomRequest:
    """Approve, cancel or deny up to 30 registrants (id, address; "" where only the id is known).

    https://developers.zoom.us/docs/api/meetings/#tag/meetings/put/meetings/{meetingId}/registrants/status
    """
    people = [{"id": key, "email": address} if address else {"id": key} for key, address in _batch(who)]
    body: JsonObject = {"action": action.value, "registrants": people}
    path = f"{_meeting(zoom_id)}/registrants/status"
    return ZoomRequest("registrants.status", "PUT", path, Label.MEDIUM, json=body, answers=False)


def deny_registrants(zoom_id: ZoomMeetingId, who: Sequence[RegistrantId]) -> ZoomRequest:
    """Refuse up to 30 registrants of whom only the id is known (same address)."""
    people: list[object] = [{"id": registrant_id} for registrant_id in who]
    body: JsonObject = {"action": RegistrantAction.DENY.value, "registrants": people}
    path = f"{_meeting(zoom_id)}/registrants/status"
    return ZoomRequest("registrants.deny", "PUT", path, Label.MEDIUM, json=body, answers=False)


def delete_registrant(zoom_id: ZoomMeetingId, registrant_id: RegistrantId) -> ZoomRequest:
    """Take a registrant out of the list.

    https://developers.zoom.us/docs/api/meetings/#tag/meetings/delete/meetings/{meetingId}/registrants/{registrantId}
    """
    path = f"{_meeting(zoom_id)}/registrants/{segment(registrant_id)}"
    return ZoomRequest("registrants.delete", "DELETE", path, Label.LIGHT, answers=False)


def create_invite_link(zoom_id: ZoomMeetingId, name: str, life: timedelta) -> ZoomRequest:
    """A link that works for `life`: at least a second (0 would mean for ever), at most 90 days.

    https://developers.zoom.us/docs/api/meetings/#tag/meetings/post/meetings/{meetingId}/invite_links
    """
    seconds = int(min(max(life, timedelta(seconds=1)), MAX_INVITE_LINK_LIFE).total_seconds())
    body: JsonObject = {"attendees": [{"name": name}], "ttl": seconds}
    return ZoomRequest("invite_links.create", "POST", f"{_meeting(zoom_id)}/invite_links", Label.LIGHT, json=body)


def _meeting(zoom_id: ZoomMeetingId) -> str:
    return f"/meetings/{segment(zoom_id)}"


def _person(address: str, name: str) -> JsonObject:
    return {"email": address, "first_name": name}


def _batch(people: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    if not 1 <= len(people) <= BATCH_SIZE:
        raise ValueError(f"a call takes 1 to {BATCH_SIZE} registrants, not {len(people)}")
    return people
