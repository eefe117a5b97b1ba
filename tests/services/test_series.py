"""A call that repeats every week: each week once, whatever happens in between; announced, listed and cancelled as one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import OutcomeUnknown, Transient, UserMistake
from bot.domain.meeting import MeetingState
from bot.domain.values import MemberId
from bot.ports import Notice
from bot.services.drafting import MeetingAsk
from bot.services.limits import CREATES_A_DAY, count_create
from bot.services.series import SeriesDraft
from tests.services.conftest import BEN, GUILD, HOST, MODERATOR, Vestibule, on_both_stores, opened_vestibule
from tests.waiting import until


@pytest.fixture
async def v(address: str) -> AsyncIterator[Vestibule]:
    async with opened_vestibule(address) as built:
        yield built


async def drafted(v: Vestibule, weeks: int = 4) -> SeriesDraft:
    ask = MeetingAsk("Choir practice", (v.clock.now() + timedelta(minutes=40)).isoformat(), host=HOST)
    return await v.series.draft(v.organiser, GUILD, ask, weeks)


async def created(v: Vestibule, weeks: int = 4) -> SeriesDraft:
    draft = await drafted(v, weeks)
    await v.series.confirm(v.organiser, GUILD, draft.series_id)
    await v.run_jobs()
    return draft


async def test_draft_shows_every_date_and_clash_and_creates_nothing(v: Vestibule) -> None:
    await v.create(when=(v.clock.now() + timedelta(weeks=1, minutes=60)).isoformat())
    draft = await drafted(v)
    assert [m.starts_at - draft.meetings[0].starts_at for m in draft.meetings] == [
        timedelta(weeks=week) for week in range(4)
    ]
    assert [ours.meeting_id for ours, _ in draft.clashes] == [draft.meetings[1].meeting_id]
    assert draft.creates_left == CREATES_A_DAY - 1
    assert len(v.zoom.meetings) == 1


@on_both_stores
async def test_each_week_is_a_meeting_of_its_own(v: Vestibule) -> None:
    draft = await drafted(v)
    made = await v.series.confirm(v.organiser, GUILD, draft.series_id)
    assert (len(made.created), made.waiting, made.problem) == (4, (), None)
    assert len({m.zoom_id for m in [c.meeting for c in made.created]}) == 4
    assert len(v.zoom.meetings) == 4


async def test_pressing_twice_and_discarding_afterwards_creates_each_once_and_forgets_none(v: Vestibule) -> None:
    draft = await drafted(v)
    await asyncio.gather(*(v.series.confirm(v.organiser, GUILD, draft.series_id) for _ in range(3)))
    await v.series.confirm(v.organiser, GUILD, draft.series_id)
    await v.series.discard(v.organiser, GUILD, draft.series_id)
    assert v.zoom.calls["create"] == 4
    assert len((await v.series_views.listing(v.organiser, GUILD)).meetings) == 1


async def test_moderator_and_member_can_neither_draft_nor_confirm_a_series(v: Vestibule) -> None:
    draft = await drafted(v)
    for who in (v.ana(), v.person(MemberId(50), MODERATOR)):
        with pytest.raises(UserMistake):
            await v.series.confirm(who, GUILD, draft.series_id)
        with pytest.raises(UserMistake):
            await v.series_cancelling.cancel_rest(who, GUILD, draft.meetings[0].meeting_id)
    assert v.zoom.meetings == {}


async def test_unconfirmed_series_is_forgotten(v: Vestibule) -> None:
    draft = await drafted(v)
    v.clock.advance(minutes=31)
    await v.run_jobs()
    with pytest.raises(UserMistake, match="not kept"):
        await v.series.confirm(v.organiser, GUILD, draft.series_id)


@pytest.mark.parametrize("weeks", [1, 13])
async def test_number_of_weeks_is_limited(v: Vestibule, weeks: int) -> None:
    with pytest.raises(UserMistake, match="2 to 12"):
        await drafted(v, weeks)


@on_both_stores
async def test_zoom_failing_in_the_middle_is_said_and_the_rest_follows_by_itself(v: Vestibule) -> None:
    draft = await drafted(v)
    create = v.zoom.create_meeting

    async def third_fails(*args: object) -> object:
        if v.zoom.calls["create"] == 2:
            v.zoom.fail["create"] = Transient("Zoom is down.")
        return await create(*args)  # type: ignore[arg-type]

    v.zoom.create_meeting = third_fails  # type: ignore[method-assign,assignment]
    made = await v.series.confirm(v.organiser, GUILD, draft.series_id)
    assert (len(made.created), len(made.waiting)) == (2, 2)
    assert made.problem is not None
    listing = await v.series_views.listing(v.organiser, GUILD)
    assert len(listing.waiting) == 2
    v.zoom.create_meeting = create  # type: ignore[method-assign]
    v.clock.advance(minutes=45)
    await v.run_jobs()
    assert len((await v.series_views.listing(v.organiser, GUILD)).waiting) == 2, "drafts of a promise are kept"
    v.zoom.fail.clear()
    for _ in range(3):
        v.clock.advance(minutes=11)
        await v.run_jobs()
    assert len(v.zoom.meetings) == 4
    assert (await v.series_views.listing(v.organiser, GUILD)).waiting == ()


async def test_promised_week_is_no_draft_that_can_be_forgotten(v: Vestibule) -> None:
    draft = await drafted(v)
    v.zoom.fail["create"] = Transient("Zoom is down.")
    await v.series.confirm(v.organiser, GUILD, draft.series_id)
    await v.upkeep.drop_draft(draft.meetings[3].meeting_id)
    assert (await v.meeting(draft.meetings[3].meeting_id)).state is MeetingState.PLANNED


async def test_an_outage_costs_one_try_each_time_and_not_one_a_week(v: Vestibule) -> None:
    draft = await drafted(v, 10)
    v.zoom.fail["create"] = Transient("Zoom is down.")
    await v.series.confirm(v.organiser, GUILD, draft.series_id)
    for _ in range(12):
        v.clock.advance(minutes=5)
        await v.run_jobs()
    assert v.zoom.calls["create"] <= 8


async def test_used_up_day_goes_on_after_midnight_utc(v: Vestibule) -> None:
    draft = await drafted(v)
    async with v.store.work() as uow:
        for _ in range(CREATES_A_DAY - 1):
            await count_create(uow, HOST, v.clock.now().date())
        await uow.commit()
    made = await v.series.confirm(v.organiser, GUILD, draft.series_id)
    assert len(made.created) == 1
    assert made.problem is not None
    assert made.problem.code == "daily_creates_used"
    v.clock.advance(hours=6)
    await v.run_jobs()
    assert v.zoom.calls["create"] == 1
    v.clock.time = v.clock.time.replace(hour=0, minute=2) + timedelta(days=1)
    await v.run_jobs()
    assert len(v.zoom.meetings) == 4


async def test_lost_answer_makes_no_double_and_the_rest_follows(v: Vestibule) -> None:
    draft = await drafted(v)
    v.zoom.lose["create"] = 1
    v.zoom.hide_from_lists = 3
    made = await v.series.confirm(v.organiser, GUILD, draft.series_id)
    assert isinstance(made.problem, OutcomeUnknown)
    for _ in range(4):
        v.clock.advance(minutes=3)
        await v.run_jobs()
    assert v.zoom.calls["create"] == 4
    assert len(v.zoom.meetings) == 4


async def test_interrupted_after_the_promise_creates_all_by_itself(v: Vestibule) -> None:
    draft = await drafted(v)
    v.zoom.slow["create"] = asyncio.Event()
    confirming = asyncio.create_task(v.series.confirm(v.organiser, GUILD, draft.series_id))
    await until(lambda: v.zoom.calls["create"] > 0)
    for task in [confirming, *v.series._under_way.values(), *v.creating._under_way.values()]:
        task.cancel()
    await asyncio.gather(confirming, return_exceptions=True)
    v.zoom.slow.clear()
    for _ in range(4):
        v.clock.advance(minutes=3)
        await v.run_jobs()
    assert len(v.zoom.meetings) == 4


async def test_week_that_passed_before_zoom_came_back_is_given_up(v: Vestibule) -> None:
    draft = await drafted(v)
    v.zoom.fail["create"] = Transient("Zoom is down.")
    await v.series.confirm(v.organiser, GUILD, draft.series_id)
    v.zoom.fail.clear()
    v.clock.advance(days=2)
    await v.run_jobs()
    assert len(v.zoom.meetings) == 3
    assert "series.meeting_given_up" in await v.actions()


async def test_only_the_next_one_is_announced_and_its_hosts_are_told_once(v: Vestibule) -> None:
    async with v.store.work() as uow:
        (host,) = [h for h in await uow.links.hosts(GUILD) if h.user_id == HOST]
        await uow.links.save_host(GUILD, replace(host, member_id=BEN))
        await uow.commit()
    draft = await created(v)
    ((post, *_),) = v.chat.posts.values()
    assert post.meeting_id == draft.meetings[0].meeting_id
    assert post.weekly_until == draft.meetings[-1].starts_at
    assert len(v.chat.briefs) == 1
    v.clock.advance(hours=3)
    await v.run_jobs()
    announced = [posts[0].meeting_id for posts in v.chat.posts.values()]
    assert announced == [m.meeting_id for m in draft.meetings[:2]]
    assert len(v.chat.briefs) == 2


@on_both_stores
async def test_list_groups_a_series_and_show_says_what_follows(v: Vestibule) -> None:
    await v.create()
    draft = await created(v, 6)
    listing = await v.series_views.listing(v.organiser, GUILD)
    assert len(listing.meetings) == 2
    tail = listing.tails[draft.meetings[0].meeting_id]
    assert (tail.weekday, tail.more, tail.last) == ("Tuesday", 5, draft.meetings[-1].starts_at)
    view = await v.views.show(v.organiser, GUILD, draft.meetings[0].meeting_id)
    assert view.beside.tail == tail


async def test_cancelling_one_leaves_the_others_and_announces_the_next(v: Vestibule) -> None:
    draft = await created(v)
    await v.cancelling.cancel(v.organiser, GUILD, draft.meetings[0].meeting_id)
    await v.run_jobs()
    assert len(v.zoom.meetings) == 3
    assert [notice for notice, _ in v.chat.notices] == [Notice.CANCELLED]
    assert [posts[0].meeting_id for posts in v.chat.posts.values()][-1] == draft.meetings[1].meeting_id


@on_both_stores
async def test_cancelling_the_rest_takes_created_and_waiting_ones_alike(v: Vestibule) -> None:
    draft = await drafted(v)
    await v.series.confirm(v.organiser, GUILD, draft.series_id)
    await v.run_jobs()
    done = await v.series_cancelling.cancel_rest(v.organiser, GUILD, draft.meetings[1].meeting_id)
    await v.run_jobs()
    assert len(done.meetings) == 3
    assert done.unconfirmed == ()
    assert len(v.zoom.meetings) == 1
    states = [(await v.meeting(m.meeting_id)).state for m in draft.meetings]
    assert states == [MeetingState.CREATED] + [MeetingState.CANCELLED] * 3
    assert (await v.series_views.listing(v.organiser, GUILD)).tails == {}
    with pytest.raises(UserMistake):
        await v.series_cancelling.cancel_rest(v.organiser, GUILD, draft.meetings[1].meeting_id)


async def test_cancelled_while_zoom_was_down_is_never_created(v: Vestibule) -> None:
    draft = await drafted(v)
    v.zoom.fail["create"] = Transient("Zoom is down.")
    await v.series.confirm(v.organiser, GUILD, draft.series_id)
    done = await v.series_cancelling.cancel_rest(v.organiser, GUILD, draft.meetings[0].meeting_id)
    v.zoom.fail.clear()
    for _ in range(3):
        v.clock.advance(minutes=15)
        await v.run_jobs()
    assert len(done.meetings) == 4
    assert v.zoom.meetings == {}
