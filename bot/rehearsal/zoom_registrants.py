"""Zoom's registrants: who may come to a meeting by a link of their own. https://developers.zoom.us/docs/api/meetings/#tag/registrants"""

from __future__ import annotations

import secrets
from typing import Literal

from bot.rehearsal.zoom_limits import Limits
from bot.rehearsal.zoom_links import personal_link
from bot.rehearsal.zoom_live import Live
from bot.rehearsal.zoom_meetings import Meetings
from bot.rehearsal.zoom_state import AUTOMATIC, SCHEDULED, Meeting, Registrant, User, ZoomState, stamp
from bot.rehearsal.zoom_users import page_size
from bot.rehearsal.zoom_wire import (
    EMAIL,
    FLAG,
    Answer,
    Call,
    Field,
    JsonObject,
    JsonValue,
    ZoomError,
    check,
    flag,
    invalid,
    objects,
    text,
)

MAX_REGISTRANTS_PAGE = 300
MAX_AT_ONCE = 30

_SINGLE = {
    "first_name": Field("text", minimum=1, maximum=64, required=True),
    "last_name": Field("text", maximum=64),
    "email": Field("text", minimum=1, maximum=128, required=True),
    "custom_questions": Field("list"),
    "auto_approve": FLAG,
}
_BATCH = {
    "registrants": Field("list", minimum=1, maximum=MAX_AT_ONCE, required=True),
    "auto_approve": FLAG,
    "registrants_confirmation_email": FLAG,
}
_STATUS = {
    "action": Field("text", choices=("approve", "cancel", "deny"), required=True),
    "registrants": Field("list", maximum=MAX_AT_ONCE),
}
_NEW_STATUS: dict[str, Literal["approved", "cancelled", "denied"]] = {
    "approve": "approved",
    "cancel": "cancelled",
    "deny": "denied",
}


class Registrants:
    """The registrant endpoints of a meeting."""

    def __init__(self, state: ZoomState, meetings: Meetings, limits: Limits, live: Live) -> None:
        self._state = state
        self._meetings = meetings
        self._limits = limits
        self._live = live

    def add(self, call: Call) -> Answer:
        """`POST /meetings/{meetingId}/registrants`"""
        meeting = self._meetings.reached(call, "meeting:write:registrant", code=1001)
        self._refuse_unregistrable(meeting, off_code=300)
        _check_person(call.body, "")
        self._limits.spend_registrant_adds(str(meeting.id), [_address(call.body)])
        self._refuse_full(meeting, [_address(call.body)])
        registrant = self._registered(meeting, call.body, auto_approve=flag(call.body, "auto_approve"))
        answer = self._confirmed(registrant) | {"id": meeting.id, "topic": meeting.topic}
        if meeting.start is not None:
            answer["start_time"] = stamp(meeting.start)
        return Answer(201, answer)

    def add_batch(self, call: Call) -> Answer:
        """`POST /meetings/{meetingId}/batch_registrants`: up to 30, for scheduled meetings (type 2) alone; all or none."""
        meeting = self._meetings.reached(call, "meeting:write:batch_registrants")
        if meeting.type != SCHEDULED:
            raise ZoomError(400, 303, "This API can only be used for scheduled meeting(meeting type: 2).")
        self._refuse_unregistrable(meeting, off_code=404)
        check(call.body, _BATCH)
        people = objects(call.body, "registrants")
        for person in people:
            _check_person(person, "registrants.")
        addresses = [_address(person) for person in people]
        self._limits.spend_registrant_adds(str(meeting.id), addresses)
        self._refuse_full(meeting, addresses)
        approve = flag(call.body, "auto_approve")
        added = [self._registered(meeting, person, auto_approve=approve) for person in people]
        rows: list[JsonValue] = [{"email": r.email, **self._confirmed(r)} for r in added]
        return Answer(201, {"registrants": rows})

    def add_by_hand(self, meeting: Meeting, email: str, name: str) -> Registrant:
        """Somebody fills in Zoom's registration page; whether they are approved at once is up to the meeting."""
        return self._registered(meeting, {"email": email, "first_name": name}, auto_approve=False)

    def listing(self, call: Call) -> Answer:
        """`GET /meetings/{meetingId}/registrants`: approved ones unless `status` says otherwise; cancelled ones count as denied."""
        meeting = self._meetings.reached(call, "meeting:read:list_registrants")
        status = call.query.get("status", "approved")
        if status not in ("approved", "pending", "denied"):
            invalid("status", "Invalid field. Allowed: pending, approved, denied.")
        size = page_size(call, MAX_REGISTRANTS_PAGE)
        rows = [self._row(r) for r in meeting.registrants.values() if _shown_status(r) == status]
        listing = f"registrants/{meeting.id}/{status}"
        page, paging = self._state.page(listing, rows, size, call.query.get("next_page_token", ""))
        return Answer(200, {**paging, "registrants": page})

    def get(self, call: Call) -> Answer:
        """`GET /meetings/{meetingId}/registrants/{registrantId}`"""
        meeting = self._meetings.reached(call, "meeting:read:registrant")
        return Answer(200, self._row(self._one(meeting, call.path["registrantId"])))

    def set_status(self, call: Call) -> Answer:
        """`PUT /meetings/{meetingId}/registrants/status`: approve, cancel or deny up to 30. Unknown registrants are passed over in silence."""
        meeting = self._meetings.reached(call, "meeting:update:registrant_status")
        check(call.body, _STATUS)
        chosen = [r for entry in objects(call.body, "registrants") for r in self._meant(meeting, entry)]
        self._limits.spend_status_updates(str(meeting.id), [r.email.lower() for r in chosen])
        if self._state.status_updates_have_effect:
            for registrant in chosen:
                registrant.status = status = _NEW_STATUS[text(call.body, "action")]
                self._live.tell(status, meeting, registrant)
        return Answer(204)

    def delete(self, call: Call) -> Answer:
        """`DELETE /meetings/{meetingId}/registrants/{registrantId}`"""
        meeting = self._meetings.reached(call, "meeting:delete:registrant")
        self._refuse_unpaid(self._host(meeting))
        if not meeting.has_registration:
            raise ZoomError(400, 300, f"Registration has not been enabled for this meeting: {meeting.id}.")
        del meeting.registrants[self._one(meeting, call.path["registrantId"]).id]
        return Answer(204)

    def _host(self, meeting: Meeting) -> User:
        return self._state.users[meeting.host_id]

    def _refuse_unpaid(self, host: User) -> None:
        if not host.licensed:
            raise ZoomError(400, 200, f"Only available for paid users: {host.id}.")

    def _refuse_unregistrable(self, meeting: Meeting, *, off_code: int) -> None:
        self._refuse_unpaid(self._host(meeting))
        if not meeting.has_registration:
            raise ZoomError(400, off_code, f"Registration has not been enabled for this meeting: {meeting.id}.")
        if meeting.is_over(self._state.now()):
            message = (
                "Meeting is over, you can not register now. If you have any questions, please contact the Meeting host."
            )
            raise ZoomError(400, 3038, message)

    def _refuse_full(self, meeting: Meeting, addresses: list[str]) -> None:
        taken = {r.email.lower() for r in meeting.registrants.values() if r.status in ("approved", "pending")}
        if len(taken | set(addresses)) > max(self._state.registrant_capacity, len(taken)):
            raise ZoomError(400, 3043, "Meeting has reached maximum attendee capacity.")

    def _registered(self, meeting: Meeting, person: JsonObject, *, auto_approve: bool) -> Registrant:
        """A new registrant, or the one this address already has. After a cancellation the same address registers anew."""
        address = _address(person)
        same = [r for r in meeting.registrants.values() if r.email.lower() == address and r.status != "cancelled"]
        if same:
            return same[0]
        approved = meeting.approval_type == AUTOMATIC or auto_approve
        url, token = personal_link(self._state, meeting)
        registrant = Registrant(
            id=secrets.token_urlsafe(16),
            meeting_id=meeting.id,
            email=text(person, "email"),
            first_name=text(person, "first_name"),
            last_name=text(person, "last_name"),
            status="approved" if approved else "pending",
            created_at=self._state.now(),
            join_url=url,
            token=token,
            pin=10_000_000 + secrets.randbelow(90_000_000),
        )
        self._state.secret(str(registrant.pin))
        meeting.registrants[registrant.id] = registrant
        self._live.tell("registered", meeting, registrant)
        return registrant

    def _confirmed(self, registrant: Registrant) -> JsonObject:
        answer: JsonObject = {"registrant_id": registrant.id}
        if registrant.status == "approved":
            answer |= {"join_url": registrant.join_url, "participant_pin_code": registrant.pin}
        return answer

    def _row(self, registrant: Registrant) -> JsonObject:
        row: JsonObject = {
            "id": registrant.id,
            "email": registrant.email,
            "first_name": registrant.first_name,
            "last_name": registrant.last_name,
            "status": _shown_status(registrant),
            "create_time": stamp(registrant.created_at),
        }
        if registrant.status == "approved":
            row |= {"join_url": registrant.join_url, "participant_pin_code": registrant.pin}
        return row

    def _one(self, meeting: Meeting, registrant_id: str) -> Registrant:
        found = meeting.registrants.get(registrant_id)
        if found is None:
            message = (
                "The value that you entered for the Registrant ID field is invalid. Enter a valid value and try again."
            )
            raise ZoomError(400, 300, message)
        return found

    def _meant(self, meeting: Meeting, entry: JsonObject) -> list[Registrant]:
        by_id = meeting.registrants.get(text(entry, "id"))
        if by_id is not None:
            return [by_id]
        address = _address(entry)
        return [r for r in meeting.registrants.values() if address and "id" not in entry and r.email.lower() == address]


def _check_person(person: JsonObject, prefix: str) -> None:
    check(person, _SINGLE, prefix)
    if not EMAIL.match(text(person, "email")):
        invalid(f"{prefix}email", "Invalid email.")


def _address(person: JsonObject) -> str:
    return text(person, "email").lower()


def _shown_status(registrant: Registrant) -> str:
    return "denied" if registrant.status == "cancelled" else registrant.status
