"""Links follow their members: whoever loses the right loses the link, and Zoom is asked until it confirms."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import Transient
from bot.domain.following import ROUND_EVERY
from bot.domain.invite import InviteState
from bot.domain.meeting import Meeting
from bot.domain.values import MemberId
from bot.services.admissions import LinkReady, NotAdmitted
from bot.services.following import AT_ONCE
from bot.services.revoking import LATE_ANSWERS
from tests.services.conftest import ANA, BEN, GUILD, SPEAKERS, VERIFIED, Vestibule
from tests.waiting import until


async def has_link(v: Vestibule, meeting: Meeting, member: MemberId = ANA, *roles: object) -> str:
    who = v.person(member, VERIFIED, name=f"Person {member}")
    answer = await v.admissions.ask(GUILD, meeting.meeting_id, who, asked_at=v.clock.now())
    assert isinstance(answer, LinkReady)
    return answer.link.reveal()


async def test_lost_role_revokes_at_zoom_and_coming_back_gives_another_link(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    first, bens = await has_link(v, meeting), await has_link(v, meeting, BEN)
    assert meeting.zoom_id is not None

    v.person(ANA)
    await v.links.following.member_changed(GUILD, ANA)
    await v.run_jobs()

    assert v.zoom.valid_links(meeting.zoom_id) == {bens}
    async with v.store.read() as uow:
        assert await uow.voids.of_meeting(meeting.meeting_id) == []
        assert await uow.invites.current(meeting.meeting_id, ANA) is None
        assert await uow.checks.waiting(meeting.meeting_id, 10) == []
    assert {"invite.revoked", "invite.void_confirmed"} <= set(await v.actions())
    refused = await v.admissions.ask(GUILD, meeting.meeting_id, v.person(ANA), asked_at=v.clock.now())
    assert isinstance(refused, NotAdmitted)

    again = await has_link(v, meeting)
    assert again != first
    async with v.store.read() as uow:
        invite = await uow.invites.current(meeting.meeting_id, ANA)
    assert invite is not None
    assert invite.generation == 2


async def test_change_that_takes_nothing_away_keeps_the_link(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    link = await has_link(v, meeting)
    v.person(ANA, VERIFIED, SPEAKERS)
    await v.links.following.member_changed(GUILD, ANA)
    await v.run_jobs()
    assert await has_link(v, meeting) == link
    assert "invite.revoked" not in await v.actions()


async def test_somebody_without_a_link_causes_no_work(vestibule: Vestibule) -> None:
    v = vestibule
    await v.live_links()
    await v.run_jobs()
    await v.links.following.member_changed(GUILD, ANA)
    assert await v.run_jobs() == []


async def test_leaver_is_found_by_the_round_within_five_minutes(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    await v.run_jobs()
    await has_link(v, meeting)
    del v.chat.members[ANA]
    v.clock.advance(seconds=ROUND_EVERY.total_seconds())
    await v.run_jobs()
    assert meeting.zoom_id is not None
    assert v.zoom.valid_links(meeting.zoom_id) == set()


async def test_rounds_go_on_until_the_meeting_is_over_and_then_stop(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    ran: list[str] = []
    while v.clock.now() < meeting.closes_at + timedelta(minutes=11):
        ran += [job for job, _ in await v.run_jobs()]
        v.clock.advance(minutes=5)
    assert 29 <= ran.count("check_holders") <= 32
    assert await v.run_jobs() == []


async def test_round_asks_in_portions_and_forgets_nobody(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    await v.run_jobs()
    people = [MemberId(1000 + number) for number in range(AT_ONCE + 5)]
    for member in people:
        await has_link(v, meeting, member)
    for member in people:
        v.person(member)
    await v.links.following.check_holders(meeting.meeting_id)
    jobs = [job for job, _ in await v.run_jobs()]
    assert jobs.count("decide_again") >= 1
    assert meeting.zoom_id is not None
    assert v.zoom.valid_links(meeting.zoom_id) == set()


async def test_discord_out_of_reach_keeps_the_question(vestibule: Vestibule, monkeypatch: pytest.MonkeyPatch) -> None:
    v = vestibule
    meeting = await v.live_links()
    await has_link(v, meeting)
    v.person(ANA)

    async def down(*_: object) -> None:
        raise Transient("Discord is away.", code="discord_down")

    with monkeypatch.context() as away:
        away.setattr(v.chat, "member", down)
        await v.links.following.member_changed(GUILD, ANA)
        await v.run_jobs()
        assert "invite.revoked" not in await v.actions()
    v.clock.advance(seconds=31)
    await v.run_jobs()
    assert "invite.revoked" in await v.actions()


async def test_revocation_goes_on_until_zooms_own_list_confirms_it(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    link = await has_link(v, meeting)
    assert meeting.zoom_id is not None
    v.zoom.cancelling_has_no_effect = True
    v.person(ANA)
    await v.links.following.member_changed(GUILD, ANA)
    await v.run_jobs()
    assert link in v.zoom.valid_links(meeting.zoom_id)
    assert "invite.void_confirmed" not in await v.actions()
    async with v.store.read() as uow:
        assert len(await uow.voids.of_meeting(meeting.meeting_id)) == 1

    v.zoom.cancelling_has_no_effect = False
    for _ in range(3):
        v.clock.advance(minutes=2)
        await v.run_jobs()
    assert v.zoom.valid_links(meeting.zoom_id) == set()
    assert "invite.void_confirmed" in await v.actions()


@pytest.mark.parametrize("lost", ["cancel_registrants"])
async def test_lost_answer_of_a_cancellation_is_settled_by_looking(vestibule: Vestibule, lost: str) -> None:
    v = vestibule
    meeting = await v.live_links()
    await has_link(v, meeting)
    v.zoom.lose[lost] = 1
    v.person(ANA)
    await v.links.following.member_changed(GUILD, ANA)
    await v.run_jobs()
    assert v.zoom.calls["cancel_registrants"] == 1
    assert "invite.void_confirmed" in await v.actions()


async def test_registrant_whose_answer_comes_late_is_cancelled_too(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    assert meeting.zoom_id is not None
    v.zoom.fail["add"] = Transient("Down.", code="zoom_down")
    with pytest.raises(Transient):
        await has_link(v, meeting)
    del v.zoom.fail["add"]
    async with v.store.read() as uow:
        invite = await uow.invites.current(meeting.meeting_id, ANA)
    assert invite is not None
    assert invite.state is InviteState.REQUESTED

    v.person(ANA)
    await v.links.following.member_changed(GUILD, ANA)
    await v.run_jobs()
    await v.zoom.add_registrant(meeting.link_id, meeting.zoom_id, invite.address, invite.shown_name)
    v.clock.advance(seconds=LATE_ANSWERS.total_seconds())
    await v.run_jobs()
    assert v.zoom.valid_links(meeting.zoom_id) == set()


async def test_press_of_somebody_no_longer_admitted_takes_the_link_back(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    await has_link(v, meeting)
    refused = await v.admissions.ask(GUILD, meeting.meeting_id, v.person(ANA), asked_at=v.clock.now())
    assert isinstance(refused, NotAdmitted)
    await v.run_jobs()
    assert meeting.zoom_id is not None
    assert v.zoom.valid_links(meeting.zoom_id) == set()


async def test_revoked_links_are_erased_from_the_store(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    await has_link(v, meeting)
    async with v.store.read() as uow:
        invite = await uow.invites.current(meeting.meeting_id, ANA)
    assert invite is not None
    v.person(ANA)
    await v.links.following.member_changed(GUILD, ANA)
    await v.run_jobs()
    async with v.store.read() as uow:
        assert await uow.invites.link(invite.invite_id) is None


async def test_timed_out_member_loses_the_link(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    await has_link(v, meeting)
    v.chat.members[ANA] = replace(v.chat.members[ANA], timed_out_until=v.clock.now() + timedelta(hours=1))
    await v.links.following.member_changed(GUILD, ANA)
    await v.run_jobs()
    assert "invite.revoked" in await v.actions()


async def test_many_changed_at_once_looks_everybody_up(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    await has_link(v, meeting)
    v.person(ANA)
    await v.links.following.many_changed(GUILD)
    await v.run_jobs()
    assert meeting.zoom_id is not None
    assert v.zoom.valid_links(meeting.zoom_id) == set()


@pytest.mark.parametrize("heard", [True, False])
async def test_role_lost_while_zoom_is_slow_means_no_link_heard_or_looked_up(
    vestibule: Vestibule, *, heard: bool
) -> None:
    v = vestibule
    v.chat.heard = heard
    meeting = await v.live_links()
    v.zoom.slow["add"] = asyncio.Event()
    ana = v.person(ANA, VERIFIED)
    pressing = asyncio.create_task(v.admissions.ask(GUILD, meeting.meeting_id, ana, asked_at=v.clock.now()))
    await until(lambda: v.zoom.calls["add"] > 0)
    v.person(ANA)
    if heard:
        await v.links.following.member_changed(GUILD, ANA)
        await v.run_jobs()
    v.clock.advance(seconds=10)
    v.zoom.slow["add"].set()
    assert isinstance(await pressing, NotAdmitted)
    v.clock.advance(minutes=3)
    await v.run_jobs()
    assert meeting.zoom_id is not None
    assert v.zoom.valid_links(meeting.zoom_id) == set()
