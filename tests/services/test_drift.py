"""What somebody changes, deletes or registers at Zoom past the bot; and what an organiser can do about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.community import ChannelFacts
from bot.domain.errors import NeedsAttention, OutcomeUnknown, Transient, UserMistake
from bot.domain.meeting import Meeting, MeetingState
from bot.domain.values import RegistrantId, ZoomMeetingId
from bot.ports import AlertKind, AlertOutcome, EventKind, IncomingEvent, Job, LinkKind, LinkState
from bot.services.admissions import LinkReady, NotAdmitted
from bot.services.limits import CREATES_A_DAY
from tests.services.conftest import GUILD, LINK, MALLORY, MODERATOR, STAFF, VERIFIED, Vestibule
from tests.services.fakes_events import hashed
from tests.services.test_sessions import report


async def happened(v: Vestibule, *events: IncomingEvent) -> None:
    await v.intake.store(events)
    await v.run_jobs()
    await v.alerting.sweep()


async def weakened(v: Vestibule, **overrides: bool) -> Meeting:
    meeting = await v.live_links()
    v.zoom.overrides.update(overrides)
    await happened(v, report(meeting, EventKind.UPDATED, v.clock.now()))
    return meeting


def zoom_id(meeting: Meeting) -> ZoomMeetingId:
    assert meeting.zoom_id is not None
    return meeting.zoom_id


async def test_our_own_writes_raise_no_alarm(vestibule: Vestibule) -> None:
    v = vestibule
    await weakened(v)
    assert v.alerts.posts == {}


async def test_an_unsafe_change_stops_links_and_is_told_once_in_private(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await weakened(v, join_before_host=True, mute_on_entry=False)
    (alert,) = v.alerts.latest
    assert v.alerts.channels == [STAFF]
    assert (alert.kind, alert.links_stopped) == (AlertKind.CHANGED, True)
    assert alert.said == ("People can be in the call before the host.", "People are not muted when they enter.")
    answer = await v.admissions.ask(GUILD, meeting.meeting_id, v.ana(), asked_at=v.clock.now())
    assert isinstance(answer, NotAdmitted)
    await happened(v, report(meeting, EventKind.UPDATED, v.clock.now()))
    assert len(v.alerts.posts) == 1


async def test_a_harmless_change_is_told_and_links_go_on(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await weakened(v, mute_on_entry=False)
    assert [alert.links_stopped for alert in v.alerts.latest] == [False]
    answer = await v.admissions.ask(GUILD, meeting.meeting_id, v.ana(), asked_at=v.clock.now())
    assert isinstance(answer, LinkReady)


async def test_what_zoom_changed_from_the_start_is_no_news(vestibule: Vestibule) -> None:
    v = vestibule
    v.zoom.overrides["mute_on_entry"] = False
    meeting = await v.live_links()
    await happened(v, report(meeting, EventKind.UPDATED, v.clock.now()))
    assert v.alerts.posts == {}


async def test_restore_makes_it_what_it_was_and_counts_in_the_days_limit(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await weakened(v, join_before_host=True)
    async with v.store.read() as uow:
        before = await uow.usage.count(f"zoom.writes:{meeting.host_id}", v.clock.now().date())
    done = await v.drifting.restore(v.organiser, GUILD, meeting.meeting_id)
    await v.alerting.sweep()
    assert done.left == ()
    assert v.zoom.calls["update"] == 1
    assert [alert.outcome for alert in v.alerts.latest] == [AlertOutcome.RESTORED]
    assert (await v.meeting(meeting.meeting_id)).blocked_by_read_back == ()
    async with v.store.read() as uow:
        assert await uow.usage.count(f"zoom.writes:{meeting.host_id}", v.clock.now().date()) == before + 1
    with pytest.raises(UserMistake, match="dealt with"):
        await v.drifting.restore(v.organiser, GUILD, meeting.meeting_id)


async def test_restore_whose_answer_is_lost_is_settled_by_reading(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await weakened(v, join_before_host=True)
    v.zoom.lose["update"] = 1
    assert (await v.drifting.restore(v.organiser, GUILD, meeting.meeting_id)).left == ()


async def test_a_restore_that_zoom_overrules_says_what_is_left_and_links_stay_stopped(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await weakened(v, join_before_host=True)
    v.zoom.updates_unlock = False
    done = await v.drifting.restore(v.organiser, GUILD, meeting.meeting_id)
    assert [difference.setting for difference in done.left] == ["join_before_host"]
    assert (await v.meeting(meeting.meeting_id)).blocked_by_read_back == ("join_before_host",)
    v.zoom.updates_unlock = True
    assert (await v.drifting.restore(v.organiser, GUILD, meeting.meeting_id)).left == ()


async def test_restore_stops_at_the_days_limit(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await weakened(v, join_before_host=True)
    async with v.store.work() as uow:
        for _ in range(CREATES_A_DAY):
            await uow.usage.add(f"zoom.writes:{meeting.host_id}", v.clock.now().date())
        await uow.commit()
    with pytest.raises(NeedsAttention, match="used them all"):
        await v.drifting.restore(v.organiser, GUILD, meeting.meeting_id)
    assert v.zoom.calls["update"] == 0


async def test_accept_takes_over_time_and_topic_and_moves_the_agenda(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    asked = v.zoom.meetings[zoom_id(meeting)]
    later = meeting.starts_at + timedelta(hours=2)
    asked.request = replace(asked.request, starts_at=later, topic="Choir, later", duration=timedelta(minutes=90))
    await happened(v, report(meeting, EventKind.UPDATED, v.clock.now()))
    assert len(v.alerts.latest[0].said) == 3
    accepted = (await v.drifting.accept(v.organiser, GUILD, meeting.meeting_id)).meeting
    assert (accepted.starts_at, accepted.topic, accepted.duration) == (later, "Choir, later", timedelta(minutes=90))
    async with v.store.work() as uow:
        due = {item.due: item.at for item in await uow.agenda.take(v.clock.now() + timedelta(days=2), 10)}
    assert due[Job.CLOSE] == accepted.closes_at
    assert due[Job.RELEASE] == later - timedelta(minutes=30)
    await happened(v, report(meeting, EventKind.UPDATED, v.clock.now()))
    assert len(v.alerts.posts) == 1
    assert v.alerts.latest[0].outcome is AlertOutcome.ACCEPTED


async def test_a_topic_with_a_link_in_it_is_not_taken_over(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    asked = v.zoom.meetings[zoom_id(meeting)]
    asked.request = replace(asked.request, topic="https://us02web.zoom.us/j/1?pwd=x")
    await happened(v, report(meeting, EventKind.UPDATED, v.clock.now()))
    assert "zoom.us" not in str(v.alerts.latest)
    with pytest.raises(UserMistake, match="public"):
        await v.drifting.accept(v.organiser, GUILD, meeting.meeting_id)


async def test_registration_switched_off_and_accepted_means_shared_links(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await weakened(v, registration=False)
    assert (await v.meeting(meeting.meeting_id)).personal_links, "nothing is decided by the change itself"
    accepted = (await v.drifting.accept(v.organiser, GUILD, meeting.meeting_id)).meeting
    assert not accepted.personal_links
    assert accepted.blocked_by_read_back == ()


async def test_a_change_put_right_by_hand_says_so_and_invites_again(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await weakened(v, join_before_host=True)
    v.zoom.overrides.clear()
    await happened(v, report(meeting, EventKind.UPDATED, v.clock.now()))
    assert [alert.outcome for alert in v.alerts.latest] == [AlertOutcome.PUT_RIGHT]
    assert (await v.meeting(meeting.meeting_id)).blocked_by_read_back == ()


async def test_only_organisers_decide(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await weakened(v, join_before_host=True)
    moderator = v.person(MALLORY, MODERATOR, VERIFIED)
    for decide in (v.drifting.restore, v.drifting.accept, v.planning_anew.draft):
        with pytest.raises(UserMistake, match="Only an organiser"):
            await decide(moderator, GUILD, meeting.meeting_id)


async def test_zoom_down_while_checking_is_checked_again(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    v.zoom.overrides["join_before_host"] = True
    v.zoom.fail["read"] = Transient("Down.", code="zoom_down")
    await happened(v, report(meeting, EventKind.UPDATED, v.clock.now()))
    assert v.alerts.posts == {}
    del v.zoom.fail["read"]
    v.clock.advance(seconds=31)
    await v.run_jobs()
    await v.alerting.sweep()
    assert len(v.alerts.posts) == 1


async def test_a_deleted_meeting_is_marked_told_and_can_be_planned_anew(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    await v.admissions.ask(GUILD, meeting.meeting_id, v.ana(), asked_at=v.clock.now())
    del v.zoom.meetings[zoom_id(meeting)]
    event = report(meeting, EventKind.DELETED, v.clock.now())
    await happened(v, event, event)
    gone = await v.meeting(meeting.meeting_id)
    assert gone.state is MeetingState.CANCELLED
    (alert,) = v.alerts.latest
    assert (alert.kind, alert.count) == (AlertKind.DELETED, 1)
    assert len(v.chat.notices) == 1
    async with v.store.work() as uow:
        assert await uow.invites.of_meeting(meeting.meeting_id) == []
        assert await uow.meetings.passcode(meeting.meeting_id) is None
        assert list(await uow.agenda.take(v.clock.now() + timedelta(days=9), 10)) == []
    assert v.zoom.calls["delete"] == 0


async def test_a_delete_event_for_a_meeting_that_is_there_changes_nothing(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    await happened(v, report(meeting, EventKind.DELETED, v.clock.now()))
    assert (await v.meeting(meeting.meeting_id)).state is MeetingState.CREATED


async def test_our_own_cancelling_raises_no_alarm(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    await v.cancelling.cancel(v.organiser, GUILD, meeting.meeting_id)
    await happened(v, report(meeting, EventKind.DELETED, v.clock.now()))
    assert v.alerts.posts == {}


def registered(meeting: Meeting, v: Vestibule, registrant: str, address: str) -> IncomingEvent:
    facts = {"registrant_id": registrant, "email_hash": hashed(address), "status": "approved"}
    return report(meeting, EventKind.REGISTRATION_CREATED, v.clock.now(), **facts)


async def test_a_stranger_who_registers_is_denied_and_told_without_a_name(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    stranger = registered(meeting, v, "R-stranger", "mallory@elsewhere.example")
    await happened(v, stranger, stranger)
    await happened(v, stranger)
    assert list(v.zoom.denied) == ["R-stranger"]
    (alert,) = v.alerts.latest
    assert (alert.kind, alert.count, alert.done) == (AlertKind.REGISTERED_BY_HAND, 1, True)
    assert "mallory" not in str(alert)


async def test_ours_are_never_denied_also_while_zooms_answer_is_awaited(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    v.zoom.fail["add"] = OutcomeUnknown("No answer.", code="zoom_no_answer")
    with pytest.raises(Transient):
        await v.admissions.ask(GUILD, meeting.meeting_id, v.ana(), asked_at=v.clock.now())
    async with v.store.read() as uow:
        (invite,) = await uow.invites.of_meeting(meeting.meeting_id)
    assert invite.registrant_id is None
    await happened(v, registered(meeting, v, "R-unknown-to-us", invite.address.upper()))
    del v.zoom.fail["add"]
    await v.admissions.ask(GUILD, meeting.meeting_id, v.ana(), asked_at=v.clock.now())
    async with v.store.work() as uow:
        (invite,) = await uow.invites.of_meeting(meeting.meeting_id)
        await uow.invites.save(invite.revoked(v.clock.now()))
        await uow.commit()
    await happened(
        v, registered(meeting, v, "R1", invite.address), registered(meeting, v, str(invite.registrant_id), "")
    )
    assert list(v.zoom.denied) == []
    assert v.alerts.posts == {}


async def test_a_denial_without_effect_is_told_with_what_to_do(vestibule: Vestibule) -> None:
    v = vestibule
    v.zoom.denying_has_no_effect = True
    meeting = await v.live_links()
    await happened(v, registered(meeting, v, "R-x", "x@elsewhere.example"))
    assert [alert.done for alert in v.alerts.latest] == [False]


async def test_a_denial_that_zoom_does_not_answer_is_tried_again(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    v.zoom.fail["deny"] = OutcomeUnknown("No answer.", code="zoom_no_answer")
    await happened(v, registered(meeting, v, "R-x", "x@elsewhere.example"))
    assert v.alerts.posts == {}
    del v.zoom.fail["deny"]
    v.clock.advance(seconds=31)
    await v.run_jobs()
    assert list(v.zoom.denied) == [RegistrantId("R-x")]


async def test_nothing_is_posted_where_members_could_read_it(vestibule: Vestibule) -> None:
    v = vestibule
    v.chat.channels[STAFF] = ChannelFacts(
        STAFF, "staff", visible_to_everyone=False, viewing_roles=frozenset({VERIFIED})
    )
    await weakened(v, join_before_host=True)
    assert v.alerts.posts == {}
    v.chat.channels[STAFF] = ChannelFacts(STAFF, "staff", visible_to_everyone=False)
    v.clock.advance(minutes=11)
    await v.alerting.sweep()
    assert len(v.alerts.posts) == 1


async def test_an_alert_nobody_can_be_told_is_given_up_after_a_day_and_recorded(vestibule: Vestibule) -> None:
    v = vestibule
    v.chat.channels.pop(STAFF)
    await weakened(v, join_before_host=True)
    for _ in range(3):
        v.clock.advance(hours=13)
        await v.alerting.sweep()
    assert "alert.not_posted" in await v.actions()
    assert await v.alerting.sweep() == 0


async def test_a_bug_in_posting_ends_nothing(vestibule: Vestibule) -> None:
    v = vestibule
    v.alerts.fail = RuntimeError("bug")
    await weakened(v, join_before_host=True)
    v.alerts.fail = None
    v.clock.advance(minutes=11)
    await v.alerting.sweep()
    assert len(v.alerts.posts) == 1


async def test_deauthorisation_erases_the_tokens_and_tells_the_organisers(vestibule: Vestibule) -> None:
    v = vestibule
    async with v.store.read() as uow:
        link = await uow.links.get(LINK)
    assert link is not None
    assert link.kind is LinkKind.SERVER_TO_SERVER
    gone = IncomingEvent("f" * 64, EventKind.DEAUTHORIZED, link.zoom_account_id, v.clock.now())
    await happened(v, gone, gone)
    async with v.store.read() as uow:
        after = await uow.links.get(LINK)
        held = await uow.grants.held(LINK)
    assert after is not None
    assert after.state is LinkState.BROKEN
    assert held is not None
    assert held.access is None
    assert [alert.kind for alert in v.alerts.latest] == [AlertKind.DISCONNECTED]
    assert "link.deauthorized" in await v.actions()
