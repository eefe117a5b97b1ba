"""After-care: one message in the channel that names nobody, whose button gives support lines to whoever presses it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.community import MemberFacts, Right
from bot.domain.errors import NeedsAttention, UserMistake
from bot.domain.incident import Incident
from bot.domain.routes import Route, RouteKind, routes_for
from bot.domain.values import GuildId
from bot.ports import AftercarePosts, Clock, Store
from bot.services.incidents import incident_of
from bot.services.rights import community_where


class Aftercare:
    """The message, and what its button answers."""

    def __init__(self, store: Store, posts: AftercarePosts, clock: Clock, routes: Sequence[Route]) -> None:
        self._store = store
        self._posts = posts
        self._clock = clock
        self._routes = routes

    async def offer(self, guild_id: GuildId, who: MemberFacts, number: int) -> Incident:
        """Post the message where calls are announced. Asking again for the same incident posts nothing.

        Raises:
            UserMistake: it was posted before.
            NeedsAttention: there is no announcement channel, or no permission to write in it.
        """
        async with self._store.read() as uow:
            community = await community_where(uow, guild_id, who, Right.INCIDENTS)
            incident = await incident_of(uow, guild_id, number)
        if incident.aftercare_at is not None:
            raise UserMistake("The message for this incident is posted already.", code="aftercare_posted")
        if community.announcement_channel is None:
            raise NeedsAttention(
                "There is no announcement channel to post it in. An admin chooses one in /setup.",
                code="no_announcement_channel",
            )
        await self._posts.offer_support(guild_id, community.announcement_channel, incident.incident_id)
        now = self._clock.now()
        async with self._store.work() as uow:
            current = await incident_of(uow, guild_id, number)
            await uow.incidents.save(replace(current, aftercare_at=now))
            facts = {"incident": number}
            await uow.audit.append(
                guild_id,
                "incident.aftercare",
                at=now,
                actor=who.member_id,
                meeting=incident.meeting_id,
                facts=facts,
            )
            await uow.commit()
        return incident

    async def lines(self, guild_id: GuildId) -> tuple[Route, ...]:
        """Support lines of the community's country. Nobody has to say why they ask, and it is noted nowhere."""
        async with self._store.read() as uow:
            community = await uow.communities.get(guild_id)
        return routes_for(self._routes, community.country, kinds=(RouteKind.SUPPORT,))
