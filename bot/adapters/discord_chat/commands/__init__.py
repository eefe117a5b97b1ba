"""The commands people type and the buttons they press: one file a topic."""

from __future__ import annotations

from typing import Any

import discord
import structlog
from discord import app_commands

from bot.adapters.discord_chat.answering import Asker, answer, guarded
from bot.adapters.discord_chat.commands.acting import ActingPresses
from bot.adapters.discord_chat.commands.audit import AuditCommands
from bot.adapters.discord_chat.commands.drift_presses import DriftPresses
from bot.adapters.discord_chat.commands.guests import GuestCommands
from bot.adapters.discord_chat.commands.incident import IncidentGroup
from bot.adapters.discord_chat.commands.join import Joining
from bot.adapters.discord_chat.commands.leaks import LeakCommands
from bot.adapters.discord_chat.commands.link_guard import LinkGuarding
from bot.adapters.discord_chat.commands.live import LiveCommands
from bot.adapters.discord_chat.commands.live_presses import LivePresses
from bot.adapters.discord_chat.commands.meeting import MeetingGroup
from bot.adapters.discord_chat.commands.meeting_edit import MeetingEdit
from bot.adapters.discord_chat.commands.meeting_presses import MeetingPresses
from bot.adapters.discord_chat.commands.privacy import PrivacyGroup, PrivacyPresses
from bot.adapters.discord_chat.commands.remind import ReminderPresses
from bot.adapters.discord_chat.commands.report import Reports
from bot.adapters.discord_chat.commands.rotation import Rotating
from bot.adapters.discord_chat.commands.series_presses import SeriesPresses
from bot.adapters.discord_chat.commands.setup import Setup
from bot.adapters.discord_chat.commands.zoom import ZoomGroup
from bot.adapters.discord_chat.commands.zoom_presses import ZoomPresses
from bot.adapters.discord_chat.presses import Interaction, pressed_item
from bot.adapters.discord_chat.replies.problems import OUTDATED
from bot.adapters.discord_chat.replies.shape import Reply
from bot.adapters.discord_chat.use_cases import UseCases

_log = structlog.get_logger("vestibule.discord")


def register(client: discord.Client, tree: app_commands.CommandTree[Any], use_cases: UseCases) -> None:
    """Add every command to the tree and every kind of press to the client. Call it once, before the gateway connects."""
    setup, joining, under_meetings = Setup(use_cases), Joining(use_cases), MeetingPresses(use_cases)
    tree.add_command(setup.command())
    editing, guests, group = MeetingEdit(use_cases), GuestCommands(use_cases), MeetingGroup(use_cases)
    editing.add_to(group)
    guests.add_to(group)
    reports, acting = Reports(use_cases), ActingPresses(use_cases)
    running, under_panel = LiveCommands(use_cases, acting), LivePresses(use_cases, acting, reports)
    rotating, leaks, audit = Rotating(use_cases), LeakCommands(use_cases), AuditCommands(use_cases)
    running.add_to(group)
    rotating.add_to(group)
    guarding = LinkGuarding(use_cases)
    tree.add_command(group)
    tree.add_command(joining.command())
    tree.add_command(ZoomGroup(use_cases))
    for command in (
        reports.command(),
        reports.entry(),
        audit.command(),
        IncidentGroup(use_cases),
        leaks.command(),
        guarding.command(),
        PrivacyGroup(use_cases),
        *running.commands(),
    ):
        tree.add_command(command)
    topics = (
        setup,
        joining,
        under_meetings,
        editing,
        guests,
        reports,
        leaks,
        under_panel,
        audit,
        rotating,
        guarding,
        SeriesPresses(use_cases),
        ReminderPresses(use_cases),
        ZoomPresses(use_cases),
        DriftPresses(use_cases),
        PrivacyPresses(use_cases),
    )
    for topic in topics:
        for press, handle in topic.presses().items():
            client.add_dynamic_items(pressed_item(press, guarded(f"press.{press.name}", handle)))
    tree.error(_not_understood)


async def _not_understood(interaction: Interaction, error: app_commands.AppCommandError) -> None:
    """A command arrived that does not fit the ones we know (Discord's copy is older or newer than ours), or failed before it answered."""
    _log.warning("discord.command_not_understood", why=type(error).__name__)
    if interaction.response.is_done():
        return
    failure = error.original if isinstance(error, app_commands.CommandInvokeError) else None

    async def explain(_: Asker) -> Reply:
        if failure is not None:
            raise failure
        return OUTDATED

    await answer(interaction, "not_understood", explain)
