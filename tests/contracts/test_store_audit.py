"""The record of what was done: one unbroken chain per community, whose names and texts can be erased."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from sqlalchemy import text

from bot.adapters.store.engine import is_sqlite
from bot.adapters.store.unit_of_work import SqlStore
from bot.domain.audit import GENESIS, AuditNote, digest_of, first_break
from bot.domain.values import GuildId, MemberId
from tests.contracts.stores import ANA, BEN, GUILD, MEETING, NOW, everything_stored, opened, traces_of

OTHER_GUILD = GuildId(GUILD + 1)
WRITTEN = "Ana wrote: Ben kept shouting"


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[SqlStore]:
    async with opened(store_url) as store:
        yield store


async def test_entry_comes_back_as_it_was_appended(store: SqlStore) -> None:
    async with store.work() as unit:
        first = await unit.audit.append(
            GUILD,
            "meeting.create",
            at=NOW.astimezone(timezone(timedelta(hours=2))),
            actor=ANA,
            meeting=MEETING,
            facts={"zeta": 1, "alpha": "x", "role": 1_100_000_000_000_000_009, "open": True, "extra": None},
        )
        second = await unit.audit.append(GUILD, "link.issue", at=NOW, actor=None, subject=BEN)
        third = await unit.audit.append(GUILD, "link.issue", at=NOW, actor=ANA, subject=BEN)
        await unit.commit()
    async with store.read() as unit:
        assert await unit.audit.entries(GUILD) == [first, second, third]
    assert (first.seq, first.previous, second.previous) == (1, GENESIS, first.digest)
    assert second.actor is None
    assert (third.actor, third.subject) == (first.actor, second.subject)
    assert first.actor != second.subject


async def test_several_entries_are_appended_in_order_as_if_one_by_one(store: SqlStore) -> None:
    notes = [
        AuditNote("invite.delivered", NOW, ANA, ANA, MEETING, facts={"generation": 1}),
        AuditNote("report", NOW, BEN, ANA, text=WRITTEN),
        AuditNote("meeting.ended", NOW, None),
    ]
    async with store.work() as unit:
        before = await unit.audit.append(GUILD, "link.issue", at=NOW, actor=ANA)
        assert await unit.audit.append_all(GUILD, []) == []
        first, second, third = await unit.audit.append_all(GUILD, notes)
        await unit.commit()
    async with store.read() as unit:
        assert await unit.audit.entries(GUILD) == [before, first, second, third]
    assert first_break([before, first, second, third]) is None
    assert (first.actor, first.subject, second.subject) == (before.actor,) * 3
    assert second.actor not in (None, before.actor)
    assert second.text_hash is not None
    assert third.actor is None


async def test_entries_name_nobody_and_hold_no_text(store: SqlStore) -> None:
    async with store.work() as unit:
        entry = await unit.audit.append(GUILD, "report", at=NOW, actor=ANA, subject=BEN, text=WRITTEN)
        same = await unit.audit.append(GUILD, "report", at=NOW, actor=ANA, subject=BEN, text=WRITTEN)
        elsewhere = await unit.audit.append(OTHER_GUILD, "report", at=NOW, actor=ANA)
    assert str(ANA) not in repr(entry)
    assert WRITTEN not in repr(entry)
    assert entry.text_hash != same.text_hash, "a text cannot be guessed from its hash"
    assert elsewhere.actor != entry.actor, "a person cannot be followed from one community to another"


async def test_chains_hold_when_two_processes_append_at_once(store: SqlStore, store_url: str) -> None:
    async with opened(store_url) as other_process:

        async def append(into: SqlStore, number: int) -> None:
            guild = OTHER_GUILD if number % 5 == 0 else GUILD
            async with into.work() as unit:
                await unit.audit.append(guild, "join", at=NOW, actor=MemberId(number % 3), text=f"text {number}")
                await unit.commit()

        both = (store, other_process)
        await asyncio.gather(*(append(both[number % 2], number) for number in range(50)))
    async with store.read() as unit:
        here, elsewhere = await unit.audit.entries(GUILD), await unit.audit.entries(OTHER_GUILD)
    assert (len(here), len(elsewhere)) == (40, 10)
    assert first_break(here) is None
    assert first_break(elsewhere) is None
    assert len({entry.actor for entry in here}) == 3


async def test_rolled_back_entry_leaves_no_gap(store: SqlStore) -> None:
    for keep in (True, False, True):
        async with store.work() as unit:
            await unit.audit.append(GUILD, "join", at=NOW, actor=ANA)
            if keep:
                await unit.commit()
    async with store.read() as unit:
        entries = await unit.audit.entries(GUILD)
    assert [entry.seq for entry in entries] == [1, 2]
    assert first_break(entries) is None


async def test_changed_row_is_found(store: SqlStore) -> None:
    async with store.work() as unit:
        for number in range(5):
            await unit.audit.append(GUILD, "join", at=NOW, actor=ANA, facts={"number": number})
        await unit.commit()
    async with store.database.writing() as connection:
        await connection.execute(text("UPDATE audit_entry SET action = 'leave' WHERE seq = 3"))
    async with store.read() as unit:
        entries = list(await unit.audit.entries(GUILD))
    assert first_break(entries) == 3
    forged = replace(entries[2], digest=digest_of(entries[2]))
    assert first_break([*entries[:2], forged, *entries[3:]]) == 4


async def test_erased_person_is_gone_from_the_database_and_the_chain_still_holds(store: SqlStore) -> None:
    by_ben = "Ben wrote: I was not told why"
    async with store.work() as unit:
        for number in range(40):
            await unit.audit.append(GUILD, "report", at=NOW, actor=ANA, subject=BEN, text=f"{WRITTEN} ({number})")
        await unit.audit.append(GUILD, "appeal", at=NOW, actor=BEN, text=by_ben)
        await unit.audit.append(OTHER_GUILD, "setup", at=NOW, actor=BEN, text="in another community")
        await unit.commit()
    async with store.read() as unit:
        before = await unit.audit.entries(GUILD)
    assert found_in(await everything_stored(store), WRITTEN)
    assert knows(await everything_stored(store), ANA, store)

    async with store.work() as unit:
        await unit.audit.erase_person(GUILD, ANA)
        await unit.commit()

    left = await everything_stored(store)
    assert not found_in(left, WRITTEN)
    assert not knows(left, ANA, store)
    assert found_in(left, by_ben)
    assert knows(left, BEN, store)
    async with store.read() as unit:
        after = await unit.audit.entries(GUILD)
    assert after == before
    assert first_break(after) is None


async def test_person_erased_here_stays_known_in_other_communities(store: SqlStore) -> None:
    async with store.work() as unit:
        for guild in (GUILD, OTHER_GUILD):
            await unit.audit.append(guild, "setup", at=NOW, actor=ANA, text=f"in {guild}")
        await unit.audit.erase_person(GUILD, ANA)
        await unit.audit.erase_person(GUILD, BEN)
        await unit.commit()
    left = await everything_stored(store)
    assert found_in(left, f"in {OTHER_GUILD}")
    assert not found_in(left, f"in {GUILD}")
    assert knows(left, ANA, store)


async def test_person_who_comes_back_after_an_erase_is_somebody_new(store: SqlStore) -> None:
    async with store.work() as unit:
        first = await unit.audit.append(GUILD, "join", at=NOW, actor=ANA)
        await unit.audit.erase_person(GUILD, ANA)
        second = await unit.audit.append(GUILD, "join", at=NOW, actor=ANA)
        await unit.commit()
    assert first.actor != second.actor
    async with store.read() as unit:
        assert first_break(await unit.audit.entries(GUILD)) is None


def found_in(stored: bytes, written: str) -> bool:
    return any(trace in stored for trace in traces_of(written))


def knows(stored: bytes, member_id: MemberId, store: SqlStore) -> bool:
    """Whether a member's number stands anywhere, as SQLite or PostgreSQL writes it."""
    written = member_id.to_bytes(8, "big") if is_sqlite(store.database.url) else str(member_id).encode()
    return written in stored
