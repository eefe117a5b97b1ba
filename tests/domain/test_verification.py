"""Who gets a link."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.community import AdmissionPolicy, Community, MemberFacts, admits, policy_for
from bot.domain.meeting import ProfileName, admission_policy
from bot.domain.values import RoleId
from tests.domain.people import (
    CIRCLE,
    NOW,
    OTHER,
    PAST,
    ROLES,
    SPANS,
    VERIFIED,
    communities,
    community,
    meeting,
    member,
    members,
)

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
any_policy = st.builds(policy_for, communities, open_door=st.booleans(), extra_role=st.none() | st.just(CIRCLE))
MEMBERS_ONLY = policy_for(community(), open_door=False)
OPEN_DOOR = policy_for(community(), open_door=True)


@pytest.mark.parametrize(
    "spoiled",
    [
        {"is_bot": True},
        {"pending": True},
        {"quarantined": True},
        {"timed_out_until": NOW + SECOND},
    ],
)
@given(who=members, policy=any_policy)
def test_bad_standing_is_never_admitted(spoiled: dict[str, object], who: MemberFacts, policy: AdmissionPolicy) -> None:
    assert not admits(policy, replace(who, **spoiled), NOW)  # type: ignore[arg-type]


@given(who=members, where=communities)
def test_unverified_member_gets_no_link(who: MemberFacts, where: Community) -> None:
    unverified = replace(who, role_ids=who.role_ids - where.verified_roles)
    assert not admits(policy_for(where, open_door=False), unverified, NOW)


@given(who=members, where=communities, open_door=st.booleans(), group=st.sampled_from([CIRCLE, OTHER, VERIFIED]))
def test_extra_role_only_narrows(who: MemberFacts, where: Community, open_door: bool, group: RoleId) -> None:
    wide, narrow = (policy_for(where, open_door=open_door, extra_role=extra) for extra in (None, group))
    assert bool(admits(narrow, who, NOW)) == (bool(admits(wide, who, NOW)) and group in who.role_ids)


@given(who=members, policy=any_policy, more=ROLES)
def test_another_role_never_shuts_anybody_out(
    who: MemberFacts, policy: AdmissionPolicy, more: frozenset[RoleId]
) -> None:
    if admits(policy, who, NOW):
        assert admits(policy, replace(who, role_ids=who.role_ids | more), NOW)


@given(who=members, policy=any_policy, later=SPANS)
def test_waiting_never_shuts_anybody_out(who: MemberFacts, policy: AdmissionPolicy, later: timedelta) -> None:
    if admits(policy, who, NOW):
        assert admits(policy, who, NOW + later)


@given(who=members, policy=any_policy, created=PAST)
def test_too_young_an_account_gets_no_link(who: MemberFacts, policy: AdmissionPolicy, created: object) -> None:
    young = replace(who, created_at=created)  # type: ignore[arg-type]
    if NOW - young.created_at < policy.min_account_age:
        assert not admits(policy, young, NOW)


@given(who=members, where=communities)
def test_rights_give_no_link(who: MemberFacts, where: Community) -> None:
    policy = policy_for(where, open_door=False)
    assert admits(policy, replace(who, manages_guild=True), NOW) == admits(
        policy, replace(who, manages_guild=False), NOW
    )


@pytest.mark.parametrize(
    ("who", "policy", "code"),
    [
        (member(VERIFIED), MEMBERS_ONLY, "ok"),
        (
            member(VERIFIED, OTHER),
            policy_for(community(verified_roles=frozenset({OTHER, CIRCLE})), open_door=False),
            "ok",
        ),
        (member(OTHER), MEMBERS_ONLY, "not_verified"),
        (member(VERIFIED), policy_for(Community(community().guild_id), open_door=False), "no_verified_role_set"),
        (member(VERIFIED), replace(MEMBERS_ONLY, extra_role=CIRCLE), "not_in_group"),
        (member(VERIFIED, CIRCLE), replace(MEMBERS_ONLY, extra_role=CIRCLE), "ok"),
        (member(VERIFIED, created_at=NOW - 7 * DAY), MEMBERS_ONLY, "ok"),
        (member(VERIFIED, created_at=NOW - 7 * DAY + SECOND), MEMBERS_ONLY, "account_too_new"),
        (member(VERIFIED, joined_at=None), MEMBERS_ONLY, "ok"),
        (member(VERIFIED, joined_at=None), replace(MEMBERS_ONLY, min_membership_age=DAY), "joined_too_recently"),
        (member(VERIFIED, joined_at=NOW - DAY), replace(MEMBERS_ONLY, min_membership_age=DAY), "ok"),
        (
            member(VERIFIED, joined_at=NOW - DAY + SECOND),
            replace(MEMBERS_ONLY, min_membership_age=DAY),
            "joined_too_recently",
        ),
        (member(VERIFIED, timed_out_until=NOW), MEMBERS_ONLY, "ok"),
        (member(VERIFIED, timed_out_until=NOW + SECOND), MEMBERS_ONLY, "timed_out"),
        (member(VERIFIED, is_bot=True), MEMBERS_ONLY, "bot"),
        (member(VERIFIED, pending=True), MEMBERS_ONLY, "pending"),
        (member(VERIFIED, quarantined=True), MEMBERS_ONLY, "quarantined"),
        (member(), OPEN_DOOR, "ok"),
        (member(created_at=NOW - 30 * DAY + SECOND), OPEN_DOOR, "account_too_new"),
        (member(joined_at=None), OPEN_DOOR, "ok"),
        (member(), replace(OPEN_DOOR, extra_role=CIRCLE), "not_in_group"),
    ],
)
def test_decision_and_its_reason(who: MemberFacts, policy: AdmissionPolicy, code: str) -> None:
    decision = admits(policy, who, NOW)
    assert decision.code == code
    assert bool(decision) == (code == "ok")
    assert bool(decision.reason) != bool(decision)


@given(who=members, policy=any_policy)
def test_refusals_reveal_no_role_and_no_member(who: MemberFacts, policy: AdmissionPolicy) -> None:
    decision = admits(policy, who, NOW)
    roles = (policy.verified_roles or frozenset()) | ({policy.extra_role} if policy.extra_role else set())
    assert not any(f"<@&{role}>" in decision.reason for role in roles)
    assert str(who.member_id) not in decision.reason or who.member_id < 1000


def test_age_is_named_in_whole_days() -> None:
    young = member(VERIFIED, created_at=NOW)
    for age, words in ((DAY, "(1 day)"), (DAY + SECOND, "(2 days)"), (SECOND, "(1 day)"), (30 * DAY, "(30 days)")):
        assert words in admits(replace(MEMBERS_ONLY, min_account_age=age), young, NOW).reason


@pytest.mark.parametrize("profile", ProfileName)
def test_only_the_open_door_asks_for_no_verified_role(profile: ProfileName) -> None:
    policy = admission_policy(meeting(profile=profile, extra_role=CIRCLE), community())
    assert (policy.verified_roles is None) == (profile is ProfileName.OPEN_DOOR)
    assert policy.extra_role == CIRCLE
