"""Links that were posted: taken back from their holder alone, told kindly, asked about from the second time on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import NeedsAttention, UserMistake
from bot.domain.leak import LeakKind
from bot.domain.meeting import Meeting, ProfileName
from bot.domain.values import MemberId, MessageId, Secret
from bot.ports import AlertKind, AlertOutcome
from bot.services.admissions import LinkReady, NotAdmitted
from bot.services.leak_recognition import PostedMessage
from bot.services.leaks import Dealt, Deletion, ToldModerators
from tests.contracts.stores import everything_stored, traces_of
from tests.services.conftest import (
    ANA,
    BEN,
    CALLS,
    GUILD,
    MALLORY,
    MODERATOR,
    OLGA,
    VERIFIED,
    Vestibule,
    on_both_stores,
    opened_vestibule,
)

MODA = MemberId(45)


async def link_of(v: Vestibule, meeting: Meeting, member: MemberId = ANA) -> str:
    who = v.person(member, VERIFIED, name=f"Person {member}")
    answer = await v.admissions.ask(GUILD, meeting.meeting_id, who, asked_at=v.clock.now())
    assert isinstance(answer, LinkReady), answer
    return answer.link.reveal()


def message(v: Vestibule, words: str, number: int = 7001, author: MemberId = MALLORY) -> PostedMessage:
    v.leak_messages.posted.add(MessageId(number))
    return PostedMessage(CALLS, MessageId(number), author, Secret(words))


async def pointed_at(v: Vestibule, posted: PostedMessage) -> Dealt:
    done = await v.watched.leaks.report(v.person(MODA, MODERATOR, name="Moda"), GUILD, posted)
    assert isinstance(done, Dealt)
    return done


async def test_moderator_takes_one_link_back_and_nobody_elses(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    anas, bens = await link_of(v, meeting), await link_of(v, meeting, BEN)
    done = await pointed_at(v, message(v, f"free for all: <{anas}> come"))
    (finding,) = done.findings
    assert (finding.leak.kind, finding.leak.member_id, finding.times, finding.held) == (LeakKind.MEMBER, ANA, 1, False)
    assert finding.void is True
    assert done.deletion is Deletion.DELETED
    assert meeting.zoom_id is not None
    assert v.zoom.valid_links(meeting.zoom_id) == {bens}
    await v.run_jobs()
    ((told, note),) = v.leak_messages.told
    assert (told, note.held, note.topic) == (ANA, False, "Choir practice")
    assert {"leak.dealt", "invite.revoked", "leak.message"} <= set(await v.actions())


async def test_holder_gets_a_new_link_the_first_time_and_is_told_again(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    first = await link_of(v, meeting)
    v.leak_messages.closed.add(ANA)
    await pointed_at(v, message(v, first))
    await v.run_jobs()
    answer = await v.admissions.ask(GUILD, meeting.meeting_id, v.ana(), asked_at=v.clock.now())
    assert isinstance(answer, LinkReady)
    assert answer.after_leak
    assert answer.link.reveal() != first


async def leaked_twice(v: Vestibule) -> tuple[Meeting, Dealt]:
    meeting = await v.live_links()
    await pointed_at(v, message(v, await link_of(v, meeting)))
    return meeting, await pointed_at(v, message(v, await link_of(v, meeting), 7002))


async def test_second_time_takes_a_moderators_word(vestibule: Vestibule) -> None:
    v = vestibule
    meeting, done = await leaked_twice(v)
    (finding,) = done.findings
    assert (finding.times, finding.held) == (2, True)
    refused = await v.admissions.ask(GUILD, meeting.meeting_id, v.ana(), asked_at=v.clock.now())
    assert isinstance(refused, NotAdmitted)
    assert refused.decision.code == "held_after_leak"
    await v.alerting.sweep()
    (alert,) = [a for a in v.alerts.latest if a.kind is AlertKind.LEAKED_AGAIN]
    assert alert.count == 2
    assert str(ANA) not in repr(alert)

    assert await v.watched.leaks.allow(v.person(MODA, MODERATOR), GUILD, finding.leak.leak_id)
    assert not await v.watched.leaks.allow(v.person(MODA, MODERATOR), GUILD, finding.leak.leak_id)
    await link_of(v, meeting)
    async with v.store.read() as uow:
        settled = await uow.alerts.get(alert.alert_id)
    assert settled is not None
    assert settled.outcome is AlertOutcome.ALLOWED


async def test_held_member_gets_no_link_made_beforehand_and_none_under_another_name(vestibule: Vestibule) -> None:
    v = vestibule
    await leaked_twice(v)
    later = await v.create(when=(v.clock.now() + timedelta(minutes=50)).isoformat())
    async with v.store.work() as uow:
        await uow.invites.add_coming(later.meeting_id, ANA, v.clock.now())
        await uow.commit()
    v.clock.advance(minutes=25)
    await v.run_jobs()
    async with v.store.read() as uow:
        assert await uow.invites.current(later.meeting_id, ANA) is None
    renamed = await v.admissions.ask(GUILD, later.meeting_id, v.ana(), asked_at=v.clock.now(), name="Other")
    assert isinstance(renamed, NotAdmitted)


async def test_one_link_in_ten_messages_counts_once(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    link = await link_of(v, meeting)
    for number in range(7001, 7011):
        done = await pointed_at(v, message(v, link, number))
    (finding,) = done.findings
    assert (finding.times, finding.held, finding.leak.still_worked) == (1, False, False)
    await v.run_jobs()
    assert len(v.leak_messages.told) == 1


async def test_two_moderators_at_once_take_it_back_once(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    posted = message(v, await link_of(v, meeting))
    first, second = await pointed_at(v, posted), await pointed_at(v, posted)
    assert first.findings[0].leak.leak_id == second.findings[0].leak.leak_id
    assert second.findings[0].leak.dealt_by == MODA
    assert second.deletion is Deletion.GONE
    assert (await v.actions()).count("invite.revoked") == 1


async def test_missing_permission_is_said_and_the_link_goes_all_the_same(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    link = await link_of(v, meeting)
    v.leak_messages.fail = NeedsAttention("No.", code="discord_permission")
    done = await pointed_at(v, message(v, link))
    assert done.deletion is Deletion.NOT_ALLOWED
    assert meeting.zoom_id is not None
    assert v.zoom.valid_links(meeting.zoom_id) == set()


async def test_member_only_tells_the_moderators_who_take_it_back_with_one_press(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    posted = message(v, await link_of(v, meeting))
    ben = v.person(BEN, VERIFIED, name="Ben")
    for _ in range(2):
        assert await v.watched.leaks.report(ben, GUILD, posted) == ToldModerators(reachable=True)
    assert meeting.zoom_id is not None
    assert len(v.zoom.valid_links(meeting.zoom_id)) == 1
    assert v.leak_messages.deleted == []
    await v.alerting.sweep()
    (alert,) = [a for a in v.alerts.latest if a.kind is AlertKind.LEAK_REPORTED]
    assert alert.subject == f"{CALLS}:7001"

    with pytest.raises(UserMistake):
        await v.watched.leaks.deal(ben, GUILD, posted.channel_id, posted.message_id)
    done = await v.watched.leaks.deal(v.person(MODA, MODERATOR), GUILD, posted.channel_id, posted.message_id)
    assert [finding.leak.member_id for finding in done.findings] == [ANA]
    assert v.leak_messages.deleted == [posted.message_id]
    assert v.zoom.valid_links(meeting.zoom_id) == set()
    async with v.store.read() as uow:
        settled = await uow.alerts.get(alert.alert_id)
    assert settled is not None
    assert settled.outcome is AlertOutcome.DEALT


async def test_whose_link_it_was_is_for_moderators_and_recorded(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    done = await pointed_at(v, message(v, await link_of(v, meeting), author=ANA))
    leak_id = done.findings[0].leak.leak_id
    with pytest.raises(UserMistake):
        await v.watched.leaks.whose(v.person(BEN, VERIFIED), GUILD, leak_id)
    whose = await v.watched.leaks.whose(v.person(MODA, MODERATOR), GUILD, leak_id)
    assert (whose.leak.member_id, whose.leak.author_id) == (ANA, ANA)
    assert "leak.holder_shown" in await v.actions()


async def test_guests_link_is_known_though_it_is_kept_nowhere(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    made = await v.links.guests.invite(v.organiser, GUILD, meeting.meeting_id, "Dr. Lee")
    await v.links.guests.was_shown(made.guest.guest_id)
    done = await pointed_at(v, message(v, made.link.reveal()))
    (finding,) = done.findings
    assert (finding.leak.kind, finding.void) == (LeakKind.GUEST, True)
    whose = await v.watched.leaks.whose(v.person(MODA, MODERATOR), GUILD, finding.leak.leak_id)
    assert (whose.guest, whose.invited_by) == (made.guest.shown_name, OLGA)
    assert meeting.zoom_id is not None
    assert v.zoom.valid_links(meeting.zoom_id) == set()


async def test_meetings_own_link_and_a_stray_one_alert_once_with_every_place(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    own = f"https://zoom.us/j/{meeting.zoom_id}?pwd=abc"
    for number, words in enumerate((own, own, f"https://zoom.us/w/{meeting.zoom_id}?tk=nobody-made-this-token"), 7001):
        done = await pointed_at(v, message(v, words, number))
        assert done.findings[0].void is None
    await v.alerting.sweep()
    async with v.store.read() as uow:
        (alert,) = await uow.alerts.open_of(meeting.meeting_id, AlertKind.LINK_PUBLIC)
    assert [place.message_id for place in alert.places] == [7001, 7002, 7003]
    assert v.leak_messages.told == []


async def test_open_door_link_is_shown_no_more_but_cannot_be_made_void(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links(profile=ProfileName.OPEN_DOOR)
    done = await pointed_at(v, message(v, await link_of(v, meeting)))
    (finding,) = done.findings
    assert (finding.leak.kind, finding.void, finding.leak.still_worked) == (LeakKind.MEMBER, None, True)
    async with v.store.read() as uow:
        assert await uow.invites.current(meeting.meeting_id, ANA) is None
        assert len(await uow.alerts.open_of(meeting.meeting_id, AlertKind.LINK_PUBLIC)) == 1


async def test_links_elsewhere_are_nobodys_business_but_the_message_goes(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    async with v.store.work() as uow:
        await uow.meetings.save(replace(meeting, guild_id=type(GUILD)(99)))
        await uow.commit()
    done = await pointed_at(v, message(v, f"zoom.us/j/{meeting.zoom_id} and https://zoom.us/j/99999999999?pwd=x"))
    assert (done.findings, done.elsewhere, done.deletion) == ((), 2, Deletion.DELETED)


async def test_message_without_a_zoom_link_is_left_alone(vestibule: Vestibule) -> None:
    with pytest.raises(UserMistake, match="no Zoom link"):
        await pointed_at(vestibule, message(vestibule, "see you at zoom.us/pricing"))
    assert vestibule.leak_messages.deleted == []


@on_both_stores
async def test_no_link_is_kept_anywhere_and_the_moderator_learns_no_name_unasked(address: str) -> None:
    async with opened_vestibule(address) as v:
        meeting = await v.live_links()
        link = await link_of(v, meeting)
        token = link.partition("tk=")[2]
        done = await pointed_at(v, message(v, f"look {link}"))
        await v.run_jobs()
        assert link not in repr(done)
        assert done.findings[0].leak.member_id == ANA
        stored = await everything_stored(v.store)
        assert not [trace for trace in traces_of(token) if trace in stored]
