"""The message command "This leaks a Zoom link" through the real client: who may what, what is read, and that no name or link gets out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.values import ChannelId
from bot.rehearsal.discord_handles import InteractionHandle
from bot.rehearsal.discord_permissions import Permission
from bot.rehearsal.discord_text import message_text
from bot.rehearsal.discord_world import Message
from tests.adapters.flow_rig import Town, read, town
from tests.adapters.test_discord_flow import links_seen
from tests.discord_spec import request_errors
from tests.waiting import until

COMMAND = "This leaks a Zoom link"


async def shows(handle: InteractionHandle, words: str) -> None:
    """The answer comes to say this, however slow the machine is."""
    await until(lambda: words in read(handle))


@pytest.fixture
async def t(tmp_path: Path) -> AsyncIterator[Town]:
    async with town(tmp_path) as (built, connect), connect():
        yield built


async def points_at(t: Town, who: str, message: Message) -> InteractionHandle:
    handle = await t.discord.context_menu(t[who], COMMAND, message, t.lobby)
    await handle.wait_settled(30.0, quiet=0.06)
    return handle


async def anas_link(t: Town) -> str:
    (link,) = links_seen(await t.press("Ana", t.announcement(), "Get my link"))
    return link


def may_delete(t: Town, *, yes: bool) -> None:
    bot_role = next(role for role in t.guild.roles.values() if role.managed)
    bits = bot_role.permissions
    t.discord.change_role(
        t.guild, bot_role, bits | Permission.MANAGE_MESSAGES if yes else bits & ~Permission.MANAGE_MESSAGES
    )


async def test_moderator_deletes_takes_back_and_looks_up_whose_it_was_in_private(t: Town) -> None:
    await t.links_open()
    may_delete(t, yes=True)
    link = await anas_link(t)
    message = t.discord.say(t["Mallory"], t.lobby, f"everybody come: [free](<{link}>)")
    done = await points_at(t, "Mona", message)
    await shows(done, "The message is deleted")
    await shows(done, "void: Zoom confirms it")
    assert str(t["Ana"].id) not in read(done)
    assert message.deleted_at is not None
    assert t.zoom.valid_links(next(iter(t.zoom.meetings))) == set()

    shown = await t.press("Mona", done, "Show whose link")
    assert f"<@{t['Ana'].id}>'s" in read(shown)
    assert f"<@{t['Mallory'].id}> posted it" in read(shown)
    await t.v.run_jobs()
    told = t.discord.world.dm_with(t["Ana"].user)
    assert told is not None
    (note,) = t.discord.messages_in(told)
    assert "was posted in" in note.content
    assert "zoom" not in message_text(note).lower().replace("zoom confirms", "")
    assert await anas_link(t) != link
    assert request_errors(t.discord.requests) == []


async def test_missing_permission_is_named(t: Town) -> None:
    await t.links_open()
    may_delete(t, yes=False)
    message = t.discord.say(t["Mallory"], t.lobby, await anas_link(t))
    done = await points_at(t, "Mona", message)
    await shows(done, "Please delete the message by hand")
    await shows(done, "Manage Messages")
    assert message.deleted_at is None


async def test_members_report_is_a_button_for_the_moderators(t: Town) -> None:
    await t.links_open()
    may_delete(t, yes=True)
    message = t.discord.say(t["Mallory"], t.lobby, await anas_link(t))
    await shows(await points_at(t, "Hanna", message), "have no channel where I could tell them")
    async with t.v.store.work() as uow:
        community = await uow.communities.get(t.guild_id)
        await uow.communities.save(community.changed(moderators_channel=ChannelId(t.staff.id)))
        await uow.commit()
    told = await points_at(t, "Ben", message)
    await shows(told, "I have told the moderators")
    assert message.deleted_at is None
    async with t.v.store.work() as uow:
        (posted,) = await uow.alerts.due(t.clock.now(), t.clock.now(), 10)
    assert posted.alert.places[0].message_id == message.id


async def test_second_time_needs_the_moderators_button(t: Town) -> None:
    await t.links_open()
    may_delete(t, yes=True)
    for _ in range(2):
        done = await points_at(t, "Mona", t.discord.say(t["Mallory"], t.lobby, await anas_link(t)))
    refused = await t.press("Ana", t.announcement(), "Get my link")
    await shows(refused, "a moderator has to allow you a new one")
    await shows(await t.press("Mona", done, "Allow a new link"), "They can get a new link now")
    assert await anas_link(t)


async def test_link_of_strangers_and_message_without_link(t: Town) -> None:
    await t.links_open()
    may_delete(t, yes=True)
    done = await points_at(t, "Mona", t.discord.say(t["Mallory"], t.lobby, "https://zoom.us/j/99999999999?pwd=x"))
    await shows(done, "no call of this community")
    none = await points_at(t, "Mona", t.discord.say(t["Mallory"], t.lobby, "hello"))
    await shows(none, "no Zoom link in that message")
