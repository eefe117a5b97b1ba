"""What changes in the stand-in's Discord, each change with the gateway events and audit entries it causes.

Used by both hands: the REST routes (the bot's) and the methods a rehearsal calls for people and admins.
Events and their intents: https://docs.discord.com/developers/events/gateway-events
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.rehearsal.discord_gateway import Gateway, Intent
from bot.rehearsal.discord_payloads import (
    bot_can_view,
    channel_for_bot,
    event_json,
    guild_create_json,
    member_json,
    message_json,
    role_json,
    stamp,
    user_json,
)
from bot.rehearsal.discord_permissions import Permission
from bot.rehearsal.discord_world import (
    EVENT_ACTIVE,
    EVENT_COMPLETED,
    EVENT_SCHEDULED,
    EXTERNAL_EVENT,
    Channel,
    Guild,
    Json,
    Member,
    Message,
    Role,
    ScheduledEvent,
    User,
    World,
)

AUDIT_KICK, AUDIT_BAN, AUDIT_MEMBER_UPDATE, AUDIT_MEMBER_ROLES = 20, 22, 24, 25
"""https://docs.discord.com/developers/resources/audit-log#audit-log-entry-object-audit-log-events"""


class DiscordService:
    """Changes to the world that clients are told of."""

    def __init__(self, world: World, gateway: Gateway) -> None:
        self.world, self.gateway = world, gateway

    def guild_appeared(self, guild: Guild) -> None:
        """The bot was added to `guild`."""
        payload = guild_create_json(self.world, guild)
        self.gateway.dispatch("GUILD_CREATE", payload, guild, need=Intent.GUILDS)

    def remove_bot(self, guild: Guild) -> None:
        """The bot is put out of `guild`."""
        guild.members.pop(self.world.bot.id, None)
        self.gateway.dispatch("GUILD_DELETE", {"id": str(guild.id)}, guild, need=Intent.GUILDS)

    def role_changed(self, guild: Guild, role: Role, event: str, change: Callable[[], None]) -> None:
        """Apply `change` to a role and announce it as GUILD_ROLE_CREATE, _UPDATE or _DELETE."""
        self._with_channel_updates(guild, change)
        payload: Json = {"guild_id": str(guild.id), "role": role_json(role)}
        if event == "GUILD_ROLE_DELETE":
            payload = {"guild_id": str(guild.id), "role_id": str(role.id)}
        self.gateway.dispatch(event, payload, guild, need=Intent.GUILDS)

    def channel_changed(self, channel: Channel, event: str) -> None:
        """Announce a channel as CHANNEL_CREATE, _UPDATE or _DELETE."""
        self.gateway.dispatch(event, channel_for_bot(self.world, channel), channel.guild, need=Intent.GUILDS)

    def member_joined(self, member: Member) -> None:
        """Announce a new member."""
        payload = {**member_json(member), "guild_id": str(member.guild.id)}
        self.gateway.dispatch("GUILD_MEMBER_ADD", payload, member.guild, need=Intent.GUILD_MEMBERS)

    def member_changed(self, member: Member, change: Callable[[], None]) -> None:
        """Apply `change` to a member; the bot's own member is announced whatever the intents."""
        self._with_channel_updates(member.guild, change)
        payload = {**member_json(member), "guild_id": str(member.guild.id)}
        need = 0 if member.user is self.world.bot else Intent.GUILD_MEMBERS
        self.gateway.dispatch("GUILD_MEMBER_UPDATE", payload, member.guild, need=need)

    def member_gone(self, member: Member) -> None:
        """Take a member out of the guild."""
        guild = member.guild
        guild.members.pop(member.id, None)
        payload = {"guild_id": str(guild.id), "user": user_json(member.user)}
        self.gateway.dispatch("GUILD_MEMBER_REMOVE", payload, guild, need=Intent.GUILD_MEMBERS)

    def banned(self, guild: Guild, user: User) -> None:
        """Put a user on the ban list."""
        guild.bans[user.id] = user
        payload = {"guild_id": str(guild.id), "user": user_json(user)}
        self.gateway.dispatch("GUILD_BAN_ADD", payload, guild, need=Intent.GUILD_MODERATION)

    def audit(
        self, guild: Guild, action: int, by: User, target: int, changes: Sequence[Json] = (), reason: str | None = None
    ) -> None:
        """Write an audit-log entry; the bot hears of it with GUILD_MODERATION and VIEW_AUDIT_LOG."""
        entry: Json = {
            "id": str(self.world.snowflake()),
            "user_id": str(by.id),
            "target_id": str(target),
            "action_type": action,
            "changes": list(changes),
        }
        if reason:
            entry["reason"] = reason
        guild.audit_log.append(entry)
        bot = self.world.bot_in(guild)
        if bot is not None and self.world.guild_permissions(bot) & Permission.VIEW_AUDIT_LOG:
            payload = {**entry, "guild_id": str(guild.id)}
            self.gateway.dispatch("GUILD_AUDIT_LOG_ENTRY_CREATE", payload, guild, need=Intent.GUILD_MODERATION)

    def post(self, channel: Channel, author: User, body: Mapping[str, Any], **facts: Any) -> Message:
        """A new message; announced unless it is ephemeral."""
        message = self.world.add_message(channel, author, body, **facts)
        self._announce("MESSAGE_CREATE", message)
        return message

    def edit(self, message: Message, body: Mapping[str, Any]) -> None:
        """A new version of a message."""
        self.world.edit_message(message, body)
        self._announce("MESSAGE_UPDATE", message)

    def delete(self, message: Message) -> None:
        """Delete a message; what was seen stays on record."""
        message.deleted_at = self.world.now()
        payload = {"id": str(message.id), "channel_id": str(message.channel.id)}
        guild = message.channel.guild
        if guild is not None:
            payload["guild_id"] = str(guild.id)
        if not message.ephemeral and (guild is None or bot_can_view(self.world, message.channel)):
            need = Intent.GUILD_MESSAGES if guild else Intent.DIRECT_MESSAGES
            self.gateway.dispatch("MESSAGE_DELETE", payload, guild, need=need)

    def _announce(self, event: str, message: Message) -> None:
        guild = message.channel.guild
        if message.ephemeral or (guild is not None and not bot_can_view(self.world, message.channel)):
            return
        payload = message_json(self.world, message)
        if guild is None:
            self.gateway.dispatch(event, payload, None, need=Intent.DIRECT_MESSAGES)
            return
        payload["guild_id"] = str(guild.id)
        member = guild.members.get(message.author.id)
        if member is not None:
            payload["member"] = {k: v for k, v in member_json(member).items() if k != "user"}
        if message.author is self.world.bot:
            self.gateway.dispatch(event, payload, guild, need=Intent.GUILD_MESSAGES)
            return
        content = Intent.MESSAGE_CONTENT
        self.gateway.dispatch(event, payload, guild, need=Intent.GUILD_MESSAGES | content)
        bare = payload | {"content": "", "embeds": [], "attachments": [], "components": []}
        self.gateway.dispatch(event, bare, guild, need=Intent.GUILD_MESSAGES, lack=content)

    def event_changed(self, event: ScheduledEvent, name: str) -> None:
        """Announce a scheduled event as GUILD_SCHEDULED_EVENT_CREATE, _UPDATE or _DELETE and keep what it showed."""
        event.versions.append((self.world.now(), dict(event.body)))
        self.gateway.dispatch(name, event_json(event), event.guild, need=Intent.GUILD_SCHEDULED_EVENTS)

    def interested(self, member: Member, event: ScheduledEvent) -> None:
        """`member` pressed "Interested" on a scheduled event."""
        event.interested.append(member.id)
        payload = {
            "guild_scheduled_event_id": str(event.id),
            "user_id": str(member.id),
            "guild_id": str(event.guild.id),
        }
        need = Intent.GUILD_SCHEDULED_EVENTS
        self.gateway.dispatch("GUILD_SCHEDULED_EVENT_USER_ADD", payload, event.guild, need=need)

    def settle_events(self) -> None:
        """EXTERNAL events start and end by themselves at their times."""
        now = self.world.now()
        for guild in self.world.guilds.values():
            for event in guild.events.values():
                if event.body.get("entity_type") == EXTERNAL_EVENT:
                    self._settle(event, now)

    def _settle(self, event: ScheduledEvent, now: datetime) -> None:
        start, end = event.instant("scheduled_start_time"), event.instant("scheduled_end_time")
        if event.status == EVENT_SCHEDULED and start is not None and start <= now:
            event.status = EVENT_ACTIVE
            self.event_changed(event, "GUILD_SCHEDULED_EVENT_UPDATE")
        if event.status == EVENT_ACTIVE and end is not None and end <= now:
            event.status = EVENT_COMPLETED
            self.event_changed(event, "GUILD_SCHEDULED_EVENT_UPDATE")

    def set_roles(self, member: Member, roles: list[Role], by: User) -> None:
        """Give a member exactly `roles`, with the audit entry."""
        added, gone = [r for r in roles if r not in member.roles], [r for r in member.roles if r not in roles]
        if not added and not gone:
            return
        self.member_changed(member, lambda: setattr(member, "roles", roles))
        changes = [
            {"key": key, "new_value": [{"id": str(r.id), "name": r.name} for r in changed]}
            for key, changed in (("$add", added), ("$remove", gone))
            if changed
        ]
        self.audit(member.guild, AUDIT_MEMBER_ROLES, by, member.id, changes)

    def time_out(self, member: Member, until: datetime | None, by: User) -> None:
        """Time a member out until an instant, or lift it."""
        was = member.timed_out_until
        self.member_changed(member, lambda: setattr(member, "timed_out_until", until))
        change = {"key": "communication_disabled_until", "old_value": stamp(was), "new_value": stamp(until)}
        self.audit(member.guild, AUDIT_MEMBER_UPDATE, by, member.id, [change])

    def _with_channel_updates(self, guild: Guild, change: Callable[[], None]) -> None:
        """Apply `change`; channels the bot sees differently afterwards are sent again (shown, or obfuscated)."""
        if self.world.bot.id not in guild.members:
            change()
            return
        before = {c.id: bot_can_view(self.world, c) for c in guild.channels.values()}
        change()
        for channel in guild.channels.values():
            if before[channel.id] != bot_can_view(self.world, channel):
                self.channel_changed(channel, "CHANNEL_UPDATE")
