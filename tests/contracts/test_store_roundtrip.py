"""Whatever a community or a meeting may be, the store gives it back as it was."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.store.unit_of_work import SqlStore
from bot.domain.community import Community
from bot.domain.meeting import Door, Meeting, MeetingState, ProfileName
from bot.domain.values import ChannelId, MemberId, MessageId, RoleId, ZoomMeetingId, ZoomUserId
from tests.contracts.stores import GUILD, LINK, MEETING, PASSCODE, account, add_meeting, meeting, opened

SNOWFLAKES = st.integers(1, 2**63 - 1)
ROLES = st.frozensets(SNOWFLAKES.map(RoleId), max_size=4)
AGES = st.integers(0, 10 * 365 * 86400).map(lambda seconds: timedelta(seconds=seconds))
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=200)
"""PostgreSQL keeps no NUL in a text; `clean_name` and every topic Discord sends have none."""
ANYWHERE = st.timezones() | st.just(UTC)
INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=ANYWHERE, allow_imaginary=False)  # noqa: DTZ001
SEVERAL = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[SqlStore]:
    async with opened(store_url) as store:
        yield store


communities = st.builds(
    Community,
    guild_id=st.just(GUILD),
    verified_roles=ROLES,
    organiser_roles=ROLES,
    moderator_roles=ROLES,
    on_call_role=st.none() | SNOWFLAKES.map(RoleId),
    moderators_channel=st.none() | SNOWFLAKES.map(ChannelId),
    announcement_channel=st.none() | SNOWFLAKES.map(ChannelId),
    timezone=st.none() | st.sampled_from(["Europe/Berlin", "America/Argentina/ComodRivadavia", "UTC"]),
    country=st.none() | st.sampled_from(["DE", "FR"]),
    min_account_age=AGES,
    min_membership_age=AGES,
    open_door_min_account_age=AGES,
    link_release=AGES,
)

meetings = st.builds(
    Meeting,
    meeting_id=st.just(MEETING),
    guild_id=SNOWFLAKES,
    link_id=st.just(LINK),
    host_id=TEXTS.map(lambda text: ZoomUserId(text[:64])),
    topic=TEXTS,
    starts_at=INSTANTS,
    duration=st.integers(1, 86400).map(lambda seconds: timedelta(seconds=seconds)),
    profile=st.sampled_from(ProfileName),
    created_by=SNOWFLAKES.map(MemberId),
    planned_at=INSTANTS,
    state=st.sampled_from(MeetingState),
    door=st.sampled_from(Door),
    personal_links=st.booleans(),
    waiting_room=st.booleans(),
    telephone=st.booleans(),
    extra_role=st.none() | SNOWFLAKES.map(RoleId),
    alternative_hosts=st.lists(TEXTS.map(lambda text: ZoomUserId(text[:64])), max_size=4).map(tuple),
    zoom_id=st.none() | st.integers(1, 2**63 - 1).map(lambda number: ZoomMeetingId(str(number))),
    confirmed_at=st.none() | INSTANTS,
    blocked_by_read_back=st.lists(TEXTS, max_size=3).map(tuple),
    announcement_channel=st.none() | SNOWFLAKES.map(ChannelId),
    announcement_message=st.none() | SNOWFLAKES.map(MessageId),
)


@SEVERAL
@given(community=communities)
async def test_any_community_comes_back_as_it_was(store: SqlStore, community: Community) -> None:
    async with store.work() as unit:
        await unit.communities.save(community)
        await unit.commit()
    async with store.read() as unit:
        assert await unit.communities.get(GUILD) == community


@SEVERAL
@given(saved=meetings)
async def test_any_meeting_comes_back_as_it_was(store: SqlStore, saved: Meeting) -> None:
    async with store.work() as unit:
        if await unit.meetings.get(MEETING) is None:
            await unit.links.save(account())
            await unit.meetings.add(meeting(), PASSCODE)
        await unit.meetings.save(saved)
        await unit.commit()
    async with store.read() as unit:
        assert await unit.meetings.get(MEETING) == in_utc(saved)


def in_utc(given: Meeting) -> Meeting:
    """The same instants: at a repeated hour Python calls times of two zones unequal, whatever they are."""
    confirmed_at = given.confirmed_at
    return given.changed(
        starts_at=given.starts_at.astimezone(UTC),
        planned_at=given.planned_at.astimezone(UTC),
        confirmed_at=None if confirmed_at is None else confirmed_at.astimezone(UTC),
    )


async def test_instant_without_a_zone_is_refused(store: SqlStore) -> None:
    naive = meeting(planned_at=datetime(2026, 11, 20, 19))  # noqa: DTZ001
    with pytest.raises(Exception, match="naive"):
        async with store.work() as unit:
            await add_meeting(unit, naive)


async def test_fraction_of_a_second_in_a_setting_is_refused(store: SqlStore) -> None:
    with pytest.raises(Exception, match="whole seconds"):
        async with store.work() as unit:
            await unit.communities.save(Community(GUILD, link_release=timedelta(seconds=1.5)))


async def test_meeting_across_the_end_of_summer_time_keeps_its_length(store: SqlStore) -> None:
    night = datetime(2026, 10, 25, 1, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    saved = meeting(starts_at=night, duration=timedelta(hours=3))
    async with store.work() as unit:
        await add_meeting(unit, saved)
        assert await unit.meetings.get(MEETING) == in_utc(saved)
