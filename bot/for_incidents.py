"""Reports, incidents and what follows from them, put together: use cases, messages, the sweeps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from discord import Client

from bot.adapters.directory.reading import read_routes
from bot.adapters.discord_chat.direct_messages import DirectMessagePace
from bot.adapters.discord_chat.incident_cases import IncidentCases
from bot.adapters.discord_chat.incident_messages import DiscordAftercare, DiscordFollowUps
from bot.adapters.evidence.packing import ZipPacking
from bot.adapters.signing.notary import EdNotaries
from bot.adapters.store.unit_of_work import SqlStore
from bot.adapters.zoom.client import ZoomClient
from bot.adapters.zoom.past_calls import ZoomPastCalls
from bot.ports import Chance, Clock
from bot.services.aftercare import Aftercare
from bot.services.audit_views import AuditViews, CommandRecord
from bot.services.checkpointing import Checkpointing
from bot.services.emergency import Acting
from bot.services.evidence import Evidencing
from bot.services.follow_ups import FollowingUp
from bot.services.incident_links import RemovesFromReports
from bot.services.incidents import Incidents
from bot.services.reporting import Reporting
from bot.services.rooms import Rooms
from bot.services.signing import Signing


@dataclass(frozen=True)
class ForIncidents:
    """`cases` are what the commands call; `sweeps` what whoever leads looks at again and again, by name."""

    cases: IncidentCases
    signing: Signing
    checkpointing: Checkpointing

    @property
    def sweeps(self) -> dict[str, Callable[[], Awaitable[int]]]:
        """By name."""
        return {
            "follow-ups": self.cases.following_up.sweep,
            "forget-incidents": self.cases.incidents.forget_over,
            "checkpoints": self.checkpointing.sweep,
        }


def for_incidents(
    store: SqlStore,
    client: Callable[[], Client],
    pace: DirectMessagePace,
    rooms: Rooms,
    zoom: ZoomClient,
    acting: Acting,
    clock: Clock,
    chance: Chance,
) -> ForIncidents:
    """All of it.

    Args:
        client: the client that is logged in at the moment.
        acting: who acts on running calls.
    """
    routes = read_routes()
    signing = Signing(store, EdNotaries())
    return ForIncidents(
        IncidentCases(
            Reporting(store, clock, chance, routes, RemovesFromReports(acting)),
            FollowingUp(store, DiscordFollowUps(client, pace), clock),
            Incidents(store, clock),
            Aftercare(store, DiscordAftercare(client), clock, routes),
            AuditViews(store),
            CommandRecord(store, clock),
            Evidencing(store, rooms, ZoomPastCalls(zoom), ZipPacking(), signing, clock),
        ),
        signing,
        Checkpointing(store, signing, clock),
    )
