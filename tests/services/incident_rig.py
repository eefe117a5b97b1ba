"""Stand-ins at the ports of incidents, and the use cases on them."""

from __future__ import annotations

from collections.abc import Sequence

from bot.adapters.directory.reading import read_routes
from bot.adapters.discord_chat.incident_cases import IncidentCases
from bot.adapters.evidence.packing import ZipPacking
from bot.adapters.signing.notary import EdNotaries
from bot.adapters.store.unit_of_work import SqlStore
from bot.domain.community import MemberFacts
from bot.domain.errors import NeedsAttention, Undeliverable, VestibuleError
from bot.domain.incident import IncidentId
from bot.domain.values import ChannelId, GuildId, LinkId, MeetingId, MemberId, SessionId
from bot.ports import (
    AftercarePosts,
    Attended,
    Chance,
    Clock,
    ConfirmationReminder,
    PastCalls,
    PastRecord,
    PrivateFollowUps,
    RemoveFromReport,
)
from bot.services.aftercare import Aftercare
from bot.services.audit_views import AuditViews, CommandRecord
from bot.services.evidence import Evidencing
from bot.services.follow_ups import FollowingUp
from bot.services.incidents import Incidents
from bot.services.reporting import Reporting
from bot.services.rooms import Rooms
from bot.services.signing import Signing


class FakeFollowUps:
    """Direct messages to the persons concerned."""

    def __init__(self) -> None:
        self.sent: list[tuple[MemberId, ConfirmationReminder]] = []
        self.closed: set[MemberId] = set()
        self.fail_next: Exception | None = None

    async def ask_confirmation(self, member_id: MemberId, reminder: ConfirmationReminder) -> None:
        if self.fail_next is not None:
            failure, self.fail_next = self.fail_next, None
            raise failure
        if member_id in self.closed:
            raise Undeliverable("Takes no messages.", code="dm_closed")
        self.sent.append((member_id, reminder))


class FakeAftercare:
    """The community's channel."""

    def __init__(self) -> None:
        self.offered: list[tuple[ChannelId, IncidentId]] = []

    async def offer_support(self, guild_id: GuildId, channel_id: ChannelId, incident_id: IncidentId) -> None:
        self.offered.append((channel_id, incident_id))


class FakePastCalls:
    """Zoom's lists of a call that is over: those of `refused` it refuses."""

    def __init__(self) -> None:
        self.rows: dict[PastRecord, list[Attended]] = {}
        self.refused: dict[PastRecord, VestibuleError] = {
            PastRecord.DASHBOARD: NeedsAttention("Business only.", code="zoom_needs_licence")
        }
        self.asked: list[tuple[SessionId, PastRecord]] = []

    async def attended(self, link_id: LinkId, session_id: SessionId, record: PastRecord) -> Sequence[Attended]:
        self.asked.append((session_id, record))
        if record in self.refused:
            raise self.refused[record]
        return self.rows.get(record, [])


class FakeRemoving:
    """Whoever acts on running calls."""

    def __init__(self) -> None:
        self.removed: list[tuple[MeetingId, str, MemberId]] = []
        self.fail: Exception | None = None

    async def remove(self, guild_id: GuildId, meeting_id: MeetingId, participant_uuid: str, who: MemberFacts) -> str:
        if self.fail is not None:
            raise self.fail
        self.removed.append((meeting_id, participant_uuid, who.member_id))
        return "Zoom took the removal; I tell you when they are out."


def incident_cases(
    store: SqlStore,
    clock: Clock,
    chance: Chance,
    follow_ups: PrivateFollowUps,
    aftercare: AftercarePosts,
    removing: RemoveFromReport,
    rooms: Rooms,
    past: PastCalls,
) -> IncidentCases:
    routes = read_routes()
    signing = Signing(store, EdNotaries())
    return IncidentCases(
        Reporting(store, clock, chance, routes, removing),
        FollowingUp(store, follow_ups, clock),
        Incidents(store, clock),
        Aftercare(store, aftercare, clock, routes),
        AuditViews(store),
        CommandRecord(store, clock),
        Evidencing(store, rooms, past, ZipPacking(), signing, clock),
    )
