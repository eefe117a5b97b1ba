"""Series: the same call every week, each a meeting of its own with its own links."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

SeriesId = NewType("SeriesId", str)
"""Ours; what the meetings of one series have in common."""

MIN_WEEKS = 2
MAX_WEEKS = 12
"""Each week is one of the hundred meetings a day that Zoom lets a host create, and one of the hundred events a server can hold."""


@dataclass(frozen=True, slots=True)
class SeriesTail:
    """What follows a meeting in its series. `weekday` is the English name in the community's zone; `last` is the start of the last one."""

    weekday: str
    more: int
    last: datetime
