"""procrastinate's connector for SQLite: the durable-work engine of one machine.

The engine (worker, retries, cron, abort, heartbeats) is procrastinate, unchanged; this is only its storage. The job
manager hands over the text of a named query, which is looked up and run as our own statement. Workers of this process
are told of new jobs after the commit; workers of other processes find them at their next poll.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from typing import Any

from procrastinate import exceptions, sql
from procrastinate.connector import BaseAsyncConnector, Notify
from sqlalchemy import Connection, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from bot.adapters.store.engine import Database
from bot.adapters.store.errors import is_locked
from bot.adapters.store.jobs_sqlite_reads import READS, Answer, Notice, Query, Rows
from bot.adapters.store.jobs_sqlite_writes import WRITES

_NAMES = {text: name for name, text in sql.queries.items()}
_QUERIES: dict[str, Query] = READS | WRITES


class SqliteConnector(BaseAsyncConnector):
    """Serves procrastinate's named queries from the application's own database.

    Args:
        database: the application owns it, opens and closes it.
        now: seconds since 1970.
    """

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now
        self._listeners: list[tuple[frozenset[str], Notify]] = []
        self._announcements: set[asyncio.Task[None]] = set()

    @property
    def listeners(self) -> int:
        """How many workers of this process are told of new jobs."""
        return len(self._listeners)

    def get_sync_connector(self) -> SqliteConnector:
        """This one: procrastinate asks for it where it would wait without an event loop, which this project never
        does."""
        return self

    def open(self, pool: Any = None) -> None:
        """Nothing to open: the application owns the database."""

    def close(self) -> None:
        """Nothing to close: the application owns the database."""

    async def open_async(self, pool: Any = None) -> None:
        """Nothing to open: the application owns the database."""

    async def close_async(self) -> None:
        """Let announcements finish."""
        await asyncio.gather(*self._announcements, return_exceptions=True)

    async def execute_query_async(self, query: str, **arguments: Any) -> None:
        await self._run(query, arguments)

    async def execute_query_one_async(self, query: str, **arguments: Any) -> dict[str, Any]:
        return _one(await self._run(query, arguments))

    async def execute_query_all_async(self, query: str, **arguments: Any) -> Rows:
        return await self._run(query, arguments)

    async def execute_query_one_async_with_connection(
        self, connection: AsyncConnection, query: str, **arguments: Any
    ) -> dict[str, Any]:
        return _one(await self._run_inside(connection, query, arguments))

    async def execute_query_all_async_with_connection(
        self, connection: AsyncConnection, query: str, **arguments: Any
    ) -> Rows:
        return await self._run_inside(connection, query, arguments)

    async def listen_notify(self, on_notification: Notify, channels: Iterable[str]) -> None:
        """Hear of jobs until cancelled. It never returns: the worker watches its side tasks only until one ends."""
        listener = (frozenset(channels), on_notification)
        self._listeners.append(listener)
        try:
            await asyncio.Event().wait()
        finally:
            self._listeners.remove(listener)

    async def _run(self, text: str, arguments: dict[str, Any]) -> Rows:
        """In a short transaction of its own. Another process's lock is waited out a few times: one error ends a
        worker."""
        name = _name(text)
        waiting = AsyncRetrying(
            retry=retry_if_exception(lambda error: is_locked(error.__cause__ or error)),
            stop=stop_after_attempt(3),
            wait=wait_random_exponential(multiplier=0.05, max=0.5),
            reraise=True,
        )
        answer: Answer = await waiting(self._once, name, arguments)
        await self._announce(answer.notices)
        return answer.rows

    async def _once(self, name: str, arguments: dict[str, Any]) -> Answer:
        transaction = self._database.writing() if name in WRITES else self._database.reading()
        try:
            async with transaction as connection:
                return await _QUERIES[name](connection, self._now(), **arguments)
        except SQLAlchemyError as error:
            raise exceptions.ConnectorException from error

    async def _run_inside(self, connection: AsyncConnection, text: str, arguments: dict[str, Any]) -> Rows:
        """Inside the caller's transaction: it is the caller's commit that makes it true and announces it."""
        try:
            answer = await _QUERIES[_name(text)](connection, self._now(), **arguments)
        except SQLAlchemyError as error:
            raise exceptions.ConnectorException from error
        if answer.notices and connection.sync_connection is not None:
            self._announce_at_commit(connection.sync_connection, answer.notices)
        return answer.rows

    def _announce_at_commit(self, connection: Connection, notices: tuple[Notice, ...]) -> None:
        def committing(_: Connection) -> None:
            # The event comes just before the commit; a worker woken now waits at the gate or the file's lock until it
            # is done.
            task = asyncio.get_running_loop().create_task(self._announce(notices))
            self._announcements.add(task)
            task.add_done_callback(self._announcements.discard)

        event.listen(connection, "commit", committing, once=True)

    async def _announce(self, notices: tuple[Notice, ...]) -> None:
        for notice in notices:
            payload = json.dumps({"type": notice.type, "job_id": notice.job_id})
            sent_on = {"procrastinate_any_queue_v1", f"procrastinate_queue_v1#{notice.queue}"}
            for channels, on_notification in list(self._listeners):
                for channel in channels & sent_on:
                    await on_notification(channel=channel, payload=payload)


def _name(text: str) -> str:
    name = _NAMES.get(text)
    if name is None or name not in _QUERIES:
        raise exceptions.ConnectorException(
            "this query is not served on SQLite; its tables come from the migrations (python -m bot migrate)"
        )
    return name


def _one(rows: Rows) -> dict[str, Any]:
    if not rows:
        raise exceptions.NoResult
    return rows[0]
