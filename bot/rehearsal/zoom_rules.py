"""What Zoom does with the body of a meeting request: refuse, fill with its own defaults, and overrule.

Field limits: https://developers.zoom.us/docs/api/meetings/ . What is not in a body gets API defaults, not the safe ones of the web portal, and
at least one of passcode, waiting room and sign-in stays on: https://developers.zoom.us/docs/api/references/meeting-api-security-enhancements/ .
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.rehearsal.zoom_state import (
    FIXED_TIME,
    NO_FIXED_TIME,
    NO_REGISTRATION,
    SCHEDULED,
    Account,
    Meeting,
    User,
    ZoomState,
)
from bot.rehearsal.zoom_wire import (
    FLAG,
    LIST,
    OBJECT,
    TEXT,
    Field,
    JsonObject,
    check,
    flag,
    integer,
    invalid,
    merge,
    section,
    text,
)

_FLAGS = (
    "allow_host_control_participant_mute_state",
    "allow_multiple_devices",
    "alternative_hosts_email_notification",
    "auto_start_ai_companion_questions",
    "auto_start_meeting_summary",
    "close_registration",
    "device_testing",
    "disable_participant_video",
    "email_notification",
    "focus_mode",
    "host_video",
    "internal_meeting",
    "join_before_host",
    "meeting_authentication",
    "mute_upon_entry",
    "participant_video",
    "private_meeting",
    "registrants_confirmation_email",
    "registrants_email_notification",
    "request_permission_to_unmute_participants",
    "show_join_info",
    "show_share_button",
    "use_pmi",
    "waiting_room",
    "watermark",
)

_WAITERS = (
    "everyone",
    "users_not_in_account",
    "users_not_in_account_or_whitelisted_domains",
    "users_not_on_invite",
    "users_not_in_org",
)

_SETTINGS: Mapping[str, Field] = dict.fromkeys(_FLAGS, FLAG) | {
    "alternative_hosts": TEXT,
    "approval_type": Field("integer", choices=(0, 1, 2)),
    "approved_or_denied_countries_or_regions": OBJECT,
    "audio": Field("text", choices=("both", "telephony", "voip", "thirdParty")),
    "auto_recording": Field("text", choices=("local", "cloud", "none")),
    "continuous_meeting_chat": Field("object", inner={"enable": FLAG}),
    "encryption_type": Field("text", choices=("enhanced_encryption", "e2ee")),
    "jbh_time": Field("integer", choices=(0, 5, 10, 15)),
    "registration_type": Field("integer", choices=(1, 2, 3)),
    "waiting_room_options": Field(
        "object",
        inner={
            "mode": Field("text", choices=("follow_setting", "custom"), required=True),
            "who_goes_to_waiting_room": Field("text", choices=_WAITERS),
        },
    ),
}

_MEETING: Mapping[str, Field] = {
    "topic": Field("text", maximum=200),
    "agenda": Field("text", maximum=2_000),
    "duration": Field("integer", minimum=1, maximum=1_440),
    "password": Field("text", maximum=10),
    "default_password": FLAG,
    "type": Field("integer", choices=(1, 2, 3, 8, 10)),
    "start_time": TEXT,
    "timezone": TEXT,
    "schedule_for": TEXT,
    "tracking_fields": LIST,
    "recurrence": Field(
        "object",
        inner={
            "type": Field("integer", choices=(1, 2, 3), required=True),
            "repeat_interval": Field("integer", minimum=1, maximum=99),
            "end_times": Field("integer", minimum=0, maximum=60),
            "end_date_time": TEXT,
            "weekly_days": TEXT,
            "monthly_day": Field("integer", minimum=1, maximum=31),
        },
    ),
    "settings": Field("object", inner=_SETTINGS),
}

_LOCAL_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z?)$")
_CREATE_PASSCODE = re.compile(r"^[A-Za-z0-9@\-_*!#]*$")
_UPDATE_PASSCODE = re.compile(r"^[A-Za-z0-9@\-_*]*$")


def check_body(body: JsonObject) -> None:
    """Refuse a create or update body that Zoom would refuse.

    Raises:
        ZoomError: 400/300 with the fields at fault.
    """
    check(body, _MEETING)
    settings = section(body, "settings")
    waiting = section(settings, "waiting_room_options")
    if waiting.get("mode") == "custom" and "who_goes_to_waiting_room" not in waiting:
        invalid("settings.waiting_room_options.who_goes_to_waiting_room", "Required.")
    both = "allow_host_control_participant_mute_state", "request_permission_to_unmute_participants"
    if all(flag(settings, name) for name in both):
        invalid(f"settings.{both[0]}", "Cannot be used together with request_permission_to_unmute_participants.")
    recurrence = section(body, "recurrence")
    if "end_times" in recurrence and "end_date_time" in recurrence:
        invalid("recurrence.end_times", "Cannot be used with end_date_time.")
    if body.get("type") == FIXED_TIME and not recurrence:
        invalid("recurrence", "Required.")
    if "timezone" in body:
        _zone(text(body, "timezone"))


def check_passcode(passcode: str, host: User, *, updating: bool) -> None:
    """Refuse a passcode with a character Zoom does not take, or against the host's passcode requirement.

    The published texts differ: creating takes letters, digits and "such as !, @, #", updating only `@ - _ *` besides letters and digits.

    Raises:
        ZoomError: 400/300.
    """
    if not (_UPDATE_PASSCODE if updating else _CREATE_PASSCODE).match(passcode):
        invalid("password", "The passcode contains characters that are not allowed.")
    if passcode and not _meets(passcode, section(host.security, "meeting_password_requirement")):
        invalid("password", "The passcode does not meet the requirement of the account.")


def _meets(passcode: str, requirement: JsonObject) -> bool:
    letters = [c for c in passcode if c.isalpha()]
    wanted = (
        len(passcode) >= integer(requirement, "length", 0),
        bool(letters) or not flag(requirement, "have_letter"),
        any(c.isdigit() for c in passcode) or not flag(requirement, "have_number"),
        any(not c.isalnum() for c in passcode) or not flag(requirement, "have_special_character"),
        len({c.isupper() for c in letters}) == 2 or not flag(requirement, "have_upper_and_lower_characters"),
        passcode.isdigit() or not flag(requirement, "only_allow_numeric"),
        not _has_run(passcode, integer(requirement, "consecutive_characters_length", 0)),
    )
    return all(wanted)


def _has_run(passcode: str, length: int) -> bool:
    """Whether `length` characters follow each other, like abcd or 1234; a length of 0 forbids nothing."""
    if length == 0:
        return False
    steps = "".join("+" if ord(b) - ord(a) == 1 else "." for a, b in pairwise(passcode))
    return "+" * (length - 1) in steps


def new_passcode(host: User) -> str:
    """A passcode as Zoom makes them: six digits where only digits are allowed, otherwise letters and digits that meet any requirement."""
    requirement = section(host.security, "meeting_password_requirement")
    length = max(6, integer(requirement, "length", 0))
    if flag(requirement, "only_allow_numeric"):
        return "".join(secrets.choice("1357902468") for _ in range(length))
    body = "".join(secrets.choice("ACEGIKMOQSUWYbdfhjlnprtvxz13579") for _ in range(length - 4))
    mark = "@" if flag(requirement, "have_special_character") else "z"
    return f"{secrets.choice('ACEGKMQ')}{body}{mark}{secrets.choice('bdfhjln')}{secrets.choice('1357')}"


def parse_start(value: str, timezone: str) -> datetime:
    """`yyyy-MM-ddTHH:mm:ssZ`, or the same without `Z` in `timezone`; aware UTC.

    Raises:
        ZoomError: 400/300 for another form, or an unknown time zone.
    """
    match = _LOCAL_TIME.match(value)
    if match is None:
        invalid("start_time", "Invalid date-time.")
    try:
        local = datetime.fromisoformat(value.removesuffix("Z"))
    except ValueError:
        invalid("start_time", "Invalid date-time.")
    return local.replace(tzinfo=UTC if match[1] else _zone(timezone)).astimezone(UTC)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, ZoneInfoNotFoundError):
        invalid("timezone", "Invalid time zone.")


def api_defaults(host: User) -> JsonObject:
    """What a meeting gets where a create body says nothing. They are not safe ones."""
    schedule, in_meeting = section(host.settings, "schedule_meeting"), section(host.settings, "in_meeting")
    return {
        "allow_multiple_devices": True,
        "alternative_hosts": "",
        "alternative_hosts_email_notification": True,
        "approval_type": NO_REGISTRATION,
        "approved_or_denied_countries_or_regions": {"enable": False},
        "audio": "both",
        "auto_recording": text(section(host.settings, "recording"), "auto_recording", "none"),
        "auto_start_ai_companion_questions": flag(section(in_meeting, "ai_companion_questions"), "auto_enable"),
        "auto_start_meeting_summary": flag(section(in_meeting, "meeting_summary_with_ai_companion"), "auto_enable"),
        "close_registration": False,
        "continuous_meeting_chat": {"enable": flag(section(schedule, "continuous_meeting_chat"), "enable")},
        "device_testing": False,
        "disable_participant_video": False,
        "email_notification": True,
        "encryption_type": "enhanced_encryption",
        "focus_mode": False,
        "host_video": flag(schedule, "host_video"),
        "internal_meeting": False,
        "jbh_time": 0,
        "join_before_host": False,
        "meeting_authentication": False,
        "mute_upon_entry": False,
        "participant_video": flag(schedule, "participants_video"),
        "private_meeting": False,
        "registrants_confirmation_email": True,
        "registrants_email_notification": True,
        "registration_type": 1,
        "request_permission_to_unmute_participants": False,
        "show_join_info": True,
        "show_share_button": True,
        "use_pmi": flag(schedule, "use_pmi_for_scheduled_meetings"),
        "waiting_room": False,
        "waiting_room_options": {"mode": "follow_setting"},
        "watermark": False,
    }


def check_alternative_hosts(value: str, host: User, state: ZoomState) -> None:
    """Alternative hosts are other licensed users of the host's account, by e-mail or id, with `;` between them.

    Raises:
        ZoomError: 400/300 naming the first that is none.
    """
    for reference in filter(None, (part.strip() for part in re.split("[;,]", value))):
        user = state.find_user(reference)
        if user is None or user.account_id != host.account_id or not user.licensed or user is host:
            invalid("settings.alternative_hosts", f"Invalid alternative host: {reference}.")


def overrule(meeting: Meeting, host: User, account: Account) -> None:
    """Put Zoom's will over what was asked: no registration where it cannot be, the admin's locks, and one safeguard at least."""
    settings = meeting.settings
    registrable = meeting.type in (SCHEDULED, FIXED_TIME) and host.licensed and not flag(settings, "use_pmi")
    if not registrable:
        settings["approval_type"] = NO_REGISTRATION
    if meeting.type not in (SCHEDULED, NO_FIXED_TIME):
        settings["use_pmi"] = False
    if meeting.type not in (SCHEDULED, NO_FIXED_TIME, FIXED_TIME):
        settings["continuous_meeting_chat"] = {"enable": False}
    for forced, passcode in ((account.forced, account.forced_passcode), (host.forced, host.forced_passcode)):
        meeting.settings = merge(meeting.settings, forced)
        if passcode is not None:
            meeting.passcode = passcode
    _enforce_security(meeting, host, account)
    if meeting.waiting_room:
        meeting.settings["join_before_host"] = False


def _enforce_security(meeting: Meeting, host: User, account: Account) -> None:
    settings = meeting.settings
    secured = meeting.passcode or flag(settings, "waiting_room") or flag(settings, "meeting_authentication")
    if secured or not account.auto_security:
        return
    if {**account.forced, **host.forced}.get("waiting_room") is False:
        meeting.passcode = new_passcode(host)
    else:
        settings["waiting_room"] = True
