"""Reminders: once in the channel, once for each who asked, never for one who lost the right, never after a cancellation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import Transient
from bot.domain.meeting import Meeting
from bot.domain.values import Decision, MemberId
from bot.ports import Notice
from bot.services.admissions import Coming
from bot.services.reminding import WillRemind
from tests.services.conftest import (
    ANA,
    BEN,
    GUILD,
    MALLORY,
    VERIFIED,
    Vestibule,
    community,
    on_both_stores,
    opened_vestibule,
)
from tests.services.fakes_beside import FakeReminders


@pytest.fixture
async def v(address: str) -> AsyncIterator[Vestibule]:
    async with opened_vestibule(address) as built:
        yield built


def sent(v: Vestibule) -> list[MemberId]:
    assert isinstance(v.reminders, FakeReminders)
    return [member_id for member_id, _ in v.reminders.sent]


def mailbox(v: Vestibule) -> FakeReminders:
    assert isinstance(v.reminders, FakeReminders)
    return v.reminders


async def asked(v: Vestibule, meeting: Meeting, *members: MemberId) -> None:
    for member in members:
        answer = await v.reminding.ask(GUILD, meeting.meeting_id, v.person(member, VERIFIED))
        assert isinstance(answer, WillRemind)


async def test_channel_is_reminded_once_ten_minutes_before(v: Vestibule) -> None:
    meeting = await v.create()
    v.clock.advance(minutes=29)
    await v.run_jobs()
    assert v.chat.notices == []
    v.clock.advance(minutes=1)
    await v.run_jobs()
    await v.reminding.remind_channel(meeting.meeting_id)
    assert [(notice, a.meeting_id) for notice, a in v.chat.notices] == [(Notice.REMINDER, meeting.meeting_id)]
    assert sent(v) == []


@on_both_stores
async def test_only_those_who_pressed_are_told_and_each_once(v: Vestibule) -> None:
    meeting = await v.create()
    await asked(v, meeting, ANA, ANA, BEN)
    v.clock.advance(minutes=30)
    await v.run_jobs()
    await v.reminding.remind_people(meeting.meeting_id)
    assert sent(v) == [ANA, BEN]
    ((_, reminder), _) = mailbox(v).sent
    assert "http" not in repr(reminder)


async def test_pacing_puts_the_rest_off_and_repeats_nobody(v: Vestibule) -> None:
    meeting = await v.create()
    await asked(v, meeting, ANA, BEN, MALLORY)
    mailbox(v).fail_next, mailbox(v).fail_after = Transient("Slowly.", retry_after=timedelta(seconds=40)), 1
    v.clock.advance(minutes=30)
    await v.run_jobs()
    assert sent(v) == [ANA]
    v.clock.advance(seconds=41)
    await v.run_jobs()
    assert sent(v) == [ANA, BEN, MALLORY]


async def test_closed_messages_are_final(v: Vestibule) -> None:
    meeting = await v.create()
    await asked(v, meeting, ANA, BEN)
    mailbox(v).closed.add(ANA)
    v.clock.advance(minutes=30)
    await v.run_jobs()
    mailbox(v).closed.clear()
    await v.reminding.remind_people(meeting.meeting_id)
    assert sent(v) == [BEN]


async def test_who_lost_the_role_or_left_is_not_told(v: Vestibule) -> None:
    meeting = await v.create()
    await asked(v, meeting, ANA, BEN)
    v.person(ANA)
    del v.chat.members[BEN]
    v.clock.advance(minutes=30)
    await v.run_jobs()
    assert sent(v) == []


async def test_who_would_get_no_link_is_not_reminded(v: Vestibule) -> None:
    meeting = await v.create()
    answer = await v.reminding.ask(GUILD, meeting.meeting_id, v.person(MALLORY))
    assert isinstance(answer, Decision)
    assert answer.code == "not_verified"
    assert "Choir" not in answer.reason


async def test_changed_mind_is_respected(v: Vestibule) -> None:
    meeting = await v.create()
    await asked(v, meeting, ANA, BEN)
    await v.reminding.forget(GUILD, meeting.meeting_id, v.ana())
    v.clock.advance(minutes=30)
    await v.run_jobs()
    assert sent(v) == [BEN]


@on_both_stores
async def test_cancelled_meeting_drops_every_reminder(v: Vestibule) -> None:
    meeting = await v.create()
    await asked(v, meeting, ANA)
    await v.cancelling.cancel(v.organiser, GUILD, meeting.meeting_id)
    await v.run_jobs()
    v.clock.advance(minutes=30)
    await v.run_jobs()
    await v.reminding.remind_people(meeting.meeting_id)
    assert sent(v) == []
    assert [notice for notice, _ in v.chat.notices] == [Notice.CANCELLED]
    async with v.store.read() as uow:
        assert await uow.reminders.waiting(meeting.meeting_id) == []


async def test_many_reminders_begin_earlier(v: Vestibule) -> None:
    meeting = await v.create()
    await asked(v, meeting, *(MemberId(1000 + n) for n in range(25)))
    v.clock.advance(minutes=28)
    ran = await v.run_jobs()
    assert ("remind_people", meeting.meeting_id) in ran
    assert len(sent(v)) >= 5
    for _ in range(4):
        v.clock.advance(minutes=1)
        await v.run_jobs()
    assert len(sent(v)) == len(set(sent(v))) == 25


async def test_reminder_that_is_late_is_left_out(v: Vestibule) -> None:
    meeting = await v.create()
    await asked(v, meeting, ANA)
    v.clock.advance(minutes=51)
    await v.run_jobs()
    assert sent(v) == []
    assert v.chat.notices == []


async def test_no_reminder_where_the_community_wants_none(v: Vestibule) -> None:
    async with v.store.work() as uow:
        await uow.communities.save(replace(community(), reminder=timedelta(0)))
        await uow.commit()
    meeting = await v.create(when=(v.clock.now() + timedelta(hours=2)).isoformat())
    answer = await v.admissions.ask(GUILD, meeting.meeting_id, v.ana(), asked_at=v.clock.now())
    assert isinstance(answer, Coming)
    assert answer.reminds_at is None
    refusal = await v.reminding.ask(GUILD, meeting.meeting_id, v.ana())
    assert isinstance(refusal, Decision)
    v.clock.advance(minutes=115)
    await v.run_jobs()
    assert v.chat.notices == []


async def test_changed_setting_moves_the_reminder(v: Vestibule) -> None:
    meeting = await v.create()
    await asked(v, meeting, ANA)
    async with v.store.work() as uow:
        await uow.communities.save(replace(community(), reminder=timedelta(minutes=2)))
        await uow.commit()
    v.clock.advance(minutes=31)
    await v.run_jobs()
    assert sent(v) == []
    assert v.chat.notices == []
    v.clock.advance(minutes=8)
    await v.run_jobs()
    assert sent(v) == [ANA]
    assert len(v.chat.notices) == 1
