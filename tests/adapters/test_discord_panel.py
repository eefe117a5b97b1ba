"""The panel and its alerts in a real channel: who sees what, who is pinged, and that Discord takes every bit of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.ports import EventKind
from bot.rehearsal.discord_permissions import Permission
from bot.rehearsal.discord_text import message_text
from bot.rehearsal.discord_world import Overwrite
from tests.adapters.call_rig import Call, call
from tests.adapters.flow_rig import read
from tests.discord_spec import request_errors


@pytest.fixture
async def c(tmp_path: Path) -> AsyncIterator[Call]:
    async with call(tmp_path) as made:
        yield made
        assert request_errors(made.t.discord.requests) == []


def sent(c: Call) -> list[dict[str, Any]]:
    """The bodies of all that was posted or changed in the moderators' channel."""
    path = f"/channels/{c.staff.id}/messages"
    return [r.body for r in c.t.discord.requests if r.method in ("POST", "PATCH") and path in r.path]


async def test_an_evening_pings_nobody_until_a_stranger_is_in_and_then_one_role(c: Call) -> None:
    await c.host_joins()
    await c.joins("Ana")
    await c.waits("Ben")
    await c.kept(seconds=3)
    text = c.panel()
    assert f"- known: admit {c.names['Ben-1']}, <@{c.t['Ben'].id}>" in text
    assert f"**{c.names['Ana-1']}**, <@{c.t['Ana'].id}>" in text
    assert all(body["allowed_mentions"] == {"parse": []} for body in sent(c))
    await c.happens(EventKind.JOINED, "Zoomer99")
    await c.kept(seconds=3)
    pinged = [body["allowed_mentions"].get("roles") for body in sent(c)]
    assert [roles for roles in pinged if roles] == [[c.t.roles["On call"].id]]
    assert "Zoomer99" in c.notices()[0]
    for name in ("Ana", "Mallory"):
        assert not any(item.mentions("Zoomer99") for item in c.t.discord.visible_to(c.t[name]))
    assert c.panel_message().components
    await c.ends()
    await c.kept(seconds=3)
    assert "Over: Choir" in c.panel()
    assert "[" not in c.panel()


async def test_public_channel_gets_no_name_and_the_organiser_is_told(c: Call) -> None:
    await c.host_joins()
    await c.kept(seconds=3)
    c.staff.overwrites.append(Overwrite(c.t.roles["Verified"], allow=Permission.VIEW_CHANNEL))
    await c.joins("Ana")
    await c.kept(seconds=3)
    everything = "\n".join(message_text(message) for message in c.messages())
    for name in (str(c.names["Ana-1"]), "Hanna", str(c.t["Ana"].id)):
        assert name not in everything
    assert "Verified members can read #staff" in everything
    assert "I can show the moderators no names" in c.private("Olga")[-1]
    shown = await c.t.slash("Mona", "meeting live")
    assert "Hanna Host" in read(shown)
    assert shown.reply is not None
    assert shown.reply.ephemeral


async def test_member_says_in_private_which_seat_is_theirs(c: Call) -> None:
    await c.host_joins()
    await c.waits("Ana")
    await c.happens(EventKind.WAITING, "impostor", user_name=c.names["Ana-1"])
    await c.kept(seconds=3)
    ana = c.t["Ana"]
    (question,) = (message for message in c.direct("Ana") if "two people show your name" in message_text(message))
    notice = next(message for message in c.messages() if "Two people show" in message_text(message))
    refused = await c.t.press("Mona", notice, "That is my name")
    assert "Only the member whose name it is" in refused.text
    answered = await c.t.discord.press(ana.user, question, "Yes, in one seat")
    await answered.wait_settled(quiet=0.06)
    assert "I have told the moderators" in read(answered)
    await c.kept(seconds=3)
    assert f"<@{ana.id}> says: I am there, in one seat" in c.notices()[0]
