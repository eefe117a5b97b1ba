"""What is read about the AutoMod rule against Zoom links."""

from __future__ import annotations

from bot.adapters.discord_chat.presses import GUARD_OFF, GUARD_ON
from bot.adapters.discord_chat.replies.shape import Block, Button, Reply, Row, Style, Text, joined, say
from bot.adapters.discord_chat.replies.wording import bullets, channel, counted, fitting, person, soon
from bot.domain.link_rule import RuleHealth
from bot.domain.values import GuildId
from bot.services.link_guard import GuardView, Tried

_MOST = 3000

_STATES = {
    RuleHealth.OFF: "**Off.** Anybody can post a Zoom link in this server, and it is seen until somebody points at it with “This leaks a Zoom link”.",
    RuleHealth.HEALTHY: "**On.** Discord blocks messages with Zoom links before anybody sees them, also while I am away.",
    RuleHealth.MISSING: "**The rule was deleted.** Zoom links are not blocked.",
    RuleHealth.DISABLED: "**The rule is switched off.** Zoom links are not blocked.",
    RuleHealth.CHANGED: "**The rule was changed** and does not block every Zoom link any more.",
    RuleHealth.NO_PERMISSION: joined(
        "**I may not look after it.** Give my role **Manage Server** (Server Settings, Roles): Discord asks for it to make and read AutoMod rules.",
        "I use it for this rule and for nothing else.",
    ),
}
_LIMITS = joined(
    "**What it cannot do**",
    "- Discord tells me who tried and where, never what they wrote: so I cannot say whose link it was.",
    "- The owner, admins, people with Manage Server and bots are not stopped. Hosts: please do not paste links.",
    "- Links behind other addresses, in pictures, or outside this server get through.",
)


def guard(view: GuardView, guild_id: GuildId) -> Reply:
    """How it stands, and the one or two things that can be pressed."""
    lines = ["### Zoom links in this server", _STATES[view.health]]
    if view.exempt:
        lines.append(
            f"Somebody exempted {counted(view.exempt, 'role or channel', 'roles or channels')} from it; that stays so."
        )
    if not view.room:
        lines.append("This server has six rules of this kind, and Discord takes no more: delete one first.")
    blocks: list[Block] = [Text(joined(*lines, "", _LIMITS))]
    buttons = _buttons(view, guild_id)
    if buttons:
        blocks.append(Row(buttons))
    return Reply(tuple(blocks), f"guard_{view.health.value}")


def tried(found: Tried) -> Reply:
    """Who tried, for a moderator's eyes."""
    if not found.tries:
        return say("I do not know any more who that was: I forget it after a week.", code="tried_forgotten")
    lines = [f"{person(each.member_id)} in {channel(each.channel_id)}, {soon(each.at)}" for each in found.tries]
    return say(
        "### Who tried to post a Zoom link",
        fitting([bullets([line]) for line in lines], _MOST),
        "It may have been a link to another call, or their own. Only you see this, and it is recorded that you looked.",
        code="tried",
    )


def _buttons(view: GuardView, guild_id: GuildId) -> tuple[Button, ...]:
    off = Button("Stop blocking", GUARD_OFF(guild_id))
    match view.health:
        case RuleHealth.OFF:
            return (Button("Block Zoom links", GUARD_ON(guild_id), Style.MAIN, off=not view.room),)
        case RuleHealth.HEALTHY:
            return (off,)
        case RuleHealth.NO_PERMISSION:
            return (Button("Try again", GUARD_ON(guild_id), Style.MAIN),)
        case _:
            return Button("Repair", GUARD_ON(guild_id), Style.MAIN), off
