"""`/meeting rotate`, and Rotate under the alert that a link is out."""

from __future__ import annotations

from collections.abc import Mapping

from discord import app_commands

from bot.adapters.discord_chat.answering import Asker, answer
from bot.adapters.discord_chat.commands.meeting import MeetingGroup
from bot.adapters.discord_chat.commands.offering import Offering
from bot.adapters.discord_chat.presses import ROTATE, Handler, Interaction, Press
from bot.adapters.discord_chat.replies.rotation import rotated
from bot.adapters.discord_chat.replies.shape import Reply
from bot.adapters.discord_chat.use_cases import UseCases
from bot.domain.values import MeetingId


class Rotating:
    """The command and the button."""

    def __init__(self, use_cases: UseCases) -> None:
        self._rotation = use_cases.rotation
        self._offering = Offering(use_cases)

    def presses(self) -> Mapping[Press, Handler]:
        """What happens on each press."""
        return {ROTATE: self._press}

    def add_to(self, group: MeetingGroup) -> None:
        """Add `/meeting rotate` to the group."""

        @group.command(name="rotate", description="A new meeting with new links, because the old link is out.")
        @app_commands.describe(meeting="Which call. Its links stop working; everybody who may come gets a new one.")
        async def rotate(interaction: Interaction, meeting: str) -> None:
            await self._rotate(interaction, "meeting.rotate", MeetingId(meeting))

        rotate.autocomplete("meeting")(self._offering.meetings)

    async def _press(self, interaction: Interaction, subject: tuple[str, ...]) -> None:
        await self._rotate(interaction, "press.rotate", MeetingId(subject[0]))

    async def _rotate(self, interaction: Interaction, name: str, meeting_id: MeetingId) -> None:
        async def work(asker: Asker) -> Reply:
            return rotated(await self._rotation.rotate(asker.who, asker.guild_id, meeting_id))

        await answer(interaction, name, work)
