"""Serving shards together with other processes: each shard by one process at a time, and by another soon after that one ends.

A process claims its share of the shards at once. One that nobody serves for a while is taken over beyond the share, and handed back when a process
with room for it comes. Two processes may serve one shard for some seconds, when a claim is lost with the connection to the database. That does no
harm: the first act on every interaction is to acknowledge it, and Discord takes one acknowledgement only, so the second process stops there.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field

import discord
import structlog

from bot import metrics
from bot.adapters.discord_chat.client import OneShard, VestibuleClient
from bot.adapters.discord_chat.connection import DiscordConnection
from bot.adapters.discord_chat.errors import explaining
from bot.adapters.discord_chat.identifying import IdentifyTurns
from bot.domain.errors import NeedsAttention, Transient
from bot.ports.claims import Claim, Claims, ClaimsLost

LOOK_EVERY = 1.0
"""Seconds between two looks at who serves what."""
TAKE_OVER_AFTER = 4.0
"""Seconds a shard has to be without anybody before it is taken beyond the share: whoever served it may be back at once."""
LET_GO_AFTER = 5.0
"""Seconds without the database after which the shards are given up, because others may have taken them."""

log = structlog.stdlib.get_logger(__name__)


@dataclass
class _Served:
    """One shard this process serves."""

    connection: DiscordConnection
    stop: asyncio.Event
    task: asyncio.Task[None]


@dataclass(frozen=True)
class Sharding:
    """How the shards are divided.

    Args:
        claims: see `bot.ports.claims`.
        turns: makes the turns for Discord's `max_concurrency`.
        count: how many shards there are; None: as many as Discord recommends.
        share: how many this process serves while others serve the rest; None: all it can get.
    """

    claims: Claims
    turns: Callable[[int], IdentifyTurns]
    count: int | None = None
    share: int | None = None


@dataclass
class _Plan:
    """What the processes agreed on, and since when each shard has been without anybody."""

    count: int
    turns: IdentifyTurns
    lonely_since: dict[int, float] = field(default_factory=dict)


class ShardFleet:
    """One client for each shard that this process serves. Offers what `DiscordConnection` does.

    Args:
        rest: is run beside the shards, for everything that is no event.
        build: makes a fresh client for one shard.
        connect: keeps such clients connected.
    """

    def __init__(
        self,
        rest: DiscordConnection,
        build: Callable[[OneShard], VestibuleClient],
        connect: Callable[[Callable[[], VestibuleClient]], DiscordConnection],
        sharding: Sharding,
    ) -> None:
        self._rest = rest
        self._build = build
        self._connect = connect
        self._sharding = sharding
        self._served: dict[int, _Served] = {}
        self._looked = asyncio.Event()

    def client(self) -> discord.Client:
        """A client that is logged in now: the shard's own where there is one only, so that what it knows by heart is used.

        Raises:
            Transient: none is.
        """
        if len(self._served) == 1:
            (only,) = self._served.values()
            with suppress(Transient):
                return only.connection.client()
        return self._rest.client()

    @property
    def connected(self) -> bool:
        """Whether Discord can reach every shard of this process at this moment. With none it stands by."""
        return self._rest.connected and all(served.connection.connected for served in self._served.values())

    async def wait_until_ready(self) -> None:
        """Return once what this process serves at first is connected."""
        await self._looked.wait()
        for served in list(self._served.values()):
            await served.connection.wait_until_ready()

    async def run(self, stop: asyncio.Event) -> None:
        """Serve shards until `stop` is set, then end in order.

        Raises:
            NeedsAttention: Discord refuses the token, or other processes go by another number of shards.
        """
        async with asyncio.TaskGroup() as group:
            logged_in = group.create_task(self._rest.run(stop))
            await _unless_set(stop, self._rest.wait_until_ready())
            await self._serve(group, stop)
            self._let_go(self._serving())
            await logged_in

    async def _serve(self, group: asyncio.TaskGroup, stop: asyncio.Event) -> None:
        plan: _Plan | None = None
        last_answer = time.monotonic()
        while not stop.is_set():
            try:
                plan = plan or await self._agreed()
                await self._keep_claims(plan)
                await self._take_free(plan, group)
                last_answer = time.monotonic()
                self._looked.set()
            except ClaimsLost:
                log.warning("shards.claims_lost", serving=len(self._served))
                if time.monotonic() - last_answer > LET_GO_AFTER:
                    self._let_go(self._serving())
            except Transient as error:
                log.warning("shards.waiting", code=error.code)
            metrics.SHARDS.set(len(self._served))
            await _unless_set(stop, asyncio.sleep(LOOK_EVERY))

    async def _agreed(self) -> _Plan:
        """The number of shards that is in use, else ours; every process says which one it goes by."""
        with explaining("the bot's token"):
            recommended, _, limits = await self._rest.client().http.get_bot_gateway()
        claims, turns = self._sharding.claims, self._sharding.turns(limits["max_concurrency"])
        wanted = self._sharding.count
        in_use = await claims.held(Claim.SHARD_COUNT)
        count = wanted or next(iter(sorted(in_use)), recommended)
        await claims.share(Claim.SHARD_COUNT, count)
        others = await claims.held(Claim.SHARD_COUNT) - {count}
        if others and wanted is None:
            await claims.release(Claim.SHARD_COUNT, count)
            raise Transient("Another process began with another number of shards.", code="shard_count_race")
        if others:
            raise NeedsAttention(
                f"SHARD_COUNT is {count}, but running shard processes go by {min(others)}. Stop all of them, then start them again.",
                code="shard_count",
            )
        log.info("shards.agreed", count=count, groups=limits["max_concurrency"])
        return _Plan(count, turns)

    async def _keep_claims(self, plan: _Plan) -> None:
        """After the database was away: claim again what is served, and let go of what another took meanwhile."""
        claims = self._sharding.claims
        await claims.share(Claim.SHARD_COUNT, plan.count)
        self._let_go([shard_id for shard_id in self._serving() if not await claims.take(Claim.SHARD, shard_id)])
        ended = [shard_id for shard_id, served in self._served.items() if served.task.done()]
        for shard_id in ended:
            del self._served[shard_id]
            await claims.release(Claim.SHARD, shard_id)

    async def _take_free(self, plan: _Plan, group: asyncio.TaskGroup) -> None:
        claims, share = self._sharding.claims, self._sharding.share or plan.count
        free = sorted(set(range(plan.count)) - await claims.held(Claim.SHARD))
        now = time.monotonic()
        plan.lonely_since = {shard_id: plan.lonely_since.get(shard_id, now) for shard_id in free}
        for shard_id in free:
            alone_for_long = now - plan.lonely_since[shard_id] >= TAKE_OVER_AFTER
            if (len(self._serving()) < share or alone_for_long) and await claims.take(Claim.SHARD, shard_id):
                self._begin(shard_id, plan, group)
        if len(self._serving()) < share:
            await claims.share(Claim.SHARD_WANTED)
        else:
            await claims.release(Claim.SHARD_WANTED)
            if len(self._serving()) > share and await claims.held(Claim.SHARD_WANTED):
                self._let_go([max(self._serving())])

    def _begin(self, shard_id: int, plan: _Plan, group: asyncio.TaskGroup) -> None:
        shard = OneShard(shard_id, plan.count, plan.turns.wait)
        connection = self._connect(lambda: self._build(shard))
        stop = asyncio.Event()
        task = group.create_task(connection.run(stop), name=f"shard-{shard_id}")
        self._served[shard_id] = _Served(connection, stop, task)
        log.info("shards.taken", shard=shard_id, of=plan.count, serving=len(self._serving()))

    def _serving(self) -> list[int]:
        """The shards that were not told to end."""
        return [shard_id for shard_id, served in self._served.items() if not served.stop.is_set()]

    def _let_go(self, shard_ids: list[int]) -> None:
        """Tell them to end. Their claims are given up when they have."""
        for shard_id in shard_ids:
            self._served[shard_id].stop.set()
            log.info("shards.let_go", shard=shard_id)


async def _unless_set(stop: asyncio.Event, waiting: Coroutine[object, object, object]) -> None:
    """Wait, but no longer than until `stop`."""
    tasks = (asyncio.ensure_future(waiting), asyncio.ensure_future(stop.wait()))
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
