"""A meeting's safety settings, from our words into Zoom's fields and back.

https://developers.zoom.us/docs/api/meetings/#tag/meetings/post/users/{userId}/meetings . A meeting made through the API does not take the web
portal's defaults (https://developers.zoom.us/docs/api/references/meeting-api-security-enhancements/), so every field that matters is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, timedelta

from bot.adapters.zoom.parsing import JsonObject, flag, moment, number, parse_created, section, text
from bot.domain.readback import RoomSettings
from bot.domain.verdict import WaitingRoom
from bot.ports import MeetingReading, MeetingRequest

SCHEDULED = 2
"""The `type` of a meeting with a date that does not repeat."""
APPROVED_BY_US, NO_REGISTRATION, OPEN_REGISTRATION = 1, 2, 0
"""Values of `approval_type`. With 0 anybody who has the plain link can register themselves, so we never ask for it."""

_AGENDA = "Scheduled from Discord by Vestibule. Please keep the first word of this text: Vestibule recognises the meeting by it."
_MAIL_FIELDS = (
    "registrants_confirmation_email",
    "registrants_email_notification",
    "email_notification",
    "alternative_hosts_email_notification",
)
_POST_ONLY = ("show_join_info",)
"""Fields that creating takes and updating does not (https://developers.zoom.us/docs/api/meetings/#tag/meetings/patch/meetings/{meetingId})."""


def creation_body(request: MeetingRequest) -> JsonObject:
    """The body that creates the meeting. A setting that was left open (None) is sent at its safer value."""
    settings = _settings(request.settings)
    if request.alternative_hosts:
        settings["alternative_hosts"] = ";".join(request.alternative_hosts)
    return {
        "type": SCHEDULED,
        "topic": request.topic,
        "agenda": f"{request.marker} {_AGENDA}",
        "start_time": request.starts_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "timezone": "UTC",
        "duration": max(1, -(-request.duration // timedelta(minutes=1))),
        "password": request.passcode.reveal(),
        "settings": settings,
    }


def update_body(request: MeetingRequest) -> JsonObject:
    """The body that makes an existing meeting what `request` says."""
    body = creation_body(request)
    settings = {name: value for name, value in section(body, "settings").items() if name not in _POST_ONLY}
    settings.setdefault("alternative_hosts", "")
    return {**body, "settings": settings}


def _settings(asked: RoomSettings) -> JsonObject:
    settings: JsonObject = {
        "approval_type": APPROVED_BY_US if asked.registration else NO_REGISTRATION,
        "use_pmi": bool(asked.personal_meeting_id),
        "waiting_room": asked.waiting_room is not False,
        "join_before_host": bool(asked.join_before_host),
        "mute_upon_entry": asked.mute_on_entry is not False,
        "participant_video": bool(asked.video_at_entry),
        "host_video": False,
        "audio": "both" if asked.telephone else "voip",
        "meeting_authentication": False,
        "allow_multiple_devices": bool(asked.several_devices),
        **dict.fromkeys(_MAIL_FIELDS, bool(asked.mails_from_zoom)),
        "show_share_button": bool(asked.share_button),
        "show_join_info": False,
        "auto_recording": "cloud" if asked.recording else "none",
        "continuous_meeting_chat": {"enable": bool(asked.continuous_chat)},
        "auto_start_meeting_summary": bool(asked.ai_companion),
        "auto_start_ai_companion_questions": bool(asked.ai_companion),
        "focus_mode": bool(asked.focus_mode),
    }
    if settings["waiting_room"]:
        everyone = asked.waiting_room_for_everyone is not False
        settings["waiting_room_options"] = (
            {"mode": "custom", "who_goes_to_waiting_room": "everyone"} if everyone else {"mode": "follow_setting"}
        )
    return settings


def follows_account(meeting: Mapping[str, object]) -> bool:
    """Whether the host's account settings decide who waits, so that they have to be read too."""
    settings = section(meeting, "settings")
    return bool(flag(settings, "waiting_room")) and text(section(settings, "waiting_room_options"), "mode") != "custom"


def parse_reading(
    meeting: Mapping[str, object], user_settings: Mapping[str, object], security: Mapping[str, object]
) -> MeetingReading | None:
    """A meeting as it is; None if the answer has no number or link.

    Args:
        meeting: https://developers.zoom.us/docs/api/meetings/#tag/meetings/get/meetings/{meetingId}
        user_settings: https://developers.zoom.us/docs/api/users/#tag/users/get/users/{userId}/settings
        security: the same with `option=meeting_security`; may be empty unless `follows_account`.
    """
    created = parse_created(meeting)
    if created is None:
        return None
    settings = read_room(meeting, user_settings, security)
    minutes = number(meeting, "duration")
    duration = None if minutes is None else timedelta(minutes=minutes)
    return MeetingReading(settings, created, moment(text(meeting, "start_time")), text(meeting, "topic"), duration)


def read_room(
    meeting: Mapping[str, object], user_settings: Mapping[str, object], security: Mapping[str, object]
) -> RoomSettings:
    """The safety settings that Zoom's answers tell of; None where they say nothing."""
    settings = section(meeting, "settings")
    approval = number(settings, "approval_type")
    chat = section(settings, "continuous_meeting_chat")
    recording = text(settings, "auto_recording")
    audio = text(settings, "audio")
    return RoomSettings(
        registration=None if approval is None else approval != NO_REGISTRATION,
        open_registration=None if approval is None else approval == OPEN_REGISTRATION,
        passcode=bool(text(meeting, "password")),
        waiting_room=flag(settings, "waiting_room"),
        waiting_room_for_everyone=_everyone_waits(settings, security),
        join_before_host=flag(settings, "join_before_host"),
        personal_meeting_id=flag(settings, "use_pmi"),
        mute_on_entry=flag(settings, "mute_upon_entry"),
        video_at_entry=flag(settings, "participant_video"),
        telephone=None if not audio else audio != "voip",
        several_devices=flag(settings, "allow_multiple_devices"),
        mails_from_zoom=_any(*(flag(settings, name) for name in _MAIL_FIELDS)),
        share_button=flag(settings, "show_share_button"),
        recording=None if not recording else recording != "none",
        continuous_chat=flag(chat, "enable"),
        ai_companion=_any(
            flag(settings, "auto_start_meeting_summary"), flag(settings, "auto_start_ai_companion_questions")
        ),
        focus_mode=flag(settings, "focus_mode"),
        participants_can_share=_participants_share(section(user_settings, "in_meeting")),
    )


def read_host(user_settings: Mapping[str, object], security: Mapping[str, object]) -> RoomSettings:
    """What a host's account settings alone say of every meeting of theirs."""
    waiting = section(section(security, "meeting_security"), "waiting_room_settings")
    placed = number(waiting, "participants_to_place_in_waiting_room")
    return RoomSettings(
        waiting_room_for_everyone=None if placed is None else placed == 0,
        participants_can_share=_participants_share(section(user_settings, "in_meeting")),
    )


def read_waiting_room(meeting: Mapping[str, object], security: Mapping[str, object]) -> WaitingRoom:
    """The meeting's waiting room, and whether the account lets others than host and co-hosts admit people."""
    settings = section(meeting, "settings")
    admitting = number(
        section(section(security, "meeting_security"), "waiting_room_settings"),
        "users_who_can_admit_participants_from_waiting_room",
    )
    return WaitingRoom(
        on=flag(settings, "waiting_room"),
        for_everyone=_everyone_waits(settings, security),
        others_admit=None if admitting is None else admitting != 0,
    )


def _any(*flags: bool | None) -> bool | None:
    said = [each for each in flags if each is not None]
    return any(said) if said else None


def _everyone_waits(settings: Mapping[str, object], security: Mapping[str, object]) -> bool | None:
    if not flag(settings, "waiting_room"):
        return None
    options = section(settings, "waiting_room_options")
    if text(options, "mode") == "custom":
        who = text(options, "who_goes_to_waiting_room")
        return who == "everyone" if who else None
    waiting = section(section(security, "meeting_security"), "waiting_room_settings")
    placed = number(waiting, "participants_to_place_in_waiting_room")
    return None if placed is None else placed == 0


def _participants_share(in_meeting: Mapping[str, object]) -> bool | None:
    if flag(in_meeting, "screen_sharing") is False:
        return False
    who = text(in_meeting, "who_can_share_screen")
    return who != "host" if who else None
