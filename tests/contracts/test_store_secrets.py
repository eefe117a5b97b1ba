"""Links, passcodes and tokens in the database: sealed, each bound to its row, gone when forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from bot.adapters.store.sealed import Sealer, new_key
from bot.adapters.store.unit_of_work import SqlStore, open_store
from bot.domain.errors import NeedsAttention
from bot.domain.values import (
    InviteId,
    JoinLink,
    LinkId,
    MeetingId,
    Passcode,
    Secret,
    Token,
    ZoomMeetingId,
    ZoomUserId,
)
from bot.ports import (
    CreatedMeeting,
    IssuedToken,
    Job,
    LinkRequestId,
    UnitOfWork,
    UserGrant,
    ZoomIdentity,
    ZoomUser,
)
from tests.contracts.stores import (
    BEN,
    LINK,
    MEETING,
    NOW,
    TestChance,
    account,
    add_meeting,
    everything_stored,
    invite,
    link_request,
    meeting,
    opened,
    traces_of,
)

CANARIES = {
    "passcode": "Canary-Pass0word",
    "settled passcode": "Canary-Settled9",
    "shared link": "https://canary.example/j/81234567890?pwd=SharedCanary",
    "personal link": "https://canary.example/w/81234567890?tk=PersonalCanary",
    "token": "eyJhbGciOiJIUzUxMiJ9.CanaryToken.signature",
    "refresh token": "eyJhbGciOiJIUzUxMiJ9.CanaryRefresh.signature",
    "verifier": "canary-verifier-of-a-request",
    "waiting token": "eyJhbGciOiJIUzUxMiJ9.CanaryWaiting.signature",
    "waiting refresh token": "eyJhbGciOiJIUzUxMiJ9.CanaryWaitingRefresh.signature",
    "waiting address": "canary.person@choir.example",
}
OTHER_MEETING = MeetingId("meeting-2")
SEALED_COLUMNS = [
    ("account_link", "token", "link_id", LINK, "link-2"),
    ("account_link", "refresh", "link_id", LINK, "link-2"),
    ("link_request", "verifier", "request_id", "request-1", "request-2"),
    ("link_request", "token", "request_id", "request-3", "request-4"),
    ("link_request", "refresh", "request_id", "request-3", "request-4"),
    ("link_request", "address", "request_id", "request-3", "request-4"),
    ("meeting", "passcode", "meeting_id", MEETING, OTHER_MEETING),
    ("meeting", "shared_link", "meeting_id", MEETING, OTHER_MEETING),
    ("invite", "link", "invite_id", "invite-1", "invite-2"),
]


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[SqlStore]:
    """A store in which every column that can hold a secret holds one, in two rows each."""
    async with opened(store_url) as store:
        issued = IssuedToken(Token(CANARIES["token"]), NOW + timedelta(hours=1), frozenset({"user:read:admin"}))
        created = CreatedMeeting(
            ZoomMeetingId("81234567890"), JoinLink(CANARIES["shared link"]), Passcode(CANARIES["settled passcode"])
        )
        async with store.work() as unit:
            for link_id in (LINK, LinkId("link-2")):
                await unit.links.save(account(link_id))
                await unit.grants.replace(link_id, UserGrant(issued, Token(CANARIES["refresh token"])))
            for meeting_id in (MEETING, OTHER_MEETING):
                await add_meeting(unit, meeting(meeting_id, topic="Public topic"))
                await unit.meetings.save_created(meeting_id, created)
            await unit.invites.add(invite())
            await unit.invites.add(invite("invite-2", member_id=BEN, tag="BEN"))
            for invite_id in ("invite-1", "invite-2"):
                await unit.invites.save_link(InviteId(invite_id), JoinLink(CANARIES["personal link"]))
            await _add_requests(unit, issued)
            await unit.jobs.put(Job.ANNOUNCE, MEETING)
            await unit.commit()
        async with store.work() as unit:
            await unit.meetings.add(meeting(MeetingId("meeting-3")), Passcode(CANARIES["passcode"]))
            await unit.commit()
        yield store


async def _add_requests(unit: UnitOfWork, issued: IssuedToken) -> None:
    waiting = replace(issued, token=Token(CANARIES["waiting token"]))
    grant = UserGrant(waiting, Token(CANARIES["waiting refresh token"]))
    user = ZoomUser(ZoomUserId("zoom-ana"), CANARIES["waiting address"], "Ana", True)
    for number in range(1, 5):
        request_id = LinkRequestId(f"request-{number}")
        await unit.link_requests.save(link_request(request_id))
        await unit.link_requests.save_verifier(request_id, Secret(CANARIES["verifier"]))
        if number > 2:
            await unit.link_requests.save_pending(request_id, grant, ZoomIdentity(user, "zoom-account"))


async def test_no_secret_stands_in_the_database_in_clear(store: SqlStore) -> None:
    stored = await everything_stored(store)
    assert b"Public topic" in stored, "the search looks in the right place"
    for name, canary in CANARIES.items():
        for trace in (*traces_of(canary), *traces_of(canary[-12:])):
            assert trace not in stored, name


async def test_every_secret_comes_back(store: SqlStore) -> None:
    async with store.read() as unit:
        held = await unit.grants.held(LINK)
        assert held is not None
        assert held.access is not None
        assert held.access.token == Token(CANARIES["token"])
        assert held.refresh == Token(CANARIES["refresh token"])
        assert await unit.link_requests.verifier(LinkRequestId("request-1")) == Secret(CANARIES["verifier"])
        assert await unit.link_requests.verifier(LinkRequestId("request-3")) is None, "it has done its work"
        waiting = await unit.link_requests.pending_grant(LinkRequestId("request-3"))
        assert waiting is not None
        assert (waiting.access.token, waiting.refresh) == (
            Token(CANARIES["waiting token"]),
            Token(CANARIES["waiting refresh token"]),
        )
        who = await unit.link_requests.pending_identity(LinkRequestId("request-3"))
        assert who is not None
        assert who.user.email == CANARIES["waiting address"]
        assert await unit.meetings.passcode(MeetingId("meeting-3")) == Passcode(CANARIES["passcode"])
        assert await unit.meetings.passcode(MEETING) == Passcode(CANARIES["settled passcode"])
        assert await unit.meetings.shared_link(MEETING) == JoinLink(CANARIES["shared link"])
        assert await unit.invites.link(InviteId("invite-1")) == JoinLink(CANARIES["personal link"])


async def read_secret(store: SqlStore, table: str, name: str) -> object:
    async with store.read() as unit:
        match (table, name):
            case ("account_link", _):
                return await unit.grants.held(LINK)
            case ("link_request", "verifier"):
                return await unit.link_requests.verifier(LinkRequestId("request-1"))
            case ("link_request", "address"):
                return await unit.link_requests.pending_identity(LinkRequestId("request-3"))
            case ("link_request", _):
                return await unit.link_requests.pending_grant(LinkRequestId("request-3"))
            case (_, "passcode"):
                return await unit.meetings.passcode(MEETING)
            case (_, "shared_link"):
                return await unit.meetings.shared_link(MEETING)
            case _:
                return await unit.invites.link(InviteId("invite-1"))


@pytest.mark.parametrize(("table", "name", "key", "here", "there"), SEALED_COLUMNS)
async def test_secret_moved_to_another_row_is_refused(
    store: SqlStore, table: str, name: str, key: str, here: str, there: str
) -> None:
    assert await read_secret(store, table, name) is not None
    move = (
        f"UPDATE {table} SET {name}_sealed = (SELECT {name}_sealed FROM {table} WHERE {key} = :there) "  # noqa: S608
        f"WHERE {key} = :here"
    )
    async with store.database.writing() as connection:
        await connection.execute(text(move), {"here": here, "there": there})
    with pytest.raises(NeedsAttention) as caught:
        await read_secret(store, table, name)
    assert caught.value.code == "seal_broken"
    assert not any(canary in repr(caught.value) + caught.value.message for canary in CANARIES.values())


async def test_secret_moved_to_another_column_is_refused(store: SqlStore) -> None:
    swap = "UPDATE meeting SET shared_link_sealed = passcode_sealed, shared_link_key_id = passcode_key_id"
    async with store.database.writing() as connection:
        await connection.execute(text(swap))
    with pytest.raises(NeedsAttention):
        await read_secret(store, "meeting", "shared_link")


async def test_other_keys_open_nothing(store: SqlStore, store_url: str) -> None:
    other = open_store(store_url, Sealer([new_key()]), TestChance())
    with pytest.raises(NeedsAttention) as caught:
        await read_secret(other, "invite", "link")
    await other.close()
    assert caught.value.code == "secret_key_missing"


async def test_forgotten_secrets_leave_no_sealed_value_either(store: SqlStore) -> None:
    async with store.work() as unit:
        await unit.meetings.forget_secrets(MEETING)
        await unit.commit()
    async with store.database.reading() as connection:
        held = await connection.execute(
            text(
                "SELECT count(passcode_sealed) + count(shared_link_sealed) + count(passcode_key_id)"
                " FROM meeting WHERE meeting_id = :m UNION ALL"
                " SELECT count(link_sealed) + count(link_key_id) FROM invite WHERE meeting_id = :m"
            ),
            {"m": MEETING},
        )
        assert [row[0] for row in held] == [0, 0]
        kept = await connection.execute(text("SELECT count(passcode_sealed) FROM meeting"))
        assert kept.scalar_one() == 2


async def test_error_texts_of_the_store_show_no_values(store: SqlStore) -> None:
    with pytest.raises(Exception, match="meeting") as caught:
        async with store.work() as unit:
            await unit.meetings.add(meeting(), Passcode(CANARIES["passcode"]))
    shown = repr(caught.value) + str(caught.value) + repr(caught.value.__context__)
    assert "Reading circle" not in shown
    assert not any(canary in shown for canary in CANARIES.values())


async def test_erased_grant_and_forgotten_request_are_gone_from_the_file(store: SqlStore) -> None:
    async with store.work() as unit:
        for link_id in (LINK, LinkId("link-2")):
            await unit.grants.erase(link_id)
        for number in range(1, 5):
            await unit.link_requests.remove(LinkRequestId(f"request-{number}"))
        await unit.commit()
    async with store.read() as unit:
        held = await unit.grants.held(LINK)
        assert held is not None
        assert (held.access, held.refresh) == (None, None)
        assert await unit.link_requests.get(LinkRequestId("request-1")) is None
