"""What Zoom lists of calls that are over: who was in each run, from when to when.

https://developers.zoom.us/docs/api/meetings/ (`GET /past_meetings/{meetingId}/participants`, `GET /report/meetings/{meetingId}/participants`).
The stand-in has no dashboard: that belongs to another published description, and to plans that communities seldom have.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import unquote

from bot.rehearsal.zoom_limits import Plan
from bot.rehearsal.zoom_live import LiveEvent
from bot.rehearsal.zoom_state import Meeting, Participant, ZoomState, stamp
from bot.rehearsal.zoom_users import page_size
from bot.rehearsal.zoom_wire import Answer, Call, JsonObject, ZoomError, invalid

PAST_SCOPE, REPORT_SCOPE = "meeting:read:list_past_participants", "report:read:list_meeting_participants:admin"
MAX_PAGE = 300


@dataclass(slots=True)
class _Stay:
    who: Participant
    joined: datetime
    left: datetime | None = None


@dataclass(slots=True)
class _Run:
    meeting: Meeting
    over: bool = False
    stays: list[_Stay] = field(default_factory=list)


class PastRuns:
    """Keeps who was in which run; hang `sink` among the live room's."""

    def __init__(self, state: ZoomState) -> None:
        self._state = state
        self._runs: dict[str, _Run] = {}

    def sink(self, event: LiveEvent) -> None:
        """Take note of what happened."""
        run = self._runs.setdefault(event.uuid, _Run(event.meeting))
        if event.name == "ended":
            run.over = True
        elif event.participant is not None and event.name == "joined":
            run.stays.append(_Stay(event.participant, event.at))
        elif event.participant is not None and event.name == "left":
            for stay in run.stays:
                if stay.who is event.participant and stay.left is None:
                    stay.left = event.at

    def past(self, call: Call) -> Answer:
        """`GET /past_meetings/{meetingId}/participants`"""
        return self._listed(call, PAST_SCOPE, "Only available for paid account: {account}")

    def report(self, call: Call) -> Answer:
        """`GET /report/meetings/{meetingId}/participants`; the registrant's id only where it is asked for."""
        if call.query.get("include_fields", "registrant_id") != "registrant_id":
            invalid("include_fields", "Invalid field. Allowed: registrant_id.")
        return self._listed(call, REPORT_SCOPE, "No permission.")

    def _listed(self, call: Call, scope: str, unpaid: str) -> Answer:
        uuid = unquote(call.path["meetingId"])
        run = self._runs.get(uuid)
        if run is None or not run.over or run.meeting.account_id != call.grant.account_id:
            raise ZoomError(404, 3001, f"Meeting {uuid} not found or has expired.")
        account = self._state.accounts[run.meeting.account_id]
        if account.plan is Plan.FREE:
            raise ZoomError(400, 200, unpaid.format(account=account.id))
        rows = [_row(stay, "include_fields" in call.query) for stay in run.stays]
        size = page_size(call, MAX_PAGE)
        page, paging = self._state.page(f"{scope}/{uuid}", rows, size, call.query.get("next_page_token", ""))
        del paging["page_number"]
        return Answer(200, {**paging, "participants": page})


def _row(stay: _Stay, registrant: bool) -> JsonObject:
    row: JsonObject = {
        "id": stay.who.zoom_user_id,
        "name": stay.who.name,
        "user_id": stay.who.user_id,
        "user_email": "",
        "join_time": stamp(stay.joined),
        "leave_time": stamp(stay.left or stay.joined),
        "duration": int(((stay.left or stay.joined) - stay.joined).total_seconds()),
        "failover": False,
        "status": "in_meeting",
    }
    if registrant and stay.who.registrant_id:
        row["registrant_id"] = stay.who.registrant_id
    return row
