"""`/zoom link`, `status`, `unlink`: which Zoom accounts this community uses."""

from __future__ import annotations

from discord import app_commands

from bot.adapters.discord_chat.answering import Asker, answer
from bot.adapters.discord_chat.commands.scope import IN_SERVERS, INVITED
from bot.adapters.discord_chat.presses import Interaction
from bot.adapters.discord_chat.replies import zoom
from bot.adapters.discord_chat.replies.shape import Reply
from bot.adapters.discord_chat.use_cases import UseCases
from bot.domain.errors import NeedsAttention


class ZoomGroup(app_commands.Group):
    """The commands about Zoom accounts. The use cases decide who may."""

    def __init__(self, use_cases: UseCases) -> None:
        super().__init__(
            name="zoom",
            description="Link a Zoom account, see how safe it is, take it back.",
            allowed_contexts=IN_SERVERS,
            allowed_installs=INVITED,
        )
        self._use_cases = use_cases

    @app_commands.command(name="link", description="Link your own Zoom account to this server.")
    async def link(self, interaction: Interaction) -> None:
        """Give the asker a personal address."""
        guild_name = interaction.guild.name if interaction.guild is not None else ""

        async def begin(asker: Asker) -> Reply:
            try:
                begun = await self._use_cases.link_requests.begin(asker.who, asker.guild_id, guild_name=guild_name)
            except NeedsAttention as error:
                if error.code != zoom.NOT_CONFIGURED.code:
                    raise
                return zoom.NOT_CONFIGURED
            return zoom.invitation(begun)

        await answer(interaction, "zoom.link", begin)

    @app_commands.command(name="status", description="The linked Zoom accounts: what they can do and what is weak.")
    async def status(self, interaction: Interaction) -> None:
        """Show the linked accounts."""

        async def look(asker: Asker) -> Reply:
            return zoom.status(await self._use_cases.account_status.status(asker.who, asker.guild_id))

        await answer(interaction, "zoom.status", look)

    @app_commands.command(name="unlink", description="Take a Zoom account away from this server. Asks once more first.")
    async def unlink(self, interaction: Interaction) -> None:
        """Ask which account, and whether."""

        async def look(asker: Asker) -> Reply:
            return zoom.unlink_question(await self._use_cases.unlinking.removable(asker.who, asker.guild_id))

        await answer(interaction, "zoom.unlink", look)
