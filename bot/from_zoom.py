"""What follows from Zoom's reports, put together: the endpoint, the inbox, the jobs, the alerts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import aiohttp

from bot.adapters.store.jobs_worker import HOUSEKEEPING
from bot.adapters.store.sealed import Sealer
from bot.adapters.store.unit_of_work import SqlStore
from bot.adapters.web.webhooks import Webhooks
from bot.adapters.zoom.client import ZoomClient
from bot.adapters.zoom.event_stream import ZoomEventStream
from bot.adapters.zoom.events import ZoomEventParser, ZoomEventReader, address_hash
from bot.adapters.zoom.oauth import ZoomOAuth
from bot.domain.values import Secret
from bot.ports import Alerts, Chance, Chat, Clock, Job
from bot.services.alerting import Alerting
from bot.services.cancelling import Cancelling
from bot.services.drift import Drifting
from bot.services.foreign_registrations import ForeignRegistrations
from bot.services.intake import Intake
from bot.services.missed_events import MissedEvents
from bot.services.rooms import Rooms
from bot.services.sessions import LiveSessions
from bot.services.upkeep import Handler
from bot.settings import Settings

EVENT_ADDRESS = "event-address"
"""What the key is for under which e-mail addresses in events are hashed."""
FORGET_EVENTS = "events.forget"


@dataclass(frozen=True)
class Stream:
    """Where Zoom's event stream is, and what it takes to open it."""

    session: aiohttp.ClientSession
    oauth_url: str
    url: str


@dataclass(frozen=True)
class FromZoom:
    """`webhooks` is None where no secret is configured: then there is no endpoint. `handlers` are those of the jobs that events ask for."""

    webhooks: Webhooks | None
    intake: Intake
    alerting: Alerting
    drifting: Drifting
    rooms: Rooms
    handlers: Mapping[Job, Handler]
    stream: ZoomEventStream | None
    """None where no subscription is configured. One process of all may run it: a new connection closes the one before."""

    def register_clean_up(self, store: SqlStore) -> None:
        """Events that were handled a week ago are forgotten."""
        store.jobs.register(FORGET_EVENTS, _forgetting(self.intake), queue=HOUSEKEEPING, cron="41 * * * *")


def from_zoom(
    settings: Settings,
    store: SqlStore,
    sealer: Sealer,
    zoom: ZoomClient,
    chat: Chat,
    alerts: Alerts,
    cancelling: Cancelling,
    clock: Clock,
    chance: Chance,
    stream: Stream,
) -> FromZoom:
    """All of it. Addresses are hashed with the first key, and recognised under every key there is."""
    keys = sealer.derive_all(EVENT_ADDRESS).values()

    def hashes(address: str) -> list[str]:
        return [address_hash(key, address) for key in keys]

    live = LiveSessions(store, zoom, clock)
    rooms = Rooms(store, live, clock, hashes, takes_events=settings.hears_events)
    intake = Intake(store, clock, chance, rooms.told)
    drifting = Drifting(store, zoom, cancelling, clock, chance)
    registrations = ForeignRegistrations(store, zoom, clock, chance, hashes)
    handlers: dict[Job, Handler] = {
        Job.FOLD_SESSIONS: rooms.fold,
        Job.LOOK_LIVE: live.look,
        Job.CHECK_DRIFT: drifting.check,
        Job.CHECK_REGISTRATIONS: registrations.check,
    }
    webhooks = _webhooks(settings, sealer, clock, intake)
    listening = _stream(settings, store, sealer, clock, intake, stream)
    return FromZoom(webhooks, intake, Alerting(store, chat, alerts, clock), drifting, rooms, handlers, listening)


def _webhooks(settings: Settings, sealer: Sealer, clock: Clock, intake: Intake) -> Webhooks | None:
    if settings.zoom_webhook_secret is None:
        return None
    key = sealer.derive(EVENT_ADDRESS)
    secret = Secret(settings.zoom_webhook_secret.get_secret_value())
    return Webhooks(ZoomEventReader(secret, clock, lambda address: address_hash(key, address)), intake)


def _stream(
    settings: Settings, store: SqlStore, sealer: Sealer, clock: Clock, intake: Intake, stream: Stream
) -> ZoomEventStream | None:
    if settings.zoom_ws_subscription_id is None or settings.zoom_account_id is None:
        return None
    key = sealer.derive(EVENT_ADDRESS)
    client_id, secret = settings.zoom_client_id, Secret(settings.zoom_client_secret.get_secret_value())
    return ZoomEventStream(
        stream.session,
        ZoomOAuth(stream.session, client_id, secret, clock, stream.oauth_url),
        client_id,
        secret,
        settings.zoom_ws_subscription_id,
        settings.zoom_account_id,
        ZoomEventParser(lambda address: address_hash(key, address)),
        intake,
        clock,
        MissedEvents(store, clock),
        stream.url,
    )


def _forgetting(intake: Intake) -> Callable[..., Awaitable[None]]:
    async def forget() -> None:
        """Harmless twice: what is forgotten is gone."""
        await intake.remove_old()

    return forget
