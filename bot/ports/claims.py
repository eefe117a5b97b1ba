"""Who of several processes does what only one may do at a time."""

from __future__ import annotations

from enum import Enum
from typing import Protocol


class Claim(Enum):
    """What can be claimed; most of them several times, told apart by a number."""

    WORKING = 1
    """Runs jobs. Shared by all that do."""
    LEADING = 2
    """Does what one process does for all: looks at the agenda, keeps the hosts up to date."""
    SHARD = 3
    """Serves the shard with this number."""
    SHARD_COUNT = 4
    """Goes by this number of shards. Shared by all that do, and none may go by another."""
    SHARD_WANTED = 5
    """Has room for one more shard. Shared."""


class ClaimsLost(Exception):
    """The connection that held every claim of this process has ended, and they with it; others may hold them now."""


class Claims(Protocol):
    """This process's claims. They end with the process, however it ends.

    Every method raises `ClaimsLost` when the claims are gone; the next call after that begins anew, with none.
    """

    async def take(self, what: Claim, number: int = 0) -> bool:
        """Claim it for this process alone; False if another has it. Once more by the same process is the same claim."""
        ...

    async def share(self, what: Claim, number: int = 0) -> bool:
        """Claim it together with others; False if one has it alone."""
        ...

    async def release(self, what: Claim, number: int = 0) -> None:
        """Give up this process's claim, shared or not."""
        ...

    async def held(self, what: Claim) -> frozenset[int]:
        """The numbers that any process claims. Also the way to see whether one's own claims still stand."""
        ...
