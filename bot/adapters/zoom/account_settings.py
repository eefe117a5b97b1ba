"""A user's settings as far as they weaken every meeting of theirs.

https://developers.zoom.us/docs/api/users/#tag/users/get/users/{userId}/settings
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.adapters.zoom.parsing import flag, number, section, text
from bot.domain.account_safety import AccountSafety

_HOSTS_ONLY_CHAT = (1, 2)
"""Values of `allow_participants_chat_with`: nobody, or host and co-hosts."""


def read_account_safety(settings: Mapping[str, object]) -> AccountSafety:
    """What the settings allow participants; None where Zoom did not say."""
    in_meeting, recording = section(settings, "in_meeting"), section(settings, "recording")
    return AccountSafety(
        participants_share=_share(in_meeting),
        chat=_chat(in_meeting),
        file_transfer=flag(in_meeting, "file_transfer"),
        annotation=flag(in_meeting, "annotation"),
        recording=_recording(recording),
    )


def _share(in_meeting: Mapping[str, object]) -> bool | None:
    if flag(in_meeting, "screen_sharing") is False:
        return False
    who = text(in_meeting, "who_can_share_screen")
    return who != "host" if who else None


def _chat(in_meeting: Mapping[str, object]) -> bool | None:
    if number(in_meeting, "allow_participants_chat_with") in _HOSTS_ONLY_CHAT:
        return False
    return flag(in_meeting, "chat")


def _recording(recording: Mapping[str, object]) -> bool | None:
    automatic = text(recording, "auto_recording")
    if automatic not in ("", "none"):
        return True
    return flag(recording, "local_recording")
