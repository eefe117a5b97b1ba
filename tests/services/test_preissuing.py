"""Links made beforehand, and presses that share calls."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil

import pytest

from bot.domain.errors import NeedsAttention, Transient
from bot.domain.invite import InviteState
from bot.domain.meeting import Meeting
from bot.domain.values import MemberId
from bot.services.admissions import Coming, LinkReady, NotAdmitted
from bot.services.batching import BATCH, FEW
from tests.services.conftest import GUILD, VERIFIED, Vestibule
from tests.waiting import until


async def coming(v: Vestibule, count: int) -> tuple[Meeting, list[MemberId]]:
    """A meeting in 40 minutes for which so many people said that they are coming."""
    meeting = await v.create()
    people = [MemberId(2000 + number) for number in range(count)]
    for member in people:
        answer = await v.admissions.ask(GUILD, meeting.meeting_id, v.person(member, VERIFIED), asked_at=v.clock.now())
        assert isinstance(answer, Coming)
    return meeting, people


async def test_those_who_are_coming_have_a_link_before_they_press(vestibule: Vestibule) -> None:
    v = vestibule
    meeting, people = await coming(v, 65)
    v.clock.advance(minutes=11)
    await v.run_jobs()
    assert v.zoom.calls["batch"] == 3
    assert v.zoom.calls["add"] == 0
    async with v.store.read() as uow:
        invites = await uow.invites.of_meeting(meeting.meeting_id)
    assert {invite.state for invite in invites} == {InviteState.ISSUED}
    assert {invite.adds_today for invite in invites} == {1}
    answer = await v.admissions.ask(GUILD, meeting.meeting_id, v.chat.members[people[0]], asked_at=v.clock.now())
    assert isinstance(answer, LinkReady)
    assert answer.first_time
    assert v.zoom.calls["add"] == 0
    assert "invite.delivered" in await v.actions()


async def test_decision_is_made_again_when_a_link_made_beforehand_is_asked_for(vestibule: Vestibule) -> None:
    v = vestibule
    meeting, people = await coming(v, 3)
    v.clock.advance(minutes=11)
    await v.run_jobs()
    stranger = v.person(people[0])
    answer = await v.admissions.ask(GUILD, meeting.meeting_id, stranger, asked_at=v.clock.now())
    assert isinstance(answer, NotAdmitted)
    await v.run_jobs()
    assert meeting.zoom_id is not None
    assert len(v.zoom.valid_links(meeting.zoom_id)) == 2


async def test_nobody_who_lost_the_right_gets_a_link_beforehand(vestibule: Vestibule) -> None:
    v = vestibule
    meeting, people = await coming(v, 5)
    v.person(people[0])
    del v.chat.members[people[1]]
    v.clock.advance(minutes=11)
    await v.run_jobs()
    assert meeting.zoom_id is not None
    assert len(v.zoom.valid_links(meeting.zoom_id)) == 3
    assert await v.run_jobs() == []


async def test_lost_answer_of_a_batch_is_settled_by_the_list_and_nobody_is_sent_twice(vestibule: Vestibule) -> None:
    v = vestibule
    meeting, _ = await coming(v, 10)
    v.zoom.lose["batch"] = 1
    v.clock.advance(minutes=11)
    await v.run_jobs()
    assert v.zoom.calls["batch"] == 1
    assert v.zoom.calls["add"] == 0
    assert meeting.zoom_id is not None
    assert len(v.zoom.valid_links(meeting.zoom_id)) == 10


async def test_where_zoom_takes_no_batches_people_are_registered_one_by_one(vestibule: Vestibule) -> None:
    v = vestibule
    meeting, _ = await coming(v, 35)
    v.zoom.fail["batch"] = NeedsAttention("One at a time.", code="zoom_single_only")
    v.clock.advance(minutes=11)
    await v.run_jobs()
    assert v.zoom.calls["batch"] == 1, "asked once, then remembered"
    assert meeting.zoom_id is not None
    assert len(v.zoom.valid_links(meeting.zoom_id)) == 35


async def test_zoom_out_of_reach_leaves_everybody_their_press(vestibule: Vestibule) -> None:
    v = vestibule
    meeting, people = await coming(v, 4)
    v.zoom.fail["batch"] = Transient("Down.", code="zoom_down")
    v.clock.advance(minutes=11)
    await v.run_jobs()
    del v.zoom.fail["batch"]
    for member in people:
        answer = await v.admissions.ask(GUILD, meeting.meeting_id, v.chat.members[member], asked_at=v.clock.now())
        assert isinstance(answer, LinkReady)
    assert meeting.zoom_id is not None
    assert len(v.zoom.valid_links(meeting.zoom_id)) == 4


async def press_all(v: Vestibule, meeting: Meeting, count: int) -> list[object]:
    people = [v.person(MemberId(3000 + number), VERIFIED) for number in range(count)]
    asking = (v.admissions.ask(GUILD, meeting.meeting_id, who, asked_at=v.clock.now()) for who in people)
    return list(await asyncio.gather(*asking, return_exceptions=True))


@dataclass
class HeldClock:
    """The time that people wait for company is over when the test says so, however slowly they come."""

    at: datetime
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        await self.over.wait()


async def test_two_hundred_presses_share_a_few_calls_and_each_gets_a_link_of_their_own(vestibule: Vestibule) -> None:
    v, together = vestibule, 200 - FEW
    meeting = await v.live_links()
    assert meeting.zoom_id is not None
    batching, clock = v.admissions._issuing._batching, HeldClock(v.clock.now())
    batching._clock = clock
    v.zoom.slow["add"] = asyncio.Event()
    pressing = asyncio.create_task(press_all(v, meeting, 200))
    registered = v.zoom.meetings[meeting.zoom_id].registrants
    zoom_id = meeting.zoom_id
    await until(lambda: zoom_id in batching._lines, look=0.05)
    line = batching._lines[zoom_id]
    await until(lambda: len(registered) + len(line.waiting) == together, look=0.05)
    clock.over.set()
    await until(lambda: len(registered) == together, look=0.05)
    v.zoom.slow["add"].set()
    answers = await pressing
    links = {answer.link.reveal() for answer in answers if isinstance(answer, LinkReady)}
    assert len(links) == 200
    assert v.zoom.calls["add"] == FEW
    assert v.zoom.calls["batch"] == ceil(together / BATCH)


async def test_few_presses_do_not_wait_for_company(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    await press_all(v, meeting, FEW)
    assert v.zoom.calls["batch"] == 0


@pytest.mark.parametrize("lost", ["lose", "lose_before"])
async def test_batch_of_presses_with_a_lost_answer_gives_everybody_one_registration(
    vestibule: Vestibule, lost: str
) -> None:
    v = vestibule
    meeting = await v.live_links()
    getattr(v.zoom, lost)["batch"] = 1
    answers = await press_all(v, meeting, 30)
    missed = [answer for answer in answers if isinstance(answer, Transient)]
    assert len(missed) == (0 if lost == "lose" else len(missed))
    assert {error.code for error in missed} <= {"add_unknown"}
    answers = await press_all(v, meeting, 30)
    assert len({answer.link.reveal() for answer in answers if isinstance(answer, LinkReady)}) == 30
    assert meeting.zoom_id is not None
    assert len(v.zoom.meetings[meeting.zoom_id].registrants) == 30


async def test_batch_refused_for_one_person_does_not_keep_the_others_out(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    v.zoom.fail["batch"] = Transient("Three a day.", code="zoom_daily_adds")
    answers = await press_all(v, meeting, 20)
    assert all(isinstance(answer, LinkReady) for answer in answers)
