"""What is done in Discord about a leaked link: the message goes, and its holder is told in private.

Deleting takes Manage Messages in that channel (https://docs.discord.com/developers/resources/message#delete-message).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import discord

from bot.adapters.discord_chat.chat import ANSWER_WITHIN, nonce_of
from bot.adapters.discord_chat.direct_messages import DirectMessagePace
from bot.adapters.discord_chat.errors import explaining
from bot.adapters.discord_chat.replies.wording import channel as channel_link
from bot.adapters.discord_chat.replies.wording import typed
from bot.domain.errors import Transient, Undeliverable
from bot.domain.values import ChannelId, GuildId, MemberId, MessageId
from bot.ports import HolderNote

_DELETE = "View Channel and Manage Messages in that channel"


class DiscordLeakMessages:
    """Keeps the promises of `bot.ports.LeakMessages`.

    Args:
        client: the client that is logged in at the moment; raises `Transient` while none is.
        pace: how fast direct messages may leave, shared with every other kind.
    """

    def __init__(self, client: Callable[[], discord.Client], pace: DirectMessagePace) -> None:
        self._client = client
        self._pace = pace

    async def delete(self, guild_id: GuildId, channel_id: ChannelId, message_id: MessageId) -> None:
        """Delete somebody's message. One that is gone, or stands in another server, raises `Undeliverable`."""
        client = self._client()
        with explaining(_DELETE):
            async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                try:
                    channel = await client.fetch_channel(channel_id)
                except discord.NotFound as error:
                    raise Undeliverable("That channel was deleted.", code="message_gone") from error
                if isinstance(channel, discord.abc.PrivateChannel) or channel.guild.id != guild_id:
                    raise Undeliverable("That message is not in this server.", code="message_elsewhere")
                await (
                    client.get_partial_messageable(channel_id, guild_id=guild_id)
                    .get_partial_message(message_id)
                    .delete()
                )

    async def tell_holder(self, member_id: MemberId, note: HolderNote) -> None:
        """Raises `Undeliverable` if they take no messages, `Transient` if messages have to wait."""
        client = self._client()
        self._pace.take()
        try:
            with explaining():
                async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                    to_them = await client.create_dm(discord.Object(member_id))
                    once = nonce_of(f"leak:{note.leak_id}")
                    await to_them.send(holder_text(note), nonce=once, suppress_embeds=True)
        except Transient as error:
            if error.code == "dm_too_fast":
                self._pace.pause()
            raise


def holder_text(note: HolderNote) -> str:
    """What the holder of a posted link is told: kindly, because most such links are passed on in good faith. It holds no link."""
    now = (
        "It is not the first time, so a moderator has to allow you a new one. Please write to one of them."
        if note.held
        else "To come in, press **Get my link** in the server again: you get a new one. Please keep it to yourself."
    )
    where = channel_link(note.channel_id)
    return "\n".join(
        (
            f"Your personal link for **{typed(note.topic)}** was posted in {where}, where others could have come in under your name. "
            "A moderator had me make it void.",
            now,
            "This happens easily, and nobody but the moderators can look up whose link it was.",
            "If you did not post it or pass it on, tell a moderator: somebody else has seen it.",
        )
    )
