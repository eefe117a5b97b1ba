"""The AutoMod rule against Zoom links, over Discord's REST API (https://docs.discord.com/developers/resources/auto-moderation).

It blocks and does nothing else. Discord's own alert message would repeat the blocked text, link and all, in a channel, so it is not used.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import discord
import structlog

from bot.adapters.discord_chat.chat import ANSWER_WITHIN
from bot.adapters.discord_chat.errors import explaining
from bot.domain.errors import Undeliverable
from bot.domain.link_rule import BLOCKED_MESSAGE, PATTERNS, RULE_NAME, RuleFacts
from bot.domain.values import ChannelId, GuildId, MemberId, RuleId
from bot.ports import BlockedTry, Clock, RuleReading

_NEEDS = "Manage Server (Discord asks for it to make and look after AutoMod rules)"
_log = structlog.get_logger("vestibule.discord")
_KEYWORD = discord.AutoModRuleTriggerType.keyword


class DiscordLinkRules:
    """Keeps the promises of `bot.ports.LinkRules`.

    Args:
        client: the client that is logged in at the moment; raises `Transient` while none is.
    """

    def __init__(self, client: Callable[[], discord.Client]) -> None:
        self._client = client

    async def read(self, guild_id: GuildId, rule_id: RuleId | None) -> RuleReading:
        """Found by its id, else by its name among those the bot made."""
        me = self._client().user
        async with _asking():
            rules = [r for r in await (await self._guild(guild_id)).fetch_automod_rules() if r.trigger.type is _KEYWORD]
        by_id = next((rule for rule in rules if rule.id == rule_id), None)
        made = (rule for rule in rules if me is not None and rule.creator_id == me.id and rule.name == RULE_NAME)
        ours = by_id or next(made, None)
        return RuleReading(_facts(ours) if ours is not None else None, len(rules))

    async def create(self, guild_id: GuildId) -> RuleId:
        """Make it, switched on."""
        async with _asking():
            made = await (await self._guild(guild_id)).create_automod_rule(
                name=RULE_NAME,
                event_type=discord.AutoModRuleEventType.message_send,
                trigger=_trigger(PATTERNS),
                actions=[_block()],
                enabled=True,
            )
        return RuleId(made.id)

    async def repair(self, guild_id: GuildId, rule_id: RuleId) -> None:
        """Our patterns beside those somebody added, blocking, switched on; exempted roles and channels stay."""
        async with _asking():
            try:
                rule = await (await self._guild(guild_id)).fetch_automod_rule(rule_id)
            except discord.NotFound as error:
                raise Undeliverable("That rule was deleted.", code="rule_gone") from error
            others = [pattern for pattern in rule.trigger.regex_patterns if pattern not in PATTERNS]
            room = MAX_PATTERNS - len(PATTERNS)
            await rule.edit(
                trigger=_trigger((*PATTERNS, *others[:room]), rule.trigger), actions=[_block()], enabled=True
            )

    async def remove(self, guild_id: GuildId, rule_id: RuleId) -> None:
        """One that is gone counts as removed."""
        async with _asking():
            guild = await self._guild(guild_id)
            try:
                await (await guild.fetch_automod_rule(rule_id)).delete()
            except discord.NotFound:
                return

    async def _guild(self, guild_id: GuildId) -> discord.Guild:
        client = self._client()
        return client.get_guild(guild_id) or await client.fetch_guild(guild_id, with_counts=False)


MAX_PATTERNS = 10

Blocked = Callable[[BlockedTry, RuleId], Awaitable[None]]


def watch_blocked(client: discord.Client, clock: Clock, blocked: Blocked) -> None:
    """Pass on what AutoMod blocked: who, where, under which rule. The text is not looked at even where Discord should send it.

    https://docs.discord.com/developers/events/gateway-events#auto-moderation-action-execution
    """

    async def on_automod_action(execution: discord.AutoModAction) -> None:
        if execution.action.type is not discord.AutoModRuleActionType.block_message or execution.channel_id is None:
            return
        guild_id, member_id = GuildId(execution.guild_id), MemberId(execution.user_id)
        _log.info("discord.message_blocked", guild_id=guild_id, rule_id=execution.rule_id)
        tried = BlockedTry(guild_id, member_id, ChannelId(execution.channel_id), clock.now())
        await blocked(tried, RuleId(execution.rule_id))

    client.event(on_automod_action)


def _facts(rule: discord.AutoModRule) -> RuleFacts:
    blocks = any(action.type is discord.AutoModRuleActionType.block_message for action in rule.actions)
    exempt = len(rule.exempt_role_ids) + len(rule.exempt_channel_ids)
    return RuleFacts(RuleId(rule.id), rule.enabled, tuple(rule.trigger.regex_patterns), blocks, exempt)


def _trigger(patterns: tuple[str, ...], now: discord.AutoModTrigger | None = None) -> discord.AutoModTrigger:
    return discord.AutoModTrigger(
        keyword_filter=now.keyword_filter if now is not None else [],
        regex_patterns=list(patterns),
        allow_list=now.allow_list if now is not None else [],
    )


def _block() -> discord.AutoModRuleAction:
    return discord.AutoModRuleAction(custom_message=BLOCKED_MESSAGE)


@asynccontextmanager
async def _asking() -> AsyncIterator[Any]:
    with explaining(_NEEDS):
        async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
            yield
