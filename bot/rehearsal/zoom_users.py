"""Zoom's users and their settings: the `/users` endpoints. https://developers.zoom.us/docs/api/users/"""

from __future__ import annotations

import copy
from collections.abc import Mapping

from bot.rehearsal.zoom_oauth import Grant
from bot.rehearsal.zoom_state import BASIC, User, ZoomState, stamp
from bot.rehearsal.zoom_wire import (
    FLAG,
    TEXT,
    Answer,
    Call,
    Field,
    JsonObject,
    ZoomError,
    check,
    invalid,
    merge,
    section,
)

MAX_USERS_PAGE = 2_000

DEFAULT_SETTINGS: JsonObject = {
    "schedule_meeting": {
        "host_video": True,
        "participants_video": True,
        "audio_type": "both",
        "join_before_host": False,
        "personal_meeting": True,
        "use_pmi_for_scheduled_meetings": False,
        "use_pmi_for_instant_meetings": False,
        "require_password_for_scheduling_new_meetings": True,
        "require_password_for_instant_meetings": True,
        "require_password_for_pmi_meetings": "all",
        "embed_password_in_join_link": True,
        "meeting_password_requirement": {
            "length": 0,
            "have_letter": False,
            "have_number": False,
            "have_special_character": False,
            "have_upper_and_lower_characters": False,
            "only_allow_numeric": False,
            "consecutive_characters_length": 0,
            "weak_enhance_detection": False,
        },
        "continuous_meeting_chat": {"enable": True, "auto_add_meeting_participants": True},
    },
    "in_meeting": {
        "e2e_encryption": False,
        "chat": True,
        "private_chat": True,
        "allow_participants_chat_with": 4,
        "allow_users_save_chats": 3,
        "file_transfer": True,
        "screen_sharing": True,
        "who_can_share_screen": "all",
        "who_can_share_screen_when_someone_is_sharing": "host",
        "participants_share_simultaneously": "one",
        "annotation": True,
        "remote_control": True,
        "whiteboard": True,
        "co_host": True,
        "waiting_room": False,
        "meeting_summary_with_ai_companion": {"enable": True, "auto_enable": True, "who_will_receive_summary": 1},
        "ai_companion_questions": {"enable": True, "auto_enable": True, "who_can_ask_questions": 1},
    },
    "recording": {"auto_recording": "none", "cloud_recording": True, "local_recording": True},
    "email_notification": {"cancel_meeting_reminder": True, "jbh_reminder": True, "alternative_host_reminder": True},
    "feature": {"meeting_capacity": 100, "large_meeting": False, "webinar": False},
}
"""What a new Zoom user has: convenient for a company, wide open for a community."""

DEFAULT_SECURITY: JsonObject = {
    "auto_security": True,
    "embed_password_in_join_link": True,
    "encryption_type": "enhanced_encryption",
    "end_to_end_encrypted_meetings": False,
    "meeting_password": True,
    "meeting_password_requirement": section(
        section(DEFAULT_SETTINGS, "schedule_meeting"), "meeting_password_requirement"
    ),
    "only_authenticated_can_join_from_webclient": False,
    "waiting_room": False,
    "waiting_room_settings": {
        "participants_to_place_in_waiting_room": 0,
        "users_who_can_admit_participants_from_waiting_room": 0,
        "whitelisted_domains_for_waiting_room": "",
    },
}

DEFAULT_AUTHENTICATION: JsonObject = {
    "meeting_authentication": False,
    "allow_authentication_exception": False,
    "authentication_options": [
        {
            "id": "signin_D8cJuqWVQ623CI4Q8yQK0Q",
            "name": "Sign in to Zoom",
            "type": "enforce_login",
            "default_option": True,
            "visible": True,
        }
    ],
}

_SETTING_RULES: Mapping[str, Field] = {
    "in_meeting": Field(
        "object",
        inner={
            "allow_participants_chat_with": Field("integer", choices=(1, 2, 3, 4)),
            "allow_users_save_chats": Field("integer", choices=(1, 2, 3)),
            "who_can_share_screen": Field("text", choices=("host", "all")),
            "who_can_share_screen_when_someone_is_sharing": Field("text", choices=("host", "all")),
            "participants_share_simultaneously": Field("text", choices=("multiple", "one")),
            "annotation": FLAG,
            "co_host": FLAG,
            "file_transfer": FLAG,
            "private_chat": FLAG,
            "remote_control": FLAG,
            "waiting_room": FLAG,
            "whiteboard": FLAG,
        },
    ),
    "schedule_meeting": Field("object", inner={"audio_type": TEXT, "embed_password_in_join_link": FLAG}),
    "meeting_security": Field("object", inner={"waiting_room": FLAG, "meeting_password": FLAG, "auto_security": FLAG}),
}


def new_settings() -> tuple[JsonObject, JsonObject, JsonObject]:
    """Settings, security settings and sign-in settings of a new user."""
    return copy.deepcopy(DEFAULT_SETTINGS), copy.deepcopy(DEFAULT_SECURITY), copy.deepcopy(DEFAULT_AUTHENTICATION)


class Users:
    """The `/users` endpoints."""

    def __init__(self, state: ZoomState) -> None:
        self._state = state

    def reached(self, call: Call, scope: str) -> User:
        """The user a path names, if the caller may act for them; noted in the call as the host concerned.

        Raises:
            ZoomError: 404/1001 unknown, or `me` with a token of the whole account, for which it must not be used
                (https://developers.zoom.us/docs/api/using-zoom-apis/); 404/1010 not of this account; 403 another user and no `:admin` scope.
        """
        reference = call.path["userId"]
        user = (
            self._state.users.get(call.grant.user_id or "") if reference == "me" else self._state.find_user(reference)
        )
        if user is None:
            raise ZoomError(404, 1001, f"User does not exist: {reference}.")
        if user.account_id != call.grant.account_id:
            raise ZoomError(404, 1010, f"User does not belong to this account: {call.grant.account_id}.")
        permit(call.grant, user, scope)
        call.host = user.id
        return user

    def get(self, call: Call) -> Answer:
        """`GET /users/{userId}`"""
        return Answer(200, self._described(self.reached(call, "user:read:user")))

    def listing(self, call: Call) -> Answer:
        """`GET /users`"""
        size = page_size(call, MAX_USERS_PAGE)
        here = [u for u in self._state.users.values() if u.account_id == call.grant.account_id]
        rows = [self._row(user) for user in here]
        users, paging = self._state.page(
            f"users/{call.grant.account_id}", rows, size, call.query.get("next_page_token", "")
        )
        return Answer(200, {**paging, "users": users})

    def get_settings(self, call: Call) -> Answer:
        """`GET /users/{userId}/settings`, with `option` meeting_security or meeting_authentication"""
        user = self.reached(call, "user:read:settings")
        shown: dict[str, JsonObject] = {
            "": user.settings,
            "meeting_security": {"meeting_security": user.security},
            "meeting_authentication": user.authentication,
        }
        option = call.query.get("option", "")
        if option not in shown:
            invalid("option", "Invalid field.")
        return Answer(200, copy.deepcopy(shown[option]))

    def update_settings(self, call: Call) -> Answer:
        """`PATCH /users/{userId}/settings`; what the account's admin locked stays as it is, without a word."""
        user = self.reached(call, "user:update:settings")
        check(call.body, _SETTING_RULES)
        allowed = self._without_locked(user, call.body)
        match call.query.get("option"):
            case "meeting_security":
                user.security = merge(user.security, section(allowed, "meeting_security"))
            case "meeting_authentication":
                user.authentication = merge(user.authentication, allowed)
            case _:
                user.settings = merge(user.settings, allowed)
        return Answer(204)

    def _without_locked(self, user: User, body: JsonObject) -> JsonObject:
        locked = self._state.account_of(user).locked_settings
        return {
            group: {n: v for n, v in values.items() if f"{group}.{n}" not in locked}
            if isinstance(values, dict)
            else values
            for group, values in body.items()
        }

    def _row(self, user: User) -> JsonObject:
        return {
            "id": user.id,
            "email": user.email,
            "type": user.type,
            "first_name": user.first_name,
            "last_name": user.last_name,
            "display_name": f"{user.first_name} {user.last_name}".strip(),
            "timezone": user.timezone,
            "pmi": user.pmi,
            "status": "active",
            "verified": 1,
            "created_at": stamp(user.created_at),
            "role_id": "0" if user.role == "Owner" else "2",
        }

    def _described(self, user: User) -> JsonObject:
        return {
            **self._row(user),
            "account_id": user.account_id,
            "role_name": user.role,
            "use_pmi": False,
            "dept": "",
            "language": "en-US",
            "plan_united_type": "1" if user.type == BASIC else "2",
        }


def permit(grant: Grant, host: User, scope: str) -> None:
    """Refuse a caller who may not act for `host`: a user's token reaches that user alone unless the scope is an `:admin` one.

    Raises:
        ZoomError: 403. Zoom's text is published, its number is not.
    """
    if host.account_id == grant.account_id and (grant.account_wide(scope) or grant.user_id == host.id):
        return
    raise ZoomError(403, 403, "The authenticated user has not permitted access to the targeted resource.")


def page_size(call: Call, maximum: int) -> int:
    """The `page_size` asked for: 30 by default, at most `maximum`.

    Raises:
        ZoomError: 400/300 if it is not a number in range.
    """
    asked = call.query.get("page_size", "30")
    if not asked.isdecimal() or not 1 <= int(asked) <= maximum:
        invalid("page_size", f"Must be between 1 and {maximum}.")
    return int(asked)
