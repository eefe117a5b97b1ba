"""Live calls: who is in, in memory at once and in the store soon after; who is told; and what is said where Zoom tells nothing."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.meeting import Meeting, MeetingState, ProfileName
from bot.domain.room import Hearing, Missed, RoomView
from bot.domain.roster import Place, Role, SeatKind
from bot.domain.values import MeetingId, ParticipantId, SessionId
from bot.ports import EventKind, Fact, IncomingEvent
from bot.services.admissions import LinkReady
from bot.services.missed_events import MissedEvents
from bot.services.rooms import Rooms
from bot.services.sessions import LiveSessions
from tests.services.conftest import ANA, GUILD, HOST, Vestibule, on_both_stores, opened_vestibule
from tests.services.fakes_events import hashed

_keys = itertools.count()


def event(meeting: Meeting, kind: EventKind, at: datetime, uuid: str = "u1", **facts: Fact) -> IncomingEvent:
    return IncomingEvent(
        f"{next(_keys):064x}", kind, "account", at, meeting.zoom_id, SessionId(uuid), meeting.host_id, facts
    )


def person(meeting: Meeting, kind: EventKind, at: datetime, who: str = "p1", **facts: Fact) -> IncomingEvent:
    return event(meeting, kind, at, "u1", participant_uuid=who, user_id=f"user-{who}", user_name=who, **facts)


async def told(v: Vestibule, *events: IncomingEvent) -> None:
    await v.intake.store(events)
    await v.rooms.settled()


async def room(v: Vestibule, meeting: Meeting) -> RoomView:
    found = await v.rooms.view(meeting.meeting_id)
    assert found is not None
    return found


def places(view: RoomView) -> dict[str, Place]:
    return {seat.participant.participant_uuid: seat.participant.place for seat in view.seats}


class Ear:
    """Writes down what it is told of, and what the process at hand then knows."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self.seen: list[dict[str, Place]] = []

    async def room_changed(self, meeting_id: MeetingId) -> None:
        view = self._rooms.at_hand(meeting_id)
        self.seen.append({} if view is None else places(view))


async def live(v: Vestibule, **ask: object) -> Meeting:
    meeting = await v.live_links(**ask)
    await told(v, event(meeting, EventKind.STARTED, v.clock.now()))
    return meeting


async def test_a_member_who_joins_by_their_link_is_known(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await live(v)
    ready = await v.admissions.ask(GUILD, meeting.meeting_id, v.ana(), asked_at=v.clock.now())
    assert isinstance(ready, LinkReady)
    async with v.store.read() as uow:
        invite = await uow.invites.current(meeting.meeting_id, ANA)
    assert invite is not None
    assert invite.registrant_id is not None
    await told(v, person(meeting, EventKind.JOINED, v.clock.now(), registrant_id=invite.registrant_id))
    for view in (await room(v, meeting), v.rooms.at_hand(meeting.meeting_id)):
        assert view is not None
        (seat,) = view.seats
        assert (seat.kind, seat.member_id, seat.invite_id, seat.tag) == (
            SeatKind.KNOWN,
            ANA,
            invite.invite_id,
            invite.tag,
        )
        assert view.heard


async def test_an_event_that_comes_before_zooms_answer_finds_the_invite_by_its_address(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await live(v)
    await v.admissions.ask(GUILD, meeting.meeting_id, v.ana(), asked_at=v.clock.now())
    async with v.store.work() as uow:
        invite = await uow.invites.current(meeting.meeting_id, ANA)
        assert invite is not None
        await uow.invites.save(replace(invite, registrant_id=None))
        await uow.commit()
    joined = person(
        meeting, EventKind.JOINED, v.clock.now(), registrant_id="not told yet", email_hash=hashed(invite.address)
    )
    await told(v, joined)
    (seat,) = (await room(v, meeting)).seats
    assert (seat.kind, seat.member_id) == (SeatKind.KNOWN, ANA)


async def test_a_stranger_is_unknown_and_the_host_is_the_host(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await live(v)
    await told(
        v,
        person(meeting, EventKind.JOINED, v.clock.now(), "stranger"),
        person(meeting, EventKind.JOINED, v.clock.now(), "host", participant_user_id=HOST),
        person(meeting, EventKind.JOINED, v.clock.now(), "at-home", email_hash=hashed("host@choir.example")),
    )
    kinds = {seat.participant.participant_uuid: seat.kind for seat in (await room(v, meeting)).seats}
    assert kinds == {"stranger": SeatKind.UNKNOWN, "host": SeatKind.HOST, "at-home": SeatKind.HOST}


async def test_nobody_can_be_told_apart_without_registration(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await live(v, profile=ProfileName.OPEN_DOOR)
    await told(v, person(meeting, EventKind.JOINED, v.clock.now()))
    (seat,) = (await room(v, meeting)).seats
    assert seat.kind is SeatKind.UNIDENTIFIED


async def test_whoever_a_moderator_accepted_is_a_guest(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await live(v)
    await told(v, person(meeting, EventKind.JOINED, v.clock.now()))
    async with v.store.work() as uow:
        await uow.roster.hold(SessionId("u1"), meeting.meeting_id)
        await uow.roster.accept(SessionId("u1"), ParticipantId("p1"), ANA, v.clock.now())
        await uow.commit()
    await v.rooms.keep_up()
    view = v.rooms.at_hand(meeting.meeting_id)
    assert view is not None
    assert [seat.kind for seat in view.seats] == [SeatKind.GUEST]


async def test_listeners_are_told_at_once_with_the_call_as_it_is(vestibule: Vestibule) -> None:
    v = vestibule
    ear = Ear(v.rooms)
    v.rooms.listen(ear)
    meeting = await live(v)
    ear.seen.clear()
    await told(v, person(meeting, EventKind.WAITING, v.clock.now()))
    assert ear.seen
    assert all(seen == {"p1": Place.WAITING} for seen in ear.seen)
    v.clock.advance(seconds=9)
    await told(v, event(meeting, EventKind.ENDED, v.clock.now()))
    assert ear.seen[-1] == {}, "it is no live call any more"
    assert places(await room(v, meeting)) == {"p1": Place.GONE}


async def test_a_listener_that_fails_keeps_nobody_else_from_being_told(vestibule: Vestibule) -> None:
    class Deaf:
        async def room_changed(self, meeting_id: MeetingId) -> None:
            raise RuntimeError("no")

    v = vestibule
    ear = Ear(v.rooms)
    v.rooms.listen(Deaf())
    v.rooms.listen(ear)
    await live(v)
    assert ear.seen


async def test_somebody_in_the_call_makes_it_live_though_the_start_was_lost(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    await told(v, person(meeting, EventKind.WAITING, v.clock.now()))
    assert (await v.meeting(meeting.meeting_id)).state is MeetingState.CREATED, "people wait before a call begins too"
    await told(v, person(meeting, EventKind.ADMITTED, v.clock.now()))
    assert (await v.meeting(meeting.meeting_id)).state is MeetingState.LIVE
    assert places(await room(v, meeting)) == {"p1": Place.IN}


async def test_events_after_the_end_and_out_of_order_change_nothing(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    now = v.clock.now()
    story = [
        event(meeting, EventKind.STARTED, now),
        person(meeting, EventKind.WAITING, now + timedelta(seconds=1)),
        person(meeting, EventKind.ADMITTED, now + timedelta(seconds=20)),
        person(meeting, EventKind.JOINED, now + timedelta(seconds=21)),
        person(meeting, EventKind.LEFT, now + timedelta(seconds=50), leave_reason="removed"),
        event(meeting, EventKind.ENDED, now + timedelta(seconds=60)),
    ]
    v.clock.advance(minutes=2)
    for each in reversed(story):
        await told(v, each, each)
    view = await room(v, meeting)
    (seat,) = view.seats
    assert (seat.participant.place, seat.participant.left_why) == (Place.GONE, "removed")
    assert (await v.meeting(meeting.meeting_id)).state is MeetingState.CREATED
    assert v.rooms.at_hand(meeting.meeting_id) is None


async def test_each_run_has_its_own_people_and_the_newest_is_shown(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await live(v)
    await told(v, person(meeting, EventKind.JOINED, v.clock.now()))
    await told(v, event(meeting, EventKind.ENDED, v.clock.now()))
    v.clock.advance(minutes=1)
    await told(v, event(meeting, EventKind.STARTED, v.clock.now(), "u2"))
    assert (await room(v, meeting)).seats == ()
    first = await v.rooms.view(meeting.meeting_id, SessionId("u1"))
    assert first is not None
    assert places(first) == {"p1": Place.GONE}
    assert await v.rooms.view(meeting.meeting_id, SessionId("never")) is None


async def test_roles_sharing_and_waiting_for_the_host_are_seen(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await live(v)
    now = v.clock.now()
    await told(
        v,
        event(meeting, EventKind.SHARING_STARTED, now, user_id="user-p1", user_name="p1"),
        event(meeting, EventKind.WAITING_FOR_HOST, now, participant_id="z9", user_name="Early Bird"),
        event(meeting, EventKind.WAITING_FOR_HOST, now, user_name="Gone Again"),
        event(meeting, EventKind.LEFT_WAITING_FOR_HOST, now, user_name="Gone Again"),
        person(meeting, EventKind.JOINED, now),
        person(meeting, EventKind.ROLE_CHANGED, now, old_role="attendee", new_role="co-host"),
    )
    view = await room(v, meeting)
    (seat,) = view.seats
    assert seat.participant.sharing
    assert (seat.participant.role, seat.host_rights) == (Role.CO_HOST, True)
    assert view.early == (), "a host is there, so nobody waits for one any more"


async def test_those_who_wait_for_the_host_are_seen_until_one_is_there(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await live(v)
    now = v.clock.now()
    await told(
        v,
        event(meeting, EventKind.WAITING_FOR_HOST, now, participant_id="z9", user_name="Early Bird"),
        event(meeting, EventKind.LEFT_WAITING_FOR_HOST, now, user_name="Gone Again"),
        event(meeting, EventKind.WAITING_FOR_HOST, now, user_name="Gone Again"),
    )
    assert (await room(v, meeting)).early == ("Early Bird",)
    await told(v, person(meeting, EventKind.JOINED, now, participant_user_id=HOST))
    assert (await room(v, meeting)).early == ()


async def test_what_a_killed_process_left_is_taken_in_by_the_job(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await live(v)
    ear = Ear(v.rooms)
    v.rooms.listen(ear)
    await type(v.intake)(v.store, v.clock, v.chance).store([person(meeting, EventKind.JOINED, v.clock.now())])
    await v.run_jobs()
    assert places(await room(v, meeting)) == {}, "whoever stored it may be about to take it in"
    v.clock.advance(seconds=4)
    await v.run_jobs()
    assert places(await room(v, meeting)) == {"p1": Place.IN}
    assert ear.seen == [{"p1": Place.IN}]
    await v.rooms.fold(meeting.meeting_id)
    assert len(ear.seen) == 1, "a repeat tells nobody"


@on_both_stores
async def test_another_process_knows_within_one_look_and_only_watchers_are_told_there(address: str) -> None:
    async with opened_vestibule(address) as v:
        other = Rooms(v.store, LiveSessions(v.store, v.zoom, v.clock), v.clock, lambda _: [], takes_events=True)
        here, watcher, sentinel = Ear(v.rooms), Ear(other), Ear(other)
        v.rooms.listen(here)
        other.listen(watcher, everywhere=True)
        other.listen(sentinel)
        meeting = await live(v)
        await told(v, person(meeting, EventKind.JOINED, v.clock.now()))
        assert other.at_hand(meeting.meeting_id) is None
        await other.keep_up()
        assert watcher.seen == [{"p1": Place.IN}]
        await other.keep_up()
        assert len(watcher.seen) == 1, "nothing new, nobody told"
        await told(v, person(meeting, EventKind.LEFT, v.clock.now() + timedelta(seconds=1), leave_reason="left"))
        await other.keep_up()
        assert watcher.seen[-1] == {"p1": Place.GONE}
        await told(v, event(meeting, EventKind.ENDED, v.clock.now() + timedelta(seconds=2)))
        await other.keep_up()
        assert watcher.seen[-1] == {}
        assert other.at_hand(meeting.meeting_id) is None
        assert sentinel.seen == [], "of all processes one acts upon an event"
        assert here.seen[-1] == {}


@on_both_stores
async def test_many_events_at_once_from_two_processes_lose_nothing(address: str) -> None:
    async with opened_vestibule(address) as v:
        other = Rooms(v.store, LiveSessions(v.store, v.zoom, v.clock), v.clock, lambda _: [], takes_events=True)
        intakes = [v.intake, type(v.intake)(v.store, v.clock, v.chance, other.told)]
        meeting = await live(v)
        now = v.clock.now()
        waits = [person(meeting, EventKind.WAITING, now, f"p{number}") for number in range(20)]
        joins = [person(meeting, EventKind.JOINED, now, f"p{number}") for number in range(20)]
        await asyncio.gather(*(intakes[count % 2].store([each]) for count, each in enumerate([*joins, *waits])))
        await v.rooms.settled()
        await other.settled()
        assert set(places(await room(v, meeting)).values()) == {Place.IN}
        await other.close()


async def test_a_restart_knows_the_live_calls_again(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await live(v)
    await told(v, person(meeting, EventKind.JOINED, v.clock.now()))
    again = Rooms(v.store, LiveSessions(v.store, v.zoom, v.clock), v.clock, lambda _: [], takes_events=True)
    await again.keep_up()
    view = again.at_hand(meeting.meeting_id)
    assert view is not None
    assert places(view) == {"p1": Place.IN}
    assert again.live == (meeting.meeting_id,)


async def test_one_event_reads_and_writes_only_those_it_names(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await live(v)
    now = v.clock.now()
    await told(v, *(person(meeting, EventKind.JOINED, now, f"p{number}") for number in range(5)))
    async with v.store.read() as uow:
        before = await uow.roster.revision(SessionId("u1"))
    await told(v, person(meeting, EventKind.LEFT, now + timedelta(seconds=1), "p3"))
    async with v.store.read() as uow:
        written = await uow.roster.tracks(SessionId("u1"), after=before)
    assert [each.participant_uuid for each in written] == ["p3"]


@pytest.mark.parametrize(
    ("takes_events", "account_heard", "hearing"),
    [
        (False, False, Hearing.NO_ENDPOINT),
        (True, False, Hearing.SILENT),
        (True, True, Hearing.NOT_THIS_CALL),
    ],
)
async def test_a_live_call_nobody_tells_about_says_why_and_what_to_do(
    vestibule: Vestibule, takes_events: bool, account_heard: bool, hearing: Hearing
) -> None:
    v = vestibule
    meeting = await v.live_links()
    assert meeting.zoom_id is not None
    rooms = Rooms(v.store, LiveSessions(v.store, v.zoom, v.clock), v.clock, lambda _: [], takes_events=takes_events)
    v.zoom.live[meeting.zoom_id] = SessionId("u1")
    v.clock.advance(minutes=1)
    await v.run_jobs()
    if account_heard:
        await told(v, event(meeting, EventKind.UPDATED, v.clock.now()))
    await rooms.keep_up()
    view = await rooms.view(meeting.meeting_id)
    assert view is not None
    assert (view.hearing, view.heard) == (hearing, False)
    assert view.hearing.reason.startswith("I cannot see who joins")
    assert view.hearing.fix
    assert rooms.live == (meeting.meeting_id,)


async def test_a_meeting_that_never_ran_has_no_room(vestibule: Vestibule) -> None:
    meeting = await vestibule.create()
    assert await vestibule.rooms.view(meeting.meeting_id) is None
    assert vestibule.rooms.at_hand(meeting.meeting_id) is None
    assert await vestibule.rooms.view(MeetingId("none")) is None


async def test_a_time_in_which_nothing_was_heard_is_told_and_zoom_is_asked(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await live(v)
    await told(v, person(meeting, EventKind.JOINED, v.clock.now()))
    missed = MissedEvents(v.store, v.clock)
    since = v.clock.now()
    await missed.note(since, since + timedelta(seconds=1))
    assert (await room(v, meeting)).missed is None, "shorter than it takes to connect again"
    asked = v.zoom.calls["live"]
    v.clock.advance(minutes=2)
    await missed.note(since, v.clock.now())
    view = await room(v, meeting)
    assert view.missed == Missed(since, v.clock.now())
    assert "I heard nothing from Zoom" in view.missed.words
    await v.run_jobs()
    assert v.zoom.calls["live"] == asked + 1, "the call may have ended meanwhile"


async def test_a_gap_before_a_call_is_none_of_its_own(vestibule: Vestibule) -> None:
    v = vestibule
    await MissedEvents(v.store, v.clock).note(v.clock.now() - timedelta(hours=2), v.clock.now() - timedelta(hours=1))
    assert (await room(v, await live(v))).missed is None
