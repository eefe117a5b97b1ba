"""The chat adapter through the real client, over real sockets, against the Discord stand-in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
import pytest_asyncio

from bot.adapters.discord_chat.chat import DiscordChat
from bot.adapters.discord_chat.connection import DiscordConnection
from bot.adapters.discord_chat.direct_messages import DirectMessagePace
from bot.domain.community import ChannelFacts
from bot.domain.errors import NeedsAttention, Transient, Undeliverable
from bot.domain.meeting import ProfileName
from bot.domain.values import ChannelId, GuildId, LinkId, MeetingId, MemberId, MessageId, RoleId
from bot.ports import Announcement, Chat, HostBrief, Notice, OwnerAsk, Phase
from bot.rehearsal.discord import DiscordStandIn
from bot.rehearsal.discord_permissions import EVERYONE_DEFAULT, Permission
from bot.rehearsal.discord_world import Channel, Guild, Overwrite
from tests.adapters.discord_rig import START, MovedClock, connected, stand_in
from tests.discord_spec import request_errors
from tests.waiting import until

VIEW, SEND = int(Permission.VIEW_CHANNEL), int(Permission.SEND_MESSAGES)
MEETING = MeetingId("01JD0000000000000000000000")
BEGINS = START + timedelta(hours=3)


@dataclass
class Rig:
    """A connected bot in one server, and its chat."""

    service: DiscordStandIn
    connection: DiscordConnection
    chat: DiscordChat
    clock: MovedClock
    guild: Guild
    channel: Channel

    @property
    def guild_id(self) -> GuildId:
        return GuildId(self.guild.id)

    def announcement(self, phase: Phase = Phase.SCHEDULED) -> Announcement:
        return Announcement(
            meeting_id=MEETING,
            guild_id=self.guild_id,
            channel_id=ChannelId(self.channel.id),
            topic="Chess evening",
            starts_at=BEGINS,
            ends_at=BEGINS + timedelta(hours=1),
            opens_at=BEGINS - timedelta(minutes=30),
            profile=ProfileName.MEMBERS,
            phase=phase,
        )

    def brief(self, meeting: str = MEETING) -> HostBrief:
        return HostBrief(MeetingId(meeting), self.guild_id, "Chess", BEGINS, "a…@example.org", False, True)

    def lacking(self, permission: int) -> None:
        """Take a permission in the channel from the bot."""
        myself = self.guild.members[self.service.bot.id]
        self.service.set_overwrites(self.channel, [Overwrite(myself, deny=permission)])

    async def seen(self, channel: Channel) -> ChannelFacts | None:
        return await self.chat.channel(self.guild_id, ChannelId(channel.id))


@pytest_asyncio.fixture
async def rig() -> AsyncIterator[Rig]:
    clock = MovedClock()
    async with stand_in(clock) as service:
        guild = service.add_guild("Chess club")
        channel = service.add_channel(guild, "announcements")
        async with connected(service) as connection:
            chat: Chat = DiscordChat(connection.client, DirectMessagePace(clock))
            assert isinstance(chat, DiscordChat)
            yield Rig(service, connection, chat, clock, guild, channel)
        assert request_errors(service.requests) == []


async def test_announcement_is_posted_with_its_button_and_no_preview(rig: Rig) -> None:
    message_id = await rig.chat.announce(rig.announcement(), once_key="announce:1")
    (message,) = rig.service.messages_in(rig.channel)
    assert message.id == message_id
    assert "Chess evening" in message.content
    assert message.components[0]["components"][0]["custom_id"] == f"join:{MEETING}"
    assert message.now.flags & 4


async def test_the_same_key_posts_once(rig: Rig) -> None:
    first = await rig.chat.announce(rig.announcement(), once_key="announce:1")
    second = await rig.chat.announce(rig.announcement(), once_key="announce:1")
    other = await rig.chat.announce(rig.announcement(), once_key="announce:2")
    assert first == second != other
    assert len(rig.service.messages_in(rig.channel)) == 2


async def test_an_answer_that_was_lost_is_not_posted_twice(rig: Rig) -> None:
    rig.service.faults.add(("POST", r"/messages$"), "apply_then_reset")
    with pytest.raises(Transient):
        await rig.chat.announce(rig.announcement(), once_key="announce:1")
    await rig.chat.announce(rig.announcement(), once_key="announce:1")
    assert len(rig.service.messages_in(rig.channel)) == 1


async def test_update_changes_text_and_takes_the_button(rig: Rig) -> None:
    message_id = await rig.chat.announce(rig.announcement(), once_key="announce:1")
    await rig.chat.update_announcement(rig.announcement(Phase.LINKS_OPEN), message_id)
    (message,) = rig.service.messages_in(rig.channel)
    assert "Links are open now" in message.content
    assert message.components
    await rig.chat.update_announcement(rig.announcement(Phase.CANCELLED), message_id)
    assert "Cancelled" in message.content
    assert not message.components


async def test_update_of_a_deleted_message_is_undeliverable(rig: Rig) -> None:
    message_id = await rig.chat.announce(rig.announcement(), once_key="announce:1")
    rig.service.delete_message(rig.service.world.messages[message_id])
    with pytest.raises(Undeliverable):
        await rig.chat.update_announcement(rig.announcement(), message_id)
    rig.service.delete_channel(rig.channel)
    with pytest.raises(Undeliverable):
        await rig.chat.update_announcement(rig.announcement(), message_id)


async def test_a_missing_permission_is_named(rig: Rig) -> None:
    rig.lacking(SEND)
    with pytest.raises(NeedsAttention, match="Send Messages"):
        await rig.chat.announce(rig.announcement(), once_key="announce:1")


async def test_cancelled_notice_is_one_message_with_a_private_question(rig: Rig) -> None:
    for _ in range(2):
        await rig.chat.post_notice(Notice.CANCELLED, rig.announcement(Phase.CANCELLED), once_key="cancelled:1")
    (message,) = rig.service.messages_in(rig.channel)
    assert message.components[0]["components"][0]["custom_id"] == f"asked:{MEETING}"


async def test_host_is_briefed_in_private(rig: Rig) -> None:
    host = rig.service.add_member(rig.guild, "Hana")
    await rig.chat.brief_host(MemberId(host.id), rig.brief())
    (item,) = rig.service.visible_to(host)
    assert item.kind == "direct"
    assert "a…@example.org" in item.text
    assert rig.service.messages_in(rig.channel) == []


async def test_closed_direct_messages_are_undeliverable(rig: Rig) -> None:
    host = rig.service.add_member(rig.guild, "Hana", dms_open=False)
    with pytest.raises(Undeliverable) as refusal:
        await rig.chat.brief_host(MemberId(host.id), rig.brief())
    assert refusal.value.code == "dm_closed"


async def test_direct_messages_stop_for_an_hour_when_discord_complains(rig: Rig) -> None:
    rig.service.limits.dm_opens_per_minute = 0
    hosts = [rig.service.add_member(rig.guild, name) for name in ("Hana", "Ben")]
    with pytest.raises(Transient) as complaint:
        await rig.chat.brief_host(MemberId(hosts[0].id), rig.brief())
    assert complaint.value.retry_after == timedelta(hours=1)
    rig.service.limits.dm_opens_per_minute = 20
    with pytest.raises(Transient):
        await rig.chat.brief_host(MemberId(hosts[1].id), rig.brief())
    rig.clock.time += timedelta(hours=1)
    await rig.chat.brief_host(MemberId(hosts[1].id), rig.brief())
    assert len(rig.service.visible_to(hosts[1])) == 1


async def test_owner_of_a_dead_link_gets_one_message_with_a_button(rig: Rig) -> None:
    owner = rig.service.add_member(rig.guild, "Olga")
    ask = OwnerAsk(rig.guild_id, LinkId("link-1"), "o…@example.org")
    for _ in range(2):
        await rig.chat.ask_owner(MemberId(owner.id), ask)
    (item,) = rig.service.visible_to(owner)
    assert item.kind == "direct"
    assert "/zoom link" in item.text
    assert rig.service.messages_in(rig.channel) == []


async def test_member_is_read_fresh_and_strangers_are_none(rig: Rig) -> None:
    admin = rig.service.add_role(rig.guild, "Admin", Permission.MANAGE_GUILD)
    ana = rig.service.add_member(rig.guild, "Ana", roles=[admin])
    facts = await rig.chat.member(rig.guild_id, MemberId(ana.id))
    assert facts is not None
    assert facts.role_ids == {admin.id}
    assert facts.manages_guild
    rig.service.leave(ana)
    assert await rig.chat.member(rig.guild_id, MemberId(ana.id)) is None


async def test_owner_manages_the_server_wherever_asked(rig: Rig) -> None:
    owner = await rig.chat.member(rig.guild_id, MemberId(rig.guild.owner_id))
    assert owner is not None
    assert owner.manages_guild


async def test_roles_tell_everyone_self_assignable_and_deleted(rig: Rig) -> None:
    given = rig.service.add_role(rig.guild, "Verified")
    taken = rig.service.add_role(rig.guild, "Likes chess", in_prompt=True)
    gone = rig.service.add_role(rig.guild, "Old")
    rig.service.delete_role(rig.guild, gone)
    asked = [RoleId(role.id) for role in (rig.guild.everyone, given, taken, gone)]
    roles = {role.name: role for role in await rig.chat.roles(rig.guild_id, asked)}
    assert set(roles) == {"@everyone", "Verified", "Likes chess"}
    assert roles["@everyone"].is_everyone
    assert not roles["Verified"].self_assignable
    assert roles["Likes chess"].self_assignable


async def test_a_role_that_only_onboarding_names_is_self_assignable(rig: Rig) -> None:
    role = rig.service.add_role(rig.guild, "Likes chess", in_prompt=True)
    guild = rig.connection.client().guilds[0]
    await until(lambda: guild.get_role(role.id) is not None)
    known = guild.get_role(role.id)
    assert known is not None
    known._flags = 0
    (facts,) = await rig.chat.roles(rig.guild_id, [RoleId(role.id)])
    assert facts.self_assignable


async def test_roles_survive_a_server_that_does_not_show_its_onboarding(rig: Rig) -> None:
    role = rig.service.add_role(rig.guild, "Likes chess", in_prompt=True)
    rig.service.faults.add(
        ("GET", "/onboarding"),
        "status",
        status=403,
        body='{"code": 50001, "message": "no"}',
        content_type="application/json",
    )
    (facts,) = await rig.chat.roles(rig.guild_id, [RoleId(role.id)])
    assert facts.self_assignable


async def test_audit_log_needs_its_permission(rig: Rig) -> None:
    assert await rig.chat.sees_audit_log(rig.guild_id)
    blind = rig.service.add_guild("Blind", bot_permissions=EVERYONE_DEFAULT)
    assert not await rig.chat.sees_audit_log(GuildId(blind.id))


async def test_an_open_channel_is_visible_to_everyone(rig: Rig) -> None:
    facts = await rig.seen(rig.channel)
    assert facts is not None
    assert facts.name == "announcements"
    assert facts.visible_to_everyone
    assert facts.bot_can_post


async def test_a_private_channel_shows_who_can_view_it(rig: Rig) -> None:
    moderators = rig.service.add_role(rig.guild, "Moderators")
    verified = rig.service.add_role(rig.guild, "Verified")
    rig.service.add_role(rig.guild, "Admins", Permission.ADMINISTRATOR)
    myself = rig.guild.members[rig.service.bot.id]
    channel = rig.service.add_channel(
        rig.guild,
        "moderators",
        [
            Overwrite(rig.guild.everyone, deny=VIEW),
            Overwrite(moderators, allow=VIEW),
            Overwrite(myself, allow=VIEW | SEND),
        ],
    )
    facts = await rig.seen(channel)
    assert facts is not None
    assert not facts.visible_to_everyone
    assert facts.viewing_roles == {moderators.id}
    rig.service.set_overwrites(channel, [*channel.overwrites, Overwrite(verified, allow=VIEW)])
    changed = await rig.seen(channel)
    assert changed is not None
    assert changed.viewing_roles == {moderators.id, verified.id}


async def test_a_server_closed_to_everyone_by_role_is_read_from_the_roles(rig: Rig) -> None:
    verified = rig.service.add_role(rig.guild, "Verified", VIEW)
    myself = rig.guild.members[rig.service.bot.id]
    channel = rig.service.add_channel(rig.guild, "inside", [Overwrite(myself, allow=VIEW | SEND)])
    rig.service.change_role(rig.guild, rig.guild.everyone, EVERYONE_DEFAULT & ~VIEW)
    facts = await rig.seen(channel)
    assert facts is not None
    assert not facts.visible_to_everyone
    assert verified.id in facts.viewing_roles


async def test_a_channel_the_bot_cannot_view_is_none(rig: Rig) -> None:
    hidden = rig.service.add_channel(rig.guild, "secret", [Overwrite(rig.guild.everyone, deny=VIEW)])
    assert await rig.seen(hidden) is None


async def test_a_channel_the_bot_cannot_write_in_says_so(rig: Rig) -> None:
    rig.lacking(SEND)
    facts = await rig.seen(rig.channel)
    assert facts is not None
    assert not facts.bot_can_post


async def test_a_channel_of_another_server_or_none_at_all_is_none(rig: Rig) -> None:
    elsewhere = rig.service.add_channel(rig.service.add_guild("Other"), "general")
    assert await rig.seen(elsewhere) is None
    assert await rig.chat.channel(rig.guild_id, ChannelId(5)) is None


async def test_discord_down_is_transient(rig: Rig) -> None:
    rig.service.faults.add(("*", "/guilds/"), "status", status=503, times=None)
    with pytest.raises(Transient):
        await rig.chat.member(rig.guild_id, MemberId(rig.guild.owner_id))


async def test_before_log_in_everything_is_transient() -> None:
    clock = MovedClock()
    connection = DiscordConnection(lambda: pytest.fail("not built"), "token")
    chat = DiscordChat(connection.client, DirectMessagePace(clock))
    with pytest.raises(Transient):
        await chat.member(GuildId(1), MemberId(2))


async def test_announcing_keeps_nothing_in_memory(rig: Rig) -> None:
    first = await rig.chat.announce(rig.announcement(), once_key="announce:1")
    await rig.chat.update_announcement(replace(rig.announcement(), topic="Go"), MessageId(first))
    client = rig.connection.client()
    assert list(client.persistent_views) == []
    assert list(client.cached_messages) == []
    assert [member.id for guild in client.guilds for member in guild.members] == [rig.service.bot.id]
