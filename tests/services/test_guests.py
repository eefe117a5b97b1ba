"""Guests: one link each, shown once to the organiser, kept nowhere, and never left behind unknown."""

from __future__ import annotations

import pytest

from bot.domain.errors import NeedsAttention, Transient, UserMistake
from bot.domain.guest import MAX_GUESTS, GuestState
from bot.domain.invite import TAG_LENGTH
from bot.domain.meeting import ProfileName
from bot.services.guests import SHOWN_WITHIN
from tests.contracts.stores import everything_stored, traces_of
from tests.services.conftest import GUILD, Vestibule


async def test_guest_gets_a_registrant_and_the_link_is_kept_nowhere(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.create()
    made = await v.links.guests.invite(v.organiser, GUILD, meeting.meeting_id, "Dr. Lee")
    await v.links.guests.was_shown(made.guest.guest_id)
    assert meeting.zoom_id is not None
    assert v.zoom.valid_links(meeting.zoom_id) == {made.link.reveal()}
    assert made.guest.name == "Dr. Lee"
    assert len(made.guest.tag) == TAG_LENGTH + 1, "never the length of a member's tag"
    stored = await everything_stored(v.store)
    assert not any(trace in stored for trace in traces_of(made.link.reveal()))
    view = await v.views.show(v.organiser, GUILD, meeting.meeting_id)
    assert [guest.shown_name for guest in view.guests] == [made.guest.shown_name]
    v.clock.advance(hours=1)
    await v.run_jobs()
    assert v.zoom.valid_links(meeting.zoom_id) == {made.link.reveal()}


async def test_link_that_nobody_was_shown_is_made_void(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.create()
    made = await v.links.guests.invite(v.organiser, GUILD, meeting.meeting_id, "Dr. Lee")
    v.clock.advance(seconds=SHOWN_WITHIN.total_seconds())
    await v.run_jobs()
    assert meeting.zoom_id is not None
    assert v.zoom.valid_links(meeting.zoom_id) == set()
    async with v.store.read() as uow:
        guest = await uow.guests.get(made.guest.guest_id)
    assert guest is not None
    assert guest.state is GuestState.REVOKED


async def test_answer_that_discord_refused_makes_the_link_void_at_once(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.create()
    made = await v.links.guests.invite(v.organiser, GUILD, meeting.meeting_id, "Dr. Lee")
    await v.links.guests.was_not_shown(made.guest.guest_id)
    await v.run_jobs()
    assert meeting.zoom_id is not None
    assert v.zoom.valid_links(meeting.zoom_id) == set()


async def test_lost_answer_leaves_no_unknown_registrant(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.create()
    v.zoom.lose["add"] = 1
    with pytest.raises(Transient):
        await v.links.guests.invite(v.organiser, GUILD, meeting.meeting_id, "Dr. Lee")
    await v.run_jobs()
    assert meeting.zoom_id is not None
    assert v.zoom.valid_links(meeting.zoom_id) == set()
    listed = await v.links.guests.listed(v.organiser, GUILD, meeting.meeting_id)
    assert listed.guests == ()


async def test_link_is_taken_back_and_said_only_when_zoom_confirms(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.create()
    made = await v.links.guests.invite(v.organiser, GUILD, meeting.meeting_id, "Dr. Lee")
    await v.links.guests.was_shown(made.guest.guest_id)
    v.zoom.cancelling_has_no_effect = True
    gone = await v.links.guests.take_back(v.organiser, GUILD, made.guest.guest_id)
    assert not gone.void_at_zoom
    with pytest.raises(UserMistake):
        await v.links.guests.take_back(v.organiser, GUILD, made.guest.guest_id)
    v.zoom.cancelling_has_no_effect = False
    v.clock.advance(minutes=2)
    await v.run_jobs()
    assert meeting.zoom_id is not None
    assert v.zoom.valid_links(meeting.zoom_id) == set()


async def test_limit_rights_and_profiles(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.create()
    with pytest.raises(UserMistake):
        await v.links.guests.invite(v.ana(), GUILD, meeting.meeting_id, "Dr. Lee")
    with pytest.raises(UserMistake, match="letters"):
        await v.links.guests.invite(v.organiser, GUILD, meeting.meeting_id, "\u200b··")
    for number in range(MAX_GUESTS):
        await v.links.guests.invite(v.organiser, GUILD, meeting.meeting_id, f"Guest {number}")
    with pytest.raises(UserMistake, match="/meeting guests"):
        await v.links.guests.invite(v.organiser, GUILD, meeting.meeting_id, "One more")
    open_door = await v.create(profile=ProfileName.OPEN_DOOR)
    with pytest.raises(UserMistake, match="no personal links"):
        await v.links.guests.invite(v.organiser, GUILD, open_door.meeting_id, "Dr. Lee")


async def test_no_guest_while_nobody_is_invited(vestibule: Vestibule) -> None:
    v = vestibule
    v.zoom.overrides = {"join_before_host": True}
    meeting = await v.create()
    with pytest.raises(NeedsAttention):
        await v.links.guests.invite(v.organiser, GUILD, meeting.meeting_id, "Dr. Lee")


async def test_cancelling_ends_every_guest(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.create()
    made = await v.links.guests.invite(v.organiser, GUILD, meeting.meeting_id, "Dr. Lee")
    await v.cancelling.cancel(v.organiser, GUILD, meeting.meeting_id)
    async with v.store.read() as uow:
        guest = await uow.guests.get(made.guest.guest_id)
    assert guest is not None
    assert not guest.current
