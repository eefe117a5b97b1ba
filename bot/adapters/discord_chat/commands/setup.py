"""`/setup`: one private panel that edits itself in place. Rights are checked by the use cases on every press."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import discord
from discord import app_commands

from bot.adapters.discord_chat.answering import Asker, answer, asker_of
from bot.adapters.discord_chat.commands.scope import IN_SERVERS, INVITED
from bot.adapters.discord_chat.presses import (
    SETUP_CHANNEL,
    SETUP_FORM,
    SETUP_HOST,
    SETUP_PAGE,
    SETUP_PERSON,
    SETUP_ROLES,
    Handler,
    Interaction,
    Press,
    chosen_values,
)
from bot.adapters.discord_chat.replies.setup import Existing, Form, Page, panel
from bot.adapters.discord_chat.replies.shape import Reply
from bot.adapters.discord_chat.use_cases import UseCases
from bot.adapters.discord_chat.views.forms import NumbersForm, PlaceForm, RetentionForm, numbers_from, whole_number
from bot.domain.errors import UserMistake
from bot.domain.values import ChannelId, MemberId, RoleId, ZoomUserId
from bot.services.community_setup import ChannelKind, RoleKind, SetupView

Change = Callable[[Asker], Awaitable[SetupView]]


class Setup:
    """The command, its pages and choices."""

    def __init__(self, use_cases: UseCases) -> None:
        self._setup = use_cases.setup

    def command(self) -> app_commands.Command[Any, ..., None]:
        """`/setup`. Discord shows it to people with "Manage Server"; admins may show it to others, who are refused."""

        @app_commands.command(name="setup", description="Choose roles, channels, hosts and times. See what is missing.")
        @app_commands.default_permissions(manage_guild=True)
        async def setup(interaction: Interaction) -> None:
            await self._show(interaction, "setup", Page.SUMMARY, in_place=False)

        setup.allowed_contexts, setup.allowed_installs = IN_SERVERS, INVITED
        return setup

    def presses(self) -> Mapping[Press, Handler]:
        """What happens on each press."""
        return {
            SETUP_PAGE: self._turn,
            SETUP_ROLES: self._roles,
            SETUP_CHANNEL: self._channel,
            SETUP_HOST: self._host,
            SETUP_PERSON: self._person,
            SETUP_FORM: self._form,
        }

    async def _turn(self, interaction: Interaction, subject: tuple[str, ...]) -> None:
        await self._show(interaction, "press.setup_page", Page[subject[0].upper()])

    async def _roles(self, interaction: Interaction, subject: tuple[str, ...]) -> None:
        kind = RoleKind[subject[0].upper()]
        roles = [RoleId(int(value)) for value in chosen_values(interaction)]
        await self._change(
            interaction, Page.ROLES, lambda asker: self._setup.set_roles(asker.who, asker.guild_id, kind, roles)
        )

    async def _channel(self, interaction: Interaction, subject: tuple[str, ...]) -> None:
        kind = ChannelKind[subject[0].upper()]
        (channel,) = chosen_values(interaction)
        await self._change(
            interaction,
            Page.CHANNELS,
            lambda asker: self._setup.set_channel(asker.who, asker.guild_id, kind, ChannelId(int(channel))),
        )

    async def _host(self, interaction: Interaction, _: tuple[str, ...]) -> None:
        (picked,) = chosen_values(interaction)
        await self._show(interaction, "press.setup_host", Page.HOSTS, host=ZoomUserId(picked))

    async def _person(self, interaction: Interaction, subject: tuple[str, ...]) -> None:
        host = ZoomUserId(subject[0])
        member = next((MemberId(int(value)) for value in chosen_values(interaction)), None)
        await self._change(
            interaction,
            Page.HOSTS,
            lambda asker: self._setup.name_host(asker.who, asker.guild_id, host, member),
            host=host,
        )

    async def _form(self, interaction: Interaction, subject: tuple[str, ...]) -> None:
        asker = asker_of(interaction)
        now = (await self._setup.view(asker.who, asker.guild_id)).community
        forms: dict[Form, Callable[[], discord.ui.Modal]] = {
            Form.PLACE: lambda: PlaceForm(now, self._place),
            Form.NUMBERS: lambda: NumbersForm(now, self._numbers),
            Form.RETENTION: lambda: RetentionForm(now, self._retention),
        }
        await interaction.response.send_modal(forms[Form(subject[0])]())

    async def _place(self, interaction: Interaction, zone: str, country: str) -> None:
        await self._change(
            interaction,
            Page.TIMES,
            lambda asker: self._setup.set_place(asker.who, asker.guild_id, zone=zone, country=country),
        )

    async def _numbers(self, interaction: Interaction, typed: tuple[str, ...]) -> None:
        async def change(asker: Asker) -> SetupView:
            return await self._setup.set_numbers(asker.who, asker.guild_id, numbers_from(typed))

        await self._change(interaction, Page.TIMES, change)

    async def _retention(self, interaction: Interaction, typed: tuple[str, ...]) -> None:
        async def change(asker: Asker) -> SetupView:
            return await self._setup.set_retention(asker.who, asker.guild_id, whole_number(typed[0]))

        await self._change(interaction, Page.TIMES, change)

    async def _show(
        self, interaction: Interaction, name: str, page: Page, *, in_place: bool = True, host: ZoomUserId | None = None
    ) -> None:
        async def look(asker: Asker) -> Reply:
            view = await self._setup.view(asker.who, asker.guild_id)
            return panel(view, page, _existing(interaction.guild), host=host)

        await answer(interaction, name, look, in_place=in_place)

    async def _change(
        self, interaction: Interaction, page: Page, change: Change, *, host: ZoomUserId | None = None
    ) -> None:
        """Show the page as it stands after the change, or as it stood, with the reason why nothing changed."""

        async def work(asker: Asker) -> Reply:
            problem = ""
            try:
                view = await change(asker)
            except UserMistake as mistake:
                problem = mistake.message
                view = await self._setup.view(asker.who, asker.guild_id)
            return panel(view, page, _existing(interaction.guild), problem=problem, host=host)

        await answer(interaction, f"press.setup_{page.name.lower()}", work, in_place=True)


def _existing(guild: discord.Guild | None) -> Existing:
    if guild is None:
        return Existing(frozenset(), frozenset())
    roles = frozenset(role.id for role in guild.roles)
    return Existing(roles, frozenset(channel.id for channel in guild.channels))
