"""What Zoom lists of a call that is over: requests, and how the answers are read. E-mail addresses are left where they are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

from bot.adapters.zoom.parsing import JsonObject, moment, rows, text
from bot.adapters.zoom.protocol import PAGE_SIZE, Label, ZoomRequest, uuid_segment
from bot.domain.values import LinkId, SessionId
from bot.ports import Attended, PastRecord


def list_attended(session_id: SessionId, record: PastRecord) -> ZoomRequest:
    """Who was in one run of a meeting.

    https://developers.zoom.us/docs/api/meetings/#tag/reports/get/report/meetings/{meetingId}/participants ,
    https://developers.zoom.us/docs/api/meetings/#tag/meetings/get/past_meetings/{meetingId}/participants ,
    https://developers.zoom.us/docs/api/accounts/#tag/dashboards/get/metrics/meetings/{meetingId}/participants (Business or higher; not in the
    description of the meetings API)
    """
    size, run = {"page_size": str(PAGE_SIZE)}, uuid_segment(session_id)
    match record:
        case PastRecord.REPORT:
            path, query = f"/report/meetings/{run}/participants", {**size, "include_fields": "registrant_id"}
            return ZoomRequest("report.participants", "GET", path, Label.HEAVY, query)
        case PastRecord.PAST:
            return ZoomRequest("past.participants", "GET", f"/past_meetings/{run}/participants", Label.MEDIUM, size)
        case PastRecord.DASHBOARD:
            path, query = f"/metrics/meetings/{run}/participants", {**size, "type": "past"}
            return ZoomRequest("metrics.participants", "GET", path, Label.HEAVY, query)


def parse_attended(body: Mapping[str, object]) -> list[Attended]:
    """One page. The name is `name` in reports and `user_name` in the dashboard."""
    return [
        Attended(
            name=text(row, "name") or text(row, "user_name"),
            joined_at=moment(text(row, "join_time")),
            left_at=moment(text(row, "leave_time")),
            user_id=text(row, "user_id"),
            participant_uuid=text(row, "participant_uuid"),
            registrant_id=text(row, "registrant_id"),
            leave_reason=text(row, "leave_reason"),
            ip_address=text(row, "ip_address"),
        )
        for row in rows(body, "participants")
    ]


class Pages(Protocol):
    """What reads lists page by page: the Zoom client."""

    def pages(self, link_id: LinkId, request: ZoomRequest) -> AsyncIterator[JsonObject]:
        """The pages of a list."""
        ...


class ZoomPastCalls:
    """Implements `bot.ports.PastCalls`."""

    def __init__(self, zoom: Pages) -> None:
        self._zoom = zoom

    async def attended(self, link_id: LinkId, session_id: SessionId, record: PastRecord) -> Sequence[Attended]:
        """Everybody on this list."""
        found: list[Attended] = []
        async for page in self._zoom.pages(link_id, list_attended(session_id, record)):
            found += parse_attended(page)
        return found
