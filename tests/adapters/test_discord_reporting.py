"""Reports as people meet them: the form, the answer, the moderators' alert, the reminder in a direct message, and who is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.directory.reading import read_routes
from bot.adapters.discord_chat.replies.reporting import reported
from bot.adapters.discord_chat.replies.shape import MAX_TEXT, Text
from bot.domain.incident import Category, Incident, IncidentId
from bot.domain.meeting import MeetingState
from bot.domain.routes import RouteKind, routes_for
from bot.domain.session import Session
from bot.domain.values import GuildId, MemberId, SessionId
from bot.rehearsal.discord_handles import InteractionHandle
from bot.rehearsal.discord_text import message_text, modal_text
from bot.rehearsal.discord_world import Message
from bot.services.reporting import Reported
from tests.adapters.flow_rig import HOST, LINK, Connect, Town, read, town
from tests.contracts.stores import PASSCODE, meeting
from tests.discord_spec import request_errors
from tests.services.fakes import START
from tests.waiting import until

SEEN = "Somebody called Zorro shouted at 19:02"


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[tuple[Town, Connect]]:
    async with town(tmp_path) as built:
        yield built


@pytest.fixture
async def t(place: tuple[Town, Connect]) -> AsyncIterator[Town]:
    built, connect = place
    async with connect():
        yield built


async def live(t: Town) -> None:
    """A call that is running; put into the store, because how calls are made is shown elsewhere."""
    running = meeting(
        guild_id=t.guild_id,
        link_id=LINK,
        host_id=HOST,
        topic="Choir practice",
        starts_at=t.clock.now(),
        state=MeetingState.LIVE,
    )
    async with t.v.store.work() as uow:
        await uow.meetings.add(running, PASSCODE)
        await uow.audit.append(t.guild_id, "meeting.created", at=t.clock.now(), actor=MemberId(t["Olga"].id))
        await uow.sessions.save(Session(SessionId("run=="), running.meeting_id, t.clock.now()))
        await uow.commit()


async def filled(t: Town, form: InteractionHandle, category: Category, seen: str = SEEN) -> InteractionHandle:
    await form.wait_modal()
    values: Any = {"What was it?": category.value, "What did you see or hear?": seen}
    sent = await t.discord.submit_modal(form, values)
    await sent.wait_settled(quiet=0.06)
    return sent


async def noted(t: Town, commands: int) -> None:
    """Wait until so many commands are in the record: they are noted after they were answered."""

    async def there() -> bool:
        async with t.v.store.read() as uow:
            entries = await uow.audit.entries(t.guild_id)
        return sum(entry.action == "command.used" for entry in entries) >= commands

    await until(there)


async def report(t: Town, who: str, category: Category = Category.HATE) -> InteractionHandle:
    return await filled(t, await t.discord.slash(t[who], t.lobby, "report", {}), category)


def direct(t: Town, who: str) -> list[Message]:
    channel = t.discord.world.dm_with(t[who].user)
    return [] if channel is None else t.discord.messages_in(channel)


async def test_report_from_the_form_to_the_reminder(t: Town) -> None:
    await live(t)
    form = await t.discord.slash(t["Ana"], t.lobby, "report", {})
    asked = modal_text(await form.wait_modal())
    assert "Do not record, copy, photograph or forward anything" in asked
    assert "upload" not in asked
    answer = read(await filled(t, form, Category.CHILD_ABUSE))
    for told in (
        "incident 1",
        "About **Choir",
        "not by whom",
        "emergency number",
        "Zoom has no way for programs",
        "7 days",
    ):
        assert told in answer
    assert SEEN not in answer

    listed = await t.slash("Mona", "incident list")
    assert "**1** Sexual abuse of a child" in listed.text
    shown = await t.slash("Mona", "incident show", number=1)
    assert "Zorro" in shown.text
    assert "Ana" not in shown.text

    t.clock.advance(days=3)
    await t.v.incidents.following_up.sweep()
    (reminder,) = direct(t, "Ana")
    assert "within 7 days" in message_text(reminder)
    assert "Zorro" not in message_text(reminder)
    assert "I remind you again" in read(await t.press("Ana", reminder, "Tomorrow again"))
    assert "I do not remind you" in read(await t.press("Ana", reminder, "Done"))
    t.clock.advance(days=3)
    await t.v.incidents.following_up.sweep()
    assert len(direct(t, "Ana")) == 1
    assert request_errors(t.discord.requests) == []


async def test_files_of_a_reported_message_are_refused_with_the_reason(t: Town) -> None:
    file = {
        "id": "1",
        "filename": "a.png",
        "size": 3,
        "url": "https://cdn.example/a.png",
        "proxy_url": "https://cdn.example/a.png",
    }
    message = t.discord.world.add_message(t.lobby, t["Ben"].user, {"content": "look", "attachments": [file]})
    entry = await t.discord.context_menu(t["Ana"], "Report this to moderators", message, t.lobby)
    answer = read(await filled(t, entry, Category.SEXUAL))
    assert "I did not take them" in answer
    shown = await t.slash("Mona", "incident show", number=1)
    assert f"discord.com/channels/{t.guild.id}" in shown.text
    assert "a.png" not in shown.text


async def test_whoever_is_not_verified_gets_no_form_but_a_way(t: Town) -> None:
    await live(t)
    refused = await t.slash("Mallory", "report")
    assert refused.modal is None
    assert "ring the emergency number" in refused.text
    for command in ("incident list", "incident aftercare"):
        options = {"number": 1} if "aftercare" in command else {}
        assert "Only a moderator" in (await t.slash("Ana", command, **options)).text
    assert "Only an organiser" in (await t.slash("Mona", "incident close", number=1)).text
    assert await t.suggestions("Ana", "incident show", "number") == []


async def test_support_is_offered_without_names_and_answered_in_private(t: Town) -> None:
    await live(t)
    await report(t, "Ana")
    assert "without any name" in (await t.slash("Mona", "incident aftercare", number=1)).text
    offer = t.discord.messages_in(t.calls)[-1]
    assert "Ana" not in message_text(offer)
    answer = await t.press("Ben", offer, "Support for me")
    assert "Somebody you trust" in answer.text
    assert "Samaritans (UK)**. Day and night, about anything that troubles you. *(not checked" in answer.text
    assert request_errors(t.discord.requests) == []


@pytest.mark.parametrize("country", ["GB", "US", "DE", "JP", None])
@pytest.mark.parametrize("category", Category)
def test_longest_answer_fits_into_a_message(country: str | None, category: Category) -> None:
    kinds = (RouteKind.ZOOM, RouteKind.POLICE, RouteKind.HOTLINE)
    routes = routes_for(read_routes(), country, category, kinds)
    incident = Incident(IncidentId("i" * 26), GuildId(1), 999_999, category, START)
    reply = reported(
        Reported(incident, category, None, routes, by_moderator=True, confirm_until=START, removal="x" * 200),
        of_message=True,
    )
    texts = [block.markdown for block in reply.blocks if isinstance(block, Text)]
    assert sum(map(len, texts)) <= MAX_TEXT
    assert "more." not in texts[1], "no route may fall off the end"


async def test_organisers_page_through_the_record_and_nobody_else(t: Town) -> None:
    await live(t)
    for _ in range(8):
        await t.slash("Mona", "incident list")
    await t.slash("Ben", "audit")
    await report(t, "Ana")
    assert "Only an organiser" in (await t.slash("Mona", "audit")).text
    await noted(t, 10)
    first = await t.slash("Olga", "audit")
    assert "incident report" in first.text
    assert f"**command used** by <@{t['Ben'].id}> (command audit, outcome not\\_organiser)" in first.text
    assert str(t["Ana"].id) not in first.text, "nobody reads here who reported"
    older = await t.press("Olga", first, "Older")
    assert "meeting" in older.text
    only = await t.slash("Olga", "audit", topic="incidents")
    assert "incident open" in only.text
    assert "command used" not in only.text
    mona = await t.slash("Olga", "audit", person=t["Mona"])
    assert "incident.list" in mona.text
    assert "by <@" + str(t["Ben"].id) not in mona.text
    assert request_errors(t.discord.requests) == []


async def test_evidence_is_a_file_only_the_organiser_sees(t: Town) -> None:
    await live(t)
    await report(t, "Ana")
    assert "Only an organiser" in (await t.slash("Mona", "incident export", number=1)).text
    answer = await t.slash("Olga", "incident export", number=1)
    assert "(file: incident-1-" in answer.text
    assert answer.reply is not None
    assert answer.reply.private_to == t["Olga"].id
    waiting = await t.slash("Olga", "incident export", number=1, names=True)
    assert "one of two organisers has agreed" in waiting.text
    assert "only organiser here" in waiting.text
    assert request_errors(t.discord.requests) == []
