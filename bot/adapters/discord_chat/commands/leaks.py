"""The message command "This leaks a Zoom link", and the buttons about leaked links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import discord
from discord import app_commands

from bot.adapters.discord_chat.answering import Asker, answer
from bot.adapters.discord_chat.commands.scope import IN_SERVERS, INVITED
from bot.adapters.discord_chat.presses import (
    LEAK_ALLOW,
    LEAK_DEAL,
    LEAK_WHOSE,
    Handler,
    Interaction,
    Press,
)
from bot.adapters.discord_chat.replies import leaks as replies
from bot.adapters.discord_chat.replies.shape import Reply
from bot.adapters.discord_chat.use_cases import UseCases
from bot.domain.values import ChannelId, LeakId, MemberId, MessageId, Secret
from bot.services.leak_recognition import PostedMessage

COMMAND = "This leaks a Zoom link"
Subject = tuple[str, ...]


class LeakCommands:
    """Discord hands over the message somebody points at, with its text; no other message's text ever comes here."""

    def __init__(self, use_cases: UseCases) -> None:
        self._leaks = use_cases.leaks

    def command(self) -> app_commands.ContextMenu:
        """In the menu of every message, for everybody: members tell the moderators with it."""

        async def this_leaks(interaction: Interaction, message: discord.Message) -> None:
            async def work(asker: Asker) -> Reply:
                return replies.reported(await self._leaks.report(asker.who, asker.guild_id, posted(message)))

            await answer(interaction, "leak", work)

        return app_commands.ContextMenu(
            name=COMMAND, callback=this_leaks, allowed_contexts=IN_SERVERS, allowed_installs=INVITED
        )

    def presses(self) -> Mapping[Press, Handler]:
        """What happens on each press."""
        return {LEAK_DEAL: self._deal, LEAK_WHOSE: self._whose, LEAK_ALLOW: self._allow}

    async def _deal(self, interaction: Interaction, subject: Subject) -> None:
        async def work(asker: Asker) -> Reply:
            channel_id, message_id = ChannelId(int(subject[0])), MessageId(int(subject[1]))
            return replies.dealt(await self._leaks.deal(asker.who, asker.guild_id, channel_id, message_id))

        await answer(interaction, "press.leak_deal", work)

    async def _whose(self, interaction: Interaction, subject: Subject) -> None:
        async def work(asker: Asker) -> Reply:
            return replies.whose(await self._leaks.whose(asker.who, asker.guild_id, LeakId(subject[0])))

        await answer(interaction, "press.leak_whose", work)

    async def _allow(self, interaction: Interaction, subject: Subject) -> None:
        async def work(asker: Asker) -> Reply:
            return replies.allowed(now=await self._leaks.allow(asker.who, asker.guild_id, LeakId(subject[0])))

        await answer(interaction, "press.leak_allow", work)


def posted(message: discord.Message) -> PostedMessage:
    """The message, with everything people can read in it: its text, its previews, its buttons, what it forwards. Attachments are never looked at."""
    return PostedMessage(
        ChannelId(message.channel.id),
        MessageId(message.id),
        MemberId(message.author.id),
        Secret("\n".join(_texts(message))),
    )


def _texts(message: discord.Message | discord.MessageSnapshot) -> Iterator[str]:
    yield message.content
    for embed in message.embeds:
        yield from _strings(embed.to_dict())
    for component in message.components:
        yield from _strings(component.to_dict())
    if isinstance(message, discord.Message):
        for snapshot in message.message_snapshots:
            yield from _texts(snapshot)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner)
