"""What is written down while links are made: for one member or many of a meeting, always in one transaction.

Before Zoom is asked: the invite with its address, by which events are recognised that come before the answer. After it: the decision at the moment of
delivery, the link, the audit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.domain.audit import AuditNote
from bot.domain.community import Community, MemberFacts, admits
from bot.domain.errors import NeedsAttention, Transient, UserMistake, VestibuleError
from bot.domain.invite import MAX_REGISTRANTS, TAG_LENGTH, Invite, clean_name, synthetic_address, tag_from
from bot.domain.leak import HELD_AFTER_LEAK
from bot.domain.meeting import Door, LinkWindow, Meeting, admission_policy, link_window
from bot.domain.values import ALLOWED, Decision, InviteId, JoinLink, MeetingId, MemberId, refused
from bot.ports import Chance, Clock, Store, UnitOfWork
from bot.services.closed_here import ClosedHere

TAG_TRIES = 25


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where synthetic registrant addresses come from: a key derived from SECRET_KEYS and the operator's domain."""

    key: bytes
    domain: str | None


@dataclass(frozen=True, slots=True)
class Wish:
    """A member who is to get a link. `name` is another shown name than the nickname."""

    who: MemberFacts
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Requested:
    """The invite to go on with, its link if it has one by now, and whether Zoom may have been asked for it before."""

    invite: Invite
    link: JoinLink | None = None
    asked_before: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """A link on its way to its member. `invite` holds it; `who` is None if they are not in the server any more.

    `first_time`: they have never been shown it. `unsaved`: the store does not have the link yet.
    """

    invite: Invite
    link: JoinLink
    who: MemberFacts | None
    first_time: bool
    unsaved: bool


class InviteBook:
    """The written side of issuing."""

    def __init__(
        self, store: Store, clock: Clock, chance: Chance, addresses: Addresses, closed_here: ClosedHere
    ) -> None:
        self._store = store
        self._clock = clock
        self._chance = chance
        self._addresses = addresses
        self._closed_here = closed_here

    async def request(self, meeting: Meeting, wishes: Sequence[Wish]) -> Sequence[Requested | VestibuleError]:
        """Write down whom Zoom is to be asked for; no two wishes are of one member. For each, in order, how to go on or why not.

        Raises:
            Transient, NeedsAttention: the store takes nothing now.
        """
        async with self._store.work() as uow:
            found = await self.request_within(uow, meeting, wishes)
            await uow.commit()
        return found

    async def request_within(
        self, uow: UnitOfWork, meeting: Meeting, wishes: Sequence[Wish]
    ) -> Sequence[Requested | VestibuleError]:
        """As `request`, within the caller's transaction."""
        today = self._clock.now().date()
        members = [wish.who.member_id for wish in wishes]
        found = dict(await uow.invites.current_of(meeting.meeting_id, members, hold=True))
        new = [wish for wish in wishes if wish.who.member_id not in found]
        outcomes = await self._add(uow, meeting, new, today, found) if new else {}
        links = await uow.invites.links([invite.invite_id for invite in found.values() if invite.holds_link])
        counted = {}
        for member_id, invite in found.items():
            if invite.holds_link:
                outcomes[member_id] = Requested(invite, links.get(invite.invite_id))
            elif not meeting.personal_links:
                outcomes[member_id] = Requested(invite)
            elif invite.adds_left(today) <= 0:
                outcomes[member_id] = _used_up()
            else:
                counted[member_id] = invite.adding(today)
                outcomes[member_id] = Requested(counted[member_id], asked_before=invite.adds_today > 0)
        await uow.invites.save_all(list(counted.values()))
        return [outcomes[wish.who.member_id] for wish in wishes]

    async def give_back(self, invite: Invite) -> None:
        """Zoom did nothing, so this request does not count among the day's three."""
        async with self._store.work() as uow:
            current = await uow.invites.current(invite.meeting_id, invite.member_id)
            if current is not None and current.invite_id == invite.invite_id and not current.holds_link:
                await uow.invites.save(current.not_added())
            await uow.commit()

    async def keep(self, meeting_id: MeetingId, made: Sequence[tuple[Invite, JoinLink]]) -> Sequence[None]:
        """Keep what Zoom made, for those whose invite still stands and has no link yet."""
        async with self._store.work() as uow:
            standing = await uow.invites.current_of(meeting_id, [invite.member_id for invite, _ in made], hold=True)
            kept = [(invite, link) for invite, link in made if _waits(standing.get(invite.member_id), invite)]
            await uow.invites.save_all(
                [invite for invite, _ in kept], {invite.invite_id: link for invite, link in kept}
            )
            await uow.commit()
        return [None] * len(made)

    async def deliver(self, meeting: Meeting, deliveries: Sequence[Delivery]) -> Sequence[Decision]:
        """Decide once more, because the meeting or a member may have changed while Zoom worked; whoever is admitted has their link from now on.

        Nothing is written about the others: their links are to be taken back.
        """
        now = self._clock.now()
        async with self._store.work() as uow:
            current = await uow.meetings.get(meeting.meeting_id)
            community = await uow.communities.get(meeting.guild_id)
            members = [each.invite.member_id for each in deliveries]
            standing = await uow.invites.current_of(meeting.meeting_id, members, hold=True)
            barred = await uow.doors.barred(meeting.meeting_id)
            current = None if current is None else self._closed_here.seen(current)
            decisions = [
                REMOVED
                if each.invite.member_id in barred
                else _decide(each, standing.get(each.invite.member_id), current, community, now)
                for each in deliveries
            ]
            admitted = [each for each, decision in zip(deliveries, decisions, strict=True) if decision]
            await uow.invites.save_all(
                [each.invite.delivered(now) for each in admitted],
                {each.invite.invite_id: each.link for each in admitted if each.unsaved},
            )
            first = [each.invite for each in admitted if each.first_time]
            await uow.audit.append_all(
                meeting.guild_id, [_note("invite.delivered", invite, meeting, now, ALLOWED) for invite in first]
            )
            await uow.commit()
        if meeting.meeting_id in self._closed_here:  # while it was written
            return [_CLOSED if decision else decision for decision in decisions]
        return decisions

    def withheld(self, invite: Invite, meeting: Meeting, why: Decision) -> AuditNote:
        """What the audit says of a link that was made and not handed over."""
        return _note("invite.withheld", invite, meeting, self._clock.now(), why)

    async def _add(
        self, uow: UnitOfWork, meeting: Meeting, wishes: Sequence[Wish], today: date, found: dict[MemberId, Invite]
    ) -> dict[MemberId, Requested | VestibuleError]:
        """Invites of the next generation, counted as asked for. Whoever turns out to have one by now goes into `found`."""
        must_ask = await uow.leaks.held_among(meeting.guild_id, [wish.who.member_id for wish in wishes])
        outcomes: dict[MemberId, Requested | VestibuleError] = {each: _must_ask() for each in must_ask}
        outcomes |= {each: _removed() for each in await uow.doors.barred(meeting.meeting_id)}
        left = [wish for wish in wishes if wish.who.member_id not in outcomes]
        if meeting.personal_links:
            room = max(0, MAX_REGISTRANTS - await uow.invites.count(meeting.meeting_id))
            outcomes |= {wish.who.member_id: _full() for wish in left[room:]}
            left = left[:room]
        generations = await self._next_generations(uow, meeting, left)
        for _ in range(TAG_TRIES):
            if not left:
                return outcomes
            drafts = [self._draft(meeting, wish, generations[wish.who.member_id], today) for wish in left]
            added = await uow.invites.add_all(drafts)
            outcomes |= {draft.member_id: Requested(draft) for draft in drafts if draft.invite_id in added}
            left = [wish for wish in left if wish.who.member_id not in outcomes]
            if left:  # their tag is taken, or another process was faster
                members = [wish.who.member_id for wish in left]
                found |= await uow.invites.current_of(meeting.meeting_id, members, hold=True)
                left = [wish for wish in left if wish.who.member_id not in found]
        return outcomes | {wish.who.member_id: _no_free_tag() for wish in left}

    async def _next_generations(self, uow: UnitOfWork, meeting: Meeting, wishes: Sequence[Wish]) -> dict[MemberId, int]:
        """The one after each member's last; past addresses that were theirs before their data was erased, which Zoom has seen already."""
        members = [wish.who.member_id for wish in wishes]
        last = await uow.invites.last_generations(meeting.meeting_id, members)
        found = {member_id: last.get(member_id, 0) + 1 for member_id in members}
        ownerless = await uow.invites.ownerless_addresses(meeting.meeting_id)
        for wish in wishes if ownerless else ():
            while self._address(meeting, wish.who, found[wish.who.member_id]) in ownerless:
                found[wish.who.member_id] += 1
        return found

    def _draft(self, meeting: Meeting, wish: Wish, generation: int, today: date) -> Invite:
        first, second, third = self._chance.numbers(TAG_LENGTH)
        invite = Invite(
            invite_id=InviteId(self._chance.new_id()),
            meeting_id=meeting.meeting_id,
            member_id=wish.who.member_id,
            generation=generation,
            name=wish.name or clean_name(wish.who.shown_name),
            tag=tag_from((first, second, third)),
            address=self._address(meeting, wish.who, generation),
            requested_at=self._clock.now(),
        )
        return invite.adding(today) if meeting.personal_links else invite

    def _address(self, meeting: Meeting, who: MemberFacts, generation: int) -> str:
        if not meeting.personal_links:
            return ""
        if self._addresses.domain is None:
            raise NeedsAttention(
                "Personal links need REGISTRANT_DOMAIN, which the operator has removed. Please tell an organiser.",
                code="no_registrant_domain",
            )
        return synthetic_address(
            self._addresses.key, who.member_id, meeting.meeting_id, generation, self._addresses.domain
        )


REMOVED = refused(
    "removed",
    "A moderator removed you from this call, so there is no link for you. If that was a mistake, ask a moderator: they can undo it.",
)


def _removed() -> UserMistake:
    return UserMistake(REMOVED.reason, code=REMOVED.code)


def _must_ask() -> UserMistake:
    return UserMistake(HELD_AFTER_LEAK.reason, code=HELD_AFTER_LEAK.code)


def _waits(standing: Invite | None, invite: Invite) -> bool:
    return standing is not None and standing.invite_id == invite.invite_id and not standing.holds_link


def _note(action: str, invite: Invite, meeting: Meeting, at: datetime, decision: Decision) -> AuditNote:
    facts: dict[str, str | int] = {
        "generation": invite.generation,
        "personal": meeting.personal_links,
        "why": decision.code,
    }
    return AuditNote(action, at, invite.member_id, invite.member_id, meeting.meeting_id, facts=facts)


def _decide(
    delivery: Delivery, standing: Invite | None, meeting: Meeting | None, community: Community, now: datetime
) -> Decision:
    if standing is None or standing.invite_id != delivery.invite.invite_id:
        return _WITHDRAWN
    if meeting is None or link_window(meeting, community, now) is LinkWindow.OVER:
        return _OVER
    if meeting.door is Door.CLOSED or meeting.blocked_by_read_back:
        return _CLOSED
    if delivery.who is None:
        return _GONE
    return admits(admission_policy(meeting, community), delivery.who, now)


_WITHDRAWN = refused("withdrawn", "Your link was withdrawn while I was fetching it. Press again, or ask a moderator.")
_GONE = refused("left", "You are not in this server any more.")
_CLOSED = refused("not_now", "Links are not handed out at the moment. Try again in a few minutes, or ask a moderator.")
_OVER = refused("meeting_over", "That call is over or was cancelled, so there is no link any more.")


def _used_up() -> Transient:
    return Transient(
        "Zoom takes only three requests a day for one person, and yours are used up. Your place is kept: press again "
        "after 00:00 UTC, or ask an organiser for another way in.",
        code="daily_adds_used",
    )


def _full() -> NeedsAttention:
    return NeedsAttention(
        f"This meeting has reached the {MAX_REGISTRANTS} people Zoom can register. Please tell an organiser.",
        code="full",
    )


def _no_free_tag() -> Transient:
    return Transient("I could not find a free tag for your name. Press again.", code="no_free_tag")
