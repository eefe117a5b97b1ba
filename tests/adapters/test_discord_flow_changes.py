"""`/meeting edit`, guest and guests through the real client: what the organiser sees, and who else sees the guest's link (nobody)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.errors import Transient
from bot.domain.guest import GuestState
from bot.rehearsal.discord_errors import NotVisible
from tests.adapters.flow_rig import Town, read, town
from tests.adapters.test_discord_flow import links_seen, meeting_buttons
from tests.discord_spec import request_errors
from tests.waiting import until


@pytest.fixture
async def t(tmp_path: Path) -> AsyncIterator[Town]:
    async with town(tmp_path) as (built, connect), connect():
        yield built


async def test_change_is_shown_back_confirmed_and_told_to_the_channel(t: Town) -> None:
    meeting = await t.links_open()
    await t.press("Ana", t.announcement(), "Get my link")
    shown = await t.slash("Olga", "meeting edit", meeting=meeting.meeting_id, topic="Tea *party*", minutes=45)
    assert "Tea \\*party\\*" in shown.text
    assert "1 person holds a link" in read(shown)
    assert t.zoom.calls["update"] == 0
    done = await t.press("Olga", shown, "Change")
    assert done.reply is shown.reply
    assert "Changed" in read(done)
    assert done.reply is not None
    assert meeting_buttons(done.reply) == []
    await t.v.run_jobs()
    assert "Tea" in t.announcement().content
    notice = t.discord.messages_in(t.calls)[-1]
    assert "has changed" in notice.content
    again = await t.press("Ana", notice, "Get my link")
    assert len(links_seen(again)) == 1
    assert request_errors(t.discord.requests) == []


async def test_leaving_it_changes_nothing_and_the_old_button_says_so(t: Town) -> None:
    meeting = await t.links_open()
    first = await t.slash("Olga", "meeting edit", meeting=meeting.meeting_id, topic="First idea")
    second = await t.slash("Olga", "meeting edit", meeting=meeting.meeting_id, topic="Second idea")
    told = await t.press("Olga", first, "Change")
    assert "start again with /meeting edit" in told.messages[-1].components[0]["content"]
    assert "stays as it was" in read(await t.press("Olga", second, "Leave it"))
    assert t.zoom.calls["update"] == 0


async def test_members_cannot_change_a_meeting_or_invite_guests(t: Town) -> None:
    meeting = await t.links_open()
    for command, options in (("meeting edit", {"topic": "Mine"}), ("meeting guest", {"name": "Eve"})):
        refused = await t.slash("Ana", command, meeting=meeting.meeting_id, **options)
        assert "Only an organiser" in refused.text
        assert not links_seen(refused)
    assert await t.suggestions("Ana", "meeting edit", "meeting") == []
    assert t.zoom.calls["add"] == 0


async def test_guest_link_is_seen_by_the_organiser_once_and_by_nobody_else(t: Town) -> None:
    meeting = await t.links_open()
    made = await t.slash("Olga", "meeting guest", meeting=meeting.meeting_id, name="Dr. Lee")
    (link,) = links_seen(made)
    assert "once" in read(made)
    assert made.reply is not None
    assert made.reply.ephemeral
    for name in ("Ana", "Mona", "Adam"):
        assert not any(item.mentions(link) for item in t.discord.visible_to(t[name]))
    assert not any(item.mentions(link) for item in t.discord.all_public())
    async with t.v.store.read() as uow:
        (guest,) = await uow.guests.of_meeting(meeting.meeting_id)
    assert guest.state is GuestState.SHOWN
    listed = await t.slash("Olga", "meeting guests", meeting=meeting.meeting_id)
    assert "Dr. Lee·G" in listed.text
    assert link not in listed.text
    gone = await t.select("Olga", listed, "guest:revoke:which", guest.guest_id)
    assert "void" in read(gone)
    assert link not in t.zoom.valid_links(meeting.zoom_id)  # type: ignore[arg-type]
    assert "no guests" in (await t.slash("Olga", "meeting guests", meeting=meeting.meeting_id)).text


async def test_guest_link_that_discord_does_not_take_is_void(t: Town) -> None:
    meeting = await t.links_open()
    gone = '{"message": "Unknown Message", "code": 10008}'
    t.discord.faults.add(
        ("PATCH", r"/webhooks/.*/messages/@original$"),
        "status",
        times=None,
        status=404,
        body=gone,
        content_type="application/json",
    )
    options = {"meeting": meeting.meeting_id, "name": "Dr. Lee"}
    await t.discord.slash(t["Olga"], t.lobby, "meeting guest", options)
    await until(lambda: t.zoom.calls["registrants"] > 0)
    t.discord.faults.clear()
    await t.v.run_jobs()
    assert t.zoom.valid_links(meeting.zoom_id) == set()  # type: ignore[arg-type]


async def test_zoom_out_of_reach_keeps_the_proposal(t: Town) -> None:
    meeting = await t.links_open()
    shown = await t.slash("Olga", "meeting edit", meeting=meeting.meeting_id, topic="Tea")
    t.zoom.fail["update"] = Transient("Zoom is away. Try again in a minute.", code="zoom_unreachable")
    told = await t.press("Olga", shown, "Change")
    assert "Try again" in told.messages[-1].components[0]["content"]
    del t.zoom.fail["update"]
    assert "Changed" in read(await t.press("Olga", shown, "Change"))


async def test_strangers_do_not_see_the_proposal(t: Town) -> None:
    meeting = await t.links_open()
    shown = await t.slash("Olga", "meeting edit", meeting=meeting.meeting_id, topic="Tea")
    with pytest.raises(NotVisible):
        await t.press("Ana", shown, "Change")
