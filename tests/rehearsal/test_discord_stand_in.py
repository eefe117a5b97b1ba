"""The Discord stand-in as people experience it: commands, buttons, selects, forms, and who sees what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import discord
import pytest
import pytest_asyncio

from bot.rehearsal.discord_errors import NoReply, NotVisible, RefusedByClient
from bot.rehearsal.discord_permissions import Permission
from bot.rehearsal.discord_text import message_text
from bot.rehearsal.discord_values import Value
from bot.rehearsal.discord_world import Channel, Member, Overwrite, Role
from tests.rehearsal.discord_client import Setup
from tests.rehearsal.discord_town import Town, a_town
from tests.waiting import until


@pytest_asyncio.fixture
async def town(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    async with a_town(monkeypatch) as built:
        yield built


async def test_slash_command_is_answered_privately_and_then_edited(town: Town) -> None:
    options: dict[str, Value] = {
        "topic": "Opening",
        "minutes": 30,
        "host": town.ben,
        "role": town.verified,
        "where": town.general,
    }
    handle = await town.stand_in.slash(town.ana, town.general, "meeting create", options)
    reply = await handle.wait_settled()
    assert reply.content == "Opening 30 members ['ben', 'Verified', 'general']"
    assert reply.ephemeral
    assert [m.content for m in handle.messages] == [reply.content, "second"]
    assert [v.loading for v in handle.history] == [True, False, False]
    assert reply not in town.stand_in.messages_in(town.general)


async def test_ephemeral_reply_is_seen_by_one_person_only(town: Town) -> None:
    await (await town.stand_in.slash(town.ana, town.general, "meeting create", {"topic": "Secret"})).wait_settled()
    assert any(item.mentions("Secret") for item in town.stand_in.visible_to(town.ana))
    assert not any(item.mentions("Secret") for item in town.stand_in.visible_to(town.mod))
    assert not any(item.kind == "message" and item.mentions("Secret") for item in town.stand_in.all_public())


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"topic": "x" * 21},
        {"topic": "x", "minutes": 4},
        {"topic": "x", "minutes": "many"},
        {"topic": "x", "profile": "sideways"},
        {"topic": "x", "host": "Ben"},
        {"topic": "x", "colour": "red"},
    ],
)
async def test_client_refuses_options_the_command_does_not_take(town: Town, options: dict[str, str | int]) -> None:
    with pytest.raises(RefusedByClient):
        await town.stand_in.slash(town.ana, town.general, "meeting create", options)


async def test_unknown_command_and_missing_subcommand_are_not_visible(town: Town) -> None:
    for name in ("nothing", "meeting", "meeting destroy"):
        with pytest.raises(NotVisible):
            await town.stand_in.slash(town.ana, town.general, name)


async def test_command_for_moderators_is_hidden_from_others_until_an_admin_allows_it(town: Town) -> None:
    with pytest.raises(NotVisible):
        await town.stand_in.slash(town.ana, town.general, "lock")
    reply = await (await town.stand_in.slash(town.mod, town.general, "lock")).wait_reply()
    assert reply.content == "locked"
    town.stand_in.commands.allow(town.guild, "lock", town.verified.id, True)
    assert (await (await town.stand_in.slash(town.ana, town.general, "lock")).wait_reply()).content == "locked"


async def test_timed_out_member_cannot_run_commands(town: Town) -> None:
    town.stand_in.time_out(town.ana, town.clock() + timedelta(hours=1))
    with pytest.raises(NotVisible):
        await town.stand_in.slash(town.ana, town.general, "meeting setup")
    town.clock.ahead += timedelta(hours=2)
    await (await town.stand_in.slash(town.ana, town.general, "meeting setup")).wait_reply()


async def test_autocomplete_returns_choices(town: Town) -> None:
    choices = await town.stand_in.autocomplete(town.ana, town.general, "meeting create", "topic", "Ch")
    assert [choice["name"] for choice in choices] == ["Ch 0", "Ch 1", "Ch 2"]
    with pytest.raises(NotVisible):
        await town.stand_in.autocomplete(town.ana, town.general, "meeting create", "minutes", "5")


async def test_button_answers_verified_member_with_link_and_others_without(town: Town) -> None:
    await town.panel()
    (panel,) = town.stand_in.messages_in(town.general)
    assert message_text(panel).splitlines() == ["| ## Chess night", "| ---", "| [ Get my link ]"]
    handle = await town.stand_in.press(town.ana, panel, "Get my link")
    reply = await handle.wait_reply()
    assert message_text(reply) == "Yours alone\n[ Join -> https://example.zoom.us/w/123?tk=secret ]"
    assert reply.ephemeral, "the first follow-up keeps the privacy of the deferred answer"
    assert (
        await (await town.stand_in.press(town.ben, panel, "link:7")).wait_reply()
    ).content == "Only verified members."
    for person in (town.ben, town.mod):
        assert not any(item.mentions("tk=secret") for item in town.stand_in.visible_to(person))
    with pytest.raises(RefusedByClient, match="is a link"):
        await town.stand_in.press(town.ana, reply, "Join")
    with pytest.raises(NotVisible):
        await town.stand_in.press(town.ben, reply, "Join")


async def test_pressing_what_is_not_on_screen_is_refused(town: Town) -> None:
    sent = await town.panel()
    (panel,) = town.stand_in.messages_in(town.general)
    with pytest.raises(NotVisible):
        await town.stand_in.press(town.ana, panel, "Self destruct")
    town.stand_in.set_overwrites(town.general, [Overwrite(town.ben, deny=Permission.VIEW_CHANNEL)])
    with pytest.raises(NotVisible):
        await town.stand_in.press(town.ben, panel, "Get my link")
    town.stand_in.kick(town.mod)
    with pytest.raises(NotVisible):
        await town.stand_in.press(town.mod, panel, "Get my link")
    await sent.delete()
    with pytest.raises(NotVisible):
        await town.stand_in.press(town.ana, panel, "Get my link")


async def test_selects_carry_roles_channels_and_people(town: Town) -> None:
    opened = await (await town.stand_in.slash(town.ana, town.general, "meeting setup")).wait_reply()
    select = town.stand_in.select
    assert (
        await (await select(town.ana, opened, "Verified roles", [town.verified])).wait_reply()
    ).content == "roles: Verified"
    assert (
        await (await select(town.ana, opened, "Channel", [town.general])).wait_reply()
    ).content == "channel: general"
    handle = await select(town.ana, opened, "Profile", ["Members"])
    assert (await handle.wait_reply()).content == "profile: m"
    assert handle.reply is not opened
    assert (await (await select(town.ana, opened, "Host", [town.ben])).wait_reply()).content == "host: Ben"
    assert not opened.components


async def test_select_refuses_too_many_not_offered_and_unseen_values(town: Town) -> None:
    opened = await (await town.stand_in.slash(town.ana, town.general, "meeting setup")).wait_reply()
    voice = town.stand_in.add_channel(town.guild, "voice", kind=2)
    wrong: list[tuple[str, list[Role | Channel | Member | str]]] = [
        ("Verified roles", []),
        ("Verified roles", [town.ana]),
        ("Channel", [town.general, town.general]),
        ("Channel", [voice]),
        ("Profile", ["Closed"]),
    ]
    for name, values in wrong:
        with pytest.raises(RefusedByClient):
            await town.stand_in.select(town.ana, opened, name, values)
    with pytest.raises(NotVisible):
        await town.stand_in.select(town.ana, opened, "Channel", [town.mods])


async def test_context_menu_opens_form_and_form_is_submitted(town: Town) -> None:
    handle = await town.stand_in.context_menu(town.ana, "Report person", town.ben)
    modal = await handle.wait_modal()
    assert modal.title == "Report"
    with pytest.raises(RefusedByClient, match="required"):
        await town.stand_in.submit_modal(handle, {"Note": "hello"})
    with pytest.raises(RefusedByClient, match="characters"):
        await town.stand_in.submit_modal(handle, {"Why": "Abuse", "Note": "x" * 51})
    with pytest.raises(RefusedByClient, match="no field"):
        await town.stand_in.submit_modal(handle, {"Why": "Abuse", "Colour": "red"})
    submitted = await town.stand_in.submit_modal(handle, {"Why": "Abuse", "Note": "shouting"})
    assert (await submitted.wait_reply()).content == "a: shouting"
    assert any(item.kind == "form" for item in town.stand_in.visible_to(town.ana))
    with pytest.raises(NoReply, match="form"):
        await handle.wait_reply()


async def test_message_menu_carries_the_message_without_the_content_intent(town: Town) -> None:
    said = town.stand_in.say(town.ben, town.general, "a leaked link")
    handle = await town.stand_in.context_menu(town.ana, "Report message", said)
    assert (await handle.wait_reply()).content == "saw a leaked link"


async def test_silent_bot_is_shown_as_not_responding(town: Town) -> None:
    handle = await town.stand_in.slash(town.ana, town.general, "meeting silent")
    assert handle.error is None
    town.clock.ahead += timedelta(seconds=4)
    with pytest.raises(NoReply, match="did not respond"):
        await handle.wait_reply()
    assert handle.error == "The application did not respond"


async def test_second_answer_is_refused_with_40060(town: Town) -> None:
    handle = await town.stand_in.slash(town.ana, town.general, "meeting twice")
    await handle.wait_reply()
    await until(lambda: ("error", 40060) in town.bot.heard)
    assert [m.content for m in handle.messages] == ["once"]


async def test_button_that_is_off_cannot_be_pressed(town: Town) -> None:
    channel = town.bot.get_channel(town.general.id)
    assert isinstance(channel, discord.TextChannel)
    view = discord.ui.View()
    view.add_item(discord.ui.Button(label="Closed", custom_id="closed", disabled=True))
    await channel.send("Over", view=view)
    (message,) = town.stand_in.messages_in(town.general)
    with pytest.raises(NotVisible, match="switched off"):
        await town.stand_in.press(town.ana, message, "Closed")


async def test_component_in_a_direct_message_works_for_its_recipient_only(town: Town) -> None:
    user = await town.bot.fetch_user(town.ana.id)
    await user.send("choose", view=Setup())
    (item,) = [i for i in town.stand_in.visible_to(town.ana) if i.kind == "direct"]
    assert item.message is not None
    handle = await town.stand_in.select(town.ana, item.message, "Profile", ["Open"])
    assert (await handle.wait_reply()).content == "profile: o"
    with pytest.raises(NotVisible):
        await town.stand_in.select(town.ben, item.message, "Profile", ["Open"])
