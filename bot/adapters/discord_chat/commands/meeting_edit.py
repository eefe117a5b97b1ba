"""`/meeting edit` and the buttons under what it shows back."""

from __future__ import annotations

from collections.abc import Mapping

import discord
from discord import app_commands

from bot.adapters.discord_chat.answering import Asker, answer
from bot.adapters.discord_chat.commands.meeting import MAX_MINUTES, MAX_WHEN, PROFILE_CHOICES, MeetingGroup
from bot.adapters.discord_chat.commands.offering import Offering
from bot.adapters.discord_chat.presses import EDIT_CHANGE, EDIT_DISCARD, Handler, Interaction, Press
from bot.adapters.discord_chat.replies import editing
from bot.adapters.discord_chat.replies.shape import Reply
from bot.adapters.discord_chat.use_cases import UseCases
from bot.domain.meeting import MAX_TOPIC, ProfileName
from bot.domain.values import MeetingId, RoleId, ZoomUserId
from bot.services.proposing import EditAsk

Subject = tuple[str, ...]


class MeetingEdit:
    """The command and its buttons."""

    def __init__(self, use_cases: UseCases) -> None:
        self._use_cases = use_cases
        self._offering = Offering(use_cases)

    def presses(self) -> Mapping[Press, Handler]:
        """What happens on each press."""
        return {EDIT_CHANGE: self._change, EDIT_DISCARD: self._discard}

    def add_to(self, group: MeetingGroup) -> None:
        """Add `/meeting edit` to the group."""

        @group.command(name="edit", description="Change a planned call. You see everything before anything is changed.")
        @app_commands.describe(
            meeting="Which call.",
            topic="Another topic.",
            when='Another time, for example "tomorrow 8pm".',
            minutes="Another length.",
            profile="Another profile.",
            role="Only people who also have this role are let in.",
            for_everybody="Take the extra role away.",
            alternative_host="Who may start it too.",
            alternative_host_2="And one more who may start it.",
            no_alternative_hosts="Only the host may start it.",
        )
        @app_commands.choices(profile=PROFILE_CHOICES)
        async def edit(
            interaction: Interaction,
            meeting: str,
            topic: app_commands.Range[str, 1, MAX_TOPIC] | None = None,
            when: app_commands.Range[str, 1, MAX_WHEN] | None = None,
            minutes: app_commands.Range[int, 1, MAX_MINUTES] | None = None,
            profile: str | None = None,
            role: discord.Role | None = None,
            for_everybody: bool = False,
            alternative_host: str | None = None,
            alternative_host_2: str | None = None,
            no_alternative_hosts: bool = False,
        ) -> None:
            named = tuple(ZoomUserId(host) for host in (alternative_host, alternative_host_2) if host)
            ask = EditAsk(
                topic,
                when,
                minutes,
                ProfileName(profile) if profile is not None else None,
                extra_role=RoleId(role.id) if role is not None else None,
                for_everybody=for_everybody,
                alternative_hosts=named if named or no_alternative_hosts else None,
            )
            await self._propose(interaction, meeting, ask)

        edit.autocomplete("meeting")(self._offering.meetings)
        edit.autocomplete("alternative_host")(self._offering.hosts)
        edit.autocomplete("alternative_host_2")(self._offering.hosts)

    async def _propose(self, interaction: Interaction, meeting: str, ask: EditAsk) -> None:
        async def work(asker: Asker) -> Reply:
            proposing = self._use_cases.proposing
            return editing.proposal(await proposing.propose(asker.who, asker.guild_id, MeetingId(meeting), ask))

        await answer(interaction, "meeting.edit", work)

    async def _change(self, interaction: Interaction, subject: Subject) -> None:
        async def work(asker: Asker) -> Reply:
            use_case = self._use_cases.editing
            return editing.edited(await use_case.confirm(asker.who, asker.guild_id, MeetingId(subject[0]), subject[1]))

        await answer(interaction, "press.edit_change", work, in_place=True)

    async def _discard(self, interaction: Interaction, subject: Subject) -> None:
        async def work(asker: Asker) -> Reply:
            await self._use_cases.proposing.discard(asker.who, asker.guild_id, MeetingId(subject[0]), subject[1])
            return editing.DISCARDED

        await answer(interaction, "press.edit_discard", work, in_place=True)
