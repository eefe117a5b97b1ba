"""Before a meeting is changed: read the organiser's words, show back what would be different and what follows for links."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.community import Community, MemberFacts, Right, admits
from bot.domain.edit import Edit, LinkFate, admits_differently, changed_fields, concerns_zoom, link_fate
from bot.domain.errors import UserMistake
from bot.domain.invite import Invite
from bot.domain.meeting import PROFILES, Host, Meeting, MeetingState, ProfileName, admission_policy, opens_at
from bot.domain.readback import Difference
from bot.domain.values import GuildId, MeetingId, RoleId, ZoomUserId
from bot.ports import Chance, Chat, Clock, Store, TimePhrases, UnitOfWork
from bot.services.drafting import Drafting, clashes_with, consequences, limit_warning, read_duration, read_topic
from bot.services.limits import creates_left
from bot.services.rights import community_where, meeting_of

LOOK_UP_AT_MOST = 25
"""So many holders are looked up one by one to say who would lose their link; of more, only that each is checked."""


@dataclass(frozen=True, slots=True)
class EditAsk:
    """What an organiser wants to be different, as typed; None leaves a thing as it is.

    `for_everybody` takes the extra role away; an empty tuple of `alternative_hosts` takes those away.
    """

    topic: str | None = None
    when: str | None = None
    minutes: int | None = None
    profile: ProfileName | None = None
    extra_role: RoleId | None = None
    for_everybody: bool = False
    alternative_hosts: tuple[ZoomUserId, ...] | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """What would change, for the organiser to confirm. `losing` is None where there are too many holders to look at each beforehand."""

    edit_id: str
    before: Meeting
    after: Meeting
    changed: tuple[str, ...]
    fate: LinkFate
    holders: int
    guests: int
    losing: tuple[Invite, ...] | None
    host: Host
    alternative_hosts: tuple[Host, ...]
    opens_at: datetime
    zone: str
    clashes: tuple[Meeting, ...]
    warnings: tuple[str, ...]
    time_note: str = ""


@dataclass(frozen=True, slots=True)
class Edited:
    """What was changed. `given_up` counts links that no longer hold; `differences` are what Zoom made different from what was asked."""

    meeting: Meeting
    opens_at: datetime
    changed: tuple[str, ...]
    fate: LinkFate
    given_up: int
    differences: tuple[Difference, ...]


class Proposing:
    """`/meeting edit`, up to the question "shall I?"."""

    def __init__(
        self, store: Store, chat: Chat, phrases: TimePhrases, drafting: Drafting, clock: Clock, chance: Chance
    ) -> None:
        self._store = store
        self._chat = chat
        self._phrases = phrases
        self._drafting = drafting
        self._clock = clock
        self._chance = chance

    async def propose(self, who: MemberFacts, guild_id: GuildId, meeting_id: MeetingId, ask: EditAsk) -> Proposal:
        """Read what is to change and keep it as the proposal for this meeting, in place of an earlier one.

        Raises:
            UserMistake: nothing would change, the words cannot be used, or the meeting cannot be changed now.
            NeedsAttention: the new profile cannot be kept here, or today's limit is used up.
        """
        now = self._clock.now()
        async with self._store.read() as uow:
            community = await community_where(uow, guild_id, who, Right.ORGANISE)
            before = await meeting_of(uow, guild_id, meeting_id)
            hosts = {host.user_id: host for host in await uow.links.hosts(guild_id)}
            invites = [invite for invite in await uow.invites.of_meeting(meeting_id) if invite.current]
            guests = await uow.guests.of_meeting(meeting_id)
            under_way = await uow.edits.get(meeting_id)
        _must_be_changeable(before, under_way)
        host = _host_of(before, hosts)
        after, note = self._after(before, ask, community, host)
        changed = changed_fields(before, after)
        if not changed:
            raise UserMistake(
                "That is how the meeting is already. Say what should be different, for example when: tomorrow 8pm.",
                code="nothing_changes",
            )
        others = _alternatives(after, hosts)
        self._drafting.must_be_possible(after)
        role_warnings = (
            await self._drafting.role_warnings(guild_id, after.extra_role) if "extra_role" in changed else ()
        )
        losing = await self._losing(before, after, community, invites, now)
        edit = _edit(self._chance.new_id(), who, after, now)
        async with self._store.work() as uow:
            clashes = await self._clashes(uow, after)
            left = await creates_left(uow, before.host_id, now.date()) if concerns_zoom(before, after) else 100
            await uow.edits.put(edit)
            await uow.commit()
        return Proposal(
            edit_id=edit.edit_id,
            before=before,
            after=after,
            changed=changed,
            fate=link_fate(before, after),
            holders=len([invite for invite in invites if invite.holds_link]),
            guests=len(guests),
            losing=losing,
            host=host,
            alternative_hosts=others,
            opens_at=opens_at(after, community),
            zone=community.zone,
            clashes=clashes,
            warnings=(*consequences(after, community, host), *role_warnings, *limit_warning(left)),
            time_note=note,
        )

    async def discard(self, who: MemberFacts, guild_id: GuildId, meeting_id: MeetingId, edit_id: str) -> None:
        """Forget a proposal that its organiser does not want. One that is being carried out stays."""
        async with self._store.work() as uow:
            await community_where(uow, guild_id, who, Right.ORGANISE)
            await meeting_of(uow, guild_id, meeting_id)
            edit = await uow.edits.get(meeting_id)
            if edit is not None and edit.edit_id == edit_id and edit.confirmed_at is None:
                await uow.edits.drop(meeting_id)
            await uow.commit()

    def _after(self, before: Meeting, ask: EditAsk, community: Community, host: Host) -> tuple[Meeting, str]:
        now, note, starts_at = self._clock.now(), "", before.starts_at
        if ask.when is not None:
            parsed = self._phrases.parse(ask.when, zone=community.zone, now=now)
            starts_at, note = parsed.at, parsed.note
        profile = PROFILES[ask.profile or before.profile]
        role = None if ask.for_everybody else (ask.extra_role or before.extra_role)
        after = before.changed(
            topic=before.topic if ask.topic is None else read_topic(ask.topic),
            starts_at=starts_at,
            duration=before.duration if ask.minutes is None else read_duration(ask.minutes),
            profile=profile.name,
            extra_role=role,
            alternative_hosts=before.alternative_hosts if ask.alternative_hosts is None else ask.alternative_hosts,
        )
        if after.profile is not before.profile:
            after = after.changed(
                personal_links=profile.registration and host.licensed,
                waiting_room=before.waiting_room or profile.waiting_room_required or not host.licensed,
            )
        return after, note

    async def _losing(
        self, before: Meeting, after: Meeting, community: Community, invites: list[Invite], now: datetime
    ) -> tuple[Invite, ...] | None:
        if link_fate(before, after) is not LinkFate.KEPT or not admits_differently(before, after):
            return ()
        if len(invites) > LOOK_UP_AT_MOST:
            return None
        policy = admission_policy(after, community)
        found: list[Invite] = []
        for invite in invites:
            who = await self._chat.member(before.guild_id, invite.member_id)
            if who is None or not admits(policy, who, now):
                found.append(invite)
        return tuple(found)

    async def _clashes(self, uow: UnitOfWork, after: Meeting) -> tuple[Meeting, ...]:
        return tuple(other for other in await clashes_with(uow, after) if other.meeting_id != after.meeting_id)


def _must_be_changeable(meeting: Meeting, under_way: Edit | None) -> None:
    if meeting.state is MeetingState.LIVE:
        raise UserMistake(
            "This call is running. Zoom changes meetings safely only while nobody is in them: wait until it is over.",
            code="meeting_live",
        )
    if not meeting.upcoming or meeting.zoom_id is None:
        raise UserMistake("This meeting is not planned any more. /meeting list shows what is.", code="meeting_over")
    if under_way is not None and under_way.confirmed_at is not None:
        raise UserMistake(
            "An earlier change of this meeting is still being carried out. Try again in two minutes.",
            code="edit_goes_on",
        )


def _host_of(meeting: Meeting, hosts: dict[ZoomUserId, Host]) -> Host:
    host = hosts.get(meeting.host_id)
    if host is None:
        raise UserMistake(
            "The host of this meeting is not on the list of /setup any more, so I cannot change it. Cancel it and create a new one.",
            code="host_unknown",
        )
    return host


def _alternatives(after: Meeting, hosts: dict[ZoomUserId, Host]) -> tuple[Host, ...]:
    found = tuple(hosts[key] for key in after.alternative_hosts if key in hosts)
    if len(found) < len(after.alternative_hosts):
        raise UserMistake(
            "That host is not on the list of /setup. Pick one that is offered while you type.", code="host_unknown"
        )
    if after.host_id in after.alternative_hosts or len(set(after.alternative_hosts)) < len(found):
        raise UserMistake("The same person is named twice as host. Name each once.", code="host_twice")
    return found


def _edit(edit_id: str, who: MemberFacts, after: Meeting, now: datetime) -> Edit:
    return Edit(
        edit_id=edit_id,
        meeting_id=after.meeting_id,
        proposed_by=who.member_id,
        proposed_at=now,
        topic=after.topic,
        starts_at=after.starts_at,
        duration=after.duration,
        profile=after.profile,
        extra_role=after.extra_role,
        alternative_hosts=after.alternative_hosts,
        personal_links=after.personal_links,
        waiting_room=after.waiting_room,
    )
