"""Small pieces of text: times as each reader's own, what people typed made harmless, lists that fit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import discord.utils

from bot.domain.meeting import Meeting
from bot.domain.values import ChannelId, MemberId, RoleId

MAX_CHOICE = 100
"""Characters of a choice, an option or a description under it (https://docs.discord.com/developers/components/reference#string-select)."""


def typed(text: str) -> str:
    """Text a person typed, so that it shows as typed: no formatting, no mention, no link behind other words, one line."""
    one_line = " ".join(text.split())
    escaped = discord.utils.escape_markdown(one_line, ignore_links=False)
    return discord.utils.escape_mentions(escaped.replace("<", "\\<"))


def clipped(text: str, limit: int = MAX_CHOICE) -> str:
    """At most `limit` characters; what was cut shows."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def moment(at: datetime) -> str:
    """A moment in each reader's own zone, and how far off it is."""
    return f"{discord.utils.format_dt(at, 'F')} ({soon(at)})"


def soon(at: datetime) -> str:
    """How far off a moment is, kept up to date by Discord."""
    return discord.utils.format_dt(at, "R")


def clock_time(at: datetime) -> str:
    """Hours and minutes in each reader's own zone."""
    return discord.utils.format_dt(at, "t")


def title(meeting: Meeting) -> str:
    """The topic as the name of a meeting."""
    return f"**{typed(meeting.topic)}**"


def length(span: timedelta) -> str:
    """ "1 hour 30 minutes"."""
    hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
    parts = [counted(hours, "hour") if hours else "", counted(minutes, "minute") if minutes else ""]
    return " ".join(part for part in parts if part) or "0 minutes"


def counted(number: int, thing: str, several: str = "") -> str:
    """ "1 day", "2 days"."""
    return f"{number} {thing if number == 1 else several or thing + 's'}"


def role(role_id: RoleId) -> str:
    """A role by its current name."""
    return f"<@&{role_id}>"


def channel(channel_id: ChannelId) -> str:
    """A channel by its current name."""
    return f"<#{channel_id}>"


def person(member_id: MemberId) -> str:
    """A member by their current name. Replies never ping."""
    return f"<@{member_id}>"


def bullets(items: Iterable[str]) -> str:
    """One item a line."""
    return "\n".join(f"- {item}" for item in items)


def fitting(lines: Iterable[str], limit: int, *, rest: str = "…and {count} more.", more: int = 0) -> str:
    """As many whole lines as `limit` characters hold; the others are counted, with `more` that were not even written."""
    everything = list(lines)
    kept: list[str] = []
    room = limit - len(rest) - 8
    for line in everything:
        if len(line) + 1 > room:
            break
        kept.append(line)
        room -= len(line) + 1
    left = len(everything) - len(kept) + more
    return "\n".join([*kept, rest.format(count=left)] if left else kept)
