"""What the store promises of links that follow their members, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.adapters.store.unit_of_work import SqlStore
from bot.domain.edit import Edit
from bot.domain.guest import Guest
from bot.domain.meeting import MeetingState, ProfileName
from bot.domain.values import GuestId, GuildId, InviteId, JoinLink, RegistrantId, RoleId, ZoomUserId
from bot.ports import VoidOrder
from tests.contracts.stores import ANA, BEN, GUILD, MEETING, NOW, furnish, invite, meeting, opened

LATER = NOW + timedelta(minutes=5)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[SqlStore]:
    async with opened(store_url) as store:
        await furnish(store)
        yield store


async def test_void_order_stays_until_it_is_dropped(store: SqlStore) -> None:
    known = VoidOrder(MEETING, "m1@guests.example.org", RegistrantId("r1"), NOW)
    unknown = VoidOrder(MEETING, "m2@guests.example.org", None, LATER)
    async with store.work() as unit:
        await unit.voids.put(unknown)
        await unit.voids.put(known)
        await unit.voids.put(known)
        await unit.voids.note_sent(MEETING, [known.address], LATER)
        await unit.commit()
    async with store.work() as unit:
        kept = await unit.voids.of_meeting(MEETING)
        assert kept == [VoidOrder(MEETING, known.address, known.registrant_id, NOW, LATER), unknown]
        await unit.voids.drop(MEETING, [known.address])
        assert await unit.voids.of_meeting(MEETING) == [unknown]
        await unit.commit()


async def test_checks_asked_for_one_by_one_come_first_and_each_waits_once(store: SqlStore) -> None:
    async with store.work() as unit:
        await unit.invites.add(invite())
        await unit.invites.add(invite("invite-2", BEN, "AAA"))
        assert await unit.checks.ask_all(MEETING, NOW) == 2
        assert await unit.checks.ask_all(MEETING, LATER) == 2
        await unit.checks.ask(MEETING, BEN, LATER)
        waiting = await unit.checks.waiting(MEETING, 10)
        assert [(check.member_id, check.asked_at) for check in waiting] == [(BEN, LATER), (ANA, NOW)]
        assert len(await unit.checks.waiting(MEETING, 1)) == 1
        await unit.commit()


async def test_question_asked_again_meanwhile_is_not_taken_for_decided(store: SqlStore) -> None:
    async with store.work() as unit:
        await unit.checks.ask(MEETING, ANA, NOW)
        (seen,) = await unit.checks.waiting(MEETING, 10)
        await unit.checks.ask(MEETING, ANA, LATER)
        await unit.checks.done(MEETING, [seen])
        (again,) = await unit.checks.waiting(MEETING, 10)
        await unit.checks.done(MEETING, [again])
        await unit.checks.done(MEETING, [])
        assert await unit.checks.waiting(MEETING, 10) == []
        await unit.checks.ask(MEETING, ANA, NOW)
        await unit.checks.clear(MEETING)
        assert await unit.checks.waiting(MEETING, 10) == []


async def test_held_by_names_only_planned_meetings_with_a_current_invite(store: SqlStore) -> None:
    async with store.work() as unit:
        await unit.invites.add(invite())
        assert await unit.invites.held_by(GUILD, ANA) == [MEETING]
        assert await unit.invites.held_by(GUILD, BEN) == []
        assert await unit.invites.held_by(GuildId(7), ANA) == []
        await unit.meetings.save(meeting(state=MeetingState.ENDED))
        assert await unit.invites.held_by(GUILD, ANA) == []
        await unit.meetings.save(meeting())
        await unit.invites.save(invite().revoked(NOW))
        assert await unit.invites.held_by(GUILD, ANA) == []


async def test_coming_is_tried_once_in_the_order_of_asking(store: SqlStore) -> None:
    async with store.work() as unit:
        await unit.invites.add_coming(MEETING, BEN, NOW)
        await unit.invites.add_coming(MEETING, ANA, LATER)
        assert await unit.invites.coming_untried(MEETING, 10) == [BEN, ANA]
        assert await unit.invites.coming_untried(MEETING, 1) == [BEN]
        await unit.invites.note_tried(MEETING, [BEN], NOW)
        assert await unit.invites.coming_untried(MEETING, 10) == [ANA]
        await unit.invites.add(invite())
        assert await unit.invites.coming_untried(MEETING, 10) == []


async def test_revoking_an_invite_erases_its_link(store: SqlStore) -> None:
    async with store.work() as unit:
        made = invite().issued(RegistrantId("r1"))
        await unit.invites.add(made)
        await unit.invites.save_link(InviteId("invite-1"), JoinLink("https://us02web.zoom.us/w/1?tk=a"))
        await unit.invites.save(made)
        assert await unit.invites.link(InviteId("invite-1")) is not None
        await unit.invites.save(made.revoked(NOW))
        assert await unit.invites.link(InviteId("invite-1")) is None


async def test_guests_are_kept_by_unique_tag_and_listed_while_current(store: SqlStore) -> None:
    lee = Guest(GuestId("guest-1"), MEETING, "Dr. Lee", "GK7F", "g1@guests.example.org", ANA, NOW)
    same_tag = Guest(GuestId("guest-2"), MEETING, "Kim", "GK7F", "g2@guests.example.org", ANA, NOW)
    async with store.work() as unit:
        assert await unit.guests.add(lee)
        assert lee.address in await unit.inbox.addresses(MEETING), "Zoom's report of a guest is no stranger's"
        assert not await unit.guests.add(same_tag)
        issued = lee.issued(RegistrantId("r9"))
        await unit.guests.save(issued)
        assert await unit.guests.get(GuestId("guest-1")) == issued
        assert await unit.guests.of_meeting(MEETING) == [issued]
        await unit.guests.save(issued.revoked(LATER))
        assert await unit.guests.of_meeting(MEETING) == []
        assert await unit.guests.get(GuestId("guest-2")) is None


async def test_edit_survives_the_round_trip_and_the_newest_replaces_the_older(store: SqlStore) -> None:
    edit = Edit(
        "edit-1",
        MEETING,
        ANA,
        NOW,
        "Another topic",
        LATER,
        timedelta(minutes=45),
        ProfileName.HIGH_RISK,
        RoleId(5),
        (ZoomUserId("b"), ZoomUserId("a")),
        True,
        True,
    )
    async with store.work() as unit:
        await unit.edits.put(edit)
        assert await unit.edits.get(MEETING) == edit
        await unit.edits.put(edit.confirmed(LATER))
        assert await unit.edits.get(MEETING) == edit.confirmed(LATER)
        await unit.edits.drop(MEETING)
        assert await unit.edits.get(MEETING) is None
