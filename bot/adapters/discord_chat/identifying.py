"""Taking turns to identify, across all processes that use the bot's token.

Discord takes one IDENTIFY in 5 seconds for each of `max_concurrency` groups of shards
(https://docs.discord.com/developers/events/gateway#sharding-max-concurrency).
"""

from __future__ import annotations

from collections.abc import Callable

from pyrate_limiter import GCRA, Limiter, Rate, StateBucket
from pyrate_limiter.abstracts.store import StateStore
from pyrate_limiter.limiter import SingleBucketFactory

EVERY_MS = 5200
"""Discord's 5 seconds, and some for the way there."""


class IdentifyTurns:
    """One turn after the other in each group.

    Args:
        stores: makes the state of the limit with this key, where every process sees it.
        groups: Discord's `max_concurrency`.
    """

    def __init__(self, stores: Callable[[str], StateStore], groups: int) -> None:
        self._stores = stores
        self._groups = max(1, groups)
        self._limiters: dict[int, Limiter] = {}

    async def wait(self, shard_id: int) -> None:
        """Return when this shard may identify."""
        group = shard_id % self._groups
        if group not in self._limiters:
            rates = [Rate(1, EVERY_MS, burst=1)]
            bucket = StateBucket(rates, algorithm=GCRA(), store=self._stores(f"discord:identify:{group}"))
            self._limiters[group] = Limiter(SingleBucketFactory(bucket, schedule_leak=False), buffer_ms=5)
        await self._limiters[group].try_acquire_async()
