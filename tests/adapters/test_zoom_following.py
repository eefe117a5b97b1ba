"""Changing meetings and registering many, against the stand-in over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import NeedsAttention, OutcomeUnknown, UserMistake
from bot.domain.readback import compare
from bot.domain.values import ZoomMeetingId
from tests.adapters.zoom_world import LINK, MEMBER_ADDRESS, NOW, SAFE, ZoomWorld, zoom_world
from tests.zoom_spec import zoom_request_errors

BATCH = ("POST", "/meetings/{meetingId}/batch_registrants")


@pytest.fixture
async def world() -> AsyncIterator[ZoomWorld]:
    async with zoom_world() as running:
        yield running


def people(count: int) -> list[tuple[str, str]]:
    return [(f"M{number:05d}@guests.example.org", f"Person {number}·AB{number % 9 + 1}") for number in range(count)]


async def test_changed_meeting_reads_back_as_asked_and_keeps_its_registrants(world: ZoomWorld) -> None:
    created = await world.client.create_meeting(LINK, world.request())
    added = await world.client.add_registrant(LINK, created.zoom_id, MEMBER_ADDRESS, "Ben·K7F")
    later = NOW + timedelta(days=2)
    strict = replace(SAFE, focus_mode=True)
    wanted = world.request(topic="Moved", starts_at=later, duration=timedelta(minutes=45), settings=strict)
    await world.client.update_meeting(LINK, created.zoom_id, wanted)

    reading = await world.client.read_meeting(LINK, created.zoom_id, world.host_id)
    assert (reading.topic, reading.starts_at, reading.duration) == ("Moved", later, timedelta(minutes=45))
    assert compare(strict, reading.settings) == ()
    assert (await world.client.registrants(LINK, created.zoom_id))[MEMBER_ADDRESS] == added


async def test_change_of_a_meeting_that_is_gone_is_said(world: ZoomWorld) -> None:
    with pytest.raises(UserMistake, match="no longer") as gone:
        await world.client.update_meeting(LINK, ZoomMeetingId("91234567890"), world.request())
    assert gone.value.code == "meeting_gone"


async def test_lost_answer_of_a_change_is_not_repeated(world: ZoomWorld) -> None:
    created = await world.client.create_meeting(LINK, world.request())
    world.stand_in.faults.add(("PATCH", r"/meetings/\d+$"), "apply_then_reset")
    with pytest.raises(OutcomeUnknown):
        await world.client.update_meeting(LINK, created.zoom_id, world.request(topic="Moved"))
    assert world.sent("PATCH", "/meetings/{meetingId}") == 1


async def test_thirty_people_in_one_call_each_with_a_link(world: ZoomWorld) -> None:
    created = await world.client.create_meeting(LINK, world.request())
    made = await world.client.add_registrants(LINK, created.zoom_id, people(30))
    assert set(made) == {address.lower() for address, _ in people(30)}
    assert len({each.link.reveal() for each in made.values() if each.link is not None}) == 30
    assert world.sent(*BATCH) == 1
    assert await world.client.registrants(LINK, created.zoom_id) == made
    assert zoom_request_errors(world.stand_in.requests) == []


async def test_list_leaves_out_cancelled_registrants_and_has_all_pages(world: ZoomWorld) -> None:
    created = await world.client.create_meeting(LINK, world.request())
    for start in range(0, 330, 30):
        await world.client.add_registrants(LINK, created.zoom_id, people(330)[start : start + 30])
    everybody = await world.client.registrants(LINK, created.zoom_id)
    assert len(everybody) == 330
    address, gone = next(iter(everybody.items()))
    await world.client.cancel_registrants(LINK, created.zoom_id, [(gone.registrant_id, address)])
    assert address not in await world.client.registrants(LINK, created.zoom_id)


async def test_batch_for_a_meeting_that_takes_one_at_a_time_is_told_apart(world: ZoomWorld) -> None:
    created = await world.client.create_meeting(LINK, world.request())
    world.stand_in.meeting(int(created.zoom_id)).type = 8
    with pytest.raises(NeedsAttention) as refused:
        await world.client.add_registrants(LINK, created.zoom_id, people(3))
    assert refused.value.code == "zoom_single_only"


async def test_no_link_in_the_repr_of_what_came_back(world: ZoomWorld) -> None:
    created = await world.client.create_meeting(LINK, world.request())
    made = await world.client.add_registrants(LINK, created.zoom_id, people(2))
    assert "tk=" not in repr(made)
