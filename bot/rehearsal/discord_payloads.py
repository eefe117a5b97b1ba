"""How the stand-in's state looks on the wire: the JSON objects REST answers and gateway events carry.

Shapes: https://docs.discord.com/developers/resources/guild , .../channel , .../message , .../guild-scheduled-event , .../audit-log ,
and https://docs.discord.com/developers/topics/permissions (role object).
"""

from __future__ import annotations

from datetime import datetime

from bot.rehearsal.discord_permissions import Permission
from bot.rehearsal.discord_world import (
    DM_CHANNEL,
    ROLE_IN_PROMPT,
    TEXT_CHANNEL,
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

HIDDEN_NAME, HIDDEN_FLAG = "___hidden___", 1 << 17


def stamp(at: datetime | None) -> str | None:
    """An instant as Discord writes it, or None."""
    return None if at is None else at.isoformat()


def user_json(user: User) -> Json:
    """A user object."""
    return {
        "id": str(user.id),
        "username": user.name.lower().replace(" ", "_"),
        "discriminator": "0",
        "global_name": None if user.bot else user.name,
        "avatar": None,
        "bot": user.bot,
        "public_flags": 0,
        "flags": 0,
    }


def role_json(role: Role) -> Json:
    """A role object."""
    return {
        "id": str(role.id),
        "name": role.name,
        "permissions": str(role.permissions),
        "position": role.position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": role.managed,
        "mentionable": False,
        "flags": role.flags,
    }


def member_json(member: Member) -> Json:
    """A guild member object with its user."""
    return {
        "user": user_json(member.user),
        "nick": member.nick,
        "avatar": None,
        "banner": None,
        "roles": [str(role.id) for role in member.roles],
        "joined_at": stamp(member.joined_at),
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "flags": member.flags,
        "pending": member.pending,
        "communication_disabled_until": stamp(member.timed_out_until),
    }


def resolved_member_json(world: World, member: Member, channel: Channel) -> Json:
    """The member object in an interaction's `resolved` part: no user, no deaf, no mute, but permissions."""
    body = member_json(member)
    for absent in ("user", "deaf", "mute"):
        del body[absent]
    return {**body, "permissions": str(world.permissions_in(member, channel))}


def channel_json(channel: Channel) -> Json:
    """A channel object as someone who can view it sees it."""
    if channel.recipient is not None:
        return {
            "id": str(channel.id),
            "type": DM_CHANNEL,
            "last_message_id": None,
            "flags": 0,
            "recipients": [user_json(channel.recipient)],
        }
    overwrites = [
        {
            "id": str(o.target_id),
            "type": 0 if isinstance(o.target, Role) else 1,
            "allow": str(o.allow),
            "deny": str(o.deny),
        }
        for o in channel.overwrites
    ]
    body: Json = {
        "id": str(channel.id),
        "type": channel.kind,
        "guild_id": str(channel.guild.id) if channel.guild else None,
        "name": channel.name,
        "position": channel.position,
        "permission_overwrites": overwrites,
        "nsfw": False,
        "parent_id": None,
        "topic": None,
        "rate_limit_per_user": 0,
        "last_message_id": None,
        "flags": 0,
    }
    if channel.kind != TEXT_CHANNEL:
        body |= {"bitrate": 64000, "user_limit": 0, "rtc_region": None}
    return body


def channel_for_bot(world: World, channel: Channel) -> Json:
    """A channel as the gateway shows it to the bot: obfuscated where the bot lacks VIEW_CHANNEL.

    https://docs.discord.com/developers/change-log (2026-08-12, mandatory from 2026-11-16).
    """
    body = channel_json(channel)
    if channel.guild is None or bot_can_view(world, channel):
        return body
    deny = {"id": str(channel.guild.id), "type": 0, "allow": "0", "deny": str(int(Permission.VIEW_CHANNEL))}
    return {**body, "name": HIDDEN_NAME, "flags": HIDDEN_FLAG, "topic": None, "permission_overwrites": [deny]}


def bot_can_view(world: World, channel: Channel) -> bool:
    """Whether the bot may view the guild channel."""
    bot = world.bot_in(channel.guild) if channel.guild else None
    return bot is not None and world.can(bot, channel, Permission.VIEW_CHANNEL)


def guild_json(guild: Guild) -> Json:
    """The guild object of `GET /guilds/{guild_id}`."""
    return {
        "id": str(guild.id),
        "name": guild.name,
        "icon": None,
        "splash": None,
        "discovery_splash": None,
        "owner_id": str(guild.owner_id),
        "afk_channel_id": None,
        "afk_timeout": 300,
        "verification_level": 1,
        "default_message_notifications": 1,
        "explicit_content_filter": 2,
        "roles": [role_json(role) for role in guild.roles.values()],
        "emojis": [],
        "stickers": [],
        "features": guild.features,
        "mfa_level": 0,
        "application_id": None,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "vanity_url_code": None,
        "description": None,
        "banner": None,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": guild.locale,
        "public_updates_channel_id": None,
        "nsfw_level": 0,
        "premium_progress_bar_enabled": False,
        "safety_alerts_channel_id": None,
        "incidents_data": None,
    }


def guild_create_json(world: World, guild: Guild) -> Json:
    """The GUILD_CREATE payload. Members: the bot alone, since the stand-in grants no presences and nobody is in voice.

    https://docs.discord.com/developers/events/gateway-events#guild-create
    """
    bot = guild.members[world.bot.id]
    return {
        **guild_json(guild),
        "joined_at": stamp(bot.joined_at),
        "large": len(guild.members) > 50,
        "unavailable": False,
        "member_count": len(guild.members),
        "voice_states": [],
        "members": [member_json(bot)],
        "channels": [channel_for_bot(world, channel) for channel in guild.channels.values()],
        "threads": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [event_json(event) for event in guild.events.values() if event.status in (1, 2)],
        "soundboard_sounds": [],
    }


def message_json(world: World, message: Message) -> Json:
    """A message object of the current version."""
    now = message.now
    body: Json = {
        "id": str(message.id),
        "channel_id": str(message.channel.id),
        "author": user_json(message.author),
        "content": now.content,
        "timestamp": stamp(message.created_at),
        "edited_timestamp": stamp(now.at) if len(message.versions) > 1 else None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [{k: v for k, v in a.items() if k != "text"} for a in now.attachments],
        "embeds": [{"type": "rich", **embed} for embed in now.embeds],
        "components": list(now.components),
        "pinned": False,
        "type": 0,
        "flags": now.flags,
    }
    if message.interaction_id is not None:
        body |= {"webhook_id": str(world.bot.id), "application_id": str(world.bot.id)}
    if message.nonce is not None:
        body["nonce"] = message.nonce
    return body


def event_json(event: ScheduledEvent) -> Json:
    """A guild scheduled event object."""
    return {
        "channel_id": None,
        "description": None,
        "scheduled_end_time": None,
        "entity_metadata": None,
        "image": None,
        "recurrence_rule": None,
        **event.body,
        "id": str(event.id),
        "guild_id": str(event.guild.id),
        "creator_id": str(event.creator.id),
        "creator": user_json(event.creator),
        "status": event.status,
        "entity_id": None,
        "user_count": len(event.interested),
    }


def onboarding_json(guild: Guild) -> Json:
    """`GET /guilds/{guild_id}/onboarding`: one prompt offering every role that members can give themselves."""
    offered = [role for role in guild.roles.values() if role.flags & ROLE_IN_PROMPT]
    options = [
        {
            "id": str(role.id + 1),
            "title": role.name,
            "description": None,
            "emoji": {"id": None, "name": None, "animated": False},
            "role_ids": [str(role.id)],
            "channel_ids": [],
        }
        for role in offered
    ]
    prompt = {
        "id": str(guild.id + 1),
        "type": 0,
        "title": "What brings you here?",
        "options": options,
        "single_select": False,
        "required": False,
        "in_onboarding": True,
    }
    return {
        "guild_id": str(guild.id),
        "prompts": [prompt] if options else [],
        "default_channel_ids": [],
        "enabled": bool(options),
        "mode": 0,
    }


def application_json(bot: User, owner: User) -> Json:
    """The application object both `/applications/@me` and `/oauth2/applications/@me` answer."""
    return {
        "id": str(bot.id),
        "name": bot.name,
        "icon": None,
        "description": "",
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": 0,
        "owner": user_json(owner),
        "team": None,
        "rpc_origins": None,
        "summary": "",
        "interactions_endpoint_url": None,
    }
