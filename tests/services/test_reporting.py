"""Reports: who may, what is kept and of whom, who is told, and the reminders that Zoom wants its mail confirmed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import Transient, UserMistake
from bot.domain.incident import Category, Incident, IncidentId
from bot.domain.meeting import Meeting, ProfileName
from bot.domain.session import Session
from bot.domain.values import MeetingId, MemberId, SessionId
from bot.ports import AlertKind, FollowUpState
from bot.services.reporting import ReportAsk, Reported
from tests.services.conftest import ANA, BEN, GUILD, LINK, MALLORY, MODERATOR, SPEAKERS, VERIFIED, Vestibule
from tests.services.incident_rig import FakeFollowUps

SEEN = "Somebody who calls himself Zorro showed something vile"
DAY = timedelta(days=1)


async def running(v: Vestibule, session: str = "run-1==", *, ended: bool = False, **ask: object) -> Meeting:
    meeting = await v.create(**ask)
    now = v.clock.now()
    async with v.store.work() as uow:
        run = Session(SessionId(session), meeting.meeting_id, now, now if ended else None)
        await uow.sessions.save(run)
        await uow.commit()
    return meeting


async def report(v: Vestibule, member_id: MemberId = ANA, **changes: object) -> Reported:
    roles = changes.pop("roles", (VERIFIED,))
    ask = replace(ReportAsk(Category.HATE, SEEN), **changes)  # type: ignore[arg-type]
    return await v.incidents.reporting.report(GUILD, v.person(member_id, *roles), ask)  # type: ignore[misc]


async def incidents(v: Vestibule) -> list[Incident]:
    async with v.store.read() as uow:
        return list(await uow.incidents.of_guild(GUILD, 50))


async def test_report_opens_an_incident_of_the_running_call_and_later_ones_join(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await running(v)
    first = await report(v)
    second = await report(v, BEN, category=Category.CHILD_ABUSE)
    assert (first.incident.number, second.incident.number) == (1, 1)
    assert first.call is not None
    assert first.call.meeting.meeting_id == meeting.meeting_id
    (incident,) = await incidents(v)
    assert (incident.session_id, incident.category) == ("run-1==", Category.CHILD_ABUSE)
    async with v.store.read() as uow:
        held = await uow.holds.held(v.clock.now())
        reports = await uow.papers.reports(incident.incident_id)
    assert held.meetings == {meeting.meeting_id}
    assert [(each.reporter, each.seen) for each in reports] == [(ANA, SEEN), (BEN, SEEN)]


async def test_last_call_is_meant_when_none_is_running_and_the_server_when_there_was_none(
    vestibule: Vestibule,
) -> None:
    v = vestibule
    assert (await report(v)).call is None
    await running(v, ended=True)
    assert (await report(v)).call is not None
    v.clock.advance(days=15)
    assert (await report(v)).call is None


async def test_running_call_of_their_own_is_meant_before_another(vestibule: Vestibule) -> None:
    v = vestibule
    await running(v, "run-1==")
    mine = await running(v, "run-2==", topic="Mine", when=(v.clock.now() + 3 * DAY).isoformat())
    await running(v, "run-3==", topic="Later", when=(v.clock.now() + 6 * DAY).isoformat())
    async with v.store.work() as uow:
        await uow.invites.add_coming(mine.meeting_id, ANA, v.clock.now())
        await uow.commit()
    assert (await report(v)).call.meeting.topic == "Mine"  # type: ignore[union-attr]


async def test_unverified_person_is_told_what_to_do_instead(vestibule: Vestibule) -> None:
    v = vestibule
    await running(v)
    with pytest.raises(UserMistake, match="emergency number") as refused:
        await report(v, MALLORY, roles=())
    assert refused.value.code == "report_not_verified"
    assert await incidents(v) == []


async def test_newcomer_may_report_an_open_door_call(vestibule: Vestibule) -> None:
    v = vestibule
    await running(v, profile=ProfileName.OPEN_DOOR)
    assert (await report(v, MALLORY, roles=())).call is not None


async def test_call_of_a_smaller_group_is_not_even_named_to_others(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await running(v, topic="Secret circle", extra_role=SPEAKERS)
    assert await v.incidents.reporting.reportable(GUILD, v.person(ANA, VERIFIED)) == ()
    assert (await report(v)).call is None
    assert (await report(v, meeting_id=meeting.meeting_id)).call is None
    assert (await report(v, BEN, roles=(MODERATOR,))).call is not None


async def test_moderators_are_alerted_without_a_name_and_only_to_what_is_new(vestibule: Vestibule) -> None:
    v = vestibule
    await running(v)
    await report(v)
    await report(v, BEN)
    await report(v, BEN, category=Category.VIOLENCE)
    await v.alerting.sweep()
    posted = [shown[-1] for shown in v.alerts.posts.values()]
    assert [alert.kind for alert in posted] == [AlertKind.REPORTED] * 2
    assert [alert.said for alert in posted] == [("Hate against a group",), ("Violence, or a threat of it",)]
    assert all(SEEN not in repr(alert) and str(ANA) not in repr(alert) for alert in posted)


async def test_record_of_what_was_done_never_says_who_reported_nor_what(vestibule: Vestibule) -> None:
    v = vestibule
    await running(v)
    before = len(await v.actions())
    await report(v)
    async with v.store.read() as uow:
        entries = (await uow.audit.entries(GUILD))[before:]
    assert [entry.action for entry in entries] == ["incident.open", "incident.report"]
    assert all(entry.actor is None and entry.subject is None for entry in entries)
    assert SEEN not in repr(entries)
    assert len(str(entries[1].facts["text"])) == 64


async def test_link_in_a_report_is_cut_out_before_it_is_kept(vestibule: Vestibule) -> None:
    v = vestibule
    await report(v, seen="It came by https://us02web.zoom.us/w/8?tk=SECRET and https://cdn.discordapp.com/a/SECRET")
    (incident,) = await incidents(v)
    async with v.store.read() as uow:
        (kept,) = await uow.papers.reports(incident.incident_id)
    assert "SECRET" not in kept.seen


async def test_report_without_words_is_refused(vestibule: Vestibule) -> None:
    with pytest.raises(UserMistake, match="few words"):
        await report(vestibule, seen="  \n ")


async def test_seventh_report_within_an_hour_is_refused_and_the_others_are_kept(vestibule: Vestibule) -> None:
    v = vestibule
    for _ in range(6):
        await report(v)
    with pytest.raises(UserMistake, match="kept"):
        await report(v)
    await report(v, BEN)
    v.clock.advance(hours=1)
    await report(v)


async def test_removal_begins_in_the_same_press_and_a_failed_one_never_stops_the_report(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await running(v)
    asked = {"meeting_id": meeting.meeting_id, "participant_uuid": "P-1", "remove": True, "roles": (MODERATOR,)}
    done = await report(v, BEN, **asked)
    assert v.removing.removed == [(meeting.meeting_id, "P-1", BEN)]
    assert done.removal == "Zoom took the removal; I tell you when they are out."
    v.removing.fail = Transient("Zoom does not answer. In Zoom: Participants > the name > Remove.")
    assert "In Zoom" in ((await report(v, BEN, **asked)).removal or "")
    assert len(v.removing.removed) == 1


async def test_routes_follow_the_country_and_the_category(vestibule: Vestibule) -> None:
    v = vestibule
    async with v.store.work() as uow:
        community = await uow.communities.get(GUILD)
        await uow.communities.save(community.changed(country="GB"))
        await uow.commit()
    shown = {route.route_id for route in (await report(v, category=Category.CHILD_ABUSE)).routes}
    assert {"zoom-client", "uk-police-emergency", "uk-iwf"} <= shown
    assert not {"us-fbi", "inhope", "uk-report-fraud", "samaritans"} & shown


async def reminded(v: Vestibule) -> list[MemberId]:
    await v.incidents.following_up.sweep()
    assert isinstance(v.follow_ups, FakeFollowUps)
    return [member_id for member_id, _ in v.follow_ups.sent]


async def owned_by(v: Vestibule, owner: MemberId) -> None:
    async with v.store.work() as uow:
        link = await uow.links.get(LINK)
        assert link is not None
        await uow.links.save(replace(link, owner=owner))
        await uow.commit()


async def test_reporter_and_owner_are_reminded_on_day_three_and_day_six(vestibule: Vestibule) -> None:
    v = vestibule
    await owned_by(v, BEN)
    await running(v)
    await report(v)
    v.clock.advance(days=3, seconds=-1)
    assert await reminded(v) == []
    v.clock.advance(seconds=1)
    assert sorted(await reminded(v)) == [ANA, BEN]
    assert sorted(await reminded(v)) == [ANA, BEN], "once each"
    v.clock.advance(days=3)
    assert sorted(await reminded(v)) == [ANA, ANA, BEN, BEN]
    v.clock.advance(days=3)
    assert len(await reminded(v)) == 4
    assert isinstance(v.follow_ups, FakeFollowUps)
    assert {who: sent.owner for who, sent in v.follow_ups.sent} == {ANA: False, BEN: True}
    assert all(SEEN not in repr(sent) for _, sent in v.follow_ups.sent)


async def test_done_ends_the_reminders_of_that_person_alone(vestibule: Vestibule) -> None:
    v = vestibule
    await owned_by(v, BEN)
    await running(v)
    done = await report(v)
    await v.incidents.following_up.done(done.incident.incident_id, ANA)
    await report(v)
    v.clock.advance(days=3)
    assert await reminded(v) == [BEN], "another report of hers does not bring them back"
    with pytest.raises(UserMistake):
        await v.incidents.following_up.done(done.incident.incident_id, MALLORY)


async def test_snoozed_reminder_comes_a_day_later_and_the_last_one_still_comes(vestibule: Vestibule) -> None:
    v = vestibule
    await running(v)
    done = await report(v)
    v.clock.advance(days=3)
    assert await reminded(v) == [ANA]
    assert await v.incidents.following_up.snooze(done.incident.incident_id, ANA) == v.clock.now() + DAY
    v.clock.advance(days=1)
    assert len(await reminded(v)) == 2
    v.clock.advance(days=2)
    assert len(await reminded(v)) == 3
    v.clock.advance(days=1)
    assert await v.incidents.following_up.snooze(done.incident.incident_id, ANA) is None


async def test_reminder_that_has_to_wait_is_sent_later_and_one_that_cannot_arrive_never(vestibule: Vestibule) -> None:
    v = vestibule
    await owned_by(v, BEN)
    await running(v)
    done = await report(v)
    assert isinstance(v.follow_ups, FakeFollowUps)
    v.follow_ups.closed.add(BEN)
    v.clock.advance(days=3)
    v.follow_ups.fail_next = Transient("Slowly.", retry_after=timedelta(minutes=1))
    assert await reminded(v) == []
    v.clock.advance(minutes=1)
    assert await reminded(v) == [ANA]
    async with v.store.read() as uow:
        bens = await uow.follow_ups.get(done.incident.incident_id, BEN)
    assert bens is not None
    assert (bens.state, bens.due_at) == (FollowUpState.UNDELIVERABLE, None)


async def test_reminder_that_comes_too_late_is_not_sent(vestibule: Vestibule) -> None:
    v = vestibule
    await running(v)
    await report(v)
    v.clock.advance(days=8)
    assert await reminded(v) == []
    v.clock.advance(days=8)
    assert await v.incidents.following_up.sweep() == 0


async def test_meeting_that_is_gone_meanwhile_does_not_stop_a_report(vestibule: Vestibule) -> None:
    done = await report(vestibule, meeting_id=MeetingId("unknown"))
    assert done.call is None
    assert IncidentId(done.incident.incident_id)
