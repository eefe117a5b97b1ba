"""The form in which people report: what kind of thing it was, and what they saw, in words. It has no field for files, on purpose."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from bot.adapters.discord_chat.presses import Interaction
from bot.adapters.discord_chat.replies.reporting import FORM_WORDS
from bot.domain.incident import CATEGORY_WORDS, MAX_SEEN, Category

_OPEN_FOR = 15 * 60.0
_REMOVE, _KEEP = "remove", "keep"


@dataclass(frozen=True, slots=True)
class Filled:
    """What was sent in."""

    category: Category
    seen: str
    remove: bool


class ReportForm(ui.Modal):
    """Opened by `/report`, by the panel's Report and by the entry on a message.

    Args:
        about: the shown name of the person it is about, where it is about one.
        may_remove: offers to put that person out in the same press.
    """

    def __init__(
        self, submitted: Callable[[Interaction, Filled], Awaitable[None]], *, about: str = "", may_remove: bool = False
    ) -> None:
        super().__init__(title="Report what happened", timeout=_OPEN_FOR)
        self._then = submitted
        self.add_item(ui.TextDisplay(FORM_WORDS))
        kinds = [discord.SelectOption(label=CATEGORY_WORDS[each], value=each.value) for each in Category]
        self._category: ui.Select[Any] = ui.Select(options=kinds, placeholder="Choose what comes nearest")
        self.add_item(ui.Label(text="What was it?", component=self._category))
        self._seen: ui.TextInput[Any] = ui.TextInput(style=discord.TextStyle.paragraph, max_length=MAX_SEEN)
        hint = "A few plain words: what, roughly when, and the name shown in the call. No links into the call."
        self.add_item(ui.Label(text="What did you see or hear?", description=hint, component=self._seen))
        self._removal: ui.Select[Any] | None = None
        if about and may_remove:
            self._removal = ui.Select(
                options=[
                    discord.SelectOption(label="No, only report", value=_KEEP, default=True),
                    discord.SelectOption(label="Yes, remove now", value=_REMOVE),
                ]
            )
            self.add_item(ui.Label(text=f"Remove {about}"[:41] + " too?", component=self._removal))

    async def on_submit(self, interaction: Interaction, /) -> None:
        """Hand over what was filled in."""
        remove = self._removal is not None and self._removal.values == [_REMOVE]
        await self._then(interaction, Filled(Category(self._category.values[0]), self._seen.value, remove))
