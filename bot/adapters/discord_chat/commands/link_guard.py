"""`/leaks`: the AutoMod rule against Zoom links, and who it stopped."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from discord import app_commands

from bot.adapters.discord_chat.answering import Asker, answer
from bot.adapters.discord_chat.commands.scope import IN_SERVERS, INVITED
from bot.adapters.discord_chat.presses import (
    GUARD_OFF,
    GUARD_ON,
    GUARD_REPAIR,
    GUARD_TRIED,
    Handler,
    Interaction,
    Press,
)
from bot.adapters.discord_chat.replies.link_guard import guard, tried
from bot.adapters.discord_chat.replies.shape import Reply
from bot.adapters.discord_chat.use_cases import UseCases
from bot.services.link_guard import GuardView

Subject = tuple[str, ...]


class LinkGuarding:
    """The command and its buttons."""

    def __init__(self, use_cases: UseCases) -> None:
        self._use_cases = use_cases

    def command(self) -> app_commands.Command[Any, ..., None]:
        """`/leaks`. Discord shows it to people with "Manage Server"."""

        @app_commands.command(name="leaks", description="Block Zoom links in this server before anybody sees them.")
        @app_commands.default_permissions(manage_guild=True)
        async def leaks(interaction: Interaction) -> None:
            guarding = self._use_cases.guard
            await self._show(interaction, "leaks", lambda asker: guarding.show(asker.who, asker.guild_id))

        leaks.allowed_contexts, leaks.allowed_installs = IN_SERVERS, INVITED
        return leaks

    def presses(self) -> Mapping[Press, Handler]:
        """What happens on each press. Repair stands under an alert, so its answer is a message of its own."""
        return {GUARD_ON: self._on, GUARD_OFF: self._off, GUARD_REPAIR: self._repair, GUARD_TRIED: self._tried}

    async def _on(self, interaction: Interaction, _: Subject) -> None:
        guarding = self._use_cases.guard
        await self._show(
            interaction, "press.guard_on", lambda asker: guarding.switch_on(asker.who, asker.guild_id), in_place=True
        )

    async def _repair(self, interaction: Interaction, _: Subject) -> None:
        guarding = self._use_cases.guard
        await self._show(interaction, "press.guard_repair", lambda asker: guarding.switch_on(asker.who, asker.guild_id))

    async def _off(self, interaction: Interaction, _: Subject) -> None:
        guarding = self._use_cases.guard
        await self._show(
            interaction, "press.guard_off", lambda asker: guarding.switch_off(asker.who, asker.guild_id), in_place=True
        )

    async def _tried(self, interaction: Interaction, subject: Subject) -> None:
        async def work(asker: Asker) -> Reply:
            return tried(await self._use_cases.guard.who_tried(asker.who, asker.guild_id, int(subject[0])))

        await answer(interaction, "press.guard_tried", work)

    async def _show(
        self,
        interaction: Interaction,
        name: str,
        act: Callable[[Asker], Awaitable[GuardView]],
        *,
        in_place: bool = False,
    ) -> None:
        async def work(asker: Asker) -> Reply:
            return guard(await act(asker), asker.guild_id)

        await answer(interaction, name, work, in_place=in_place)
