"""Every scenario that ships, played by the real bot against the stand-ins; what it sent is then held against the published descriptions."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing as closing_database
from contextlib import suppress
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from _pytest.mark import ParameterSet

from bot.adapters.timing import MovableClock
from bot.logs import configure_logs
from bot.rehearsal import expectations
from bot.rehearsal.director import Performance, rehearse
from bot.rehearsal.events import Closing
from bot.rehearsal.leaks import search
from bot.rehearsal.options import RehearsalOptions
from bot.rehearsal.scenario_reading import DEFAULT, load, read, shipped
from bot.rehearsal.transcript import Transcript
from bot.staging import start_bot
from tests.databases import everything_in, sqlite_at_head
from tests.discord_spec import request_errors
from tests.waiting import until
from tests.zoom_spec import zoom_request_errors

LEAST = """
title = "Least"
[[people]]
name = "Mina"
roles = ["Organiser"]
manages_server = true
[[people]]
name = "Ana"
roles = ["Member"]
[[steps]]
who = "Mina"
play = "setup"
[[steps]]
who = "Mina"
play = "plan"
[[steps]]
advance_to = "links open"
[[steps]]
who = "Ana"
press = "Get my link"
gets_link = true
"""


@pytest.fixture(autouse=True)
def logs() -> None:
    """Logging as `vestibule rehearse` sets it up, so that the log lines that are searched are the real ones."""
    configure_logs(level="error", form="json", stream=io.StringIO())


async def played(text: str, folder: Path) -> tuple[Performance, Closing, str]:
    """Play a scenario given as text."""
    out = io.StringIO()
    sqlite_at_head(folder / "vestibule.db")
    performance = Performance(read(text, "test"), start_bot, MovableClock, folder, Transcript(out, colour=False))
    return performance, await performance.play(), out.getvalue()


ON_BOTH_STORES = (DEFAULT, "linking", "forwarded-address", "grant-dies", "lost-role", "changed-at-zoom", "two-hundred")
"""Stories of what one database could do differently from the other: linking and every attack on it, tokens, links taken back, and a crowd."""
LONG_ONCE_MORE = ("forwarded-address", "grant-dies", "changed-at-zoom", "two-hundred")
"""Those of them that play on PostgreSQL with the slow tests."""


def stories() -> Iterator[ParameterSet]:
    """Every scenario on SQLite, and some on PostgreSQL."""
    for store, names in (("sqlite", shipped()), ("postgresql", ON_BOTH_STORES)):
        for name in names:
            marks = [pytest.mark.slow_answers] if name == "zoom-is-down" else []
            if store == "postgresql" and name in LONG_ONCE_MORE:
                marks.append(pytest.mark.slow)
            yield pytest.param(name, store, id=f"{name}-{store}", marks=marks)


@pytest.mark.parametrize(("name", "database_setting"), stories(), indirect=["database_setting"])
async def test_scenario_ends_as_expected(name: str, database_setting: str | None, tmp_path: Path) -> None:
    out = io.StringIO()
    if name != DEFAULT:  # that one shows that an empty folder is enough
        sqlite_at_head(tmp_path / "vestibule.db")
    start = partial(start_bot, database_url=database_setting)
    performance = Performance(load(Path(name)), start, MovableClock, tmp_path, Transcript(out, colour=False))
    closing = await performance.play()
    assert closing.well, f"{[failed.expected for failed in performance.failed]} {closing.leaks}\n{out.getvalue()}"
    assert closing.held > 10
    assert closing.secrets > 10
    assert closing.places["log lines"] > 20
    text = out.getvalue()
    assert not [secret for secret in performance.stage.zoom.secrets() if len(secret) > 9 and secret in text]
    assert not [line for line in performance.log.serious if "discord.bug" in line]
    assert request_errors(performance.stage.discord.requests) == []
    assert zoom_request_errors(performance.stage.zoom.requests) == []
    if database_setting is None:
        assert closing.places["job arguments"] > 0
        return
    stored = everything_in(database_setting)
    assert "meeting" in stored
    secrets = performance.stage.zoom.secrets() | performance.stage.own_secrets | performance.journals.given.keys()
    assert not [secret for secret in secrets if len(secret) > 9 and secret in stored]


async def test_failed_expectation_fails_the_rehearsal_and_the_story_goes_on(tmp_path: Path) -> None:
    text = LEAST + '[[steps]]\nwho = "Ana"\nsees_not = "way into"\n[[steps]]\nwho = "Ana"\ngets_link = true\n'
    performance, closing, transcript = await played(text, tmp_path)
    assert [failed.expected for failed in performance.failed] == ["Ana does not see “way into”"]
    assert not closing.well
    assert "Instead: “way into” is there" in transcript


async def test_what_never_comes_is_missed_when_patience_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expectations, "PATIENCE", 0.2)
    text = LEAST.partition("[[steps]]")[0] + '[[steps]]\nwho = "Ana"\nsees = "Bananas"\n'
    performance, _, transcript = await played(text, tmp_path)
    assert [failed.expected for failed in performance.failed] == ["Ana sees “Bananas”"]
    assert "Instead: nothing" in transcript


async def test_secret_is_found_wherever_it_is_hidden(tmp_path: Path) -> None:
    performance, closing, _ = await played(LEAST, tmp_path)
    assert closing.well
    stage, journals, log = performance.stage, performance.journals, performance.log
    (link,) = (
        registrant.join_url for meeting in stage.zoom.meetings for registrant in stage.zoom.registrants(meeting.id)
    )
    token = link.partition("tk=")[2]

    def found_in() -> set[str]:
        return {leak.place for leak in search(stage, journals, log).leaks}

    message = stage.discord.world.add_message(
        stage.cast.channels["calls"], stage.discord.bot, {"content": f"({token})"}
    )
    assert found_in() == {"public texts", "what Mina sees"}
    del stage.discord.world.messages[message.id]
    log.lines.append(f"joined with {link}")
    assert found_in() == {"log lines"}
    log.lines.pop()
    (tmp_path / "dump.bin").write_bytes(b"\x00\xff" + token.encode() + b"\x00")
    assert found_in() == {"files of the bot"}
    (tmp_path / "dump.bin").unlink()
    with closing_database(sqlite3.connect(tmp_path / "vestibule.db")) as database:
        database.execute("UPDATE work_job SET args = ?", (f'{{"meeting_id": "{token}"}}',))
        database.commit()
    assert "job arguments" in found_in()


async def test_address_and_code_of_linking_are_found_wherever_they_are_not_ones_own(tmp_path: Path) -> None:
    text = LEAST.replace('title = "Least"', 'title = "Least"\n[zoom]\nlinked_by = "oauth"').partition("[[steps]]")[0]
    performance, closing, _ = await played(text + '[[steps]]\nwho = "Mina"\nplay = "link"\n', tmp_path)
    assert closing.well
    stage, journals, log = performance.stage, performance.journals, performance.log
    mina, ana = (journals.of(stage.cast.people[name]) for name in ("Mina", "Ana"))
    (address,), (code,), (cookie,) = mina.addresses, mina.codes, mina.cookies

    def found_in() -> set[str]:
        return {leak.place for leak in search(stage, journals, log).leaks}

    assert found_in() == set()
    for secret in (address, address.rpartition("/")[2], code, cookie):
        log.lines.append(f"opened {secret} just now")
        assert found_in() == {"log lines"}
        log.lines.pop()
        ana.pages.append(f"<p>{secret}</p>")
        assert found_in() == {"a page in Ana's browser"}
        ana.pages.pop()
        secret_message = stage.discord.world.add_message(
            stage.cast.channels["calls"], stage.discord.bot, {"content": f"({secret})"}
        )
        assert {"public texts", "what Ana sees"} <= found_in()
        del stage.discord.world.messages[secret_message.id]


async def test_link_in_two_hands_is_found(tmp_path: Path) -> None:
    performance, _, _ = await played(LEAST, tmp_path)
    journals = {journal.actor.name: journal for journal in performance.journals.everyone}
    journals["Mina"].links += journals["Ana"].links
    leaks = search(performance.stage, performance.journals, performance.log).leaks
    assert "the hands of Mina and Ana" in {leak.place for leak in leaks}


async def test_kept_rehearsal_answers_until_it_is_cancelled_and_leaves_nothing(tmp_path: Path) -> None:
    story, lines = tmp_path / "story.toml", io.StringIO()
    story.write_text(LEAST)
    task = asyncio.create_task(
        rehearse(RehearsalOptions(story, as_json=True, keep=True), start_bot, MovableClock, out=lines)
    )
    await until(lambda: "kept_open" in lines.getvalue())
    addresses = json.loads(lines.getvalue().splitlines()[-1])["addresses"]
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{addresses['Zoom REST']}/users") as answer:
            assert answer.status == 401
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(f"{addresses['Zoom REST']}/users")
    assert not Path(addresses["Data folder"]).exists()


async def test_rehearse_gives_a_status_a_list_and_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = io.StringIO()
    assert await rehearse(RehearsalOptions(list_only=True), start_bot, MovableClock, out=out) == 0
    assert all(name in out.getvalue() for name in shipped())
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('title = "x"\n[[steps]]\nbot = "start"\n')
    assert await rehearse(RehearsalOptions(wrong), start_bot, MovableClock, out=out) == 1
    assert '"people" is missing' in capsys.readouterr().err
    story = tmp_path / "story.toml"
    story.write_text(LEAST)
    lines = io.StringIO()
    assert await rehearse(RehearsalOptions(story, as_json=True), start_bot, MovableClock, out=lines) == 0
    assert '"event": "closing"' in lines.getvalue().splitlines()[-1]
