"""What members may see and erase, what waits, and what a report holds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.domain.audit import first_break
from bot.domain.errors import UserMistake
from bot.domain.incident import Category, Incident, IncidentId
from bot.domain.meeting import Meeting, MeetingState
from bot.domain.privacy import Topic
from bot.domain.values import LinkId, MeetingId, ZoomUserId
from bot.ports import AccountLink, AlertKind, LinkKind
from tests.services.conftest import ANA, BEN, GUILD, OLGA, VERIFIED, Vestibule, on_both_stores, opened_vestibule


@pytest.fixture
async def v(address: str) -> AsyncIterator[Vestibule]:
    async with opened_vestibule(address) as built:
        yield built


async def has_link(v: Vestibule, meeting: Meeting) -> None:
    await v.admissions.ask(GUILD, meeting.meeting_id, v.ana(), asked_at=v.clock.now())


def valid_links(v: Vestibule, meeting: Meeting) -> set[str]:
    assert meeting.zoom_id is not None
    return v.zoom.valid_links(meeting.zoom_id)


async def topics(v: Vestibule) -> set[Topic]:
    return {record.topic for record in (await v.data.privacy.about(GUILD, ANA)).records}


async def knows(v: Vestibule) -> bool:
    async with v.store.read() as uow:
        return await uow.personal.knows(GUILD, ANA)


async def chain_holds(v: Vestibule) -> bool:
    async with v.store.read() as uow:
        return first_break(await uow.audit.entries(GUILD)) is None


async def over(v: Vestibule, meeting: Meeting, **later: float) -> None:
    """The call ends as planned, and time goes on."""
    v.clock.time = meeting.closes_at
    await v.run_jobs()
    assert (await v.meeting(meeting.meeting_id)).state is MeetingState.ENDED
    v.clock.time = meeting.ends_at + timedelta(**later)


async def report(v: Vestibule, meeting_id: MeetingId, incident_id: str = "incident-1") -> Incident:
    opened = Incident(IncidentId(incident_id), GUILD, 1, Category.HATE, v.clock.now(), meeting_id)
    async with v.store.work() as uow:
        await uow.incidents.save(opened)
        await uow.commit()
    return opened


async def test_somebody_unknown_is_told_that_nothing_is_held(v: Vestibule) -> None:
    assert (await v.data.privacy.about(GUILD, ANA)).records == []


async def test_member_sees_what_is_held_and_never_a_report(v: Vestibule) -> None:
    meeting = await v.live_links()
    await has_link(v, meeting)
    before = await topics(v)
    assert {Topic.LINKS, Topic.RECORD} <= before
    await report(v, meeting.meeting_id)
    assert await topics(v) == before


@on_both_stores
async def test_erase_long_after_a_call_is_done_at_once(v: Vestibule) -> None:
    meeting = await v.live_links()
    await has_link(v, meeting)
    await over(v, meeting, hours=73)
    done = await v.data.privacy.erase(GUILD, ANA)
    assert done.waits_until is None
    assert not await knows(v)
    assert await topics(v) == set()
    assert await chain_holds(v)
    assert (await v.actions())[-1] == "privacy.erased"


@pytest.mark.parametrize("hours", [0.0, 1.5, 71.9])
async def test_erase_soon_after_a_call_waits_and_is_then_done_by_itself(v: Vestibule, hours: float) -> None:
    meeting = await v.live_links()
    await has_link(v, meeting)
    await over(v, meeting, hours=hours)
    done = await v.data.privacy.erase(GUILD, ANA)
    assert done.waits_until == meeting.ends_at + timedelta(hours=72)
    assert Topic.LINKS in await topics(v), "whoever was harmed can still report"
    v.clock.time = done.waits_until - timedelta(seconds=1)
    await v.data.departures.sweep()
    assert await knows(v)
    v.clock.advance(seconds=1)
    await v.data.departures.sweep()
    assert not await knows(v)


async def test_erase_just_before_a_call_takes_the_link_back_at_once_and_waits(v: Vestibule) -> None:
    meeting = await v.live_links()
    await has_link(v, meeting)
    asked = await v.data.privacy.question(GUILD, ANA)
    assert (asked.links, asked.accounts) == (1, 0)
    assert asked.waits_until == meeting.ends_at + timedelta(hours=72)
    done = await v.data.privacy.erase(GUILD, ANA)
    assert (done.links, done.waits_until) == (1, asked.waits_until)
    assert valid_links(v, meeting) == set()


async def test_links_to_coming_calls_are_cancelled_at_zoom_and_the_next_one_is_really_new(v: Vestibule) -> None:
    when = (v.clock.now() + timedelta(hours=30)).isoformat()
    async with v.store.work() as uow:
        await uow.communities.save((await uow.communities.get(GUILD)).changed(link_release=timedelta(hours=24)))
        await uow.commit()
    meeting = await v.create(when=when)
    v.clock.advance(hours=7)
    await has_link(v, meeting)
    first = valid_links(v, meeting)
    done = await v.data.privacy.erase(GUILD, ANA)
    assert done.waits_until is None
    assert valid_links(v, meeting) == set()
    assert not await knows(v)
    await has_link(v, meeting)
    await v.run_jobs()
    second = valid_links(v, meeting)
    assert len(second) == 1, "the order to cancel the first does not meet the second"
    assert second != first


@on_both_stores
async def test_what_a_report_holds_stays_until_the_hold_ends(v: Vestibule) -> None:
    meeting = await v.live_links()
    await has_link(v, meeting)
    await over(v, meeting, hours=1)
    opened = await report(v, meeting.meeting_id)
    await v.data.privacy.erase(GUILD, ANA)
    v.clock.advance(hours=80)
    await v.data.departures.sweep()
    async with v.store.read() as uow:
        assert await uow.personal.calls(GUILD, ANA), "her link to the reported call is still known"
    async with v.store.work() as uow:
        await uow.incidents.save(opened.closed(v.clock.now()))
        await uow.commit()
    v.clock.advance(days=29)
    await v.data.departures.sweep()
    assert await knows(v)
    v.clock.advance(days=2)
    await v.data.departures.sweep()
    assert not await knows(v)
    assert await chain_holds(v)


async def test_owner_who_erases_is_unlinked(v: Vestibule) -> None:
    await linked_by_ana(v)
    assert (await v.data.privacy.question(GUILD, ANA)).accounts == 1
    await v.data.privacy.erase(GUILD, ANA)
    async with v.store.work() as uow:
        assert [link for link in await uow.links.of_guild(GUILD) if link.owner == ANA] == []
        (told,) = await uow.alerts.due(v.clock.now(), v.clock.now(), 9)
    assert told.alert.kind is AlertKind.OWNER_GONE
    assert not await knows(v)


async def test_erasing_twice_and_erasing_nobody_changes_nothing(v: Vestibule) -> None:
    meeting = await v.live_links()
    await has_link(v, meeting)
    await over(v, meeting, hours=80)
    for _ in range(2):
        assert (await v.data.privacy.erase(GUILD, ANA)).links == 0
    assert not await knows(v)
    assert await v.data.departures.sweep() == 0


async def test_organiser_who_erases_leaves_the_call_as_it_is(v: Vestibule) -> None:
    meeting = await v.create()
    await over(v, meeting, hours=80)
    await v.data.privacy.erase(GUILD, OLGA)
    kept = await v.meeting(meeting.meeting_id)
    assert (kept.topic, kept.created_by) == ("Choir practice", 0)


async def linked_by_ana(v: Vestibule) -> None:
    async with v.store.work() as uow:
        await uow.links.save(
            AccountLink(
                LinkId("ana-link"),
                GUILD,
                LinkKind.USER,
                "ana-account",
                is_default=False,
                owner=ANA,
                zoom_user_id=ZoomUserId("ana-at-zoom"),
                hint="a…@example.org",
            )
        )
        await uow.commit()


class TestRetention:
    async def test_what_is_known_of_people_goes_after_thirty_days(self, v: Vestibule) -> None:
        meeting = await v.live_links()
        await has_link(v, meeting)
        await over(v, meeting, days=29)
        await v.data.retention.sweep()
        assert Topic.LINKS in await topics(v)
        v.clock.advance(days=2)
        assert await v.data.retention.sweep() > 0
        assert await topics(v) == set()
        assert await v.data.retention.sweep() == 0
        assert await chain_holds(v)

    async def test_each_community_has_its_own_retention(self, v: Vestibule) -> None:
        meeting = await v.live_links()
        await has_link(v, meeting)
        admin = v.person(BEN, VERIFIED, manages_guild=True)
        await v.setup.set_retention(admin, GUILD, 7)
        await over(v, meeting, days=8)
        await v.data.retention.sweep()
        assert Topic.LINKS not in await topics(v)

    async def test_held_call_stays(self, v: Vestibule) -> None:
        meeting = await v.live_links()
        await has_link(v, meeting)
        await report(v, meeting.meeting_id)
        await over(v, meeting, days=100)
        await v.data.retention.sweep()
        assert Topic.LINKS in await topics(v)
        v.clock.advance(days=81)
        await v.data.retention.sweep()
        assert await topics(v) == set()

    async def test_planned_calls_are_left_alone(self, v: Vestibule) -> None:
        meeting = await v.create(when=(v.clock.now() + timedelta(days=60)).isoformat())
        v.clock.advance(days=40)
        await v.data.retention.sweep()
        assert (await v.meeting(meeting.meeting_id)).state is MeetingState.CREATED

    @pytest.mark.parametrize("days", [0, 6, 181])
    async def test_bounds(self, v: Vestibule, days: int) -> None:
        admin = v.person(BEN, VERIFIED, manages_guild=True)
        with pytest.raises(UserMistake, match="from 7 to 180 days"):
            await v.setup.set_retention(admin, GUILD, days)


class TestDepartures:
    async def test_member_who_left_is_erased_after_the_grace(self, v: Vestibule) -> None:
        meeting = await v.live_links()
        await has_link(v, meeting)
        del v.chat.members[ANA]
        await v.data.departures.member_left(GUILD, ANA)
        v.clock.advance(days=29)
        await v.data.departures.sweep()
        assert await knows(v)
        v.clock.advance(days=1)
        await v.data.departures.sweep()
        assert not await knows(v)

    async def test_member_who_is_back_is_not_erased(self, v: Vestibule) -> None:
        meeting = await v.live_links()
        await has_link(v, meeting)
        await v.data.departures.member_left(GUILD, ANA)
        v.clock.advance(days=30)
        await v.data.departures.sweep()
        assert await knows(v)
        assert Topic.ERASING not in await topics(v)

    async def test_leaving_found_by_a_look_up_counts_too(self, v: Vestibule) -> None:
        meeting = await v.live_links()
        await has_link(v, meeting)
        del v.chat.members[ANA]
        await v.links.following.check_holders(meeting.meeting_id)
        assert Topic.ERASING in await topics(v)

    async def test_stranger_who_leaves_is_not_noted(self, v: Vestibule) -> None:
        await v.data.departures.member_left(GUILD, ANA)
        assert not await knows(v)

    async def test_community_that_removes_the_bot_loses_its_tokens_at_once_and_the_rest_after_the_grace(
        self, v: Vestibule
    ) -> None:
        await linked_by_ana(v)
        meeting = await v.live_links()
        await has_link(v, meeting)
        v.whereabouts.left.add(GUILD)
        await v.data.departures.guild_removed(GUILD)
        async with v.store.read() as uow:
            assert not [link for link in await uow.links.of_guild(GUILD) if link.owner is not None]
            assert await uow.meetings.shared_link(meeting.meeting_id) is None
        assert Topic.LINKS in await topics(v)
        v.clock.advance(days=29)
        await v.data.departures.sweep()
        assert Topic.LINKS in await topics(v)
        v.clock.advance(days=1)
        await v.data.departures.sweep()
        assert not await knows(v)
        assert await chain_holds(v)
        async with v.store.read() as uow:
            assert not await uow.personal.anything_left(GUILD)
            assert (await uow.communities.get(GUILD)).verified_roles == frozenset()

    async def test_outage_is_no_removal(self, v: Vestibule) -> None:
        await linked_by_ana(v)
        await v.data.departures.guild_removed(GUILD)
        v.clock.advance(days=31)
        await v.data.departures.sweep()
        async with v.store.read() as uow:
            assert [link for link in await uow.links.of_guild(GUILD) if link.owner == ANA]
            assert await uow.erasures.departure(GUILD) is None

    async def test_nothing_is_erased_while_discord_does_not_answer(self, v: Vestibule) -> None:
        await linked_by_ana(v)
        v.whereabouts.silent = True
        await v.data.departures.guild_removed(GUILD)
        v.clock.advance(days=31)
        await v.data.departures.sweep()
        assert await knows(v)
        v.whereabouts.silent = False
        v.whereabouts.left.add(GUILD)
        v.clock.advance(minutes=11)
        await v.data.departures.sweep()
        await v.data.departures.sweep()
        assert not await knows(v)

    async def test_removal_missed_while_the_bot_was_down_is_found_at_the_next_connection(self, v: Vestibule) -> None:
        await linked_by_ana(v)
        v.whereabouts.left.add(GUILD)
        await v.data.departures.guilds_present([], lambda _: False)
        assert await knows(v), "another shard's business"
        await v.data.departures.guilds_present([], lambda _: True)
        async with v.store.read() as uow:
            assert await uow.erasures.departure(GUILD) is not None
        v.whereabouts.left.clear()
        await v.data.departures.guilds_present([GUILD], lambda _: True)
        async with v.store.read() as uow:
            assert await uow.erasures.departure(GUILD) is None
