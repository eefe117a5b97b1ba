"""`/privacy me` and `/privacy erase`: for everybody, about nobody but themselves."""

from __future__ import annotations

from collections.abc import Mapping

from discord import app_commands

from bot.adapters.discord_chat.answering import Asker, answer
from bot.adapters.discord_chat.commands.scope import IN_SERVERS, INVITED
from bot.adapters.discord_chat.presses import PRIVACY_ERASE, PRIVACY_KEEP, Handler, Interaction, Press
from bot.adapters.discord_chat.replies import privacy
from bot.adapters.discord_chat.replies.shape import Reply
from bot.adapters.discord_chat.use_cases import UseCases


class PrivacyGroup(app_commands.Group):
    """The commands. Everybody may; what is shown is always the asker's own."""

    def __init__(self, use_cases: UseCases) -> None:
        super().__init__(
            name="privacy",
            description="What I hold about you, and erasing it.",
            allowed_contexts=IN_SERVERS,
            allowed_installs=INVITED,
        )
        self._privacy = use_cases.privacy

    @app_commands.command(name="me", description="See everything I hold about you here. Only you see it.")
    async def me(self, interaction: Interaction) -> None:
        """Show it."""

        async def look(asker: Asker) -> Reply:
            return privacy.about(await self._privacy.about(asker.guild_id, asker.who.member_id))

        await answer(interaction, "privacy.me", look)

    @app_commands.command(name="erase", description="Erase everything I hold about you here. Asks once more first.")
    async def erase(self, interaction: Interaction) -> None:
        """Ask whether."""

        async def ask(asker: Asker) -> Reply:
            return privacy.question(await self._privacy.question(asker.guild_id, asker.who.member_id))

        await answer(interaction, "privacy.erase", ask)


class PrivacyPresses:
    """The answer to the question."""

    def __init__(self, use_cases: UseCases) -> None:
        self._privacy = use_cases.privacy

    def presses(self) -> Mapping[Press, Handler]:
        """What happens on each press."""
        return {PRIVACY_ERASE: self._erase, PRIVACY_KEEP: self._keep}

    async def _erase(self, interaction: Interaction, _: tuple[str, ...]) -> None:
        async def work(asker: Asker) -> Reply:
            return privacy.erased(await self._privacy.erase(asker.guild_id, asker.who.member_id))

        await answer(interaction, "press.privacy_erase", work, in_place=True)

    async def _keep(self, interaction: Interaction, _: tuple[str, ...]) -> None:
        async def work(_: Asker) -> Reply:
            return privacy.NOT_ERASED

        await answer(interaction, "press.privacy_keep", work, in_place=True)
