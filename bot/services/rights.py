"""The first step of every use case: load the community and refuse whoever lacks the right."""

from __future__ import annotations

from bot.domain.community import Community, MemberFacts, Right, may
from bot.domain.errors import UserMistake
from bot.domain.meeting import Meeting
from bot.domain.values import GuildId, MeetingId
from bot.ports import UnitOfWork


async def community_where(uow: UnitOfWork, guild_id: GuildId, who: MemberFacts, right: Right) -> Community:
    """The community, if this person has the right there.

    Raises:
        UserMistake: they have not; says who has.
    """
    community = await uow.communities.get(guild_id)
    decision = may(right, who, community)
    if not decision:
        raise UserMistake(decision.reason, code=decision.code)
    return community


async def meeting_of(uow: UnitOfWork, guild_id: GuildId, meeting_id: MeetingId) -> Meeting:
    """The community's meeting.

    Raises:
        UserMistake: it has none of this id (an id of another community's counts as unknown).
    """
    meeting = await uow.meetings.get(meeting_id)
    if meeting is None or meeting.guild_id != guild_id:
        raise unknown_meeting()
    return meeting


def unknown_meeting() -> UserMistake:
    """What whoever names a meeting that the community does not have is told."""
    return UserMistake(
        "I do not know that meeting any more. /meeting list shows what is planned.", code="meeting_unknown"
    )
