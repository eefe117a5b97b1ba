"""What the commands may call: the use cases, handed over by the composition root."""

from __future__ import annotations

from dataclasses import dataclass

from bot.adapters.discord_chat.incident_cases import IncidentCases
from bot.adapters.discord_chat.live_cases import LiveCases
from bot.ports import Clock
from bot.services.account_status import AccountStatus
from bot.services.admissions import Admissions
from bot.services.cancelling import Cancelling
from bot.services.community_setup import CommunitySetup
from bot.services.creating import Creating
from bot.services.drafting import Drafting
from bot.services.drift import Drifting
from bot.services.editing import Editing
from bot.services.guests import Guesting
from bot.services.leaks import Leaks
from bot.services.link_guard import LinkGuard
from bot.services.link_requests import LinkRequests
from bot.services.meeting_rotation import MeetingRotation
from bot.services.meeting_views import MeetingViews
from bot.services.planning_anew import PlanningAnew
from bot.services.privacy import Privacy
from bot.services.proposing import Proposing
from bot.services.reminding import Reminding
from bot.services.series import Series
from bot.services.series_cancelling import SeriesCancelling
from bot.services.series_views import SeriesViews
from bot.services.unlinking import Unlinking


@dataclass(frozen=True, slots=True)
class UseCases:
    """One field per topic. Commands reach nothing else: neither the store nor Zoom."""

    setup: CommunitySetup
    drafting: Drafting
    creating: Creating
    cancelling: Cancelling
    views: MeetingViews
    admissions: Admissions
    proposing: Proposing
    editing: Editing
    guests: Guesting
    clock: Clock
    link_requests: LinkRequests
    account_status: AccountStatus
    unlinking: Unlinking
    series: Series
    series_cancelling: SeriesCancelling
    series_views: SeriesViews
    reminding: Reminding
    drifting: Drifting
    planning_anew: PlanningAnew
    incidents: IncidentCases
    live: LiveCases
    leaks: Leaks
    rotation: MeetingRotation
    guard: LinkGuard
    privacy: Privacy
