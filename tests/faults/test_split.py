"""The parts as processes of their own: together they are the bot, and the end of one of them is made good by the others."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import LiteralString

import aiohttp
import psycopg
import pytest

from bot.app import run
from bot.rehearsal.discord_handles import InteractionHandle
from bot.roles import Role
from tests.e2e.town import Town, town
from tests.faults.bot_life import Bot
from tests.faults.stage import Stage
from tests.waiting import PATIENCE, until

TOKEN = "a-token-for-prometheus"


@pytest.fixture
async def place(postgres_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(tmp_path, database_url=postgres_url) as made:
        yield made


def serving(place: Town, shard: int) -> list[str]:
    """The live sessions of a shard."""
    sessions = place.discord.gateway.sessions.values()
    return [session.id for session in sessions if session.shard == shard and session.connection is not None]


def counted(url: str, what: LiteralString) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM " + what).fetchone()  # noqa: S608 - literals
    assert row is not None
    return int(row[0])


async def asked(stage: Stage) -> InteractionHandle:
    handle = await stage.place.discord.slash(stage.olga, stage.calls, "meeting list")
    await handle.wait_settled()
    return handle


async def metrics_of(bot: Bot, token: str = TOKEN) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{bot.port}/metrics", headers={"Authorization": f"Bearer {token}"}) as answer,
    ):
        return answer.status, await answer.text()


async def test_shards_of_a_killed_process_are_taken_over_and_presses_work(place: Town) -> None:
    stage = Stage(place)
    place.discord.limits.identify_window = 2.0  # the bot keeps 5.2: a process may be held up on its way
    options = {"shard_count": 2, "shards_per_process": 1}
    first = await Bot.born(place, Role.SHARD, **options)
    second = await Bot.born(place, Role.SHARD, **options)
    await until(lambda: bool(serving(place, 0) and serving(place, 1)))
    assert (await asked(stage)).reply is not None

    shard = (place.guild.id >> 22) % 2
    victim, survivor = (first, second) if shard == 0 else (second, first)
    before = serving(place, shard)
    await victim.killed()
    await until(lambda: bool(set(serving(place, shard)) - set(before)))
    assert (await asked(stage)).reply is not None
    assert len(place.discord.gateway.identifies) <= 4
    assert await survivor.stopped() == 0


async def test_worker_killed_in_the_middle_of_a_job_leaves_it_to_the_next(place: Town, postgres_url: str) -> None:
    stage = Stage(place)
    watched = {"metrics_token": TOKEN, "health_port": 0}
    worker, shard, web = await asyncio.gather(
        *(Bot.born(place, role, **watched) for role in (Role.WORKER, Role.SHARD, Role.WEB))
    )
    await until(lambda: bool(serving(place, 0)) and counted(postgres_url, "zoom_host") == 1)
    await stage.set_up()
    draft = (await stage.drafted()).reply
    assert draft is not None
    place.discord.faults.add(("POST", r"/channels/\d+/messages$"), "apply_then_timeout")
    await (await place.discord.press(stage.olga, draft, "Create")).wait_settled()
    await stage.announced()
    assert stage.unfinished_jobs()
    await worker.killed()
    place.discord.faults.release()

    reborn = await Bot.born(place, Role.WORKER, **watched)
    await stage.at_rest()
    assert len(place.discord.messages_in(stage.calls)) == 1
    await assert_metrics_tell_nothing_of_anybody(stage, [shard, reborn, web])
    assert [await bot.stopped() for bot in (reborn, shard, web)] == [0, 0, 0]


async def assert_metrics_tell_nothing_of_anybody(stage: Stage, bots: list[Bot]) -> None:
    place, settings = stage.place, stage.place.settings
    secrets = {*settings.secrets, *place.zoom.secrets(), TOKEN, settings.zoom_account_id, *settings.zoom_hosts}
    named = (member.user for member in place.guild.members.values())
    people = {user.name for user in named if user is not place.discord.bot} | {"Choir", "Ana", "practice"}
    texts = []
    for bot in bots:
        assert (await metrics_of(bot, "wrong"))[0] == 401
        status, text = await metrics_of(bot)
        assert status == 200
        assert not [word for word in secrets | people if word and word in text]
        assert not re.search(r"(?<![\d.])\d{17}", text)
        assert re.search(r"^vestibule_discord_connected 1\.0$", text, re.MULTILINE)
        texts.append(text)
    shard, worker, _ = texts
    assert 'vestibule_commands_total{command="meeting.create"' in shard
    assert 'vestibule_zoom_requests_total{label="light",status="201"} 1.0' in shard
    assert 'vestibule_jobs_total{outcome="done"' in worker


async def test_two_processes_on_one_shard_answer_an_interaction_once(place: Town, postgres_url: str) -> None:
    stage = Stage(place)
    stop, ready = asyncio.Event(), [asyncio.Event(), asyncio.Event()]

    def run_until_stopped(noted: asyncio.Event) -> Coroutine[object, object, None]:
        return run(place.settings, stop=stop, outside=place.outside, on_ready=lambda _: noted.set())

    both = [asyncio.create_task(run_until_stopped(each)) for each in ready]
    for each in ready:
        await asyncio.wait_for(each.wait(), PATIENCE)
    assert len(serving(place, 0)) == 2
    await until(lambda: counted(postgres_url, "zoom_host") == 1)
    await stage.set_up()
    handle = await stage.drafted()
    stop.set()
    await asyncio.gather(*both)
    assert handle.reply is not None
    answers: dict[str, list[int]] = defaultdict(list)
    for request in place.discord.requests:
        if request.path.endswith("/callback"):
            answers[request.path].append(request.status or 0)
    assert [sorted(statuses) for statuses in answers.values()] == [[200, 400]] * 6
    assert counted(postgres_url, "meeting") == 1
