"""`/incident`: what moderators and organisers see of incidents and do with them. The use cases decide who may."""

from __future__ import annotations

from discord import app_commands

from bot.adapters.discord_chat.answering import Asker, answer, asker_of
from bot.adapters.discord_chat.commands.scope import IN_SERVERS, INVITED
from bot.adapters.discord_chat.presses import Interaction
from bot.adapters.discord_chat.replies import incidents
from bot.adapters.discord_chat.replies.shape import Reply
from bot.adapters.discord_chat.use_cases import UseCases
from bot.domain.errors import VestibuleError
from bot.domain.incident import MAX_SEEN

MAX_CHOICES = 25
Number = app_commands.Range[int, 1, 1_000_000]


class IncidentGroup(app_commands.Group):
    """The commands."""

    def __init__(self, use_cases: UseCases) -> None:
        super().__init__(
            name="incident",
            description="What was reported of calls: see it, note, hold, export, close.",
            allowed_contexts=IN_SERVERS,
            allowed_installs=INVITED,
        )
        self._use_cases = use_cases

    @app_commands.command(name="list", description="The incidents of this server, open ones first.")
    async def list_(self, interaction: Interaction) -> None:
        """Show the newest."""

        async def look(asker: Asker) -> Reply:
            return incidents.listed(await self._use_cases.incidents.incidents.listed(asker.guild_id, asker.who))

        await answer(interaction, "incident.list", look)

    @app_commands.command(name="show", description="One incident: what was reported and noted. Only you see it.")
    @app_commands.describe(number="Its number.")
    async def show(self, interaction: Interaction, number: Number) -> None:
        """Show one."""

        async def look(asker: Asker) -> Reply:
            return incidents.shown(await self._use_cases.incidents.incidents.shown(asker.guild_id, asker.who, number))

        await answer(interaction, "incident.show", look)

    @app_commands.command(name="note", description="Write something down about an incident. Words only.")
    @app_commands.describe(number="Its number.", text="What to note. No links into calls, no files.")
    async def note(self, interaction: Interaction, number: Number, text: app_commands.Range[str, 1, MAX_SEEN]) -> None:
        """Keep a note."""

        async def work(asker: Asker) -> Reply:
            done = await self._use_cases.incidents.incidents.note(asker.guild_id, asker.who, number, text)
            return incidents.noted(done)

        await answer(interaction, "incident.note", work)

    @app_commands.command(name="hold", description="Put a legal hold on an incident: nothing of it is erased.")
    @app_commands.describe(number="Its number.", name="Who asked for it, and their reference.")
    async def hold(self, interaction: Interaction, number: Number, name: app_commands.Range[str, 3, 200]) -> None:
        """Hold."""

        async def work(asker: Asker) -> Reply:
            done = await self._use_cases.incidents.incidents.hold(asker.guild_id, asker.who, number, name)
            return incidents.held(done)

        await answer(interaction, "incident.hold", work)

    @app_commands.command(name="release", description="Lift a legal hold. Takes two organisers within 15 minutes.")
    @app_commands.describe(number="Its number.")
    async def release(self, interaction: Interaction, number: Number) -> None:
        """Agree to lifting it."""

        async def work(asker: Asker) -> Reply:
            done = await self._use_cases.incidents.incidents.release(asker.guild_id, asker.who, number)
            return incidents.released(done)

        await answer(interaction, "incident.release", work)

    @app_commands.command(name="close", description="Close an incident. 30 days later what was written is erased.")
    @app_commands.describe(number="Its number.")
    async def close(self, interaction: Interaction, number: Number) -> None:
        """Close."""

        async def work(asker: Asker) -> Reply:
            return incidents.closed(await self._use_cases.incidents.incidents.close(asker.guild_id, asker.who, number))

        await answer(interaction, "incident.close", work)

    @app_commands.command(name="export", description="The evidence pack of an incident, as a file only you see.")
    @app_commands.describe(
        number="The incident's number.",
        names="Show which member is behind a seat. Takes two organisers within 15 minutes.",
    )
    async def export(self, interaction: Interaction, number: Number, names: bool = False) -> None:
        """Make the pack."""

        async def work(asker: Asker) -> Reply:
            exporting = self._use_cases.incidents.evidence
            return incidents.exported(await exporting.export(asker.guild_id, asker.who, number, names=names))

        await answer(interaction, "incident.export", work)

    @app_commands.command(name="aftercare", description="Offer support in the announcement channel, naming nobody.")
    @app_commands.describe(number="The incident's number.")
    async def aftercare(self, interaction: Interaction, number: Number) -> None:
        """Post the offer."""

        async def work(asker: Asker) -> Reply:
            done = await self._use_cases.incidents.aftercare.offer(asker.guild_id, asker.who, number)
            return incidents.support_offered(done)

        await answer(interaction, "incident.aftercare", work)

    @show.autocomplete("number")
    @note.autocomplete("number")
    @hold.autocomplete("number")
    @release.autocomplete("number")
    @close.autocomplete("number")
    @export.autocomplete("number")
    @aftercare.autocomplete("number")
    async def offer(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[int]]:
        """The incidents, for whoever may see them; nothing for others."""
        try:
            asker = asker_of(interaction)
            found = await self._use_cases.incidents.incidents.listed(asker.guild_id, asker.who)
        except VestibuleError:
            return []
        return [
            app_commands.Choice(name=incidents.choice(view), value=view.incident.number)
            for view in found
            if str(typed) in str(view.incident.number)
        ][:MAX_CHOICES]
