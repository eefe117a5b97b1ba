"""Zoom's links: how they are made, and what somebody who opens one would meet.

Three kinds lead participants to a meeting: the plain link, the personal link of a registrant, and an invite link made for a name
(https://developers.zoom.us/docs/api/meetings/). None is bound to a person: whoever holds it may use it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from bot.rehearsal.zoom_state import InviteLink, Meeting, Registrant, ZoomState
from bot.rehearsal.zoom_wire import Answer, Call, Field, JsonValue, check, integer, objects, text

WEB = "https://us02web.zoom.us"

_LONG_LINK_PADDING = 560
"""Makes a personal link longer than the 512 characters a Discord link button takes."""

DEFAULT_TTL = 7_200

_INVITE_RULES = {
    "attendees": Field("list", minimum=1, maximum=500, required=True),
    "ttl": Field("integer", minimum=0, maximum=7_776_000),
}
_ATTENDEE_RULES = {"name": Field("text", minimum=1, maximum=64, required=True)}

Outcome = Literal[
    "joins",
    "waiting_room",
    "waits_for_host",
    "starts_as_host",
    "registration_page",
    "invalid_registrant",
    "passcode_wanted",
    "sign_in_wanted",
    "expired",
    "no_such_meeting",
    "no_such_link",
]
"""What opening a link leads to. Only the first four let somebody in, at once or later."""


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """What somebody who opens a link meets. `name` is fixed for personal and invite links, and `None` where people type their own."""

    outcome: Outcome
    meeting_id: int | None = None
    name: str | None = None
    registrant_id: str | None = None

    @property
    def lets_in(self) -> bool:
        """Whether this link is good for the meeting, even if its holder has to wait."""
        return self.outcome in ("joins", "waiting_room", "waits_for_host", "starts_as_host")


def plain_link(state: ZoomState, meeting: Meeting) -> str:
    """The meeting's own link; with registration it leads to the registration page."""
    number = meeting.pmi or meeting.id
    return state.secret(f"{WEB}/j/{number}?pwd={meeting.link_key}" if meeting.link_key else f"{WEB}/j/{number}")


def registration_link(state: ZoomState, meeting: Meeting) -> str:
    """The page where people can ask to be registered."""
    return state.secret(f"{WEB}/meeting/register/{meeting.registration_key}")


def host_link(state: ZoomState, meeting: Meeting) -> str:
    """A fresh `start_url`: signs whoever opens it in as the host."""
    return state.secret(f"{WEB}/s/{meeting.id}?zak={state.new_secret(48)}")


def personal_link(state: ZoomState, meeting: Meeting) -> tuple[str, str]:
    """A new personal link and its `tk` token."""
    token = state.secret(secrets.token_urlsafe(_LONG_LINK_PADDING if state.long_links else 40) + ".DQ")
    return state.secret(f"{WEB}/w/{meeting.id}?tk={token}"), token


def make_invite_links(state: ZoomState, call: Call, meeting: Meeting) -> Answer:
    """`POST /meetings/{meetingId}/invite_links`: a link for each name, for `ttl` seconds (default two hours, 0 for ever)."""
    check(call.body, _INVITE_RULES)
    attendees = objects(call.body, "attendees")
    for attendee in attendees:
        check(attendee, _ATTENDEE_RULES, "attendees.")
    ttl = integer(call.body, "ttl", DEFAULT_TTL)
    expires_at = state.now() + timedelta(seconds=ttl) if ttl else None
    made: list[JsonValue] = []
    for attendee in attendees:
        url, token = personal_link(state, meeting)
        meeting.invite_links.append(InviteLink(text(attendee, "name"), token, url, expires_at))
        made.append({"name": text(attendee, "name"), "join_url": url})
    return Answer(201, {"attendees": made})


def open_link(state: ZoomState, url: str, *, signed_in: bool = False) -> OpenedLink:
    """What somebody meets who opens `url`, now. `signed_in`: they are signed in to a Zoom account of their own."""
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    head, _, tail = parts.path.strip("/").partition("/")
    if f"{parts.scheme}://{parts.netloc}" != WEB:
        return OpenedLink("no_such_link")
    if head == "meeting":
        return _registration_page(state, tail.removeprefix("register/"))
    meeting = _meeting_numbered(state, tail)
    if meeting is None:
        return OpenedLink("no_such_meeting")
    match head:
        case "s":
            known = url in state.secrets and "zak" in query
            return OpenedLink("starts_as_host" if known else "no_such_link", meeting.id)
        case "j":
            return _open_plain(meeting, query.get("pwd", ""), signed_in)
        case "w":
            return _open_personal(state, meeting, query.get("tk", ""), signed_in)
        case _:
            return OpenedLink("no_such_link")


def _registration_page(state: ZoomState, key: str) -> OpenedLink:
    meeting = next((m for m in state.meetings.values() if m.registration_key == key and not m.deleted), None)
    if meeting is None or not meeting.has_registration:
        return OpenedLink("no_such_meeting")
    return OpenedLink("registration_page", meeting.id)


def _meeting_numbered(state: ZoomState, number: str) -> Meeting | None:
    alive = [m for m in state.meetings.values() if not m.deleted]
    return next((m for m in alive if number in (str(m.id), str(m.pmi))), None)


def _open_plain(meeting: Meeting, key: str, signed_in: bool) -> OpenedLink:
    if meeting.has_registration:
        return OpenedLink("registration_page", meeting.id)
    if meeting.passcode and key != meeting.link_key:
        return OpenedLink("passcode_wanted", meeting.id)
    return _at_the_door(meeting, signed_in)


def _open_personal(state: ZoomState, meeting: Meeting, token: str, signed_in: bool) -> OpenedLink:
    registrant = next((r for r in meeting.registrants.values() if r.token == token), None)
    if registrant is not None:
        if registrant.status != "approved":
            return OpenedLink("invalid_registrant", meeting.id)
        return _at_the_door(meeting, signed_in, registrant=registrant)
    invite = next((i for i in meeting.invite_links if i.token == token), None)
    if invite is None:
        return OpenedLink("invalid_registrant", meeting.id)
    if invite.expires_at is not None and invite.expires_at <= state.now():
        return OpenedLink("expired", meeting.id)
    if meeting.has_registration:
        return OpenedLink("registration_page", meeting.id)
    return _at_the_door(meeting, signed_in, name=invite.name)


def _at_the_door(
    meeting: Meeting, signed_in: bool, *, registrant: Registrant | None = None, name: str | None = None
) -> OpenedLink:
    shown, known_as = (registrant.name, registrant.id) if registrant is not None else (name, None)
    if meeting.settings.get("meeting_authentication") is True and not signed_in:
        return OpenedLink("sign_in_wanted", meeting.id)
    outcome: Outcome = "joins"
    if meeting.waiting_room:
        outcome = "waiting_room"
    elif not meeting.live and meeting.settings.get("join_before_host") is not True:
        outcome = "waits_for_host"
    return OpenedLink(outcome, meeting.id, shown, known_as)
