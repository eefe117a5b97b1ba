"""`/report`, the entry "Report this" on a message, and the buttons under the answers. No option, field or entry takes a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import discord
from discord import app_commands

from bot.adapters.discord_chat.answering import Asker, answer, answer_person, asker_of
from bot.adapters.discord_chat.commands.scope import IN_SERVERS, INVITED
from bot.adapters.discord_chat.presses import (
    REPORT_CONFIRMED,
    REPORT_LATER,
    SUPPORT_LINES,
    Handler,
    Interaction,
    Press,
)
from bot.adapters.discord_chat.replies import reporting
from bot.adapters.discord_chat.replies.shape import Reply
from bot.adapters.discord_chat.use_cases import UseCases
from bot.adapters.discord_chat.views.report_form import Filled, ReportForm
from bot.domain.errors import VestibuleError
from bot.domain.incident import IncidentId
from bot.domain.values import MeetingId, MemberId
from bot.services.reporting import ReportAsk

MAX_CHOICES = 25


class Reports:
    """The commands and the presses."""

    def __init__(self, use_cases: UseCases) -> None:
        self._use_cases = use_cases

    def presses(self) -> Mapping[Press, Handler]:
        """What happens on each press."""
        return {REPORT_CONFIRMED: self._confirmed, REPORT_LATER: self._later, SUPPORT_LINES: self._support}

    def command(self) -> app_commands.Command[Any, ..., None]:
        """`/report`."""

        @app_commands.command(name="report", description="Report what happened in a call. Words only; only you see it.")
        @app_commands.describe(meeting="Which call. Leave it out for the one running now, or the last one.")
        async def report(interaction: Interaction, meeting: str | None = None) -> None:
            await self.open_form(interaction, None if meeting is None else MeetingId(meeting))

        report.autocomplete("meeting")(self._offer)
        report.allowed_contexts, report.allowed_installs = IN_SERVERS, INVITED
        return report

    def entry(self) -> app_commands.ContextMenu:
        """The entry on a message: the message's address goes into the report; its files do not."""

        async def report_this(interaction: Interaction, message: discord.Message) -> None:
            await self.open_form(interaction, None, posted_at=message.jump_url)

        menu = app_commands.ContextMenu(name="Report this to moderators", callback=report_this)
        menu.allowed_contexts, menu.allowed_installs = IN_SERVERS, INVITED
        return menu

    async def open_form(
        self,
        interaction: Interaction,
        meeting_id: MeetingId | None,
        *,
        participant_uuid: str | None = None,
        about: str = "",
        may_remove: bool = False,
        posted_at: str = "",
    ) -> None:
        """Open the form for whoever may report. The panel's Report button calls this with the person it is about.

        Raises:
            UserMistake: they may not; says what to do instead.
        """
        asker = asker_of(interaction)
        await self._use_cases.incidents.reporting.admit(asker.guild_id, asker.who)

        async def submitted(sent: Interaction, filled: Filled) -> None:
            named = f" (about: {about})" if about else ""
            where = f"\nPosted at {posted_at}" if posted_at else ""
            ask = ReportAsk(
                filled.category, filled.seen + named + where, meeting_id, participant_uuid, remove=filled.remove
            )

            async def work(reporter: Asker) -> Reply:
                done = await self._use_cases.incidents.reporting.report(reporter.guild_id, reporter.who, ask)
                return reporting.reported(done, of_message=bool(posted_at))

            await answer(sent, "report", work)

        await interaction.response.send_modal(ReportForm(submitted, about=about, may_remove=may_remove))

    async def _offer(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """The calls this person may hear of; nothing for others."""
        try:
            asker = asker_of(interaction)
            calls = await self._use_cases.incidents.reporting.reportable(asker.guild_id, asker.who)
        except VestibuleError:
            return []
        labels = {call.meeting.meeting_id: reporting.call_choice(call) for call in reversed(calls)}
        return [
            app_commands.Choice(name=label, value=meeting_id)
            for meeting_id, label in reversed(labels.items())
            if typed.casefold() in label.casefold()
        ][:MAX_CHOICES]

    async def _confirmed(self, interaction: Interaction, subject: tuple[str, ...]) -> None:
        async def work(member_id: MemberId) -> Reply:
            await self._use_cases.incidents.following_up.done(IncidentId(subject[0]), member_id)
            return reporting.NO_MORE_REMINDERS

        await answer_person(interaction, "press.report_done", work)

    async def _later(self, interaction: Interaction, subject: tuple[str, ...]) -> None:
        async def work(member_id: MemberId) -> Reply:
            return reporting.later(
                await self._use_cases.incidents.following_up.snooze(IncidentId(subject[0]), member_id)
            )

        await answer_person(interaction, "press.report_later", work)

    async def _support(self, interaction: Interaction, _: tuple[str, ...]) -> None:
        async def work(asker: Asker) -> Reply:
            return reporting.support(await self._use_cases.incidents.aftercare.lines(asker.guild_id))

        await answer(interaction, "press.support", work)
