"""`/setup`: the community's settings, what is wrong with a choice, and what is still missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum

from bot.domain.community import (
    Community,
    Gap,
    MemberFacts,
    Right,
    Surroundings,
    gaps,
    moderators_channel_problem,
    role_problem,
    role_warning,
)
from bot.domain.errors import UserMistake
from bot.domain.meeting import Host, opens_at
from bot.domain.privacy import MAX_RETENTION, MIN_RETENTION
from bot.domain.values import ChannelId, GuildId, MemberId, RoleId, ZoomUserId
from bot.ports import Chat, Clock, DueItem, Job, LinkState, Store, TimePhrases, UnitOfWork
from bot.services.rights import community_where

MAX_AGE_DAYS = 365
MAX_RELEASE_MINUTES = 24 * 60
MIN_RELEASE_MINUTES = 5
MAX_REMINDER_MINUTES = 24 * 60


class RoleKind(Enum):
    """What a role can mean here. The value is how people call it."""

    VERIFIED = "verified"
    ORGANISER = "organiser"
    MODERATOR = "moderator"
    ON_CALL = "on-call"


class ChannelKind(Enum):
    """What a channel can be for."""

    MODERATORS = "moderators' channel"
    ANNOUNCEMENTS = "announcement channel"


@dataclass(frozen=True, slots=True)
class Numbers:
    """The settings that are numbers, as typed: days, and minutes before the start."""

    account_age_days: int
    membership_age_days: int
    open_door_account_age_days: int
    release_minutes: int
    reminder_minutes: int = 10
    """Zero: nobody is reminded."""


@dataclass(frozen=True, slots=True)
class SetupView:
    """The settings as they are now. `warnings` are about what was chosen, `gaps` about what was not; both in plain words."""

    community: Community
    hosts: tuple[Host, ...]
    warnings: tuple[str, ...]
    gaps: tuple[Gap, ...]
    account_broken: bool = False


class CommunitySetup:
    """Every change checks the right, refuses what is unsafe, is recorded, and answers with the whole picture."""

    def __init__(
        self,
        store: Store,
        chat: Chat,
        phrases: TimePhrases,
        clock: Clock,
        *,
        has_event_endpoint: bool,
        sees_leaving: bool = False,
        has_registrant_domain: bool,
    ) -> None:
        self._store = store
        self._chat = chat
        self._phrases = phrases
        self._clock = clock
        self._has_event_endpoint = has_event_endpoint
        self._sees_leaving = sees_leaving
        self._has_registrant_domain = has_registrant_domain

    async def view(self, who: MemberFacts, guild_id: GuildId) -> SetupView:
        """The settings, what is weak, and what is missing."""
        async with self._store.read() as uow:
            community = await community_where(uow, guild_id, who, Right.SETUP)
        return await self._view(community)

    async def set_roles(
        self, who: MemberFacts, guild_id: GuildId, kind: RoleKind, role_ids: Sequence[RoleId]
    ) -> SetupView:
        """Give these roles a meaning, instead of those that had it.

        Raises:
            UserMistake: one of them is @everyone, or more than one is on call.
        """
        for role in await self._chat.roles(guild_id, role_ids):
            problem = role_problem(role)
            if not problem:
                raise UserMistake(problem.reason, code=problem.code)
        chosen = frozenset(role_ids)
        changes: dict[RoleKind, dict[str, object]] = {
            RoleKind.VERIFIED: {"verified_roles": chosen},
            RoleKind.ORGANISER: {"organiser_roles": chosen},
            RoleKind.MODERATOR: {"moderator_roles": chosen},
            RoleKind.ON_CALL: {"on_call_role": next(iter(role_ids), None)},
        }
        return await self._change(who, guild_id, f"roles.{kind.value}", changes[kind])

    async def set_channel(
        self, who: MemberFacts, guild_id: GuildId, kind: ChannelKind, channel_id: ChannelId
    ) -> SetupView:
        """Use this channel.

        Raises:
            UserMistake: the bot cannot see or write in it, or it is too public for moderators.
        """
        async with self._store.read() as uow:
            community = await community_where(uow, guild_id, who, Right.SETUP)
        channel = await self._chat.channel(guild_id, channel_id)
        if channel is None or not channel.bot_can_post:
            raise UserMistake(
                "I cannot write in that channel. Give me View Channel, Send Messages and Embed Links there, then choose it again.",
                code="channel_closed_to_bot",
            )
        if kind is ChannelKind.ANNOUNCEMENTS:
            return await self._change(who, guild_id, "channel.announcements", {"announcement_channel": channel_id})
        problem = moderators_channel_problem(channel, community)
        if not problem:
            raise UserMistake(problem.reason, code=problem.code)
        return await self._change(who, guild_id, "channel.moderators", {"moderators_channel": channel_id})

    async def set_place(self, who: MemberFacts, guild_id: GuildId, *, zone: str, country: str) -> SetupView:
        """Set time zone and country; an empty field leaves the setting unset.

        Raises:
            UserMistake: no such zone, or not a two-letter country code.
        """
        code = country.strip().upper()
        if code and not (len(code) == 2 and code.isascii() and code.isalpha()):
            raise UserMistake(
                "Give the country as its two letters, such as GB, US or DE, or leave it empty.", code="country_form"
            )
        name = self._phrases.check_zone(zone) if zone.strip() else None
        return await self._change(who, guild_id, "place", {"timezone": name, "country": code or None})

    async def set_numbers(self, who: MemberFacts, guild_id: GuildId, numbers: Numbers) -> SetupView:
        """Set the minimum ages and when links are released.

        Raises:
            UserMistake: a number is out of range; says which.
        """
        for label, days in (
            ("account age", numbers.account_age_days),
            ("time in this server", numbers.membership_age_days),
            ("account age for open doors", numbers.open_door_account_age_days),
        ):
            if not 0 <= days <= MAX_AGE_DAYS:
                raise UserMistake(f"The {label} must be from 0 to {MAX_AGE_DAYS} days.", code="age_range")
        if not MIN_RELEASE_MINUTES <= numbers.release_minutes <= MAX_RELEASE_MINUTES:
            raise UserMistake(
                f"Links can be released from {MIN_RELEASE_MINUTES} to {MAX_RELEASE_MINUTES} minutes before the start.",
                code="release_range",
            )
        if not 0 <= numbers.reminder_minutes <= MAX_REMINDER_MINUTES:
            raise UserMistake(
                f"A reminder can go out up to {MAX_REMINDER_MINUTES} minutes before the start. 0 means none.",
                code="reminder_range",
            )
        changes: dict[str, object] = {
            "min_account_age": timedelta(days=numbers.account_age_days),
            "min_membership_age": timedelta(days=numbers.membership_age_days),
            "open_door_min_account_age": timedelta(days=numbers.open_door_account_age_days),
            "link_release": timedelta(minutes=numbers.release_minutes),
            "reminder": timedelta(minutes=numbers.reminder_minutes),
        }
        view = await self._change(who, guild_id, "numbers", changes)
        await self._move_releases(view.community)
        return view

    async def set_retention(self, who: MemberFacts, guild_id: GuildId, days: int) -> SetupView:
        """Set how long after a meeting people's data is kept. What is older goes within the hour.

        Raises:
            UserMistake: fewer or more days than may be.
        """
        least, most = MIN_RETENTION.days, MAX_RETENTION.days
        if not least <= days <= most:
            raise UserMistake(
                f"People's data can be kept from {least} to {most} days after a call. Fewer would leave nothing of a call that is reported "
                "days later; more needs a legal hold on an incident.",
                code="retention_range",
            )
        return await self._change(who, guild_id, "retention", {"retention": timedelta(days=days)})

    async def _move_releases(self, community: Community) -> None:
        """Planned meetings follow a changed release; their announcements are told at once."""
        async with self._store.work() as uow:
            for meeting in await uow.meetings.upcoming(community.guild_id):
                for job in (Job.RELEASE, Job.LOOK_LIVE):
                    await uow.agenda.put(DueItem(job, meeting.meeting_id, opens_at(meeting, community)))
                await uow.jobs.put(Job.ANNOUNCE, meeting.meeting_id)
            await uow.commit()

    async def name_host(
        self, who: MemberFacts, guild_id: GuildId, zoom_user: ZoomUserId, member_id: MemberId | None
    ) -> SetupView:
        """Say which Discord member a Zoom host is (None: nobody).

        Raises:
            UserMistake: the host is not on the list, or the person is not in this server.
        """
        if member_id is not None:
            member = await self._chat.member(guild_id, member_id)
            if member is None or member.is_bot:
                raise UserMistake(
                    "That person is not a member here. Choose somebody from this server.", code="not_member"
                )
        async with self._store.work() as uow:
            community = await community_where(uow, guild_id, who, Right.SETUP)
            host = next((h for h in await uow.links.hosts(guild_id) if h.user_id == zoom_user), None)
            if host is None:
                raise UserMistake("That Zoom host is not on the list any more. Open /setup again.", code="host_unknown")
            await uow.links.save_host(guild_id, replace(host, member_id=member_id))
            await self._log(uow, who, guild_id, "host", subject=member_id)
            await uow.commit()
        return await self._view(community)

    async def _change(self, who: MemberFacts, guild_id: GuildId, what: str, changes: dict[str, object]) -> SetupView:
        async with self._store.work() as uow:
            community = await community_where(uow, guild_id, who, Right.SETUP)
            changed = community.changed(**changes)
            await uow.communities.save(changed)
            await self._log(uow, who, guild_id, what)
            await uow.commit()
        return await self._view(changed)

    async def _log(
        self, uow: UnitOfWork, who: MemberFacts, guild_id: GuildId, what: str, subject: MemberId | None = None
    ) -> None:
        await uow.audit.append(guild_id, f"setup.{what}", at=self._clock.now(), actor=who.member_id, subject=subject)

    async def _view(self, community: Community) -> SetupView:
        guild_id = community.guild_id
        async with self._store.read() as uow:
            links = await uow.links.of_guild(guild_id)
            hosts = tuple(await uow.links.hosts(guild_id))
        around = Surroundings(
            has_zoom_account=bool(links),
            has_event_endpoint=self._has_event_endpoint,
            sees_leaving=self._sees_leaving,
            has_registrant_domain=self._has_registrant_domain,
            sees_audit_log=await self._chat.sees_audit_log(guild_id),
            hosts_named=any(host.member_id is not None for host in hosts) or not hosts,
        )
        broken = any(link.state is LinkState.BROKEN for link in links)
        return SetupView(community, hosts, await self._warnings(community), gaps(community, around), broken)

    async def _warnings(self, community: Community) -> tuple[str, ...]:
        found: list[str] = []
        known = await self._chat.roles(community.guild_id, sorted(community.protected_roles()))
        found.extend(warning for role in known if (warning := role_warning(role)))
        if len(known) < len(community.protected_roles()):
            found.append("A role chosen here was deleted. Choose again where one is missing.")
        if community.moderators_channel is not None:
            channel = await self._chat.channel(community.guild_id, community.moderators_channel)
            if channel is None:
                found.append("I can no longer see the moderators' channel. Choose it again.")
            elif not (problem := moderators_channel_problem(channel, community)):
                found.append(problem.reason)
        return tuple(found)
