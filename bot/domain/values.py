"""Small values shared by all parts: ids, secrets with a masked face, decisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

GuildId = NewType("GuildId", int)
"""A Discord guild: the community."""
MemberId = NewType("MemberId", int)
"""A Discord user inside a community."""
RoleId = NewType("RoleId", int)
ChannelId = NewType("ChannelId", int)
MessageId = NewType("MessageId", int)

MeetingId = NewType("MeetingId", str)
"""Ours; 26 characters, sortable by creation. Never Zoom's number."""
InviteId = NewType("InviteId", str)
GuestId = NewType("GuestId", str)
LinkId = NewType("LinkId", str)
"""An AccountLink."""

ZoomUserId = NewType("ZoomUserId", str)
ZoomMeetingId = NewType("ZoomMeetingId", str)
"""Zoom's meeting number. A 64-bit integer kept as text (https://developers.zoom.us/docs/api/using-zoom-apis/)."""
RegistrantId = NewType("RegistrantId", str)
SessionId = NewType("SessionId", str)
"""Zoom's meeting UUID: new for every run of a meeting (https://developers.zoom.us/docs/api/using-zoom-apis/)."""
ParticipantId = NewType("ParticipantId", str)
"""Zoom's `participant_uuid`: one person in one run of a meeting and its breakout rooms."""
AlertId = NewType("AlertId", str)
ActId = NewType("ActId", str)
"""One act of containment; 26 characters, sortable by creation."""
LeakId = NewType("LeakId", str)
RuleId = NewType("RuleId", int)
"""An AutoMod rule of a guild."""


class Secret:
    """Text that must not be seen by accident: its `repr` and `str` are masked, it does not pickle, only `reveal()` shows it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself. Call it only where it is handed to the one it is for, or sealed."""
        return self._text

    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._text))

    def __reduce__(self) -> str:
        raise TypeError(f"{type(self).__name__} is a secret and cannot be serialised")


class JoinLink(Secret):
    """An address that lets its holder into a call."""


class Passcode(Secret):
    """A meeting's passcode."""


class Token(Secret):
    """An access or refresh token."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether something is allowed, and if not, what is missing in words for the person who asked.

    `code` is stable, for logs and tests. An allowed decision has code "ok" and no reason.
    """

    allowed: bool
    code: str = "ok"
    reason: str = ""

    def __bool__(self) -> bool:
        return self.allowed


ALLOWED = Decision(True)


def refused(code: str, reason: str) -> Decision:
    """A refusal with a stable code and a kind sentence that says what is missing and whom to ask."""
    return Decision(False, code, reason)
