"""Routes of the Discord stand-in about channels and messages, direct messages included.

https://docs.discord.com/developers/resources/message and .../resources/user#create-dm
"""

from __future__ import annotations

import copy
from datetime import timedelta

from bot.rehearsal.discord_checks import (
    CHANNEL_FLAGS,
    CREATE_FIELDS,
    EDIT_FIELDS,
    EDIT_FLAGS,
    check_message,
    check_result,
)
from bot.rehearsal.discord_components import number_components, only_fields
from bot.rehearsal.discord_errors import ApiError, invalid_form, missing_access, missing_permissions, unknown
from bot.rehearsal.discord_interactions import edited_body
from bot.rehearsal.discord_limits import MESSAGE, MESSAGES, Limits, Window
from bot.rehearsal.discord_payloads import channel_json, message_json
from bot.rehearsal.discord_permissions import Permission
from bot.rehearsal.discord_rest import Answer, Call, Route
from bot.rehearsal.discord_service import DiscordService
from bot.rehearsal.discord_world import DM_CHANNEL, Channel, Json, Message

NONCE_REMEMBERED = timedelta(minutes=5)


class MessageRoutes:
    """The bot's own messages in channels and direct messages."""

    def __init__(self, service: DiscordService, limits: Limits) -> None:
        self._service, self._world, self._limits = service, service.world, limits
        self._by_nonce: dict[tuple[int, str], Message] = {}
        self._dm_opens = Window(limits.dm_opens_per_minute, 60.0)

    def routes(self) -> list[Route]:
        """All routes of this file."""
        return [
            Route("POST", "/users/@me/channels", self._open_dm),
            Route("GET", "/channels/{channel_id}", lambda call: channel_json(self._channel(call))),
            Route("GET", MESSAGES, self._history),
            Route("POST", MESSAGES, self._create),
            Route("GET", MESSAGE, self._get),
            Route("PATCH", MESSAGE, self._edit),
            Route("DELETE", MESSAGE, self._delete),
        ]

    def _open_dm(self, call: Call) -> Answer:
        only_fields(call.fields, {"recipient_id"}, "")
        recipient = str(call.fields.get("recipient_id", ""))
        user = self._world.users.get(int(recipient)) if recipient.isdigit() else None
        if user is None or user.bot:
            raise ApiError(400, 50033, "Invalid Recipient(s)")
        channel = self._world.dm_with(user)
        if channel is None:
            self._dm_opens.most = self._limits.dm_opens_per_minute
            if not self._dm_opens.allow():
                raise ApiError(400, 40003, "You are opening direct messages too fast")
            channel = self._world.new_channel(f"@{user.name}", guild=None, kind=DM_CHANNEL, recipient=user)
        return channel_json(channel)

    def _channel(self, call: Call, *needs: Permission) -> Channel:
        """The channel, once the bot may view it (50001) and has all of `needs` (50013)."""
        channel = self._world.channels.get(call.id("channel_id"))
        if channel is None:
            raise unknown("Channel", 10003)
        if channel.guild is None:
            return channel
        bot = self._world.bot_in(channel.guild)
        if bot is None or not self._world.can(bot, channel, Permission.VIEW_CHANNEL):
            raise missing_access()
        if not all(self._world.can(bot, channel, permission) for permission in needs):
            raise missing_permissions()
        return channel

    def _message(self, call: Call, channel: Channel) -> Message:
        """A message of the channel; an ephemeral one is unknown here, as it lives only under its interaction token."""
        message = self._world.messages.get(call.id("message_id"))
        if message is None or message.channel is not channel or message.ephemeral or message.deleted_at is not None:
            raise unknown("Message", 10008)
        return message

    def _create(self, call: Call) -> Answer:
        body = call.fields
        needs = [Permission.SEND_MESSAGES]
        needs += [Permission.EMBED_LINKS] if body.get("embeds") else []
        needs += [Permission.ATTACH_FILES] if call.attachments else []
        channel = self._channel(call, *needs)
        check_message(body, CREATE_FIELDS, CHANNEL_FLAGS)
        content: Json = copy.deepcopy({k: body[k] for k in ("content", "embeds", "components", "flags") if k in body})
        content["attachments"] = list(call.attachments)
        check_result(content)
        if channel.recipient is not None:
            if not self._world.mutual_guild(channel.recipient):
                raise ApiError(403, 50278, "Cannot send messages to this user due to having no mutual guilds")
            if not channel.recipient.dms_open:
                raise ApiError(403, 50007, "Cannot send messages to this user")
        repeated = self._repeated(channel, body)
        if repeated is not None:
            return message_json(self._world, repeated)
        self._check_reference(channel, body)
        number_components(content.get("components") or ())
        nonce = body.get("nonce")
        message = self._service.post(channel, self._world.bot, content, nonce=None if nonce is None else str(nonce))
        if message.nonce is not None:
            self._by_nonce[channel.id, message.nonce] = message
        return message_json(self._world, message)

    def _repeated(self, channel: Channel, body: Json) -> Message | None:
        """The message an enforced nonce was already used for in the last minutes."""
        nonce = body.get("nonce")
        if not body.get("enforce_nonce") or nonce is None:
            return None
        message = self._by_nonce.get((channel.id, str(nonce)))
        fresh = message is not None and self._world.now() - message.created_at < NONCE_REMEMBERED
        return message if fresh else None

    def _check_reference(self, channel: Channel, body: Json) -> None:
        reference = body.get("message_reference")
        if not reference or not reference.get("fail_if_not_exists", True):
            return
        target = self._world.messages.get(int(reference.get("message_id", 0)))
        if target is None or target.channel is not channel or target.deleted_at is not None:
            raise invalid_form("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")

    def _get(self, call: Call) -> Answer:
        return message_json(self._world, self._message(call, self._channel(call, Permission.READ_MESSAGE_HISTORY)))

    def _history(self, call: Call) -> Answer:
        channel = self._channel(call)
        bot = self._world.bot_in(channel.guild) if channel.guild else None
        if bot is not None and not self._world.can(bot, channel, Permission.READ_MESSAGE_HISTORY):
            return []
        before, after = int(call.query.get("before", 1 << 63)), int(call.query.get("after", 0))
        found = [
            m
            for m in self._world.messages.values()
            if m.channel is channel and not m.ephemeral and m.deleted_at is None and after < m.id < before
        ]
        found.sort(key=lambda m: m.id, reverse="after" not in call.query)
        found = found[: min(int(call.query.get("limit", 50)), 100)]
        return [message_json(self._world, m) for m in sorted(found, key=lambda m: m.id, reverse=True)]

    def _edit(self, call: Call) -> Answer:
        channel = self._channel(call)
        message = self._message(call, channel)
        if message.author is not self._world.bot:
            raise ApiError(403, 50005, "Cannot edit a message authored by another user")
        check_message(call.fields, EDIT_FIELDS, EDIT_FLAGS)
        self._service.edit(message, edited_body(message, call.fields, call.attachments))
        return message_json(self._world, message)

    def _delete(self, call: Call) -> Answer:
        channel = self._channel(call)
        message = self._message(call, channel)
        if message.author is not self._world.bot:
            if channel.guild is None:
                raise ApiError(403, 50003, "Cannot execute action on a DM channel")
            self._channel(call, Permission.MANAGE_MESSAGES)
        self._service.delete(message)
        return None
