"""How fast members are looked up."""

from __future__ import annotations

import asyncio

from bot.adapters.discord_chat.look_ups import A_SECOND, LookUpPace


async def test_many_at_once_get_turns_evenly_apart_and_one_alone_does_not_wait() -> None:
    now: list[float] = [100.0]
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    pace = LookUpPace(lambda: now[0], sleep)
    await pace.turn()
    assert waits == []
    await asyncio.gather(*(pace.turn() for _ in range(A_SECOND)))
    assert [round(wait * A_SECOND) for wait in waits] == list(range(1, A_SECOND + 1))
    now[0] += 2
    await pace.turn()
    assert len(waits) == A_SECOND
