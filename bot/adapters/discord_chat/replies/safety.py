"""The safety choices of a meeting in plain words."""

from __future__ import annotations

from collections.abc import Callable

from bot.domain.meeting import Meeting
from bot.domain.readback import RoomSettings, wanted

_Sentence = Callable[[RoomSettings], str]

_SENTENCES: tuple[tuple[tuple[str, ...], _Sentence], ...] = (
    (
        ("registration", "open_registration", "several_devices", "share_button"),
        lambda s: (
            "Each member gets a **personal link** in private, for one device at a time. Nobody can register themselves."
            if s.registration
            else "**No personal links:** people get their link in private, but it works for whoever has it."
        ),
    ),
    (
        ("waiting_room", "waiting_room_for_everyone"),
        lambda s: (
            "**Waiting room** for everyone: the host lets each person in."
            if s.waiting_room
            else "**No waiting room:** people enter without anybody admitting them."
        ),
    ),
    (("join_before_host",), lambda _: "Nobody is in the call before the host."),
    (
        ("personal_meeting_id", "passcode"),
        lambda _: "A meeting number of its own and a random **passcode**, never the host's personal number.",
    ),
    (
        ("mute_on_entry", "video_at_entry"),
        lambda _: "Everybody enters **muted** and with the **camera off**.",
    ),
    (
        ("telephone",),
        lambda s: (
            "**Dial-in by phone** is on: callers cannot be matched to members."
            if s.telephone
            else "No dial-in by phone."
        ),
    ),
    (
        ("recording", "ai_companion", "continuous_chat"),
        lambda _: "**No automatic recording,** no AI notes, no chat kept before or after.",
    ),
    (("mails_from_zoom",), lambda _: "Zoom sends no mails about it."),
    (
        ("focus_mode",),
        lambda s: "**Focus mode:** people see only the host and co-hosts." if s.focus_mode else "",
    ),
    (
        ("participants_can_share",),
        lambda s: (
            "Only the host can share a screen. I check that in the account."
            if s.participants_can_share is False
            else ""
        ),
    ),
)
"""Settings -> what is said about them; a test checks that every setting is spoken of."""

SPOKEN_OF = frozenset(name for names, _ in _SENTENCES for name in names)


def profile_words(meeting: Meeting) -> str:
    """The profile's title and those of its two lines that hold for this meeting, whose choices may differ."""
    profile = meeting.settings
    who, how = profile.explanation
    holds = (meeting.personal_links == profile.registration, meeting.waiting_room and not meeting.telephone)
    return " ".join([f"{profile.title}.", *(line for line, true in zip((who, how), holds, strict=True) if true)])


def safety_lines(meeting: Meeting) -> tuple[str, ...]:
    """How this meeting is asked to be kept safe, one choice a line."""
    settings = wanted(meeting)
    return tuple(line for _, sentence in _SENTENCES if (line := sentence(settings)))
