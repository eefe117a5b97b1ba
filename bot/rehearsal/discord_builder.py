"""Building communities in the stand-in's Discord, and what admins and members do to them later (roles, kicks, channels)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.rehearsal.discord_automod import AutoMod
from bot.rehearsal.discord_errors import NotVisible, RefusedByClient
from bot.rehearsal.discord_permissions import EVERYONE_DEFAULT, Permission
from bot.rehearsal.discord_service import AUDIT_BAN, AUDIT_KICK, DiscordService
from bot.rehearsal.discord_world import (
    ROLE_IN_PROMPT,
    TEXT_CHANNEL,
    Channel,
    Guild,
    Member,
    Message,
    Overwrite,
    Role,
    ScheduledEvent,
    User,
    World,
)

BOT_PERMISSIONS = (
    EVERYONE_DEFAULT
    | Permission.CREATE_EVENTS
    | Permission.MANAGE_EVENTS
    | Permission.VIEW_AUDIT_LOG
    | Permission.MANAGE_MESSAGES
)
"""What the bot's own role may do in a new guild, unless `add_guild` says otherwise."""


class CommunityBuilder:
    """Builds and changes communities; a connected bot is told of everything its intents let it hear."""

    def __init__(self, world: World, service: DiscordService) -> None:
        self.world, self._service = world, service
        self.automod = AutoMod(service)

    def add_guild(
        self,
        name: str,
        *,
        owner: str | User = "Olga",
        bot_permissions: int = BOT_PERMISSIONS,
        locale: str = "en-US",
        created_at: datetime | None = None,
    ) -> Guild:
        """A community with @everyone, an owner, the bot with its role, and no channels."""
        guild = self.world.new_guild(name, owner, int(bot_permissions))
        guild.locale, guild.created_at = locale, created_at or guild.created_at
        self._service.guild_appeared(guild)
        return guild

    def remove_bot(self, guild: Guild) -> None:
        """The community puts the bot out."""
        self._service.remove_bot(guild)

    def add_role(self, guild: Guild, name: str, permissions: int = 0, *, in_prompt: bool = False) -> Role:
        """A role; with `in_prompt` members can give it to themselves in onboarding."""
        flags = ROLE_IN_PROMPT if in_prompt else 0
        role = Role(self.world.snowflake(), name, int(permissions), len(guild.roles), flags)
        self._service.role_changed(guild, role, "GUILD_ROLE_CREATE", lambda: guild.roles.update({role.id: role}))
        return role

    def change_role(self, guild: Guild, role: Role, permissions: int) -> None:
        """Set what a role (or `guild.everyone`) may do."""
        self._service.role_changed(
            guild, role, "GUILD_ROLE_UPDATE", lambda: setattr(role, "permissions", int(permissions))
        )

    def delete_role(self, guild: Guild, role: Role) -> None:
        """Delete a role; everybody loses it."""

        def forget() -> None:
            del guild.roles[role.id]
            for member in guild.members.values():
                member.roles = [r for r in member.roles if r is not role]

        self._service.role_changed(guild, role, "GUILD_ROLE_DELETE", forget)

    def add_channel(
        self, guild: Guild, name: str, overwrites: Sequence[Overwrite] = (), *, kind: int = TEXT_CHANNEL
    ) -> Channel:
        """A channel with its overwrites."""
        channel = self.world.new_channel(name, guild=guild, kind=kind)
        channel.overwrites = list(overwrites)
        self._service.channel_changed(channel, "CHANNEL_CREATE")
        return channel

    def set_overwrites(self, channel: Channel, overwrites: Sequence[Overwrite]) -> None:
        """Replace a channel's overwrites."""
        channel.overwrites = list(overwrites)
        self._service.channel_changed(channel, "CHANNEL_UPDATE")

    def delete_channel(self, channel: Channel) -> None:
        """Delete a guild channel; what was said there stays in what people saw."""
        if channel.guild is None:
            raise NotVisible("a direct-message channel cannot be deleted")
        del channel.guild.channels[channel.id]
        del self.world.channels[channel.id]
        self._service.channel_changed(channel, "CHANNEL_DELETE")

    def add_member(
        self,
        guild: Guild,
        name: str,
        *,
        nick: str | None = None,
        roles: Sequence[Role] = (),
        bot: bool = False,
        pending: bool = False,
        timed_out_until: datetime | None = None,
        flags: int = 0,
        joined_at: datetime | None = None,
        account_created_at: datetime | None = None,
        dms_open: bool = True,
        user: User | None = None,
    ) -> Member:
        """A member, by default with a year-old account and 60 days in the guild; `user` lets one person be in several guilds."""
        person = user or self.world.new_user(name, bot=bot, dms_open=dms_open, created_at=account_created_at)
        joined = joined_at or self.world.now() - timedelta(days=60)
        member = Member(person, guild, joined, nick, list(roles), pending, timed_out_until, flags)
        guild.members[person.id] = member
        self._service.member_joined(member)
        return member

    def give_role(self, member: Member, role: Role, *, by: Member | None = None) -> None:
        """Give a role, by a moderator or else the owner."""
        self._service.set_roles(member, [*member.roles, role], self._actor(member.guild, by))

    def take_role(self, member: Member, role: Role, *, by: Member | None = None) -> None:
        """Take a role away."""
        self._service.set_roles(member, [r for r in member.roles if r is not role], self._actor(member.guild, by))

    def pass_screening(self, member: Member) -> None:
        """The member accepted the rules."""
        self._service.member_changed(member, lambda: setattr(member, "pending", False))

    def time_out(self, member: Member, until: datetime | None, *, by: Member | None = None) -> None:
        """Time a member out, or lift it with None."""
        self._service.time_out(member, until, self._actor(member.guild, by))

    def leave(self, member: Member) -> None:
        """The member leaves by themselves."""
        self._service.member_gone(member)

    def kick(self, member: Member, *, by: Member | None = None, reason: str | None = None) -> None:
        """Put a member out; they may come back."""
        self._service.member_gone(member)
        self._service.audit(member.guild, AUDIT_KICK, self._actor(member.guild, by), member.id, reason=reason)

    def ban(self, member: Member, *, by: Member | None = None, reason: str | None = None) -> None:
        """Put a member out for good."""
        self._service.member_gone(member)
        self._service.banned(member.guild, member.user)
        self._service.audit(member.guild, AUDIT_BAN, self._actor(member.guild, by), member.id, reason=reason)

    def _actor(self, guild: Guild, by: Member | None) -> User:
        return by.user if by is not None else self.world.users[guild.owner_id]

    def say(self, member: Member, channel: Channel, content: str) -> Message:
        """A member writes in a channel they can write in. Raises `RefusedByClient` with what they are told where AutoMod blocks it."""
        wanted = Permission.VIEW_CHANNEL | Permission.SEND_MESSAGES
        if channel.guild is not None and not self.world.can(member, channel, wanted):
            raise NotVisible(f"{member.display_name} cannot write in #{channel.name}")
        refusal = self.automod.blocks(member, channel, content) if channel.guild is not None else None
        if refusal is not None:
            raise RefusedByClient(refusal)
        return self._service.post(channel, member.user, {"content": content})

    def delete_message(self, message: Message) -> None:
        """A moderator deletes a message."""
        self._service.delete(message)

    def interested(self, member: Member, event: ScheduledEvent) -> None:
        """The member presses "Interested" on a scheduled event."""
        self._service.interested(member, event)

    def settle_events(self) -> None:
        """Start and end EXTERNAL events whose time has come; call it after moving the clock."""
        self._service.settle_events()
