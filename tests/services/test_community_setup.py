"""`/setup`: only admins, nothing unsafe, and every gap with its consequence."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.community import ChannelFacts, GapKind, MemberFacts, RoleFacts
from bot.domain.errors import UserMistake
from bot.domain.values import ChannelId, MemberId, RoleId
from bot.services.community_setup import ChannelKind, Numbers, RoleKind
from tests.services.conftest import ANA, BEN, CALLS, GUILD, HOST, ORGANISER, STAFF, VERIFIED, Vestibule


@pytest.fixture
def admin(vestibule: Vestibule) -> MemberFacts:
    return vestibule.person(MemberId(1), manages_guild=True)


async def test_organiser_without_manage_server_cannot_change_settings(vestibule: Vestibule) -> None:
    with pytest.raises(UserMistake) as refusal:
        await vestibule.setup.set_roles(vestibule.organiser, GUILD, RoleKind.VERIFIED, [ORGANISER])
    assert refusal.value.code == "needs_manage_guild"


async def test_everyone_is_refused_for_any_role(vestibule: Vestibule, admin: MemberFacts) -> None:
    vestibule.chat.known_roles[RoleId(int(GUILD))] = RoleFacts(RoleId(int(GUILD)), "@everyone", is_everyone=True)
    for kind in RoleKind:
        with pytest.raises(UserMistake) as refusal:
            await vestibule.setup.set_roles(admin, GUILD, kind, [RoleId(int(GUILD))])
        assert refusal.value.code == "everyone_role"
    assert (await vestibule.setup.view(admin, GUILD)).community.verified_roles == frozenset({VERIFIED})


async def test_self_assigned_role_is_allowed_with_a_warning(vestibule: Vestibule, admin: MemberFacts) -> None:
    vestibule.chat.known_roles[RoleId(77)] = RoleFacts(RoleId(77), "Fan", self_assignable=True)
    view = await vestibule.setup.set_roles(admin, GUILD, RoleKind.VERIFIED, [RoleId(77)])
    assert any("Fan" in warning for warning in view.warnings)


@pytest.mark.parametrize(
    "channel",
    [
        ChannelFacts(ChannelId(90), "open", visible_to_everyone=True),
        ChannelFacts(ChannelId(90), "members", visible_to_everyone=False, viewing_roles=frozenset({VERIFIED})),
        ChannelFacts(ChannelId(90), "shut", visible_to_everyone=False, bot_can_post=False),
    ],
)
async def test_moderators_channel_that_others_can_read_is_refused(
    vestibule: Vestibule, admin: MemberFacts, channel: ChannelFacts
) -> None:
    vestibule.chat.channels[channel.channel_id] = channel
    with pytest.raises(UserMistake):
        await vestibule.setup.set_channel(admin, GUILD, ChannelKind.MODERATORS, channel.channel_id)
    assert (await vestibule.setup.view(admin, GUILD)).community.moderators_channel == STAFF


async def test_moderators_channel_that_became_public_is_warned_of(vestibule: Vestibule, admin: MemberFacts) -> None:
    vestibule.chat.channels[STAFF] = ChannelFacts(STAFF, "staff", visible_to_everyone=True)
    assert any("staff" in warning for warning in (await vestibule.setup.view(admin, GUILD)).warnings)


async def test_channel_the_bot_cannot_see_is_refused(vestibule: Vestibule, admin: MemberFacts) -> None:
    with pytest.raises(UserMistake):
        await vestibule.setup.set_channel(admin, GUILD, ChannelKind.ANNOUNCEMENTS, ChannelId(91))


async def test_missing_settings_are_listed_with_their_consequence_and_blocking_ones_first(
    vestibule: Vestibule, admin: MemberFacts
) -> None:
    vestibule.chat.audit_log = False
    await vestibule.setup.set_roles(admin, GUILD, RoleKind.VERIFIED, [])
    view = await vestibule.setup.set_roles(admin, GUILD, RoleKind.MODERATOR, [])
    assert view.gaps[0].setting == "Verified roles"
    assert view.gaps[0].kind is GapKind.BLOCKS
    assert {"Moderator roles", "On-call role", "View Audit Log permission for me"} <= {gap.setting for gap in view.gaps}
    assert all(gap.consequence for gap in view.gaps)


async def test_numbers_are_kept_and_bounded(vestibule: Vestibule, admin: MemberFacts) -> None:
    view = await vestibule.setup.set_numbers(admin, GUILD, Numbers(3, 1, 14, 45))
    assert view.community.min_account_age == timedelta(days=3)
    assert view.community.link_release == timedelta(minutes=45)
    for bad in (Numbers(-1, 0, 0, 30), Numbers(0, 366, 0, 30), Numbers(0, 0, 0, 4), Numbers(0, 0, 0, 1441)):
        with pytest.raises(UserMistake):
            await vestibule.setup.set_numbers(admin, GUILD, bad)


async def test_changed_release_moves_the_release_of_planned_meetings(vestibule: Vestibule, admin: MemberFacts) -> None:
    meeting = await vestibule.create()
    await vestibule.setup.set_numbers(admin, GUILD, Numbers(7, 0, 30, 60))
    await vestibule.run_jobs()
    (post,) = vestibule.chat.posts.values()
    assert post[-1].opens_at == meeting.starts_at - timedelta(minutes=60)
    assert post[-1].phase.value == "links_open"


async def test_country_is_two_letters(vestibule: Vestibule, admin: MemberFacts) -> None:
    assert (await vestibule.setup.set_place(admin, GUILD, zone="", country="gb")).community.country == "GB"
    with pytest.raises(UserMistake):
        await vestibule.setup.set_place(admin, GUILD, zone="", country="England")


async def test_host_is_named_only_among_members(vestibule: Vestibule, admin: MemberFacts) -> None:
    vestibule.person(ANA, VERIFIED)
    view = await vestibule.setup.name_host(admin, GUILD, HOST, ANA)
    assert {host.member_id for host in view.hosts} == {ANA, None}
    with pytest.raises(UserMistake):
        await vestibule.setup.name_host(admin, GUILD, HOST, BEN)


async def test_every_change_is_recorded(vestibule: Vestibule, admin: MemberFacts) -> None:
    await vestibule.setup.set_channel(admin, GUILD, ChannelKind.ANNOUNCEMENTS, CALLS)
    await vestibule.setup.set_roles(admin, GUILD, RoleKind.ON_CALL, [VERIFIED])
    assert (await vestibule.actions())[-2:] == ["setup.channel.announcements", "setup.roles.on-call"]
