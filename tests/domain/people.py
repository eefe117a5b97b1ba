"""Members and communities for tests of the rules: plain ones, and any that can be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from bot.domain.community import Community, MemberFacts
from bot.domain.meeting import Meeting, MeetingState, ProfileName
from bot.domain.values import GuildId, LinkId, MeetingId, MemberId, RoleId, ZoomUserId

NOW = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
GUILD = GuildId(1)
VERIFIED, ORGANISER, MODERATOR, CIRCLE, OTHER = (RoleId(number) for number in range(10, 15))

ROLES = st.frozensets(st.sampled_from([VERIFIED, ORGANISER, MODERATOR, CIRCLE, OTHER]))
SPANS = st.integers(0, 400 * 86400).map(lambda seconds: timedelta(seconds=seconds))
PAST = SPANS.map(lambda span: NOW - span)

members = st.builds(
    MemberFacts,
    member_id=st.integers(1, 2**63 - 1).map(MemberId),
    shown_name=st.text(max_size=8),
    role_ids=ROLES,
    created_at=PAST,
    joined_at=st.none() | PAST,
    is_bot=st.booleans(),
    pending=st.booleans(),
    quarantined=st.booleans(),
    timed_out_until=st.none() | SPANS.map(lambda span: NOW - timedelta(days=200) + span),
    manages_guild=st.booleans(),
)

communities = st.builds(
    Community,
    guild_id=st.just(GUILD),
    verified_roles=ROLES,
    organiser_roles=ROLES,
    moderator_roles=ROLES,
    on_call_role=st.none() | st.just(OTHER),
    min_account_age=SPANS,
    min_membership_age=SPANS,
    open_door_min_account_age=SPANS,
    link_release=SPANS,
)


def member(*roles: RoleId, **changes: object) -> MemberFacts:
    """Somebody in good standing with an old account."""
    plain = MemberFacts(
        member_id=MemberId(77),
        shown_name="Ana",
        role_ids=frozenset(roles),
        created_at=NOW - timedelta(days=1000),
        joined_at=NOW - timedelta(days=500),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def community(**changes: object) -> Community:
    """One role of each kind, everything else as it comes."""
    return Community(
        GUILD,
        verified_roles=frozenset({VERIFIED}),
        organiser_roles=frozenset({ORGANISER}),
        moderator_roles=frozenset({MODERATOR}),
    ).changed(**changes)


def meeting(**changes: object) -> Meeting:
    """A created meeting of an hour, tomorrow."""
    return Meeting(
        meeting_id=MeetingId("meeting-1"),
        guild_id=GUILD,
        link_id=LinkId("link-1"),
        host_id=ZoomUserId("host-1"),
        topic="Reading circle",
        starts_at=NOW + timedelta(days=1),
        duration=timedelta(hours=1),
        profile=ProfileName.MEMBERS,
        created_by=MemberId(77),
        planned_at=NOW,
        confirmed_at=NOW,
        state=MeetingState.CREATED,
    ).changed(**changes)
