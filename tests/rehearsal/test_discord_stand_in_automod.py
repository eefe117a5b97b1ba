"""AutoMod in the stand-in: what Discord enforces about rules, and what the bot hears of a blocked message."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.link_rule import BLOCKED_MESSAGE, PATTERNS
from bot.rehearsal.discord_automod import AutoMod, _check
from bot.rehearsal.discord_errors import ApiError, RefusedByClient
from bot.rehearsal.discord_permissions import Permission
from tests.adapters.discord_rig import MovedClock, stand_in
from tests.discord_spec import body_errors

RULE: dict[str, Any] = {
    "name": "No links",
    "event_type": 1,
    "trigger_type": 1,
    "trigger_metadata": {"keyword_filter": [], "regex_patterns": list(PATTERNS), "allow_list": []},
    "actions": [{"type": 1, "metadata": {"custom_message": BLOCKED_MESSAGE}}],
    "enabled": True,
    "exempt_roles": [],
    "exempt_channels": [],
}


def test_our_rule_fits_the_published_description() -> None:
    assert body_errors("POST", "/guilds/{guild_id}/auto-moderation/rules", RULE) == []
    _check(RULE)


@pytest.mark.parametrize(
    "wrong",
    [
        {"trigger_metadata": {"regex_patterns": ["a"] * 11}},
        {"trigger_metadata": {"regex_patterns": ["a" * 261]}},
        {"trigger_metadata": {"regex_patterns": ["(?=a)b"]}},
        {"trigger_metadata": {"regex_patterns": ["("]}},
        {"trigger_metadata": {"keyword_filter": ["a" * 61]}},
        {"actions": []},
        {"actions": [{"type": 1, "metadata": {"custom_message": "a" * 151}}]},
        {"exempt_roles": [str(number) for number in range(21)]},
        {"name": ""},
    ],
)
def test_what_discord_refuses_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ApiError):
        _check(RULE | wrong)


@pytest.mark.parametrize(
    ("text", "blocked"),
    [
        ("https://us02web.zoom.us/j/87654321098?pwd=x", True),
        ("[come](https://ZOOM.us/w/87654321098?tk=abc)", True),
        ("zoommtg://zoom.us/join?confno=1", True),
        ("https://zoom.us/pricing", False),
        ("see you on Zoom at 7", False),
    ],
)
async def test_messages_are_blocked_before_anybody_sees_them_but_not_those_of_admins(text: str, blocked: bool) -> None:
    async with stand_in(MovedClock()) as discord:
        guild = discord.add_guild("Choir")
        channel = discord.add_channel(guild, "lobby")
        admin = discord.add_role(guild, "Admin", int(Permission.MANAGE_GUILD))
        ana, adam = discord.add_member(guild, "ana"), discord.add_member(guild, "adam", roles=[admin])
        guild.automod_rules[1] = RULE | {"id": "1"}
        automod: AutoMod = discord.automod
        assert (automod.blocks(ana, channel, text) is not None) is blocked
        assert automod.blocks(adam, channel, text) is None
        if blocked:
            with pytest.raises(RefusedByClient, match="stay private"):
                discord.say(ana, channel, text)
            assert discord.messages_in(channel) == []
        guild.automod_rules[1]["exempt_channels"] = [str(channel.id)]
        assert automod.blocks(ana, channel, text) is None
