"""`/meeting guest` and `/meeting guests`: people from outside the community."""

from __future__ import annotations

from collections.abc import Mapping

from discord import app_commands

from bot.adapters.discord_chat.answering import Asker, answer
from bot.adapters.discord_chat.commands.meeting import MeetingGroup
from bot.adapters.discord_chat.commands.offering import Offering
from bot.adapters.discord_chat.presses import GUEST_TAKE_BACK, Handler, Interaction, Press, chosen_values
from bot.adapters.discord_chat.replies import guests
from bot.adapters.discord_chat.replies.shape import Reply
from bot.adapters.discord_chat.use_cases import UseCases
from bot.domain.invite import MAX_SHOWN_NAME
from bot.domain.values import GuestId, MeetingId


class GuestCommands:
    """The commands and the menu under the list."""

    def __init__(self, use_cases: UseCases) -> None:
        self._use_cases = use_cases
        self._offering = Offering(use_cases)

    def presses(self) -> Mapping[Press, Handler]:
        """What happens on each press."""
        return {GUEST_TAKE_BACK: self._take_back}

    def add_to(self, group: MeetingGroup) -> None:
        """Add `/meeting guest` and `/meeting guests` to the group."""

        @group.command(name="guest", description="A link for one speaker from outside this server. You see it once.")
        @app_commands.describe(meeting="Which call.", name="The guest's name. Everyone in the call sees it.")
        async def guest(
            interaction: Interaction, meeting: str, name: app_commands.Range[str, 1, MAX_SHOWN_NAME]
        ) -> None:
            await self._invite(interaction, meeting, name)

        @group.command(name="guests", description="The guests of a call, and taking a guest's link back.")
        @app_commands.describe(meeting="Which call.")
        async def listed(interaction: Interaction, meeting: str) -> None:
            async def look(asker: Asker) -> Reply:
                found = await self._use_cases.guests.listed(asker.who, asker.guild_id, MeetingId(meeting))
                return guests.guest_list(found)

            await answer(interaction, "meeting.guests", look)

        guest.autocomplete("meeting")(self._offering.meetings)
        listed.autocomplete("meeting")(self._offering.meetings)

    async def _invite(self, interaction: Interaction, meeting: str, name: str) -> None:
        """Show the link, and tell the use case whether Discord took the answer: one that was shown to nobody is made void."""
        made: list[GuestId] = []

        async def work(asker: Asker) -> Reply:
            found = await self._use_cases.guests.invite(asker.who, asker.guild_id, MeetingId(meeting), name)
            made.append(found.guest.guest_id)
            return guests.guest_link(found)

        outcome = await answer(interaction, "meeting.guest", work)
        for guest_id in made:
            if outcome == guests.SHOWN:
                await self._use_cases.guests.was_shown(guest_id)
            else:
                await self._use_cases.guests.was_not_shown(guest_id)

    async def _take_back(self, interaction: Interaction, _: tuple[str, ...]) -> None:
        (chosen,) = chosen_values(interaction)

        async def work(asker: Asker) -> Reply:
            return guests.taken_back(await self._use_cases.guests.take_back(asker.who, asker.guild_id, GuestId(chosen)))

        await answer(interaction, "press.guest_take_back", work)
