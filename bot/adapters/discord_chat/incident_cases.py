"""The use cases about incidents, as one field of `UseCases`."""

from __future__ import annotations

from dataclasses import dataclass

from bot.services.aftercare import Aftercare
from bot.services.audit_views import AuditViews, CommandRecord
from bot.services.evidence import Evidencing
from bot.services.follow_ups import FollowingUp
from bot.services.incidents import Incidents
from bot.services.reporting import Reporting


@dataclass(frozen=True, slots=True)
class IncidentCases:
    """One field per topic."""

    reporting: Reporting
    following_up: FollowingUp
    incidents: Incidents
    aftercare: Aftercare
    record: AuditViews
    noting: CommandRecord
    evidence: Evidencing
