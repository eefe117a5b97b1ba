"""The words of alerts about leaked links. They name nobody: whose link it was is shown to a moderator who asks."""

from __future__ import annotations

from bot.adapters.discord_chat.replies.wording import bullets, channel, counted, fitting, moment, typed
from bot.domain.link_rule import RuleHealth
from bot.domain.values import GuildId
from bot.ports import Alert, Place

_MOST_PLACES = 1200
"""Characters of an alert that its places may take, of the 2,000 of a message."""


def leak_reported(alert: Alert) -> list[str]:
    """A member pointed at a message."""
    return [
        "### A message may leak a Zoom link",
        f"A member pointed at {places(alert)}.",
        "**Take back and delete** makes every link of ours in it void and deletes the message. Look first, if you can.",
    ]


def leaked_again(alert: Alert) -> list[str]:
    """The holder of a posted link had one posted before."""
    return [
        f"### A link leaked again: {typed(alert.topic)}",
        f"A personal link was posted in {places(alert)}. I made it void. Links of the same person have leaked {alert.count} times now.",
        "They get no new link until one of you presses **Allow a new link**.",
    ]


def link_public(alert: Alert) -> list[str]:
    """A link that everybody shares is known to others."""
    planned = [f"Planned for {moment(alert.starts_at)}."] if alert.starts_at is not None else []
    found = [f"posted here: {_place(alert.guild_id, place)}" for place in alert.places]
    return [
        f"### A link into the call is out: {typed(alert.topic)}",
        *planned,
        "It cannot be taken back from one person, only replaced:",
        fitting([bullets([line]) for line in (*found, *map(_said, alert.said))], _MOST_PLACES),
        *([_OFFER] if alert.outcome is None else []),
    ]


def link_rule(alert: Alert) -> list[str]:
    """The AutoMod rule does not do its work."""
    return [
        "### Zoom links are not blocked",
        _PROBLEMS[RuleHealth(alert.subject)],
        *(["**Repair** puts it right; people with Manage Server can press it."] if alert.outcome is None else []),
    ]


def blocked_links(alert: Alert) -> list[str]:
    """AutoMod did its work."""
    where = fitting([channel(place.channel_id) for place in alert.places], _MOST_PLACES)
    return [
        f"### {counted(alert.count, 'message')} with a Zoom link blocked",
        "Discord stopped them before anybody saw them, within ten minutes, in:",
        where,
        "What they said is not known to me, so I cannot tell whose link it was.",
    ]


_PROBLEMS = {
    RuleHealth.MISSING: "Somebody deleted the AutoMod rule that blocks them.",
    RuleHealth.DISABLED: "Somebody switched off the AutoMod rule that blocks them.",
    RuleHealth.CHANGED: "Somebody changed the AutoMod rule that blocks them: it does not block all of them any more.",
    RuleHealth.NO_PERMISSION: "I may not look after the AutoMod rule any more: my role has lost **Manage Server**. It may still work.",
}


_OFFER = (
    "**Rotate** makes a new meeting with new links, hands them to everybody who may come, and ends the old link. Organisers can press it; "
    "if you are none, call one."
)


def places(alert: Alert) -> str:
    """The messages an alert is about, as links to them."""
    return ", ".join(_place(alert.guild_id, place) for place in alert.places) or "a message"


def _said(line: str) -> str:
    """A sentence, or an address by itself, of which Discord fetches no preview."""
    return f"<{line}>" if line.startswith(("http://", "https://")) else typed(line)


def _place(guild_id: GuildId, place: Place) -> str:
    if place.message_id is None:
        return channel(place.channel_id)
    return f"https://discord.com/channels/{guild_id}/{place.channel_id}/{place.message_id}"
