"""Events in a server's calendar (https://docs.discord.com/developers/resources/guild-scheduled-event).

They are of the kind "somewhere else", which anybody may read, in a public server also people outside it: no link, number or passcode ever
stands in one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import discord

from bot.adapters.discord_chat.chat import ANSWER_WITHIN
from bot.adapters.discord_chat.errors import explaining
from bot.adapters.discord_chat.replies.wording import clipped
from bot.domain.errors import Undeliverable
from bot.domain.meeting import public_words
from bot.domain.values import ChannelId, GuildId
from bot.ports import EventId, ServerEvent

MAX_NAME = 100
MAX_LOCATION = 100
MAX_DESCRIPTION = 1000
"""https://docs.discord.com/developers/resources/guild-scheduled-event#create-guild-scheduled-event"""
_NEEDS = "Create Events"
_GOING_ON = (discord.EventStatus.scheduled, discord.EventStatus.active)


class DiscordServerEvents:
    """Keeps the promises of `bot.ports.ServerEvents`.

    Args:
        client: the client that is logged in at the moment; raises `Transient` while none is.
    """

    def __init__(self, client: Callable[[], discord.Client]) -> None:
        self._client = client

    async def find(self, event: ServerEvent, *, not_these: frozenset[EventId]) -> EventId | None:
        """An event of ours that nobody ended, of this name and start: one whose making was not noted any more."""
        me = self._client().user
        async with _asking():
            known = await (await self._guild(event.guild_id)).fetch_scheduled_events(with_counts=False)
        ours = (each for each in known if me is not None and each.creator_id == me.id and each.id not in not_these)
        alike = (e for e in ours if e.name == name(event) and e.start_time == event.starts_at and e.status in _GOING_ON)
        return next((EventId(each.id) for each in alike), None)

    async def add(self, event: ServerEvent) -> EventId:
        """Put it into the calendar. Raises `NeedsAttention` without Create Events, or where the server has a hundred events."""
        async with _asking():
            guild = await self._guild(event.guild_id)
            made = await guild.create_scheduled_event(
                name=name(event),
                description=description(event),
                start_time=event.starts_at,
                end_time=event.ends_at,
                entity_type=discord.EntityType.external,
                privacy_level=discord.PrivacyLevel.guild_only,
                location=await self._location(guild, event.channel_id),
            )
        return EventId(made.id)

    async def change(self, event_id: EventId, event: ServerEvent) -> None:
        """Make it say what holds now. Raises `Undeliverable` if it was deleted or is over."""
        async with _asking():
            guild = await self._guild(event.guild_id)
            found = await guild.fetch_scheduled_event(event_id, with_counts=False)
            if found.status not in _GOING_ON:
                raise Undeliverable("That event is over.", code="event_over")
            begun = found.status is discord.EventStatus.active
            await found.edit(
                name=name(event),
                description=description(event),
                start_time=discord.utils.MISSING if begun else event.starts_at,
                end_time=event.ends_at,
                location=await self._location(guild, event.channel_id),
            )

    async def end(self, event_id: EventId, guild_id: GuildId) -> None:
        """Cancel it, or complete it if it has begun. One that is gone or over counts as ended."""
        try:
            async with _asking():
                guild = await self._guild(guild_id)
                found = await guild.fetch_scheduled_event(event_id, with_counts=False)
                if found.status is discord.EventStatus.scheduled:
                    await found.cancel()
                elif found.status is discord.EventStatus.active:
                    await found.end()
        except Undeliverable:
            return

    async def _guild(self, guild_id: GuildId) -> discord.Guild:
        client = self._client()
        return client.get_guild(guild_id) or await client.fetch_guild(guild_id, with_counts=False)

    async def _location(self, guild: discord.Guild, channel_id: ChannelId | None) -> str:
        """Where to press. Discord shows it as plain text, so the channel stands there by its name."""
        if channel_id is None:
            return "Online - type /join in this server"
        try:
            channel = guild.get_channel(channel_id) or await guild.fetch_channel(channel_id)
        except (discord.NotFound, discord.Forbidden, discord.InvalidData):
            return "Online - type /join in this server"
        return clipped(f"Online - press the button in #{channel.name}", MAX_LOCATION)


def name(event: ServerEvent) -> str:
    """The topic, which is public already; Discord shows it without formatting."""
    return clipped(event.topic, MAX_NAME)


def description(event: ServerEvent) -> str:
    """Who may come and how they get in: the words of the public announcement."""
    small = ["This one is for a smaller group here."] if event.small_group else []
    words = public_words(event.profile, personal_links=event.personal_links)
    return clipped("\n".join([*words, *small]), MAX_DESCRIPTION)


@asynccontextmanager
async def _asking() -> AsyncIterator[None]:
    """Around every act: a limit in time, and Discord's errors in our words."""
    with explaining(_NEEDS):
        async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
            yield
