"""What organisers, moderators and hosts see of planned meetings. Never a link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.community import MemberFacts, Right, may
from bot.domain.errors import UserMistake
from bot.domain.guest import Guest
from bot.domain.invite import Invite
from bot.domain.meeting import Host, Meeting, opens_at
from bot.domain.values import GuildId, MeetingId
from bot.ports import AccountLink, Store
from bot.services.rights import community_where, meeting_of
from bot.services.series_views import Beside, beside


@dataclass(frozen=True, slots=True)
class HostStanding:
    """A host of a meeting. `told` is "told", "closed" (takes no direct messages), or None: not told (yet, or no member named)."""

    host: Host
    alternative: bool
    told: str | None


@dataclass(frozen=True, slots=True)
class MeetingView:
    """One meeting, for those who may see who holds a link."""

    meeting: Meeting
    opens_at: datetime
    hosts: tuple[HostStanding, ...]
    holders: tuple[Invite, ...]
    """Invites with a link, by shown name."""
    waiting_for_release: int
    """How many said they are coming and have no link yet."""
    beside: Beside = field(default_factory=Beside)
    guests: tuple[Guest, ...] = ()
    """People from outside the community, by shown name."""


@dataclass(frozen=True, slots=True)
class HostChoice:
    """Somebody who can be named as host. `account` is None where the community has one Zoom account only."""

    host: Host
    account: AccountLink | None


class MeetingViews:
    """`/meeting show`, and what the commands offer while somebody types."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def showable(self, who: MemberFacts, guild_id: GuildId) -> Sequence[Meeting]:
        """The planned meetings this person may look into: all for organisers and moderators, their own for hosts, none for others."""
        async with self._store.read() as uow:
            community = await uow.communities.get(guild_id)
            meetings = await uow.meetings.upcoming(guild_id)
            own = {host.user_id for host in await uow.links.hosts(guild_id) if host.member_id == who.member_id}
        if may(Right.SEE_HOLDERS, who, community):
            return meetings
        return [meeting for meeting in meetings if not own.isdisjoint(meeting.host_ids)]

    async def hosts(self, who: MemberFacts, guild_id: GuildId) -> Sequence[HostChoice]:
        """Whom `/meeting create` can name as host, those of the default account first."""
        async with self._store.read() as uow:
            await community_where(uow, guild_id, who, Right.ORGANISE)
            hosts = await uow.links.hosts(guild_id)
            links = {link.link_id: link for link in await uow.links.of_guild(guild_id)}
        several = len({host.link_id for host in hosts}) > 1
        choices = [HostChoice(host, links.get(host.link_id) if several else None) for host in hosts]
        return sorted(choices, key=lambda choice: choice.account is not None and not choice.account.is_default)

    async def to_cancel(self, who: MemberFacts, guild_id: GuildId, meeting_id: MeetingId) -> MeetingView:
        """One meeting, for somebody who may cancel it.

        Raises:
            UserMistake: the person does not organise here, or there is no such meeting.
        """
        async with self._store.read() as uow:
            await community_where(uow, guild_id, who, Right.ORGANISE)
        return await self.show(who, guild_id, meeting_id)

    async def show(self, who: MemberFacts, guild_id: GuildId, meeting_id: MeetingId) -> MeetingView:
        """One meeting with the names and tags that hold a link, for organisers, moderators and its hosts.

        Raises:
            UserMistake: the person is none of these, or there is no such meeting.
        """
        async with self._store.read() as uow:
            community = await uow.communities.get(guild_id)
            meeting = await meeting_of(uow, guild_id, meeting_id)
            hosts = {h.user_id: h for h in await uow.links.hosts(guild_id)}
            is_host = any(h.member_id == who.member_id for key, h in hosts.items() if key in meeting.host_ids)
            decision = may(Right.SEE_HOLDERS, who, community)
            if not decision and not is_host:
                raise UserMistake(decision.reason, code=decision.code)
            standings = []
            for key in meeting.host_ids:
                if key in hosts:
                    told = await uow.notes.get(f"briefed:{meeting_id}:{key}")
                    standings.append(HostStanding(hosts[key], key != meeting.host_id, told))
            invites = await uow.invites.of_meeting(meeting_id)
            coming = await uow.invites.count_coming(meeting_id)
            around = await beside(uow, meeting, community)
            guests = tuple(await uow.guests.of_meeting(meeting_id))
        holders = tuple(invite for invite in invites if invite.holds_link)
        return MeetingView(meeting, opens_at(meeting, community), tuple(standings), holders, coming, around, guests)
