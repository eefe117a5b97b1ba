"""The Zoom client against the stand-in, over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web

from bot.adapters.zoom import protocol
from bot.adapters.zoom.client import ZoomClient
from bot.adapters.zoom.pacing import Pacer, Plan
from bot.adapters.zoom.transport import Patience
from bot.domain.errors import NeedsAttention, OutcomeUnknown, Transient, UserMistake, VestibuleError
from bot.domain.readback import compare
from bot.domain.values import LinkId, RegistrantId, Token, ZoomMeetingId, ZoomUserId
from bot.ports import MeetingProvider, TokenIssuer
from tests.adapters.zoom_world import (
    HOST_ADDRESS,
    LINK,
    MARKER,
    MEMBER_ADDRESS,
    NOW,
    SAFE,
    SteppedClock,
    ZoomWorld,
    zoom_world,
)

CREATE = ("POST", "/users/{userId}/meetings")
REGISTER = ("POST", "/meetings/{meetingId}/registrants")
STATUS = ("PUT", "/meetings/{meetingId}/registrants/status")
READ_USER = ("GET", "/users/{userId}")


@pytest.fixture
async def world() -> AsyncIterator[ZoomWorld]:
    async with zoom_world() as running:
        yield running


def test_client_keeps_its_ports(world: ZoomWorld) -> None:
    provider: MeetingProvider = world.client
    issuer: TokenIssuer = world.oauth
    assert provider is world.client
    assert issuer is world.oauth


async def test_created_meeting_reads_back_as_asked(world: ZoomWorld) -> None:
    created = await world.client.create_meeting(LINK, world.request())
    reading = await world.client.read_meeting(LINK, created.zoom_id, world.host_id)

    differing = {difference.setting for difference in compare(SAFE, reading.settings)}
    assert differing == set()
    assert reading.settings.participants_can_share is not None
    assert reading.created.zoom_id == created.zoom_id
    assert reading.topic == "Support circle"
    assert reading.starts_at == NOW + timedelta(days=1)
    assert created.passcode is not None
    assert created.passcode.reveal() == "Ab3@efGh7_"


async def test_account_lock_shows_in_the_reading(world: ZoomWorld) -> None:
    world.stand_in.force(world.account, {"waiting_room": False, "auto_recording": "cloud", "audio": "both"})
    created = await world.client.create_meeting(LINK, world.request())
    reading = await world.client.read_meeting(LINK, created.zoom_id, world.host_id)
    settings = {difference.setting for difference in compare(SAFE, reading.settings)}
    assert {"waiting_room", "recording", "telephone"} <= settings


async def test_users_are_listed_and_teach_the_plan(world: ZoomWorld) -> None:
    assert [user.email for user in await world.client.users(LINK)] == [HOST_ADDRESS]
    assert await world.pacer.plan(LINK) is Plan.PRO
    world.host.type = 1
    assert [user.licensed for user in await world.client.users(LINK)] == [False]
    assert await world.pacer.plan(LINK) is Plan.FREE


async def test_user_is_found_by_address_and_by_id(world: ZoomWorld) -> None:
    by_address = await world.client.user(LINK, HOST_ADDRESS)
    assert by_address == await world.client.user(LINK, world.host.id)
    assert by_address.licensed
    with pytest.raises(UserMistake) as unknown:
        await world.client.user(LINK, "nobody@example.org")
    assert unknown.value.code == "zoom_user_unknown"


async def test_registrant_gets_a_link_and_loses_it(world: ZoomWorld) -> None:
    created = await world.client.create_meeting(LINK, world.request())
    registered = await world.client.add_registrant(LINK, created.zoom_id, MEMBER_ADDRESS, "Ben·K7F")
    assert registered.link is not None
    assert world.stand_in.open_link(registered.link.reveal()).registrant_id == registered.registrant_id
    assert await world.client.find_registrant(LINK, created.zoom_id, MEMBER_ADDRESS.upper()) == registered

    await world.client.cancel_registrants(LINK, created.zoom_id, [(registered.registrant_id, MEMBER_ADDRESS)])
    assert world.stand_in.open_link(registered.link.reveal()).outcome == "invalid_registrant"
    assert await world.client.find_registrant(LINK, created.zoom_id, MEMBER_ADDRESS) is None
    await world.client.cancel_registrants(LINK, created.zoom_id, [(registered.registrant_id, MEMBER_ADDRESS)])


async def test_registrant_beyond_the_first_page_is_found(world: ZoomWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "PAGE_SIZE", 2)
    created = await world.client.create_meeting(LINK, world.request())
    for number in range(5):
        await world.client.add_registrant(LINK, created.zoom_id, f"m{number}@guests.example.org", f"P{number}")
    for registrant in world.stand_in.registrants(created.zoom_id):
        found = await world.client.find_registrant(LINK, created.zoom_id, registrant.email)
        assert found is not None
        assert found.registrant_id == registrant.id


async def test_pending_registrant_is_found_without_a_link(world: ZoomWorld) -> None:
    created = await world.client.create_meeting(LINK, world.request())
    await world.client.add_registrant(LINK, created.zoom_id, MEMBER_ADDRESS, "Ben·K7F")
    world.stand_in.registrants(created.zoom_id)[0].status = "pending"
    found = await world.client.find_registrant(LINK, created.zoom_id, MEMBER_ADDRESS)
    assert found is not None
    assert found.registrant_id == world.stand_in.registrants(created.zoom_id)[0].id


async def test_more_than_thirty_are_cancelled_in_batches(world: ZoomWorld) -> None:
    created = await world.client.create_meeting(LINK, world.request())
    who = []
    for number in range(31):
        address = f"m{number}@guests.example.org"
        registered = await world.client.add_registrant(LINK, created.zoom_id, address, f"P{number}")
        who.append((registered.registrant_id, address))
    await world.client.cancel_registrants(LINK, created.zoom_id, who)
    assert world.sent(*STATUS) == 2
    assert len(world.stand_in.registrants(created.zoom_id, "cancelled")) == 31


async def test_invite_link_dies_when_its_life_is_over(world: ZoomWorld) -> None:
    open_door = replace(SAFE, registration=False)
    created = await world.client.create_meeting(LINK, world.request(settings=open_door))
    link = await world.client.invite_link(LINK, created.zoom_id, "Ben·K7F", timedelta(hours=3))
    assert world.stand_in.open_link(link.reveal()).name == "Ben·K7F"
    world.clock.at += timedelta(hours=3, seconds=1)
    assert world.stand_in.open_link(link.reveal()).name is None


async def test_deleting_twice_is_no_error_and_reading_says_gone(world: ZoomWorld) -> None:
    created = await world.client.create_meeting(LINK, world.request())
    await world.client.delete_meeting(LINK, created.zoom_id)
    await world.client.delete_meeting(LINK, created.zoom_id)
    await world.client.cancel_registrants(LINK, created.zoom_id, [(RegistrantId("gone"), MEMBER_ADDRESS)])
    assert world.stand_in.meetings == []
    with pytest.raises(UserMistake) as gone:
        await world.client.read_meeting(LINK, created.zoom_id, world.host_id)
    assert gone.value.code == "meeting_gone"


async def test_basic_host_cannot_register_people(world: ZoomWorld) -> None:
    created = await world.client.create_meeting(LINK, world.request())
    world.host.type = 1
    with pytest.raises(VestibuleError) as refused:
        await world.client.add_registrant(LINK, created.zoom_id, MEMBER_ADDRESS, "Ben·K7F")
    assert isinstance(refused.value, NeedsAttention)


# ------------------------------------------------------------------------------------------------ lost answers


@pytest.mark.parametrize("kind", ["apply_then_timeout", "apply_then_reset", "malformed"])
async def test_creation_whose_answer_was_lost_is_found_and_not_repeated(world: ZoomWorld, kind: str) -> None:
    await world.client.user(LINK, HOST_ADDRESS)
    world.stand_in.faults.add(("POST", "/meetings$"), kind)  # type: ignore[arg-type]
    with pytest.raises(OutcomeUnknown):
        await world.client.create_meeting(LINK, world.request())
    assert world.sent(*CREATE) == 1

    found = await world.client.find_meetings(LINK, world.host_id, MARKER)
    assert [str(meeting.id) for meeting in world.stand_in.meetings] == list(found)
    reading = await world.client.read_meeting(LINK, found[0], world.host_id)
    assert reading.created.shared_link.reveal()
    assert await world.client.find_meetings(LINK, world.host_id, "vestibule:other") == []


@pytest.mark.parametrize("kind", ["apply_then_timeout", "apply_then_reset", "malformed"])
async def test_registration_whose_answer_was_lost_is_found_and_not_repeated(world: ZoomWorld, kind: str) -> None:
    created = await world.client.create_meeting(LINK, world.request())
    world.stand_in.faults.add(("POST", "/registrants$"), kind)  # type: ignore[arg-type]
    with pytest.raises(OutcomeUnknown):
        await world.client.add_registrant(LINK, created.zoom_id, MEMBER_ADDRESS, "Ben·K7F")
    assert world.sent(*REGISTER) == 1
    found = await world.client.find_registrant(LINK, created.zoom_id, MEMBER_ADDRESS)
    assert found is not None
    assert found.link is not None


async def test_write_that_never_happened_is_unknown_and_not_found(world: ZoomWorld) -> None:
    await world.client.user(LINK, HOST_ADDRESS)
    world.stand_in.faults.add(("POST", "/meetings$"), "timeout")
    with pytest.raises(OutcomeUnknown):
        await world.client.create_meeting(LINK, world.request())
    assert await world.client.find_meetings(LINK, world.host_id, MARKER) == []


async def test_write_answered_with_a_server_error_is_unknown(world: ZoomWorld) -> None:
    world.stand_in.faults.add(("POST", "/meetings$"), "status", times=None)
    with pytest.raises(OutcomeUnknown):
        await world.client.create_meeting(LINK, world.request())
    assert world.sent(*CREATE) == 1


async def test_lost_cancellation_is_unknown(world: ZoomWorld) -> None:
    created = await world.client.create_meeting(LINK, world.request())
    registered = await world.client.add_registrant(LINK, created.zoom_id, MEMBER_ADDRESS, "Ben·K7F")
    world.stand_in.faults.add(("PUT", "/status$"), "apply_then_timeout")
    with pytest.raises(OutcomeUnknown):
        await world.client.cancel_registrants(LINK, created.zoom_id, [(registered.registrant_id, MEMBER_ADDRESS)])


async def test_deletion_whose_answer_was_lost_is_repeated(world: ZoomWorld) -> None:
    created = await world.client.create_meeting(LINK, world.request())
    world.stand_in.faults.add(("DELETE", "/meetings/"), "apply_then_timeout")
    await world.client.delete_meeting(LINK, created.zoom_id)
    assert world.sent("DELETE", "/meetings/{meetingId}") == 2
    assert world.stand_in.meetings == []


# ------------------------------------------------------------------------------------------------ repeating


@pytest.mark.parametrize("kind", ["status", "reset", "timeout", "malformed"])
async def test_reads_are_repeated(world: ZoomWorld, kind: str) -> None:
    world.stand_in.faults.add(("GET", "/users/"), kind, times=2)  # type: ignore[arg-type]
    assert (await world.client.user(LINK, HOST_ADDRESS)).email == HOST_ADDRESS


async def test_reads_are_given_up_after_a_few_attempts(world: ZoomWorld) -> None:
    world.stand_in.faults.add(("GET", "/users/"), "status", times=None)
    with pytest.raises(Transient) as down:
        await world.client.user(LINK, HOST_ADDRESS)
    assert down.value.code == "zoom_down"
    assert world.sent(*READ_USER) == 4
    assert world.clock.slept == sorted(world.clock.slept)


@pytest.mark.parametrize("form", ["iso", "seconds", "http_date", "absent"])
async def test_rate_limited_write_waits_as_asked_and_is_repeated(world: ZoomWorld, form: str) -> None:
    world.stand_in.limits.retry_after = form  # type: ignore[assignment]
    world.stand_in.faults.add(("POST", "/meetings$"), "rate_limited")
    await world.client.create_meeting(LINK, world.request())
    assert world.sent(*CREATE) == 2
    assert len(world.stand_in.meetings) == 1
    assert 0.9 <= sum(world.clock.slept) <= 2.5


async def test_longer_wait_than_fifteen_seconds_is_left_to_the_caller() -> None:
    async with _one_answer(429, '{"code":429,"message":"slow"}', {"Retry-After": "16"}) as (client, seen):
        with pytest.raises(Transient) as limited:
            await client.user(LINK, "u1")
    assert limited.value.retry_after == timedelta(seconds=16)
    assert len(seen) == 1


async def test_hundred_creates_a_day_are_explained(world: ZoomWorld) -> None:
    await world.client.create_meeting(LINK, world.request())
    for _ in range(99):
        world.stand_in.limits.spend_host_write(world.account.id, world.account.plan, world.host.id)
    with pytest.raises(Transient) as capped:
        await world.client.create_meeting(LINK, world.request())
    assert capped.value.code == "zoom_daily_creates"
    assert capped.value.retry_after == timedelta(hours=6)


async def test_three_adds_a_day_are_explained_without_the_address(world: ZoomWorld) -> None:
    created = await world.client.create_meeting(LINK, world.request())
    for _ in range(3):
        await world.client.add_registrant(LINK, created.zoom_id, MEMBER_ADDRESS, "Ben·K7F")
    with pytest.raises(Transient) as capped:
        await world.client.add_registrant(LINK, created.zoom_id, MEMBER_ADDRESS, "Ben·K7F")
    assert capped.value.code == "zoom_daily_adds"
    assert MEMBER_ADDRESS not in str(capped.value)


async def test_write_that_was_never_sent_is_repeated_and_then_transient(world: ZoomWorld) -> None:
    await world.client.user(LINK, HOST_ADDRESS)
    await world.stand_in.stop()
    with pytest.raises(Transient) as unreachable:
        await world.client.create_meeting(LINK, world.request())
    assert unreachable.value.code == "zoom_unreachable"
    assert len(world.clock.slept) == 3


def with_patience(world: ZoomWorld, session: aiohttp.ClientSession, patience: Patience) -> ZoomClient:
    return ZoomClient(session, world.tokens, world.pacer, world.clock, world.stand_in.api_url, patience)


async def test_call_is_given_up_when_its_patience_is_over(world: ZoomWorld) -> None:
    """The answer never comes: without patience of the client's own this would wait for ever."""
    await world.client.user(LINK, HOST_ADDRESS)
    world.stand_in.faults.add(("GET", "/users/"), "timeout", times=None)
    async with aiohttp.ClientSession() as session:
        with pytest.raises(Transient):
            await with_patience(world, session, Patience(answer=0.1)).user(LINK, HOST_ADDRESS)


async def test_nothing_is_sent_once_patience_is_over(world: ZoomWorld) -> None:
    """A token that took for ever to come must not turn a write into a race."""
    await world.client.user(LINK, HOST_ADDRESS)
    with pytest.raises(Transient):
        await with_patience(world, world.client._wire._session, Patience(whole=0)).create_meeting(LINK, world.request())
    assert world.sent(*CREATE) == 0


# ------------------------------------------------------------------------------------------------ odd answers


async def test_redirect_is_not_followed() -> None:
    async with _one_answer(302, "", {"Location": "http://127.0.0.1:9/elsewhere"}) as (client, seen):
        with pytest.raises(NeedsAttention):
            await client.user(LINK, "u1")
    assert len(seen) == 1


@pytest.mark.parametrize("body", ["[]", "null", '"text"', "{}", '{"id": null}', "<html></html>", "[" * 100_000])
async def test_success_without_what_it_should_hold_is_unknown_for_a_write(body: str, world: ZoomWorld) -> None:
    async with _one_answer(201, body, {}) as (client, seen):
        with pytest.raises(OutcomeUnknown):
            await client.create_meeting(LINK, world.request())
    assert len(seen) == 1


async def test_list_that_never_ends_is_left() -> None:
    async with _one_answer(200, '{"meetings":[],"next_page_token":"again"}', {}) as (client, seen):
        assert await client.find_meetings(LINK, ZoomUserId("u1"), MARKER) == []
    assert len(seen) == 2


async def test_ids_with_special_characters_stay_one_path_segment() -> None:
    async with _one_answer(204, "", {}) as (client, seen):
        await client.delete_meeting(LINK, ZoomMeetingId("../users/me?x=1#y"))
    assert seen[0].startswith("/meetings/..%2Fusers%2Fme%3Fx%3D1%23y?")


class _FixedTokens:
    async def current(self, link_id: LinkId) -> Token:
        return Token(f"token of {link_id}")

    async def renewed(self, link_id: LinkId, rejected: Token) -> Token:
        assert rejected == await self.current(link_id)
        return Token(f"another of {link_id}")


@asynccontextmanager
async def _one_answer(status: int, body: str, headers: dict[str, str]) -> AsyncIterator[tuple[ZoomClient, list[str]]]:
    """A server that answers everything alike; gives a client and the raw paths the server sees."""
    seen: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request.raw_path)
        return web.Response(status=status, text=body or None, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with aiohttp.ClientSession() as session:
            api_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield ZoomClient(session, _FixedTokens(), Pacer(), SteppedClock(), api_url), seen
    finally:
        await runner.cleanup()
