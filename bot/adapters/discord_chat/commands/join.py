"""`/join` and everything a member presses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from discord import app_commands

from bot.adapters.discord_chat.answering import Asker, answer, asker_of
from bot.adapters.discord_chat.commands.scope import IN_SERVERS, INVITED
from bot.adapters.discord_chat.presses import (
    CHOOSE_MEETING,
    GET_LINK,
    OTHER_NAME,
    WAS_I_SIGNED_UP,
    Handler,
    Interaction,
    Press,
    chosen_values,
)
from bot.adapters.discord_chat.replies.joining import choice_label, had_asked, way_in
from bot.adapters.discord_chat.replies.shape import Reply
from bot.adapters.discord_chat.use_cases import UseCases
from bot.adapters.discord_chat.views.forms import NameForm
from bot.domain.errors import VestibuleError
from bot.domain.invite import MAX_SHOWN_NAME
from bot.domain.values import MeetingId

MAX_CHOICES = 25


class Joining:
    """The command and its buttons."""

    def __init__(self, use_cases: UseCases) -> None:
        self._admissions = use_cases.admissions
        self._clock = use_cases.clock

    def command(self) -> app_commands.Command[Any, ..., None]:
        """`/join`."""

        @app_commands.command(name="join", description="Get your own link to a call. Only you see it.")
        @app_commands.describe(
            meeting="Which call. Leave it out if there is only one.",
            name="Another name for the call than your name here.",
        )
        async def join(
            interaction: Interaction,
            meeting: str | None = None,
            name: app_commands.Range[str, 1, MAX_SHOWN_NAME] | None = None,
        ) -> None:
            await answer(interaction, "join", lambda asker: self._ask(asker, meeting, name))

        join.autocomplete("meeting")(self._offer)
        join.allowed_contexts, join.allowed_installs = IN_SERVERS, INVITED
        return join

    def presses(self) -> Mapping[Press, Handler]:
        """What happens on each press."""
        return {
            GET_LINK: self._get_link,
            CHOOSE_MEETING: self._chosen,
            OTHER_NAME: self._other_name,
            WAS_I_SIGNED_UP: self._was_i_signed_up,
        }

    async def _ask(self, asker: Asker, meeting: str | None, name: str | None, *, renamed: bool = False) -> Reply:
        if meeting is None:
            found = await self._admissions.join(asker.guild_id, asker.who, asked_at=asker.asked_at, name=name)
        else:
            found = await self._admissions.ask(
                asker.guild_id, MeetingId(meeting), asker.who, asked_at=asker.asked_at, name=name
            )
        return way_in(found, self._clock.now(), renamed=renamed)

    async def _offer(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """The calls that admit this person; others are not even named to them."""
        try:
            asker = asker_of(interaction)
            meetings = await self._admissions.open_to(asker.guild_id, asker.who)
        except VestibuleError:
            return []
        now = self._clock.now()
        return [
            app_commands.Choice(name=choice_label(meeting, now), value=meeting.meeting_id)
            for meeting in meetings
            if typed.casefold() in meeting.topic.casefold()
        ][:MAX_CHOICES]

    async def _get_link(self, interaction: Interaction, subject: tuple[str, ...]) -> None:
        await answer(interaction, "press.get_link", lambda asker: self._ask(asker, subject[0], None))

    async def _chosen(self, interaction: Interaction, _: tuple[str, ...]) -> None:
        (meeting,) = chosen_values(interaction)
        await answer(interaction, "press.choose", lambda asker: self._ask(asker, meeting, None), in_place=True)

    async def _other_name(self, interaction: Interaction, subject: tuple[str, ...]) -> None:
        async def named(submitted: Interaction, name: str) -> None:
            await answer(
                submitted,
                "press.other_name",
                lambda asker: self._ask(asker, subject[0], name, renamed=True),
                in_place=True,
            )

        await interaction.response.send_modal(NameForm(named))

    async def _was_i_signed_up(self, interaction: Interaction, subject: tuple[str, ...]) -> None:
        async def look(asker: Asker) -> Reply:
            return had_asked(await self._admissions.had_asked(asker.guild_id, MeetingId(subject[0]), asker.who))

        await answer(interaction, "press.was_i_signed_up", look)
