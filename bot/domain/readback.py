"""What we ask of Zoom for a meeting, and how far what Zoom made differs from it.

Zoom may overwrite choices: account locks win, and one of passcode, waiting room or authentication is always enforced
(https://developers.zoom.us/docs/api/references/meeting-api-security-enhancements/). So every created meeting is read back and compared.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from bot.domain.meeting import Meeting


@dataclass(frozen=True, slots=True)
class RoomSettings:
    """A meeting's safety settings in our words. In a reading, None means that Zoom did not say."""

    registration: bool | None = None
    open_registration: bool | None = None
    """Anybody with the plain link could register themselves."""
    passcode: bool | None = None
    waiting_room: bool | None = None
    waiting_room_for_everyone: bool | None = None
    join_before_host: bool | None = None
    personal_meeting_id: bool | None = None
    mute_on_entry: bool | None = None
    video_at_entry: bool | None = None
    telephone: bool | None = None
    several_devices: bool | None = None
    mails_from_zoom: bool | None = None
    share_button: bool | None = None
    recording: bool | None = None
    continuous_chat: bool | None = None
    ai_companion: bool | None = None
    focus_mode: bool | None = None
    participants_can_share: bool | None = None
    """From the host's account settings; no meeting has a field of its own for it."""


def wanted(meeting: Meeting) -> RoomSettings:
    """The settings a meeting of this profile is created with."""
    return RoomSettings(
        registration=meeting.personal_links,
        open_registration=False,
        passcode=True,
        waiting_room=meeting.waiting_room,
        waiting_room_for_everyone=meeting.waiting_room,
        join_before_host=False,
        personal_meeting_id=False,
        mute_on_entry=True,
        video_at_entry=False,
        telephone=meeting.telephone,
        several_devices=False if meeting.personal_links else None,
        mails_from_zoom=False,
        share_button=False if meeting.personal_links else None,
        recording=False,
        continuous_chat=False,
        ai_companion=False,
        focus_mode=meeting.settings.focus_mode,
        participants_can_share=False if meeting.settings.host_only_share_demanded else None,
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting that is not as asked. `unsafe` ones stop inviting until the organiser accepts them."""

    setting: str
    said: str
    unsafe: bool


_OFF, _ON = "off", "on"

_CONSEQUENCES: dict[str, tuple[bool, dict[bool, str]]] = {
    "registration": (
        True,
        {
            False: "Zoom left registration off: there would be no personal links, and strangers could not be told from members."
        },
    ),
    "open_registration": (True, {True: "Anybody who finds the plain link could register themselves."}),
    "passcode": (False, {False: "Zoom set no passcode: the meeting number alone is enough to reach the door."}),
    "waiting_room": (
        False,
        {
            False: "Zoom turned the waiting room off: people enter without anybody admitting them.",
            True: "Zoom turned the waiting room on: the host has to admit each person.",
        },
    ),
    "waiting_room_for_everyone": (
        False,
        {False: "The waiting room does not hold everyone: some people enter without being admitted."},
    ),
    "join_before_host": (True, {True: "People can be in the call before the host."}),
    "personal_meeting_id": (
        True,
        {True: "Zoom used the host's personal meeting number, which never changes once it leaks."},
    ),
    "mute_on_entry": (False, {False: "People are not muted when they enter."}),
    "video_at_entry": (False, {True: "Cameras may be on when people enter."}),
    "telephone": (False, {True: "People can dial in by phone, and a caller cannot be matched to a member."}),
    "several_devices": (False, {True: "One link can be used on several devices at the same time."}),
    "mails_from_zoom": (False, {True: "Zoom sends mail about this meeting."}),
    "share_button": (False, {True: "Zoom's registration page offers to share the meeting."}),
    "recording": (True, {True: "Zoom records this meeting by itself."}),
    "continuous_chat": (False, {True: "Zoom keeps a chat going before and after the call."}),
    "ai_companion": (False, {True: "Zoom's AI Companion starts by itself and takes notes on what people say."}),
    "focus_mode": (False, {False: "Focus mode is off: people see each other's pictures and screens."}),
    "participants_can_share": (
        True,
        {
            True: "In this Zoom account everybody can share a screen. Change it at zoom.us > Settings > In Meeting > Screen sharing > "
            'Who can share: "Host Only", then check again.'
        },
    ),
}
"""Setting -> (unsafe by itself, value Zoom gave -> what follows from it)."""


def compare(asked: RoomSettings, got: RoomSettings) -> tuple[Difference, ...]:
    """What Zoom changed, field by field, unsafe differences first. What Zoom did not say, or what we did not ask for, is no difference."""
    found = [
        Difference(name, sentence, unsafe)
        for name, (unsafe, sentences) in _CONSEQUENCES.items()
        if (sentence := _changed(asked, got, name, sentences)) is not None
    ]
    if got.waiting_room is False and got.passcode is False:
        found.append(
            Difference("no_barrier", "Neither waiting room nor passcode: whoever has the number walks in.", True)
        )
    if asked.waiting_room and got.waiting_room is False and asked.registration is False:
        found.append(
            Difference(
                "open_without_waiting_room",
                "Without personal links the waiting room is the only door, and it is off.",
                True,
            )
        )
    return tuple(sorted(found, key=lambda difference: not difference.unsafe))


def _changed(asked: RoomSettings, got: RoomSettings, name: str, sentences: dict[bool, str]) -> str | None:
    want, have = getattr(asked, name), getattr(got, name)
    if want is None or have is None or want == have:
        return None
    return sentences.get(
        have, f"{name.replace('_', ' ').capitalize()} is {_ON if have else _OFF}, which is not what was asked."
    )


def unsafe(differences: tuple[Difference, ...]) -> tuple[str, ...]:
    """The names of the differences that stop inviting."""
    return tuple(difference.setting for difference in differences if difference.unsafe)


SETTING_NAMES = tuple(field.name for field in fields(RoomSettings))
