"""Links that were posted: found in the message somebody points at, taken back from their holder alone, and asked about from the second time on.

Moderators act. What a member points at is kept and told to the moderators: deleting other people's messages and taking links back is not theirs, and
neither is learning whose link it was (docs/adr/0029).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum

from bot.domain.community import MemberFacts, Right, is_organiser, may
from bot.domain.errors import NeedsAttention, OutcomeUnknown, Transient, Undeliverable, UserMistake
from bot.domain.leak import Leak, LeakKind, must_ask
from bot.domain.meeting import Meeting
from bot.domain.values import AlertId, ChannelId, GuildId, LeakId, MeetingId, MemberId, MessageId
from bot.domain.zoom_links import find_links
from bot.ports import (
    Alert,
    AlertKind,
    AlertOutcome,
    Chance,
    Clock,
    HolderNote,
    Job,
    LeakMessages,
    Place,
    Store,
    UnitOfWork,
)
from bot.services.alerting import about
from bot.services.leak_recognition import PostedMessage, recognised
from bot.services.revoking import Revoking
from bot.services.rights import community_where


class Deletion(Enum):
    """What became of the message."""

    DELETED = "deleted"
    GONE = "gone"
    """Somebody else had deleted it."""
    NOT_ALLOWED = "not_allowed"
    """The bot may not delete there."""
    FAILED = "failed"
    """Discord did not answer."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One link of this community that was in the message.

    `times` counts the different links of its holder that leaked here, this one included; `held`: a new one takes a moderator's word. `void` is
    False while Zoom has not confirmed that the link lets nobody in; None where a link of this kind cannot be made void for one person.
    """

    leak: Leak
    meeting: Meeting
    times: int = 0
    held: bool = False
    void: bool | None = None


@dataclass(frozen=True, slots=True)
class Dealt:
    """What was done about a message. `elsewhere` counts links into calls that are not this community's."""

    findings: tuple[Finding, ...]
    elsewhere: int
    deletion: Deletion
    channel_id: ChannelId
    organiser: bool


@dataclass(frozen=True, slots=True)
class ToldModerators:
    """A member pointed at it: the moderators were told, where there is somewhere to tell them."""

    reachable: bool


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose link it was, for a moderator's eyes. `guest` is the shown name of a guest, `invited_by` who answers for them."""

    leak: Leak
    times: int
    guest: str = ""
    invited_by: MemberId | None = None


class Leaks:
    """ "This leaks a Zoom link", and the buttons that follow from it."""

    def __init__(self, store: Store, messages: LeakMessages, revoking: Revoking, clock: Clock, chance: Chance) -> None:
        self._store = store
        self._messages = messages
        self._revoking = revoking
        self._clock = clock
        self._chance = chance

    async def report(self, who: MemberFacts, guild_id: GuildId, posted: PostedMessage) -> Dealt | ToldModerators:
        """Somebody points at a message. A moderator's word takes back at once; anybody else's is told to the moderators.

        Raises:
            UserMistake: there is no Zoom link in it.
        """
        found = find_links(posted.text.reveal())
        if not found:
            raise UserMistake(
                "I find no Zoom link in that message. If it should go all the same, delete it by hand or tell a moderator.",
                code="no_zoom_link",
            )
        async with self._store.work() as uow:
            community = await uow.communities.get(guild_id)
            known, elsewhere = await recognised(
                uow, guild_id, posted, who.member_id, found, self._clock.now(), self._chance
            )
            for leak in known:
                await uow.leaks.add(leak)
            if not may(Right.MODERATE, who, community):
                await self._tell_moderators(uow, who, guild_id, posted, len(found))
                await uow.commit()
                return ToldModerators(community.moderators_channel is not None)
            findings = await self._deal(uow, who, guild_id, posted.message_id)
            await self._log(uow, guild_id, "leak.dealt", who.member_id, links=len(found), ours=len(findings))
            await uow.commit()
        return await self._finished(who, guild_id, posted.channel_id, posted.message_id, findings, elsewhere)

    async def deal(self, who: MemberFacts, guild_id: GuildId, channel_id: ChannelId, message_id: MessageId) -> Dealt:
        """A moderator acts on what a member pointed at. A second press changes nothing more.

        Raises:
            UserMistake: the person has no right.
        """
        async with self._store.work() as uow:
            await community_where(uow, guild_id, who, Right.MODERATE)
            findings = await self._deal(uow, who, guild_id, message_id)
            await self._log(uow, guild_id, "leak.dealt", who.member_id, ours=len(findings))
            await uow.commit()
        return await self._finished(who, guild_id, channel_id, message_id, findings, 0)

    async def whose(self, who: MemberFacts, guild_id: GuildId, leak_id: LeakId) -> Whose:
        """Whose link it was; the look is recorded.

        Raises:
            UserMistake: the person has no right, or it is not known any more.
        """
        async with self._store.work() as uow:
            await community_where(uow, guild_id, who, Right.MODERATE)
            leak = await self._leak(uow, guild_id, leak_id)
            times = await uow.leaks.times(guild_id, leak.member_id) if leak.member_id is not None else 0
            guest = await uow.guests.get(leak.guest_id) if leak.guest_id is not None else None
            await self._log(uow, guild_id, "leak.holder_shown", who.member_id, subject=leak.member_id)
            await uow.commit()
        if guest is None:
            return Whose(leak, times)
        return Whose(leak, times, guest.shown_name, guest.invited_by)

    async def allow(self, who: MemberFacts, guild_id: GuildId, leak_id: LeakId) -> bool:
        """The holder may have a new link; False if somebody had allowed it already.

        Raises:
            UserMistake: the person has no right, or the leak is not known any more.
        """
        async with self._store.work() as uow:
            await community_where(uow, guild_id, who, Right.MODERATE)
            leak = await self._leak(uow, guild_id, leak_id)
            if leak.member_id is None or not await uow.leaks.allow(guild_id, leak.member_id):
                return False
            await self._settle(uow, _again_alert(leak), AlertOutcome.ALLOWED)
            await self._log(uow, guild_id, "leak.new_link_allowed", who.member_id, subject=leak.member_id)
            await uow.commit()
        return True

    async def tell_holders(self, meeting_id: MeetingId) -> None:
        """Tell those members whose links leaked and who were not told. A repeat goes on with whoever is left; a message is posted once in minutes.

        Raises:
            Transient, NeedsAttention: Discord takes no message now; who is left is told later.
        """
        async with self._store.read() as uow:
            meeting = await uow.meetings.get(meeting_id)
            untold = await uow.leaks.untold(meeting_id)
        for leak in untold:
            if meeting is None or leak.member_id is None:
                continue
            async with self._store.read() as uow:
                held = await uow.leaks.held(leak.guild_id, leak.member_id)
            note = HolderNote(leak.leak_id, leak.guild_id, meeting.topic, leak.channel_id, held)
            with suppress(Undeliverable):  # then they are told with the next link they ask for
                await self._messages.tell_holder(leak.member_id, note)
            async with self._store.work() as uow:
                await uow.leaks.save(leak.told(self._clock.now()))
                await uow.commit()

    async def _deal(self, uow: UnitOfWork, who: MemberFacts, guild_id: GuildId, message_id: MessageId) -> list[Finding]:
        """Within the transaction: every link of the message that is kept is taken back, each from its holder alone."""
        findings = []
        for leak in await uow.leaks.of_message(guild_id, message_id):
            meeting = await uow.meetings.get(leak.meeting_id)
            if meeting is not None:
                findings.append(await self._deal_with(uow, who, leak, meeting))
        reported = await uow.alerts.get(_reported_alert(message_id))
        if reported is not None:
            await self._settle(uow, reported.alert_id, AlertOutcome.DEALT)
        return findings

    async def _deal_with(self, uow: UnitOfWork, who: MemberFacts, leak: Leak, meeting: Meeting) -> Finding:
        fresh = leak.dealt_at is None
        worked = fresh and meeting.upcoming and await self._taken_back(uow, who, leak, meeting)
        leak = leak.dealt(who.member_id, self._clock.now(), still_worked=worked)
        await uow.leaks.save(leak)
        if leak.kind is LeakKind.MEMBER and leak.member_id is not None:
            finding = await self._counted(uow, leak, meeting, leak.member_id, fresh=worked)
        else:
            finding = Finding(leak, meeting, void=False if leak.kind is LeakKind.GUEST else None)
        if worked and finding.void is None:
            await tell_public(uow, meeting, self._chance, self._clock, place=Place(leak.channel_id, leak.message_id))
        return finding

    async def _taken_back(self, uow: UnitOfWork, who: MemberFacts, leak: Leak, meeting: Meeting) -> bool:
        """Whether the link still let somebody in; of a personal one that is over now."""
        if leak.kind is LeakKind.MEMBER and leak.member_id is not None:
            invite = await uow.invites.current(meeting.meeting_id, leak.member_id)
            if invite is None or invite.invite_id != leak.invite_id:
                return False
            await self._revoking.revoke(uow, meeting, invite, why="leaked", actor=who.member_id)
        if leak.kind is LeakKind.GUEST and leak.guest_id is not None:
            guest = await uow.guests.get(leak.guest_id)
            if guest is None or not guest.current:
                return False
            await self._revoking.revoke_guest(uow, guest)
            await self._log(uow, meeting.guild_id, "guest.revoked", who.member_id, meeting=meeting, why="leaked")
        return True

    async def _counted(
        self, uow: UnitOfWork, leak: Leak, meeting: Meeting, member_id: MemberId, *, fresh: bool
    ) -> Finding:
        """The holder is told; from the second of their links on, a new one takes a moderator's word."""
        times = await uow.leaks.times(meeting.guild_id, member_id)
        if fresh:
            await uow.jobs.put(Job.TELL_HOLDERS, meeting.meeting_id)
        if fresh and must_ask(times):
            await uow.leaks.hold(meeting.guild_id, member_id, leak.leak_id, self._clock.now())
            alert = about(meeting, AlertKind.LEAKED_AGAIN, _again_alert(leak), self._clock.now())
            place = Place(leak.channel_id, leak.message_id)
            await uow.alerts.put(replace(alert, count=times, places=(place,), subject=leak.leak_id))
        held = await uow.leaks.held(meeting.guild_id, member_id)
        return Finding(leak, meeting, times, held, False if meeting.personal_links else None)

    async def _finished(
        self,
        who: MemberFacts,
        guild_id: GuildId,
        channel_id: ChannelId,
        message_id: MessageId,
        findings: Sequence[Finding],
        elsewhere: int,
    ) -> Dealt:
        """What can be done at once, after the commit: Zoom makes the links void, Discord deletes the message."""
        confirmed = {
            meeting_id: await self._revoking.try_now(meeting_id)
            for meeting_id in dict.fromkeys(f.meeting.meeting_id for f in findings if f.void is not None)
        }
        deletion = await self._deleted(guild_id, channel_id, message_id)
        async with self._store.work() as uow:
            community = await uow.communities.get(guild_id)
            await self._log(uow, guild_id, "leak.message", who.member_id, deletion=deletion.value)
            await uow.commit()
        done = tuple(
            replace(found, void=confirmed[found.meeting.meeting_id]) if found.void is not None else found
            for found in findings
        )
        return Dealt(done, elsewhere, deletion, channel_id, is_organiser(who, community))

    async def _deleted(self, guild_id: GuildId, channel_id: ChannelId, message_id: MessageId) -> Deletion:
        try:
            await self._messages.delete(guild_id, channel_id, message_id)
        except Undeliverable:
            return Deletion.GONE
        except NeedsAttention:
            return Deletion.NOT_ALLOWED
        except (Transient, OutcomeUnknown):
            return Deletion.FAILED
        return Deletion.DELETED

    async def _tell_moderators(
        self, uow: UnitOfWork, who: MemberFacts, guild_id: GuildId, posted: PostedMessage, links: int
    ) -> None:
        alert_id = _reported_alert(posted.message_id)
        if await uow.alerts.get(alert_id) is None:
            place = Place(posted.channel_id, posted.message_id)
            subject = f"{posted.channel_id}:{posted.message_id}"
            now = self._clock.now()
            await uow.alerts.put(
                Alert(alert_id, guild_id, AlertKind.LEAK_REPORTED, now, places=(place,), subject=subject)
            )
        await self._log(uow, guild_id, "leak.reported", who.member_id, links=links)

    async def _settle(self, uow: UnitOfWork, alert_id: AlertId, outcome: AlertOutcome) -> None:
        alert = await uow.alerts.get(alert_id)
        if alert is not None and alert.outcome is None:
            await uow.alerts.put(replace(alert, outcome=outcome, at=self._clock.now()))

    async def _leak(self, uow: UnitOfWork, guild_id: GuildId, leak_id: LeakId) -> Leak:
        leak = await uow.leaks.get(leak_id)
        if leak is None or leak.guild_id != guild_id:
            raise UserMistake("I know nothing of that any more; it was forgotten with its call.", code="leak_unknown")
        return leak

    async def _log(
        self,
        uow: UnitOfWork,
        guild_id: GuildId,
        action: str,
        actor: MemberId,
        *,
        subject: MemberId | None = None,
        meeting: Meeting | None = None,
        **facts: str | int,
    ) -> None:
        meeting_id = meeting.meeting_id if meeting is not None else None
        now = self._clock.now()
        await uow.audit.append(guild_id, action, at=now, actor=actor, subject=subject, meeting=meeting_id, facts=facts)


async def tell_public(
    uow: UnitOfWork,
    meeting: Meeting,
    chance: Chance,
    clock: Clock,
    *,
    place: Place | None = None,
    said: str = "",
) -> None:
    """Within a transaction: a link of this meeting that cannot be taken back from one person is out. One open alert gathers the places."""
    open_ones = await uow.alerts.open_of(meeting.meeting_id, AlertKind.LINK_PUBLIC)
    alert = open_ones[0] if open_ones else about(meeting, AlertKind.LINK_PUBLIC, chance.new_id(), clock.now())
    places = (place,) if place is not None and place not in alert.places else ()
    sentences = (said,) if said and said not in alert.said else ()
    if not open_ones or places or sentences:
        await uow.alerts.put(
            replace(alert, at=clock.now(), places=(*alert.places, *places), said=(*alert.said, *sentences))
        )


def _reported_alert(message_id: MessageId) -> AlertId:
    """One alert for each message, however many members point at it."""
    return AlertId(f"leak-{message_id}")


def _again_alert(leak: Leak) -> AlertId:
    return AlertId(f"again-{leak.leak_id}")
