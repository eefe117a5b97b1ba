"""Rotate: a new meeting in the place of the old one, new links for everybody who may still come, the old link void; whatever is interrupted."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import NeedsAttention, OutcomeUnknown, Transient, UserMistake
from bot.domain.meeting import Door, Meeting, MeetingState
from bot.domain.values import MemberId, SessionId
from bot.ports import AlertKind, AlertOutcome, Job, Notice
from bot.services.admissions import LinkReady
from bot.services.alerting import about
from bot.services.drafting import MeetingAsk
from bot.services.limits import CREATES_A_DAY
from bot.services.meeting_rotation import MeetingRotation, Rotated
from tests.services.conftest import (
    ANA,
    BEN,
    GUILD,
    HOST,
    MODERATOR,
    VERIFIED,
    Vestibule,
    on_both_stores,
    opened_vestibule,
)


async def link_of(v: Vestibule, meeting: Meeting, member: MemberId = ANA) -> str:
    who = v.person(member, VERIFIED, name=f"Person {member}")
    answer = await v.admissions.ask(GUILD, meeting.meeting_id, who, asked_at=v.clock.now())
    assert isinstance(answer, LinkReady), answer
    return answer.link.reveal()


async def rotated(v: Vestibule, meeting: Meeting) -> Rotated:
    return await v.watched.rotation.rotate(v.organiser, GUILD, meeting.meeting_id)


async def only_upcoming(v: Vestibule) -> Meeting:
    async with v.store.read() as uow:
        (meeting,) = await uow.meetings.upcoming(GUILD)
    return meeting


@on_both_stores
async def test_everybody_still_entitled_has_a_new_link_and_the_old_meeting_is_gone(address: str) -> None:
    async with opened_vestibule(address) as v:
        old = await v.live_links()
        await v.run_jobs()
        first, bens = await link_of(v, old), await link_of(v, old, BEN)
        v.person(BEN)  # not verified any more
        done = await rotated(v, old)
        assert (done.people, done.gone_at_zoom, done.still_running) == (2, True, False)
        assert old.zoom_id not in v.zoom.meetings
        await v.run_jobs()

        new = await only_upcoming(v)
        assert new.meeting_id == done.new.meeting_id
        assert new.zoom_id is not None
        assert (new.topic, new.starts_at, new.duration, new.profile) == (
            old.topic,
            old.starts_at,
            old.duration,
            old.profile,
        )
        (anas,) = v.zoom.valid_links(new.zoom_id)
        assert anas not in (first, bens)
        assert await link_of(v, old) == anas, "an old button leads to the new meeting"
        assert (await v.meeting(old.meeting_id)).state is MeetingState.CANCELLED
        assert [job for job, subject in await v.run_jobs() if subject == old.meeting_id] == []


async def test_announcement_event_and_notice_follow_and_nothing_is_posted_twice(vestibule: Vestibule) -> None:
    v = vestibule
    old = await v.live_links()
    await v.run_jobs()
    before = await v.meeting(old.meeting_id)
    done = await rotated(v, old)
    await v.run_jobs()
    new = await v.meeting(done.new.meeting_id)
    assert new.announcement_message == before.announcement_message is not None
    assert len(v.chat.posts) == 1
    (versions,) = v.chat.posts.values()
    assert versions[-1].meeting_id == new.meeting_id
    assert [notice for notice, _ in v.chat.notices] == [Notice.ROTATED]
    assert len(v.events.events) == 1  # type: ignore[attr-defined]


async def test_before_links_are_open_nobody_gets_one_early(vestibule: Vestibule) -> None:
    v = vestibule
    old = await v.create()
    await v.admissions.ask(GUILD, old.meeting_id, v.ana(), asked_at=v.clock.now())
    done = await rotated(v, old)
    await v.run_jobs()
    assert done.people == 1
    assert done.new.zoom_id is not None
    assert v.zoom.valid_links(done.new.zoom_id) == set()
    v.clock.advance(minutes=15)
    await v.run_jobs()
    assert len(v.zoom.valid_links(done.new.zoom_id)) == 1


async def test_guests_are_named_because_only_an_organiser_can_give_them_a_new_link(vestibule: Vestibule) -> None:
    v = vestibule
    old = await v.live_links()
    made = await v.links.guests.invite(v.organiser, GUILD, old.meeting_id, "Dr. Lee")
    await v.links.guests.was_shown(made.guest.guest_id)
    done = await rotated(v, old)
    assert [guest.guest_id for guest in done.guests] == [made.guest.guest_id]


async def test_running_call_goes_on_until_it_ends_then_the_old_meeting_is_deleted(vestibule: Vestibule) -> None:
    v = vestibule
    old = await v.live_links()
    await v.run_jobs()
    await link_of(v, old)
    assert old.zoom_id is not None
    v.clock.advance(minutes=30)
    v.zoom.live[old.zoom_id] = SessionId("run-1")
    await v.run_jobs()
    assert (await v.meeting(old.meeting_id)).state is MeetingState.LIVE

    done = await rotated(v, old)
    assert (done.still_running, done.gone_at_zoom) == (True, False)
    assert v.zoom.valid_links(old.zoom_id) == set()
    assert old.zoom_id in v.zoom.meetings
    kept = await v.meeting(old.meeting_id)
    assert (kept.state, kept.door, kept.replaced_by) == (MeetingState.LIVE, Door.CLOSED, done.new.meeting_id)
    assert done.new.starts_at == v.clock.now()
    assert done.new.ends_at >= old.ends_at
    await v.run_jobs()
    assert await link_of(v, old)

    v.zoom.live.clear()
    v.clock.advance(minutes=2)
    await v.run_jobs()
    v.clock.advance(minutes=2)
    await v.run_jobs()
    assert old.zoom_id not in v.zoom.meetings
    assert (await v.meeting(old.meeting_id)).state is MeetingState.CANCELLED


async def test_running_call_we_have_not_heard_of_is_deleted_when_zoom_lets_it(vestibule: Vestibule) -> None:
    v = vestibule
    old = await v.live_links()
    v.zoom.fail["delete"] = UserMistake("Running.", code="zoom_in_progress")
    done = await rotated(v, old)
    assert not done.gone_at_zoom
    del v.zoom.fail["delete"]
    v.clock.advance(minutes=2)
    await v.run_jobs()
    assert old.zoom_id not in v.zoom.meetings


@pytest.mark.parametrize("lose", ["create", "delete"])
async def test_lost_answer_makes_one_new_meeting_and_loses_none(vestibule: Vestibule, lose: str) -> None:
    v = vestibule
    old = await v.live_links()
    await link_of(v, old)
    v.zoom.lose[lose] = 1
    v.zoom.hide_from_lists = 0
    await rotated(v, old)
    v.clock.advance(minutes=2)
    await v.run_jobs()
    assert list(v.zoom.meetings) == [(await only_upcoming(v)).zoom_id]


async def test_zoom_out_of_reach_leaves_the_old_meeting_and_goes_on_by_itself(vestibule: Vestibule) -> None:
    v = vestibule
    old = await v.live_links()
    first = await link_of(v, old)
    v.zoom.fail["create"] = Transient("Down.", code="zoom_unreachable")
    with pytest.raises(Transient):
        await rotated(v, old)
    assert await link_of(v, old) == first
    v.clock.advance(minutes=45)
    await v.run_jobs()
    del v.zoom.fail["create"]
    v.clock.advance(minutes=2)
    await v.run_jobs()
    assert list(v.zoom.meetings) == [(await only_upcoming(v)).zoom_id]
    assert await link_of(v, old) != first


async def test_found_late_meeting_is_taken_over_and_not_made_again(vestibule: Vestibule) -> None:
    v = vestibule
    old = await v.live_links()
    v.zoom.lose["create"], v.zoom.hide_from_lists = 1, 3
    with pytest.raises(OutcomeUnknown):
        await rotated(v, old)
    v.clock.advance(minutes=2)
    await v.run_jobs()
    v.clock.advance(minutes=2)
    await v.run_jobs()
    assert list(v.zoom.meetings) == [(await only_upcoming(v)).zoom_id]
    assert v.zoom.calls["create"] == 2


async def test_refusal_costs_nothing(vestibule: Vestibule) -> None:
    v = vestibule
    old = await v.live_links()
    first = await link_of(v, old)
    v.zoom.fail["create"] = NeedsAttention("No.", code="zoom_refused")
    with pytest.raises(NeedsAttention):
        await rotated(v, old)
    del v.zoom.fail["create"]
    v.clock.advance(minutes=15)
    await v.run_jobs()
    assert await link_of(v, old) == first
    assert (await only_upcoming(v)).meeting_id == old.meeting_id
    assert "meeting.rotate_given_up" in await v.actions()
    assert (await rotated(v, old)).gone_at_zoom


async def test_daily_limit_is_explained_before_anything_is_changed(vestibule: Vestibule) -> None:
    v = vestibule
    old = await v.live_links()
    async with v.store.work() as uow:
        for _ in range(CREATES_A_DAY - 2):
            await uow.usage.add(f"zoom.writes:{HOST}", v.clock.now().date())
        await uow.commit()
    done = await rotated(v, old)
    assert done.creates_left == 0
    with pytest.raises(NeedsAttention, match="has used them all"):
        await rotated(v, done.new)
    assert (await only_upcoming(v)).meeting_id == done.new.meeting_id


async def test_two_presses_make_one_and_a_rotated_meeting_is_not_rotated_again(vestibule: Vestibule) -> None:
    v = vestibule
    old = await v.live_links()
    first, second = await asyncio.gather(rotated(v, old), rotated(v, old))
    assert first.new.meeting_id == second.new.meeting_id
    assert v.zoom.calls["create"] == 2
    with pytest.raises(UserMistake, match="rotated already"):
        await rotated(v, old)


async def test_only_organisers_rotate(vestibule: Vestibule) -> None:
    v = vestibule
    old = await v.live_links()
    with pytest.raises(UserMistake, match="Only an organiser"):
        await v.watched.rotation.rotate(v.person(BEN, MODERATOR), GUILD, old.meeting_id)


async def test_what_was_accepted_of_the_old_meeting_is_accepted_of_the_new_one(vestibule: Vestibule) -> None:
    v = vestibule
    v.zoom.overrides["join_before_host"] = True
    old = await v.create()
    assert (await v.meeting(old.meeting_id)).blocked_by_read_back
    await v.creating.accept(v.organiser, GUILD, old.meeting_id)
    done = await rotated(v, old)
    assert not done.blocked
    v.zoom.overrides["registration"] = False
    assert (await rotated(v, done.new)).blocked


async def test_place_in_a_series_is_kept_and_the_others_stay(vestibule: Vestibule) -> None:
    v = vestibule
    when = (v.clock.now() + timedelta(minutes=40)).isoformat()
    draft = await v.series.draft(v.organiser, GUILD, MeetingAsk("Choir", when, 60, host=HOST), 3)
    made = await v.series.confirm(v.organiser, GUILD, draft.series_id)
    await v.run_jobs()
    first = made.created[0].meeting
    done = await rotated(v, first)
    await v.run_jobs()
    async with v.store.read() as uow:
        meetings = await uow.series.meetings(draft.series_id)
    assert [m.meeting_id for m in meetings] == [done.new.meeting_id, *(c.meeting.meeting_id for c in made.created[1:])]
    assert len(v.chat.posts) == 1


async def test_open_alert_says_that_it_was_rotated(vestibule: Vestibule) -> None:
    v = vestibule
    old = await v.live_links()
    async with v.store.work() as uow:
        await uow.alerts.put(about(old, AlertKind.LINK_PUBLIC, "alert-1", v.clock.now()))
        await uow.commit()
    await rotated(v, old)
    async with v.store.read() as uow:
        alert = await uow.alerts.get("alert-1")  # type: ignore[arg-type]
    assert alert is not None
    assert alert.outcome is AlertOutcome.ROTATED


STEPS = ("_change_over", "_gone_now", "_remove_old")


@on_both_stores
@pytest.mark.parametrize("step", STEPS)
async def test_killed_at_any_step_it_is_brought_to_its_end_once(
    address: str, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened_vestibule(address) as v:
        old = await v.live_links()
        await v.run_jobs()
        await link_of(v, old)

        async def killed(*_: object, **__: object) -> None:
            raise SystemExit

        with monkeypatch.context() as patch:
            patch.setattr(MeetingRotation, step, killed)
            with pytest.raises(SystemExit):
                await v.watched.rotation._rotate(v.organiser.member_id, GUILD, old.meeting_id)
        for _ in range(3):
            v.clock.advance(minutes=2)
            await v.run_jobs()
        new = await only_upcoming(v)
        assert list(v.zoom.meetings) == [new.zoom_id]
        assert len(v.zoom.valid_links(new.zoom_id)) == 1  # type: ignore[arg-type]
        assert len(v.chat.posts) == 1
        assert (await v.actions()).count("meeting.rotated") == 1


async def test_old_meeting_called_off_meanwhile_takes_the_new_one_with_it(
    vestibule: Vestibule, monkeypatch: pytest.MonkeyPatch
) -> None:
    v = vestibule
    old = await v.live_links()

    async def killed(*_: object, **__: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(MeetingRotation, "_change_over", killed)
        with pytest.raises(SystemExit):
            await v.watched.rotation._rotate(v.organiser.member_id, GUILD, old.meeting_id)
    await v.cancelling.cancel(v.organiser, GUILD, old.meeting_id)
    for _ in range(2):
        v.clock.advance(minutes=2)
        await v.run_jobs()
    assert v.zoom.meetings == {}
    assert Job.ROTATE.value not in [job for job, _ in await v.run_jobs()]


async def test_meeting_taking_anothers_place_is_offered_to_nobody_yet(vestibule: Vestibule) -> None:
    v = vestibule
    old = await v.live_links()
    async with v.store.work() as uow:
        await uow.meetings.save(replace(await v.meeting(old.meeting_id), replaces=type(old.meeting_id)("another")))
        await uow.commit()
    assert await v.admissions.open_to(GUILD, v.ana()) == []
