"""The use cases about live calls, as one field of `UseCases`."""

from __future__ import annotations

from dataclasses import dataclass

from bot.services.emergency import Acting
from bot.services.live_desk import LiveDesk


@dataclass(frozen=True, slots=True)
class LiveCases:
    """One field per topic."""

    desk: LiveDesk
    acting: Acting
