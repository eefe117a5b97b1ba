"""The moderators' panel and its alerts as messages in their channel, and the two private messages that go with them.

Mentions show who is meant and ping nobody; only a notice that calls the on-call role pings that role
(https://docs.discord.com/developers/resources/message#allowed-mentions-object).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import discord

from bot.adapters.discord_chat.chat import ANSWER_WITHIN, nonce_of
from bot.adapters.discord_chat.direct_messages import DirectMessagePace
from bot.adapters.discord_chat.errors import explaining
from bot.adapters.discord_chat.replies.names import channel_problem, name_question
from bot.adapters.discord_chat.replies.notices import notice as notice_reply
from bot.adapters.discord_chat.replies.panel import panel as panel_reply
from bot.adapters.discord_chat.replies.shape import Reply
from bot.adapters.discord_chat.views.layout import layout
from bot.domain.errors import Transient, Undeliverable
from bot.domain.panel import PanelView, RoomNotice
from bot.domain.values import ChannelId, MemberId, MessageId, RoleId
from bot.ports import ChannelProblem, NameQuestion

_POST = "View Channel and Send Messages in the moderators' channel"
_NO_PINGS = discord.AllowedMentions.none()


class DiscordPanels:
    """Keeps the promises of `bot.ports.Panels`.

    Args:
        client: the client that is logged in at the moment; raises `Transient` while none is.
        pace: how fast direct messages may leave.
    """

    def __init__(self, client: Callable[[], discord.Client], pace: DirectMessagePace) -> None:
        self._client = client
        self._pace = pace

    def fingerprint(self, panel: PanelView) -> str:
        """The same for panels that read the same."""
        return _fingerprint(panel_reply(panel))

    def notice_fingerprint(self, notice: RoomNotice) -> str:
        """The same for notices that read the same."""
        return _fingerprint(notice_reply(notice))

    async def post(self, channel_id: ChannelId, panel: PanelView, *, once_key: str) -> MessageId:
        """Post it, once per `once_key` within minutes."""
        return await self._post(channel_id, panel_reply(panel), once_key, _NO_PINGS)

    async def edit(self, channel_id: ChannelId, message_id: MessageId, panel: PanelView) -> None:
        """Make the posted one say what holds now. One that was deleted raises `Undeliverable`."""
        await self._edit(channel_id, message_id, panel_reply(panel))

    async def remove(self, channel_id: ChannelId, message_id: MessageId) -> None:
        """Delete one of ours; one that is gone already, alone or with its channel, is no error."""
        try:
            async with _asking():
                await self._channel(channel_id).get_partial_message(message_id).delete()
        except Undeliverable:
            return
        except discord.NotFound:
            return

    async def post_notice(
        self, channel_id: ChannelId, notice: RoomNotice, *, once_key: str, mention: RoleId | None
    ) -> MessageId:
        """Post a notice of concerns, and call the role, if one is given."""
        called = (
            _NO_PINGS
            if mention is None
            else discord.AllowedMentions(
                everyone=False, users=False, roles=[discord.Object(mention)], replied_user=False
            )
        )
        return await self._post(channel_id, notice_reply(notice, mention), once_key, called)

    async def edit_notice(self, channel_id: ChannelId, message_id: MessageId, notice: RoomNotice) -> None:
        """Make it say what became of them."""
        await self._edit(channel_id, message_id, notice_reply(notice))

    async def ask_whether_it_is_them(self, member_id: MemberId, question: NameQuestion, *, once_key: str) -> None:
        """In private: somebody else shows your name. Raises `Undeliverable` if they take no direct messages."""
        await self._direct(member_id, name_question(question), once_key)

    async def tell_organiser(self, member_id: MemberId, problem: ChannelProblem, *, once_key: str) -> None:
        """In private: why the panel shows no names, and what to do. Raises as above."""
        await self._direct(member_id, channel_problem(problem), once_key)

    def _channel(self, channel_id: ChannelId) -> discord.PartialMessageable:
        return self._client().get_partial_messageable(channel_id)

    async def _post(
        self, channel_id: ChannelId, reply: Reply, once_key: str, pings: discord.AllowedMentions
    ) -> MessageId:
        async with _asking():
            message = await self._channel(channel_id).send(
                view=layout(reply), nonce=nonce_of(once_key), allowed_mentions=pings
            )
        return MessageId(message.id)

    async def _edit(self, channel_id: ChannelId, message_id: MessageId, reply: Reply) -> None:
        async with _asking():
            message = self._channel(channel_id).get_partial_message(message_id)
            await message.edit(view=layout(reply), allowed_mentions=_NO_PINGS)

    async def _direct(self, member_id: MemberId, reply: Reply, once_key: str) -> None:
        client = self._client()
        self._pace.take()
        try:
            async with _asking():
                channel = await client.create_dm(discord.Object(member_id))
                await channel.send(view=layout(reply), nonce=nonce_of(once_key), allowed_mentions=_NO_PINGS)
        except Transient as error:
            if error.code == "dm_too_fast":
                self._pace.pause()
            raise


def _fingerprint(reply: Reply) -> str:
    return hashlib.sha256(repr(reply.blocks).encode()).hexdigest()


@asynccontextmanager
async def _asking() -> AsyncIterator[None]:
    """Around every act: a limit in time, and Discord's errors in our words."""
    with explaining(_POST):
        async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
            yield
