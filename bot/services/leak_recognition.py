"""Whose the links in a posted message are. Meetings of other communities are nobody's business here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.leak import Leak, LeakKind
from bot.domain.values import ChannelId, GuildId, LeakId, MemberId, MessageId, Secret
from bot.domain.zoom_links import FoundKind, FoundLink
from bot.ports import Chance, Holder, UnitOfWork


@dataclass(frozen=True, slots=True)
class PostedMessage:
    """The message somebody points at. Its text may hold a link, so it is masked."""

    channel_id: ChannelId
    message_id: MessageId
    author_id: MemberId
    text: Secret


async def recognised(
    uow: UnitOfWork,
    guild_id: GuildId,
    posted: PostedMessage,
    reported_by: MemberId,
    found: Sequence[FoundLink],
    at: datetime,
    chance: Chance,
) -> tuple[list[Leak], int]:
    """A leak, not kept yet, for each link into a meeting of this community; and how many links lead elsewhere."""
    holders = await uow.leaks.holders([link.token for link in found if link.token is not None])
    numbers = await uow.inbox.meetings({link.number for link in found if link.number is not None})
    leaks: dict[str, Leak] = {}
    elsewhere = 0
    for link in found:
        holder = holders.get(link.token) if link.token is not None else None
        numbered = numbers.get(link.number) if link.number is not None else None
        meeting_id = holder.meeting_id if holder is not None else numbered[0] if numbered is not None else None
        meeting = await uow.meetings.get(meeting_id) if meeting_id is not None else None
        if meeting is None or meeting.guild_id != guild_id:
            elsewhere += 1
            continue
        invite, guest = (holder.invite, holder.guest) if holder is not None else (None, None)
        leak = Leak(
            leak_id=LeakId(chance.new_id()),
            guild_id=guild_id,
            meeting_id=meeting.meeting_id,
            kind=_kind(link, holder),
            at=at,
            channel_id=posted.channel_id,
            message_id=posted.message_id,
            author_id=posted.author_id,
            reported_by=reported_by,
            invite_id=invite.invite_id if invite is not None else None,
            guest_id=guest.guest_id if guest is not None else None,
            member_id=invite.member_id if invite is not None else None,
        )
        leaks.setdefault(leak.once, leak)
    return list(leaks.values()), elsewhere


def _kind(link: FoundLink, holder: Holder | None) -> LeakKind:
    if holder is not None:
        return LeakKind.MEMBER if holder.invite is not None else LeakKind.GUEST
    return LeakKind.STRAY if link.kind is FoundKind.PERSONAL else LeakKind.MEETING
