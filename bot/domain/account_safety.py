"""Settings of a Zoom account that weaken every meeting on it, and how to change each by hand. No meeting has fields of its own for them.

https://developers.zoom.us/docs/api/users/#tag/users/get/users/{userId}/settings
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AccountSafety:
    """What the account's settings allow participants. None where Zoom did not say."""

    participants_share: bool | None = None
    chat: bool | None = None
    file_transfer: bool | None = None
    annotation: bool | None = None
    recording: bool | None = None


@dataclass(frozen=True, slots=True)
class Weakness:
    """One setting, what follows from it, and where to change it."""

    setting: str
    consequence: str
    change: str


_WHERE = "zoom.us > Settings > Meeting > In Meeting (Basic)"
_READABLE: dict[str, Weakness] = {
    "participants_share": Weakness(
        "Screen sharing",
        "everybody in a call can share their screen, a stranger too.",
        f'{_WHERE} > Screen sharing > Who can share: "Host Only".',
    ),
    "chat": Weakness(
        "Chat",
        "a stranger can write to everybody in the call.",
        f"{_WHERE} > Meeting chat: allow hosts and co-hosts only, or switch it off.",
    ),
    "file_transfer": Weakness(
        "File transfer",
        "a stranger can send files to everybody in the call.",
        f"{_WHERE} > Send files via meeting chat: off.",
    ),
    "annotation": Weakness(
        "Annotation",
        "a stranger can draw on a shared screen.",
        f"{_WHERE} > Annotation: off, or only for the person who shares.",
    ),
    "recording": Weakness(
        "Recording",
        "people in the call may be recorded.",
        "zoom.us > Settings > Recording: switch off recording for participants and automatic recording.",
    ),
}
BY_HAND: tuple[Weakness, ...] = (
    Weakness(
        "Renaming",
        "people can take another name in the call, so a name with a tag is no proof. I cannot read this setting.",
        f"{_WHERE} > Allow participants to rename themselves: off.",
    ),
    Weakness(
        "Rejoining",
        "somebody who was removed can come back. I cannot read this setting.",
        f"{_WHERE} > Allow removed participants to rejoin: off.",
    ),
)
"""What Zoom tells no program: a person has to look."""


def weaknesses(safety: AccountSafety) -> tuple[Weakness, ...]:
    """The settings that are known to be weak."""
    return tuple(weakness for name, weakness in _READABLE.items() if getattr(safety, name) is True)
