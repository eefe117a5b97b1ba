"""Where acts are kept while the store does not answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.domain.containment import Act
from bot.domain.values import ActId


class Spool(Protocol):
    """A file of the data folder: ids only. What `put` returned from survives a power cut."""

    async def put(self, act: Act) -> None:
        """Keep it in place of what was kept of the same act. Raises `NeedsAttention` if it cannot be written."""
        ...

    async def waiting(self) -> Sequence[Act]:
        """What is not in the store yet, oldest first. What cannot be read is passed over and stays."""
        ...

    async def drop(self, act_id: ActId) -> None:
        """It is in the store. Dropping it twice changes nothing."""
        ...
