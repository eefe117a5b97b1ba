"""Creating a meeting: once, as safe as asked, and recoverable after every interruption."""

from __future__ import annotations

import asyncio

import pytest

from bot.domain.errors import NeedsAttention, OutcomeUnknown, Transient, UserMistake
from bot.domain.meeting import MeetingState, ProfileName
from bot.domain.values import MemberId
from bot.ports import Phase
from bot.services.creating import NOT_READ_BACK
from bot.services.drafting import MeetingAsk
from tests.services.conftest import ANA, BASIC, CALLS, GUILD, HOST, MODERATOR, VERIFIED, Vestibule


async def draft(v: Vestibule, **ask: object) -> str:
    when = (v.clock.now().replace(hour=19)).isoformat()
    fields: dict[str, object] = {"topic": "Choir practice", "when": when, "host": HOST} | ask
    return (await v.drafting.draft(v.organiser, GUILD, MeetingAsk(**fields))).meeting.meeting_id  # type: ignore[arg-type]


async def test_draft_creates_nothing_at_zoom(vestibule: Vestibule) -> None:
    await draft(vestibule)
    assert vestibule.zoom.meetings == {}
    assert vestibule.chat.posts == {}


async def test_confirmed_meeting_is_created_and_announced_without_secrets(vestibule: Vestibule) -> None:
    meeting = await vestibule.create()
    assert meeting.state is MeetingState.CREATED
    assert len(vestibule.zoom.meetings) == 1
    ((post,),) = vestibule.chat.posts.values()
    assert (post.topic, post.channel_id, post.phase) == ("Choir practice", CALLS, Phase.SCHEDULED)
    assert (await vestibule.meeting(meeting.meeting_id)).announcement_message is not None


async def test_member_cannot_create_meetings(vestibule: Vestibule) -> None:
    ask = MeetingAsk("x", vestibule.clock.now().isoformat())
    for who in (vestibule.ana(), vestibule.person(MemberId(50), MODERATOR)):
        with pytest.raises(UserMistake) as refusal:
            await vestibule.drafting.draft(who, GUILD, ask)
        assert refusal.value.code == "not_organiser"


async def test_somebody_without_the_right_cannot_press_the_organisers_button(vestibule: Vestibule) -> None:
    meeting_id = await draft(vestibule)
    with pytest.raises(UserMistake):
        await vestibule.creating.confirm(vestibule.ana(), GUILD, meeting_id)  # type: ignore[arg-type]
    assert vestibule.zoom.meetings == {}


async def test_double_press_creates_one_meeting(vestibule: Vestibule) -> None:
    meeting_id = await draft(vestibule)
    who = vestibule.organiser
    made = await asyncio.gather(*(vestibule.creating.confirm(who, GUILD, meeting_id) for _ in range(5)))  # type: ignore[arg-type]
    again = await vestibule.creating.confirm(who, GUILD, meeting_id)  # type: ignore[arg-type]
    assert len(vestibule.zoom.meetings) == 1
    assert {m.meeting.zoom_id for m in [*made, again]} == set(vestibule.zoom.meetings)


async def test_lost_answer_is_settled_by_looking_not_by_creating_again(vestibule: Vestibule) -> None:
    vestibule.zoom.lose["create"] = 1
    meeting = await vestibule.create()
    assert vestibule.zoom.calls["create"] == 1
    assert meeting.zoom_id in vestibule.zoom.meetings


async def test_meeting_that_turns_up_late_is_adopted_by_itself(vestibule: Vestibule) -> None:
    vestibule.zoom.lose["create"] = 1
    vestibule.zoom.hide_from_lists = 3
    meeting_id = await draft(vestibule)
    with pytest.raises(OutcomeUnknown):
        await vestibule.creating.confirm(vestibule.organiser, GUILD, meeting_id)  # type: ignore[arg-type]
    with pytest.raises(OutcomeUnknown):
        await vestibule.creating.confirm(vestibule.organiser, GUILD, meeting_id)  # type: ignore[arg-type]
    assert vestibule.zoom.calls["create"] == 1
    vestibule.clock.advance(seconds=61)
    await vestibule.run_jobs()
    settled = await vestibule.meeting(meeting_id)  # type: ignore[arg-type]
    assert settled.state is MeetingState.CREATED
    assert not settled.blocked_by_read_back
    assert len(vestibule.chat.posts) == 1


async def test_creation_that_never_happened_goes_back_to_a_draft_that_can_be_confirmed(vestibule: Vestibule) -> None:
    meeting_id = await draft(vestibule)
    vestibule.zoom.fail["create"] = OutcomeUnknown("No answer.")
    with pytest.raises(OutcomeUnknown):
        await vestibule.creating.confirm(vestibule.organiser, GUILD, meeting_id)  # type: ignore[arg-type]
    vestibule.clock.advance(seconds=61)
    await vestibule.run_jobs()
    vestibule.zoom.fail.clear()
    made = await vestibule.creating.confirm(vestibule.organiser, GUILD, meeting_id)  # type: ignore[arg-type]
    assert made.meeting.state is MeetingState.CREATED
    assert len(vestibule.zoom.meetings) == 1


async def test_refusal_keeps_the_draft(vestibule: Vestibule) -> None:
    meeting_id = await draft(vestibule)
    vestibule.zoom.fail["create"] = Transient("Zoom is down.")
    with pytest.raises(Transient):
        await vestibule.creating.confirm(vestibule.organiser, GUILD, meeting_id)  # type: ignore[arg-type]
    vestibule.zoom.fail.clear()
    made = await vestibule.creating.confirm(vestibule.organiser, GUILD, meeting_id)  # type: ignore[arg-type]
    assert made.meeting.state is MeetingState.CREATED


async def test_interrupted_before_read_back_invites_nobody_until_settled(vestibule: Vestibule) -> None:
    meeting_id = await draft(vestibule)
    vestibule.zoom.fail["read"] = Transient("Zoom is down.")
    with pytest.raises(Transient):
        await vestibule.creating.confirm(vestibule.organiser, GUILD, meeting_id)  # type: ignore[arg-type]
    stuck = await vestibule.meeting(meeting_id)  # type: ignore[arg-type]
    assert stuck.blocked_by_read_back == (NOT_READ_BACK,)
    await vestibule.run_jobs()
    assert vestibule.chat.posts == {}
    vestibule.zoom.fail.clear()
    vestibule.clock.advance(seconds=61)
    await vestibule.run_jobs()
    assert (await vestibule.meeting(meeting_id)).blocked_by_read_back == ()  # type: ignore[arg-type]
    assert len(vestibule.chat.posts) == 1


async def test_unsafe_read_back_blocks_inviting_until_accepted(vestibule: Vestibule) -> None:
    vestibule.zoom.overrides = {"waiting_room": False, "passcode": False}
    meeting = await vestibule.create()
    assert "no_barrier" in meeting.blocked_by_read_back
    assert vestibule.chat.posts == {}
    vestibule.clock.advance(minutes=15)
    answer = await vestibule.admissions.ask(GUILD, meeting.meeting_id, vestibule.ana(), asked_at=vestibule.clock.now())
    assert "not_now" in repr(answer)
    with pytest.raises(UserMistake):
        await vestibule.creating.accept(vestibule.ana(), GUILD, meeting.meeting_id)
    await vestibule.creating.accept(vestibule.organiser, GUILD, meeting.meeting_id)
    await vestibule.run_jobs()
    assert len(vestibule.chat.posts) == 1
    assert "meeting.difference_accepted" in await vestibule.actions()


async def test_checking_again_after_a_mend_at_zoom_starts_inviting(vestibule: Vestibule) -> None:
    vestibule.zoom.overrides = {"recording": True}
    meeting = await vestibule.create()
    assert meeting.blocked_by_read_back == ("recording",)
    vestibule.zoom.overrides = {}
    checked = await vestibule.creating.check_again(vestibule.organiser, GUILD, meeting.meeting_id)
    await vestibule.run_jobs()
    assert not checked.blocked
    assert len(vestibule.chat.posts) == 1


async def test_lost_registration_stays_unsafe_until_it_is_accepted(vestibule: Vestibule) -> None:
    vestibule.zoom.overrides = {"registration": False}
    meeting = await vestibule.create()
    for _ in range(2):
        checked = await vestibule.creating.check_again(vestibule.organiser, GUILD, meeting.meeting_id)
        assert checked.meeting.blocked_by_read_back == ("registration",)
        assert checked.meeting.personal_links
    await vestibule.run_jobs()
    assert vestibule.chat.posts == {}
    accepted = await vestibule.creating.accept(vestibule.organiser, GUILD, meeting.meeting_id)
    assert not accepted.meeting.personal_links
    await vestibule.run_jobs()
    assert len(vestibule.chat.posts) == 1


async def test_harmless_difference_is_shown_but_blocks_nothing(vestibule: Vestibule) -> None:
    vestibule.zoom.overrides = {"mute_on_entry": False}
    meeting_id = await draft(vestibule)
    made = await vestibule.creating.confirm(vestibule.organiser, GUILD, meeting_id)  # type: ignore[arg-type]
    assert [d.setting for d in made.differences] == ["mute_on_entry"]
    assert not made.blocked


async def test_clash_with_another_meeting_of_the_host_is_shown_before_booking(vestibule: Vestibule) -> None:
    first = await vestibule.create()
    ask = MeetingAsk("Second", first.starts_at.isoformat(), host=HOST)
    drafted = await vestibule.drafting.draft(vestibule.organiser, GUILD, ask)
    assert [clash.meeting_id for clash in drafted.clashes] == [first.meeting_id]
    after = MeetingAsk("Third", first.ends_at.isoformat(), host=HOST)
    assert (await vestibule.drafting.draft(vestibule.organiser, GUILD, after)).clashes == ()


async def test_basic_host_is_explained_before_creating_and_gets_no_registration(vestibule: Vestibule) -> None:
    ask = MeetingAsk("Open mic", vestibule.clock.now().isoformat(), host=BASIC)
    drafted = await vestibule.drafting.draft(vestibule.organiser, GUILD, ask)
    assert "Basic (free)" in drafted.warnings[0]
    made = await vestibule.creating.confirm(vestibule.organiser, GUILD, drafted.meeting.meeting_id)
    assert not made.meeting.personal_links
    assert not made.blocked


async def test_registration_profiles_are_refused_without_a_registrant_domain(vestibule: Vestibule) -> None:
    vestibule.drafting._registrant_domain = None
    ask = MeetingAsk("Choir", vestibule.clock.now().isoformat(), host=HOST)
    with pytest.raises(NeedsAttention) as refusal:
        await vestibule.drafting.draft(vestibule.organiser, GUILD, ask)
    assert "REGISTRANT_DOMAIN" in refusal.value.message
    door = MeetingAsk("Choir", vestibule.clock.now().isoformat(), host=HOST, profile=ProfileName.OPEN_DOOR)
    assert (await vestibule.drafting.draft(vestibule.organiser, GUILD, door)).meeting.personal_links is False


async def test_daily_limit_is_explained_before_it_bites(vestibule: Vestibule) -> None:
    today = vestibule.clock.now().date()
    async with vestibule.store.work() as uow:
        for _ in range(95):
            await uow.usage.add(f"zoom.writes:{HOST}", today)
        await uow.commit()
    ask = MeetingAsk("Choir", vestibule.clock.now().isoformat(), host=HOST)
    drafted = await vestibule.drafting.draft(vestibule.organiser, GUILD, ask)
    assert "only 5 more" in drafted.warnings[-1]
    async with vestibule.store.work() as uow:
        for _ in range(5):
            await uow.usage.add(f"zoom.writes:{HOST}", today)
        await uow.commit()
    with pytest.raises(NeedsAttention) as refusal:
        await vestibule.creating.confirm(vestibule.organiser, GUILD, drafted.meeting.meeting_id)
    assert refusal.value.code == "daily_creates_used"
    assert vestibule.zoom.meetings == {}


async def test_draft_nobody_confirms_is_forgotten(vestibule: Vestibule) -> None:
    meeting_id = await draft(vestibule)
    vestibule.clock.advance(minutes=31)
    await vestibule.run_jobs()
    async with vestibule.store.read() as uow:
        assert await uow.meetings.get(meeting_id) is None  # type: ignore[arg-type]


async def test_named_host_is_told_once_and_only_by_masked_address(vestibule: Vestibule) -> None:
    vestibule.person(ANA, VERIFIED)
    async with vestibule.store.work() as uow:
        (host,) = [h for h in await uow.links.hosts(GUILD) if h.user_id == HOST]
        from dataclasses import replace

        await uow.links.save_host(GUILD, replace(host, member_id=ANA))
        await uow.commit()
    meeting = await vestibule.create()
    await vestibule.announcing.tell_hosts(meeting.meeting_id)
    ((member, brief),) = vestibule.chat.briefs
    assert member == ANA
    assert brief.zoom_hint == "h…@choir.example"


async def test_failed_announcement_is_tried_again(vestibule: Vestibule) -> None:
    vestibule.chat.fail["announce"] = Transient("Discord is slow.")
    await vestibule.create()
    assert vestibule.chat.posts == {}
    vestibule.chat.fail.clear()
    vestibule.clock.advance(seconds=31)
    await vestibule.run_jobs()
    assert len(vestibule.chat.posts) == 1


async def test_announcement_says_when_links_open_and_when_it_is_over(vestibule: Vestibule) -> None:
    meeting = await vestibule.create()
    vestibule.clock.advance(minutes=10)
    await vestibule.run_jobs()
    (post,) = vestibule.chat.posts.values()
    assert [said.phase for said in post][-1:] == [Phase.LINKS_OPEN]
    vestibule.clock.time = meeting.closes_at
    await vestibule.run_jobs()
    assert post[-1].phase is Phase.ENDED
    assert (await vestibule.meeting(meeting.meeting_id)).state is MeetingState.ENDED
    async with vestibule.store.read() as uow:
        assert await uow.meetings.shared_link(meeting.meeting_id) is None


async def test_deleted_announcement_is_posted_anew_at_the_next_change(vestibule: Vestibule) -> None:
    meeting = await vestibule.create()
    vestibule.chat.posts.clear()
    await vestibule.announcing.bring_up_to_date(meeting.meeting_id)
    assert (await vestibule.meeting(meeting.meeting_id)).announcement_message is None
