"""What the bot posts by itself about incidents: direct messages to the one person each concerns, and the offer of support. They name nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import discord
from discord import ui

from bot.adapters.discord_chat.chat import ANSWER_WITHIN, nonce_of
from bot.adapters.discord_chat.direct_messages import DirectMessagePace
from bot.adapters.discord_chat.errors import explaining
from bot.adapters.discord_chat.posts import Post
from bot.adapters.discord_chat.presses import REPORT_CONFIRMED, REPORT_LATER, SUPPORT_LINES
from bot.adapters.discord_chat.replies.wording import moment
from bot.domain.errors import Transient
from bot.domain.incident import IncidentId
from bot.domain.values import ChannelId, GuildId, MemberId
from bot.ports import ConfirmationReminder

_POST = "View Channel and Send Messages in the announcement channel"
AFTERCARE = (
    "**Something happened in a call here that can stay with people.** If you were there and it is on your mind, press the button: "
    "I tell you where you find somebody to talk to. Only you see the answer, and I note nowhere who pressed.\n"
    "Please do not describe or share what you saw here."
)


class DiscordFollowUps:
    """Keeps the promise of `bot.ports.PrivateFollowUps`.

    Args:
        client: the client that is logged in at the moment; raises `Transient` while none is.
        pace: how fast direct messages may leave, shared with every other kind.
    """

    def __init__(self, client: Callable[[], discord.Client], pace: DirectMessagePace) -> None:
        self._client = client
        self._pace = pace

    async def ask_confirmation(self, member_id: MemberId, reminder: ConfirmationReminder) -> None:
        """Raises `Undeliverable` if they take no messages, `Transient` if messages have to wait."""
        client = self._client()
        self._pace.take()
        post = confirmation_post(reminder)
        try:
            with explaining():
                async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                    to_them = await client.create_dm(discord.Object(member_id))
                    view = post.view or discord.utils.MISSING
                    once = nonce_of(f"confirm:{reminder.incident_id}:{member_id}:{reminder.until}")
                    await to_them.send(post.content, view=view, nonce=once, suppress_embeds=True)
        except Transient as error:
            if error.code == "dm_too_fast":
                self._pace.pause()
            raise


class DiscordAftercare:
    """Keeps the promise of `bot.ports.AftercarePosts`."""

    def __init__(self, client: Callable[[], discord.Client]) -> None:
        self._client = client

    async def offer_support(self, guild_id: GuildId, channel_id: ChannelId, incident_id: IncidentId) -> None:
        """Post it, once for each incident within minutes."""
        view = _view(ui.Button(label="Support for me", custom_id=SUPPORT_LINES(incident_id)))
        with explaining(_POST):
            async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                channel = self._client().get_partial_messageable(channel_id, guild_id=guild_id)
                once = nonce_of(f"aftercare:{incident_id}")
                await channel.send(AFTERCARE, view=view, nonce=once, suppress_embeds=True)


def confirmation_post(reminder: ConfirmationReminder) -> Post:
    """What one person is told. Needs a running event loop, as discord.py's views do."""
    why = (
        "Something in a call on your Zoom account was reported in your community"
        if reminder.owner
        else "You reported something in a call"
    )
    lines = (
        f"{why} (incident {reminder.number}, {moment(reminder.reported_at)}).",
        "**If it was reported to Zoom as well:** Zoom sends whoever reported it a mail and wants it confirmed **within 7 days, "
        f"or the report expires**: {moment(reminder.until)} at the latest, counted from the report here.",
        "It can also be confirmed at zoom.us: Account Management > Reports > User activity reports > Reported attendees > "
        "Wait for My Confirmation.",
        "I cannot see whether that was done. Nobody has to keep or send any picture for it.",
    )
    done: ui.Button[Any] = ui.Button(
        label="Done", style=discord.ButtonStyle.primary, custom_id=REPORT_CONFIRMED(reminder.incident_id)
    )
    again: ui.Button[Any] = ui.Button(label="Tomorrow again", custom_id=REPORT_LATER(reminder.incident_id))
    return Post("\n".join(lines), _view(done, again))


def _view(*buttons: ui.Button[Any]) -> ui.View:
    """Buttons that work after any restart; stopped, so that discord.py keeps nothing of them in memory."""
    view = ui.View(timeout=None)
    for button in buttons:
        view.add_item(button)
    view.stop()
    return view
