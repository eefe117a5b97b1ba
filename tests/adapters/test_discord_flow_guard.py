"""`/leaks` through the real client: the rule is made at Discord, blocks, reports who and where, and is looked after."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.link_rule import PATTERNS
from bot.domain.values import ChannelId
from bot.ports import AlertKind
from bot.rehearsal.discord_errors import NotVisible, RefusedByClient
from bot.rehearsal.discord_handles import InteractionHandle
from bot.rehearsal.discord_permissions import Permission
from tests.adapters.flow_rig import Town, read, town
from tests.discord_spec import request_errors
from tests.waiting import until

LINK = "https://us02web.zoom.us/j/87654321098?pwd=secret"


async def shows(handle: InteractionHandle, words: str) -> None:
    """The answer comes to say this, however slow the machine is."""
    await until(lambda: words in read(handle))


@pytest.fixture
async def t(tmp_path: Path) -> AsyncIterator[Town]:
    async with town(tmp_path) as (built, connect), connect():
        async with built.v.store.work() as uow:
            community = await uow.communities.get(built.guild_id)
            await uow.communities.save(community.changed(moderators_channel=ChannelId(built.staff.id)))
            await uow.commit()
        yield built


def manages(t: Town, *, yes: bool) -> None:
    role = next(role for role in t.guild.roles.values() if role.managed)
    bits = role.permissions
    t.discord.change_role(t.guild, role, bits | Permission.MANAGE_GUILD if yes else bits & ~Permission.MANAGE_GUILD)


async def test_rule_is_made_blocks_and_tells_who_and_where_but_never_what(t: Town) -> None:
    manages(t, yes=True)
    shown = await t.slash("Adam", "leaks")
    await shows(shown, "**Off.**")
    done = await t.press("Adam", shown, "Block Zoom links")
    await shows(done, "**On.**")
    (rule,) = t.guild.automod_rules.values()
    assert rule["enabled"]
    assert set(PATTERNS) == set(rule["trigger_metadata"]["regex_patterns"])

    with pytest.raises(RefusedByClient, match="stay private"):
        t.discord.say(t["Mallory"], t.lobby, f"come {LINK}")

    async def told() -> int:
        async with t.v.store.work() as uow:
            due = await uow.alerts.due(t.clock.now(), t.clock.now(), 10)
            return sum(p.alert.kind is AlertKind.BLOCKED_LINKS and p.alert.count == 1 for p in due)

    async with asyncio.timeout(30):
        while not await told():
            await asyncio.sleep(0.02)
    async with t.v.store.work() as uow:
        (posted,) = await uow.alerts.due(t.clock.now(), t.clock.now(), 10)
    assert posted.alert.places[0].channel_id == t.lobby.id
    assert "secret" not in repr(posted)
    assert request_errors(t.discord.requests) == []


async def test_missing_permission_is_named_with_its_reason(t: Town) -> None:
    manages(t, yes=False)
    shown = await t.slash("Adam", "leaks")
    await shows(shown, "Manage Server")
    await shows(shown, "for this rule and for nothing else")


async def test_rule_that_somebody_changed_is_repaired_and_their_exemptions_stay(t: Town) -> None:
    manages(t, yes=True)
    await t.press("Adam", await t.slash("Adam", "leaks"), "Block Zoom links")
    (rule,) = t.guild.automod_rules.values()
    rule |= {"enabled": False, "exempt_channels": [str(t.staff.id)]}
    rule["trigger_metadata"] = {"keyword_filter": ["spam"], "regex_patterns": ["other"], "allow_list": []}
    shown = await t.slash("Adam", "leaks")
    await shows(shown, "was changed")
    await shows(await t.press("Adam", shown, "Repair"), "**On.**")
    (rule,) = t.guild.automod_rules.values()
    assert rule["exempt_channels"] == [str(t.staff.id)]
    assert rule["trigger_metadata"]["keyword_filter"] == ["spam"]
    assert set(rule["trigger_metadata"]["regex_patterns"]) == {*PATTERNS, "other"}
    await shows(await t.press("Adam", shown, "Stop blocking"), "**Off.**")
    assert t.guild.automod_rules == {}


async def test_members_are_not_offered_it(t: Town) -> None:
    with pytest.raises(NotVisible):
        await t.slash("Ana", "leaks")
