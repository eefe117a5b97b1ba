"""Reading what Zoom sends: leniently, and only what is needed.

Ids come as text or integer; missing, null and empty text mean the same; unknown fields are ignored. Nothing here keeps a `start_url`, which
signs its opener in as the host (https://developers.zoom.us/docs/api/meetings/#tag/meetings/get/meetings/{meetingId}).

A parser answers None where the one thing it is for is not in the answer; the caller decides what that means.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime

from bot.domain.values import JoinLink, Passcode, RegistrantId, SessionId, ZoomMeetingId, ZoomUserId
from bot.ports import CreatedMeeting, Registered, ZoomUser

JsonObject = dict[str, object]

LICENSED = 2
"""A user's `type` when paid for (https://developers.zoom.us/docs/api/users/#tag/users/get/users/{userId})."""


def text(body: Mapping[str, object], name: str) -> str:
    """The field as text; "" where it is missing, null, or neither text nor a number."""
    value = body.get(name)
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def flag(body: Mapping[str, object], name: str) -> bool | None:
    """The field as yes or no; None where Zoom did not say."""
    value = body.get(name)
    if isinstance(value, bool):
        return value
    return {"true": True, "1": True, "false": False, "0": False}.get(text(body, name).lower())


def number(body: Mapping[str, object], name: str) -> int | None:
    """The field as a whole number; None where there is none."""
    value = body.get(name)
    if isinstance(value, float) and math.isfinite(value):
        return int(value)
    digits = text(body, name)
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 20 else None


def section(body: Mapping[str, object], name: str) -> JsonObject:
    """The object in the field; empty where there is none."""
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def rows(body: Mapping[str, object], name: str) -> list[JsonObject]:
    """The objects of the list in the field."""
    value = body.get(name)
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def moment(written: str) -> datetime | None:
    """An ISO-8601 instant, aware UTC; one without a zone is UTC (https://developers.zoom.us/docs/api/using-zoom-apis/)."""
    try:
        at = datetime.fromisoformat(written)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def next_page(body: Mapping[str, object]) -> str:
    """The token of the next page; "" on the last (https://developers.zoom.us/docs/api/using-zoom-apis/)."""
    return text(body, "next_page_token")


def parse_user(row: Mapping[str, object]) -> ZoomUser | None:
    """A user; None without an id (https://developers.zoom.us/docs/api/users/#tag/users/get/users/{userId})."""
    user_id = text(row, "id")
    if not user_id:
        return None
    full_name = f"{text(row, 'first_name')} {text(row, 'last_name')}".strip()
    return ZoomUser(
        user_id=ZoomUserId(user_id),
        email=text(row, "email"),
        name=text(row, "display_name") or full_name,
        licensed=number(row, "type") == LICENSED,
    )


def parse_users(body: Mapping[str, object]) -> list[ZoomUser]:
    """One page of users (https://developers.zoom.us/docs/api/users/#tag/users/get/users)."""
    return [user for row in rows(body, "users") if (user := parse_user(row)) is not None]


def parse_created(body: Mapping[str, object]) -> CreatedMeeting | None:
    """A meeting's number, plain link and passcode; None without number or link.

    https://developers.zoom.us/docs/api/meetings/#tag/meetings/post/users/{userId}/meetings
    """
    zoom_id, link, passcode = (text(body, name) for name in ("id", "join_url", "password"))
    if not zoom_id or not link:
        return None
    return CreatedMeeting(ZoomMeetingId(zoom_id), JoinLink(link), Passcode(passcode) if passcode else None)


def parse_marked_meetings(body: Mapping[str, object], marker: str) -> list[ZoomMeetingId]:
    """The numbers of the meetings on this page whose agenda starts with `marker` (lists cut the agenda at 250 characters).

    https://developers.zoom.us/docs/api/meetings/#tag/meetings/get/users/{userId}/meetings
    """
    return [
        ZoomMeetingId(zoom_id)
        for row in rows(body, "meetings")
        if (zoom_id := text(row, "id")) and text(row, "agenda").startswith(marker)
    ]


def parse_live_meetings(body: Mapping[str, object]) -> dict[ZoomMeetingId, SessionId]:
    """The numbers of the meetings on this page, each with the UUID of its run."""
    return {
        ZoomMeetingId(zoom_id): SessionId(uuid)
        for row in rows(body, "meetings")
        if (zoom_id := text(row, "id")) and (uuid := text(row, "uuid"))
    }


def parse_registrant_ids(body: Mapping[str, object]) -> set[RegistrantId]:
    """The ids of the registrants on this page."""
    return {RegistrantId(found) for row in rows(body, "registrants") if (found := text(row, "id"))}


def parse_registered(body: Mapping[str, object]) -> Registered | None:
    """The answer to adding a registrant; its link is absent while Zoom keeps the registrant pending. None without an id.

    https://developers.zoom.us/docs/api/meetings/#tag/meetings/post/meetings/{meetingId}/registrants
    """
    return _registered(text(body, "registrant_id"), text(body, "join_url"))


def parse_registrant(body: Mapping[str, object], address: str) -> Registered | None:
    """The registrant with this address, if on this page.

    https://developers.zoom.us/docs/api/meetings/#tag/meetings/get/meetings/{meetingId}/registrants
    """
    for row in rows(body, "registrants"):
        if text(row, "email").lower() == address.strip().lower():
            return _registered(text(row, "id"), text(row, "join_url"))
    return None


def parse_registrants(body: Mapping[str, object]) -> dict[str, Registered]:
    """Everybody on this page, by address in lower case.

    https://developers.zoom.us/docs/api/meetings/#tag/meetings/get/meetings/{meetingId}/registrants
    """
    return _by_address(body, "id")


def parse_batch(body: Mapping[str, object]) -> dict[str, Registered]:
    """Everybody that was registered in one call, by address in lower case.

    https://developers.zoom.us/docs/api/meetings/#tag/meetings/post/meetings/{meetingId}/batch_registrants
    """
    return _by_address(body, "registrant_id")


def _by_address(body: Mapping[str, object], id_field: str) -> dict[str, Registered]:
    found = ((text(row, "email").lower(), row) for row in rows(body, "registrants"))
    return {
        address: registered
        for address, row in found
        if address and (registered := _registered(text(row, id_field), text(row, "join_url"))) is not None
    }


def parse_invite_link(body: Mapping[str, object]) -> JoinLink | None:
    """The first attendee's link (https://developers.zoom.us/docs/api/meetings/#tag/meetings/post/meetings/{meetingId}/invite_links)."""
    return next((JoinLink(link) for row in rows(body, "attendees") if (link := text(row, "join_url"))), None)


def _registered(registrant_id: str, link: str) -> Registered | None:
    return Registered(RegistrantId(registrant_id), JoinLink(link) if link else None) if registrant_id else None
