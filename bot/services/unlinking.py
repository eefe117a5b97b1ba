"""`/zoom unlink` and the choice of the default account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.community import MemberFacts, Right, may
from bot.domain.errors import UserMistake
from bot.domain.meeting import Door, Meeting
from bot.domain.values import GuildId, LinkId, MemberId
from bot.ports import AccountLink, Clock, Consents, LinkKind, LinkState, Store, UnitOfWork
from bot.services import link_refusals as refusals
from bot.services.ending_grants import ended_at_zoom
from bot.services.rights import community_where


@dataclass(frozen=True, slots=True)
class Unlinked:
    """What unlinking did. Our copy of the grant is erased in any case.

    `confirmed_by_zoom` is False where Zoom did not say that the grant is revoked: then the owner removes Vestibule at
    marketplace.zoom.us > Manage > Added Apps. `meetings` are the planned ones on this account: no link is handed out for them any more, and they
    are still at Zoom. `new_default` is the account that new meetings use now, if the default one went.
    """

    link: AccountLink
    confirmed_by_zoom: bool
    meetings: tuple[Meeting, ...]
    new_default: AccountLink | None


class Unlinking:
    """Takes an account away from a community.

    Args:
        consents: None where the operator has taken OAuth out of the settings: then only our copy can be erased.
    """

    def __init__(self, store: Store, consents: Consents | None, clock: Clock) -> None:
        self._store = store
        self._consents = consents
        self._clock = clock

    async def removable(self, who: MemberFacts, guild_id: GuildId) -> Sequence[AccountLink]:
        """The accounts that this person can ask about: all for organisers, for anybody else those they linked themselves.

        Raises:
            UserMistake: the person is no organiser and has linked none here.
        """
        async with self._store.read() as uow:
            links = await uow.links.of_guild(guild_id)
            own = [link for link in links if link.owner == who.member_id]
            decision = may(Right.LINK_ACCOUNT, who, await uow.communities.get(guild_id))
        if not decision and not own:
            raise UserMistake(decision.reason, code=decision.code)
        return links if decision else own

    async def unlink(self, who: MemberFacts, guild_id: GuildId, link_id: LinkId) -> Unlinked:
        """Erase the grant here and revoke it at Zoom, at once. An organiser may, and always the account's owner.

        Raises:
            UserMistake: link_unknown, link_is_operators (server-to-server), or the person may not.
        """
        async with self._store.read() as uow:
            link = await _link_here(uow, guild_id, link_id)
            if link.owner != who.member_id:
                await community_where(uow, guild_id, who, Right.LINK_ACCOUNT)
        return await self.give_back(guild_id, link_id, actor=who.member_id)

    async def give_back(self, guild_id: GuildId, link_id: LinkId, *, actor: MemberId | None) -> Unlinked:
        """The same where nobody's right is in question: whoever it is of is being erased, or the community has removed the bot.

        Raises:
            UserMistake: link_unknown, link_is_operators (server-to-server).
        """
        async with self._store.work() as uow:
            link = await _link_here(uow, guild_id, link_id)
            if link.kind is not LinkKind.USER:
                raise refusals.link_is_operators()
            held = await uow.grants.held(link_id)
            meetings = await stop_links(uow, link)
            await erase_link(uow, link)
            new_default = await next_default(uow, link)
            facts = {"owner": link.owner == actor, "meetings": len(meetings)}
            await uow.audit.append(
                guild_id, "link.unlinked", at=self._clock.now(), actor=actor, subject=link.owner, facts=facts
            )
            await uow.commit()
        confirmed = False
        if self._consents is not None and held is not None:
            confirmed = await ended_at_zoom(self._consents, self._clock, held.access, held.refresh)
        return Unlinked(link, confirmed, meetings, new_default)

    async def make_default(self, who: MemberFacts, guild_id: GuildId, link_id: LinkId) -> AccountLink:
        """New meetings use this account unless another is chosen.

        Raises:
            UserMistake: link_unknown, or the person may not.
        """
        async with self._store.work() as uow:
            await community_where(uow, guild_id, who, Right.LINK_ACCOUNT)
            link = replace(await _link_here(uow, guild_id, link_id), is_default=True)
            await uow.links.save(link)
            await uow.audit.append(guild_id, "link.made_default", at=self._clock.now(), actor=who.member_id)
            await uow.commit()
        return link


async def stop_links(uow: UnitOfWork, link: AccountLink) -> tuple[Meeting, ...]:
    """Close the doors of what is planned on this account; it stays at Zoom, where we can no longer reach it."""
    here = await uow.meetings.upcoming(link.guild_id)
    stopped = tuple(meeting.changed(door=Door.CLOSED) for meeting in here if meeting.link_id == link.link_id)
    for meeting in stopped:
        await uow.meetings.save(meeting)
        await uow.meetings.forget_secrets(meeting.meeting_id)
    return stopped


async def erase_link(uow: UnitOfWork, link: AccountLink) -> None:
    """Grant, identity and hosts gone; the row stays for the meetings that were made on it."""
    if link.zoom_user_id is not None:
        for waiting in await uow.link_requests.of_user(link.zoom_user_id):
            await uow.link_requests.remove(waiting)
    await uow.grants.erase(link.link_id)
    await uow.grants.ask_owner_at(link.link_id, None)
    await uow.links.drop_hosts(link.link_id, [])
    await uow.links.save(AccountLink(link.link_id, link.guild_id, link.kind, "", LinkState.UNLINKED, False))


async def _link_here(uow: UnitOfWork, guild_id: GuildId, link_id: LinkId) -> AccountLink:
    link = await uow.links.get(link_id)
    if link is None or link.guild_id != guild_id or link.state is LinkState.UNLINKED:
        raise refusals.link_unknown()
    return link


async def next_default(uow: UnitOfWork, gone: AccountLink) -> AccountLink | None:
    """The account that new meetings use now, if the default one went."""
    left = await uow.links.of_guild(gone.guild_id)
    if not gone.is_default or not left:
        return None
    chosen = replace(left[0], is_default=True)
    await uow.links.save(chosen)
    return chosen
