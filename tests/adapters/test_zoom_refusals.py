"""What each refusal of Zoom becomes, and how long each 429 asks to wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.zoom import protocol
from bot.adapters.zoom.protocol import ZoomRequest
from bot.adapters.zoom.refusals import Refusal, error_from, retry_delay
from bot.adapters.zoom.tokens import TokenRequest, token_error
from bot.domain.errors import NeedsAttention, Transient, UserMistake, VestibuleError
from bot.domain.values import ZoomMeetingId

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
ABOUT_USER = protocol.read_user("ana@example.org")
ABOUT_MEETING = protocol.read_meeting(ZoomMeetingId("98765432109"))
CANARY = "https://us02web.zoom.us/w/98765432109?tk=canary ana@example.org"


def refused(
    status: int,
    code: int | None,
    message: str = "",
    *,
    request: ZoomRequest = ABOUT_MEETING,
    fields: tuple[str, ...] = (),
    headers: dict[str, str] | None = None,
) -> VestibuleError:
    body: dict[str, object] = {"message": f"{message} {CANARY}"} | ({} if code is None else {"code": code})
    body["errors"] = [{"field": name, "message": CANARY} for name in fields]
    return error_from(Refusal.of(status, body, headers or {}), request, NOW)


TABLE: tuple[tuple[int, int, str, ZoomRequest, type[VestibuleError], str], ...] = (
    (401, 124, "Invalid access token.", ABOUT_USER, NeedsAttention, "zoom_token_rejected"),
    (400, 124, "Access token is expired.", ABOUT_USER, NeedsAttention, "zoom_token_rejected"),
    (400, 200, "Only available for paid users:", ABOUT_MEETING, NeedsAttention, "zoom_needs_licence"),
    (400, 300, "Validation Failed.", ABOUT_MEETING, NeedsAttention, "zoom_invalid"),
    (400, 300, "This API is not available for this account.", ABOUT_MEETING, NeedsAttention, "zoom_feature_off"),
    (400, 300, "DLP is not enabled on this account.", ABOUT_MEETING, NeedsAttention, "zoom_feature_off"),
    (400, 300, "No permission", ABOUT_MEETING, NeedsAttention, "zoom_no_permission"),
    (
        400,
        300,
        "Registration has not been enabled for this meeting:",
        ABOUT_MEETING,
        NeedsAttention,
        "zoom_registration_off",
    ),
    (400, 300, "Invalid meeting ID.", ABOUT_MEETING, UserMistake, "meeting_gone"),
    (400, 300, "Cannot access webinar info.", ABOUT_MEETING, NeedsAttention, "zoom_cannot_access"),
    (
        400,
        300,
        "The value that you entered for the Registrant ID field is invalid.",
        ABOUT_MEETING,
        UserMistake,
        "zoom_registrant_gone",
    ),
    (400, 300, "The next page token is invalid or expired.", ABOUT_USER, Transient, "zoom_page_expired"),
    (400, 303, "Batch registration is not supported", ABOUT_MEETING, NeedsAttention, "zoom_single_only"),
    (400, 404, "Registration has not been enabled", ABOUT_MEETING, NeedsAttention, "zoom_registration_off"),
    (404, 1001, "User does not exist:", ABOUT_USER, UserMistake, "zoom_user_unknown"),
    (404, 1001, "Meeting does not exist:", ABOUT_MEETING, UserMistake, "meeting_gone"),
    (400, 1010, "User does not belong to this account:", ABOUT_USER, UserMistake, "zoom_user_unknown"),
    (404, 1010, "User not found on this account:", ABOUT_USER, UserMistake, "zoom_user_unknown"),
    (400, 1120, "A valid invitation was not found", ABOUT_USER, UserMistake, "zoom_user_unknown"),
    (400, 2300, "This API endpoint is not recognized.", ABOUT_USER, NeedsAttention, "zoom_unknown_call"),
    (403, 2305, "", ABOUT_MEETING, NeedsAttention, "zoom_feature_off"),
    (403, 2306, "", ABOUT_USER, NeedsAttention, "zoom_feature_off"),
    (403, 2314, "", ABOUT_MEETING, NeedsAttention, "zoom_feature_off"),
    (400, 2316, "", ABOUT_MEETING, NeedsAttention, "zoom_feature_off"),
    (400, 3000, "Cannot access meeting info.", ABOUT_MEETING, NeedsAttention, "zoom_cannot_access"),
    (404, 3001, "Meeting does not exist:", ABOUT_MEETING, UserMistake, "meeting_gone"),
    (400, 3001, "Meeting is not found or has expired:", ABOUT_MEETING, UserMistake, "meeting_gone"),
    (400, 3002, "", ABOUT_MEETING, UserMistake, "zoom_in_progress"),
    (400, 3003, "", ABOUT_MEETING, NeedsAttention, "zoom_not_host"),
    (400, 3018, "Not allowed to delete PMI.", ABOUT_MEETING, UserMistake, "zoom_personal_meeting"),
    (400, 3037, "Not allowed to delete PAC.", ABOUT_MEETING, UserMistake, "zoom_personal_meeting"),
    (400, 3038, "Meeting is over, you can not register now.", ABOUT_MEETING, UserMistake, "zoom_over"),
    (400, 3043, "Meeting has reached maximum attendee capacity.", ABOUT_MEETING, NeedsAttention, "zoom_full"),
    (400, 3063, "Can not end on-premise user's meeting:", ABOUT_MEETING, NeedsAttention, "zoom_on_premise"),
    (400, 3161, "hosting is not allowed", ABOUT_USER, NeedsAttention, "zoom_host_not_allowed"),
    (400, 3309, "", ABOUT_MEETING, NeedsAttention, "zoom_no_cloud_storage"),
    (400, 4400, "", ABOUT_MEETING, NeedsAttention, "zoom_feature_off"),
    (400, 4700, "Token cannot be empty.", ABOUT_MEETING, NeedsAttention, "zoom_token_rejected"),
    (400, 4711, "does not contain scopes:[meeting:write:meeting].", ABOUT_USER, NeedsAttention, "zoom_scope_missing"),
    (401, 4711, "does not contain scopes:[meeting:write:meeting].", ABOUT_USER, NeedsAttention, "zoom_scope_missing"),
    (400, 12702, "Can not access a meeting a year ago.", ABOUT_MEETING, UserMistake, "zoom_too_old"),
    (403, 0, "has not permitted access to the targeted resource", ABOUT_MEETING, NeedsAttention, "zoom_no_permission"),
    (400, 3027, "", ABOUT_MEETING, NeedsAttention, "zoom_refused"),
    (404, 404, "Not found", ABOUT_MEETING, NeedsAttention, "zoom_refused"),
    (302, 0, "", ABOUT_MEETING, NeedsAttention, "zoom_refused"),
)


@pytest.mark.parametrize(("status", "code", "message", "request_", "kind", "ours"), TABLE)
def test_each_code_has_its_meaning(
    status: int, code: int, message: str, request_: ZoomRequest, kind: type[VestibuleError], ours: str
) -> None:
    error = refused(status, code, message, request=request_)
    assert (type(error), error.code) == (kind, ours)
    assert len(error.message) > 40
    assert "canary" not in error.message
    assert "@" not in error.message


@pytest.mark.parametrize(
    ("status", "ours"), [(401, "zoom_token_rejected"), (403, "zoom_no_permission"), (404, "zoom_refused")]
)
def test_bodies_that_are_not_zooms_are_judged_by_the_status(status: int, ours: str) -> None:
    assert error_from(Refusal.of(status, None, {}), ABOUT_MEETING, NOW).code == ours


def test_missing_scopes_are_named_and_nothing_else_of_the_text() -> None:
    error = refused(400, 4711, "does not contain scopes:[meeting:write:meeting, <b>x</b>, meeting:write:meeting:admin]")
    assert "(meeting:write:meeting, meeting:write:meeting:admin)" in error.message
    assert "<b>" not in error.message
    assert refused(400, 4711, "scopes").code == "zoom_scope_missing"


@pytest.mark.parametrize(
    ("fields", "kind", "ours", "said"),
    [
        (("topic",), UserMistake, "zoom_field_refused", "the topic"),
        (("settings.alternative_hosts",), UserMistake, "zoom_field_refused", "the alternative hosts"),
        (("first_name", "topic"), UserMistake, "zoom_field_refused", "the name and the topic"),
        (("password",), NeedsAttention, "zoom_passcode_refused", "passcode rules"),
        (("settings.focus_mode",), NeedsAttention, "zoom_invalid", "(settings.focus_mode)"),
        (("attendees[0].name",), UserMistake, "zoom_field_refused", "the name"),
        (("https://zoom.us/j/1?pwd=x",), NeedsAttention, "zoom_invalid", "up to date"),
    ],
)
def test_invalid_fields_are_told_to_whom_they_concern(
    fields: tuple[str, ...], kind: type[VestibuleError], ours: str, said: str
) -> None:
    error = refused(400, 300, "Validation Failed.", fields=fields)
    assert (type(error), error.code) == (kind, ours)
    assert said in error.message
    assert "https" not in error.message


# ------------------------------------------------------------------------------------------------ limits

PER_SECOND = "You have reached the maximum per-second rate limit for this API. Try again later."
PER_DAY = "You have reached the maximum daily rate limit for this API. Refer to the response header"
CREATES = (
    "You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted for this particular user. "
    "You may resume these requests at GMT 00:00:00."
)
ADDS = (
    "You have exceeded the daily rate limit of (3) for Add a meeting registrant API requests for the registrant (x). "
    "You can resume these API requests at GMT 00:00:00."
)
CHANGES = ADDS.replace("(3) for Add a meeting registrant", "(10) for Update meeting registrant status")
BUSY = "Too many concurrent requests. A request to disassociate this user has already been made."
SIX_HOURS = timedelta(hours=6)


@pytest.mark.parametrize(
    ("status", "code", "message", "headers", "ours", "wait"),
    [
        (429, 429, PER_SECOND, {}, "zoom_rate_limited", None),
        (429, 4001, PER_SECOND, {"Retry-After": "2026-11-21T18:00:02Z"}, "zoom_rate_limited", timedelta(seconds=2)),
        (400, 4001, PER_SECOND, {"Retry-After": "3"}, "zoom_rate_limited", timedelta(seconds=3)),
        (429, 429, BUSY, {}, "zoom_rate_limited", None),
        (429, 429, PER_DAY, {}, "zoom_daily_limit", SIX_HOURS),
        (429, 429, PER_DAY, {"Retry-After": "2026-11-22T00:00:00Z"}, "zoom_daily_limit", SIX_HOURS),
        (
            429,
            429,
            "",
            {"X-RateLimit-Type": "Daily-limit", "Retry-After": "60"},
            "zoom_daily_limit",
            timedelta(minutes=1),
        ),
        (429, 429, CREATES, {}, "zoom_daily_creates", SIX_HOURS),
        (429, 429, CREATES, {"Retry-After": "1"}, "zoom_daily_creates", SIX_HOURS),
        (429, 429, ADDS, {}, "zoom_daily_adds", SIX_HOURS),
        (429, 429, CHANGES, {}, "zoom_daily_changes", SIX_HOURS),
    ],
)
def test_each_limit_has_its_name_and_its_wait(
    status: int, code: int, message: str, headers: dict[str, str], ours: str, wait: timedelta | None
) -> None:
    error = refused(status, code, message, headers=headers)
    assert isinstance(error, Transient)
    assert (error.code, error.retry_after) == (ours, wait)
    assert "canary" not in error.message


def test_limit_without_a_body_of_zooms_is_still_a_limit() -> None:
    error = error_from(Refusal.of(429, None, {"Retry-After": "7"}), ABOUT_USER, NOW)
    assert isinstance(error, Transient)
    assert error.retry_after == timedelta(seconds=7)


@pytest.mark.parametrize(
    ("written", "wait"),
    [
        ("2026-11-21T18:00:05Z", 5),
        ("2026-11-21T18:00:05.500Z", 5.5),
        ("2026-11-21T19:00:05+01:00", 5),
        ("2026-11-21T18:00:05", 5),
        ("2026-11-21T17:59:00Z", 0),
        ("Sat, 21 Nov 2026 18:00:09 GMT", 9),
        ("12", 12),
        (" 0.5 ", 0.5),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("99999999999999999999", None),
    ],
)
def test_retry_after_is_read_in_every_form(written: str, wait: float | None) -> None:
    expected = None if wait is None else timedelta(seconds=wait)
    assert retry_delay(written, NOW) == expected


# ------------------------------------------------------------------------------------------------ the token endpoint

ACCOUNT = TokenRequest("/token", "", {"grant_type": "account_credentials"})
REFRESH = TokenRequest("/token", "", {"grant_type": "refresh_token"})
NUMBERS = {
    4700: "zoom_grant_dead",
    4702: "zoom_client_rejected",
    4704: "zoom_client_rejected",
    4705: "zoom_app_kind",
    4706: "zoom_token_request",
    4709: "zoom_redirect_mismatch",
    4711: "zoom_grant_dead",
    4717: "zoom_app_disabled",
    4724: "zoom_app_kind",
    4732: "zoom_code_refused",
    4733: "zoom_code_refused",
    4734: "zoom_code_refused",
    4735: "zoom_grant_dead",
    4738: "zoom_app_disabled",
    4740: "zoom_grant_dead",
    4741: "zoom_grant_dead",
}


@pytest.mark.parametrize(("number", "ours"), NUMBERS.items())
def test_token_error_numbers_are_known_wherever_they_stand(number: int, ours: str) -> None:
    written = f"{str(number)[0]},{str(number)[1:]}"
    bodies: tuple[dict[str, object], ...] = (
        {"code": number},
        {"errorCode": str(number)},
        {"reason": f"Something ({written})", "error": "x"},
        {"reason": f"Something {number}"},
    )
    for body in bodies:
        error = token_error(400, body, REFRESH)
        assert (type(error), error.code) == (NeedsAttention, ours)


@pytest.mark.parametrize(
    ("body", "ours"),
    [
        ({"reason": "Invalid client_id or client_secret", "error": "invalid_client"}, "zoom_client_rejected"),
        ({"reason": "The app has been disabled.", "error": "invalid_client"}, "zoom_app_disabled"),
        ({"reason": "Invalid Token!", "error": "invalid_request"}, "zoom_grant_dead"),
        ({"reason": "x", "error": "invalid_grant"}, "zoom_grant_dead"),
        ({"reason": "unsupported grant type", "error": "unsupported_grant_type"}, "zoom_app_kind"),
        ({"reason": "Redirect URI mismatch.", "error": "invalid_request"}, "zoom_redirect_mismatch"),
        ({"reason": "Code is expired.", "error": "invalid_grant"}, "zoom_code_refused"),
        ({"reason": "Bad request.", "error": "invalid_request"}, "zoom_token_request"),
        (None, "zoom_token_request"),
    ],
)
def test_token_errors_without_a_number_are_told_by_their_words(body: dict[str, object] | None, ours: str) -> None:
    assert token_error(400, body, REFRESH).code == ours


def test_bad_request_for_an_account_token_means_the_account_id() -> None:
    error = token_error(400, {"reason": "Bad request.", "error": "invalid_request"}, ACCOUNT)
    assert error.code == "zoom_account_rejected"
    assert "ZOOM_ACCOUNT_ID" in error.message


def test_token_endpoint_may_be_rate_limited_too() -> None:
    assert isinstance(token_error(429, None, ACCOUNT), Transient)
