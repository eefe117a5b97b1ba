"""A direct message to one person who pressed "Remind me": when it starts and where to press, never a link."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import discord

from bot.adapters.discord_chat.chat import ANSWER_WITHIN, nonce_of
from bot.adapters.discord_chat.direct_messages import DirectMessagePace
from bot.adapters.discord_chat.errors import explaining
from bot.adapters.discord_chat.replies.wording import channel as channel_link
from bot.adapters.discord_chat.replies.wording import moment, soon, typed
from bot.domain.errors import Transient
from bot.domain.values import MemberId
from bot.ports import Reminder


class DiscordReminders:
    """Keeps the promise of `bot.ports.PrivateReminders`.

    Args:
        client: the client that is logged in at the moment; raises `Transient` while none is.
        pace: how fast direct messages may leave, shared with every other kind.
    """

    def __init__(self, client: Callable[[], discord.Client], pace: DirectMessagePace) -> None:
        self._client = client
        self._pace = pace

    async def remind(self, member_id: MemberId, reminder: Reminder) -> None:
        """Raises `Undeliverable` if they take no messages, `Transient` if messages have to wait."""
        client = self._client()
        self._pace.take()
        try:
            with explaining():
                async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                    to_them = await client.create_dm(discord.Object(member_id))
                    once = nonce_of(f"remind:{reminder.meeting_id}:{member_id}")
                    await to_them.send(reminder_text(reminder), nonce=once, suppress_embeds=True)
        except Transient as error:
            if error.code == "dm_too_fast":
                self._pace.pause()
            raise


def reminder_text(reminder: Reminder) -> str:
    """What one person is told. In a direct message only the way back to the server says where to press."""
    where = (
        f"press **Get my link** in {channel_link(reminder.channel_id)}"
        if reminder.channel_id is not None
        else "type `/join` in the server"
    )
    return "\n".join(
        (
            f"You asked me to remind you: **{typed(reminder.topic)}** is on {moment(reminder.starts_at)}.",
            f"To get your link, {where}. Links open {soon(reminder.opens_at)}.",
            "I never send links in messages: one that does is not from me.",
        )
    )
