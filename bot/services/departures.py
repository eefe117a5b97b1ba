"""Members who leave and communities that remove the bot: their data goes after a grace period, and coming back ends it.

What is missed while nobody listens costs nothing: people's data goes with the retention anyway, and which communities are gone is seen at the next
connection. Before anything is erased Discord is asked once more, so that an outage erases nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.errors import NeedsAttention, Transient, VestibuleError
from bot.domain.privacy import GRACE, LOOK_AGAIN
from bot.domain.values import GuildId, MemberId
from bot.ports import Chat, Clock, LinkKind, Store, UnitOfWork
from bot.ports.privacy import Departure, Erasure, Whereabouts, Why
from bot.services.erasing import PIECE, Erasing
from bot.services.unlinking import Unlinking, stop_links

TRY_AGAIN_AFTER = timedelta(minutes=10)
"""How long an erase waits when Discord or Zoom does not answer."""
AT_ONCE = 100
"""How many due erases one sweep takes."""


async def note_left(uow: UnitOfWork, guild_id: GuildId, member_id: MemberId, now: datetime) -> None:
    """Within the caller's transaction: this member is not in the server any more. Where nothing is held about them, nothing is noted either."""
    if await uow.personal.knows(guild_id, member_id):
        await uow.erasures.put(Erasure(guild_id, member_id, Why.LEFT, now, now + GRACE))


class Departures:
    """Notes who left, and erases what falls due. Every step may run twice: what is erased is gone."""

    def __init__(
        self, store: Store, chat: Chat, whereabouts: Whereabouts, erasing: Erasing, unlinking: Unlinking, clock: Clock
    ) -> None:
        self._store = store
        self._chat = chat
        self._whereabouts = whereabouts
        self._erasing = erasing
        self._unlinking = unlinking
        self._clock = clock

    async def member_left(self, guild_id: GuildId, member_id: MemberId) -> None:
        """Discord says that this member left or was put out."""
        async with self._store.read() as uow:
            known = await uow.personal.knows(guild_id, member_id)
        if not known:
            return
        async with self._store.work() as uow:
            await note_left(uow, guild_id, member_id, self._clock.now())
            await uow.commit()

    async def member_back(self, guild_id: GuildId, member_id: MemberId) -> None:
        """This member is here."""
        async with self._store.read() as uow:
            if await uow.erasures.get(guild_id, member_id) is None:
                return
        async with self._store.work() as uow:
            await uow.erasures.came_back(guild_id, member_id)
            await uow.commit()

    async def guild_removed(self, guild_id: GuildId) -> None:
        """The bot was put out of this server: its Zoom accounts are given back at once, if Discord confirms that it is out."""
        now = self._clock.now()
        async with self._store.work() as uow:
            departure = await uow.erasures.departure(guild_id) or Departure(guild_id, now, now)
            await uow.erasures.put_departure(departure)
            await uow.commit()
        if not departure.links_stopped:
            await self._go_on(departure)

    async def guild_back(self, guild_id: GuildId) -> None:
        """The bot is in this server."""
        async with self._store.read() as uow:
            if await uow.erasures.departure(guild_id) is None:
                return
        async with self._store.work() as uow:
            await uow.erasures.drop_departure(guild_id)
            await uow.commit()

    async def guilds_present(self, present: Collection[GuildId], mine: Callable[[GuildId], bool]) -> None:
        """Discord has listed every server the bot is in, unavailable ones too, of those that are `mine` to see. Any other was left meanwhile."""
        async with self._store.read() as uow:
            known = await uow.personal.communities()
            gone = [guild_id for guild_id in present if await uow.erasures.departure(guild_id) is not None]
        for guild_id in gone:
            await self.guild_back(guild_id)
        for guild_id in known:
            if guild_id not in present and mine(guild_id):
                await self.guild_removed(guild_id)

    async def sweep(self) -> int:
        """Erase whoever is due; how many were looked at. What meets an obstacle waits ten minutes."""
        now = self._clock.now()
        async with self._store.read() as uow:
            people = await uow.erasures.due(now, AT_ONCE)
            communities = await uow.erasures.due_departures(now, AT_ONCE)
        for erasure in people:
            try:
                await self._erase(erasure)
            except VestibuleError as error:
                await self._put_off(erasure, TRY_AGAIN_AFTER if isinstance(error, Transient) else LOOK_AGAIN)
        for departure in communities:
            await self._go_on(departure)
        return len(people) + len(communities)

    async def _erase(self, erasure: Erasure) -> None:
        if erasure.why is Why.LEFT and await self._chat.member(erasure.guild_id, erasure.member_id) is not None:
            await self.member_back(erasure.guild_id, erasure.member_id)
            return
        await self._erasing.carry_out(erasure)

    async def _put_off(self, erasure: Erasure, by: timedelta) -> None:
        async with self._store.work() as uow:
            if await uow.erasures.get(erasure.guild_id, erasure.member_id) == erasure:
                await uow.erasures.put(replace(erasure, due_at=self._clock.now() + by))
            await uow.commit()

    async def _go_on(self, departure: Departure) -> None:
        """The next step: give the accounts back, or after the grace erase everything."""
        try:
            back = await self._whereabouts.in_guild(departure.guild_id)
        except (Transient, NeedsAttention):
            await self._keep(replace(departure, due_at=self._clock.now() + TRY_AGAIN_AFTER))
            return
        if back:
            await self.guild_back(departure.guild_id)
        elif not departure.links_stopped:
            await self._stop_links(departure.guild_id)
            await self._keep(replace(departure, links_stopped=True, due_at=departure.since + GRACE))
        elif not await self._erase_community(departure.guild_id):
            await self._keep(replace(departure, due_at=self._clock.now() + LOOK_AGAIN))

    async def _keep(self, departure: Departure) -> None:
        """Unless the community came back in between."""
        async with self._store.work() as uow:
            if await uow.erasures.departure(departure.guild_id) is not None:
                await uow.erasures.put_departure(departure)
            await uow.commit()

    async def _stop_links(self, guild_id: GuildId) -> None:
        """Every account is given back; the operator's own stays set up, without a token, and its planned calls hand out no links."""
        async with self._store.read() as uow:
            links = await uow.links.of_guild(guild_id)
        for link in links:
            if link.kind is LinkKind.USER:
                await self._unlinking.give_back(guild_id, link.link_id, actor=None)
                continue
            async with self._store.work() as uow:
                await stop_links(uow, link)
                await uow.grants.erase(link.link_id)
                await uow.commit()

    async def _erase_community(self, guild_id: GuildId) -> bool:
        """Everything, a piece at a time; whether nothing is left that a hold keeps."""
        while True:
            async with self._store.work() as uow:
                held = (await uow.holds.held(self._clock.now())).meetings
                gone = await uow.personal.erase_community(guild_id, held, PIECE)
                uow.personal.drop_traces()
                done = gone == 0 and not await uow.personal.anything_left(guild_id)
                if done:
                    await uow.erasures.drop_departure(guild_id)
                    await uow.audit.append(guild_id, "privacy.community_erased", at=self._clock.now(), actor=None)
                await uow.commit()
            if gone == 0:
                return done
