"""What processes on one database share: limits of Zoom accounts, turns at Discord, and who does what. One process on SQLite shares with nobody."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from time import monotonic

from pyrate_limiter.abstracts.store import StateStore

from bot.adapters.store.claims import PostgresClaims
from bot.adapters.store.engine import Database
from bot.adapters.store.jobs_worker import HOUSEKEEPING
from bot.adapters.store.rate_state import SqlRateState, drop_unused
from bot.adapters.store.repositories.bookkeeping import SqlNotes
from bot.adapters.store.unit_of_work import SqlStore
from bot.adapters.zoom.pacing import Pacer, in_memory
from bot.domain.values import LinkId
from bot.settings import Settings

_FIRST_KEY = "keys.first"
LOOK_AGAIN = 10.0
"""Seconds after which an account's plan is read again."""


@dataclass(frozen=True)
class Shared:
    """`claims` is None where there is one process only."""

    claims: PostgresClaims | None
    limits: Callable[[str], StateStore]
    pacer: Pacer


def shared_by_processes(settings: Settings, store: SqlStore, stack: AsyncExitStack) -> Shared:
    """On SQLite everything is kept in memory; on PostgreSQL in the database. `stack` closes what is opened."""
    if settings.uses_sqlite:
        return Shared(None, in_memory, Pacer(in_memory, StoredAccounts(store)))
    claims = PostgresClaims(store.database.url)
    stack.push_async_callback(claims.close)

    def limits(key: str) -> StateStore:
        return SqlRateState(store.database, key)

    return Shared(claims, limits, Pacer(limits, StoredAccounts(store)))


async def note_first_key(store: SqlStore, key_id: str) -> None:
    """Let `vestibule keys rotate` know with which key this process seals, and that it can open what is sealed with it."""
    async with store.work() as uow:
        await uow.notes.put(_FIRST_KEY, key_id)
        await uow.commit()


async def first_key_in_use(database: Database) -> str | None:
    """The id of the first key of the process started last; None if none ever was."""
    async with database.read_session() as session:
        return await SqlNotes(session).get(_FIRST_KEY)


def register_clean_up(store: SqlStore) -> None:
    """Limits nobody used for a day are deleted; a state that old equals a fresh one."""

    async def drop_old_limits() -> None:
        """Harmless twice: what is deleted is gone."""
        await drop_unused(store.database)

    store.jobs.register("limits.drop_unused", drop_old_limits, queue=HOUSEKEEPING, cron="43 * * * *")


class StoredAccounts:
    """Implements `bot.adapters.zoom.pacing.Accounts` on the store, so that every process paces an account alike.

    Every call to Zoom asks here, so what was read is kept for `LOOK_AGAIN` seconds: a plan that another process learned is obeyed that much later.
    """

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self._accounts: dict[LinkId, tuple[float, str]] = {}
        self._plans: dict[str, tuple[float, str | None]] = {}

    async def account(self, link_id: LinkId) -> str:
        """The Zoom account the link is of; the link itself while it is not stored."""
        known = self._accounts.get(link_id)
        if known is not None and known[0] > monotonic():
            return known[1]
        async with self._store.read() as uow:
            link = await uow.links.get(link_id)
        if link is None:
            return link_id
        self._accounts[link_id] = (monotonic() + LOOK_AGAIN, link.zoom_account_id)
        return link.zoom_account_id

    async def plan(self, account: str) -> str | None:
        """What was noted last."""
        known = self._plans.get(account)
        if known is not None and known[0] > monotonic():
            return known[1]
        async with self._store.read() as uow:
            plan = await uow.notes.get(_plan_note(account))
        self._plans[account] = (monotonic() + LOOK_AGAIN, plan)
        return plan

    async def note_plan(self, account: str, plan: str) -> None:
        """Note it for everybody."""
        async with self._store.work() as uow:
            await uow.notes.put(_plan_note(account), plan)
            await uow.commit()
        self._plans.pop(account, None)


def _plan_note(account: str) -> str:
    return f"zoom.plan:{account}"
