"""Every official sample about people in a call goes the whole way: read, kept, folded, seen; and nothing of it that must not stay does."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.adapters.zoom.events import ZoomEventReader, signature_of
from bot.domain.meeting import Meeting
from bot.domain.room import RoomView
from bot.domain.roster import Place, Role
from bot.domain.values import ParticipantId, Secret, SessionId
from bot.ports import EventKind, IncomingEvent
from bot.services.room_events import ABOUT_PEOPLE
from tests.contracts.stores import everything_stored, traces_of
from tests.services.conftest import Vestibule
from tests.services.fakes_events import hashed
from tests.shared_files import shared_json

SECRET = Secret("the secret token of the app")
RUN, WHO = SessionId("4444AAAiAAAAAiAiAiiAii=="), ParticipantId("55555AAAiAAAAAiAiAiiAii")
PHONE = ParticipantId("phone")
CANARIES = (
    "jchill@example.com",
    "8615250064084",
    "349589LkJyeW",
    "My Meeting",
    "XYz@BC!D1087",
    "admin@example.com",
    "Reason:",
)
"""Addresses, a telephone number, a customer's key, topic, passcode, who operated, and the text a reason stands in."""


def sample(kind: EventKind, meeting: Meeting, **changes: object) -> Any:
    """A sample, about our meeting."""
    body = shared_json(f"specs/zoom-webhook-samples/{kind.value}.json")
    about = body["payload"]["object"]
    about["id"] = type(about["id"])(meeting.zoom_id)
    about["uuid"] = RUN
    about.setdefault("password", "XYz@BC!D1087")
    body |= {key: value for key, value in changes.items() if key == "event_ts"}
    return body


async def fed(v: Vestibule, *bodies: Any) -> list[IncomingEvent]:
    reader = ZoomEventReader(SECRET, v.clock, hashed)
    timestamp = str(int(v.clock.now().timestamp()))
    events = []
    for body in bodies:
        raw = json.dumps(body).encode()
        event = reader.read(timestamp=timestamp, signature=signature_of(SECRET, timestamp, raw), body=raw)
        assert isinstance(event, IncomingEvent)
        events.append(event)
    await v.intake.store(events)
    await v.rooms.settled()
    return events


async def room(v: Vestibule, meeting: Meeting) -> RoomView:
    view = await v.rooms.view(meeting.meeting_id, RUN)
    assert view is not None
    return view


TAKEN_IN = [kind for kind in EventKind if kind in ABOUT_PEOPLE]


@pytest.mark.parametrize("kind", TAKEN_IN)
async def test_each_sample_is_taken_in_and_leaves_nothing_it_must_not(vestibule: Vestibule, kind: EventKind) -> None:
    v = vestibule
    meeting = await v.live_links()
    assert meeting.zoom_id is not None
    await fed(v, sample(kind, meeting))
    async with v.store.read() as uow:
        assert await uow.inbox.waiting(meeting.meeting_id, list(EventKind)) == []
        tracks, marks = await uow.roster.tracks(RUN), await uow.roster.marks(RUN)
    assert len(tracks) + len(marks) == 1
    raw = await everything_stored(v.store)
    for canary in CANARIES:
        found = [trace for trace in traces_of(canary) if trace in raw]
        # the address and number of a person are hashes and flags by now; what is left is what was never kept
        assert found == [], (kind, canary)


NOW = datetime(2021, 7, 13, 22, 0, tzinfo=UTC)


def at(minutes: float) -> int:
    return int((NOW + timedelta(minutes=minutes)).timestamp() * 1000)


def story(meeting: Meeting) -> list[Any]:
    """The samples in the order of a real evening, all about the same person."""
    kinds = [
        EventKind.WAITING,
        EventKind.ADMITTED,
        EventKind.JOINED,
        EventKind.ROLE_CHANGED,
        EventKind.SHARING_STARTED,
        EventKind.JOINED_BREAKOUT,
    ]
    bodies = [sample(kind, meeting, event_ts=at(number)) for number, kind in enumerate(kinds)]
    for body in bodies:
        who = body["payload"]["object"]["participant"]
        who["user_id"] = "31228928" if "parent_user_id" in who else "1234567890"
    return bodies


async def test_a_person_told_of_in_every_sample_is_one_person(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    bodies = story(meeting)
    await fed(v, *bodies)
    (seat,) = (await room(v, meeting)).seats
    who = seat.participant
    assert (who.participant_uuid, who.user_id) == (WHO, "1234567890")
    assert (who.place, who.in_breakout, who.sharing, who.role) == (Place.IN, True, True, Role.CO_HOST)
    assert (who.registrant_id, who.by_phone) == ("abcdefghij0-klmnopq23456", True)
    assert who.address_hash == hashed("jchill@example.com")
    await fed(v, sample(EventKind.LEFT, meeting, event_ts=at(60)))
    (seat,) = (await room(v, meeting)).seats
    assert (seat.participant.place, seat.participant.left_why) == (Place.GONE, "host_ended")


async def test_the_samples_in_any_order_give_the_same_room(vestibule: Vestibule) -> None:
    """Every order of four of them, each in a run of its own."""
    v = vestibule
    meeting = await v.live_links()
    seen = set()
    for number, order in enumerate(itertools.permutations([0, 1, 2, 4])):
        run = SessionId(f"run-{number}")
        bodies = story(meeting)
        for index in order:
            bodies[index]["payload"]["object"]["uuid"] = run
            await fed(v, bodies[index])
        view = await v.rooms.view(meeting.meeting_id, run)
        assert view is not None
        (seat,) = view.seats
        who = seat.participant
        seen.add((who.place, who.since, who.first_seen, who.joined_at, who.sharing, who.name))
    assert len(seen) == 1


async def test_a_telephone_in_the_sample_is_bound_to_its_owner(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    bind = sample(EventKind.BOUND, meeting, event_ts=at(1))
    bind["payload"]["object"]["participant"] |= {"participant_uuid": PHONE, "bind_participant_uuid": WHO}
    await fed(v, sample(EventKind.JOINED, meeting, event_ts=at(0)), bind)
    seats = {seat.participant.participant_uuid: seat for seat in (await room(v, meeting)).seats}
    assert seats[PHONE].participant.bound_to == WHO
    assert seats[PHONE].participant.by_phone
    assert seats[PHONE].kind is seats[WHO].kind


@pytest.mark.parametrize("nothing", [None, "", "absent"])
@pytest.mark.parametrize("as_number", [True, False])
async def test_loose_json_makes_no_difference(vestibule: Vestibule, nothing: str | None, as_number: bool) -> None:
    v = vestibule
    meeting = await v.live_links()
    body = sample(EventKind.JOINED, meeting, event_ts=at(0))
    who = body["payload"]["object"]["participant"]
    for name in ("registrant_id", "email", "participant_user_id", "id", "phone_number"):
        who[name] = nothing
        if nothing == "absent":
            del who[name]
    who |= {"user_id": 16778240 if as_number else "16778240", "public_ip": "203.0.113.7"}
    await fed(v, body)
    (seat,) = (await room(v, meeting)).seats
    participant = seat.participant
    assert (participant.user_id, participant.registrant_id, participant.address_hash) == ("16778240", None, None)
    assert (participant.zoom_user_id, participant.by_phone) == (None, False)
    assert b"203.0.113.7" not in await everything_stored(v.store)
