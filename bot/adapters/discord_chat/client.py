"""Our discord.py client: what it listens to, how little it keeps in memory, how its commands get to Discord.

Memory: no member is cached but the bot itself, no message, no emoji, no presence, no voice state. Views are not kept either,
since presses are found by `custom_id`. What stays is what Discord sends of a server under the `guilds` intent: roles, channels, threads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

import discord
import structlog
from discord import app_commands

from bot.adapters.discord_chat.syncing import CommandSync
from bot.ports import Notes

SHORT_RATE_LIMIT = 30.0
"""Seconds discord.py may wait for a rate limit; a longer one is raised. 30 is the least it takes."""
GUILD_READY_TIMEOUT = 2.0
"""Seconds without a further server after which discord.py says it is ready."""
_HANDLER_TASKS = ("CommandTree-invoker", "discord-ui-dynamic-item-", "discord-ui-view-dispatch-", "discord-ui-modal-")
"""How discord.py names the tasks in which it runs the answer to an interaction."""
_ELSEWHERE = "This bot serves another community. Ask whoever runs it, or run your own: it is free software."

log = structlog.stdlib.get_logger(__name__)


def intents(*, members: bool = False) -> discord.Intents:
    """What we listen to; none of it is privileged but `members` (https://docs.discord.com/developers/events/gateway#list-of-intents)."""
    return discord.Intents(
        guilds=True, guild_scheduled_events=True, moderation=True, auto_moderation_execution=True, members=members
    )


@dataclass(frozen=True, slots=True)
class OneShard:
    """The one shard a client serves where several processes share them.

    Args:
        of: how many there are in all.
        turn: returns when the shard with this id may identify.
    """

    shard_id: int
    of: int
    turn: Callable[[int], Awaitable[None]]


class HearsOfGuilds(Protocol):
    """Is told which servers the bot is in. An outage of a server is no removal."""

    async def ready(self) -> None:
        """Every server is listed, unavailable ones too."""
        ...

    async def joined(self, guild_id: int) -> None: ...
    async def removed(self, guild_id: int) -> None: ...


class VestibuleClient(discord.AutoShardedClient):
    """One connection to Discord, from log-in to the end. Build a fresh one for the next.

    Args:
        register: adds commands and dynamic items to the client and its tree.
        notes: remembers which commands Discord knows.
        guild_id: the one server served with a server-to-server account; None: every server.
        guild_ready_timeout: seconds; see `GUILD_READY_TIMEOUT`.
        members_intent: whether Discord also says who left (a privileged intent).
        shard: the only shard it serves; None: all, as many as Discord recommends.
    """

    def __init__(
        self,
        register: Callable[[VestibuleClient, app_commands.CommandTree[VestibuleClient]], None],
        notes: Notes,
        *,
        guild_id: int | None = None,
        guild_ready_timeout: float = GUILD_READY_TIMEOUT,
        members_intent: bool = False,
        shard: OneShard | None = None,
    ) -> None:
        # No voice here, so its missing libraries need no warning at every start.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        super().__init__(
            intents=intents(members=members_intent),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=SHORT_RATE_LIMIT,
            guild_ready_timeout=guild_ready_timeout,
        )
        if shard is not None:
            self.shard_ids, self.shard_count = [shard.shard_id], shard.of
        self._shard = shard
        self.serves = guild_id
        self.tree = ServedTree(self)
        self.guild_watch: HearsOfGuilds | None = None
        """Told which servers the bot is in."""
        self._register = register
        self._sync = CommandSync(notes, guild_id)

    async def setup_hook(self) -> None:
        """Before the gateway opens: everything that can be pressed is known, and Discord knows the commands."""
        self._register(self, self.tree)
        await self._sync.run(self.tree)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Take turns with the other processes; alone, discord.py's own waits do."""
        if self._shard is None:
            await super().before_identify_hook(shard_id, initial=initial)
        else:
            await self._shard.turn(self._shard.shard_id)

    async def finish(self, within: float) -> None:
        """Close in order: take no more interactions, let those at work finish for at most `within` seconds, then hang up."""
        for shard in self.shards.values():
            await shard.disconnect()
        working = _interactions_at_work()
        if working:
            _, cut_off = await asyncio.wait(working, timeout=within)
            log.info("discord.interactions_finished", finished=len(working) - len(cut_off), cut_off=len(cut_off))
        await self.close()

    @property
    def connected(self) -> bool:
        """Whether every shard is ready and has its gateway connection at this moment."""
        return self.is_ready() and not self.is_closed() and not any(s.is_closed() for s in self.shards.values())

    async def on_ready(self) -> None:
        """All servers are known. Discord may say so again after a reconnect."""
        log.info("discord.ready", guilds=len(self.guilds), shards=len(self.shards))
        await self._sync.run(self.tree)
        if self.guild_watch is not None:
            await self.guild_watch.ready()

    async def on_shard_disconnect(self, shard_id: int) -> None:
        """The gateway hung up; discord.py comes back by itself."""
        log.info("discord.disconnected", shard=shard_id)

    async def on_shard_resumed(self, shard_id: int) -> None:
        """The gateway is back and nothing was missed."""
        log.info("discord.resumed", shard=shard_id)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Somebody invited the bot."""
        log.info("discord.guild_joined", guild_id=guild.id, served=self.serves in (None, guild.id))
        await self.on_guild_available(guild)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """A server came into reach. Commands for it alone could not be registered before."""
        if guild.id == self.serves:
            await self._sync.run(self.tree)
        if self.guild_watch is not None:
            await self.guild_watch.joined(guild.id)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """The bot was put out of a server."""
        log.info("discord.guild_left", guild_id=guild.id)
        if self.guild_watch is not None:
            await self.guild_watch.removed(guild.id)

    async def on_error(self, event_method: str, /, *_: Any, **__: Any) -> None:
        """A listener failed: told without what Discord sent, which may hold people's words."""
        log.exception("discord.event_failed", event_name=event_method)


class ServedTree(app_commands.CommandTree[VestibuleClient]):
    """The commands, for the servers this bot serves."""

    async def interaction_check(self, interaction: discord.Interaction[VestibuleClient], /) -> bool:
        """Refuse other servers politely, where the bot serves one only."""
        serves = self.client.serves
        if serves is None or interaction.guild_id in (None, serves):
            return True
        if interaction.type is discord.InteractionType.autocomplete:
            await interaction.response.autocomplete([])
        else:
            await interaction.response.send_message(_ELSEWHERE, ephemeral=True)
        return False


def _interactions_at_work() -> list[asyncio.Task[Any]]:
    return [task for task in asyncio.all_tasks() if task.get_name().startswith(_HANDLER_TASKS)]
