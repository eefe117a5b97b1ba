"""`/privacy` as members see it, and what the bot hears of servers that put it out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.adapters.discord_chat import answering
from bot.adapters.discord_chat.answering import Patience
from bot.adapters.discord_chat.client import VestibuleClient
from bot.adapters.discord_chat.replies import privacy as words
from bot.adapters.discord_chat.replies.shape import Document, Text
from bot.adapters.discord_chat.whereabouts import DiscordWhereabouts
from bot.domain.privacy import RETENTION, KeptRecord, Topic
from bot.domain.values import GuildId, MemberId
from bot.rehearsal.discord_text import message_text
from bot.services.privacy import About
from tests.adapters.discord_rig import MovedClock, Tree, connected, stand_in
from tests.adapters.flow_rig import Town, read, town
from tests.waiting import until


@pytest.fixture
async def t(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    monkeypatch.setattr(answering, "PATIENCE", Patience(slow=60.0))
    async with town(tmp_path) as (built, connect), connect():
        yield built


async def test_member_sees_what_is_held_and_erases_it(t: Town) -> None:
    await t.links_open()
    link = await t.press("Ana", t.announcement(), "Get my link")
    shown = read(await t.slash("Ana", "privacy me"))
    assert "Choir *practice*" in shown.replace("\\", "")
    assert "name shown in the call: Ana" in shown
    assert "https://" not in shown
    assert read(link).count("https://") >= 1

    asked = await t.slash("Ana", "privacy erase")
    assert "1 link to coming calls" in read(asked)
    answer = await t.press("Ana", asked, "Erase my data")
    assert "**Accepted.**" in read(answer), "the call is about to begin"
    assert not t.zoom.valid_links(next(iter(t.zoom.meetings)))

    t.clock.advance(hours=80)
    await t.v.run_jobs()
    await t.v.data.departures.sweep()
    assert "**Nothing.**" in read(await t.slash("Ana", "privacy me"))


async def test_whoever_keeps_their_data_keeps_it(t: Town) -> None:
    await t.links_open()
    await t.press("Ana", t.announcement(), "Get my link")
    answer = await t.press("Ana", await t.slash("Ana", "privacy erase"), "Keep it")
    assert read(answer) == "Nothing was erased."
    assert "**Nothing.**" not in read(await t.slash("Ana", "privacy me"))


async def test_question_and_answer_are_private(t: Town) -> None:
    handle = await t.slash("Ana", "privacy me")
    assert all(message.private_to == t["Ana"].id for message in handle.messages)


async def test_long_answer_is_a_file_for_the_asker_alone(t: Town) -> None:
    async with t.v.store.work() as uow:
        for number in range(200):
            await uow.audit.append(
                t.guild_id, f"meeting.created{number}", at=t.clock.now(), actor=MemberId(t["Olga"].id)
            )
        await uow.commit()
    handle = await t.slash("Olga", "privacy me")
    (message,) = handle.messages
    assert message.private_to == t["Olga"].id
    (file,) = message.now.attachments
    assert file["filename"] == words.FILE_NAME
    assert words.FILE_NAME in message_text(message)


def test_file_holds_what_the_message_could_not() -> None:
    records = [KeptRecord(Topic.RECORD, (("did", f"deed.{number}"),)) for number in range(500)]
    reply = words.about(About(records, RETENTION))
    (document,) = [block for block in reply.blocks if isinstance(block, Document)]
    assert b"deed.499" in document.content
    text = "".join(block.markdown for block in reply.blocks if isinstance(block, Text))
    assert len(text) < 4000
    assert "500" in text


def test_every_topic_has_its_reason() -> None:
    assert set(words._REASONS) == set(Topic)


async def test_bot_knows_whether_it_is_in_a_server() -> None:
    async with stand_in(MovedClock()) as discord:
        guild = discord.add_guild("Choir")
        async with connected(discord) as connection:
            whereabouts = DiscordWhereabouts(lambda: connection.client())
            assert await whereabouts.in_guild(GuildId(guild.id))
            discord.remove_bot(guild)
            assert not await whereabouts.in_guild(GuildId(guild.id))
            assert not await whereabouts.in_guild(GuildId(5))


async def test_put_out_and_invited_back_are_heard() -> None:
    seen: list[tuple[str, int]] = []

    class Noted:
        async def ready(self) -> None:
            seen.append(("ready", 0))

        async def joined(self, guild_id: int) -> None:
            seen.append(("joined", guild_id))

        async def removed(self, guild_id: int) -> None:
            seen.append(("removed", guild_id))

    async with stand_in(MovedClock()) as discord:
        guild = discord.add_guild("Choir")

        def hear(client: VestibuleClient, _: Tree) -> None:
            client.guild_watch = Noted()

        async with connected(discord, hear):
            await until(lambda: ("ready", 0) in seen)
            discord.remove_bot(guild)
            await until(lambda: ("removed", guild.id) in seen)
            later = discord.add_guild("Larks")
            await until(lambda: ("joined", later.id) in seen)
