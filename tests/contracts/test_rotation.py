"""Sealing everything anew, on both stores."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from bot.adapters.store import rotation
from bot.adapters.store.base import metadata
from bot.adapters.store.rotation import Rotation
from bot.adapters.store.sealed import KeyMissing, Sealer, key_id, new_key
from bot.adapters.store.sealed_columns import SEALED_COLUMNS
from bot.adapters.store.unit_of_work import SqlStore
from bot.domain.errors import NeedsAttention
from bot.domain.values import InviteId, JoinLink, MemberId, Secret, Token
from bot.ports import IssuedToken
from bot.rotating import rotate_keys
from bot.settings import RehearsalSettings
from bot.sharing import note_first_key
from tests.contracts.stores import KEYS, LINK, MEETING, NOW, PASSCODE, furnish, invite, opened

OLD, NEW = KEYS[0], new_key()
INVITES = 7


def link_of(number: int) -> JoinLink:
    return JoinLink(f"https://zoom.example/w/1?tk=secret-{number:04d}")


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[SqlStore]:
    """A store sealed with the old key, with every kind of secret in it."""
    async with opened(store_url) as made:
        await furnish(made)
        async with made.work() as uow:
            access = IssuedToken(Token("access-token"), NOW + timedelta(hours=1), frozenset())
            assert await uow.grants.rotate(LINK, 0, access, Token("refresh-token"))
            await uow.signing_keys.put_once(Secret("signing-key"))
            for number in range(INVITES):
                one = invite(f"invite-{number}", MemberId(1_300_000_000_000_000_000 + number), tag=f"T{number:02d}")
                await uow.invites.add(one)
                await uow.invites.save_link(one.invite_id, link_of(number))
            await uow.commit()
        yield made


def fresh(store: SqlStore, *keys: str) -> Rotation:
    return Rotation(store.database, Sealer(keys or (NEW, OLD)))


async def finished(of: Rotation) -> int:
    return len([step async for step in of.run()])


async def readable_with(store: SqlStore, *keys: str) -> None:
    """Everything opens with these keys."""
    reader = SqlStore(store.database, Sealer(keys), store._chance, store.jobs)
    async with reader.read() as uow:
        for number in range(INVITES):
            assert await uow.invites.link(InviteId(f"invite-{number}")) == link_of(number)
        assert await uow.meetings.passcode(MEETING) == PASSCODE
        held = await uow.grants.held(LINK)
        assert await uow.signing_keys.get() == Secret("signing-key")
    assert held is not None
    assert held.access is not None
    assert (held.access.token, held.refresh) == (Token("access-token"), Token("refresh-token"))


def test_every_sealed_column_is_registered() -> None:
    in_tables = {
        (table.name, column.name.removesuffix("_sealed"))
        for table in metadata.tables.values()
        for column in table.columns
        if column.name.endswith("_sealed")
    }
    assert {(each.table, each.name) for each in SEALED_COLUMNS} == in_tables
    for each in SEALED_COLUMNS:
        table = metadata.tables[each.table]
        assert f"{each.name}_key_id" in table.columns
        assert [column.name for column in table.primary_key] == [each.row_id]


async def test_afterwards_the_old_key_is_needed_for_nothing(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "BATCH", 3)
    of = fresh(store)
    assert (await of.remains()).old == {key_id(OLD): INVITES + 4}
    await finished(of)
    assert (await of.remains()).by_key == {key_id(NEW): INVITES + 4}
    await readable_with(store, NEW)
    assert await finished(fresh(store)) == 0


async def test_interrupted_it_goes_on_where_it_was(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "BATCH", 2)
    steps = fresh(store).run()
    for _ in range(3):
        await anext(steps)
    await steps.aclose()  # type: ignore[attr-defined]
    left = (await fresh(store).remains()).old[key_id(OLD)]
    assert 0 < left < INVITES + 4
    await readable_with(store, NEW, OLD)
    await finished(fresh(store))
    await readable_with(store, NEW)


async def test_what_the_bot_changes_meanwhile_stays_changed(store: SqlStore) -> None:
    of = fresh(store)
    (each,) = [column for column in SEALED_COLUMNS if column.table == "invite"]
    rows = await of._next(each, "")
    async with store.work() as uow:
        await uow.invites.save_link(InviteId("invite-0"), JoinLink("https://zoom.example/w/1?tk=newer"))
        await uow.commit()
    await of._reseal(each, rows)
    async with SqlStore(store.database, Sealer((NEW, OLD)), store._chance, store.jobs).read() as uow:
        assert await uow.invites.link(InviteId("invite-0")) == JoinLink("https://zoom.example/w/1?tk=newer")


async def test_two_at_once_do_no_harm(store: SqlStore) -> None:
    await asyncio.gather(finished(fresh(store)), finished(fresh(store)))
    await readable_with(store, NEW)


async def test_value_whose_key_is_gone_is_left_alone_and_counted(store: SqlStore) -> None:
    third = new_key()
    of = fresh(store, third)
    await finished(of)
    assert of.unreadable.total() == INVITES + 4
    with pytest.raises(KeyMissing):
        await readable_with(store, third)
    await readable_with(store, OLD)


def settings_with(store_url: str, *keys: str) -> RehearsalSettings:
    return RehearsalSettings(
        discord_token=SecretStr("token"),
        zoom_client_id="id",
        zoom_client_secret=SecretStr("secret"),
        secret_keys=tuple(SecretStr(key) for key in keys),
        database_url=SecretStr(store_url),
    )


async def test_command_waits_until_the_bot_knows_the_key_and_tells_no_secret(store: SqlStore, store_url: str) -> None:
    told: list[str] = []
    settings = settings_with(store_url, NEW, OLD)
    await note_first_key(store, key_id(OLD))
    with pytest.raises(NeedsAttention, match="Restart every process"):
        await rotate_keys(settings, told.append)
    await note_first_key(store, key_id(NEW))
    assert await rotate_keys(settings, told.append)
    assert f"Key 2 ({key_id(OLD)}) seals nothing any more." in "\n".join(told)
    assert f"invite.link: {INVITES} of {INVITES}" in told
    for secret in (NEW, OLD, "access-token", PASSCODE.reveal(), *(link_of(n).reveal() for n in range(INVITES))):
        assert secret not in "\n".join(told)


async def test_command_says_that_old_keys_are_needed_while_they_are(store: SqlStore, store_url: str) -> None:
    told: list[str] = []
    async with store.database.writing() as connection:
        await connection.execute(
            text("UPDATE invite SET link_sealed = :broken WHERE invite_id = 'invite-3'"), {"broken": b"x"}
        )
    await note_first_key(store, key_id(NEW))
    assert not await rotate_keys(settings_with(store_url, NEW, OLD), told.append)
    assert "1 could not be opened" in "\n".join(told)
    assert f"Key 2 ({key_id(OLD)}) is still needed by 1" in "\n".join(told)
