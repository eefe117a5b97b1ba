"""Who may report, and which call a report is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.community import Community, MemberFacts, Right, admits, may
from bot.domain.meeting import Meeting, admission_policy
from bot.domain.session import Session
from bot.domain.values import ALLOWED, Decision, MeetingId, refused

REPORTABLE_FOR = timedelta(days=14)
"""How long after its end a call is still the one that a report means."""


@dataclass(frozen=True, slots=True)
class Call:
    """A run of a meeting. `theirs`: the person who reports has or had a link for it."""

    meeting: Meeting
    session: Session
    theirs: bool = False


def may_report(who: MemberFacts, community: Community, calls: Sequence[Call], now: datetime) -> Decision:
    """Everybody verified may, moderators and organisers too; newcomers about an open-door call that admits them.

    Being timed out or quarantined takes this away from nobody.
    """
    if who.is_bot:
        return refused("bot", "Bots cannot report.")
    if may(Right.INCIDENTS, who, community) or not who.role_ids.isdisjoint(community.verified_roles):
        return ALLOWED
    if knows_of(who, community, calls, now):
        return ALLOWED
    return refused(
        "report_not_verified",
        "Reports through me are for verified members, and you are not verified here yet. Tell a moderator of this server: they can report it. "
        "**If somebody is in danger now, ring the emergency number of your country.**",
    )


def knows_of(who: MemberFacts, community: Community, calls: Sequence[Call], now: datetime) -> tuple[Call, ...]:
    """The calls this person may hear of: all for moderators, else those that admit them or that they had a link for."""
    everything = bool(may(Right.INCIDENTS, who, community))
    return tuple(
        call
        for call in calls
        if everything or call.theirs or admits(admission_policy(call.meeting, community), who, now)
    )


def call_meant(calls: Sequence[Call], wanted: MeetingId | None) -> Call | None:
    """The call a report is about: the one named; else a running one, first one they have a link for; else the last that ended.

    Args:
        calls: live ones first, then the newest.
    """
    if wanted is not None:
        return next((call for call in calls if call.meeting.meeting_id == wanted), None)
    return min(calls, key=lambda call: (not call.session.live, not call.theirs, calls.index(call)), default=None)
