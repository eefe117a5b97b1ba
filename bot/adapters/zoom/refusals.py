"""What Zoom's refusals mean, and who must act: the one place where they become our errors.

A refusal is `{"code", "message", "errors"}`; the code is Zoom's own and seldom the HTTP status (https://developers.zoom.us/docs/api/errors/).
Zoom's texts may hold addresses, numbers and links, so none is passed on: what we say is ours, with scope and field names where they help.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from bot.adapters.zoom.parsing import moment, number, rows, text
from bot.adapters.zoom.protocol import ZoomRequest
from bot.domain.errors import NeedsAttention, Transient, UserMistake, VestibuleError

REJECTED_TOKEN = "zoom_token_rejected"  # noqa: S105 - an error's name
MEETING_GONE = "meeting_gone"

Rule = tuple[type[VestibuleError], str, str]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusing answer. `code` is None where the body was not Zoom's. `message` is Zoom's own text: read it, never pass it on."""

    status: int
    code: int | None = None
    message: str = field(default="", repr=False)
    fields: tuple[str, ...] = ()
    retry_after: str = ""
    limit_type: str = ""

    @classmethod
    def of(cls, status: int, body: Mapping[str, object] | None, headers: Mapping[str, str]) -> Refusal:
        """Read an answer's error body and the headers that matter."""
        told = rows(body or {}, "errors")
        fields = tuple(name for row in told if _FIELD.fullmatch(name := text(row, "field")))
        message = " ".join([text(body or {}, "message"), *(text(row, "message") for row in told)])
        return cls(
            status,
            number(body or {}, "code"),
            message,
            fields,
            headers.get("Retry-After", ""),
            headers.get("X-RateLimit-Type", ""),
        )


_FIELD = re.compile(r"[A-Za-z_]+(?:\[\d*\])?(?:\.[A-Za-z_]+(?:\[\d*\])?){0,4}")
_SCOPES = re.compile(r"scopes?:?\s*\[([^\]]*)\]", re.IGNORECASE)
_SCOPE = re.compile(r"[a-z_]+(?::[a-z_]+){1,3}")

_GONE: Rule = (UserMistake, MEETING_GONE, "Zoom no longer has this meeting. Create a new one with /meeting create.")
_NO_USER: Rule = (
    UserMistake,
    "zoom_user_unknown",
    "This Zoom account has no active user with that address or id. Check the spelling, or ask the account's admin to add them.",
)
_REGISTRATION_OFF: Rule = (
    NeedsAttention,
    "zoom_registration_off",
    "Registration is off for this meeting at Zoom, so nobody can get a personal link. Cancel the meeting and create it again.",
)
_FEATURE_OFF: Rule = (
    NeedsAttention,
    "zoom_feature_off",
    "Zoom says that this feature is switched off or not available for this account. "
    "An admin of the Zoom account can switch it on or ask Zoom's support.",
)
_NO_PERMISSION: Rule = (
    NeedsAttention,
    "zoom_no_permission",
    "Zoom says that this app may not do that with this user or meeting. Check that the host belongs to the linked Zoom account.",
)
_REJECTED: Rule = (
    NeedsAttention,
    REJECTED_TOKEN,
    "Zoom no longer accepts this app's access. An organiser has to link the Zoom account again, "
    "or an admin has to check the app at marketplace.zoom.us.",
)
_CANNOT_ACCESS: Rule = (
    NeedsAttention,
    "zoom_cannot_access",
    "Zoom does not let this app reach that meeting or user in this way. "
    "Check at zoom.us that it is a meeting of the linked account and that its host is not blocked.",
)

_RULES: dict[int, Rule] = {
    124: _REJECTED,
    200: (
        NeedsAttention,
        "zoom_needs_licence",
        "Zoom does this for paid accounts only. Give the host a Zoom licence (Pro or higher), or choose a host who has one.",
    ),
    303: (
        NeedsAttention,
        "zoom_single_only",
        "Zoom registers several people at once only for one-time scheduled meetings. People can still be registered one by one.",
    ),
    1010: _NO_USER,
    1120: (
        UserMistake,
        "zoom_user_unknown",
        "This person has not accepted the invitation to the Zoom account in time. Ask the account's admin to invite them again.",
    ),
    2300: (NeedsAttention, "zoom_unknown_call", "Zoom does not know this request any more. Please update Vestibule."),
    2305: _FEATURE_OFF,
    2306: _FEATURE_OFF,
    2314: _FEATURE_OFF,
    2316: _FEATURE_OFF,
    3000: _CANNOT_ACCESS,
    3001: _GONE,
    3002: (UserMistake, "zoom_in_progress", "This meeting is running, and Zoom refuses that meanwhile. End it first."),
    3003: (
        NeedsAttention,
        "zoom_not_host",
        "Zoom allows that to the meeting's host only. Check who hosts this meeting.",
    ),
    3018: (
        UserMistake,
        "zoom_personal_meeting",
        "This is the host's personal meeting, which cannot be deleted. Use a scheduled meeting instead.",
    ),
    3037: (
        UserMistake,
        "zoom_personal_meeting",
        "This is a personal audio conference, which cannot be deleted. Use a scheduled meeting instead.",
    ),
    3038: (UserMistake, "zoom_over", "This meeting is over at Zoom, so nobody can be registered any more."),
    3043: (
        NeedsAttention,
        "zoom_full",
        "This meeting has as many registered people as Zoom allows. An organiser can create a second meeting.",
    ),
    3063: (
        NeedsAttention,
        "zoom_on_premise",
        "This meeting runs on the account's own servers, and Zoom cannot end it from outside. The host has to end it.",
    ),
    3161: (
        NeedsAttention,
        "zoom_host_not_allowed",
        "Zoom does not allow this user to host or schedule meetings. The Zoom account's admin can allow it under User Management.",
    ),
    3309: (
        NeedsAttention,
        "zoom_no_cloud_storage",
        "This Zoom account has no cloud storage for that. Vestibule records nothing; check the account's settings.",
    ),
    4400: _FEATURE_OFF,
    4700: _REJECTED,
    12702: (UserMistake, "zoom_too_old", "Zoom keeps this for a year only, and the meeting is older than that."),
}
"""Zoom's code -> what it means. What needs more than the number (300, 404, 429, 1001, 4001, 4711) is decided below.

https://developers.zoom.us/docs/api/errors/ and the responses of https://developers.zoom.us/docs/api/meetings/
"""

_REFUSED_TEXTS: tuple[tuple[str, Rule], ...] = (
    ("not available for this account", _FEATURE_OFF),
    ("not enabled on this account", _FEATURE_OFF),
    ("registration has not been enabled", _REGISTRATION_OFF),
    ("permission", _NO_PERMISSION),
    ("cannot access", _CANNOT_ACCESS),
    ("invalid meeting id", _GONE),
    ("meeting id does not exist", _GONE),
    ("meeting does not exist", _GONE),
    (
        "registrant id",
        (
            UserMistake,
            "zoom_registrant_gone",
            "Zoom has no such registrant any more. Press the button again for a fresh link.",
        ),
    ),
    (
        "next page token",
        (Transient, "zoom_page_expired", "Zoom's list changed while it was being read. Please try again."),
    ),
)
"""Code 300 stands for many things; these parts of its message tell them apart."""

_TYPED_BY_PEOPLE = {
    "topic": "the topic",
    "agenda": "the description",
    "duration": "the length",
    "start_time": "the start time",
    "first_name": "the name",
    "name": "the name",
    "alternative_hosts": "the alternative hosts",
}

_PASSCODE = (
    "Zoom refused the meeting's passcode because of this account's passcode rules. An admin of the Zoom account can relax them at zoom.us > "
    "Settings > Security > Passcode requirement: ten characters with letters, digits and a special character must be allowed."
)


def error_from(refusal: Refusal, request: ZoomRequest, now: datetime) -> VestibuleError:
    """The error that a refusing answer (HTTP 3xx or 4xx) means.

    Args:
        refusal: what Zoom answered.
        request: what was asked; some codes mean different things for users and for meetings.
        now: aware UTC, for the limits that end at midnight.
    """
    code, status = refusal.code, refusal.status
    if status == 429 or code in (429, 4001):
        return _over_limit(refusal, now)
    if code == 4711:
        return _missing_scopes(refusal.message)
    if code == 1001:
        return _made(_GONE if request.about_meeting else _NO_USER)
    if code == 300:
        return _invalid(refusal)
    if code == 404 and status == 400:
        return _made(_REGISTRATION_OFF)
    if code is not None and code in _RULES:
        return _made(_RULES[code])
    if status == 401:
        return _made(_REJECTED)
    if status == 403:
        return _made(_NO_PERMISSION)
    name = f"error {code}" if code is not None else f"HTTP status {status}"
    return NeedsAttention(
        f"Zoom refused this ({name}). Please check Zoom's status page and the app's settings at marketplace.zoom.us, then try again.",
        code="zoom_refused",
    )


def retry_delay(written: str, now: datetime) -> timedelta | None:
    """How long `Retry-After` asks to wait: Zoom writes an ISO-8601 date-time, others seconds or an HTTP date; None if it says nothing.

    https://developers.zoom.us/docs/api/rate-limits/
    """
    written = written.strip()
    if re.fullmatch(r"\d{1,7}(\.\d{1,6})?", written):
        return timedelta(seconds=float(written))
    until = moment(written) or _http_date(written)
    return None if until is None else max(until - now, timedelta(0))


def _http_date(written: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(written)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def _until_midnight(now: datetime) -> timedelta:
    tomorrow = (now.astimezone(UTC) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return tomorrow - now


_DAILY_CAPS: tuple[tuple[str, str, str], ...] = (
    (
        "create/update",
        "zoom_daily_creates",
        "Zoom allows each host 100 new or changed meetings a day, and this host has used them up. "
        "It works again after midnight UTC, or with another host now.",
    ),
    (
        "add a",
        "zoom_daily_adds",
        "Zoom allows each person to be registered three times a day for one meeting, and that is used up. It works again after midnight UTC.",
    ),
    (
        "registrant",
        "zoom_daily_changes",
        "Zoom allows each registration to be changed ten times a day, and that is used up. It works again after midnight UTC.",
    ),
)
"""Part of the message -> our code. These caps are told by their text, not by headers (https://developers.zoom.us/docs/api/rate-limits/)."""


def _over_limit(refusal: Refusal, now: datetime) -> Transient:
    message = refusal.message.lower()
    asked = retry_delay(refusal.retry_after, now)
    if "gmt 00:00:00" in message:
        for part, code, sentence in _DAILY_CAPS:
            if part in message:
                return Transient(sentence, code=code, retry_after=_until_midnight(now))
    if "daily" in message or refusal.limit_type.lower().startswith("daily"):
        return Transient(
            "The Zoom account's apps have made as many requests today as Zoom allows. It works again after midnight UTC.",
            code="zoom_daily_limit",
            retry_after=asked or _until_midnight(now),
        )
    return Transient(
        "Zoom asks us to slow down. Nothing was changed; please try again in a minute.",
        code="zoom_rate_limited",
        retry_after=asked,
    )


def _missing_scopes(message: str) -> NeedsAttention:
    listed = _SCOPES.search(message)
    names = sorted(set(_SCOPE.findall(listed[1]))) if listed else []
    which = ", ".join(names) or "one that its message did not name"
    return NeedsAttention(
        f"The Zoom app lacks a scope that this needs ({which}). "
        "Add it at marketplace.zoom.us > Manage > your app > Scopes, then link or start again.",
        code="zoom_scope_missing",
    )


def _invalid(refusal: Refusal) -> VestibuleError:
    message = refusal.message.lower()
    last = {name.rpartition(".")[2].partition("[")[0] for name in refusal.fields}
    if "password" in last or "passcode" in message:
        return NeedsAttention(_PASSCODE, code="zoom_passcode_refused")
    if last and last <= _TYPED_BY_PEOPLE.keys():
        what = " and ".join(sorted({_TYPED_BY_PEOPLE[name] for name in last}))
        return UserMistake(f"Zoom did not accept {what}. Please change it and try again.", code="zoom_field_refused")
    for part, rule in _REFUSED_TEXTS:
        if part in message:
            return _made(rule)
    which = f" ({', '.join(refusal.fields)})" if refusal.fields else ""
    return NeedsAttention(
        f"Zoom refused what Vestibule sent{which}. Please check that Vestibule is up to date, and report this if it is.",
        code="zoom_invalid",
    )


def _made(rule: Rule) -> VestibuleError:
    kind, code, sentence = rule
    return kind(sentence, code=code)
