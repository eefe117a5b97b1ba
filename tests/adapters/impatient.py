"""A client session for tests of lost answers: nobody sits out a patience, and no slow machine loses an answer that comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import aiohttp

from bot.rehearsal.faults import FaultPlan


class _Impatient:
    def __init__(self, session: aiohttp.ClientSession, faults: FaultPlan) -> None:
        self._session, self._faults = session, faults

    @asynccontextmanager
    async def request(self, *arguments: Any, **options: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        async def answer() -> aiohttp.ClientResponse:
            return await self._session.request(*arguments, **options)

        hanging, asking = asyncio.ensure_future(self._faults.next_hanging()), asyncio.ensure_future(answer())
        await asyncio.wait((hanging, asking), return_when=asyncio.FIRST_COMPLETED)
        hanging.cancel()
        if not asking.done():
            asking.cancel()
            raise TimeoutError
        async with asking.result() as response:
            yield response


def impatient(session: aiohttp.ClientSession, faults: FaultPlan) -> aiohttp.ClientSession:
    """This session, but its patience is over in the moment the stand-in lets a request hang."""
    return cast(aiohttp.ClientSession, _Impatient(session, faults))
