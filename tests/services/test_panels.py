"""The panel of a live call and its alerts: what stands in the moderators' channel, how often it is changed, and what is never repeated."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.domain.concerns import Answer
from bot.domain.containment import Act, ActKind, Outcome, Step, StepKind
from bot.domain.errors import UserMistake
from bot.domain.meeting import ProfileName
from bot.domain.values import ActId, AlertId, ChannelId, SessionId
from bot.ports import EventKind
from bot.services.panel_keeping import MOVE_AFTER
from tests.services.conftest import ANA, BEN, GUILD, MODERATOR, OLGA, STAFF, VERIFIED, on_both_stores
from tests.services.panel_rig import ON_CALL, RUN, Evening, evening


@pytest.fixture
async def e(sqlite_url: str) -> AsyncIterator[Evening]:
    async with evening(sqlite_url) as made:
        yield made


@on_both_stores
async def test_an_ordinary_evening_is_one_message(address: str) -> None:
    async with evening(address) as e:
        await e.host_joins()
        ana = await e.joins(ANA, "Ana")
        ben = await e.waits(BEN, "Ben")
        await e.kept(seconds=3)
        text = e.panel()
        assert "**2** in the call, **1** waiting" in text
        assert f"- known: admit {ben}, <@{BEN}>" in text
        assert f"**{ana}**, <@{ANA}>" in text
        assert "put people out: not tried on this account yet" in text
        assert len(e.standing()) == 1


async def test_waiting_stranger_is_not_a_member_and_is_never_to_be_admitted(e: Evening) -> None:
    await e.host_joins()
    await e.happens(EventKind.WAITING, "Ana")
    await e.kept(seconds=3)
    assert "**NOT a member: Ana**" in e.panel()
    assert 'Never press "Admit all"' in e.notices()[0]


async def test_stranger_in_the_call_is_told_once_and_calls_the_role_once_a_minute(e: Evening) -> None:
    await e.host_joins()
    for name, seconds, calls in (("Zoomer99", 10, 1), ("Zoomer77", 60, 1), ("Zoomer55", 3, 2)):
        await e.happens(EventKind.JOINED, name)
        await e.kept(seconds=3)
        assert [shown.mention for shown in e.standing()].count(ON_CALL) == calls
        e.v.clock.advance(seconds=seconds)
    assert len(e.notices()) == 3
    await e.happens(EventKind.LEFT, "Zoomer99", leave_reason="left")
    await e.kept(seconds=3)
    assert "✅ **Zoomer99** is out" in e.notices()[0]


async def test_raid_is_few_messages_and_few_edits(e: Evening) -> None:
    await e.host_joins()
    await e.kept(seconds=3)
    before = e.panels.edits
    for second in range(6):
        for number in range(5):
            await e.happens(EventKind.WAITING, f"Raider {second}{number}")
        e.v.clock.advance(seconds=1)
        await e.keeping.sweep()
    assert e.panels.edits - before <= 4
    assert len(e.notices()) <= 3
    await e.kept(seconds=4)
    assert "**Waiting room** (30)" in e.panel()


async def test_restart_goes_on_with_the_same_message_and_repeats_no_alert(e: Evening) -> None:
    await e.host_joins()
    await e.happens(EventKind.JOINED, "Zoomer99")
    await e.kept(seconds=3)
    count = len(e.panels.messages)
    again = e.another_process()
    e.v.clock.advance(seconds=20)
    assert await again.sweep() == 1
    ana = await e.joins(ANA, "Ana")
    e.v.clock.advance(seconds=20)
    await again.sweep()
    assert len(e.panels.messages) == count
    assert ana in e.panel()


@on_both_stores
async def test_two_processes_that_look_at_once_post_one_panel(address: str) -> None:
    async with evening(address, begun=False) as e:
        await e.begins()
        assert await e.keeping.sweep() + await e.another_process().sweep() == 1
        assert len(e.standing()) == 1


async def test_post_whose_answer_was_lost_is_not_posted_twice(e: Evening) -> None:
    await e.happens(EventKind.JOINED, "Zoomer99")
    await e.kept(seconds=3)
    async with e.v.store.work() as uow:
        kept = [replace(each, message_id=None) for each in await uow.panels.concerns(RUN)]
        await uow.panels.keep(RUN, kept)
        await uow.commit()
    before = len(e.panels.messages)
    await e.kept(seconds=20)
    assert len(e.panels.messages) == before


async def test_public_channel_gets_no_name_and_the_organiser_is_told_once(e: Evening) -> None:
    await e.host_joins()
    await e.happens(EventKind.JOINED, "Zoomer99")
    await e.kept(seconds=3)
    private = e.v.chat.channels[STAFF]
    e.v.chat.channels[STAFF] = replace(private, viewing_roles=frozenset({VERIFIED}))
    ana = await e.joins(ANA, "Ana")
    await e.kept(seconds=3)
    everything = "\n".join(shown.text for shown in e.standing())
    for name in ("Zoomer99", ana, "Hanna", str(ANA)):
        assert name not in everything
    assert "Verified members can read #staff" in everything
    assert "/meeting live" in e.notices()[0]
    await e.kept(seconds=30)
    ((who, told),) = e.panels.private
    assert who == OLGA
    assert "/setup" in told
    e.v.chat.channels[STAFF] = private
    await e.kept(seconds=30)
    assert ana in e.panel()
    assert "Zoomer99" in e.notices()[0]


async def test_without_a_channel_nothing_is_posted_and_the_organiser_is_told(e: Evening) -> None:
    async with e.v.store.work() as uow:
        await uow.communities.save((await uow.communities.get(GUILD)).changed(moderators_channel=None))
        await uow.commit()
    before = e.panel()
    await e.host_joins()
    await e.kept(seconds=3)
    assert e.panel() == before
    assert "There is no moderators' channel" in e.panels.private[0][1]
    moderator = e.v.person(BEN, MODERATOR)
    assert "Hanna Host" in {s.participant.name for s in (await e.desk.panel(moderator, GUILD, None)).inside}


async def test_channel_chosen_anew_gets_the_panel_and_the_old_one_loses_it(e: Evening) -> None:
    other = ChannelId(33)
    e.v.chat.channels[other] = replace(e.v.chat.channels[STAFF], channel_id=other)
    async with e.v.store.work() as uow:
        await uow.communities.save((await uow.communities.get(GUILD)).changed(moderators_channel=other))
        await uow.commit()
    await e.kept(seconds=20)
    assert [shown.channel_id for shown in e.standing()] == [other]


async def test_deleted_panel_is_posted_again(e: Evening) -> None:
    for shown in e.panels.messages.values():
        shown.deleted = True
    await e.host_joins()
    await e.kept(seconds=3)
    assert "Hanna Host" in e.panel()


async def test_old_panel_moves_down_before_discord_stops_taking_edits(e: Evening) -> None:
    (first,) = e.standing()
    await e.kept(seconds=MOVE_AFTER.total_seconds())
    await e.host_joins()
    await e.kept(seconds=3)
    assert first.deleted
    assert "Hanna Host" in e.panel()


async def test_nothing_reported_is_said_with_the_fix(e: Evening) -> None:
    assert "Nobody is in yet, as far as I see" in e.panel()
    await e.kept(seconds=120)
    assert "I cannot see who joins" in e.panel()
    assert "event subscription" in e.panel()
    assert e.notices() == []


async def test_panel_closes_with_what_the_call_was_and_no_button(e: Evening) -> None:
    await e.host_joins()
    await e.joins(ANA, "Ana")
    await e.happens(EventKind.WAITING, "Zoomer99")
    await e.kept(seconds=600)
    await e.ends()
    await e.kept(seconds=3)
    text = e.panel()
    assert "Over: Choir" in text
    assert "In it: 1 host, 1 member." in text
    assert "1 only in the waiting room" in text
    assert "[" not in "".join(shown.text for shown in e.standing())
    again = e.panels.edits
    await e.kept(seconds=60)
    assert e.panels.edits == again


async def test_second_run_of_a_meeting_has_a_panel_of_its_own(e: Evening) -> None:
    await e.ends()
    await e.kept(seconds=3)
    later = replace(e.event(EventKind.STARTED), session_id=SessionId("run-2"))
    await e.events(later)
    await e.kept(seconds=3)
    assert [shown.text.startswith("### Live:") for shown in e.standing()] == [False, True]


async def test_two_people_under_one_name_only_the_member_can_say_who_is_who(e: Evening) -> None:
    await e.host_joins()
    name = await e.waits(ANA, "Ana")
    await e.happens(EventKind.WAITING, "impostor", user_name=name)
    await e.kept(seconds=3)
    (notice,) = e.notices()
    assert f"Two people show **{name}**" in notice
    assert f"admit neither until <@{ANA}> confirms here" in notice
    assert "two show this name, admit neither yet" in e.panel()
    ((asked, question),) = e.panels.private
    assert asked == ANA
    assert "two people show your name" in question
    message = await _message(e)
    with pytest.raises(UserMistake, match="Only the member whose name it is"):
        await e.desk.answer_name(BEN, message, Answer.BOTH)
    await e.desk.answer_name(ANA, message, Answer.MINE_ALONE)
    await e.kept(seconds=3)
    assert f"<@{ANA}> says: I am there, in one seat" in e.notices()[0]
    await e.happens(EventKind.LEFT_WAITING, "impostor")
    await e.kept(seconds=3)
    with pytest.raises(UserMistake, match="Nobody asks about this name any more"):
        await e.desk.answer_name(ANA, message, Answer.BOTH)


async def test_member_who_takes_no_messages_is_to_be_asked_in_the_server(e: Evening) -> None:
    e.panels.closed.add(ANA)
    await e.host_joins()
    name = await e.waits(ANA, "Ana")
    await e.happens(EventKind.WAITING, "impostor", user_name=name)
    await e.kept(seconds=3)
    assert "takes no direct messages from me" in e.notices()[0]


async def test_absent_host_and_long_waits_are_told_with_what_to_press(e: Evening) -> None:
    await e.waits(ANA, "Ana")
    await e.kept(seconds=70)
    text = "\n".join(e.notices())
    assert "I see nobody with host rights" in text
    assert "waited for over a minute" in text
    assert "**Waiting room** > **Admit**" in text
    await e.host_joins()
    await e.happens(EventKind.ADMITTED, "Ana")
    await e.happens(EventKind.JOINED, "Ana")
    await e.kept(seconds=3)
    assert "Somebody with host rights is in" in "\n".join(e.notices())


async def test_emergency_calls_the_role_and_its_steps_stand_in_the_panel(e: Evening) -> None:
    await e.host_joins()
    now = e.v.clock.now()
    steps = (Step(StepKind.CLOSE_DOOR, outcome=Outcome.DONE), Step(StepKind.READ_BACK, outcome=Outcome.DONE))
    await e.told_of(Act(ActId("act-1"), ActKind.EMERGENCY, GUILD, e.meeting.meeting_id, RUN, BEN, now, steps))
    await e.keeping.touch(e.meeting.meeting_id)
    await e.kept(seconds=3)
    (notice,) = e.notices()
    assert "**Emergency** was pressed" in notice
    assert [shown.mention for shown in e.standing()].count(ON_CALL) == 1
    assert f"**Emergency** by <@{BEN}>" in e.panel()
    await e.kept(seconds=80)
    assert len(e.notices()) == 1


async def test_without_registration_nobody_is_called_a_stranger(sqlite_url: str) -> None:
    async with evening(sqlite_url, profile=ProfileName.OPEN_DOOR) as e:
        await e.host_joins()
        await e.happens(EventKind.JOINED, "Newcomer")
        await e.happens(EventKind.WAITING, "Newcomer 2")
        await e.kept(seconds=3)
        assert "- cannot be matched: Newcomer 2" in e.panel()
        assert e.notices() == []


async def test_only_moderators_look_and_whose_link_is_audited(e: Evening) -> None:
    await e.joins(ANA, "Ana")
    who = (await e.v.rooms.view(e.meeting.meeting_id)).seats[0].participant.participant_uuid  # type: ignore[union-attr]
    member, moderator = e.v.person(ANA, VERIFIED), e.v.person(BEN, MODERATOR)
    with pytest.raises(UserMistake, match="Only a moderator"):
        await e.desk.panel(member, GUILD, None)
    with pytest.raises(UserMistake, match="Only a moderator"):
        await e.desk.whose(member, GUILD, e.meeting.meeting_id, who)
    found = await e.desk.whose(moderator, GUILD, e.meeting.meeting_id, who)
    assert found.seat.member_id == ANA
    assert found.invite is not None
    assert "seat.whose_link" in await e.v.actions()


async def test_the_only_live_call_need_not_be_named(e: Evening) -> None:
    moderator = e.v.person(BEN, MODERATOR)
    assert await e.desk.chosen(moderator, GUILD, None) == e.meeting.meeting_id
    await e.ends()
    with pytest.raises(UserMistake, match="No call is live"):
        await e.desk.chosen(moderator, GUILD, None)
    with pytest.raises(UserMistake, match="Only a moderator"):
        await e.desk.chosen(e.v.ana(), GUILD, None)


async def _message(e: Evening) -> AlertId:
    async with e.v.store.read() as uow:
        return (await uow.panels.concerns(RUN))[0].message
