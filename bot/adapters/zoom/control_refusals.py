"""What Zoom's refusals mean when we act on a running meeting: the same codes as elsewhere, some with a meaning of their own.

https://developers.zoom.us/docs/api/meetings/#tag/in-meeting-features/patch/live_meetings/{meetingId}/events . Code 300 stands for a wrong meeting, a
missing permission and a feature that Zoom has not enabled: its text tells them apart. Which of them a removal gets where it is not enabled is not
documented, and not verified.
"""

from __future__ import annotations

from datetime import datetime

from bot.adapters.zoom.protocol import ZoomRequest
from bot.adapters.zoom.refusals import MEETING_GONE, Refusal, error_from
from bot.domain.errors import NeedsAttention, UserMistake, VestibuleError
from bot.ports.control import NOT_RUNNING, PARTICIPANT_UNKNOWN, REMOVAL_NOT_PERMITTED, REMOVAL_OFF

REMOVE = "live.remove"
_OFF_CODES = frozenset({"zoom_feature_off", "zoom_unknown_call"})


def control_error(refusal: Refusal, request: ZoomRequest, now: datetime) -> VestibuleError:
    """The error that a refusing answer means."""
    usual = error_from(refusal, request, now)
    if usual.code == MEETING_GONE:
        return UserMistake(
            "Zoom says that this meeting is not running. If you see it running, end it in Zoom: End > End meeting for all.",
            code=NOT_RUNNING,
        )
    return _about_removal(refusal, usual) if request.operation == REMOVE else usual


def _about_removal(refusal: Refusal, usual: VestibuleError) -> VestibuleError:
    last = {name.rpartition(".")[2] for name in refusal.fields}
    said = refusal.message.lower()
    if usual.code in _OFF_CODES or "method" in last or "invalid method" in said:
        return NeedsAttention(
            "Zoom has not enabled removing people for this account. Its owner can ask Zoom's Developer Support to enable participant.remove. "
            "In Zoom: Participants > the name > More > Remove.",
            code=REMOVAL_OFF,
        )
    if usual.code == "zoom_no_permission":
        return NeedsAttention(
            "Zoom does not let the linked Zoom user remove people in this meeting. In Zoom: Participants > the name > More > Remove.",
            code=REMOVAL_NOT_PERMITTED,
        )
    if "participant_uuid" in last or "participant" in said:
        return UserMistake("Zoom no longer finds this person in the meeting.", code=PARTICIPANT_UNKNOWN)
    return usual
