"""What one process does for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from bot.ports import Clock
from bot.ports.claims import Claim, Claims, ClaimsLost

LOOK_EVERY = 1.0
"""Seconds between two tries to take over, and between two looks at whether it still holds."""


class Leading:
    """Lets the process that holds the claim do the work, and another one when it ends.

    Args:
        claims: None where there is one process only: it leads.
    """

    def __init__(self, claims: Claims | None, clock: Clock) -> None:
        self._claims = claims
        self._clock = clock

    async def run(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do the work while this process leads; wait while another does. Ends only by being cancelled, or with the work's own error.

        When the claim is lost the work is stopped; for a moment two may have done it, so it must bear that.
        """
        if self._claims is None:
            await work()
            return
        while True:
            if await self._elected(self._claims):
                await self._lead(self._claims, work)
            await self._clock.sleep(LOOK_EVERY)

    async def _lead(self, claims: Claims, work: Callable[[], Awaitable[None]]) -> None:
        working = asyncio.ensure_future(work())
        try:
            while not working.done() and await self._elected(claims):
                await asyncio.wait({working}, timeout=LOOK_EVERY)
            if working.done():
                await working
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    async def _elected(self, claims: Claims) -> bool:
        try:
            return await claims.take(Claim.LEADING)
        except ClaimsLost:
            return False


async def sole_worker(claims: Claims, clock: Clock, prepare: Callable[[], Awaitable[object]]) -> bool:
    """Say that this process runs jobs; if no other does, `prepare` first. Whether it was the only one.

    Nobody else can begin to run jobs while `prepare` runs.
    """
    alone = False
    while True:
        try:
            if not alone and await claims.take(Claim.WORKING):
                alone = True
                await prepare()
                await claims.release(Claim.WORKING)
            if await claims.share(Claim.WORKING):
                return alone
        except ClaimsLost:
            alone = False
        await clock.sleep(LOOK_EVERY)


async def stay_at_work(claims: Claims, clock: Clock) -> None:
    """Keep saying that this process runs jobs, also after the database was away. Ends only by being cancelled."""
    while True:
        with suppress(ClaimsLost):
            await claims.share(Claim.WORKING)
        await clock.sleep(LOOK_EVERY)
