"""Before a meeting is created: read the organiser's words, show back what would be made and what it means, and keep the draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.community import Community, MemberFacts, Right
from bot.domain.errors import NeedsAttention, UserMistake
from bot.domain.meeting import MAX_DURATION, PROFILES, Host, Meeting, ProfileName, opens_at, overlaps, topic_problem
from bot.domain.values import GuildId, MeetingId, RoleId, ZoomUserId
from bot.ports import Chance, Chat, Clock, DueItem, Job, Store, TimePhrases, UnitOfWork
from bot.services.limits import creates_left
from bot.services.rights import community_where

DRAFT_LIFE = timedelta(minutes=30)
"""How long a draft waits for its confirmation."""


@dataclass(frozen=True, slots=True)
class MeetingAsk:
    """What an organiser asked for, as typed. Hosts are Zoom user ids from the list of `/setup`; None takes the only or first one."""

    topic: str
    when: str
    minutes: int = 60
    profile: ProfileName = ProfileName.MEMBERS
    extra_role: RoleId | None = None
    waiting_room: bool = True
    telephone: bool = False
    host: ZoomUserId | None = None
    alternative_hosts: tuple[ZoomUserId, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """What would be created, for the organiser to confirm. `warnings` are plain sentences, the gravest first."""

    meeting: Meeting
    host: Host
    alternative_hosts: tuple[Host, ...]
    zone: str
    opens_at: datetime
    clashes: tuple[Meeting, ...]
    warnings: tuple[str, ...]
    time_note: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was read from an ask, checked and not kept yet. `warnings` are about the meeting itself, wherever it ends up."""

    meeting: Meeting
    community: Community
    host: Host
    alternative_hosts: tuple[Host, ...]
    warnings: tuple[str, ...]
    time_note: str

    def draft(self, clashes: tuple[Meeting, ...], more_warnings: tuple[str, ...]) -> Draft:
        """The draft to show back."""
        return Draft(
            self.meeting,
            self.host,
            self.alternative_hosts,
            self.community.zone,
            opens_at(self.meeting, self.community),
            clashes,
            (*self.warnings, *more_warnings),
            self.time_note,
        )


class Drafting:
    """`/meeting create`, up to the question "shall I?"."""

    def __init__(
        self,
        store: Store,
        chat: Chat,
        phrases: TimePhrases,
        clock: Clock,
        chance: Chance,
        *,
        registrant_domain: str | None,
    ) -> None:
        self._store = store
        self._chat = chat
        self._phrases = phrases
        self._clock = clock
        self._chance = chance
        self._registrant_domain = registrant_domain

    async def draft(self, who: MemberFacts, guild_id: GuildId, ask: MeetingAsk) -> Draft:
        """Read what was asked and keep it as a draft.

        Raises:
            UserMistake: the words cannot be used as they are; says what to write instead.
            NeedsAttention: the profile cannot be kept here (no account, no registrant domain, today's limit used up).
        """
        ready = await self.prepare(who, guild_id, ask)
        meeting, now = ready.meeting, self._clock.now()
        async with self._store.work() as uow:
            clashes = await clashes_with(uow, meeting)
            left = await creates_left(uow, ready.host.user_id, now.date())
            await uow.meetings.add(meeting, self._chance.passcode())
            await uow.agenda.put(DueItem(Job.DROP_DRAFT, meeting.meeting_id, now + DRAFT_LIFE))
            await uow.commit()
        return ready.draft(clashes, limit_warning(left))

    async def prepare(self, who: MemberFacts, guild_id: GuildId, ask: MeetingAsk) -> Prepared:
        """Read and check what was asked, without keeping anything. Raises as `draft` does."""
        now = self._clock.now()
        async with self._store.read() as uow:
            community = await community_where(uow, guild_id, who, Right.ORGANISE)
            hosts = await uow.links.hosts(guild_id)
        host, alternatives = _choose_hosts(hosts, ask)
        parsed = self._phrases.parse(ask.when, zone=community.zone, now=now)
        meeting = self._meeting(ask, community, host, who, parsed.at, now)
        self.must_be_possible(meeting)
        role_warnings = await self.role_warnings(guild_id, meeting.extra_role)
        warnings = (*consequences(meeting, community, host), *role_warnings)
        return Prepared(meeting, community, host, alternatives, warnings, parsed.note)

    async def discard(self, who: MemberFacts, guild_id: GuildId, meeting_id: MeetingId) -> None:
        """Forget a draft that its organiser does not want."""
        async with self._store.work() as uow:
            await community_where(uow, guild_id, who, Right.ORGANISE)
            meeting = await uow.meetings.get(meeting_id)
            if meeting is not None and meeting.guild_id == guild_id and meeting.confirmed_at is None:
                await uow.meetings.remove(meeting_id)
                await uow.agenda.drop(meeting_id)
            await uow.commit()

    def _meeting(
        self, ask: MeetingAsk, community: Community, host: Host, who: MemberFacts, starts_at: datetime, now: datetime
    ) -> Meeting:
        profile = PROFILES[ask.profile]
        return Meeting(
            meeting_id=MeetingId(self._chance.new_id()),
            guild_id=community.guild_id,
            link_id=host.link_id,
            host_id=host.user_id,
            topic=read_topic(ask.topic),
            starts_at=starts_at,
            duration=read_duration(ask.minutes),
            profile=ask.profile,
            created_by=who.member_id,
            planned_at=now,
            personal_links=profile.registration and host.licensed,
            waiting_room=ask.waiting_room or profile.waiting_room_required or not host.licensed,
            telephone=ask.telephone,
            extra_role=ask.extra_role,
            alternative_hosts=ask.alternative_hosts,
            announcement_channel=community.announcement_channel,
        )

    def must_be_possible(self, meeting: Meeting) -> None:
        """Raises `NeedsAttention` where this meeting's profile cannot be kept here."""
        if meeting.personal_links and self._registrant_domain is None:
            raise NeedsAttention(
                f'The profile "{meeting.settings.title}" gives each member a personal link, and for that I need an address domain that takes no '
                "mail. Ask the operator to set REGISTRANT_DOMAIN (docs/zoom-setup.md shows how), or choose the profile Open door.",
                code="no_registrant_domain",
            )

    async def role_warnings(self, guild_id: GuildId, role_id: RoleId | None) -> tuple[str, ...]:
        """What is weak about the extra role. Raises `UserMistake` where it is none."""
        if role_id is None:
            return ()
        (role,) = await self._chat.roles(guild_id, [role_id]) or (None,)
        if role is None:
            raise UserMistake("I cannot find that role any more. Choose another one.", code="role_unknown")
        if role.is_everyone:
            raise UserMistake(
                "@everyone narrows nothing. Leave the role out, or choose another one.", code="everyone_role"
            )
        return (f'People can give themselves the role "{role.name}" in onboarding.',) if role.self_assignable else ()


async def clashes_with(uow: UnitOfWork, meeting: Meeting) -> tuple[Meeting, ...]:
    """Other calls that one of this meeting's hosts has at the same time, soonest first."""
    found: dict[MeetingId, Meeting] = {}
    for host_id in meeting.host_ids:
        for other in await uow.meetings.with_host(meeting.link_id, host_id, meeting.starts_at, meeting.ends_at):
            if overlaps(meeting.starts_at, meeting.duration, other.starts_at, other.duration):
                found[other.meeting_id] = other
    return tuple(sorted(found.values(), key=lambda other: other.starts_at))


def _choose_hosts(hosts: Sequence[Host], ask: MeetingAsk) -> tuple[Host, tuple[Host, ...]]:
    by_id = {host.user_id: host for host in hosts}
    if not by_id:
        raise NeedsAttention(
            "No Zoom account is ready for this community yet. Ask the operator to run `vestibule doctor`; it says what is missing.",
            code="no_host",
        )
    host = by_id.get(ask.host) if ask.host is not None else next((h for h in hosts if h.licensed), hosts[0])
    others = [by_id.get(key) for key in ask.alternative_hosts]
    if host is None or None in others:
        raise UserMistake(
            "That host is not on the list of /setup. Pick one that is offered while you type.", code="host_unknown"
        )
    if host.user_id in ask.alternative_hosts or len(set(ask.alternative_hosts)) != len(ask.alternative_hosts):
        raise UserMistake("The same person is named twice as host. Name each once.", code="host_twice")
    return host, tuple(other for other in others if other is not None)


def read_topic(raw: str) -> str:
    """The topic as typed, on one line. Raises `UserMistake` where it cannot be public."""
    topic = " ".join("".join(character for character in raw if character.isprintable() or character.isspace()).split())
    problem = topic_problem(topic)
    if problem is not None:
        raise UserMistake(problem, code="topic_unfit")
    return topic


def read_duration(minutes: int) -> timedelta:
    """The length. Raises `UserMistake` outside what Zoom takes."""
    length = timedelta(minutes=minutes)
    if not timedelta(minutes=1) <= length <= MAX_DURATION:
        raise UserMistake(
            "A meeting can last from 1 minute to 24 hours. Give the length in minutes.", code="duration_range"
        )
    return length


def consequences(meeting: Meeting, community: Community, host: Host) -> tuple[str, ...]:
    """What follows from the choices, in plain sentences, the gravest first."""
    found: list[str] = []
    if meeting.settings.registration and not host.licensed:
        found.append(
            f"{host.hint} is a Basic (free) Zoom user, who cannot give personal links. The link may then be passed on, can only be replaced and not "
            "taken back, and nobody in the call can be matched to a member."
        )
    if not meeting.personal_links and meeting.settings.open_door:
        found.append("Open door: the link may be passed on and can only be replaced, not taken back from one person.")
    if not meeting.waiting_room:
        found.append("No waiting room: whoever has a link is in the call at once, without anybody admitting them.")
    if meeting.telephone:
        found.append("Dial-in is on: a person on the phone cannot be matched to a member.")
    if not meeting.settings.open_door and not community.verified_roles:
        found.append("No verified role is chosen yet, so nobody can get a link: /setup, Verified roles.")
    if meeting.announcement_channel is None:
        found.append("No announcement channel is chosen, so I will not announce it: members use /join.")
    return tuple(found)


def limit_warning(left: int) -> tuple[str, ...]:
    """Said when few creates and changes are left today."""
    if left > 10:
        return ()
    return (
        f"Zoom lets this host create or change only {left} more meetings today (it counts to 100 and starts again at 00:00 UTC).",
    )
