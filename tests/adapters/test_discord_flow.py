"""People, the real discord.py client, the real use cases: what each person sees, in which order, and what the log keeps of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from bot.adapters.discord_chat import answering
from bot.adapters.discord_chat.answering import Patience
from bot.domain.errors import NeedsAttention, Transient
from bot.domain.readback import RoomSettings
from bot.domain.values import JoinLink
from bot.rehearsal.discord_errors import NotVisible
from bot.rehearsal.discord_handles import InteractionHandle
from bot.rehearsal.discord_text import message_text
from bot.rehearsal.discord_world import Message
from tests.adapters.flow_rig import Connect, Town, read, town
from tests.discord_spec import request_errors
from tests.waiting import until


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[tuple[Town, Connect]]:
    async with town(tmp_path) as built:
        yield built


@pytest.fixture
async def t(place: tuple[Town, Connect]) -> AsyncIterator[Town]:
    built, connect = place
    async with connect():
        yield built


@pytest.fixture
def soon_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "PATIENCE", Patience(slow=0.1))


def links_seen(handle: InteractionHandle) -> set[str]:
    """Every link address on the buttons of an answer."""
    return {
        button["url"]
        for message in handle.messages
        for row in message.components
        for button in row.get("components", [])
        if button.get("url")
    }


def meeting_buttons(message: Message) -> list[str]:
    return [b["label"] for row in message.components if row["type"] == 1 for b in row["components"] if "label" in b]


# ---------------------------------------------------------------------------------------------- the way in


async def test_story_from_draft_to_link(t: Town) -> None:
    draft = await t.slash("Olga", "meeting create", topic="Choir *practice*", when="in 40 minutes")
    assert "Choir \\*practice\\*" in draft.text
    assert t.zoom.calls["create"] == 0
    made = await t.press("Olga", draft, "Create")
    assert made.reply is draft.reply
    assert "Created" in read(made)
    await t.v.run_jobs()

    early = await t.press("Ana", t.announcement(), "Get my link")
    assert "on the list" in early.text
    t.clock.advance(minutes=15)
    await t.v.run_jobs()
    answers = {name: await t.press(name, t.announcement(), "Get my link") for name in ("Ana", "Ben")}
    again = await t.press("Ana", t.announcement(), "Get my link")
    assert links_seen(answers["Ana"]) == links_seen(again)
    assert links_seen(answers["Ana"]).isdisjoint(links_seen(answers["Ben"]))
    assert "Ana·" in answers["Ana"].text
    for handle in answers.values():
        assert handle.reply is not None
        assert handle.reply.ephemeral
    for link in links_seen(answers["Ana"]) | links_seen(answers["Ben"]):
        assert not any(item.mentions(link) for item in t.discord.all_public())
    assert not any(item.mentions(links_seen(answers["Ben"]).pop()) for item in t.discord.visible_to(t["Ana"]))
    assert request_errors(t.discord.requests) == []


async def test_stranger_gets_no_link_and_learns_nothing(t: Town) -> None:
    await t.links_open()
    for handle in (
        await t.press("Mallory", t.announcement(), "Get my link"),
        await t.slash("Mallory", "join"),
    ):
        assert "not verified" in handle.text
        assert not links_seen(handle)
        assert "Choir" not in handle.text
    assert await t.suggestions("Mallory", "join", "meeting") == []
    assert t.zoom.calls["add"] == 0


async def test_button_works_after_a_restart_and_checks_anew(place: tuple[Town, Connect]) -> None:
    built, connect = place
    async with connect():
        await built.links_open()
        before = await built.press("Ana", built.announcement(), "Get my link")
    async with connect():
        after = await built.press("Ana", built.announcement(), "Get my link")
        assert links_seen(after) == links_seen(before)
        built.discord.take_role(built["Ben"], built.roles["Verified"])
        assert "not verified" in (await built.press("Ben", built.announcement(), "Get my link")).text


async def test_draft_can_be_confirmed_after_a_restart(place: tuple[Town, Connect]) -> None:
    built, connect = place
    async with connect():
        draft = await built.slash("Olga", "meeting create", topic="Choir", when="in 40 minutes")
    async with connect():
        assert "Created" in read(await built.press("Olga", draft, "Create"))


async def test_another_name_makes_a_new_link_in_the_same_place(t: Town) -> None:
    meeting = await t.links_open()
    first = await t.press("Ana", t.announcement(), "Get my link")
    form = await t.discord.press(t["Ana"], first.reply, "Use another name")  # type: ignore[arg-type]
    await form.wait_modal()
    renamed = await t.discord.submit_modal(form, {"Your name in this call": "Quiet Ana"})
    await renamed.wait_settled(quiet=0.06)
    assert "Quiet Ana·" in renamed.text
    assert renamed.reply is first.reply
    assert links_seen(renamed) == t.zoom.valid_links(meeting.zoom_id)  # type: ignore[arg-type]


async def test_unreadable_name_is_refused_and_the_link_stays(t: Town) -> None:
    await t.links_open()
    first = await t.press("Ana", t.announcement(), "Get my link")
    assert first.reply is not None
    form = await t.discord.press(t["Ana"], first.reply, "Use another name")
    await form.wait_modal()
    refused = await t.discord.submit_modal(form, {"Your name in this call": "..."})
    await refused.wait_settled(quiet=0.06)
    assert "type another one" in read(refused)
    assert "Join the call" in message_text(first.reply)


async def test_join_asks_which_of_several_calls(t: Town) -> None:
    await t.links_open(topic="First", when="in 20 minutes")
    await t.links_open(topic="Second", when="in 25 minutes")
    asked = await t.slash("Ana", "join")
    assert "Which call" in asked.text
    async with t.v.store.read() as uow:
        second = (await uow.meetings.upcoming(t.guild_id))[1]
    got = await t.select("Ana", asked, "choose:which", second.meeting_id)
    assert "Second" in got.text
    assert got.reply is asked.reply
    assert links_seen(got)
    assert all("First" in s or "Second" in s for s in await t.suggestions("Ana", "join", "meeting"))


async def test_host_is_told_the_way_in_and_sees_who_holds_a_link(t: Town) -> None:
    await t.links_open()
    await t.press("Ana", t.announcement(), "Get my link")
    way_in = await t.press("Hanna", t.announcement(), "Get my link")
    assert "sign in as **h…@choir.example**" in way_in.text
    assert not links_seen(way_in)
    shown = await t.press("Hanna", way_in, "Who holds a link?")
    assert "Ana·" in shown.text
    assert not links_seen(shown)


async def test_link_too_long_for_a_button_is_still_delivered(t: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    meeting = await t.links_open()
    long_link = "https://us02web.zoom.us/w/1?tk=" + "x" * 600
    monkeypatch.setattr(JoinLink, "reveal", lambda _: long_link)
    handle = await t.press("Ana", t.announcement(), "Get my link")
    assert f"<{long_link}>" in handle.text
    assert meeting.topic


# ---------------------------------------------------------------------------------------------- planning


async def test_only_organisers_create_and_only_they_are_offered_hosts(t: Town) -> None:
    refused = await t.slash("Ana", "meeting create", topic="Mine", when="in 40 minutes")
    assert "Only an organiser" in refused.text
    filled = {"topic": "x", "when": "now"}
    assert await t.suggestions("Ana", "meeting create", "host", **filled) == []
    assert await t.suggestions("Olga", "meeting create", "host", **filled) == ["Hanna Host (h…@choir.example)"]


async def test_nobody_else_can_press_create_in_the_organisers_place(t: Town) -> None:
    draft = await t.slash("Olga", "meeting create", topic="Choir", when="in 40 minutes")
    assert draft.reply is not None
    with pytest.raises(NotVisible):
        await t.discord.press(t["Mallory"], draft.reply, "Create")
    t.discord.take_role(t["Olga"], t.roles["Organiser"])
    assert "Only an organiser" in read(await t.press("Olga", draft, "Create"))
    assert t.zoom.calls["create"] == 0


async def test_discarded_draft_is_gone(t: Town) -> None:
    draft = await t.slash("Olga", "meeting create", topic="Choir", when="in 40 minutes")
    gone = await t.press("Olga", draft, "Discard")
    assert "Nothing was created" in gone.text
    assert meeting_buttons(gone.reply) == []  # type: ignore[arg-type]


async def test_unreadable_time_is_refused_with_a_hint(t: Town) -> None:
    refused = await t.slash("Olga", "meeting create", topic="Choir", when="when the moon is blue")
    assert "7pm" in refused.text
    assert meeting_buttons(refused.reply) == []  # type: ignore[arg-type]


async def test_zoom_refusing_leaves_the_draft_with_its_button(t: Town) -> None:
    draft = await t.slash("Olga", "meeting create", topic="Choir", when="in 40 minutes")
    assert draft.reply is not None
    t.zoom.fail["create"] = NeedsAttention("Zoom refuses. Ask the operator.", code="zoom_refused")
    refused = await t.press("Olga", draft, "Create")
    assert "Zoom refuses." in read(refused)
    assert "Create" in meeting_buttons(draft.reply)
    del t.zoom.fail["create"]
    assert "Created" in read(await t.press("Olga", draft, "Create"))


async def test_unsafe_meeting_invites_nobody_until_accepted(t: Town) -> None:
    t.zoom.overrides["join_before_host"] = True
    draft = await t.slash("Olga", "meeting create", topic="Choir", when="in 40 minutes")
    blocked = await t.press("Olga", draft, "Create")
    assert "nobody is invited yet" in blocked.text
    await t.v.run_jobs()
    assert t.discord.messages_in(t.calls) == []
    assert "Nobody is invited yet" in (await t.slash("Olga", "meeting list")).text
    still = await t.press("Olga", blocked, "Check again")
    assert "nobody is invited yet" in still.text
    accepted = await t.press("Olga", still, "Accept and invite")
    assert "Created" in accepted.text
    await t.v.run_jobs()
    assert "Get my link" in meeting_buttons(t.announcement())


async def test_unsafe_meeting_is_fine_once_put_right_at_zoom(t: Town) -> None:
    t.zoom.overrides["join_before_host"] = True
    draft = await t.slash("Olga", "meeting create", topic="Choir", when="in 40 minutes")
    blocked = await t.press("Olga", draft, "Create")
    t.zoom.overrides.clear()
    assert "Created" in (await t.press("Olga", blocked, "Check again")).text


async def test_list_and_show_are_for_those_who_may(t: Town) -> None:
    meeting = await t.created()
    listed = await t.slash("Mona", "meeting list")
    assert "Choir" in listed.text
    shown = await t.select("Mona", listed, "meeting:one:menu", meeting.meeting_id)
    assert "told in private" in shown.text
    for command in ("meeting list", "meeting show"):
        options = {"meeting": meeting.meeting_id} if command == "meeting show" else {}
        refused = await t.slash("Ana", command, **options)
        assert "Only a moderator" in refused.text
        assert "Choir" not in refused.text
    assert await t.suggestions("Ana", "meeting show", "meeting") == []
    assert len(await t.suggestions("Mona", "meeting show", "meeting")) == 1


async def test_cancelling_asks_first_says_what_is_not_known_and_answers_those_who_asked(t: Town) -> None:
    meeting = await t.links_open()
    await t.press("Ana", t.announcement(), "Get my link")
    t.zoom.fail["delete"] = Transient("Zoom does not answer.")
    asked = await t.slash("Olga", "meeting cancel", meeting=meeting.meeting_id)
    assert "1 link stops working" in asked.text
    kept = await t.press("Olga", asked, "Keep it")
    assert "Nothing has changed" in kept.text
    asked = await t.slash("Olga", "meeting cancel", meeting=meeting.meeting_id)
    done = await t.press("Olga", asked, "Cancel the meeting")
    assert "has not confirmed the deletion" in done.text
    await t.v.run_jobs()
    announcement, notice = t.discord.messages_in(t.calls)
    assert meeting_buttons(announcement) == []
    assert "Yes, you had asked" in (await t.press("Ana", notice, "Was I signed up?")).text
    assert "No, you had not" in (await t.press("Ben", notice, "Was I signed up?")).text


# ---------------------------------------------------------------------------------------------- setup


async def test_setup_panel_changes_in_place_and_refuses_in_place(t: Town) -> None:
    panel = await t.slash("Adam", "setup")
    assert panel.reply is not None
    assert "Moderators' channel" in panel.text
    channels = await t.press("Adam", panel, "Channels")
    refused = await t.select("Adam", channels, "setup:channel:moderators", t.lobby)
    assert "**Not changed.** Everyone can read #lobby" in refused.text
    set_now = await t.select("Adam", refused, "setup:channel:moderators", t.staff)
    assert "Not changed" not in set_now.text
    roles = await t.press("Adam", set_now, "Roles")
    everyone = await t.select("Adam", roles, "setup:roles:verified", t.guild.everyone)
    assert "@everyone cannot be used" in everyone.text
    two = await t.select("Adam", everyone, "setup:roles:verified", t.roles["Verified"], t.roles["Speakers"])
    assert two.reply is panel.reply
    async with t.v.store.read() as uow:
        community = await uow.communities.get(t.guild_id)
    assert community.moderators_channel == t.staff.id
    assert community.verified_roles == {t.roles["Verified"].id, t.roles["Speakers"].id}
    defaults = json.dumps(list(two.reply.components))
    assert str(t.roles["Speakers"].id) in defaults
    assert request_errors(t.discord.requests) == []


async def test_setup_matches_a_zoom_host_to_a_member_and_back(t: Town) -> None:
    panel = await t.press("Adam", await t.slash("Adam", "setup"), "Hosts")
    picked = await t.select("Adam", panel, "setup:host:which", "zoom-host")
    for people, expected in (([t["Ben"]], t["Ben"].id), ([], None)):
        picked = await t.select("Adam", picked, "setup:person:zoom-host", *people)
        async with t.v.store.read() as uow:
            (host,) = await uow.links.hosts(t.guild_id)
        assert host.member_id == expected


@pytest.mark.parametrize(
    ("button", "typed", "shown"),
    [
        ("Change time zone and country", {"Time zone": "Europe/Berlin", "Country": "de"}, "Europe/Berlin. Country: DE"),
        ("Change time zone and country", {"Time zone": "Europe/Berlim", "Country": ""}, "Did you mean"),
        ("Change ages and link time", {"Age of the Discord account, in days": "14"}, "at least 14 days old"),
        ("Change ages and link time", {"Age of the Discord account, in days": "two"}, "whole numbers"),
        ("Change ages and link time", {"Links open how many minutes before?": "2"}, "**Not changed.**"),
    ],
)
async def test_setup_forms(t: Town, button: str, typed: dict[str, str], shown: str) -> None:
    panel = await t.press("Adam", await t.slash("Adam", "setup"), "Times and ages")
    assert panel.reply is not None
    form = await t.discord.press(t["Adam"], panel.reply, button)
    await form.wait_modal()
    given = {
        "Age of the Discord account, in days": "7",
        "Time in this server, in days": "0",
        "Account age for open doors, in days": "30",
        "Links open how many minutes before?": "30",
    }
    sent = await t.discord.submit_modal(form, (given if "ages" in button else {}) | typed)
    await sent.wait_settled(quiet=0.06)
    assert shown in sent.text
    assert sent.reply is panel.reply


async def test_setup_panel_works_after_a_restart_and_checks_rights_on_every_press(place: tuple[Town, Connect]) -> None:
    built, connect = place
    async with connect():
        panel = await built.slash("Adam", "setup")
    async with connect():
        panel = await built.press("Adam", panel, "Times and ages")
        assert panel.reply is not None
        (admin,) = built["Adam"].roles
        built.discord.take_role(built["Adam"], admin)
        assert "Manage Server" in read(await built.press("Adam", panel, "Roles"))
        form = await built.discord.press(built["Adam"], panel.reply, "Change ages and link time")
        await form.wait_settled(quiet=0.06)
        assert form.modal is None
        assert "Manage Server" in read(form)


# ---------------------------------------------------------------------------------------------- when things go wrong


async def test_slow_zoom_is_said_and_the_same_message_changes(t: Town, soon_slow: None) -> None:
    await t.links_open()
    t.zoom.slow["add"] = asyncio.Event()
    handle = await t.discord.press(t["Ana"], t.announcement(), "Get my link")
    await handle.wait_until(lambda message: "Still working" in message_text(message))
    t.zoom.slow["add"].set()
    await handle.wait_until(lambda message: "Join the call" in message_text(message))
    assert len(handle.messages) == 1


async def test_slow_zoom_under_a_button_keeps_the_draft_until_the_result(t: Town, soon_slow: None) -> None:
    draft = await t.slash("Olga", "meeting create", topic="Choir", when="in 40 minutes")
    assert draft.reply is not None
    t.zoom.slow["create"] = asyncio.Event()
    handle = await t.discord.press(t["Olga"], draft.reply, "Create")
    await handle.wait_until(lambda message: "Still working" in message_text(message))
    assert "Create" in meeting_buttons(draft.reply)
    t.zoom.slow["create"].set()
    await handle.wait_until(lambda message: "Created" in message_text(message))
    await until(lambda: [message_text(m)[:7] for m in handle.messages if m.deleted_at is None] == ["### Cre"])


async def test_waiting_ends_before_the_answer_can_no_longer_be_changed(t: Town) -> None:
    await t.links_open()
    t.zoom.slow["add"] = asyncio.Event()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(answering, "PATIENCE", Patience(slow=0.1, lost=0.2))
        handle = await t.discord.press(t["Ana"], t.announcement(), "Get my link")
        await handle.wait_until(lambda message: "Nothing is lost" in message_text(message))
    t.zoom.slow["add"].set()
    del t.zoom.slow["add"]
    assert links_seen(await t.press("Ana", t.announcement(), "Get my link"))


async def test_zoom_down_is_told_with_what_to_do(t: Town) -> None:
    await t.links_open()
    t.zoom.fail["add"] = Transient("Zoom does not answer. Press again in a minute.", code="zoom_down")
    handle = await t.press("Ana", t.announcement(), "Get my link")
    assert handle.text == "Zoom does not answer. Press again in a minute."


async def test_bug_shows_a_reference_that_stands_in_the_log(t: Town) -> None:
    await t.links_open()
    t.zoom.fail["add"] = ZeroDivisionError("inside")
    with structlog.testing.capture_logs() as lines:
        handle = await t.press("Ana", t.announcement(), "Get my link")
    assert "not with you" in handle.text
    assert "inside" not in handle.text
    (bug,) = (line for line in lines if line["event"] == "discord.bug")
    assert bug["reference"] in handle.text


async def test_one_event_a_press_with_ids_and_without_words_or_links(t: Town) -> None:
    await t.links_open()
    contexts: list[dict[str, object]] = []

    def keep(_: object, __: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
        contexts.append(dict(event))
        raise structlog.DropEvent

    old = structlog.get_config()
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, keep])
    try:
        got = await t.press("Ana", t.announcement(), "Get my link")
        await t.slash("Ana", "join", name="Secret Name")
    finally:
        structlog.configure(**old)
    events = [line for line in contexts if line["event"] == "discord.command"]
    assert [(e["command"], e["outcome"]) for e in events] == [("press.get_link", "link"), ("join", "link")]
    assert all(e["guild_id"] == t.guild.id and e["member_id"] == t["Ana"].id for e in events)
    everything = repr(contexts)
    assert "Secret Name" not in everything
    assert "zoom.us" not in everything
    assert links_seen(got)


async def test_interaction_that_came_too_late_changes_nothing_and_is_no_bug(t: Town) -> None:
    await t.links_open()
    with structlog.testing.capture_logs() as lines:
        handle = await t.discord.press(t["Ana"], t.announcement(), "Get my link")
        t.clock.advance(seconds=4)
        await until(lambda: any(line["event"] == "discord.command" for line in lines))
    outcomes = [line.get("outcome") for line in lines if line["event"] == "discord.command"]
    assert outcomes == ["expired"]
    assert not any(line["event"] == "discord.bug" for line in lines)
    assert t.zoom.calls["add"] == 0
    assert handle.messages == []


async def test_press_from_an_older_version_is_answered(t: Town) -> None:
    """A panel whose page no longer exists still gets an answer instead of Discord's "interaction failed"."""
    panel = await t.slash("Adam", "setup")
    assert panel.reply is not None
    raw = json.dumps(panel.reply.now.components).replace("setup:page:hosts", "setup:page:elsewhere")
    panel.reply.versions[-1] = replace(panel.reply.now, components=json.loads(raw))
    handle = await t.press("Adam", panel, "setup:page:elsewhere")
    assert "not with you" in read(handle)


async def test_library_keeps_nothing_of_what_was_shown(place: tuple[Town, Connect]) -> None:
    """Otherwise memory would grow with every answer, and a restart would lose what it held."""
    built, connect = place
    async with connect():
        await built.links_open()
        await built.press("Ana", built.announcement(), "Get my link")
        await built.press("Adam", await built.slash("Adam", "setup"), "Roles")
        store = connect.current[0].client()._connection._view_store
        assert (store._views, store._synced_message_views) == ({}, {})


async def test_registered_settings_are_those_the_draft_promised(t: Town) -> None:
    await t.created(waiting_room=False, telephone=True)
    (meeting,) = t.zoom.meetings.values()
    asked: RoomSettings = meeting.request.settings
    assert (asked.waiting_room, asked.telephone, asked.registration, asked.recording) == (False, True, True, False)
