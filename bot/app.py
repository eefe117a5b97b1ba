"""Starts everything in order, keeps it running, stops it in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager

import structlog

from bot import metrics
from bot.adapters.discord_chat.connection import Presence
from bot.adapters.discord_chat.endpoints import point_at
from bot.adapters.store import migrate as migrations
from bot.adapters.store.jobs_worker import HOUSEKEEPING
from bot.adapters.store.repositories.jobs import LIVE, ROUTINE
from bot.adapters.web.health import health_routes
from bot.adapters.web.linking_pages import linking_routes
from bot.adapters.web.metrics import metrics_routes
from bot.adapters.web.server import WebServer
from bot.building import House, Outside, built
from bot.domain.errors import NeedsAttention, Transient, VestibuleError
from bot.domain.values import GuildId
from bot.ports import Clock
from bot.roles import Role
from bot.services.leading import sole_worker, stay_at_work
from bot.services.linking import ServerToServer
from bot.services.rooms import KEEP_UP_EVERY, Rooms
from bot.settings import Settings

SWEEP_EVERY = 1.0
"""Seconds between two looks at the agenda."""
HOSTS_AGAIN_AFTER = 30.0
"""Seconds until the hosts are asked for again when Zoom could not be reached."""
HOSTS_EVERY = 6 * 3600.0
"""Seconds between two looks at who the hosts are: plans and addresses change."""

log = structlog.stdlib.get_logger(__name__)


async def run(
    settings: Settings,
    *,
    stop: asyncio.Event,
    outside: Outside | None = None,
    on_listening: Callable[[int], None] | None = None,
    on_ready: Callable[[int], None] | None = None,
    role: Role = Role.ALL,
) -> None:
    """Be Vestibule, or the part of it that `role` names, until `stop` is set.

    Args:
        on_listening: called once, with the web server's port (0 without one), when it takes connections, before any work begins: Zoom's word on
            what this process does must find somebody.
        on_ready: called once, with the same port, when Discord is connected.

    Raises:
        NeedsAttention: somebody has to put something right first (the token, the port, the folder, PostgreSQL for a part).
    """
    _demand_postgres(settings, role)
    outside = outside or Outside()
    if outside.discord is not None:
        point_at(outside.discord)
    await migrate(settings)
    async with built(settings, outside, role) as house, _listening(settings, outside, house, role) as port:
        if on_listening is not None:
            on_listening(port)
        await _live(settings, house, role, outside.clock, stop, lambda: on_ready and on_ready(port))
    log.info("app.stopped", role=role.value)


def _demand_postgres(settings: Settings, role: Role) -> None:
    if role.is_split and settings.uses_sqlite:
        raise NeedsAttention(
            f'"vestibule {role.value}" is one of several processes on one database, and that needs PostgreSQL: set DATABASE_URL to '
            'postgresql://user:password@host/database. On SQLite use "vestibule run", which is everything in one process.',
            code="split_needs_postgres",
        )


@asynccontextmanager
async def _listening(settings: Settings, outside: Outside, house: House, role: Role) -> AsyncIterator[int]:
    """The web server of this role, while it runs; gives its port, 0 where there is none."""
    wanted = settings.port if role.faces_the_internet else settings.health_port
    if wanted is None:
        yield 0
        return
    token = settings.metrics_token
    routes = [
        *health_routes(_checks(house, role)),
        *metrics_routes(None if token is None else token.get_secret_value()),
    ]
    if role.faces_the_internet and settings.links_by_oauth:
        routes += linking_routes(house.link_requests, outside.clock, outside.zoom_oauth)
    if role.faces_the_internet and house.from_zoom.webhooks is not None:
        routes += house.from_zoom.webhooks.routes()
    web = WebServer(settings.host, wanted, routes)
    await web.start()
    try:
        yield web.port
    finally:
        await web.stop()


async def migrate(settings: Settings) -> None:
    """Bring the database's tables up to date; a SQLite file is copied first.

    Raises:
        NeedsAttention: the database is of a newer version or cannot be written.
    """
    try:
        copy = await migrations.upgrade(settings.database_address, backup_folder=settings.data_dir / "backups")
    except OSError as error:
        raise NeedsAttention(
            "The data folder cannot be written. Give this user the right to write there, or set DATA_DIR to another folder.",
            code="data_dir",
        ) from error
    if copy is not None:
        log.info("store.backed_up", file=copy.name)


async def _live(
    settings: Settings, house: House, role: Role, clock: Clock, stop: asyncio.Event, on_ready: Callable[[], object]
) -> None:
    """Everything that runs by itself. The first to fail ends the rest; `stop` ends them in order."""
    account = _account(settings)
    if account is not None and role.runs_jobs:
        await house.linking.bind(account)
    work = _work(settings, house, clock, account) if role.runs_jobs else {}
    if role.runs_jobs:
        await _give_back(house, clock)
    async with asyncio.TaskGroup() as group:
        background = [group.create_task(task, name=name) for name, task in work.items()]
        background.append(group.create_task(_keep_up(house.from_zoom.rooms, clock), name="rooms"))
        ready = house.emergencies.keep_ready(clock)
        background.append(group.create_task(ready, name="emergencies"))
        background.append(group.create_task(_announce_ready(house.connection, on_ready), name="ready"))
        if role.serves_discord:
            await house.connection.run(stop)
            _cancel(background)
        else:
            await _work_before_leaving(house.connection, stop, background)


async def _work_before_leaving(connection: Presence, stop: asyncio.Event, background: list[asyncio.Task[None]]) -> None:
    """Where no person waits for an answer, claimed jobs are finished first, and they need Discord until then."""
    hang_up = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(connection.run(hang_up), name="discord")
        await stop.wait()
        _cancel(background)
        await asyncio.wait(background)
        hang_up.set()


def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()


def _work(
    settings: Settings, house: House, clock: Clock, account: ServerToServer | None
) -> dict[str, Coroutine[object, object, None]]:
    """What goes on in a process that does the durable work, by name."""
    queues = [ROUTINE, LIVE, HOUSEKEEPING]
    worker = house.store.jobs.worker("vestibule", queues, grace_seconds=settings.shutdown_seconds)

    async def lead() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(_sweep(house.upkeep.sweep, clock), name="sweep")
            group.create_task(_sweep(house.link_upkeep.sweep, clock), name="link-sweep")
            group.create_task(_sweep(house.from_zoom.alerting.sweep, clock), name="alerts")
            group.create_task(_sweep(house.moderators.keeping.sweep, clock), name="panels")
            for name, sweep in house.incidents.sweeps.items():
                group.create_task(_sweep(sweep, clock), name=name)
            if house.from_zoom.stream is not None:
                group.create_task(house.from_zoom.stream.run(), name="event-stream")
            if account is not None:
                group.create_task(_keep_hosts(house, account, clock), name="hosts")

    work = {"worker": worker.keep_running(clock.sleep), "lead": house.leading.run(lead)}
    if house.shared.claims is not None:
        work["claim"] = stay_at_work(house.shared.claims, clock)
    return work


async def _give_back(house: House, clock: Clock) -> None:
    """At the start: if no other process runs jobs, whoever ran before is gone, and its unfinished jobs go back into the queue."""

    async def give_back() -> None:
        await house.store.jobs.give_back(silent_for=0)
        await house.emergencies.desk.adopt()

    if house.shared.claims is None:
        await give_back()
    else:
        await sole_worker(house.shared.claims, clock, give_back)


async def _announce_ready(connection: Presence, on_ready: Callable[[], object]) -> None:
    await connection.wait_until_ready()
    on_ready()


async def _sweep(sweep: Callable[[], Awaitable[int]], clock: Clock) -> None:
    while True:
        try:
            await sweep()
        except (Transient, NeedsAttention) as error:
            log.warning("sweep.waits", code=error.code)
        await clock.sleep(SWEEP_EVERY)


async def _keep_up(rooms: Rooms, clock: Clock) -> None:
    """Every process knows the live calls: one takes Zoom's events, another a moderator's press."""
    while True:
        try:
            await rooms.keep_up()
        except (Transient, NeedsAttention) as error:
            log.warning("rooms.wait", code=error.code)
        await clock.sleep(KEEP_UP_EVERY)


async def _keep_hosts(house: House, account: ServerToServer, clock: Clock) -> None:
    while True:
        wait = HOSTS_EVERY
        try:
            for problem in await house.linking.refresh_hosts(account):
                log.warning("hosts.unknown", advice=problem)
            await house.zoom.users(account.link_id)
        except VestibuleError as error:
            log.warning("hosts.not_read", code=error.code, advice=error.message)
            wait = HOSTS_AGAIN_AFTER
        await clock.sleep(wait)


def _account(settings: Settings) -> ServerToServer | None:
    if settings.zoom_account_id is None or settings.discord_guild_id is None:
        return None
    return ServerToServer(settings.zoom_account_id, GuildId(settings.discord_guild_id), settings.zoom_hosts)


def _checks(house: House, role: Role) -> dict[str, Callable[[], Awaitable[bool]]]:
    async def store_answers() -> bool:
        async with house.store.read() as uow:
            await uow.notes.get("ready")
        return True

    async def discord_connected() -> bool:
        return house.connection.connected

    metrics.DISCORD_CONNECTED.set_function(lambda: float(house.connection.connected))
    return {"store": store_answers} if role is Role.WEB else {"store": store_answers, "discord": discord_connected}
