"""Moderators act on a live call, by command, button and menu, through the real client: what each sees, and what really happens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.adapters.discord_chat import ticking
from bot.domain.errors import NeedsAttention
from bot.domain.meeting import ProfileName
from bot.domain.values import MemberId
from bot.ports import EventKind
from bot.ports.control import REMOVAL_OFF
from bot.rehearsal.discord_handles import InteractionHandle
from tests.adapters.call_rig import Call, call
from tests.adapters.flow_rig import read
from tests.discord_spec import request_errors
from tests.waiting import until


@pytest.fixture
async def c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Call]:
    monkeypatch.setattr(ticking, "TICK", 0.01)
    async with call(tmp_path) as made:
        await made.host_joins()
        await made.joins("Ana")
        yield made
        assert request_errors(made.t.discord.requests) == []


async def says(handle: InteractionHandle, *words: str) -> str:
    """What an answer reads once it has come to say all this."""
    await until(lambda: all(word in read(handle) for word in words))
    return read(handle)


async def test_lock_ticks_says_what_it_means_and_stops_links(c: Call) -> None:
    await c.kept(seconds=3)
    done = await c.t.press("Mona", c.panel_message(), "Lock")
    text = await says(done, "✅ Door closed", "✅ Asked Zoom about the waiting room", "Held at the waiting room")
    assert 'Never press "Admit all"' in text
    await c.stands_there("**Door: closed. Held at the waiting room.**", f"**Lock** by <@{c.t['Mona'].id}>")
    refused = await c.t.press("Ben", c.t.announcement(), "Get my link")
    assert "https://" not in read(refused)
    undone = await c.t.slash("Mona", "unlock")
    await says(undone, "✅ Door open")
    await c.stands_there("**Door: open.**")


async def test_emergency_puts_strangers_out_and_offers_end_without_asking(c: Call) -> None:
    for name in ("Zoomer1", "Zoomer2"):
        await c.happens(EventKind.JOINED, name)
    await c.kept(seconds=3)
    done = await c.t.press("Mona", c.notice_message(), "Emergency")
    await says(done, "**2 of 2 people put out**", "✅ **Zoomer1** is out", "✅ **Zoomer2** is out")
    assert set(c.control.removed) == {"Zoomer1", "Zoomer2"}
    await c.stands_there("**Emergency** was pressed")
    ended = await c.t.press("Mona", done, "End the call now")
    await says(ended, "✅ The call is ended for everyone")
    assert c.control.ended == 1
    await c.stands_there("Over: Choir", "**2 people not on the list:** 2 in the call.")


async def test_two_moderators_who_press_at_once_do_it_once(c: Call) -> None:
    await c.happens(EventKind.JOINED, "Zoomer1")
    await c.kept(seconds=3)
    panel = c.panel_message()
    handles = [await c.t.discord.press(c.t[name], panel, "Emergency") for name in ("Mona", "Olga")]
    for handle in handles:
        await says(handle, "✅ **Zoomer1** is out")
    assert c.control.removed == ["Zoomer1"]
    async with c.t.v.store.read() as uow:
        assert len(await uow.acts.of_meeting(c.meeting.meeting_id)) == 1


async def test_member_removed_by_mistake_comes_back_by_a_new_link(c: Call) -> None:
    await c.kept(seconds=3)
    chosen = await c.t.select("Mona", c.panel_message(), f"live:choose:{c.meeting.meeting_id}", "Ana-1")
    assert f"On the list: <@{c.t['Ana'].id}>" in read(chosen)
    whose = await c.t.press("Mona", chosen, "Show whose link")
    assert f"came by the link of <@{c.t['Ana'].id}>" in read(whose)
    assert "That you looked is in the audit" in read(whose)
    removed = await c.t.press("Mona", chosen, "Remove")
    await says(removed, f"✅ **{c.names['Ana-1']}** is out", "gets no new link")
    refused = await c.t.press("Ana", c.t.announcement(), "Get my link")
    assert "https://" not in read(refused)
    undone = await c.t.slash("Mona", "undo", member=c.t["Ana"])
    await says(undone, "may get a link again", "Zoom itself may still refuse them")
    await c.t.press("Ana", c.t.announcement(), "Get my link")
    async with c.t.v.store.read() as uow:
        invite = await uow.invites.current(c.meeting.meeting_id, MemberId(c.t["Ana"].id))
    assert invite is not None
    assert invite.generation == 2


async def test_host_and_end_are_asked_about_once(c: Call) -> None:
    await c.kept(seconds=3)
    asked = await c.t.slash("Mona", "remove", person="Hanna Host")
    assert "has host rights" in read(asked)
    assert c.control.removed == []
    left = await c.t.press("Mona", asked, "Leave it")
    assert "Nothing was done" in read(left)
    asked = await c.t.slash("Mona", "remove", person="Hanna Host")
    await says(await c.t.press("Mona", asked, "Remove them"), "✅ **Hanna Host** is out")
    end = await c.t.slash("Mona", "end")
    assert "for everybody?" in read(end)
    assert c.control.ended == 0
    await says(await c.t.press("Mona", end, "End it for everybody"), "✅ The call is ended for everyone")


async def test_suggestions_begin_with_whoever_is_not_on_the_list_and_tell_members_nothing(c: Call) -> None:
    await c.joins("Ben")
    await c.happens(EventKind.WAITING, "Zoomer1")
    offered = await c.t.suggestions("Mona", "remove", "person")
    assert offered[0] == "Zoomer1 (NOT on the list, in the waiting room)"
    assert offered[-1].startswith("Hanna Host")
    assert await c.t.suggestions("Ana", "remove", "person") == []
    await c.kept(seconds=3)
    for command in ("roster", "meeting live", "lock", "unlock", "end", "emergency"):
        refused = await c.t.slash("Ana", command)
        assert "Only a moderator" in read(refused)
        assert "Zoomer1" not in read(refused)
    assert "Only a moderator" in read(await c.t.slash("Ana", "remove", person="Zoomer1"))
    assert c.control.removed == []


async def test_accepted_guest_stays_through_an_emergency(c: Call) -> None:
    await c.happens(EventKind.JOINED, "Speaker")
    await c.kept(seconds=3)
    chosen = await c.t.select("Mona", c.panel_message(), f"live:choose:{c.meeting.meeting_id}", "Speaker")
    await says(
        await c.t.press("Mona", chosen, "Accept as guest"), "✅ **Speaker** counts as a guest", "until they leave"
    )
    await c.stands_there("**Speaker** (guest)")
    form = await c.t.discord.press(c.t["Mona"], chosen.reply, "Report")  # type: ignore[arg-type]
    assert "Speaker" in str((await form.wait_modal()).components)
    await says(await c.t.slash("Mona", "emergency"), "✅ Door closed")
    assert c.control.removed == []


async def test_removing_that_zoom_has_not_enabled_is_said_once_with_the_manual_way(c: Call) -> None:
    c.control.refuse = NeedsAttention("Not enabled.", code=REMOVAL_OFF)
    await c.happens(EventKind.JOINED, "Zoomer1")
    await c.kept(seconds=3)
    done = await c.t.press("Mona", c.notice_message(), "Remove Zoomer1")
    text = await says(done, "❌ Put out **Zoomer1**", "Zoom has not enabled removing")
    assert text.count("By hand:") == 1
    assert "Participants > the name > More > Remove" in text


async def test_context_entry_puts_a_member_out(c: Call) -> None:
    done = await c.t.discord.context_menu(c.t["Mona"], "Remove from Zoom", c.t["Ana"], c.t.lobby)
    await says(done, f"✅ **{c.names['Ana-1']}** is out")
    refused = await c.t.discord.context_menu(c.t["Ben"], "Remove from Zoom", c.t["Ana"], c.t.lobby)
    await says(refused, "Only a moderator")


async def test_open_door_emergency_offers_a_list_and_removes_nobody_by_itself(tmp_path: Path) -> None:
    async with call(tmp_path, profile=ProfileName.OPEN_DOOR) as c:
        await c.host_joins()
        for name in ("First", "Second"):
            await c.happens(EventKind.JOINED, name)
            c.t.clock.advance(seconds=5)
        done = await c.t.slash("Mona", "emergency")
        text = await says(done, "✅ Door closed", "I put nobody out by myself")
        assert text.index("Second") < text.index("First")
        assert c.control.removed == []
        chosen = await c.t.select("Mona", done, f"live:choose:{c.meeting.meeting_id}:pick", "Second")
        await says(chosen, "✅ **Second** is out")
        assert c.control.removed == ["Second"]
