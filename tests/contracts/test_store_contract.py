"""What every repository of the store promises, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from bot.adapters.store.unit_of_work import SqlStore
from bot.domain.community import Community
from bot.domain.meeting import MeetingState
from bot.domain.values import (
    GuildId,
    InviteId,
    JoinLink,
    LinkId,
    MeetingId,
    Passcode,
    RoleId,
    Token,
    ZoomMeetingId,
    ZoomUserId,
)
from bot.ports import CreatedMeeting, DueItem, HeldGrant, IssuedToken, Job, LinkState, UserGrant
from tests.contracts.stores import (
    ANA,
    BEN,
    GUILD,
    HOST,
    LINK,
    MEETING,
    NOW,
    PASSCODE,
    account,
    add_meeting,
    furnish,
    host,
    invite,
    meeting,
    opened,
)

OTHER_GUILD = GuildId(GUILD + 1)
HOUR = timedelta(hours=1)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[SqlStore]:
    async with opened(store_url) as store:
        yield store


# ---------------------------------------------------------------------------------------------- communities


async def test_community_nobody_changed_has_the_defaults(store: SqlStore) -> None:
    async with store.read() as unit:
        assert await unit.communities.get(GUILD) == Community(GUILD)


async def test_saved_settings_replace_the_earlier_ones(store: SqlStore) -> None:
    first = Community(GUILD, verified_roles=frozenset({RoleId(1), RoleId(2)}), timezone="Europe/Berlin")
    second = Community(GUILD, verified_roles=frozenset({RoleId(2)}), organiser_roles=frozenset({RoleId(2)}))
    other = Community(OTHER_GUILD, moderator_roles=frozenset({RoleId(9)}))
    async with store.work() as unit:
        for community in (first, other, second):
            await unit.communities.save(community)
        assert await unit.communities.get(GUILD) == second
        await unit.commit()
    async with store.read() as unit:
        assert await unit.communities.get(GUILD) == second
        assert await unit.communities.get(OTHER_GUILD) == other


# ---------------------------------------------------------------------------------------------- links and hosts


async def test_unknown_link_has_no_token(store: SqlStore) -> None:
    async with store.read() as unit:
        assert await unit.links.get(LINK) is None
        assert await unit.grants.held(LINK) is None
        assert await unit.links.of_guild(GUILD) == []


async def test_token_survives_a_change_of_the_link(store: SqlStore) -> None:
    issued = IssuedToken(Token("secret-token"), NOW + HOUR, frozenset({"meeting:read:admin", "user:read:admin"}))
    async with store.work() as unit:
        await unit.links.save(account())
        assert await unit.grants.rotate(LINK, 0, issued, Token("secret-refresh"))
        await unit.links.save(account(state=LinkState.BROKEN))
        await unit.commit()
    async with store.read() as unit:
        assert await unit.links.get(LINK) == account(state=LinkState.BROKEN)
        assert await unit.grants.held(LINK) == HeldGrant(issued, Token("secret-refresh"), 1)


async def test_new_default_account_takes_the_place_of_the_old(store: SqlStore) -> None:
    other = LinkId("link-2")
    async with store.work() as unit:
        await unit.links.save(account())
        await unit.links.save(account(other))
        await unit.links.save(account(LinkId("link-3"), guild_id=OTHER_GUILD))
        assert await unit.links.of_guild(GUILD) == [account(other), account(is_default=False)]


async def test_token_for_an_unknown_link_is_refused(store: SqlStore) -> None:
    with pytest.raises(LookupError):
        async with store.work() as unit:
            await unit.grants.replace(LINK, UserGrant(IssuedToken(Token("t"), NOW, frozenset()), Token("r")))


async def test_hosts_come_by_address_and_change_by_id(store: SqlStore) -> None:
    ben = host(ZoomUserId("host-2"), "ben@example.org")
    changed = replace(host(), email="zoe@example.org", member_id=None)
    async with store.work() as unit:
        await unit.links.save(account())
        for one in (ben, host(), changed):
            await unit.links.save_host(GUILD, one)
        assert await unit.links.hosts(GUILD) == [ben, changed]
        assert await unit.links.hosts(OTHER_GUILD) == []


async def test_dropped_hosts_are_those_of_this_account_not_named(store: SqlStore) -> None:
    other_link = LinkId("link-2")
    ben = host(ZoomUserId("host-2"), "ben@example.org")
    elsewhere = replace(host(ZoomUserId("host-3"), "cem@example.org"), link_id=other_link)
    async with store.work() as unit:
        await unit.links.save(account())
        await unit.links.save(account(other_link, is_default=False))
        for one in (host(), ben, elsewhere):
            await unit.links.save_host(GUILD, one)
        await unit.links.drop_hosts(LINK, [ben.user_id])
        assert await unit.links.hosts(GUILD) == [ben, elsewhere]
        await unit.links.drop_hosts(LINK, [])
        assert await unit.links.hosts(GUILD) == [elsewhere]


# ---------------------------------------------------------------------------------------------- meetings


async def test_meeting_comes_back_as_it_was_saved(store: SqlStore) -> None:
    planned = meeting(state=MeetingState.PLANNED, confirmed_at=None, alternative_hosts=(ZoomUserId("b"), HOST))
    created = planned.changed(
        state=MeetingState.CREATED,
        zoom_id=ZoomMeetingId("85746065000"),
        alternative_hosts=(ZoomUserId("c"),),
        blocked_by_read_back=("recording", "no_barrier"),
        confirmed_at=NOW,
    )
    async with store.work() as unit:
        await add_meeting(unit, planned)
        assert await unit.meetings.get(MEETING) == planned
        await unit.meetings.save(created)
        await unit.commit()
    async with store.read() as unit:
        assert await unit.meetings.get(MEETING) == created
        assert await unit.meetings.get(MeetingId("other")) is None


async def test_saving_a_meeting_that_was_never_added_is_refused(store: SqlStore) -> None:
    with pytest.raises(LookupError):
        async with store.work() as unit:
            await unit.meetings.save(meeting())


async def test_meeting_needs_its_account(store: SqlStore) -> None:
    with pytest.raises(IntegrityError):
        async with store.work() as unit:
            await unit.meetings.add(meeting(), PASSCODE)


async def test_meetings_secrets_are_kept_until_forgotten(store: SqlStore) -> None:
    created = CreatedMeeting(ZoomMeetingId("1"), JoinLink("https://zoom.example/j/1"), Passcode("Other-9code"))
    async with store.work() as unit:
        await add_meeting(unit, meeting())
        await unit.invites.add(invite())
        await unit.invites.save_link(InviteId("invite-1"), JoinLink("https://zoom.example/w/1"))
        assert await unit.meetings.passcode(MEETING) == PASSCODE
        assert await unit.meetings.shared_link(MEETING) is None
        await unit.meetings.save_created(MEETING, created)
        await unit.meetings.save(meeting(topic="Another topic"))
        assert await unit.meetings.passcode(MEETING) == created.passcode
        assert await unit.meetings.shared_link(MEETING) == created.shared_link
        await unit.meetings.forget_secrets(MEETING)
        assert await unit.meetings.passcode(MEETING) is None
        assert await unit.meetings.shared_link(MEETING) is None
        assert await unit.invites.link(InviteId("invite-1")) is None
        assert await unit.invites.current(MEETING, ANA) == invite()


async def test_removed_draft_takes_everything_of_it_along(store: SqlStore) -> None:
    await furnish(store)
    async with store.work() as unit:
        await unit.meetings.save(meeting(alternative_hosts=(ZoomUserId("b"),)))
        await unit.invites.add(invite())
        await unit.invites.add_coming(MEETING, BEN, NOW)
        await unit.agenda.put(DueItem(Job.DROP_DRAFT, MEETING, NOW))
        await unit.meetings.remove(MEETING)
        await unit.meetings.remove(MEETING)
        await unit.commit()
    async with store.work() as unit:
        assert await unit.meetings.get(MEETING) is None
        assert not await unit.invites.asked(MEETING, ANA)
        assert not await unit.invites.asked(MEETING, BEN)
        assert await unit.agenda.take(NOW, 10) == []


async def test_upcoming_meetings_are_created_or_live_and_sorted_by_start(store: SqlStore) -> None:
    wanted = [
        meeting(MeetingId("a"), starts_at=NOW + 3 * HOUR, state=MeetingState.LIVE),
        meeting(MeetingId("b"), starts_at=NOW + 2 * HOUR, alternative_hosts=(ZoomUserId("x"), ZoomUserId("a"))),
    ]
    others = [
        meeting(MeetingId(state.value), state=state)
        for state in (MeetingState.PLANNED, MeetingState.ENDED, MeetingState.CANCELLED)
    ]
    async with store.work() as unit:
        for one in [*wanted, *others, meeting(MeetingId("elsewhere"), guild_id=OTHER_GUILD)]:
            await add_meeting(unit, one)
        assert await unit.meetings.upcoming(GUILD) == wanted[::-1]


@pytest.mark.parametrize(
    ("changes", "clashes"),
    [
        ({}, True),
        ({"host_id": ZoomUserId("x"), "alternative_hosts": (ZoomUserId("y"), HOST)}, True),
        ({"host_id": ZoomUserId("x"), "alternative_hosts": (ZoomUserId("y"),)}, False),
        ({"state": MeetingState.PLANNED}, True),
        ({"state": MeetingState.PLANNED, "confirmed_at": None}, False),
        ({"state": MeetingState.ENDED}, False),
        ({"state": MeetingState.CANCELLED}, False),
        ({"starts_at": NOW - HOUR}, False),
        ({"starts_at": NOW - HOUR, "duration": HOUR + timedelta(seconds=1)}, True),
        ({"starts_at": NOW + HOUR}, False),
        ({"starts_at": NOW + HOUR - timedelta(seconds=1)}, True),
        ({"starts_at": NOW - HOUR, "duration": 3 * HOUR}, True),
    ],
)
async def test_clashes_are_confirmed_meetings_of_this_host_that_share_a_moment(
    store: SqlStore, changes: dict[str, object], clashes: bool
) -> None:
    booked = meeting(starts_at=NOW, duration=HOUR).changed(**changes)
    async with store.work() as unit:
        await add_meeting(unit, booked)
        found = await unit.meetings.with_host(LINK, HOST, NOW, NOW + HOUR)
        assert found == ([booked] if clashes else [])
        assert await unit.meetings.with_host(LinkId("link-2"), HOST, NOW, NOW + HOUR) == []


# ---------------------------------------------------------------------------------------------- agenda, usage, notes, jobs


async def test_what_is_due_is_taken_once_and_oldest_first(store: SqlStore) -> None:
    await furnish(store)
    close = DueItem(Job.CLOSE, MEETING, NOW)
    release = DueItem(Job.RELEASE, MEETING, NOW - HOUR)
    async with store.work() as unit:
        for item in (close, release, DueItem(Job.SETTLE, MEETING, NOW + timedelta(microseconds=1))):
            await unit.agenda.put(item)
        assert await unit.agenda.take(NOW, 1) == [release]
        assert await unit.agenda.take(NOW, 10) == [close]
        assert await unit.agenda.take(NOW, 10) == []


async def test_due_item_moves_and_is_dropped(store: SqlStore) -> None:
    await furnish(store)
    async with store.work() as unit:
        await unit.agenda.put(DueItem(Job.CLOSE, MEETING, NOW))
        await unit.agenda.put(DueItem(Job.CLOSE, MEETING, NOW + HOUR))
        assert await unit.agenda.take(NOW, 10) == []
        await unit.agenda.put(DueItem(Job.SETTLE, MEETING, NOW))
        await unit.agenda.drop(MEETING, Job.CLOSE, Job.RELEASE)
        assert await unit.agenda.take(NOW + HOUR, 10) == [DueItem(Job.SETTLE, MEETING, NOW)]
        await unit.agenda.put(DueItem(Job.CLOSE, MEETING, NOW))
        await unit.agenda.drop(MEETING)
        assert await unit.agenda.take(NOW + HOUR, 10) == []


async def test_usage_is_counted_per_key_and_day(store: SqlStore) -> None:
    today, tomorrow = date(2026, 11, 20), date(2026, 11, 21)
    async with store.work() as unit:
        assert await unit.usage.count("create:host-1", today) == 0
        assert [await unit.usage.add("create:host-1", today) for _ in range(3)] == [1, 2, 3]
        assert await unit.usage.add("create:host-1", tomorrow) == 1
        assert await unit.usage.add("create:host-2", today) == 1
        assert await unit.usage.count("create:host-1", today) == 3


async def test_note_holds_the_last_value(store: SqlStore) -> None:
    async with store.work() as unit:
        assert await unit.notes.get("commands") is None
        await unit.notes.put("commands", "one")
        await unit.notes.put("commands", "two")
        assert await unit.notes.get("commands") == "two"


async def test_job_exists_only_after_the_commit_and_carries_ids_alone(store: SqlStore) -> None:
    async with store.work() as unit:
        await unit.jobs.put(Job.SETTLE, MEETING)
    async with store.work() as unit:
        await unit.jobs.put(Job.ANNOUNCE, MEETING)
        await unit.jobs.put(Job.RELEASE, MEETING, urgent=True)
        await unit.commit()
    announce, release = sorted(await store.jobs.app.job_manager.list_jobs_async(), key=lambda job: job.id or 0)
    assert (announce.task_name, announce.queue, announce.task_kwargs) == (
        "announce",
        "routine",
        {"meeting_id": MEETING},
    )
    assert (release.task_name, release.queue, release.lock) == ("release", "live", announce.lock)
    assert release.priority > announce.priority
