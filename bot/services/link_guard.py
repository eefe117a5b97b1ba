"""The AutoMod rule against Zoom links: offered, made, looked after; and what it reports told to the moderators.

What Discord reports of a blocked message is who and where, never what it said: so nobody can be told whose link it was. Somebody's own change to the
rule is not undone behind their back: it is said, with Repair in one press.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.domain.community import MemberFacts, Right
from bot.domain.errors import NeedsAttention, Transient, UserMistake
from bot.domain.link_rule import MAX_KEYWORD_RULES, WINDOW, KeptRule, RuleHealth, health_of, window_of
from bot.domain.values import AlertId, ChannelId, GuildId, MemberId, RuleId
from bot.ports import (
    Alert,
    AlertKind,
    AlertOutcome,
    BlockedTry,
    Clock,
    LinkRules,
    Place,
    Store,
    UnitOfWork,
)
from bot.services.rights import community_where

KEEP_TRIES = timedelta(days=7)
_NO_PERMISSION = "discord_permission"


@dataclass(frozen=True, slots=True)
class GuardView:
    """How it stands. `room` is False where the server has as many rules of this kind as Discord takes; `exempt` counts exemptions made by hand."""

    health: RuleHealth
    room: bool = True
    exempt: int = 0


@dataclass(frozen=True, slots=True)
class Tried:
    """Who tried to post a link within ten minutes."""

    tries: tuple[BlockedTry, ...]


class LinkGuard:
    """`/leaks`, the look at the rule every quarter of an hour, and what it blocks."""

    def __init__(self, store: Store, rules: LinkRules, clock: Clock) -> None:
        self._store = store
        self._rules = rules
        self._clock = clock

    async def show(self, who: MemberFacts, guild_id: GuildId) -> GuardView:
        """How it stands now.

        Raises:
            UserMistake: the person may not change the server's settings.
        """
        kept = await self._kept_for(who, guild_id)
        return await self._looked(guild_id, kept)

    async def switch_on(self, who: MemberFacts, guild_id: GuildId) -> GuardView:
        """Make the rule, or put right the one that is there. Pressing twice makes one.

        Raises:
            UserMistake: no right, or the server is full of such rules.
            NeedsAttention: the bot may not manage the server.
        """
        kept = await self._kept_for(who, guild_id)
        reading = await self._rules.read(guild_id, kept.rule_id if kept is not None else None)
        if reading.ours is not None:
            await self._rules.repair(guild_id, reading.ours.rule_id)
            rule_id = reading.ours.rule_id
        elif reading.of_this_kind >= MAX_KEYWORD_RULES:
            raise UserMistake(
                f"This server has {MAX_KEYWORD_RULES} AutoMod rules of this kind, and Discord takes no more. "
                "Delete one under Server Settings, AutoMod; then press again.",
                code="rules_full",
            )
        else:
            rule_id = await self._rules.create(guild_id)
        await self._note(guild_id, rule_id, RuleHealth.HEALTHY, by=who.member_id)
        return await self.show(who, guild_id)

    async def switch_off(self, who: MemberFacts, guild_id: GuildId) -> GuardView:
        """Remove the rule. Raises as `switch_on` does."""
        kept = await self._kept_for(who, guild_id)
        if kept is not None and kept.rule_id is not None:
            await self._rules.remove(guild_id, kept.rule_id)
        async with self._store.work() as uow:
            await uow.link_rules.forget(guild_id)
            await self._settle(uow, guild_id)
            await uow.audit.append(guild_id, "link_rule.removed", at=self._clock.now(), actor=who.member_id)
            await uow.commit()
        return GuardView(RuleHealth.OFF)

    async def check_all(self) -> None:
        """Look at every rule that is wanted, and forget who tried a week ago. Running it twice looks twice."""
        async with self._store.work() as uow:
            await uow.link_rules.forget_tries(self._clock.now() - KEEP_TRIES)
            guilds = await uow.link_rules.wanted()
            await uow.commit()
        for guild_id in guilds:
            async with self._store.read() as uow:
                kept = await uow.link_rules.get(guild_id)
            try:
                await self._looked(guild_id, kept)
            except (Transient, NeedsAttention):
                continue  # looked at again in a quarter of an hour

    async def blocked(self, tried: BlockedTry, rule_id: RuleId) -> None:
        """AutoMod blocked a message under some rule. Of ours, the moderators are told, all of ten minutes together."""
        async with self._store.read() as uow:
            kept = await uow.link_rules.get(tried.guild_id)
        if kept is None or kept.rule_id != rule_id:
            return
        async with self._store.work() as uow:
            await uow.link_rules.note_try(tried)
            start = _start(window_of(tried.at))
            tries = await uow.link_rules.tries(tried.guild_id, start, start + WINDOW)
            await uow.alerts.put(_alert(tried.guild_id, window_of(tried.at), tries, self._clock.now()))
            await uow.commit()

    async def who_tried(self, who: MemberFacts, guild_id: GuildId, window: int) -> Tried:
        """Who was blocked in these ten minutes; the look is recorded.

        Raises:
            UserMistake: the person is no moderator.
        """
        async with self._store.work() as uow:
            await community_where(uow, guild_id, who, Right.MODERATE)
            tries = await uow.link_rules.tries(guild_id, _start(window), _start(window) + WINDOW)
            await uow.audit.append(guild_id, "link_rule.tries_shown", at=self._clock.now(), actor=who.member_id)
            await uow.commit()
        return Tried(tuple(tries))

    async def _kept_for(self, who: MemberFacts, guild_id: GuildId) -> KeptRule | None:
        async with self._store.read() as uow:
            await community_where(uow, guild_id, who, Right.SETUP)
            return await uow.link_rules.get(guild_id)

    async def _looked(self, guild_id: GuildId, kept: KeptRule | None) -> GuardView:
        """How the rule is now. Where it is wanted, that is kept, and moderators are told when it goes wrong or right."""
        try:
            reading = await self._rules.read(guild_id, kept.rule_id if kept is not None else None)
        except NeedsAttention as refusal:
            if refusal.code != _NO_PERMISSION:
                raise
            if kept is not None:
                await self._note(guild_id, kept.rule_id, RuleHealth.NO_PERMISSION)
            return GuardView(RuleHealth.NO_PERMISSION)
        room = reading.ours is not None or reading.of_this_kind < MAX_KEYWORD_RULES
        if kept is None:
            return GuardView(RuleHealth.OFF, room)
        health = health_of(reading.ours)
        await self._note(guild_id, reading.ours.rule_id if reading.ours is not None else kept.rule_id, health)
        return GuardView(health, room, reading.ours.exempt if reading.ours is not None else 0)

    async def _note(
        self, guild_id: GuildId, rule_id: RuleId | None, health: RuleHealth, *, by: MemberId | None = None
    ) -> None:
        now = self._clock.now()
        async with self._store.work() as uow:
            before = await uow.link_rules.get(guild_id)
            await uow.link_rules.save(KeptRule(guild_id, rule_id, health, now))
            if before is None or before.health is not health:
                facts = {"health": health.value}
                await uow.audit.append(guild_id, "link_rule.noted", at=now, actor=by, facts=facts)
                await self._settle(uow, guild_id)
                if health is not RuleHealth.HEALTHY:
                    alert_id = AlertId(f"rule-{guild_id}")
                    await uow.alerts.put(Alert(alert_id, guild_id, AlertKind.LINK_RULE, now, subject=health.value))
            await uow.commit()

    async def _settle(self, uow: UnitOfWork, guild_id: GuildId) -> None:
        alert = await uow.alerts.get(AlertId(f"rule-{guild_id}"))
        if alert is not None and alert.outcome is None:
            await uow.alerts.put(replace(alert, outcome=AlertOutcome.PUT_RIGHT, at=self._clock.now()))


def _start(window: int) -> datetime:
    return datetime.fromtimestamp(window * WINDOW.total_seconds(), UTC)


def _alert(guild_id: GuildId, window: int, tries: Sequence[BlockedTry], now: datetime) -> Alert:
    channels: dict[ChannelId, None] = dict.fromkeys(each.channel_id for each in tries)
    return Alert(
        AlertId(f"bl-{guild_id}-{window}"),
        guild_id,
        AlertKind.BLOCKED_LINKS,
        now,
        count=len(tries),
        places=tuple(Place(channel_id) for channel_id in channels),
        subject=str(window),
    )
