"""`/meeting create`, `list`, `show`, `cancel`."""

from __future__ import annotations

import discord
from discord import app_commands

from bot.adapters.discord_chat.answering import Asker, answer
from bot.adapters.discord_chat.commands.offering import Choices, Offering
from bot.adapters.discord_chat.commands.scope import IN_SERVERS, INVITED
from bot.adapters.discord_chat.presses import Interaction
from bot.adapters.discord_chat.replies import meetings
from bot.adapters.discord_chat.replies import planned as planned_replies
from bot.adapters.discord_chat.replies.series import series_draft
from bot.adapters.discord_chat.replies.shape import Reply
from bot.adapters.discord_chat.use_cases import UseCases
from bot.domain.meeting import MAX_DURATION, MAX_TOPIC, PROFILES, ProfileName
from bot.domain.series import MAX_WEEKS, MIN_WEEKS
from bot.domain.values import MeetingId, RoleId, ZoomUserId
from bot.services.drafting import MeetingAsk

MAX_MINUTES = int(MAX_DURATION.total_seconds()) // 60
MAX_WHEN = 100
PROFILE_CHOICES = [
    app_commands.Choice(name=f"{profile.title}: {profile.explanation[0]}"[:100], value=name.value)
    for name, profile in PROFILES.items()
]


class MeetingGroup(app_commands.Group):
    """The commands of organisers and moderators about planned calls."""

    def __init__(self, use_cases: UseCases) -> None:
        super().__init__(
            name="meeting",
            description="Plan calls, see who holds a link, call one off.",
            allowed_contexts=IN_SERVERS,
            allowed_installs=INVITED,
        )
        self._use_cases = use_cases
        self._offering = Offering(use_cases)

    @app_commands.command(name="create", description="Plan a call. You see everything before anything is created.")
    @app_commands.describe(
        topic="What the call is called. Members see it.",
        when='For example "tomorrow 7pm", "Friday 18:30", "2026-05-04 19:00" or "now".',
        minutes="How long it lasts. 60 if you leave it out.",
        profile="How strict it is. Members if you leave it out.",
        role="Only people who also have this role are let in.",
        host="Who starts it at Zoom.",
        alternative_host="Who may start it too.",
        alternative_host_2="And one more who may start it.",
        waiting_room="The host lets each person in. On if you leave it out.",
        telephone="Let people dial in by phone. Off if you leave it out.",
        repeat_weeks="Repeat it every week: how many weeks, the first one included.",
    )
    @app_commands.choices(profile=PROFILE_CHOICES)
    async def create(
        self,
        interaction: Interaction,
        topic: app_commands.Range[str, 1, MAX_TOPIC],
        when: app_commands.Range[str, 1, MAX_WHEN],
        minutes: app_commands.Range[int, 1, MAX_MINUTES] = 60,
        profile: str = ProfileName.MEMBERS.value,
        role: discord.Role | None = None,
        host: str | None = None,
        alternative_host: str | None = None,
        alternative_host_2: str | None = None,
        waiting_room: bool = True,
        telephone: bool = False,
        repeat_weeks: app_commands.Range[int, MIN_WEEKS, MAX_WEEKS] | None = None,
    ) -> None:
        """Show back what would be created."""
        ask = MeetingAsk(
            topic,
            when,
            minutes,
            ProfileName(profile),
            extra_role=RoleId(role.id) if role is not None else None,
            waiting_room=waiting_room,
            telephone=telephone,
            host=ZoomUserId(host) if host else None,
            alternative_hosts=tuple(ZoomUserId(other) for other in (alternative_host, alternative_host_2) if other),
        )

        async def draft(asker: Asker) -> Reply:
            if repeat_weeks is not None:
                series = self._use_cases.series
                return series_draft(await series.draft(asker.who, asker.guild_id, ask, repeat_weeks))
            return meetings.draft(await self._use_cases.drafting.draft(asker.who, asker.guild_id, ask))

        await answer(interaction, "meeting.create", draft)

    @app_commands.command(name="list", description="The planned calls, soonest first.")
    async def planned(self, interaction: Interaction) -> None:
        """Show the planned meetings."""

        async def look(asker: Asker) -> Reply:
            found = await self._use_cases.series_views.listing(asker.who, asker.guild_id)
            return planned_replies.upcoming(found, 0, self._use_cases.clock.now())

        await answer(interaction, "meeting.list", look)

    @app_commands.command(name="show", description="One call: its hosts, and the names that hold a link.")
    @app_commands.describe(meeting="Which call.")
    async def show(self, interaction: Interaction, meeting: str) -> None:
        """Show one meeting."""

        async def look(asker: Asker) -> Reply:
            view = await self._use_cases.views.show(asker.who, asker.guild_id, MeetingId(meeting))
            return planned_replies.one_meeting(view, 0)

        await answer(interaction, "meeting.show", look)

    @app_commands.command(name="cancel", description="Call a meeting off. Asks once more first.")
    @app_commands.describe(meeting="Which call.")
    async def cancel(self, interaction: Interaction, meeting: str) -> None:
        """Ask whether to cancel."""

        async def look(asker: Asker) -> Reply:
            view = await self._use_cases.views.to_cancel(asker.who, asker.guild_id, MeetingId(meeting))
            return meetings.cancel_question(view)

        await answer(interaction, "meeting.cancel", look)

    @show.autocomplete("meeting")
    @cancel.autocomplete("meeting")
    async def offer_meetings(self, interaction: Interaction, typed: str) -> Choices:
        """The planned meetings."""
        return await self._offering.meetings(interaction, typed)

    @create.autocomplete("host")
    @create.autocomplete("alternative_host")
    @create.autocomplete("alternative_host_2")
    async def offer_hosts(self, interaction: Interaction, typed: str) -> Choices:
        """The Zoom hosts of this community."""
        return await self._offering.hosts(interaction, typed)
