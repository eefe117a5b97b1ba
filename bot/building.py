"""The composition root: which adapter keeps which port, and which use case gets which."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from discord import app_commands

from bot.adapters.discord_chat.alerts import DiscordAlerts
from bot.adapters.discord_chat.answering import note_with
from bot.adapters.discord_chat.chat import DiscordChat
from bot.adapters.discord_chat.client import GUILD_READY_TIMEOUT, OneShard, VestibuleClient
from bot.adapters.discord_chat.commands import register
from bot.adapters.discord_chat.connection import Connecting, DiscordConnection, Presence
from bot.adapters.discord_chat.direct_messages import DirectMessagePace
from bot.adapters.discord_chat.endpoints import DiscordEndpoints
from bot.adapters.discord_chat.fleet import ShardFleet, Sharding
from bot.adapters.discord_chat.identifying import IdentifyTurns
from bot.adapters.discord_chat.leak_messages import DiscordLeakMessages
from bot.adapters.discord_chat.link_rules import DiscordLinkRules, watch_blocked
from bot.adapters.discord_chat.reminders import DiscordReminders
from bot.adapters.discord_chat.rest_client import RestClient
from bot.adapters.discord_chat.server_events import DiscordServerEvents
from bot.adapters.discord_chat.use_cases import UseCases
from bot.adapters.discord_chat.watching import watch
from bot.adapters.discord_chat.whereabouts import DiscordWhereabouts, watch_departures
from bot.adapters.signing.jwt_tickets import JwtTickets
from bot.adapters.store.repositories.jobs import ROUTINE
from bot.adapters.store.sealed import Sealer
from bot.adapters.store.unit_of_work import SqlStore, open_store
from bot.adapters.timing import DatePhrases, SystemChance, SystemClock, WallClockWeeks
from bot.adapters.zoom.client import ZoomClient
from bot.adapters.zoom.event_stream import STREAM_URL
from bot.adapters.zoom.grants import ZoomGrants
from bot.adapters.zoom.lane import EmergencyLane
from bot.adapters.zoom.oauth import OAUTH_URL
from bot.adapters.zoom.wire import API_URL
from bot.domain.linking import RETURN_PATH
from bot.domain.values import MeetingId, Secret
from bot.for_incidents import ForIncidents, for_incidents
from bot.for_moderators import ForModerators, for_moderators
from bot.from_leaks import LeakWatch, leak_watch
from bot.from_zoom import FromZoom, Stream, from_zoom
from bot.in_emergencies import InEmergencies, in_emergencies, spool_of
from bot.ports import Chance, Clock, Job, LinkJob
from bot.privacy import PeoplesData
from bot.roles import Role
from bot.services.account_status import AccountStatus
from bot.services.admissions import Admissions
from bot.services.announcing import Announcing
from bot.services.cancelling import Cancelling
from bot.services.closed_here import ClosedHere
from bot.services.community_setup import CommunitySetup
from bot.services.companions import Companions
from bot.services.creating import Creating
from bot.services.drafting import Drafting
from bot.services.incident_links import OpensIncidents
from bot.services.invite_book import Addresses
from bot.services.issuing import Issuing
from bot.services.leading import Leading
from bot.services.link_requests import LinkRequests
from bot.services.link_upkeep import LinkUpkeep
from bot.services.linking import Linking
from bot.services.meeting_views import MeetingViews
from bot.services.patience import PATIENCE
from bot.services.planning_anew import PlanningAnew
from bot.services.proposing import Proposing
from bot.services.releasing import LinksFollow
from bot.services.reminding import Reminding
from bot.services.series import Series
from bot.services.series_cancelling import SeriesCancelling
from bot.services.series_views import SeriesViews
from bot.services.server_events import EventKeeping
from bot.services.tokens import AccountTokens
from bot.services.unlinking import Unlinking
from bot.services.upkeep import Upkeep
from bot.settings import Settings
from bot.sharing import Shared, note_first_key, register_clean_up, shared_by_processes


@dataclass(frozen=True)
class Outside:
    """The world beyond this process: the real one, unless a rehearsal, a test or a benchmark hands in another."""

    clock: Clock = field(default_factory=SystemClock)
    chance: Chance = field(default_factory=SystemChance)
    zoom_api: str = API_URL
    zoom_oauth: str = OAUTH_URL
    zoom_stream: str = STREAM_URL
    discord: DiscordEndpoints | None = None
    guild_ready_timeout: float = GUILD_READY_TIMEOUT
    store_patience: float = PATIENCE
    """Seconds an emergency waits for the store."""


@dataclass(frozen=True)
class House:
    store: SqlStore
    upkeep: Upkeep
    linking: Linking
    link_requests: LinkRequests
    link_upkeep: LinkUpkeep
    zoom: ZoomClient
    connection: Presence
    shared: Shared
    leading: Leading
    tokens: AccountTokens
    from_zoom: FromZoom
    incidents: ForIncidents
    peoples_data: PeoplesData
    emergencies: InEmergencies
    watched: LeakWatch
    moderators: ForModerators


@asynccontextmanager
async def built(settings: Settings, outside: Outside, role: Role = Role.ALL) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        sealer = Sealer(settings.keys)
        store = open_store(
            settings.database_address,
            sealer,
            outside.chance,
            synchronous="FULL" if settings.sqlite_synchronous == "full" else "NORMAL",
        )
        stack.push_async_callback(store.close)
        session = await stack.enter_async_context(
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=True)
        )
        shared = shared_by_processes(settings, store, stack)
        house = _furnish(settings, outside, store, sealer, session, shared, role)
        stack.push_async_callback(house.tokens.finish)
        stack.push_async_callback(house.from_zoom.rooms.close)
        stack.push_async_callback(house.emergencies.close)
        stack.push_async_callback(house.moderators.keeping.settled)
        for job in Job:
            store.jobs.register(job.value, _handler(house.upkeep, job), queue=ROUTINE)
        for link_job in LinkJob:
            store.jobs.register(link_job.value, _link_handler(house.link_upkeep, link_job), queue=ROUTINE)
        register_clean_up(store)
        house.from_zoom.register_clean_up(store)
        house.peoples_data.register_clean_up(store)
        house.watched.register_looks(store)
        await note_first_key(store, sealer.key_ids[0])
        await stack.enter_async_context(store.jobs.open())
        yield house


def _furnish(
    settings: Settings,
    outside: Outside,
    store: SqlStore,
    sealer: Sealer,
    session: aiohttp.ClientSession,
    shared: Shared,
    role: Role,
) -> House:
    clock, chance = outside.clock, outside.chance
    secret = Secret(settings.zoom_client_secret.get_secret_value())
    public_url = settings.public_url or ""
    consents = ZoomGrants(
        session,
        settings.zoom_client_id,
        secret,
        clock,
        redirect_uri=public_url + RETURN_PATH,
        oauth_url=outside.zoom_oauth,
        api_url=outside.zoom_api,
    )
    offered = consents if settings.links_by_oauth else None
    tickets = JwtTickets(sealer.derive_all("link-tickets"))
    link_requests = LinkRequests(store, offered, tickets, clock, chance, public_url)
    tokens = AccountTokens(store, consents, clock, chance.new_id())
    zoom = ZoomClient(session, tokens, shared.pacer, clock, outside.zoom_api)
    pace = DirectMessagePace(clock)
    chat = DiscordChat(lambda: connection.client(), pace)
    phrases = DatePhrases()
    creating = Creating(store, zoom, clock)
    drafting = Drafting(store, chat, phrases, clock, chance, registrant_domain=settings.registrant_domain)
    cancelling = Cancelling(store, creating, clock)
    announcing = Announcing(store, chat, clock)
    series = Series(store, drafting, creating, WallClockWeeks(), clock, chance)
    reminders = DiscordReminders(lambda: connection.client(), pace)
    reminding = Reminding(store, chat, reminders, announcing, clock)
    events = EventKeeping(store, DiscordServerEvents(lambda: connection.client()), clock)
    addresses = Addresses(sealer.derive("registrant-address"), settings.registrant_domain)
    alerts = DiscordAlerts(lambda: connection.client())
    stream = Stream(session, outside.zoom_oauth, outside.zoom_stream)
    reported = from_zoom(settings, store, sealer, zoom, chat, alerts, cancelling, clock, chance, stream)
    companions = Companions(store, announcing, series, events, reminding, clock)
    closed_here = ClosedHere()
    issuing = Issuing(store, zoom, chat, clock, chance, addresses, closed_here)
    links = LinksFollow.built(
        store, zoom, chat, creating, announcing, companions.announce, issuing, addresses, clock, chance
    )
    lane = EmergencyLane(session, tokens, shared.pacer, clock, outside.zoom_api)
    emergencies = in_emergencies(
        store,
        reported.rooms,
        lane,
        zoom,
        zoom,
        links.revoking,
        spool_of(settings),
        clock,
        chance,
        closed_here,
        OpensIncidents(clock, chance),
        patience_seconds=outside.store_patience,
    )
    incidents = for_incidents(
        store, lambda: connection.client(), pace, reported.rooms, zoom, emergencies.acting, clock, chance
    )
    moderators = for_moderators(
        store, reported.rooms, emergencies.acting, chat, lambda: connection.client(), pace, clock, chance
    )
    watched = leak_watch(
        store,
        zoom,
        DiscordLeakMessages(lambda: connection.client(), pace),
        DiscordLinkRules(lambda: connection.client()),
        creating,
        links.revoking,
        announcing,
        clock,
        chance,
    )
    unlinking = Unlinking(store, offered, clock)
    whereabouts = DiscordWhereabouts(lambda: connection.client())
    data = PeoplesData.built(store, chat, whereabouts, links.revoking, unlinking, clock)
    use_cases = UseCases(
        setup=CommunitySetup(
            store,
            chat,
            phrases,
            clock,
            has_event_endpoint=settings.hears_events,
            sees_leaving=settings.discord_members_intent,
            has_registrant_domain=settings.registrant_domain is not None,
        ),
        drafting=drafting,
        creating=creating,
        cancelling=cancelling,
        views=MeetingViews(store),
        admissions=Admissions(store, issuing, clock),
        proposing=Proposing(store, chat, phrases, drafting, clock, chance),
        editing=links.editing,
        guests=links.guests,
        clock=clock,
        link_requests=link_requests,
        account_status=AccountStatus(store, zoom, zoom),
        unlinking=unlinking,
        series=series,
        series_cancelling=SeriesCancelling(store, cancelling),
        series_views=SeriesViews(store),
        reminding=reminding,
        drifting=reported.drifting,
        planning_anew=PlanningAnew(store, drafting),
        incidents=incidents.cases,
        live=moderators.cases,
        leaks=watched.leaks,
        rotation=watched.rotation,
        guard=watched.guard,
        privacy=data.privacy,
    )

    def add_commands(client: VestibuleClient, tree: app_commands.CommandTree[VestibuleClient]) -> None:
        register(client, tree, use_cases)
        note_with(client, incidents.cases.noting.note)
        watch(client, links.following, data.departures)
        watch_departures(client, data.departures)
        watch_blocked(client, clock, watched.guard.blocked)

    def build(shard: OneShard | None = None) -> VestibuleClient:
        return VestibuleClient(
            add_commands,
            _Notes(store),
            guild_id=settings.discord_guild_id,
            guild_ready_timeout=outside.guild_ready_timeout,
            members_intent=settings.discord_members_intent,
            shard=shard,
        )

    connection = _presence(settings, shared, role, build)
    handlers = {
        **companions.handlers(),
        **links.handlers(),
        **watched.handlers(),
        **reported.handlers,
        **emergencies.handlers,
    }
    upkeep = Upkeep(store, creating, announcing, clock, handlers)
    link_upkeep = LinkUpkeep(store, link_requests, chat, clock)
    leading = Leading(shared.claims, clock)
    linking = Linking(store, zoom, clock)
    return House(
        store,
        upkeep,
        linking,
        link_requests,
        link_upkeep,
        zoom,
        connection,
        shared,
        leading,
        tokens,
        reported,
        incidents,
        data,
        emergencies,
        watched,
        moderators,
    )


def _presence(
    settings: Settings, shared: Shared, role: Role, build: Callable[[OneShard | None], VestibuleClient]
) -> Presence:
    """How a process of this role is present at Discord."""

    def connect(make: Callable[[], Connecting]) -> DiscordConnection:
        token = settings.discord_token.get_secret_value()
        return DiscordConnection(make, token, finish_within=settings.shutdown_seconds)

    if role is Role.ALL:
        return connect(lambda: build(None))
    if role is not Role.SHARD or shared.claims is None:
        return connect(RestClient)
    sharding = Sharding(
        shared.claims,
        lambda groups: IdentifyTurns(shared.limits, groups),
        count=settings.shard_count,
        share=settings.shards_per_process,
    )
    return ShardFleet(connect(RestClient), build, connect, sharding)


def _handler(upkeep: Upkeep, job: Job) -> Callable[..., Awaitable[None]]:
    async def handle(meeting_id: str) -> None:
        await upkeep.run(job, MeetingId(meeting_id))

    return handle


def _link_handler(upkeep: LinkUpkeep, job: LinkJob) -> Callable[..., Awaitable[None]]:
    async def handle(subject: str) -> None:
        await upkeep.run(job, subject)

    return handle


class _Notes:
    """The notes outside a unit of work of somebody's own."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    async def get(self, key: str) -> str | None:
        async with self._store.read() as uow:
            return await uow.notes.get(key)

    async def put(self, key: str, value: str) -> None:
        async with self._store.work() as uow:
            await uow.notes.put(key, value)
            await uow.commit()
