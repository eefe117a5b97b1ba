"""Guests: people from outside the community, each with a registrant of their own. The organiser sees the link once; it is kept nowhere.

A link that Zoom made and nobody was shown is made void: the row stands in the store before Zoom is asked, and only the sign that Discord took
the answer turns it into a guest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.community import MemberFacts, Right
from bot.domain.errors import NeedsAttention, OutcomeUnknown, Transient, UserMistake
from bot.domain.guest import MAX_GUESTS, Guest, GuestState, guest_address, guest_name, guest_tag
from bot.domain.invite import MAX_REGISTRANTS, TAG_LENGTH
from bot.domain.meeting import Door, Meeting
from bot.domain.values import GuestId, GuildId, JoinLink, MeetingId, MemberId
from bot.ports import Chance, Clock, DueItem, Job, MeetingProvider, Registered, Store, UnitOfWork
from bot.services.closed_here import ClosedHere
from bot.services.invite_book import TAG_TRIES, Addresses
from bot.services.revoking import Revoking
from bot.services.rights import community_where, meeting_of

SHOWN_WITHIN = timedelta(minutes=16)
"""Discord takes an answer for 15 minutes; a link that was not shown by then never will be."""


@dataclass(frozen=True, slots=True)
class GuestLink:
    """A guest's link, for the organiser who asked, once."""

    meeting: Meeting
    guest: Guest
    link: JoinLink


@dataclass(frozen=True, slots=True)
class GuestList:
    """The guests of a meeting."""

    meeting: Meeting
    guests: tuple[Guest, ...]


@dataclass(frozen=True, slots=True)
class GuestGone:
    """A guest whose link was taken back. `void_at_zoom` is False while Zoom has not confirmed it."""

    guest: Guest
    void_at_zoom: bool


class Guesting:
    """`/meeting guest` and `/meeting guests`."""

    def __init__(
        self,
        store: Store,
        provider: MeetingProvider,
        revoking: Revoking,
        clock: Clock,
        chance: Chance,
        addresses: Addresses,
        closed_here: ClosedHere,
    ) -> None:
        self._store = store
        self._provider = provider
        self._revoking = revoking
        self._clock = clock
        self._chance = chance
        self._addresses = addresses
        self._closed_here = closed_here

    async def invite(self, who: MemberFacts, guild_id: GuildId, meeting_id: MeetingId, name: str) -> GuestLink:
        """Register a guest and give the link to whoever asked. Call `was_shown` once they have seen it.

        Raises:
            UserMistake: no right, no such meeting, no personal links there, or the name cannot be read.
            NeedsAttention: too many guests or registrants, or links are stopped.
            Transient: Zoom did not answer; what it may have made is made void by itself.
        """
        wanted_name = guest_name(name)
        meeting, guest = await self._requested(who, guild_id, meeting_id, wanted_name)
        registered = await self._registered(meeting, guest)
        if registered is None or registered.link is None:
            await self._drop(guest, registered)
            raise Transient(
                "Zoom did not give a link for this guest. Nothing is left behind; try again in a minute.",
                code="guest_unknown",
            )
        async with self._store.work() as uow:
            current = self._closed_here.seen(await meeting_of(uow, guild_id, meeting_id))
            issued = guest.issued(registered.registrant_id)
            if not _hands_out(current) or not current.personal_links:
                await self._revoke(uow, current, issued, who.member_id)
            else:
                await uow.guests.save(issued)
                await uow.leaks.note_guest(issued.guest_id, registered.link)
                await self._log(uow, current, "guest.invited", who.member_id, tag=guest.tag)
            await uow.commit()
        if _hands_out(current) and meeting_id in self._closed_here:  # while it was written
            current = self._closed_here.seen(current)
            await self._drop(issued, None)
        if not _hands_out(current) or not current.personal_links:
            await self._revoking.try_now(meeting_id)
            raise NeedsAttention(
                "Links were stopped while Zoom was working, so this one is void again.", code="links_stopped"
            )
        return GuestLink(current, issued, registered.link)

    async def was_shown(self, guest_id: GuestId) -> None:
        """Discord took the answer with the link: the guest is one now."""
        async with self._store.work() as uow:
            guest = await uow.guests.get(guest_id)
            if guest is not None and guest.state is GuestState.ISSUED:
                await uow.guests.save(guest.shown())
            await uow.commit()

    async def was_not_shown(self, guest_id: GuestId) -> None:
        """Discord refused the answer: nobody has the link, and nobody shall."""
        async with self._store.read() as uow:
            guest = await uow.guests.get(guest_id)
        if guest is not None and guest.state is not GuestState.SHOWN:
            await self._drop(guest, None)

    async def listed(self, who: MemberFacts, guild_id: GuildId, meeting_id: MeetingId) -> GuestList:
        """The current guests, for organisers.

        Raises:
            UserMistake: no right, or no such meeting.
        """
        async with self._store.read() as uow:
            await community_where(uow, guild_id, who, Right.ORGANISE)
            meeting = await meeting_of(uow, guild_id, meeting_id)
            return GuestList(meeting, tuple(await uow.guests.of_meeting(meeting_id)))

    async def take_back(self, who: MemberFacts, guild_id: GuildId, guest_id: GuestId) -> GuestGone:
        """Make a guest's link void.

        Raises:
            UserMistake: no right, or no such guest any more.
        """
        async with self._store.work() as uow:
            await community_where(uow, guild_id, who, Right.ORGANISE)
            guest = await uow.guests.get(guest_id)
            if guest is None or not guest.current:
                raise UserMistake("This guest's link is void already.", code="guest_unknown")
            meeting = await meeting_of(uow, guild_id, guest.meeting_id)
            await self._revoke(uow, meeting, guest, who.member_id)
            await uow.commit()
        return GuestGone(guest, await self._revoking.try_now(guest.meeting_id))

    async def settle(self, meeting_id: MeetingId) -> None:
        """Make void what was made for a guest and shown to nobody. A repeat finds nothing left to do."""
        now = self._clock.now()
        async with self._store.work() as uow:
            meeting = await uow.meetings.get(meeting_id)
            guests = [g for g in await uow.guests.of_meeting(meeting_id) if g.state is not GuestState.SHOWN]
            if meeting is None or not guests:
                return
            for guest in guests:
                if now - guest.requested_at >= SHOWN_WITHIN:
                    await self._revoke(uow, meeting, guest, None)
                else:
                    await uow.agenda.put(DueItem(Job.SETTLE_GUESTS, meeting_id, guest.requested_at + SHOWN_WITHIN))
            await uow.commit()
        await self._revoking.try_now(meeting_id)

    async def _requested(
        self, who: MemberFacts, guild_id: GuildId, meeting_id: MeetingId, name: str
    ) -> tuple[Meeting, Guest]:
        """Written down before Zoom is asked."""
        now = self._clock.now()
        async with self._store.work() as uow:
            await community_where(uow, guild_id, who, Right.ORGANISE)
            meeting = self._closed_here.seen(await meeting_of(uow, guild_id, meeting_id))
            await self._must_be_possible(uow, meeting)
            guest = await self._added(uow, meeting, who, name)
            await uow.agenda.put(DueItem(Job.SETTLE_GUESTS, meeting_id, now + SHOWN_WITHIN))
            await uow.commit()
        return meeting, guest

    async def _must_be_possible(self, uow: UnitOfWork, meeting: Meeting) -> None:
        if not meeting.upcoming or meeting.zoom_id is None:
            raise UserMistake("This meeting is not planned any more. /meeting list shows what is.", code="meeting_over")
        if not meeting.personal_links:
            raise UserMistake(
                "This meeting has no personal links, so I cannot make one for a guest. A speaker can press its button like everybody else.",
                code="no_personal_links",
            )
        if not _hands_out(meeting):
            raise NeedsAttention(
                "No link leaves for this meeting at the moment. /meeting show says why.", code="links_stopped"
            )
        guests = await uow.guests.of_meeting(meeting.meeting_id)
        if len(guests) >= MAX_GUESTS:
            raise UserMistake(
                f"This meeting has {MAX_GUESTS} guests, which is as many as I let in. "
                "Take one's link back with /meeting guests, or let people join the server.",
                code="too_many_guests",
            )
        if len(guests) + await uow.invites.count(meeting.meeting_id) >= MAX_REGISTRANTS:
            raise NeedsAttention(
                f"This meeting has reached the {MAX_REGISTRANTS} people Zoom can register.", code="full"
            )

    async def _added(self, uow: UnitOfWork, meeting: Meeting, who: MemberFacts, name: str) -> Guest:
        if self._addresses.domain is None:
            raise NeedsAttention(
                "Personal links need REGISTRANT_DOMAIN, which the operator has removed.", code="no_registrant_domain"
            )
        for _ in range(TAG_TRIES):
            guest_id = GuestId(self._chance.new_id())
            first, second, third = self._chance.numbers(TAG_LENGTH)
            guest = Guest(
                guest_id=guest_id,
                meeting_id=meeting.meeting_id,
                name=name,
                tag=guest_tag((first, second, third)),
                address=guest_address(self._addresses.key, guest_id, self._addresses.domain),
                invited_by=who.member_id,
                requested_at=self._clock.now(),
            )
            if await uow.guests.add(guest):
                return guest
        raise Transient("I could not find a free tag for this name. Try again.", code="no_free_tag")

    async def _registered(self, meeting: Meeting, guest: Guest) -> Registered | None:
        assert meeting.zoom_id is not None  # noqa: S101 - only created meetings come here
        try:
            return await self._provider.add_registrant(
                meeting.link_id, meeting.zoom_id, guest.address, guest.shown_name
            )
        except OutcomeUnknown:
            return None
        except (UserMistake, NeedsAttention, Transient):
            await self._drop(guest, None)
            raise

    async def _drop(self, guest: Guest, registered: Registered | None) -> None:
        """Whatever Zoom made or may still make of this guest goes."""
        found = guest if registered is None else guest.issued(registered.registrant_id)
        async with self._store.work() as uow:
            meeting = await uow.meetings.get(guest.meeting_id)
            if meeting is not None:
                await self._revoke(uow, meeting, found, None)
            await uow.commit()
        await self._revoking.try_now(guest.meeting_id)

    async def _revoke(self, uow: UnitOfWork, meeting: Meeting, guest: Guest, actor: MemberId | None) -> None:
        await self._revoking.revoke_guest(uow, guest)
        await self._log(uow, meeting, "guest.revoked", actor, tag=guest.tag)

    async def _log(self, uow: UnitOfWork, meeting: Meeting, action: str, actor: MemberId | None, **facts: str) -> None:
        await uow.audit.append(
            meeting.guild_id, action, at=self._clock.now(), actor=actor, meeting=meeting.meeting_id, facts=facts
        )


def _hands_out(meeting: Meeting) -> bool:
    return meeting.upcoming and meeting.door is Door.OPEN and not meeting.blocked_by_read_back
