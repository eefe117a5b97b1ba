"""Discord behind `LeakMessages` and `LinkRules`: messages that can be deleted, rules of a server, permissions that may be missing."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.errors import NeedsAttention, Undeliverable
from bot.domain.link_rule import MAX_KEYWORD_RULES, PATTERNS, RuleFacts
from bot.domain.values import ChannelId, GuildId, MemberId, MessageId, RuleId
from bot.ports import HolderNote, RuleReading


class FakeLeakMessages:
    """`posted` are messages that stand there; `fail` is raised instead of deleting."""

    def __init__(self) -> None:
        self.posted: set[MessageId] = set()
        self.deleted: list[MessageId] = []
        self.told: list[tuple[MemberId, HolderNote]] = []
        self.closed: set[MemberId] = set()
        self.fail: Exception | None = None

    async def delete(self, guild_id: GuildId, channel_id: ChannelId, message_id: MessageId) -> None:
        if self.fail is not None:
            raise self.fail
        if message_id not in self.posted:
            raise Undeliverable("That message was deleted.", code="message_gone")
        self.posted.remove(message_id)
        self.deleted.append(message_id)

    async def tell_holder(self, member_id: MemberId, note: HolderNote) -> None:
        if member_id in self.closed:
            raise Undeliverable("Takes no messages.", code="dm_closed")
        self.told.append((member_id, note))


class FakeLinkRules:
    """A server's AutoMod rules: ours, and `others` of the same kind; closed without permission, full at six."""

    def __init__(self) -> None:
        self.ours: RuleFacts | None = None
        self.others = 0
        self.permitted = True
        self._next = 500

    async def read(self, guild_id: GuildId, rule_id: RuleId | None) -> RuleReading:
        self._demand()
        return RuleReading(self.ours, self.others + (self.ours is not None))

    async def create(self, guild_id: GuildId) -> RuleId:
        self._demand()
        assert self.others < MAX_KEYWORD_RULES
        self._next += 1
        self.ours = RuleFacts(RuleId(self._next), True, PATTERNS, True)
        return self.ours.rule_id

    async def repair(self, guild_id: GuildId, rule_id: RuleId) -> None:
        self._demand()
        assert self.ours is not None
        self.ours = replace(self.ours, enabled=True, patterns=PATTERNS, blocks=True)

    async def remove(self, guild_id: GuildId, rule_id: RuleId) -> None:
        self._demand()
        self.ours = None

    def _demand(self) -> None:
        if not self.permitted:
            raise NeedsAttention("Give me Manage Server.", code="discord_permission")
