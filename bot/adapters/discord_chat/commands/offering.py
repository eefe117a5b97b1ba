"""What is offered while somebody types into an option of `/meeting`: only what they may look into."""

from __future__ import annotations

from discord import app_commands

from bot.adapters.discord_chat.answering import asker_of
from bot.adapters.discord_chat.presses import Interaction
from bot.adapters.discord_chat.replies.joining import choice_label
from bot.adapters.discord_chat.replies.zoom_account import host_choice
from bot.adapters.discord_chat.use_cases import UseCases
from bot.domain.errors import VestibuleError

MAX_CHOICES = 25
Choices = list[app_commands.Choice[str]]


class Offering:
    """The choices."""

    def __init__(self, use_cases: UseCases) -> None:
        self._use_cases = use_cases

    async def meetings(self, interaction: Interaction, typed: str) -> Choices:
        """The planned meetings, for whoever may look into them; nothing for others."""
        try:
            asker = asker_of(interaction)
            found = await self._use_cases.views.showable(asker.who, asker.guild_id)
        except VestibuleError:
            return []
        now = self._use_cases.clock.now()
        return [
            app_commands.Choice(name=choice_label(meeting, now), value=meeting.meeting_id)
            for meeting in found
            if typed.casefold() in meeting.topic.casefold()
        ][:MAX_CHOICES]

    async def hosts(self, interaction: Interaction, typed: str) -> Choices:
        """The Zoom hosts of this community, for organisers; nothing for others."""
        try:
            asker = asker_of(interaction)
            found = await self._use_cases.views.hosts(asker.who, asker.guild_id)
        except VestibuleError:
            return []
        labels = {choice.host.user_id: host_choice(choice) for choice in found}
        return [
            app_commands.Choice(name=label, value=user_id)
            for user_id, label in labels.items()
            if typed.casefold() in label.casefold()
        ][:MAX_CHOICES]
