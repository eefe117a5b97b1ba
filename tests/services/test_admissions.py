"""Who gets a link, when, how many times it is made, and what is decided at the moment of delivery."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import NeedsAttention, Transient, UserMistake
from bot.domain.invite import InviteState
from bot.domain.meeting import Meeting, MeetingState, ProfileName
from bot.domain.values import GuildId, MemberId, RoleId
from bot.services.admissions import Choose, Coming, HostWayIn, LinkReady, NotAdmitted
from tests.services.conftest import ANA, BASIC, BEN, GUILD, HOST, MALLORY, MODERATOR, SPEAKERS, VERIFIED, Vestibule
from tests.waiting import until


async def ask(v: Vestibule, meeting: Meeting, who: object, **options: object) -> object:
    return await v.admissions.ask(GUILD, meeting.meeting_id, who, asked_at=v.clock.now(), **options)  # type: ignore[arg-type]


async def test_verified_member_gets_a_link_of_their_own(vestibule: Vestibule) -> None:
    meeting = await vestibule.live_links()
    ana = await ask(vestibule, meeting, vestibule.ana())
    ben = await ask(vestibule, meeting, vestibule.person(BEN, VERIFIED, name="Ben"))
    assert isinstance(ana, LinkReady)
    assert isinstance(ben, LinkReady)
    assert ana.link != ben.link
    assert {ana.link.reveal(), ben.link.reveal()} == vestibule.zoom.valid_links(meeting.zoom_id)  # type: ignore[arg-type]
    assert ana.shown_name.startswith("Ana·")
    assert ana.personal


async def test_unverified_member_gets_no_link_and_learns_nothing_of_the_meeting(vestibule: Vestibule) -> None:
    meeting = await vestibule.live_links()
    answer = await ask(vestibule, meeting, vestibule.person(MALLORY, name="Mallory"))
    assert isinstance(answer, NotAdmitted)
    assert answer.decision.code == "not_verified"
    assert "Choir" not in answer.decision.reason
    assert vestibule.zoom.calls["add"] == 0


async def test_same_link_on_every_later_press(vestibule: Vestibule) -> None:
    meeting = await vestibule.live_links()
    answers = [await ask(vestibule, meeting, vestibule.ana()) for _ in range(4)]
    assert {a.link.reveal() for a in answers if isinstance(a, LinkReady)} == vestibule.zoom.valid_links(meeting.zoom_id)  # type: ignore[arg-type]
    assert vestibule.zoom.calls["add"] == 1
    assert [a.first_time for a in answers if isinstance(a, LinkReady)] == [True, False, False, False]


async def test_double_clicks_register_once(vestibule: Vestibule) -> None:
    meeting = await vestibule.live_links()
    ana = vestibule.ana()
    answers = await asyncio.gather(*(ask(vestibule, meeting, ana) for _ in range(10)))
    assert vestibule.zoom.calls["add"] == 1
    assert len({a.link.reveal() for a in answers if isinstance(a, LinkReady)}) == 1


async def test_early_press_is_kept_and_told_when_to_come_back(vestibule: Vestibule) -> None:
    meeting = await vestibule.create()
    answer = await ask(vestibule, meeting, vestibule.ana())
    assert isinstance(answer, Coming)
    assert answer.opens_at == meeting.starts_at - timedelta(minutes=30)
    assert vestibule.zoom.calls["add"] == 0
    view = await vestibule.views.show(vestibule.organiser, GUILD, meeting.meeting_id)
    assert view.waiting_for_release == 1


async def test_no_link_after_the_end(vestibule: Vestibule) -> None:
    meeting = await vestibule.live_links()
    await ask(vestibule, meeting, vestibule.ana())
    vestibule.clock.time = meeting.closes_at
    answer = await ask(vestibule, meeting, vestibule.ana())
    assert isinstance(answer, NotAdmitted)
    assert answer.decision.code == "meeting_over"


async def test_extra_role_narrows(vestibule: Vestibule) -> None:
    meeting = await vestibule.live_links(extra_role=SPEAKERS)
    only_speaker = vestibule.person(MemberId(60), SPEAKERS)
    both = vestibule.person(MemberId(61), SPEAKERS, VERIFIED)
    answers = [await ask(vestibule, meeting, who) for who in (vestibule.ana(), only_speaker, both)]
    assert [isinstance(a, LinkReady) for a in answers] == [False, False, True]


async def test_meeting_of_another_community_is_unknown(vestibule: Vestibule) -> None:
    meeting = await vestibule.live_links()
    answer = await vestibule.admissions.ask(
        GuildId(99), meeting.meeting_id, vestibule.ana(), asked_at=vestibule.clock.now()
    )
    assert isinstance(answer, NotAdmitted)


async def test_open_door_admits_without_verified_role_but_not_brand_new_accounts(vestibule: Vestibule) -> None:
    meeting = await vestibule.live_links(profile=ProfileName.OPEN_DOOR)
    newcomer = vestibule.person(BEN, name="Ben")
    answer = await ask(vestibule, meeting, newcomer)
    assert isinstance(answer, LinkReady)
    assert not answer.personal
    assert vestibule.zoom.calls["add"] == 0
    assert vestibule.zoom.calls["life_seconds"] == (60 + 25 + 120) * 60
    fresh = replace(newcomer, created_at=vestibule.clock.now() - timedelta(days=3))
    assert isinstance(await ask(vestibule, meeting, fresh), NotAdmitted)


async def test_refused_invite_links_fall_back_to_the_meetings_one_link(vestibule: Vestibule) -> None:
    vestibule.zoom.invite_links_refused = True
    meeting = await vestibule.live_links(host=BASIC)
    answer = await ask(vestibule, meeting, vestibule.ana())
    assert isinstance(answer, LinkReady)
    assert "pwd=plain" in answer.link.reveal()
    assert not answer.personal


async def test_lost_registration_is_found_by_its_address(vestibule: Vestibule) -> None:
    meeting = await vestibule.live_links()
    vestibule.zoom.lose["add"] = 1
    answer = await ask(vestibule, meeting, vestibule.ana())
    assert isinstance(answer, LinkReady)
    assert vestibule.zoom.calls["add"] == 1


async def test_interrupted_request_is_looked_for_before_zoom_is_asked_again(vestibule: Vestibule) -> None:
    meeting = await vestibule.live_links()
    vestibule.zoom.lose["add"] = 1
    vestibule.zoom.fail["find_registrant"] = Transient("Zoom is down.")
    with pytest.raises(Transient):
        await ask(vestibule, meeting, vestibule.ana())
    vestibule.zoom.fail.clear()
    assert isinstance(await ask(vestibule, meeting, vestibule.ana()), LinkReady)
    assert vestibule.zoom.calls["add"] == 1


async def test_three_adds_a_day_are_counted_and_explained(vestibule: Vestibule) -> None:
    meeting = await vestibule.live_links()
    vestibule.zoom.fail["add"] = Transient("Zoom is down.")
    for _ in range(3):
        with pytest.raises(Transient):
            await ask(vestibule, meeting, vestibule.ana())
    with pytest.raises(Transient) as refusal:
        await ask(vestibule, meeting, vestibule.ana())
    assert refusal.value.code == "daily_adds_used"
    assert vestibule.zoom.calls["add"] == 3


async def test_request_zoom_never_got_uses_up_nothing_and_is_not_searched_for(vestibule: Vestibule) -> None:
    meeting = await vestibule.live_links()
    vestibule.zoom.fail["add"] = Transient("Many are waiting.", code="zoom_busy")
    for _ in range(5):
        with pytest.raises(Transient) as refusal:
            await ask(vestibule, meeting, vestibule.ana())
        assert refusal.value.code == "zoom_busy"
    vestibule.zoom.fail.clear()
    assert isinstance(await ask(vestibule, meeting, vestibule.ana()), LinkReady)
    assert vestibule.zoom.calls["find_registrant"] == 0


async def test_full_meeting_is_explained(vestibule: Vestibule, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.services.invite_book.MAX_REGISTRANTS", 1)
    meeting = await vestibule.live_links()
    await ask(vestibule, meeting, vestibule.ana())
    with pytest.raises(NeedsAttention) as refusal:
        await ask(vestibule, meeting, vestibule.person(BEN, VERIFIED))
    assert refusal.value.code == "full"


async def test_dead_grant_is_told_and_nothing_is_lost(vestibule: Vestibule) -> None:
    meeting = await vestibule.live_links()
    vestibule.zoom.fail["add"] = NeedsAttention("The Zoom link is broken.", code="zoom_token_rejected")
    with pytest.raises(NeedsAttention):
        await ask(vestibule, meeting, vestibule.ana())
    vestibule.zoom.fail.clear()
    assert isinstance(await ask(vestibule, meeting, vestibule.ana()), LinkReady)


async def test_role_lost_while_zoom_was_slow_means_no_link(vestibule: Vestibule) -> None:
    meeting = await vestibule.live_links()
    ana = vestibule.ana()
    vestibule.zoom.slow["add"] = asyncio.Event()
    asking = asyncio.create_task(ask(vestibule, meeting, ana))
    await until(lambda: vestibule.zoom.calls["add"] > 0)
    vestibule.person(ANA)
    vestibule.clock.advance(seconds=6)
    vestibule.zoom.slow["add"].set()
    answer = await asking
    assert isinstance(answer, NotAdmitted)
    assert answer.decision.code == "not_verified"
    assert vestibule.zoom.valid_links(meeting.zoom_id) == set()  # type: ignore[arg-type]
    assert "invite.withheld" in await vestibule.actions()


async def test_meeting_cancelled_while_zoom_was_slow_means_no_link(vestibule: Vestibule) -> None:
    meeting = await vestibule.live_links()
    ana = vestibule.ana()
    vestibule.zoom.slow["add"] = asyncio.Event()
    asking = asyncio.create_task(ask(vestibule, meeting, ana))
    await until(lambda: vestibule.zoom.calls["add"] > 0)
    vestibule.zoom.fail["delete"] = Transient("Zoom is slow.")
    await vestibule.cancelling.cancel(vestibule.organiser, GUILD, meeting.meeting_id)
    vestibule.zoom.slow["add"].set()
    assert isinstance(await asking, NotAdmitted)
    async with vestibule.store.read() as uow:
        assert await uow.invites.current(meeting.meeting_id, ANA) is None


async def test_other_name_makes_a_new_link_and_voids_the_old_one(vestibule: Vestibule) -> None:
    meeting = await vestibule.live_links()
    first = await ask(vestibule, meeting, vestibule.ana())
    second = await ask(vestibule, meeting, vestibule.ana(), name="  A.  Singer ")
    assert isinstance(first, LinkReady)
    assert isinstance(second, LinkReady)
    assert second.shown_name.startswith("A. Singer·")
    assert vestibule.zoom.valid_links(meeting.zoom_id) == {second.link.reveal()}  # type: ignore[arg-type]
    again = await ask(vestibule, meeting, vestibule.ana())
    assert isinstance(again, LinkReady)
    assert again.link == second.link


async def test_name_without_a_readable_character_is_refused(vestibule: Vestibule) -> None:
    meeting = await vestibule.live_links()
    with pytest.raises(UserMistake) as refusal:
        await ask(vestibule, meeting, vestibule.ana(), name="​·​")
    assert refusal.value.code == "name_unreadable"


async def test_names_can_be_changed_only_so_often(vestibule: Vestibule) -> None:
    meeting = await vestibule.live_links()
    for number in range(5):
        await ask(vestibule, meeting, vestibule.ana(), name=f"Ana {number}")
    with pytest.raises(UserMistake) as refusal:
        await ask(vestibule, meeting, vestibule.ana(), name="Ana again")
    assert refusal.value.code == "too_many_names"
    assert isinstance(await ask(vestibule, meeting, vestibule.ana()), LinkReady)


async def test_host_is_told_to_sign_in_and_gets_no_link(vestibule: Vestibule) -> None:
    meeting = await vestibule.live_links()
    async with vestibule.store.work() as uow:
        (host,) = [h for h in await uow.links.hosts(GUILD) if h.user_id == HOST]
        await uow.links.save_host(GUILD, replace(host, member_id=ANA))
        await uow.commit()
    answer = await ask(vestibule, meeting, vestibule.person(ANA))
    assert isinstance(answer, HostWayIn)
    assert not answer.alternative
    assert vestibule.zoom.calls["add"] == 0


async def test_join_without_saying_which(vestibule: Vestibule) -> None:
    now = vestibule.clock.now
    nothing = await vestibule.admissions.join(GUILD, vestibule.ana(), asked_at=now())
    assert isinstance(nothing, NotAdmitted)
    assert nothing.decision.code == "nothing_planned"
    await vestibule.live_links()
    assert isinstance(await vestibule.admissions.join(GUILD, vestibule.ana(), asked_at=now()), LinkReady)
    await vestibule.live_links(topic="Board")
    assert isinstance(await vestibule.admissions.join(GUILD, vestibule.ana(), asked_at=now()), Choose)
    stranger = await vestibule.admissions.join(GUILD, vestibule.person(MALLORY), asked_at=now())
    assert isinstance(stranger, NotAdmitted)
    assert stranger.decision.code == "not_verified"
    assert await vestibule.admissions.open_to(GUILD, vestibule.person(MALLORY)) == []


async def test_cancelling_voids_everything_and_tells_without_names(vestibule: Vestibule) -> None:
    meeting = await vestibule.live_links()
    await ask(vestibule, meeting, vestibule.ana())
    result = await vestibule.cancelling.cancel(vestibule.organiser, GUILD, meeting.meeting_id)
    await vestibule.run_jobs()
    assert (result.links_voided, result.gone_at_zoom) == (1, True)
    assert vestibule.zoom.meetings == {}
    assert isinstance(await ask(vestibule, meeting, vestibule.ana()), NotAdmitted)
    assert len(vestibule.chat.notices) == 1
    assert await vestibule.admissions.had_asked(GUILD, meeting.meeting_id, vestibule.ana())
    assert not await vestibule.admissions.had_asked(GUILD, meeting.meeting_id, vestibule.person(BEN, VERIFIED))
    async with vestibule.store.read() as uow:
        assert await uow.invites.of_meeting(meeting.meeting_id) == []


async def test_deletion_zoom_did_not_confirm_is_tried_until_it_is(vestibule: Vestibule) -> None:
    meeting = await vestibule.create()
    vestibule.zoom.fail["delete"] = Transient("Zoom is down.")
    result = await vestibule.cancelling.cancel(vestibule.organiser, GUILD, meeting.meeting_id)
    assert not result.gone_at_zoom
    vestibule.zoom.fail.clear()
    vestibule.clock.advance(seconds=61)
    await vestibule.run_jobs()
    assert vestibule.zoom.meetings == {}
    assert (await vestibule.meeting(meeting.meeting_id)).state is MeetingState.CANCELLED


async def test_show_lists_names_and_tags_for_staff_and_hosts_only(vestibule: Vestibule) -> None:
    meeting = await vestibule.live_links()
    await ask(vestibule, meeting, vestibule.ana())
    view = await vestibule.views.show(vestibule.organiser, GUILD, meeting.meeting_id)
    assert [(invite.name, invite.state) for invite in view.holders] == [("Ana", InviteState.DELIVERED)]
    with pytest.raises(UserMistake):
        await vestibule.views.show(vestibule.ana(), GUILD, meeting.meeting_id)


async def test_hosts_can_look_into_their_own_meetings_and_no_others(vestibule: Vestibule) -> None:
    meeting = await vestibule.create()
    other = await vestibule.create(host=BASIC, topic="Open mic")
    async with vestibule.store.work() as uow:
        (host,) = [h for h in await uow.links.hosts(GUILD) if h.user_id == HOST]
        await uow.links.save_host(GUILD, replace(host, member_id=ANA))
        await uow.commit()
    shown = await vestibule.views.showable(vestibule.person(ANA), GUILD)
    assert [found.meeting_id for found in shown] == [meeting.meeting_id]
    await vestibule.views.show(vestibule.person(ANA), GUILD, meeting.meeting_id)
    with pytest.raises(UserMistake):
        await vestibule.views.show(vestibule.person(ANA), GUILD, other.meeting_id)
    assert await vestibule.views.showable(vestibule.person(BEN, VERIFIED), GUILD) == []
    assert len(await vestibule.views.showable(vestibule.organiser, GUILD)) == 2


@pytest.mark.parametrize(
    "standing",
    [
        {"is_bot": True},
        {"pending": True},
        {"quarantined": True},
        {"timed_out_until": "later"},
    ],
)
async def test_bad_standing_gets_no_link(vestibule: Vestibule, standing: dict[str, object]) -> None:
    meeting = await vestibule.live_links()
    if "timed_out_until" in standing:
        standing = {"timed_out_until": vestibule.clock.now() + timedelta(minutes=5)}
    who = vestibule.person(MemberId(70), VERIFIED, **standing)
    assert isinstance(await ask(vestibule, meeting, who), NotAdmitted)


async def test_no_verified_role_set_admits_nobody(vestibule: Vestibule) -> None:
    meeting = await vestibule.live_links()
    async with vestibule.store.work() as uow:
        community = await uow.communities.get(GUILD)
        await uow.communities.save(community.changed(verified_roles=frozenset()))
        await uow.commit()
    answer = await ask(vestibule, meeting, vestibule.person(ANA, VERIFIED, RoleId(99)))
    assert isinstance(answer, NotAdmitted)
    assert answer.decision.code == "no_verified_role_set"


async def test_only_organisers_are_asked_whether_to_cancel(vestibule: Vestibule) -> None:
    meeting = await vestibule.create()
    view = await vestibule.views.to_cancel(vestibule.organiser, GUILD, meeting.meeting_id)
    assert view.meeting.meeting_id == meeting.meeting_id
    moderator = vestibule.person(MemberId(80), MODERATOR)
    await vestibule.views.show(moderator, GUILD, meeting.meeting_id)
    with pytest.raises(UserMistake):
        await vestibule.views.to_cancel(moderator, GUILD, meeting.meeting_id)


async def test_discord_out_of_reach_after_zoom_made_the_link_costs_no_second_registration(vestibule: Vestibule) -> None:
    meeting = await vestibule.live_links()
    ana, asked_at = vestibule.ana(), vestibule.clock.now()
    looked_up = vestibule.chat.member

    async def busy(*_: object) -> None:
        raise Transient("Discord asks me to slow down.", code="discord_busy")

    vestibule.chat.member = busy  # type: ignore[assignment,method-assign]
    vestibule.clock.advance(seconds=16)
    with pytest.raises(Transient):
        await vestibule.admissions.ask(GUILD, meeting.meeting_id, ana, asked_at=asked_at)
    vestibule.chat.member = looked_up  # type: ignore[method-assign]
    answer = await ask(vestibule, meeting, vestibule.ana())
    assert isinstance(answer, LinkReady)
    assert answer.first_time
    assert vestibule.zoom.calls["add"] == 1
    assert vestibule.zoom.calls["find_registrant"] == 0
