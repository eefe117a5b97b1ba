"""Changing a meeting: shown back first, done once, read back, and links as was said."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.domain.edit import LinkFate
from bot.domain.errors import NeedsAttention, OutcomeUnknown, Transient, UserMistake
from bot.domain.meeting import Meeting, ProfileName, opens_at
from bot.domain.values import MemberId
from bot.ports import Job, Notice, Phase
from bot.services.admissions import LinkReady, NotAdmitted
from bot.services.proposing import EditAsk, Edited, Proposal
from tests.services.conftest import ANA, BASIC, BEN, GUILD, SPEAKERS, VERIFIED, Vestibule, community


async def propose(v: Vestibule, meeting: Meeting, **ask: object) -> Proposal:
    return await v.proposing.propose(v.organiser, GUILD, meeting.meeting_id, EditAsk(**ask))  # type: ignore[arg-type]


async def change(v: Vestibule, meeting: Meeting, **ask: object) -> Edited:
    made = await propose(v, meeting, **ask)
    return await v.links.editing.confirm(v.organiser, GUILD, meeting.meeting_id, made.edit_id)


async def has_link(v: Vestibule, meeting: Meeting, member: MemberId = ANA) -> str:
    answer = await v.admissions.ask(GUILD, meeting.meeting_id, v.person(member, VERIFIED), asked_at=v.clock.now())
    assert isinstance(answer, LinkReady)
    return answer.link.reveal()


async def test_nothing_is_changed_before_it_is_confirmed(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    later = meeting.starts_at + timedelta(hours=2)
    made = await propose(v, meeting, topic="Choir and tea", when=later.isoformat(), minutes=90)
    assert made.changed == ("topic", "starts_at", "duration")
    assert made.opens_at == opens_at(made.after, community())
    assert v.zoom.calls["update"] == 0
    assert (await v.meeting(meeting.meeting_id)).topic == "Choir practice"
    await v.proposing.discard(v.organiser, GUILD, meeting.meeting_id, made.edit_id)
    with pytest.raises(UserMistake, match="/meeting edit"):
        await v.links.editing.confirm(v.organiser, GUILD, meeting.meeting_id, made.edit_id)
    assert v.zoom.calls["update"] == 0


async def test_time_moved_keeps_links_moves_release_and_close_and_is_told(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    await v.run_jobs()
    link = await has_link(v, meeting)
    later = meeting.starts_at + timedelta(hours=2)
    done = await change(v, meeting, when=later.isoformat())
    await v.run_jobs()
    assert meeting.zoom_id is not None
    assert v.zoom.meetings[meeting.zoom_id].request.starts_at == later
    assert done.fate is LinkFate.KEPT
    assert v.zoom.valid_links(meeting.zoom_id) == {link}
    kept = await v.meeting(meeting.meeting_id)
    assert kept.starts_at == later
    assert kept.blocked_by_read_back == ()
    assert kept.announcement_message is not None
    assert v.chat.posts[kept.announcement_message][-1].starts_at == later
    assert v.chat.posts[kept.announcement_message][-1].phase is Phase.SCHEDULED
    assert [notice for notice, _ in v.chat.notices] == [Notice.CHANGED]
    v.clock.advance(minutes=121)
    await v.run_jobs()
    assert v.chat.posts[kept.announcement_message][-1].phase is Phase.LINKS_OPEN
    async with v.store.work() as uow:
        due = {item.due: item.at for item in await uow.agenda.take(later + timedelta(days=9), 50)}
    assert due[Job.CLOSE] == kept.closes_at


async def test_host_is_told_again_when_the_time_changed(vestibule: Vestibule) -> None:
    v = vestibule
    async with v.store.work() as uow:
        (host,) = [h for h in await uow.links.hosts(GUILD) if h.licensed]
        await uow.links.save_host(
            GUILD, type(host)(**{n: getattr(host, n) for n in host.__slots__} | {"member_id": BEN})
        )
        await uow.commit()
    meeting = await v.create()
    assert len(v.chat.briefs) == 1
    await change(v, meeting, minutes=30)
    await v.run_jobs()
    assert len(v.chat.briefs) == 1
    await change(v, meeting, when=(meeting.starts_at + timedelta(hours=1)).isoformat())
    await v.run_jobs()
    assert [brief.starts_at for _, brief in v.chat.briefs] == [
        meeting.starts_at,
        meeting.starts_at + timedelta(hours=1),
    ]


async def test_narrower_role_names_who_loses_and_takes_their_links(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    await has_link(v, meeting)
    bens = await has_link(v, meeting, BEN)
    v.person(BEN, VERIFIED, SPEAKERS)
    made = await propose(v, meeting, extra_role=SPEAKERS)
    assert made.losing is not None
    assert [invite.member_id for invite in made.losing] == [ANA]
    await v.links.editing.confirm(v.organiser, GUILD, meeting.meeting_id, made.edit_id)
    await v.run_jobs()
    assert meeting.zoom_id is not None
    assert v.zoom.valid_links(meeting.zoom_id) == {bens}
    assert v.zoom.calls["update"] == 0, "Zoom knows nothing of roles"
    assert (await v.meeting(meeting.meeting_id)).extra_role == SPEAKERS


async def test_to_a_profile_without_registration_every_personal_link_goes_first(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    old = {await has_link(v, meeting), await has_link(v, meeting, BEN)}
    made = await propose(v, meeting, profile=ProfileName.OPEN_DOOR)
    assert made.fate is LinkFate.RENEWED
    assert made.holders == 2
    done = await v.links.editing.confirm(v.organiser, GUILD, meeting.meeting_id, made.edit_id)
    assert done.given_up == 2
    assert meeting.zoom_id is not None
    assert v.zoom.valid_links(meeting.zoom_id) == set()
    await v.run_jobs()
    after = await v.meeting(meeting.meeting_id)
    assert not after.personal_links
    assert await has_link(v, after) not in old


async def test_from_open_door_to_members_everybody_gets_a_personal_link(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links(profile=ProfileName.OPEN_DOOR)
    shared = await has_link(v, meeting)
    made = await propose(v, meeting, profile=ProfileName.MEMBERS)
    assert made.fate is LinkFate.REPLACED
    await v.links.editing.confirm(v.organiser, GUILD, meeting.meeting_id, made.edit_id)
    after = await v.meeting(meeting.meeting_id)
    assert after.personal_links
    assert await has_link(v, after) != shared


@pytest.mark.parametrize("lost", ["lose", "lose_before"])
async def test_lost_answer_is_settled_by_reading_the_meeting(vestibule: Vestibule, lost: str) -> None:
    v = vestibule
    meeting = await v.live_links()
    getattr(v.zoom, lost)["update"] = 1
    made = await propose(v, meeting, topic="Choir and tea")
    if lost == "lose":
        await v.links.editing.confirm(v.organiser, GUILD, meeting.meeting_id, made.edit_id)
        assert v.zoom.calls["update"] == 1
    else:
        with pytest.raises(OutcomeUnknown):
            await v.links.editing.confirm(v.organiser, GUILD, meeting.meeting_id, made.edit_id)
        refused = await v.admissions.ask(GUILD, meeting.meeting_id, v.person(BEN, VERIFIED), asked_at=v.clock.now())
        assert isinstance(refused, NotAdmitted), "no link leaves while it is not known how the meeting is"
        v.clock.advance(seconds=61)
        await v.run_jobs()
        assert v.zoom.calls["update"] == 2
    kept = await v.meeting(meeting.meeting_id)
    assert kept.topic == "Choir and tea"
    assert kept.blocked_by_read_back == ()
    async with v.store.read() as uow:
        assert await uow.edits.get(meeting.meeting_id) is None


async def test_zoom_out_of_reach_changes_nothing_and_the_button_works_again(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    made = await propose(v, meeting, topic="Choir and tea")
    v.zoom.fail["update"] = Transient("Down.", code="zoom_unreachable")
    with pytest.raises(Transient):
        await v.links.editing.confirm(v.organiser, GUILD, meeting.meeting_id, made.edit_id)
    assert (await v.meeting(meeting.meeting_id)).blocked_by_read_back == ()
    await has_link(v, meeting)
    del v.zoom.fail["update"]
    done = await v.links.editing.confirm(v.organiser, GUILD, meeting.meeting_id, made.edit_id)
    assert done.meeting.topic == "Choir and tea"


async def test_refusal_by_zoom_leaves_the_meeting_as_it_was(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    made = await propose(v, meeting, topic="Choir and tea")
    v.zoom.fail["update"] = NeedsAttention("Not allowed.", code="zoom_no_permission")
    with pytest.raises(NeedsAttention):
        await v.links.editing.confirm(v.organiser, GUILD, meeting.meeting_id, made.edit_id)
    v.clock.advance(seconds=2)
    await v.run_jobs()
    kept = await v.meeting(meeting.meeting_id)
    assert kept.topic == "Choir practice"
    assert kept.blocked_by_read_back == ()


async def test_unsafe_read_back_stops_inviting(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    v.zoom.overrides, v.zoom.updates_unlock = {"join_before_host": True}, False
    done = await change(v, meeting, topic="Choir and tea")
    assert [d.setting for d in done.differences if d.unsafe] == ["join_before_host"]
    assert (await v.meeting(meeting.meeting_id)).blocked_by_read_back == ("join_before_host",)


async def test_pressing_twice_changes_once(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    made = await propose(v, meeting, topic="Choir and tea")
    confirm = v.links.editing.confirm
    both = await asyncio.gather(*(confirm(v.organiser, GUILD, meeting.meeting_id, made.edit_id) for _ in range(2)))
    assert both[0] == both[1]
    assert v.zoom.calls["update"] == 1


async def test_changes_count_in_the_hosts_daily_limit(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    async with v.store.work() as uow:
        for _ in range(99):
            await uow.usage.add(f"zoom.writes:{meeting.host_id}", v.clock.now().date())
        await uow.commit()
    with pytest.raises(NeedsAttention, match="100"):
        await propose(v, meeting, topic="Choir and tea")
    await propose(v, meeting, extra_role=SPEAKERS)


async def test_only_organisers_may_change_a_meeting(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    with pytest.raises(UserMistake):
        await v.proposing.propose(v.ana(), GUILD, meeting.meeting_id, EditAsk(topic="Mine"))
    made = await propose(v, meeting, topic="Choir and tea")
    with pytest.raises(UserMistake):
        await v.links.editing.confirm(v.ana(), GUILD, meeting.meeting_id, made.edit_id)


async def test_older_proposal_cannot_be_confirmed_after_a_newer_one(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    old = await propose(v, meeting, topic="First idea")
    new = await propose(v, meeting, topic="Second idea")
    with pytest.raises(UserMistake):
        await v.links.editing.confirm(v.organiser, GUILD, meeting.meeting_id, old.edit_id)
    await v.links.editing.confirm(v.organiser, GUILD, meeting.meeting_id, new.edit_id)
    assert (await v.meeting(meeting.meeting_id)).topic == "Second idea"


async def test_alternative_hosts_are_sent_and_told(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    await change(v, meeting, alternative_hosts=(BASIC,))
    assert meeting.zoom_id is not None
    assert v.zoom.meetings[meeting.zoom_id].request.alternative_hosts == ("basic@choir.example",)


async def test_nothing_different_is_said_so(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    with pytest.raises(UserMistake, match="already"):
        await propose(v, meeting, topic=" Choir   practice ")


async def test_change_whose_links_zoom_will_not_void_waits_for_that(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    await has_link(v, meeting)
    v.zoom.cancelling_has_no_effect = True
    with pytest.raises(OutcomeUnknown):
        await change(v, meeting, profile=ProfileName.OPEN_DOOR)
    assert v.zoom.calls["update"] == 0
    v.zoom.cancelling_has_no_effect = False
    for _ in range(3):
        v.clock.advance(minutes=2)
        await v.run_jobs()
    assert v.zoom.calls["update"] == 1
    assert (await v.meeting(meeting.meeting_id)).profile is ProfileName.OPEN_DOOR
