"""The AutoMod rule that blocks Zoom links before anybody sees them: what it is to be, and whether it still is.

Discord applies it by itself to new and edited messages, without the bot, and the bot never learns the text
(https://docs.discord.com/developers/resources/auto-moderation).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from bot.domain.values import GuildId, RuleId

RULE_NAME = "Vestibule: links into Zoom calls"
PATTERNS = (
    r"(?i)zoom(gov)?\.(us|com)/(j|w|s|my|wc|join|launch|meeting/register|webinar/register)/",
    r"(?i)zoom(mtg|us)://",
    r"(?i)zoom(gov)?\.(us|com)(/|%2f)[^ ]*tk(=|%3d)",
)
"""Regular expressions in Rust's dialect: at most ten of 260 characters; look-around is refused."""
BLOCKED_MESSAGE = (
    "Links into Zoom calls stay private here. If it is a call of this server, press Get my link: only you see yours."
)
"""What whoever tried is told; at most 150 characters."""
MAX_KEYWORD_RULES = 6
WINDOW = timedelta(minutes=10)
"""Blocked messages of so long are told together."""


class RuleHealth(Enum):
    """How the rule is."""

    OFF = "off"
    """Nobody wants it."""
    HEALTHY = "healthy"
    MISSING = "missing"
    DISABLED = "disabled"
    CHANGED = "changed"
    """It does not block what it should any more."""
    NO_PERMISSION = "no_permission"
    """The bot may not see or change the server's AutoMod rules."""


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """A rule as Discord has it. `exempt` counts the roles and channels that somebody exempted by hand."""

    rule_id: RuleId
    enabled: bool
    patterns: tuple[str, ...]
    blocks: bool
    exempt: int = 0


@dataclass(frozen=True, slots=True)
class KeptRule:
    """What a community wants, and how the rule was when it was last looked at."""

    guild_id: GuildId
    rule_id: RuleId | None
    health: RuleHealth
    checked_at: datetime


def health_of(found: RuleFacts | None) -> RuleHealth:
    """How a rule is that somebody wants. More patterns than ours do no harm."""
    if found is None:
        return RuleHealth.MISSING
    if not found.blocks or not set(PATTERNS) <= set(found.patterns):
        return RuleHealth.CHANGED
    return RuleHealth.HEALTHY if found.enabled else RuleHealth.DISABLED


def window_of(at: datetime) -> int:
    """The number of the ten minutes in which something happened."""
    return int(at.timestamp() // WINDOW.total_seconds())
