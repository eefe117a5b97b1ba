"""`/audit`: the record of what was done, for organisers, in private."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import discord
from discord import app_commands

from bot.adapters.discord_chat.answering import Asker, answer
from bot.adapters.discord_chat.commands.offering import Offering
from bot.adapters.discord_chat.commands.scope import IN_SERVERS, INVITED
from bot.adapters.discord_chat.presses import AUDIT_PAGE, Handler, Interaction, Press
from bot.adapters.discord_chat.replies import audit
from bot.adapters.discord_chat.replies.shape import Reply
from bot.adapters.discord_chat.use_cases import UseCases
from bot.domain.values import MeetingId, MemberId
from bot.ports import AuditFilter

_TOPICS = [app_commands.Choice(name=label, value=key) for key, (label, _) in audit.TOPICS.items()]


class AuditCommands:
    """The command and its pages."""

    def __init__(self, use_cases: UseCases) -> None:
        self._use_cases = use_cases
        self._offering = Offering(use_cases)

    def presses(self) -> Mapping[Press, Handler]:
        """What happens on each press."""
        return {AUDIT_PAGE: self._turn}

    def command(self) -> app_commands.Command[Any, ..., None]:
        """`/audit`."""

        @app_commands.command(name="audit", description="The record of what was done here. For organisers, in private.")
        @app_commands.describe(
            topic="Only this.",
            person="Only what this person did, or what was done about them.",
            meeting="Only this call.",
        )
        @app_commands.choices(topic=_TOPICS)
        async def show(
            interaction: Interaction,
            topic: str | None = None,
            person: discord.Member | None = None,
            meeting: str | None = None,
        ) -> None:
            member = None if person is None else MemberId(person.id)
            await self._show(interaction, "audit", topic, member, None if meeting is None else MeetingId(meeting), None)

        show.autocomplete("meeting")(self._offering.meetings)
        show.allowed_contexts, show.allowed_installs = IN_SERVERS, INVITED
        return show

    async def _turn(self, interaction: Interaction, subject: tuple[str, ...]) -> None:
        before, topic, person, meeting = (None if part == audit.ANY else part for part in subject)
        await self._show(
            interaction,
            "press.audit_page",
            topic,
            None if person is None else MemberId(int(person)),
            None if meeting is None else MeetingId(meeting),
            None if before is None else int(before),
            in_place=True,
        )

    async def _show(
        self,
        interaction: Interaction,
        name: str,
        topic: str | None,
        person: MemberId | None,
        meeting: MeetingId | None,
        before: int | None,
        *,
        in_place: bool = False,
    ) -> None:
        topics = None if topic is None else audit.TOPICS[topic][1]
        wanted = AuditFilter(topics, person, meeting)

        async def look(asker: Asker) -> Reply:
            page = await self._use_cases.incidents.record.page(asker.guild_id, asker.who, wanted, before)
            return audit.page(page, topic)

        await answer(interaction, name, look, in_place=in_place)
