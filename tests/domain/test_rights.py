"""Who may do what, and which roles and channels may be given a meaning."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from bot.domain.community import (
    ChannelFacts,
    Community,
    GapKind,
    MemberFacts,
    Right,
    RoleFacts,
    Surroundings,
    gaps,
    is_organiser,
    may,
    moderators_channel_problem,
    role_problem,
    role_warning,
)
from bot.domain.values import ChannelId, RoleId
from tests.domain.people import (
    GUILD,
    MODERATOR,
    ORGANISER,
    OTHER,
    ROLES,
    VERIFIED,
    communities,
    community,
    member,
    members,
)

MODERATORS_RIGHTS = {Right.MODERATE, Right.SEE_HOLDERS, Right.INCIDENTS}
ORGANISERS_RIGHTS = MODERATORS_RIGHTS | {Right.LINK_ACCOUNT, Right.ORGANISE, Right.EVIDENCE, Right.AUDIT}


def rights_of(who: MemberFacts, where: Community) -> set[Right]:
    return {right for right in Right if may(right, who, where)}


@pytest.mark.parametrize(
    ("who", "where", "rights"),
    [
        (member(), community(), set()),
        (member(VERIFIED), community(), set()),
        (member(MODERATOR), community(), MODERATORS_RIGHTS),
        (member(ORGANISER), community(), ORGANISERS_RIGHTS),
        (member(manages_guild=True), community(), {Right.SETUP}),
        (member(), Community(GUILD), set()),
        (member(manages_guild=True), Community(GUILD), set(Right)),
        (member(manages_guild=True), community(moderator_roles=frozenset()), {Right.SETUP} | MODERATORS_RIGHTS),
        (member(manages_guild=True), community(organiser_roles=frozenset()), set(Right)),
        (member(MODERATOR), community(organiser_roles=frozenset()), MODERATORS_RIGHTS),
    ],
)
def test_rights_follow_the_roles(who: MemberFacts, where: Community, rights: set[Right]) -> None:
    assert rights_of(who, where) == rights


@given(who=members, where=communities, more=ROLES)
def test_another_role_never_takes_a_right_away(who: MemberFacts, where: Community, more: frozenset[RoleId]) -> None:
    assert rights_of(who, where) <= rights_of(replace(who, role_ids=who.role_ids | more), where)
    assert rights_of(replace(who, manages_guild=False), where) <= rights_of(who, where)


@given(who=members, where=communities)
def test_organiser_may_do_all_that_a_moderator_may(who: MemberFacts, where: Community) -> None:
    if is_organiser(who, where):
        assert rights_of(who, where) >= ORGANISERS_RIGHTS


@given(who=members, where=communities)
def test_setup_is_for_those_who_manage_the_server_and_for_nobody_else(who: MemberFacts, where: Community) -> None:
    assert bool(may(Right.SETUP, who, where)) == who.manages_guild


@given(who=members, where=communities)
def test_verified_alone_gives_no_right(who: MemberFacts, where: Community) -> None:
    nobody = replace(who, role_ids=who.role_ids - where.organiser_roles - where.moderator_roles, manages_guild=False)
    assert rights_of(nobody, where) == set()


@given(who=members, where=communities)
def test_refusals_say_what_is_missing(who: MemberFacts, where: Community) -> None:
    for right in Right:
        decision = may(right, who, where)
        assert decision.allowed == (decision.code == "ok")
        if not decision:
            assert right.value in decision.reason
            assert "Ask an admin" in decision.reason or "ask an admin" in decision.reason


def test_everyone_can_be_given_no_meaning() -> None:
    assert role_problem(RoleFacts(RoleId(1), "@everyone", is_everyone=True)).code == "everyone_role"
    assert role_problem(RoleFacts(RoleId(2), "Verified"))


def test_role_that_people_give_themselves_is_warned_of() -> None:
    assert "Reader" in (role_warning(RoleFacts(RoleId(1), "Reader", self_assignable=True)) or "")
    assert role_warning(RoleFacts(RoleId(1), "Reader")) is None


@pytest.mark.parametrize(
    ("channel", "code"),
    [
        (ChannelFacts(ChannelId(1), "mods", False, frozenset({MODERATOR, OTHER})), "ok"),
        (ChannelFacts(ChannelId(1), "mods", True), "channel_public"),
        (ChannelFacts(ChannelId(1), "mods", False, frozenset({MODERATOR, VERIFIED})), "channel_verified"),
        (
            ChannelFacts(ChannelId(1), "mods", False, frozenset({MODERATOR}), bot_can_post=False),
            "channel_closed_to_bot",
        ),
    ],
)
def test_moderators_channel_is_private_and_open_to_the_bot(channel: ChannelFacts, code: str) -> None:
    decision = moderators_channel_problem(channel, community())
    assert decision.code == code
    assert decision or "#mods" in decision.reason


def test_every_role_with_a_meaning_is_protected() -> None:
    assert community(on_call_role=OTHER).protected_roles() == {VERIFIED, ORGANISER, MODERATOR, OTHER}
    assert Community(GUILD).protected_roles() == frozenset()


NOTHING = Surroundings(
    has_zoom_account=False,
    has_event_endpoint=False,
    has_registrant_domain=False,
    sees_audit_log=False,
    hosts_named=False,
)
EVERYTHING = Surroundings(has_zoom_account=True, has_event_endpoint=True, has_registrant_domain=True)


def test_fresh_community_is_told_first_what_blocks() -> None:
    kinds = [gap.kind for gap in gaps(Community(GUILD), NOTHING)]
    assert kinds == [GapKind.BLOCKS] * 3 + [GapKind.WEAKENS] * (len(kinds) - 3)
    assert len(kinds) == 13


def test_complete_community_has_no_gap() -> None:
    complete = community(
        on_call_role=OTHER,
        moderators_channel=ChannelId(1),
        announcement_channel=ChannelId(2),
        timezone="Europe/Berlin",
        country="DE",
    )
    assert gaps(complete, EVERYTHING) == ()
    assert [gap.setting for gap in gaps(complete.changed(country=None), EVERYTHING)] == ["Country"]
