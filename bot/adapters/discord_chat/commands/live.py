"""`/roster`, `/lock`, `/unlock`, `/remove`, `/undo`, `/end`, `/emergency`, `/meeting live`, and "Remove from Zoom" on a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import discord
from discord import app_commands

from bot.adapters.discord_chat.answering import Asker, answer, asker_of
from bot.adapters.discord_chat.commands.acting import ActingPresses
from bot.adapters.discord_chat.commands.meeting import MeetingGroup
from bot.adapters.discord_chat.commands.offering import MAX_CHOICES, Choices
from bot.adapters.discord_chat.commands.scope import IN_SERVERS, INVITED
from bot.adapters.discord_chat.presses import Interaction
from bot.adapters.discord_chat.replies import live
from bot.adapters.discord_chat.replies.joining import choice_label
from bot.adapters.discord_chat.replies.panel import panel
from bot.adapters.discord_chat.replies.seats import choosable, option, unpacked
from bot.adapters.discord_chat.replies.shape import Reply
from bot.adapters.discord_chat.use_cases import UseCases
from bot.domain.errors import VestibuleError
from bot.domain.values import MemberId

Plain = app_commands.Command[Any, ..., None]
_MEETING = "Which call. Leave it out if only one is live."


class LiveCommands:
    """The commands of moderators while a call runs. With one live call none needs an argument but whom."""

    def __init__(self, use_cases: UseCases, acting: ActingPresses) -> None:
        self._use_cases = use_cases
        self._live = use_cases.live
        self._acting = acting

    def commands(self) -> list[Plain | app_commands.ContextMenu]:
        """All of them."""
        found = [self._roster(), self._remove(), self._undo(), *self._about_the_call()]
        for command in found:
            command.allowed_contexts, command.allowed_installs = IN_SERVERS, INVITED
        return [*found, self._entry()]

    def add_to(self, group: MeetingGroup) -> None:
        """Add `/meeting live` to the group."""

        @group.command(name="live", description="A running call: who is in, who waits, the door. Only you see it.")
        @app_commands.describe(meeting=_MEETING)
        async def live_panel(interaction: Interaction, meeting: str | None = None) -> None:
            async def look(asker: Asker) -> Reply:
                return panel(await self._live.desk.panel(asker.who, asker.guild_id, meeting))

            await answer(interaction, "meeting.live", look)

        live_panel.autocomplete("meeting")(self._offer_calls)

    def _roster(self) -> Plain:
        @app_commands.command(name="roster", description="Everybody in a running call. Only you see it.")
        @app_commands.describe(meeting=_MEETING)
        async def roster(interaction: Interaction, meeting: str | None = None) -> None:
            async def look(asker: Asker) -> Reply:
                return live.roster(await self._live.desk.panel(asker.who, asker.guild_id, meeting), 0)

            await answer(interaction, "live.roster", look)

        roster.autocomplete("meeting")(self._offer_calls)
        return roster

    def _about_the_call(self) -> list[Plain]:
        """Those that need no more than the call."""
        acting = self._acting
        return [
            self._plain(
                "lock", "Close the door of a running call: no link leaves, unused links are void.", acting.lock
            ),
            self._plain("unlock", "Open the door again.", acting.unlock),
            self._plain("end", "End a running call for everybody. Asks once.", acting.ask_end),
            self._plain(
                "emergency", "Close the door and put out everybody who is not on the list, at once.", acting.emergency
            ),
        ]

    def _plain(self, name: str, description: str, act: Callable[[Interaction, str | None], Any]) -> Plain:
        @app_commands.command(name=name, description=description)
        @app_commands.describe(meeting=_MEETING)
        async def command(interaction: Interaction, meeting: str | None = None) -> None:
            await act(interaction, meeting)

        command.autocomplete("meeting")(self._offer_calls)
        return command

    def _remove(self) -> Plain:
        @app_commands.command(name="remove", description="Put somebody out of a running call, for this call.")
        @app_commands.describe(
            person="Who, as Zoom shows them. Whoever is not on the list comes first.", meeting=_MEETING
        )
        async def remove(interaction: Interaction, person: str, meeting: str | None = None) -> None:
            await self._acting.remove(interaction, meeting, unpacked(person))

        remove.autocomplete("person")(self._offer_people)
        remove.autocomplete("meeting")(self._offer_calls)
        return remove

    def _undo(self) -> Plain:
        @app_commands.command(name="undo", description="A member was removed by mistake: let them get a link again.")
        @app_commands.describe(member="Who.", meeting=_MEETING)
        async def undo(interaction: Interaction, member: discord.Member, meeting: str | None = None) -> None:
            await self._acting.undo(interaction, meeting, MemberId(member.id))

        undo.autocomplete("meeting")(self._offer_calls)
        return undo

    def _entry(self) -> app_commands.ContextMenu:
        async def remove_from_zoom(interaction: Interaction, member: discord.Member) -> None:
            await self._acting.remove_member(interaction, None, MemberId(member.id))

        menu = app_commands.ContextMenu(name="Remove from Zoom", callback=remove_from_zoom)
        menu.allowed_contexts, menu.allowed_installs = IN_SERVERS, INVITED
        return menu

    async def _offer_calls(self, interaction: Interaction, typed: str) -> Choices:
        """The live calls, for moderators; nothing for others."""
        try:
            asker = asker_of(interaction)
            found = await self._live.desk.meetings(asker.who, asker.guild_id)
        except VestibuleError:
            return []
        now = self._use_cases.clock.now()
        labels = {meeting.meeting_id: choice_label(meeting, now) for meeting in found}
        return [
            app_commands.Choice(name=label, value=meeting_id)
            for meeting_id, label in labels.items()
            if typed.casefold() in label.casefold()
        ][:MAX_CHOICES]

    async def _offer_people(self, interaction: Interaction, typed: str) -> Choices:
        """Everybody who is there, unknown first, for moderators; nothing for others."""
        try:
            asker = asker_of(interaction)
            named = getattr(interaction.namespace, "meeting", None)
            view = await self._live.desk.panel(asker.who, asker.guild_id, named)
        except VestibuleError:
            return []
        found = (
            option(seat) for seat in choosable(view.to_choose) if typed.casefold() in seat.participant.name.casefold()
        )
        return [
            app_commands.Choice(name=live.person_choice(each), value=each.value)
            for each, _ in zip(found, range(MAX_CHOICES), strict=False)
        ]
