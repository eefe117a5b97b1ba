"""What the store's contract tests share: a store to open, things to put into it, and a look at everything it wrote."""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from bot.adapters.store.engine import is_sqlite, sqlite_file
from bot.adapters.store.sealed import Sealer, new_key
from bot.adapters.store.unit_of_work import SqlStore, open_store
from bot.domain.invite import Invite
from bot.domain.linking import Stage
from bot.domain.meeting import Host, Meeting, MeetingState, ProfileName
from bot.domain.values import GuildId, InviteId, LinkId, MeetingId, MemberId, Passcode, ZoomUserId
from bot.ports import AccountLink, Job, LinkJob, LinkKind, LinkRequest, LinkRequestId, UnitOfWork

NOW = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
GUILD = GuildId(1_100_000_000_000_000_001)
LINK = LinkId("link-1")
HOST = ZoomUserId("host-1")
MEETING = MeetingId("meeting-1")
ANA = MemberId(1_200_000_000_000_000_077)
BEN = MemberId(1_200_000_000_000_000_088)
PASSCODE = Passcode("Pass-0word@")
KEYS = (new_key(),)

_counter = itertools.count(1)


class TestChance:
    """Unpredictable enough for tests, and never the same id twice."""

    __test__ = False

    def new_id(self) -> str:
        return f"{next(_counter):026d}"

    def numbers(self, count: int) -> tuple[int, ...]:
        return tuple(next(_counter) for _ in range(count))

    def salt(self) -> bytes:
        return os.urandom(16)

    def passcode(self) -> Passcode:
        return PASSCODE


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[SqlStore]:
    """A store with every job known, as a process would have it."""

    async def nothing(**_: object) -> None:
        """Harmless twice: it does nothing."""

    store = open_store(url, Sealer(KEYS), TestChance())
    for job in (*Job, *LinkJob):
        store.jobs.register(job.value, nothing, queue="routine")
    try:
        async with store.jobs.open():
            yield store
    finally:
        await store.close()


def account(link_id: LinkId = LINK, **changes: object) -> AccountLink:
    """A linked account of the community."""
    return replace(AccountLink(link_id, GUILD, LinkKind.SERVER_TO_SERVER, "zoom-account"), **changes)  # type: ignore[arg-type]


def link_request(request_id: str = "request-1", **changes: object) -> LinkRequest:
    """A request of Ana's that was just begun."""
    began = LinkRequest(
        LinkRequestId(request_id), GUILD, ANA, "Larkspur Choir", "Ana", Stage.INVITED, NOW + timedelta(minutes=10)
    )
    return replace(began, **changes)  # type: ignore[arg-type]


def host(user_id: ZoomUserId = HOST, email: str = "ana@example.org") -> Host:
    """A licensed host."""
    return Host(user_id=user_id, email=email, licensed=True, link_id=LINK, name="Ana", member_id=ANA)


def meeting(meeting_id: MeetingId = MEETING, **changes: object) -> Meeting:
    """A confirmed, created meeting of an hour."""
    return Meeting(
        meeting_id=meeting_id,
        guild_id=GUILD,
        link_id=LINK,
        host_id=HOST,
        topic="Reading circle",
        starts_at=NOW + timedelta(days=1),
        duration=timedelta(hours=1),
        profile=ProfileName.MEMBERS,
        created_by=ANA,
        planned_at=NOW,
        confirmed_at=NOW,
        state=MeetingState.CREATED,
    ).changed(**changes)


def invite(invite_id: str = "invite-1", member_id: MemberId = ANA, tag: str = "K7F", **changes: object) -> Invite:
    """A fresh invite to the meeting."""
    made = Invite(
        invite_id=InviteId(invite_id),
        meeting_id=MEETING,
        member_id=member_id,
        generation=1,
        name="Ana",
        tag=tag,
        address=f"m{invite_id}@guests.example.org",
        requested_at=NOW,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


async def furnish(store: SqlStore) -> None:
    """One linked account with one meeting."""
    async with store.work() as unit:
        await add_meeting(unit, meeting())
        await unit.commit()


async def add_meeting(unit: UnitOfWork, added: Meeting) -> None:
    """The meeting, with the account it belongs to."""
    await unit.links.save(account(added.link_id))
    await unit.meetings.add(added, PASSCODE)


async def everything_stored(store: SqlStore) -> bytes:
    """Every byte of the SQLite files, or every value of every row of the PostgreSQL database as text (binary in hexadecimal)."""
    url = store.database.url
    if is_sqlite(url):
        file = sqlite_file(url)
        return b"".join(part.read_bytes() for part in sorted(file.parent.glob(f"{file.name}*")))
    found: list[str] = []
    async with store.database.reading() as connection:
        names = await connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        for name in names.all():
            rows = await connection.scalars(text(f'SELECT t::text FROM "{name}" AS t'))  # noqa: S608
            found += rows.all()
    return "\n".join(found).encode()


def traces_of(secret: str) -> list[bytes]:
    """How a text could stand in what `everything_stored` gives."""
    return [secret.encode(), secret.encode().hex().encode()]
