"""Who is in a call, as both databases keep it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.adapters.store.unit_of_work import SqlStore
from bot.domain.guest import Guest
from bot.domain.invite import InviteState
from bot.domain.meeting import MeetingState
from bot.domain.roster import Place
from bot.domain.session import Session
from bot.domain.tracking import Happening, Mark, MarkKind, Report, Track, mark
from bot.domain.values import GuestId, ParticipantId, RegistrantId, SessionId, ZoomMeetingId
from bot.ports import OpenSession
from tests.contracts.stores import ANA, BEN, GUILD, HOST, MEETING, NOW, add_meeting, host, invite, meeting, opened

RUN, OTHER = SessionId("/run//=="), SessionId("other")
SECOND = timedelta(seconds=1)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[SqlStore]:
    async with opened(store_url) as store:
        async with store.work() as unit:
            await add_meeting(unit, meeting(zoom_id=ZoomMeetingId("86000000001"), state=MeetingState.LIVE))
            await unit.links.save_host(GUILD, host())
            await unit.commit()
        yield store


def track(uuid: str = "p1", happening: Happening = Happening.JOINED, **said: object) -> Track:
    fields: dict[str, object] = {"user_id": "1", "name": "Ana·K7F", "registrant_id": "r1"} | said
    return Report(happening, NOW, RUN, ParticipantId(uuid), **fields).track()  # type: ignore[arg-type]


def shares(key: str = "1", *, on: bool = True) -> Mark:
    return mark(RUN, MarkKind.SHARING, key, on=on, at=NOW, name="Ana")


async def write(store: SqlStore, *tracks: Track, marks: tuple[Mark, ...] = ()) -> int:
    async with store.work() as unit:
        revision = await unit.roster.hold(RUN, MEETING)
        await unit.roster.save(tracks, marks, revision)
        await unit.commit()
    return revision


async def test_participants_come_back_as_they_were_and_the_new_replaces_the_old(store: SqlStore) -> None:
    waiting = track(happening=Happening.WAITS)
    await write(store, waiting, track("p2"), marks=(shares(),))
    both = waiting.merged(track(zoom_user_id="z", address_hash="h", by_phone=True))
    await write(store, both, marks=(shares(on=False),))
    async with store.read() as unit:
        assert {each.participant_uuid: each for each in await unit.roster.tracks(RUN)} == {
            "p1": both,
            "p2": track("p2"),
        }
        assert list(await unit.roster.marks(RUN)) == [shares(on=False)]
        assert await unit.roster.tracks(OTHER) == []
    assert both.participant().place is Place.IN


async def test_only_those_asked_for_are_read(store: SqlStore) -> None:
    await write(store, track("p1"), track("p2"), marks=(shares("1"), shares("2")))
    async with store.read() as unit:
        (only,) = await unit.roster.tracks(RUN, only=[ParticipantId("p2"), ParticipantId("p3")])
        assert only.participant_uuid == "p2"
        assert await unit.roster.tracks(RUN, only=[]) == []
        assert [each.key for each in await unit.roster.marks(RUN, only=[(MarkKind.SHARING, "2")])] == ["2"]
        assert await unit.roster.marks(RUN, only=[(MarkKind.EARLY, "2")]) == []


async def test_what_was_written_after_a_revision_is_told_apart(store: SqlStore) -> None:
    first = await write(store, track("p1"), marks=(shares("1"),))
    second = await write(store, track("p2"), marks=(shares("2"),))
    assert (first, second) == (1, 2)
    async with store.read() as unit:
        assert [each.participant_uuid for each in await unit.roster.tracks(RUN, after=first)] == ["p2"]
        assert [each.key for each in await unit.roster.marks(RUN, after=first)] == ["2"]
        assert await unit.roster.tracks(RUN, after=second) == []
        assert await unit.roster.revision(RUN) == second
        assert await unit.roster.revision(OTHER) == 0


async def test_two_who_write_about_one_session_take_turns(store: SqlStore) -> None:
    """Each reads, adds its own fact, and writes; without the lock one of them would be lost."""

    async def merge(happening: Happening) -> None:
        async with store.work() as unit:
            revision = await unit.roster.hold(RUN, MEETING)
            known = {each.participant_uuid: each for each in await unit.roster.tracks(RUN)}
            new = track(happening=happening, role="co-host", bound_to="p9")
            await asyncio.sleep(0)
            await unit.roster.save([known.get(new.participant_uuid, new).merged(new)], [], revision)
            await unit.commit()

    await asyncio.gather(merge(Happening.ROLE), merge(Happening.BOUND), merge(Happening.JOINED))
    async with store.read() as unit:
        (found,) = await unit.roster.tracks(RUN)
        assert await unit.roster.revision(RUN) == 3
    assert {"role", "bound_to", "room"} <= set(found.registers)


async def test_holding_a_session_keeps_what_is_known_of_it(store: SqlStore) -> None:
    run = Session(RUN, MEETING, NOW)
    async with store.work() as unit:
        await unit.sessions.save(run)
        assert await unit.roster.hold(RUN, MEETING) == 1
        await unit.sessions.save(run)
        await unit.commit()
    async with store.read() as unit:
        assert await unit.sessions.get(RUN) == run
        assert await unit.roster.revision(RUN) == 1


async def test_the_open_sessions_of_live_meetings_are_found(store: SqlStore) -> None:
    await write(store)
    async with store.read() as unit:
        assert await unit.roster.open_sessions() == [], "not known to have started"
    async with store.work() as unit:
        await unit.sessions.save(Session(RUN, MEETING, NOW))
        await unit.sessions.save(Session(OTHER, MEETING, NOW, NOW + SECOND))
        await unit.commit()
    async with store.read() as unit:
        assert await unit.roster.open_sessions() == [OpenSession(MEETING, RUN, 1)]
    async with store.work() as unit:
        live = await unit.meetings.get(MEETING)
        assert live is not None
        await unit.meetings.save(live.changed(state=MeetingState.ENDED))
        await unit.commit()
    async with store.read() as unit:
        assert await unit.roster.open_sessions() == []


async def test_whom_a_moderator_accepted_is_kept_once(store: SqlStore) -> None:
    for who in (ANA, BEN):
        async with store.work() as unit:
            await unit.roster.hold(RUN, MEETING)
            await unit.roster.accept(RUN, ParticipantId("p1"), who, NOW)
            await unit.commit()
    async with store.read() as unit:
        assert await unit.roster.accepted(RUN) == {"p1"}
        assert await unit.roster.accepted(OTHER) == frozenset()


async def test_the_list_holds_invites_and_guests_of_every_state(store: SqlStore) -> None:
    asked = invite()
    issued = invite("invite-2", BEN, "Q2Q", registrant_id=RegistrantId("r2"), state=InviteState.DELIVERED)
    void = invite("invite-3", tag="ZZZ", registrant_id=RegistrantId("r3"), generation=2)
    lee = Guest(GuestId("g1"), MEETING, "Dr. Lee", "GK7F", "g1@guests.example.org", ANA, NOW)
    async with store.work() as unit:
        await unit.invites.add(void)
        await unit.invites.save(void.revoked(NOW))
        for each in (asked, issued):
            await unit.invites.add(each)
        await unit.guests.add(lee.issued(RegistrantId("r4")))
        await unit.guests.save(lee.issued(RegistrantId("r4")))
        await unit.commit()
    async with store.read() as unit:
        everybody = await unit.roster.entries(MEETING)
        named = await unit.roster.entries(MEETING, only=[RegistrantId("r2")])
    found = {each.entry.tag: each for each in everybody}
    assert {tag: (each.entry.registrant_id, each.entry.current) for tag, each in found.items()} == {
        "K7F": (None, True),
        "Q2Q": ("r2", True),
        "ZZZ": ("r3", False),
        "GK7F": ("r4", True),
    }
    assert found["K7F"].address == "minvite-1@guests.example.org"
    assert (found["Q2Q"].entry.member_id, found["Q2Q"].entry.invite_id) == (BEN, "invite-2")
    assert (found["GK7F"].entry.guest_name, found["GK7F"].entry.member_id) == ("Dr. Lee·GK7F", None)
    assert {each.entry.tag for each in named} == {"Q2Q", "K7F"}, "and those whose id Zoom has not told us yet"


async def test_the_addresses_of_the_hosts_are_known(store: SqlStore) -> None:
    async with store.work() as unit:
        await unit.links.save_host(GUILD, replace(host(), user_id=HOST + "-2", email="ben@example.org"))  # type: ignore[arg-type]
        await unit.commit()
    async with store.read() as unit:
        assert await unit.roster.host_addresses(MEETING) == {"ana@example.org": HOST}


async def test_a_thousand_people_are_written_and_read_at_once(store: SqlStore) -> None:
    everybody = [track(f"p{number:04}", user_id=str(number)) for number in range(1000)]
    await write(store, *everybody)
    await write(store, *everybody)
    async with store.read() as unit:
        assert sorted(await unit.roster.tracks(RUN), key=lambda each: each.participant_uuid) == everybody


async def test_participants_go_with_their_meeting(store: SqlStore) -> None:
    await write(store, track(), marks=(shares(),))
    async with store.work() as unit:
        await unit.meetings.remove(MEETING)
        await unit.commit()
    async with store.read() as unit:
        assert await unit.roster.tracks(RUN) == []
        assert await unit.roster.marks(RUN) == []
