"""Meetings: profiles of safe settings, states, and when links are handed out.

PLANNED -> CREATED <-> LIVE        ENDED: our own End, or no session 60 minutes after the scheduled end
   any state -> CANCELLED
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from bot.domain.community import AdmissionPolicy, Community, policy_for
from bot.domain.values import (
    ChannelId,
    GuildId,
    LinkId,
    MeetingId,
    MemberId,
    MessageId,
    RoleId,
    ZoomMeetingId,
    ZoomUserId,
)

MAX_TOPIC = 200
"""https://developers.zoom.us/docs/api/meetings/#tag/meetings/post/users/{userId}/meetings"""
MAX_DURATION = timedelta(hours=24)
GRACE_AFTER_END = timedelta(minutes=60)
"""A meeting is over when no session has been live since this long after its scheduled end."""
INVITE_LINK_TAIL = timedelta(hours=2)
"""How long after the scheduled end a shared invite link keeps working."""
MAX_INVITE_LINK_LIFE = timedelta(seconds=7_776_000)
"""Zoom's longest `ttl` of an invite link; its default is two hours from creation."""
MARKER_PREFIX = "vestibule:"


class ProfileName(Enum):
    """The profiles an organiser can choose from."""

    MEMBERS = "members"
    HIGH_RISK = "high-risk"
    OPEN_DOOR = "open-door"


@dataclass(frozen=True, slots=True)
class Profile:
    """A named set of safe settings. `explanation` is two plain lines for the organiser, `public` what the announcement says of it."""

    name: ProfileName
    title: str
    registration: bool
    """Every member gets a registrant, and so a link that is theirs alone."""
    waiting_room_required: bool
    focus_mode: bool
    host_only_share_demanded: bool
    explanation: tuple[str, str]
    public: str

    @property
    def open_door(self) -> bool:
        """Whether people without a verified role are admitted."""
        return self.name is ProfileName.OPEN_DOOR


PROFILES: dict[ProfileName, Profile] = {
    profile.name: profile
    for profile in (
        Profile(
            ProfileName.MEMBERS,
            "Members",
            registration=True,
            waiting_room_required=False,
            focus_mode=False,
            host_only_share_demanded=False,
            explanation=(
                "For verified members. Each gets a personal link in private, usable on one device at a time.",
                "A waiting room for everyone; muted and without video at entry; no recording, no dial-in.",
            ),
            public="For verified members of this server.",
        ),
        Profile(
            ProfileName.HIGH_RISK,
            "High risk",
            registration=True,
            waiting_room_required=True,
            focus_mode=True,
            host_only_share_demanded=True,
            explanation=(
                "Like Members, for calls that are likely to be attacked. The waiting room cannot be left out.",
                "Focus mode: people see only the host and co-hosts; only the host can share a screen.",
            ),
            public="For verified members of this server. You will see only the hosts, not one another.",
        ),
        Profile(
            ProfileName.OPEN_DOOR,
            "Open door",
            registration=False,
            waiting_room_required=True,
            focus_mode=False,
            host_only_share_demanded=False,
            explanation=(
                "For newcomers: no verified role is needed, only to be in this server with an account that is not brand-new.",
                "The link may be passed on and nobody in the call can be matched to a member, so the host admits each by hand.",
            ),
            public="Open to newcomers of this server. The host lets each person in by hand.",
        ),
    )
}


def public_words(profile: ProfileName, *, personal_links: bool) -> tuple[str, str]:
    """What a public announcement says of who may come and how they get in."""
    how = (
        "Each person gets a link of their own in private, for one device at a time. Please keep yours to yourself."
        if personal_links
        else "The link comes in private. Please do not pass it on."
    )
    return PROFILES[profile].public, how


_CONNECTION = re.compile(
    r"://|\bzoom(?:gov)?\s*\.\s*(?:us|com)\b|\b(?:pwd|tk|zak)=|\b\d{3}[\s.-]?\d{3,4}[\s.-]?\d{3,5}\b", re.IGNORECASE
)


def topic_problem(topic: str) -> str | None:
    """Why this text cannot be a meeting's public topic, or None: it may hold no address and nothing that looks like a meeting number."""
    if not topic:
        return "A meeting needs a topic. Type a few words."
    if len(topic) > MAX_TOPIC:
        return f"The topic is longer than the {MAX_TOPIC} characters Zoom takes. Shorten it."
    if _CONNECTION.search(topic):
        return "The topic is public, so it may hold no link, meeting number or passcode. Members get their way in from me, in private."
    return None


class MeetingState(Enum):
    """Where a meeting is in its life."""

    PLANNED = "planned"
    CREATED = "created"
    LIVE = "live"
    ENDED = "ended"
    CANCELLED = "cancelled"


class Door(Enum):
    """Whether links leave."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Host:
    """A Zoom user who may host here, and which Discord member that is (None: not said yet).

    `licensed` is False for a Basic user, who cannot register people.
    """

    user_id: ZoomUserId
    email: str
    licensed: bool
    link_id: LinkId
    name: str = ""
    member_id: MemberId | None = None

    @property
    def hint(self) -> str:
        """The address, recognisable to its owner only: "a…@example.org"."""
        local, _, domain = self.email.partition("@")
        return f"{local[:1]}…@{domain}"


@dataclass(frozen=True, slots=True)
class Meeting:
    """What was scheduled at Zoom for a community.

    `personal_links` says whether people are registered (False: open door, or a Basic host). `confirmed_at` is set when the organiser pressed Create;
    a PLANNED meeting without it is a draft that nobody has to keep. `blocked_by_read_back` holds names of unsafe differences nobody accepted yet.
    `replaces` is set while this meeting is being made to take the place of another (Rotate), `replaced_by` once another has taken its place.
    """

    meeting_id: MeetingId
    guild_id: GuildId
    link_id: LinkId
    host_id: ZoomUserId
    topic: str
    starts_at: datetime
    duration: timedelta
    profile: ProfileName
    created_by: MemberId
    planned_at: datetime
    state: MeetingState = MeetingState.PLANNED
    door: Door = Door.OPEN
    personal_links: bool = True
    waiting_room: bool = True
    telephone: bool = False
    extra_role: RoleId | None = None
    alternative_hosts: tuple[ZoomUserId, ...] = ()
    zoom_id: ZoomMeetingId | None = None
    confirmed_at: datetime | None = None
    blocked_by_read_back: tuple[str, ...] = ()
    announcement_channel: ChannelId | None = None
    announcement_message: MessageId | None = None
    replaces: MeetingId | None = None
    replaced_by: MeetingId | None = None

    @property
    def ends_at(self) -> datetime:
        """The scheduled end."""
        return self.starts_at + self.duration

    @property
    def closes_at(self) -> datetime:
        """When links stop being handed out if nothing else ended the meeting before and nobody is in the call."""
        return self.ends_at + GRACE_AFTER_END

    @property
    def settings(self) -> Profile:
        """The profile's data."""
        return PROFILES[self.profile]

    @property
    def marker(self) -> str:
        """What we put in front of the agenda at Zoom, so that a meeting whose creation was not answered can be recognised."""
        return MARKER_PREFIX + self.meeting_id

    @property
    def upcoming(self) -> bool:
        """Created and not over."""
        return self.state in (MeetingState.CREATED, MeetingState.LIVE)

    @property
    def still_planned(self) -> bool:
        """Neither over nor called off, whether Zoom has it already or not."""
        return self.upcoming or self.state is MeetingState.PLANNED

    @property
    def host_ids(self) -> tuple[ZoomUserId, ...]:
        """The host first, then the alternative hosts."""
        return (self.host_id, *self.alternative_hosts)

    def changed(self, **changes: object) -> Meeting:
        """A copy with some fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]


class LinkWindow(Enum):
    """Whether this is the time to hand out links."""

    EARLY = "early"
    OPEN = "open"
    OVER = "over"


def opens_at(meeting: Meeting, community: Community) -> datetime:
    """When links are released."""
    return meeting.starts_at - community.link_release


def link_window(meeting: Meeting, community: Community, now: datetime) -> LinkWindow:
    """Whether links are handed out at `now`: from the release until the meeting is over, and in any case while it is live."""
    late = now >= meeting.closes_at and meeting.state is not MeetingState.LIVE
    if late or meeting.replaced_by is not None or meeting.state in (MeetingState.ENDED, MeetingState.CANCELLED):
        return LinkWindow.OVER
    if meeting.state is MeetingState.PLANNED or meeting.replaces is not None or now < opens_at(meeting, community):
        return LinkWindow.EARLY
    return LinkWindow.OPEN


def admission_policy(meeting: Meeting, community: Community) -> AdmissionPolicy:
    """Whom this meeting admits."""
    return policy_for(community, open_door=meeting.settings.open_door, extra_role=meeting.extra_role)


def invite_link_life(meeting: Meeting, now: datetime) -> timedelta:
    """How long a shared invite link made at `now` has to work: until two hours past the end, but an hour at least while the meeting is live."""
    least = timedelta(hours=1) if meeting.state is MeetingState.LIVE else timedelta(minutes=1)
    return min(max(meeting.ends_at + INVITE_LINK_TAIL - now, least), MAX_INVITE_LINK_LIFE)


def overlaps(a_start: datetime, a_length: timedelta, b_start: datetime, b_length: timedelta) -> bool:
    """Whether two half-open spans of time share a moment."""
    return a_start < b_start + b_length and b_start < a_start + a_length
