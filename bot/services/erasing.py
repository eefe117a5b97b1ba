"""Erasing a person: their links go first, then everything that is held about them, a piece at a time, but for what an incident holds."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.errors import UserMistake
from bot.domain.privacy import LOOK_AGAIN, erase_due
from bot.domain.values import AlertId, GuildId, LinkId, MeetingId, MemberId
from bot.ports import Alert, AlertKind, Clock, LinkKind, Store, UnitOfWork
from bot.ports.privacy import Erasure, Why
from bot.services.revoking import Revoking
from bot.services.unlinking import Unlinking

PIECE = 500
"""Rows erased in one transaction, so that nothing else waits for long."""


class Erasing:
    """Carries out an erase that is kept in the store until it is done. Running it again erases what is left, which may be nothing."""

    def __init__(self, store: Store, revoking: Revoking, unlinking: Unlinking, clock: Clock) -> None:
        self._store = store
        self._revoking = revoking
        self._unlinking = unlinking
        self._clock = clock

    async def stop_links(self, guild_id: GuildId, member_id: MemberId) -> int:
        """Take back every link this member holds, here at once and at Zoom as soon as it answers; how many."""
        async with self._store.work() as uow:
            taken = await self._revoke_all(uow, guild_id, member_id)
            await uow.commit()
        for meeting_id in taken:
            await self._revoking.try_now(meeting_id)  # the agenda has what Zoom does not confirm
        return len(taken)

    async def own_accounts(self, uow: UnitOfWork, guild_id: GuildId, member_id: MemberId) -> tuple[LinkId, ...]:
        """The Zoom accounts this member linked here."""
        links = await uow.links.of_guild(guild_id)
        return tuple(link.link_id for link in links if link.owner == member_id and link.kind is LinkKind.USER)

    async def carry_out(self, erasure: Erasure) -> bool:
        """Erase the member; whether everything is gone. What a hold keeps is tried again a day later.

        A call that they had a link for since puts it off once more: evidence of it must not go.
        """
        guild_id, member_id = erasure.guild_id, erasure.member_id
        async with self._store.work() as uow:
            current = await uow.erasures.get(guild_id, member_id)
            if current is None:
                return True
            due = erase_due(await uow.personal.calls(guild_id, member_id), self._clock.now())
            if due > self._clock.now():
                await uow.erasures.put(replace(current, due_at=due, why=current.why))
                await uow.commit()
                return False
        await self._give_back_accounts(guild_id, member_id)
        await self.stop_links(guild_id, member_id)
        while True:
            async with self._store.work() as uow:
                held = (await uow.holds.held(self._clock.now())).meetings
                await self._revoke_all(uow, guild_id, member_id)
                gone = await uow.personal.erase_member(guild_id, member_id, held, PIECE)
                uow.personal.drop_traces()
                await uow.papers.erase_person(guild_id, member_id, self._clock.now())
                if gone == 0:
                    return await self._finish(uow, erasure)
                await uow.commit()

    async def _finish(self, uow: UnitOfWork, erasure: Erasure) -> bool:
        """Nothing is left but what is held, in this same transaction."""
        now = self._clock.now()
        await uow.erasures.drop(erasure.guild_id, erasure.member_id)
        left = await uow.personal.knows(erasure.guild_id, erasure.member_id)
        if left:
            await uow.erasures.put(replace(erasure, due_at=now + LOOK_AGAIN))
        else:
            asked = erasure.why is Why.ASKED
            await uow.audit.append(erasure.guild_id, "privacy.erased", at=now, actor=None, facts={"asked": asked})
        await uow.commit()
        return not left

    async def _give_back_accounts(self, guild_id: GuildId, member_id: MemberId) -> None:
        async with self._store.read() as uow:
            accounts = await self.own_accounts(uow, guild_id, member_id)
        for link_id in accounts:
            try:
                await self._unlinking.give_back(guild_id, link_id, actor=None)
            except UserMistake:  # somebody else unlinked it in between
                continue
            async with self._store.work() as uow:
                alert = Alert(AlertId(link_id), guild_id, AlertKind.OWNER_GONE, self._clock.now())
                await uow.alerts.put(alert)
                await uow.commit()

    async def _revoke_all(self, uow: UnitOfWork, guild_id: GuildId, member_id: MemberId) -> list[MeetingId]:
        held = list(await uow.invites.held_by(guild_id, member_id))
        for meeting_id in held:
            meeting = await uow.meetings.get(meeting_id)
            invite = await uow.invites.current(meeting_id, member_id)
            if meeting is not None and invite is not None:
                await self._revoking.revoke(uow, meeting, invite, why="erased")
        return held
