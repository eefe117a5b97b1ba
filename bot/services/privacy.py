"""`/privacy me` and `/privacy erase`: everybody's right about their own data, whoever they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.privacy import KeptRecord, erase_due
from bot.domain.values import GuildId, MemberId
from bot.ports import Clock, Store
from bot.ports.privacy import Erasure, Why
from bot.services.erasing import Erasing


@dataclass(frozen=True, slots=True)
class About:
    """What is held about the asker, and for how long such things are kept here."""

    records: Sequence[KeptRecord]
    retention: timedelta


@dataclass(frozen=True, slots=True)
class EraseQuestion:
    """What an erase would do now: links that stop working, accounts that are unlinked, and when it is done (None: at once)."""

    links: int
    accounts: int
    waits_until: datetime | None


@dataclass(frozen=True, slots=True)
class EraseAnswer:
    """What became of the wish. `waits_until`: accepted, and done then."""

    links: int
    accounts: int
    waits_until: datetime | None


class Privacy:
    """A member's own data. Nobody can ask about anybody else."""

    def __init__(self, store: Store, erasing: Erasing, clock: Clock) -> None:
        self._store = store
        self._erasing = erasing
        self._clock = clock

    async def about(self, guild_id: GuildId, member_id: MemberId) -> About:
        """Everything held about this member that they may see: never a report, who reported, or an incident."""
        async with self._store.read() as uow:
            community = await uow.communities.get(guild_id)
            return About(await uow.personal.of_member(guild_id, member_id), community.retention)

    async def question(self, guild_id: GuildId, member_id: MemberId) -> EraseQuestion:
        """What an erase would do. Asking changes nothing."""
        now = self._clock.now()
        async with self._store.read() as uow:
            links = len(await uow.invites.held_by(guild_id, member_id))
            accounts = len(await self._erasing.own_accounts(uow, guild_id, member_id))
            due = erase_due(await uow.personal.calls(guild_id, member_id), now)
        return EraseQuestion(links, accounts, due if due > now else None)

    async def erase(self, guild_id: GuildId, member_id: MemberId) -> EraseAnswer:
        """Accept the wish; it is kept before anything else happens, so that no kill loses it. Links stop at once; the rest goes at once too, or when
        the hours after a call are over.
        """
        now = self._clock.now()
        async with self._store.work() as uow:
            accounts = len(await self._erasing.own_accounts(uow, guild_id, member_id))
            due = erase_due(await uow.personal.calls(guild_id, member_id), now)
            erasure = Erasure(guild_id, member_id, Why.ASKED, now, due)
            await uow.erasures.put(erasure)
            await uow.audit.append(guild_id, "privacy.erase_asked", at=now, actor=member_id, facts={"waits": due > now})
            await uow.commit()
        links = await self._erasing.stop_links(guild_id, member_id)
        if due > now:
            return EraseAnswer(links, accounts, due)
        await self._erasing.carry_out(erasure)
        return EraseAnswer(links, accounts, None)
