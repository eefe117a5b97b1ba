"""Alerts in the moderators' channel: what happened, what it means, and what to press. They name nobody and hold no link."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import discord
from discord import ui

from bot.adapters.discord_chat.chat import ANSWER_WITHIN, nonce_of
from bot.adapters.discord_chat.errors import explaining
from bot.adapters.discord_chat.posts import Post
from bot.adapters.discord_chat.presses import (
    DRIFT_ACCEPT,
    DRIFT_ANEW,
    DRIFT_RESTORE,
    GUARD_REPAIR,
    GUARD_TRIED,
    LEAK_ALLOW,
    LEAK_DEAL,
    LEAK_WHOSE,
    ROTATE,
)
from bot.adapters.discord_chat.replies.leak_alerts import (
    blocked_links,
    leak_reported,
    leaked_again,
    link_public,
    link_rule,
)
from bot.adapters.discord_chat.replies.wording import bullets, counted, moment, typed
from bot.domain.values import ChannelId, MeetingId, MessageId
from bot.ports import Alert, AlertKind, AlertOutcome

_POST = "View Channel and Send Messages in the moderators' channel"

_ENDINGS = {
    AlertOutcome.RESTORED: "An organiser had it restored.",
    AlertOutcome.ACCEPTED: "An organiser accepted it.",
    AlertOutcome.PUT_RIGHT: "It was put right at Zoom.",
    AlertOutcome.REPLACED: "More was changed since; see the newer message.",
    AlertOutcome.OVER: "The meeting does not exist any more.",
    AlertOutcome.DEALT: "A moderator dealt with it.",
    AlertOutcome.ROTATED: "An organiser had the call rotated: the old link is void.",
    AlertOutcome.ALLOWED: "A moderator allowed a new link.",
}


class DiscordAlerts:
    """Keeps the promises of `bot.ports.Alerts`.

    Args:
        client: the client that is logged in at the moment; raises `Transient` while none is.
    """

    def __init__(self, client: Callable[[], discord.Client]) -> None:
        self._client = client

    async def post(self, channel_id: ChannelId, alert: Alert, *, once_key: str) -> MessageId:
        """Post it with its buttons, once per `once_key` within minutes."""
        post = alert_post(alert)
        async with _asking():
            channel = self._client().get_partial_messageable(channel_id, guild_id=alert.guild_id)
            view = post.view or discord.utils.MISSING
            message = await channel.send(post.content, view=view, nonce=nonce_of(once_key), suppress_embeds=True)
        return MessageId(message.id)

    async def update(self, channel_id: ChannelId, message_id: MessageId, alert: Alert) -> None:
        """Make the posted one say how it ended. One that somebody deleted raises `Undeliverable`."""
        post = alert_post(alert)
        async with _asking():
            channel = self._client().get_partial_messageable(channel_id, guild_id=alert.guild_id)
            await channel.get_partial_message(message_id).edit(content=post.content, view=post.view)


def alert_post(alert: Alert) -> Post:
    """The message. Needs a running event loop, as discord.py's views do."""
    lines = _LINES[alert.kind](alert)
    if alert.outcome is not None:
        return Post("\n".join([*lines, "", f"**{_ENDINGS[alert.outcome]}**"]))
    buttons = _buttons(alert)
    return Post("\n".join(lines), _view(buttons) if buttons else None)


def _changed(alert: Alert) -> list[str]:
    stopped = "**Until somebody decides, I hand out no links for it.**" if alert.links_stopped else ""
    decide = "**Restore** makes it what it was; **Accept** leaves it as it is now. Organisers can press them."
    return [
        f"### Changed at Zoom: {typed(alert.topic)}",
        *_when(alert),
        "Somebody changed this meeting at Zoom, past me:",
        bullets(typed(line) for line in alert.said),
        *([stopped] if stopped and alert.outcome is None else []),
        *([decide] if alert.outcome is None else []),
    ]


def _deleted(alert: Alert) -> list[str]:
    lost = f" {counted(alert.count, 'link leads', 'links lead')} nowhere now." if alert.count else ""
    return [
        f"### Deleted at Zoom: {typed(alert.topic)}",
        *_when(alert),
        f"Somebody deleted this meeting at Zoom, past me. I hand out no link for it any more.{lost}",
        "It is marked as cancelled. **Plan it anew** drafts the same meeting again; organisers can press it.",
    ]


def _registered(alert: Alert) -> list[str]:
    who = "Somebody has" if alert.count == 1 else f"{alert.count} people have"
    if alert.done:
        now = "I had them denied at Zoom: no link of theirs works."
    else:
        now = "**Zoom did not confirm that they are denied.** Deny them by hand: zoom.us > Meetings > this meeting > Registration."
    return [
        f"### Registered by hand: {typed(alert.topic)}",
        *_when(alert),
        f"{who} registered at Zoom without asking me. {now}",
        "Members need not register: they press **Get my link** here. If it was one of you, please use that.",
    ]


def _disconnected(_: Alert) -> list[str]:
    return [
        "### Zoom is disconnected",
        "Somebody removed me from the Zoom account of this community. I have erased my access to it.",
        "Meetings that exist stay at Zoom, but I can make no links and no meetings until the account is connected again.",
    ]


def _reported(alert: Alert) -> list[str]:
    about = f"a report about **{typed(alert.topic)}**" if alert.topic else "a report"
    return [
        f"### Incident {alert.count}: {about} came in",
        *_when(alert),
        bullets(alert.said),
        f"`/incident show number:{alert.count}` shows what was written. Who wrote it is shown to nobody here.",
        "**Do not record, copy or forward** anything from the call, not even as evidence.",
    ]


def _owner_gone(_: Alert) -> list[str]:
    return [
        "### A Zoom account was unlinked",
        "Whoever linked it is not here any more, or had their data erased, so I gave the account back to Zoom.",
        "Meetings planned on it stay at Zoom, but I hand out no links to them. Another organiser can link an account: `/zoom link`.",
    ]


_LINES: dict[AlertKind, Callable[[Alert], list[str]]] = {
    AlertKind.CHANGED: _changed,
    AlertKind.DELETED: _deleted,
    AlertKind.REGISTERED_BY_HAND: _registered,
    AlertKind.DISCONNECTED: _disconnected,
    AlertKind.OWNER_GONE: _owner_gone,
    AlertKind.REPORTED: _reported,
    AlertKind.LEAK_REPORTED: leak_reported,
    AlertKind.LEAKED_AGAIN: leaked_again,
    AlertKind.LINK_PUBLIC: link_public,
    AlertKind.LINK_RULE: link_rule,
    AlertKind.BLOCKED_LINKS: blocked_links,
}


def _when(alert: Alert) -> list[str]:
    return [f"Planned for {moment(alert.starts_at)}."] if alert.starts_at is not None else []


def _buttons(alert: Alert) -> list[ui.Button[Any]]:
    primary, danger, plain = discord.ButtonStyle.primary, discord.ButtonStyle.danger, discord.ButtonStyle.secondary
    if alert.kind is AlertKind.LINK_RULE:
        return [ui.Button(label="Repair", style=primary, custom_id=GUARD_REPAIR(alert.guild_id))]
    if alert.kind is AlertKind.BLOCKED_LINKS:
        return [ui.Button(label="Show who tried", style=plain, custom_id=GUARD_TRIED(alert.subject))]
    if alert.kind is AlertKind.LEAK_REPORTED:
        return [ui.Button(label="Take back and delete", style=danger, custom_id=LEAK_DEAL(alert.subject))]
    if alert.meeting_id is None:
        return []
    meeting: MeetingId = alert.meeting_id
    match alert.kind:
        case AlertKind.CHANGED:
            accept = danger if alert.links_stopped else plain
            return [
                ui.Button(label="Restore", style=primary, custom_id=DRIFT_RESTORE(meeting)),
                ui.Button(label="Accept", style=accept, custom_id=DRIFT_ACCEPT(meeting)),
            ]
        case AlertKind.DELETED:
            return [ui.Button(label="Plan it anew", style=primary, custom_id=DRIFT_ANEW(meeting))]
        case AlertKind.LINK_PUBLIC:
            return [ui.Button(label="Rotate", style=danger, custom_id=ROTATE(meeting))]
        case AlertKind.LEAKED_AGAIN:
            return [
                ui.Button(label="Show whose link", style=plain, custom_id=LEAK_WHOSE(alert.subject)),
                ui.Button(label="Allow a new link", style=primary, custom_id=LEAK_ALLOW(alert.subject)),
            ]
        case _:
            return []


def _view(buttons: list[ui.Button[Any]]) -> ui.View:
    """Buttons that work after any restart; stopped, so that discord.py keeps nothing of them in memory."""
    view = ui.View(timeout=None)
    for button in buttons:
        view.add_item(button)
    view.stop()
    return view


@asynccontextmanager
async def _asking() -> AsyncIterator[None]:
    with explaining(_POST):
        async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
            yield
