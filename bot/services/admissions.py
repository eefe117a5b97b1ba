"""The way in: who asks, whether they are admitted, and their own link, decided at the moment of delivery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.audit import AuditNote
from bot.domain.community import Community, MemberFacts, admits
from bot.domain.invite import Invite, InviteState, chosen_name
from bot.domain.leak import HELD_AFTER_LEAK
from bot.domain.meeting import Door, Host, LinkWindow, Meeting, admission_policy, link_window, opens_at
from bot.domain.reminder import reminds_at
from bot.domain.values import Decision, GuildId, JoinLink, MeetingId, MemberId, refused
from bot.ports import Clock, Store
from bot.services.grouping import Grouped
from bot.services.issuing import Issuing

_NOTHING_PLANNED = refused("nothing_planned", "Nothing that you can join is planned here right now.")
_UNKNOWN = refused("meeting_unknown", "That call is not planned any more.")
_OVER = refused("meeting_over", "That call is over or was cancelled, so there is no link any more.")
_NOT_NOW = refused("not_now", "Links are not handed out at the moment. Try again in a few minutes, or ask a moderator.")


@dataclass(frozen=True, slots=True)
class LinkReady:
    """The member's way in. `shown_name` is what everyone in the call will see; `personal` is False where the link can be passed on."""

    meeting: Meeting
    link: JoinLink
    shown_name: str
    personal: bool
    first_time: bool
    after_leak: bool = False
    """An earlier one was taken back because it was posted somewhere."""


@dataclass(frozen=True, slots=True)
class Coming:
    """Kept: links are not out yet."""

    meeting: Meeting
    opens_at: datetime
    reminds_at: datetime | None = None
    """When a reminder could reach them; None if none can any more."""


@dataclass(frozen=True, slots=True)
class HostWayIn:
    """Hosts start the call by signing in to Zoom; no link is made for them."""

    meeting: Meeting
    host: Host
    alternative: bool


@dataclass(frozen=True, slots=True)
class NotAdmitted:
    """A kind refusal that reveals nothing of the meeting."""

    decision: Decision


@dataclass(frozen=True, slots=True)
class Choose:
    """More than one meeting admits this person now: they say which."""

    meetings: tuple[Meeting, ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is known of a member who presses: `host` if they may host the meeting, their invite and its link if they hold one.

    `must_ask`: a new link takes a moderator's word. `leaked`: one into this meeting was taken back because it had leaked.
    """

    meeting: Meeting
    community: Community
    host: Host | None
    invite: Invite | None
    link: JoinLink | None
    must_ask: bool
    leaked: bool


Answer = LinkReady | Coming | HostWayIn | NotAdmitted | Choose


class Admissions:
    """`/join` and the button "Get my link"."""

    def __init__(self, store: Store, issuing: Issuing, clock: Clock) -> None:
        self._store = store
        self._issuing = issuing
        self._clock = clock
        self._looks = Grouped(self._look, clock)
        self._comings = Grouped(self._note_coming, clock)
        self._refusals = Grouped(self._log_refusals, clock)

    async def open_to(self, guild_id: GuildId, who: MemberFacts) -> Sequence[Meeting]:
        """The planned meetings that admit this person, soonest first. Others are not even named to them."""
        now = self._clock.now()
        async with self._store.read() as uow:
            community = await uow.communities.get(guild_id)
            meetings = await uow.meetings.upcoming(guild_id)
        return [
            meeting
            for meeting in meetings
            if not meeting.blocked_by_read_back
            and meeting.replaces is None
            and link_window(meeting, community, now) is not LinkWindow.OVER
            and admits(admission_policy(meeting, community), who, now)
        ]

    async def join(self, guild_id: GuildId, who: MemberFacts, *, asked_at: datetime, name: str | None = None) -> Answer:
        """`/join` without saying which: the only meeting there is, or the question which one."""
        admitted = await self.open_to(guild_id, who)
        if not admitted:
            return NotAdmitted(await self._why_none(guild_id, who))
        now = self._clock.now()
        async with self._store.read() as uow:
            community = await uow.communities.get(guild_id)
        handing_out = [m for m in admitted if link_window(m, community, now) is LinkWindow.OPEN]
        candidates = handing_out or list(admitted[:1])
        if len(candidates) > 1:
            return Choose(tuple(candidates))
        return await self.ask(guild_id, candidates[0].meeting_id, who, asked_at=asked_at, name=name)

    async def ask(
        self, guild_id: GuildId, meeting_id: MeetingId, who: MemberFacts, *, asked_at: datetime, name: str | None = None
    ) -> Answer:
        """One person asks for one meeting; everything is checked again on each press.

        Args:
            asked_at: when Discord said what `who` holds.
            name: another shown name than the nickname; a changed one makes a new link and voids the old.

        Raises:
            UserMistake, NeedsAttention, Transient: with what to do next. Nothing is lost: asking again goes on where this stopped.
        """
        seen = await self._looks.do((guild_id, meeting_id), who.member_id)
        if seen is None:
            return NotAdmitted(_UNKNOWN)
        meeting, community, invite, held = seen.meeting, seen.community, seen.invite, seen.link
        meeting = self._issuing.closed_here.seen(meeting)
        now = self._clock.now()
        decision = admits(admission_policy(meeting, community), who, now)
        host = seen.host
        if not decision and host is None:
            await self._refusals.do(meeting, (who.member_id, decision))
            if invite is not None:
                await self._issuing.take_back(meeting, who.member_id, decision)
            return NotAdmitted(decision)
        window = link_window(meeting, community, now)
        if window is LinkWindow.OVER:
            return NotAdmitted(_OVER)
        if meeting.blocked_by_read_back or meeting.door is Door.CLOSED:
            return NotAdmitted(_NOT_NOW)
        if host is not None:
            return HostWayIn(meeting, host, host.user_id != meeting.host_id)
        wanted_name = chosen_name(name) if name is not None else None
        if seen.must_ask and (invite is None or wanted_name not in (None, invite.name)):
            return NotAdmitted(HELD_AFTER_LEAK)
        shown_before = invite is not None and invite.state is InviteState.DELIVERED
        if window is LinkWindow.EARLY and not shown_before:  # who has a link keeps it when the call is moved
            return await self._keep_coming(meeting, community, who.member_id, now)
        if held is not None and invite is not None and shown_before and wanted_name in (None, invite.name):
            return LinkReady(meeting, held, invite.shown_name, meeting.personal_links, first_time=False)
        issued = await self._issuing.issue(meeting, who, asked_at=asked_at, name=wanted_name)
        if isinstance(issued, Decision):
            return NotAdmitted(issued)
        return LinkReady(
            meeting,
            issued.link,
            issued.shown_name,
            meeting.personal_links,
            first_time=issued.first_time,
            after_leak=seen.leaked,
        )

    async def had_asked(self, guild_id: GuildId, meeting_id: MeetingId, who: MemberFacts) -> bool:
        """Whether this person ever asked for this meeting: the private answer behind the button of a public notice."""
        async with self._store.read() as uow:
            meeting = await uow.meetings.get(meeting_id)
            if meeting is None or meeting.guild_id != guild_id:
                return False
            return await uow.invites.asked(meeting_id, who.member_id)

    async def _why_none(self, guild_id: GuildId, who: MemberFacts) -> Decision:
        async with self._store.read() as uow:
            community = await uow.communities.get(guild_id)
            meetings = await uow.meetings.upcoming(guild_id)
        now = self._clock.now()
        for meeting in meetings:
            decision = admits(admission_policy(meeting, community), who, now)
            if not decision and decision.code != "not_in_group":
                return decision
        return _NOTHING_PLANNED

    async def _keep_coming(self, meeting: Meeting, community: Community, member_id: MemberId, now: datetime) -> Coming:
        await self._comings.do(meeting.meeting_id, member_id)
        at = reminds_at(meeting, community)
        return Coming(meeting, opens_at(meeting, community), at if at is not None and at > now else None)

    async def _look(self, subject: tuple[GuildId, MeetingId], member_ids: Sequence[MemberId]) -> Sequence[_Seen | None]:
        """What is known of those who press, in one look; None for each if the community has no such meeting."""
        guild_id, meeting_id = subject
        async with self._store.read() as uow:
            meeting = await uow.meetings.get(meeting_id)
            while meeting is not None and meeting.replaced_by is not None:  # an old button leads to the new meeting
                meeting = await uow.meetings.get(meeting.replaced_by)
            if meeting is None or meeting.guild_id != guild_id:
                return [None] * len(member_ids)
            meeting_id = meeting.meeting_id
            community = await uow.communities.get(guild_id)
            hosts = {h.member_id: h for h in await uow.links.hosts(guild_id) if h.user_id in meeting.host_ids}
            invites = await uow.invites.current_of(meeting_id, set(member_ids))
            links = await uow.invites.links([each.invite_id for each in invites.values() if each.holds_link])
            held = await uow.leaks.held_among(guild_id, member_ids)
            leaked = await uow.leaks.leaked_among(meeting_id, member_ids)
        found = []
        for member_id in member_ids:
            invite = invites.get(member_id)
            link = links.get(invite.invite_id) if invite is not None else None
            must_ask = member_id in held
            found.append(_Seen(meeting, community, hosts.get(member_id), invite, link, must_ask, member_id in leaked))
        return found

    async def _note_coming(self, meeting_id: MeetingId, member_ids: Sequence[MemberId]) -> Sequence[None]:
        now = self._clock.now()
        async with self._store.work() as uow:
            for member_id in member_ids:
                await uow.invites.add_coming(meeting_id, member_id, now)
            await uow.commit()
        return [None] * len(member_ids)

    async def _log_refusals(self, meeting: Meeting, refused: Sequence[tuple[MemberId, Decision]]) -> Sequence[None]:
        now = self._clock.now()
        notes = [
            AuditNote("invite.refused", now, member_id, meeting=meeting.meeting_id, facts={"why": decision.code})
            for member_id, decision in refused
        ]
        async with self._store.work() as uow:
            await uow.audit.append_all(meeting.guild_id, notes)
            await uow.commit()
        return [None] * len(refused)
