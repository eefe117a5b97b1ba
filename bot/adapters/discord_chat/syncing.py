"""Telling Discord which commands there are: only when they changed, because it takes 200 new ones a day and server
(https://docs.discord.com/developers/interactions/application-commands#registering-a-command)."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any

import discord
import structlog
from discord import app_commands

from bot.adapters.discord_chat.errors import explained
from bot.ports import Notes

NOTE = "discord.commands"
"""Where the scope and the hash of what was last registered are kept."""
_EVERYWHERE = "global"

log = structlog.stdlib.get_logger(__name__)


class CommandSync:
    """Registers a tree's commands, everywhere or in one server.

    Args:
        notes: remembers what was registered last.
        guild_id: the one server this bot serves; None: every server.
    """

    def __init__(self, notes: Notes, guild_id: int | None) -> None:
        self._notes = notes
        self._guild = discord.Object(guild_id) if guild_id is not None else None
        self._done = False
        self._one_at_a_time = asyncio.Lock()

    async def run(self, tree: app_commands.CommandTree[Any]) -> None:
        """Register the commands unless these very ones are. A refusal is logged with what to do and leaves the bot running with the commands
        Discord has; the next call tries again.
        """
        async with self._one_at_a_time:
            if not self._done:
                self._done = await self._settled(tree)

    async def _settled(self, tree: app_commands.CommandTree[Any]) -> bool:
        """Whether Discord has these commands now."""
        now = f"{self._scope}:{_fingerprint(tree)}"
        before = await self._notes.get(NOTE)
        if before == now:
            return True
        try:
            await self._register(tree, before)
        except discord.DiscordException as error:
            known = explained(error, "the applications.commands scope (invite me again with it)")
            advice = known.message if known is not None else str(error)
            log.error("discord.sync_failed", code=getattr(error, "code", None), advice=advice)
            return False
        await self._notes.put(NOTE, now)
        return True

    @property
    def _scope(self) -> str:
        return str(self._guild.id) if self._guild is not None else _EVERYWHERE

    async def _register(self, tree: app_commands.CommandTree[Any], before: str | None) -> None:
        if self._guild is not None:
            tree.copy_global_to(guild=self._guild)
        registered = await tree.sync(guild=self._guild)
        await self._withdraw(tree, before)
        log.info("discord.synced", commands=len(registered), scope=self._scope)

    async def _withdraw(self, tree: app_commands.CommandTree[Any], before: str | None) -> None:
        """Take back what stands in another scope, where people would see every command twice."""
        scope = before.partition(":")[0] if before is not None else _EVERYWHERE
        if scope == self._scope:
            return
        client, http = tree.client, tree.client.http
        if scope == _EVERYWHERE:
            await http.bulk_upsert_global_commands(client.application_id or 0, payload=[])
            return
        try:
            await http.bulk_upsert_guild_commands(client.application_id or 0, int(scope), payload=[])
        except (discord.Forbidden, discord.NotFound):
            log.info("discord.old_scope_gone", guild_id=int(scope))


def _fingerprint(tree: app_commands.CommandTree[Any]) -> str:
    commands = [command.to_dict(tree) for command in tree.get_commands()]
    text = json.dumps([tree.client.application_id, commands], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
