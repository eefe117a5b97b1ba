"""A meeting that somebody deleted at Zoom, drafted once more with the same choices."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from bot.domain.community import MemberFacts, Right
from bot.domain.values import GuildId, MeetingId
from bot.ports import Store
from bot.services.drafting import Draft, Drafting, MeetingAsk
from bot.services.rights import community_where, meeting_of


class PlanningAnew:
    """The offer under the alert. Like every draft it becomes a meeting only when an organiser confirms it."""

    def __init__(self, store: Store, drafting: Drafting) -> None:
        self._store = store
        self._drafting = drafting

    async def draft(self, who: MemberFacts, guild_id: GuildId, meeting_id: MeetingId) -> Draft:
        """The same topic, time, length, profile, role and hosts.

        Raises:
            UserMistake: its time has passed, or the person has no right.
            NeedsAttention: as for every draft.
        """
        async with self._store.read() as uow:
            community = await community_where(uow, guild_id, who, Right.ORGANISE)
            gone = await meeting_of(uow, guild_id, meeting_id)
        local = gone.starts_at.astimezone(ZoneInfo(community.zone))
        ask = MeetingAsk(
            topic=gone.topic,
            when=f"{local:%Y-%m-%d %H:%M}",
            minutes=max(1, int(gone.duration.total_seconds()) // 60),
            profile=gone.profile,
            extra_role=gone.extra_role,
            waiting_room=gone.waiting_room,
            telephone=gone.telephone,
            host=gone.host_id,
            alternative_hosts=gone.alternative_hosts,
        )
        return await self._drafting.draft(who, guild_id, ask)
