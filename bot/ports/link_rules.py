"""The AutoMod rule against Zoom links: in Discord, and what is kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.link_rule import KeptRule, RuleFacts
from bot.domain.values import ChannelId, GuildId, MemberId, RuleId


@dataclass(frozen=True, slots=True)
class RuleReading:
    """The server's rules: ours, if it is there, and how many of this kind there are in all."""

    ours: RuleFacts | None
    of_this_kind: int


@dataclass(frozen=True, slots=True)
class BlockedTry:
    """Somebody tried to post a Zoom link. What it said is not known."""

    guild_id: GuildId
    member_id: MemberId
    channel_id: ChannelId
    at: datetime


class LinkRules(Protocol):
    """The rule in the chat. Methods raise `NeedsAttention` ("discord_permission") without the right to manage the server, and `Transient`."""

    async def read(self, guild_id: GuildId, rule_id: RuleId | None) -> RuleReading:
        """Found by its id, else by its name among those the bot made."""
        ...

    async def create(self, guild_id: GuildId) -> RuleId: ...
    async def repair(self, guild_id: GuildId, rule_id: RuleId) -> None:
        """Make it block what it should, and switch it on. Exempted roles and channels stay. One that is gone raises `Undeliverable`."""
        ...

    async def remove(self, guild_id: GuildId, rule_id: RuleId) -> None:
        """One that is gone counts as removed."""
        ...


class LinkRuleBook(Protocol):
    """What is kept of the rules, and for a week who tried to post a link."""

    async def get(self, guild_id: GuildId) -> KeptRule | None: ...
    async def save(self, rule: KeptRule) -> None: ...
    async def forget(self, guild_id: GuildId) -> None: ...
    async def wanted(self) -> Sequence[GuildId]:
        """Every community that wants one."""
        ...

    async def note_try(self, tried: BlockedTry) -> None: ...
    async def tries(self, guild_id: GuildId, since: datetime, until: datetime) -> Sequence[BlockedTry]:
        """Those of [since, until), oldest first."""
        ...

    async def forget_tries(self, before: datetime) -> None: ...
