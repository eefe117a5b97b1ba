"""A small real discord.py bot for testing the Discord stand-in: one of everything the product uses."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import discord
import pytest
import yarl
from discord import app_commands

from bot.rehearsal.discord import DiscordStandIn
from tests.waiting import PATIENCE

INTENTS = discord.Intents(guilds=True, guild_scheduled_events=True, moderation=True)
Interaction = discord.Interaction["Bot"]


class Clock:
    """A clock that runs with real time and can be set forward."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class GetLink(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"link:(?P<meeting>\d+)"):
    """A button that works on old messages after a restart."""

    def __init__(self, meeting: int) -> None:
        super().__init__(
            discord.ui.Button(label="Get my link", style=discord.ButtonStyle.primary, custom_id=f"link:{meeting}")
        )

    @classmethod
    async def from_custom_id(cls, _interaction: Any, _item: Any, match: re.Match[str]) -> Self:
        return cls(int(match["meeting"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        assert isinstance(interaction.user, discord.Member)
        if "Verified" not in [role.name for role in interaction.user.roles]:
            await interaction.response.send_message("Only verified members.", ephemeral=True)
            return
        await interaction.response.defer(ephemeral=True, thinking=True)
        view = discord.ui.View()
        view.add_item(discord.ui.Button(label="Join", url="https://example.zoom.us/w/123?tk=secret"))
        await interaction.followup.send("Yours alone", view=view, ephemeral=True)


class Panel(discord.ui.LayoutView):
    """A components-v2 announcement."""

    def __init__(self, meeting: int) -> None:
        super().__init__(timeout=None)
        row: discord.ui.ActionRow[Any] = discord.ui.ActionRow(GetLink(meeting))
        self.add_item(discord.ui.Container(discord.ui.TextDisplay("## Chess night"), discord.ui.Separator(), row))


class Setup(discord.ui.View):
    """Selects of all kinds, and a button that changes its own message."""

    @discord.ui.select(cls=discord.ui.RoleSelect, placeholder="Verified roles", min_values=1, max_values=3)
    async def roles(self, interaction: Interaction, select: discord.ui.RoleSelect[Any]) -> None:
        await interaction.response.edit_message(content=f"roles: {', '.join(r.name for r in select.values)}")

    @discord.ui.select(cls=discord.ui.ChannelSelect, placeholder="Channel", channel_types=[discord.ChannelType.text])
    async def channel(self, interaction: Interaction, select: discord.ui.ChannelSelect[Any]) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content=f"channel: {select.values[0].name}")

    @discord.ui.select(cls=discord.ui.UserSelect, placeholder="Host")
    async def host(self, interaction: Interaction, select: discord.ui.UserSelect[Any]) -> None:
        await interaction.response.edit_message(content=f"host: {select.values[0].display_name}", view=None)

    @discord.ui.select(
        placeholder="Profile",
        options=[discord.SelectOption(label="Members", value="m"), discord.SelectOption(label="Open", value="o")],
    )
    async def profile(self, interaction: Interaction, select: discord.ui.Select[Any]) -> None:
        await interaction.response.send_message(f"profile: {select.values[0]}", ephemeral=True)


class Report(discord.ui.Modal, title="Report"):
    """A form with a label, a select and a text field."""

    reason: discord.ui.Label[Any] = discord.ui.Label(
        text="Why",
        component=discord.ui.Select(
            options=[discord.SelectOption(label="Spam", value="s"), discord.SelectOption(label="Abuse", value="a")]
        ),
    )
    note: discord.ui.Label[Any] = discord.ui.Label(text="Note", component=discord.ui.TextInput(max_length=50))

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        reason, note = self.reason.component, self.note.component
        assert isinstance(reason, discord.ui.Select)
        assert isinstance(note, discord.ui.TextInput)
        await interaction.response.send_message(f"{reason.values[0]}: {note.value}", ephemeral=True)


class Bot(discord.AutoShardedClient):
    """The client under test is discord.py itself; these handlers only exercise it."""

    def __init__(self, intents: discord.Intents = INTENTS, shards: int | None = None) -> None:
        super().__init__(
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=30,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
            shard_count=shards,
        )
        self._connection.guild_ready_timeout = 0.05
        self.tree = app_commands.CommandTree(self)
        self.heard: list[tuple[str, Any]] = []
        self.up = asyncio.Event()
        self.resumed = asyncio.Event()

    async def setup_hook(self) -> None:
        self.add_dynamic_items(GetLink)
        add_commands(self.tree)

    async def on_ready(self) -> None:
        self.up.set()

    async def on_resumed(self) -> None:
        self.resumed.set()

    async def on_audit_log_entry_create(self, entry: discord.AuditLogEntry) -> None:
        self.heard.append(("audit", entry.action))

    async def on_member_update(self, _before: Any, after: discord.Member) -> None:
        self.heard.append(("member", after.id))

    async def on_guild_channel_update(self, _before: Any, after: Any) -> None:
        self.heard.append(("channel", after.name))

    async def on_scheduled_event_update(self, _before: Any, after: discord.ScheduledEvent) -> None:
        self.heard.append(("event", after.status))


def add_commands(tree: app_commands.CommandTree[Bot]) -> None:
    """A group with every option kind, a few odd answers, and both context menus."""
    group = app_commands.Group(
        name="meeting",
        description="Meetings",
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
    )

    @group.command(name="create", description="Create a meeting")
    @app_commands.choices(profile=[app_commands.Choice(name="Members", value="members")])
    async def create(
        interaction: Interaction,
        topic: app_commands.Range[str, 1, 20],
        minutes: app_commands.Range[int, 5, 480] = 60,
        profile: str = "members",
        host: discord.Member | None = None,
        role: discord.Role | None = None,
        where: discord.TextChannel | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        named = [thing.name for thing in (host, role, where) if thing is not None]
        await interaction.edit_original_response(content=f"{topic} {minutes} {profile} {named}")
        await interaction.followup.send("second", ephemeral=True)

    @create.autocomplete("topic")
    async def topics(_interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"{current} {n}", value=f"{current} {n}") for n in range(3)]

    @group.command(name="setup", description="Set up")
    async def setup(interaction: Interaction) -> None:
        await interaction.response.send_message("choose", view=Setup(), ephemeral=True)

    @group.command(name="silent", description="Never answers")
    async def silent(_interaction: Interaction) -> None:
        return

    @group.command(name="twice", description="Answers twice")
    async def twice(interaction: Interaction) -> None:
        await interaction.response.send_message("once", ephemeral=True)
        state = interaction.response
        state._response_type = None
        try:
            await state.send_message("twice")
        except discord.HTTPException as error:
            interaction.client.heard.append(("error", error.code))

    tree.add_command(group)

    @tree.command(name="lock", description="For moderators")
    @app_commands.default_permissions(moderate_members=True)
    async def lock(interaction: Interaction) -> None:
        await interaction.response.send_message("locked", ephemeral=True)

    @tree.context_menu(name="Report person")
    async def report(interaction: Interaction, _member: discord.Member) -> None:
        await interaction.response.send_modal(Report())

    @tree.context_menu(name="Report message")
    async def report_message(interaction: Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"saw {message.content}", ephemeral=True)


def point_at(stand_in: DiscordStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let discord.py talk to the stand-in; nothing else of it is touched."""
    monkeypatch.setattr(discord.http.Route, "BASE", stand_in.api_url)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(stand_in.gateway_url))


@asynccontextmanager
async def running(stand_in: DiscordStandIn, bot: Bot | None = None) -> AsyncIterator[Bot]:
    """A logged-in, ready bot with its commands synced."""
    client = bot or Bot()
    task = asyncio.create_task(client.start(stand_in.token))
    up = asyncio.create_task(client.up.wait())
    try:
        await asyncio.wait([task, up], timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        assert client.is_ready()
        await client.tree.sync()
        yield client
    finally:
        up.cancel()
        await client.close()
        await asyncio.gather(task, return_exceptions=True)
