"""Changing a planned meeting: what is different afterwards, and what that means for the links people have."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from bot.domain.meeting import Meeting, ProfileName
from bot.domain.readback import wanted
from bot.domain.values import MeetingId, MemberId, RoleId, ZoomUserId


@dataclass(frozen=True, slots=True)
class Edit:
    """How a meeting is to be afterwards. `confirmed_at` is set when the organiser pressed Change; from then on it is carried out, whatever happens.

    `edit_id` is part of the button, so that only what was shown can be confirmed.
    """

    edit_id: str
    meeting_id: MeetingId
    proposed_by: MemberId
    proposed_at: datetime
    topic: str
    starts_at: datetime
    duration: timedelta
    profile: ProfileName
    extra_role: RoleId | None
    alternative_hosts: tuple[ZoomUserId, ...]
    personal_links: bool
    waiting_room: bool
    confirmed_at: datetime | None = None

    def confirmed(self, at: datetime | None) -> Edit:
        """The organiser wants it; None: Zoom could not be reached, so it is a proposal again."""
        return replace(self, confirmed_at=at)

    def applied_to(self, meeting: Meeting) -> Meeting:
        """The meeting after the change."""
        return meeting.changed(
            topic=self.topic,
            starts_at=self.starts_at,
            duration=self.duration,
            profile=self.profile,
            extra_role=self.extra_role,
            alternative_hosts=self.alternative_hosts,
            personal_links=self.personal_links,
            waiting_room=self.waiting_room,
        )


EDITABLE = ("topic", "starts_at", "duration", "profile", "extra_role", "alternative_hosts")
_OURS_ALONE = frozenset({"extra_role"})
"""What Zoom does not know of a meeting."""


def changed_fields(before: Meeting, after: Meeting) -> tuple[str, ...]:
    """The names out of `EDITABLE` that differ."""
    return tuple(name for name in EDITABLE if getattr(before, name) != getattr(after, name))


def concerns_zoom(before: Meeting, after: Meeting) -> bool:
    """Whether Zoom has to be told."""
    return bool(set(changed_fields(before, after)) - _OURS_ALONE)


class LinkFate(Enum):
    """What becomes of the links people have."""

    KEPT = "kept"
    """They stay, for whoever is still admitted."""
    RENEWED = "renewed"
    """Personal links are given up for a shared one: all are made void, and each person presses again."""
    REPLACED = "replaced"
    """A shared link, which nobody can make void, is given up for personal ones; each person presses again."""


def link_fate(before: Meeting, after: Meeting) -> LinkFate:
    """What becomes of the links when `before` is changed into `after`."""
    if before.personal_links == after.personal_links:
        return LinkFate.KEPT
    return LinkFate.RENEWED if before.personal_links else LinkFate.REPLACED


def admits_differently(before: Meeting, after: Meeting) -> bool:
    """Whether somebody who was admitted may not be any more."""
    return before.extra_role != after.extra_role or before.settings.open_door != after.settings.open_door


@dataclass(frozen=True, slots=True)
class Shown:
    """What can be seen of a meeting at Zoom, for telling whether a change whose answer was lost was carried out."""

    topic: str
    starts_at: datetime | None
    duration: timedelta | None
    registration: bool | None
    focus_mode: bool | None

    @classmethod
    def of(cls, meeting: Meeting) -> Shown:
        """How the meeting should look."""
        settings = wanted(meeting)
        return cls(meeting.topic, meeting.starts_at, meeting.duration, settings.registration, settings.focus_mode)


def seems_carried_out(before: Meeting, after: Meeting, seen: Shown) -> bool:
    """Whether everything visible that was to change looks changed. False where nothing visible was to change: then it is sent again."""
    old, new = Shown.of(before), Shown.of(after)
    names = [name for name in Shown.__slots__ if getattr(old, name) != getattr(new, name)]
    return bool(names) and all(getattr(seen, name) == getattr(new, name) for name in names)
