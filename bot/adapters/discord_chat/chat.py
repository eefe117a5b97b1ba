"""The community's chat, kept over Discord's REST API (https://docs.discord.com/developers/reference)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import discord

from bot.adapters.discord_chat.direct_messages import DirectMessagePace
from bot.adapters.discord_chat.errors import explaining
from bot.adapters.discord_chat.facts import member_facts
from bot.adapters.discord_chat.look_ups import LookUpPace
from bot.adapters.discord_chat.posts import Post, announcement_post, host_brief_text, notice_post, owner_ask_post
from bot.domain.community import ChannelFacts, MemberFacts, RoleFacts
from bot.domain.errors import NeedsAttention, Transient, Undeliverable
from bot.domain.values import ChannelId, GuildId, MemberId, MessageId, RoleId
from bot.ports import Announcement, HostBrief, Notice, OwnerAsk

ANSWER_WITHIN = timedelta(seconds=60)
"""How long one act may take, waits for rate limits included."""
_NONCE_LENGTH = 25
"""https://docs.discord.com/developers/resources/message#create-message"""
_POST = "View Channel and Send Messages in the announcement channel"
_READ = "View Channel"


class DiscordChat:
    """Posts, edits and asks. Keeps the promises of `bot.ports.Chat`.

    Args:
        client: the client that is logged in at the moment; raises `Transient` while none is.
        pace: how fast direct messages may leave.
    """

    def __init__(self, client: Callable[[], discord.Client], pace: DirectMessagePace) -> None:
        self._client = client
        self._pace = pace
        self._look_ups = LookUpPace()

    async def member(self, guild_id: GuildId, member_id: MemberId) -> MemberFacts | None:
        """The person as Discord knows them now; None if they are not in the server."""
        await self._look_ups.turn()
        async with _asking(_READ):
            guild = await self._guild(guild_id)
            try:
                member = await guild.fetch_member(member_id)
            except discord.NotFound as error:
                if error.code in (10007, 10013):
                    return None
                raise
        return member_facts(member, manages_guild=member.guild_permissions.manage_guild)

    def hears_changes(self, guild_id: GuildId) -> bool:
        """Whether this process is connected to the gateway and may read the audit log there."""
        try:
            client = self._client()
        except Transient:
            return False
        guild = client.get_guild(guild_id)
        known = guild is not None and client.is_ready() and not guild.unavailable
        return known and guild is not None and guild.me is not None and guild.me.guild_permissions.view_audit_log

    async def announce(self, announcement: Announcement, *, once_key: str) -> MessageId:
        """Post it with its button. The same `once_key` within minutes posts it once: Discord then answers with the first message."""
        return await self._post(announcement, announcement_post(announcement), once_key)

    async def update_announcement(self, announcement: Announcement, message_id: MessageId) -> None:
        """Make the posted message say what holds now. A message deleted, alone or with its channel, raises `Undeliverable`."""
        post = announcement_post(announcement)
        try:
            async with _asking(_POST):
                message = self._channel(announcement).get_partial_message(message_id)
                await message.edit(content=post.content, view=post.view)
        except NeedsAttention as error:
            if error.code == "channel_gone":
                raise Undeliverable("That message was deleted with its channel.", code="message_gone") from error
            raise

    async def post_notice(self, notice: Notice, announcement: Announcement, *, once_key: str) -> None:
        """Post the notice in the announcement's channel, once per `once_key` within minutes."""
        await self._post(announcement, notice_post(notice, announcement), once_key)

    async def brief_host(self, member_id: MemberId, brief: HostBrief) -> None:
        """A direct message to one host. Raises `Undeliverable` if they take none, `Transient` if direct messages have to wait."""
        await self._direct(
            member_id,
            Post(host_brief_text(brief)),
            f"brief:{brief.meeting_id}:{member_id}:{brief.topic}:{brief.starts_at}",
        )

    async def ask_owner(self, member_id: MemberId, ask: OwnerAsk) -> None:
        """A direct message with a button to the owner of a dead link; raises as `brief_host`."""
        await self._direct(member_id, owner_ask_post(ask), f"relink:{ask.link_id}:{member_id}")

    async def roles(self, guild_id: GuildId, role_ids: Sequence[RoleId]) -> Sequence[RoleFacts]:
        """What Discord says about those of these roles that exist, including whether people can give them to themselves."""
        if not role_ids:
            return ()
        async with _asking(_READ):
            guild = await self._guild(guild_id)
            offered = await _offered_in_onboarding(guild)
        known = (guild.get_role(role_id) for role_id in role_ids)
        return [_role_facts(role, offered) for role in known if role is not None]

    async def sees_audit_log(self, guild_id: GuildId) -> bool:
        """Whether the bot may read the audit log there."""
        async with _asking(_READ):
            guild = await self._guild(guild_id)
            return (await self._myself(guild)).guild_permissions.view_audit_log

    async def channel(self, guild_id: GuildId, channel_id: ChannelId) -> ChannelFacts | None:
        """Who can view the channel; None if the bot cannot see it or it is not that server's.

        Asked anew over REST each time, because names of people are posted on the strength of it. The gateway would not do: it sends channels the bot
        cannot view under a made-up name and overwrite (https://docs.discord.com/developers/change-log, channel obfuscation).
        """
        async with _asking(_READ):
            guild = await self._client().fetch_guild(guild_id, with_counts=False)
            try:
                channel = await guild.fetch_channel(channel_id)
            except (discord.NotFound, discord.Forbidden, discord.InvalidData):
                return None
            if isinstance(channel, discord.Thread):
                return None
            return channel_facts(channel, await self._myself(guild))

    async def _guild(self, guild_id: GuildId) -> discord.Guild:
        """From the cache where the gateway keeps it fresh, else asked."""
        client = self._client()
        known = client.get_guild(guild_id)
        if known is not None and client.is_ready() and not known.unavailable:
            return known
        return await client.fetch_guild(guild_id, with_counts=False)

    async def _myself(self, guild: discord.Guild) -> discord.Member:
        user = self._client().user
        if user is None:
            raise not_connected()
        return await guild.fetch_member(user.id)

    def _channel(self, announcement: Announcement) -> discord.PartialMessageable:
        return self._client().get_partial_messageable(announcement.channel_id, guild_id=announcement.guild_id)

    async def _direct(self, member_id: MemberId, post: Post, once_key: str) -> None:
        client = self._client()
        self._pace.take()
        view = post.view or discord.utils.MISSING
        try:
            async with _asking(_READ):
                channel = await client.create_dm(discord.Object(member_id))
                await channel.send(post.content, view=view, nonce=nonce_of(once_key), suppress_embeds=True)
        except Transient as error:
            if error.code == "dm_too_fast":
                self._pace.pause()
            raise

    async def _post(self, announcement: Announcement, post: Post, once_key: str) -> MessageId:
        view = post.view or discord.utils.MISSING
        async with _asking(_POST):
            message = await self._channel(announcement).send(
                post.content, view=view, nonce=nonce_of(once_key), suppress_embeds=True
            )
        return MessageId(message.id)


def not_connected() -> Transient:
    """What is raised while no client is logged in."""
    return Transient(
        "I am not connected to Discord at the moment. I try again by myself.", code="discord_not_connected"
    )


def nonce_of(once_key: str) -> str:
    """The nonce for a key. discord.py sends every nonce with `enforce_nonce`, so a repeat within minutes posts nothing."""
    return hashlib.sha256(once_key.encode()).hexdigest()[:_NONCE_LENGTH]


def channel_facts(channel: discord.abc.GuildChannel, me: discord.Member) -> ChannelFacts:
    """Who can view a channel, from its overwrites and its server's roles.

    A role is counted when holding it (with @everyone) is enough to view; administrators see every channel and are left out
    (https://docs.discord.com/developers/topics/permissions#permission-overwrites).
    """
    everyone = channel.guild.default_role
    viewing = [
        role
        for role in channel.guild.roles
        if role != everyone and not role.permissions.administrator and channel.permissions_for(role).view_channel
    ]
    return ChannelFacts(
        channel_id=ChannelId(channel.id),
        name=channel.name,
        visible_to_everyone=channel.permissions_for(everyone).view_channel,
        viewing_roles=frozenset(RoleId(role.id) for role in viewing),
        bot_can_post=channel.permissions_for(me).send_messages and isinstance(channel, discord.abc.Messageable),
    )


def _role_facts(role: discord.Role, offered: frozenset[int]) -> RoleFacts:
    return RoleFacts(
        role_id=RoleId(role.id),
        name=role.name,
        is_everyone=role.is_default(),
        self_assignable=role.flags.in_prompt or role.id in offered,
        managed=role.managed,
    )


async def _offered_in_onboarding(guild: discord.Guild) -> frozenset[int]:
    """Roles that onboarding lets people choose (https://docs.discord.com/developers/resources/guild#get-guild-onboarding).

    Discord marks such roles with a flag as well; a server that refuses the question is left at that flag.
    """
    try:
        onboarding = await guild.onboarding()
    except (discord.Forbidden, discord.NotFound):
        return frozenset()
    if not onboarding.enabled:
        return frozenset()
    return frozenset(
        role_id for prompt in onboarding.prompts for option in prompt.options for role_id in option.role_ids
    )


@asynccontextmanager
async def _asking(needs: str) -> AsyncIterator[None]:
    """Around every act: a limit in time, and Discord's errors in our words."""
    with explaining(needs):
        async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
            yield
