"""A weekly call, the server's events and reminders, as people meet them: the real client against the Discord stand-in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.meeting import MAX_TOPIC
from bot.rehearsal.discord_errors import NotVisible
from bot.rehearsal.discord_permissions import Permission
from bot.rehearsal.discord_text import event_text
from bot.rehearsal.discord_world import (
    EVENT_ACTIVE,
    EVENT_CANCELED,
    EVENT_COMPLETED,
    EVENT_SCHEDULED,
    ScheduledEvent,
)
from tests.adapters.flow_rig import Connect, Town, read, town
from tests.discord_spec import request_errors


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[tuple[Town, Connect]]:
    async with town(tmp_path) as built:
        yield built


@pytest.fixture
async def t(place: tuple[Town, Connect]) -> AsyncIterator[Town]:
    built, connect = place
    async with connect():
        yield built


def events(t: Town, *states: int) -> list[ScheduledEvent]:
    return [event for event in t.guild.events.values() if event.status in (states or (EVENT_SCHEDULED, EVENT_ACTIVE))]


async def later(t: Town, **span: float) -> None:
    t.clock.advance(**span)
    await t.v.run_jobs()


async def told(t: Town, name: str) -> list[str]:
    return [item.text for item in t.discord.visible_to(t[name]) if item.kind == "direct"]


async def test_weekly_call_from_draft_to_calling_off_the_rest(t: Town) -> None:
    draft = await t.slash("Olga", "meeting create", topic="Choir", when="in 40 minutes", repeat_weeks=4)
    assert "Shall I create these 4 meetings?" in draft.text
    assert "uses 4 of the 100" in draft.text
    assert t.zoom.calls["create"] == 0
    made = await t.press("Olga", draft, "Create all 4")
    assert "Created 4 of 4" in read(made)
    await t.v.run_jobs()
    assert len(t.discord.messages_in(t.calls)) == 1
    listed = await t.slash("Olga", "meeting list")
    assert "Every Tuesday, 3 more" in listed.text
    assert len(events(t)) == 4
    question = await t.slash("Olga", "meeting cancel", meeting=(await soonest(t)))
    done = await t.press("Olga", question, "Cancel this and the 3 after it")
    assert "Cancelled: 4 meetings" in read(done)
    await t.v.run_jobs()
    assert t.zoom.meetings == {}
    assert events(t) == []
    assert request_errors(t.discord.requests) == []


async def soonest(t: Town) -> str:
    async with t.v.store.read() as uow:
        return (await uow.meetings.upcoming(t.guild_id))[0].meeting_id


async def test_discarded_series_leaves_nothing(t: Town) -> None:
    draft = await t.slash("Olga", "meeting create", topic="Choir", when="in 40 minutes", repeat_weeks=3)
    assert "Nothing was created" in read(await t.press("Olga", draft, "Discard"))
    assert t.zoom.calls["create"] == 0


async def test_series_cannot_be_confirmed_by_who_lost_the_right(t: Town) -> None:
    draft = await t.slash("Olga", "meeting create", topic="Choir", when="in 40 minutes", repeat_weeks=2)
    with pytest.raises(NotVisible):
        await t.press("Mallory", draft, "Create all 2")
    t.discord.take_role(t["Olga"], t.roles["Organiser"])
    assert "Only an organiser" in read(await t.press("Olga", draft, "Create all 2"))
    assert t.zoom.calls["create"] == 0


async def test_event_says_what_the_announcement_says_and_nothing_more(t: Town) -> None:
    meeting = await t.created(topic="Choir *practice*")
    (event,) = events(t)
    text = event_text(event.body)
    assert event.body["name"] == "Choir *practice*"
    assert event.body["entity_metadata"] == {"location": "Online - press the button in #calls"}
    assert event.body.get("channel_id") is None
    for secret in (str(meeting.zoom_id), meeting.meeting_id, "zoom.us", "http", "pwd"):
        assert secret not in text
    assert request_errors(t.discord.requests) == []


async def test_longest_topic_fits_an_event(t: Town) -> None:
    await t.created(topic="x" * MAX_TOPIC)
    (event,) = events(t)
    assert len(event.body["name"]) == 100
    assert event.body["name"].endswith("…")


async def test_cancelled_before_and_completed_during_the_event(t: Town) -> None:
    first, second = await t.created(), await t.created(topic="Later")
    question = await t.slash("Olga", "meeting cancel", meeting=first.meeting_id)
    await t.press("Olga", question, "Cancel the meeting")
    await t.v.run_jobs()
    assert [event.body["name"] for event in events(t, EVENT_CANCELED)] == ["Choir *practice*"]
    t.clock.advance(minutes=50)
    question = await t.slash("Olga", "meeting cancel", meeting=second.meeting_id)
    await t.press("Olga", question, "Cancel the meeting")
    await t.v.run_jobs()
    assert [event.body["name"] for event in events(t, EVENT_COMPLETED)] == ["Later"]


async def test_changed_meeting_changes_its_event(t: Town) -> None:
    meeting = await t.created()
    async with t.v.store.work() as uow:
        moved = meeting.changed(topic="Concert", starts_at=meeting.starts_at + timedelta(hours=1))
        await uow.meetings.save(moved)
        await uow.commit()
    await later(t, minutes=15)
    (event,) = events(t)
    assert event.body["name"] == "Concert"
    assert event.instant("scheduled_start_time") == moved.starts_at


async def test_event_whose_making_was_not_answered_is_not_made_twice(t: Town) -> None:
    t.discord.faults.add(("POST", r"/scheduled-events$"), "apply_then_reset", times=5)
    await t.created()
    t.discord.faults.clear()
    await later(t, minutes=5)
    assert len(events(t)) == 1
    shown = await t.slash("Olga", "meeting show", meeting=await soonest(t))
    assert "**Server event:** yes" in shown.text


async def test_missing_permission_and_full_calendar_are_explained(t: Town) -> None:
    bot = t.guild.members[t.discord.bot.id]
    may, role = bot.roles[-1].permissions, bot.roles[-1]
    t.discord.change_role(t.guild, role, may & ~int(Permission.CREATE_EVENTS))
    meeting = await t.created()
    assert "permission Create Events" in (await t.slash("Olga", "meeting show", meeting=meeting.meeting_id)).text
    assert len(t.discord.messages_in(t.calls)) == 1
    t.discord.change_role(t.guild, role, may)
    for number in range(100):
        body = {"name": f"{number}", "entity_type": 3, "scheduled_start_time": "2030-01-01T00:00:00+00:00"}
        event = ScheduledEvent(t.discord.world.snowflake(), t.guild, t["Adam"].user, body)
        t.guild.events[event.id] = event
    await later(t, minutes=15)
    assert "has 100 events" in (await t.slash("Olga", "meeting show", meeting=meeting.meeting_id)).text


async def test_reminder_reaches_only_who_asked_and_once_though_the_answer_was_lost(t: Town) -> None:
    meeting = await t.created()
    for name in ("Ana", "Ben"):
        early = await t.press(name, t.announcement(), "Get my link")
        if name == "Ana":
            assert "A direct message comes" in (await t.press("Ana", early, "Remind me")).text
    await later(t, minutes=15)
    t.discord.faults.add(("POST", r"/channels/\d+/messages$"), "apply_then_reset", times=6, skip=1)
    await later(t, minutes=16)
    t.discord.faults.clear()
    await later(t, minutes=1)
    (message,) = await told(t, "Ana")
    assert "press **Get my link**" in message
    assert "http" not in message
    assert str(meeting.zoom_id) not in message
    assert await told(t, "Ben") == []
    notices = [m for m in t.discord.messages_in(t.calls) if "starts" in m.now.content]
    assert len(notices) == 1
    assert "Join the call" in (await t.press("Ana", notices[0], "Get my link")).text


async def test_reminder_can_be_switched_off_in_setup(t: Town) -> None:
    panel = await t.slash("Adam", "setup")
    times = await t.press("Adam", panel, "Times and ages")
    assert "Reminders go out 10 minutes before the start" in read(times)
