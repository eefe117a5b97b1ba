"""Signed checkpoints on both stores: what somebody with the database alone changes is found, and an erase is not taken for a change."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from bot.adapters.signing.notary import EdNotaries
from bot.adapters.store.unit_of_work import SqlStore
from bot.domain.audit import digest_of
from bot.domain.checkpoint import Finding, Trouble
from bot.domain.errors import UntrustedInput
from bot.domain.values import GuildId
from bot.ports import AuditFilter, Statement
from bot.services.checkpointing import Checkpointing, Verified
from bot.services.signing import Signing
from tests.contracts.stores import ANA, BEN, GUILD, MEETING, NOW, everything_stored, opened, traces_of
from tests.services.fakes import FixedClock

OTHER = GuildId(GUILD + 1)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[SqlStore]:
    async with opened(store_url) as made:
        await append(made, 6)
        yield made


def checkpointing(store: SqlStore, clock: FixedClock | None = None) -> Checkpointing:
    return Checkpointing(store, Signing(store, EdNotaries()), clock or FixedClock(NOW))


async def append(store: SqlStore, count: int, guild: GuildId = GUILD) -> None:
    async with store.work() as unit:
        for number in range(count):
            await unit.audit.append(
                guild, "meeting.created", at=NOW, actor=ANA, subject=BEN, meeting=MEETING, text=f"text {number}"
            )
        await unit.commit()


async def verified(store: SqlStore) -> list[Verified]:
    return [each async for each in checkpointing(store).verify()]


async def findings(store: SqlStore) -> set[Finding]:
    return {finding for each in await verified(store) for finding in each.findings}


async def tamper(store: SqlStore, *statements: str) -> None:
    async with store.database.writing() as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def test_heads_are_signed_every_ten_minutes_where_something_was_added(store: SqlStore) -> None:
    clock = FixedClock(NOW)
    signing = checkpointing(store, clock)
    await append(store, 2, OTHER)
    assert await signing.sweep() == 2
    await append(store, 3)
    assert await signing.sweep() == 0
    clock.advance(minutes=10)
    assert await signing.sweep() == 1
    clock.advance(minutes=10)
    assert await signing.sweep() == 0
    assert await checkpointing(store, clock).sweep() == 0, "another process signs nothing twice"
    here, there = await verified(store)
    assert (here.entries, here.checkpoints, here.signed_to, here.findings) == (9, 2, 9, ())
    assert (there.guild_id, there.entries, there.signed_to) == (OTHER, 2, 2)


async def test_changed_missing_and_reordered_rows_are_found(store: SqlStore) -> None:
    await checkpointing(store).sweep()
    await tamper(
        store,
        "DELETE FROM audit_text",
        "UPDATE audit_entry SET action = 'x' WHERE seq = 2",
        "UPDATE audit_entry SET seq = 99 WHERE seq = 4",
    )
    found = await findings(store)
    assert {Finding(Trouble.CHANGED, 2), Finding(Trouble.MISSING, 4), Finding(Trouble.CHANGED, 99)} <= found


async def test_cut_tail_is_found(store: SqlStore) -> None:
    await checkpointing(store).sweep()
    await tamper(store, "DELETE FROM audit_text", "DELETE FROM audit_entry WHERE seq > 4")
    assert await findings(store) == {Finding(Trouble.MISSING, 5)}
    await tamper(store, "DELETE FROM audit_entry")
    assert await findings(store) == {Finding(Trouble.MISSING, 1)}


async def test_chain_computed_anew_is_found_because_nobody_can_sign_it(store: SqlStore) -> None:
    await checkpointing(store).sweep()
    async with store.read() as unit:
        last = (await unit.audit.entries(GUILD))[-1]
    forged = digest_of(last.__class__(**{name: getattr(last, name) for name in last.__slots__} | {"action": "x"}))
    await tamper(store, f"UPDATE audit_entry SET action = 'x', digest = '{forged}' WHERE seq = 6")  # noqa: S608
    assert await findings(store) == {Finding(Trouble.REWRITTEN, 6)}


async def test_checkpoint_of_another_community_or_of_another_key_does_not_count(store: SqlStore) -> None:
    await append(store, 6, OTHER)
    await checkpointing(store).sweep()
    await tamper(
        store,
        f"UPDATE audit_checkpoint SET token = (SELECT token FROM audit_checkpoint WHERE guild_id = {OTHER}) "  # noqa: S608
        f"WHERE guild_id = {GUILD}",
    )
    assert await findings(store) == {Finding(Trouble.CHECKPOINT_FORGED, 6)}
    await tamper(store, "DELETE FROM signing_key")
    assert {each.trouble for each in await findings(store)} == {Trouble.CHECKPOINT_FORGED}


async def test_erased_person_breaks_nothing(store: SqlStore) -> None:
    await checkpointing(store).sweep()
    async with store.work() as unit:
        await unit.audit.erase_person(GUILD, ANA)
        await unit.commit()
    assert await findings(store) == set()


async def test_private_key_is_sealed_and_the_same_for_everybody(store: SqlStore, store_url: str) -> None:
    first, fresh = EdNotaries().fresh(), EdNotaries().fresh()
    async with store.work() as unit:
        assert await unit.signing_keys.get() is None
        assert await unit.signing_keys.put_once(first) == first
        assert await unit.signing_keys.put_once(fresh) == first
        await unit.commit()
    stored = await everything_stored(store)
    assert not any(trace in stored for trace in traces_of(first.reveal()))
    async with opened(store_url) as other_process:
        notary = await Signing(other_process, EdNotaries()).notary()
    assert notary.fingerprint == EdNotaries().of(first).fingerprint


def test_signature_counts_for_its_own_purpose_and_key_only() -> None:
    notary, other = (EdNotaries().of(EdNotaries().fresh()) for _ in range(2))
    token = notary.sign(Statement.EVIDENCE, {"a": 1})
    assert notary.verify(Statement.EVIDENCE, token) == {"a": 1}
    head, body, signature = token.split(".")
    for wrong in (token + "x", f"{head}.{body[:-2]}AA.{signature}", f"{head}.{body}.", "", "a.b.c"):
        with pytest.raises(UntrustedInput):
            notary.verify(Statement.EVIDENCE, wrong)
    with pytest.raises(UntrustedInput):
        notary.verify(Statement.CHECKPOINT, token)
    with pytest.raises(UntrustedInput):
        other.verify(Statement.EVIDENCE, token)


async def test_record_is_read_by_topic_person_and_meeting(store: SqlStore) -> None:
    async with store.work() as unit:
        await unit.audit.append(GUILD, "setup.roles", at=NOW, actor=BEN)
        await unit.audit.append(GUILD, "setupish.x", at=NOW, actor=None)
        await unit.commit()
    async with store.read() as unit:
        newest = await unit.record.page(GUILD, AuditFilter(), None, 3)
        assert [entry.seq for entry in newest] == [8, 7, 6]
        assert [entry.seq for entry in await unit.record.page(GUILD, AuditFilter(), 6, 2)] == [5, 4]
        setup = await unit.record.page(GUILD, AuditFilter(frozenset({"setup"})), None, 9)
        assert [entry.action for entry in setup] == ["setup.roles"]
        assert len(await unit.record.page(GUILD, AuditFilter(person=BEN), None, 9)) == 7
        assert len(await unit.record.page(GUILD, AuditFilter(person=ANA, meeting=MEETING), None, 9)) == 6
        assert len(await unit.record.of_meeting(GUILD, MEETING)) == 6
        assert await unit.record.page(OTHER, AuditFilter(), None, 9) == []
        actor = str(newest[1].actor)
        assert await unit.record.people(GUILD, [actor, "unknown"]) == {actor: BEN}
        assert await unit.record.texts(GUILD, [1, 7]) == {1: "text 0"}
        assert await unit.record.guilds() == [GUILD]
