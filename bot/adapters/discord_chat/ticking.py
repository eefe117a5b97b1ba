"""Replies that tick: what is shown of an act changes in place as its steps are confirmed, for as long as Discord lets a private answer be changed.

Discord takes changes to an answer for 15 minutes (https://docs.discord.com/developers/interactions/receiving-and-responding); the panel goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import structlog

from bot.adapters.discord_chat.answering import PATIENCE, Asker, answer, show_again
from bot.adapters.discord_chat.presses import Interaction
from bot.adapters.discord_chat.replies.shape import Reply
from bot.domain.containment import Act
from bot.domain.values import ActId

TICK = 1.0
"""Seconds at least between two changes of one answer; what changes in between is put together."""

Begin = Callable[[Asker], Awaitable[Act | Reply]]
"""Begins an act, or asks something first."""
Draw = Callable[[Act], Awaitable[Reply]]
Changes = Callable[[ActId], AsyncIterator[Act]]

_log = structlog.get_logger("vestibule.discord")


class Ticking:
    """Answers presses that begin an act, and keeps the answers true."""

    def __init__(self) -> None:
        self._following: set[asyncio.Task[None]] = set()

    async def answer(self, interaction: Interaction, name: str, begin: Begin, draw: Draw, changes: Changes) -> None:
        """Begin the act, show it, and go on showing it beside, so that a stop of the bot does not wait for it."""
        begun: list[Act] = []

        async def work(asker: Asker) -> Reply:
            found = await begin(asker)
            if isinstance(found, Reply):
                return found
            begun.append(found)
            return await draw(found)

        await answer(interaction, name, work)
        for act in begun:
            task = asyncio.create_task(self._follow(interaction, act, draw, changes), name="ticking")
            self._following.add(task)
            task.add_done_callback(self._following.discard)

    async def _follow(self, interaction: Interaction, act: Act, draw: Draw, changes: Changes) -> None:
        try:
            async with asyncio.timeout(PATIENCE.lost):
                shown = act
                async for now in changes(act.act_id):
                    if now != shown and not await show_again(interaction, await draw(now)):
                        return
                    shown = now
                    await asyncio.sleep(TICK)
        except TimeoutError:
            return
        except Exception:
            if not interaction.client.is_closed():
                _log.exception("discord.ticking_stopped")
