"""How soon it is noticed that a member lost their right to a link, where Discord does not say so by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.community import Community
from bot.domain.meeting import LinkWindow, Meeting, link_window, opens_at

ROUND_EVERY = timedelta(minutes=5)
"""How often everybody who holds a link is looked up while links are handed out."""


def next_round(meeting: Meeting, community: Community, now: datetime) -> datetime | None:
    """When the holders are looked up next: at the release, at the start, every 5 minutes in between and until the meeting is over; then never."""
    window = link_window(meeting, community, now)
    if window is LinkWindow.OVER:
        return None
    release = opens_at(meeting, community)
    if window is LinkWindow.EARLY and now < release:
        return release
    after = now + ROUND_EVERY
    return meeting.starts_at if now < meeting.starts_at < after else after
