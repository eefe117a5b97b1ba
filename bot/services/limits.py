"""Zoom's daily limits, counted here so that they can be explained before they bite."""

from __future__ import annotations

from datetime import date

from bot.domain.errors import NeedsAttention
from bot.domain.values import ZoomUserId
from bot.ports import UnitOfWork

CREATES_A_DAY = 100
"""Meeting creates and updates per host and UTC day (https://developers.zoom.us/docs/api/rate-limits/).

Whether deleting counts too is not documented, so it is not counted here. Other apps of the account use up the same number without our seeing it.
"""


def _key(host_id: ZoomUserId) -> str:
    return f"zoom.writes:{host_id}"


async def creates_left(uow: UnitOfWork, host_id: ZoomUserId, today: date) -> int:
    """How many creates and updates Zoom still takes today for this host, as far as we know.

    Raises:
        NeedsAttention: all are used up.
    """
    left = CREATES_A_DAY - await uow.usage.count(_key(host_id), today)
    if left <= 0:
        raise NeedsAttention(
            f"Zoom takes {CREATES_A_DAY} new or changed meetings a day for one host, and this host has used them all. "
            "Choose another host, or try again after 00:00 UTC.",
            code="daily_creates_used",
        )
    return left


async def count_create(uow: UnitOfWork, host_id: ZoomUserId, today: date) -> None:
    """One more create or update is about to be sent."""
    await uow.usage.add(_key(host_id), today)
