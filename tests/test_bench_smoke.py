"""The benchmarks run and say what they promise to say. Their figures are nobody's business here."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from bench import acting, events, memory, press, roster, rush, startup
from bench.__main__ import main
from bench.figures import over_rounds, percentile, table


def _say(_: str) -> None:
    return


@pytest.mark.slow
async def test_every_benchmark_runs_beside_its_baseline(tmp_path: Path) -> None:
    folders = {name: tmp_path / name for name in ("press", "rush", "startup", "memory", "events")}
    for folder in folders.values():
        folder.mkdir()
    pressed, rushed, started, used = await asyncio.gather(
        press.measure(press.Plan(newcomers=True, samples=5, saturate_seconds=0.1), folders["press"], _say),
        rush.measure(rush.Plan(members=12, within=0.2, zoom_seconds=0.1), folders["rush"], _say),
        startup.measure(startup.Plan(rounds=1, starts=1, guild_ready_timeout=0.05), folders["startup"], _say),
        memory.measure(
            memory.Plan(few=1, many=4, rounds=1, guild_ready_timeout=0.05, settle=0), folders["memory"], _say
        ),
    )
    assert pressed["trips"] == ["discord POST", "zoom POST", "discord PATCH"]
    assert pressed["refused"] == {"discord": 0, "zoom": 0}
    for state in ("idle", "loaded"):
        assert pressed[state]["samples"] == 5
        assert pressed[state]["bare_p50"] > 0
        assert pressed[state]["press_p99"] >= pressed[state]["press_p50"] > 0
    assert pressed["loaded"]["rate"] == pytest.approx(pressed["saturation"] * press.LOADED_SHARE)
    assert rushed["refused"] == {"discord": 0, "zoom": 0, "zoom_429": 0}
    assert rushed["unanswered"] == 0
    assert rushed["cpu"]["bot"] > 0
    assert rushed["calls"]["single"] + rushed["calls"]["batch"] >= 1
    assert rushed["p99"] >= rushed["p50"] > 0
    assert rushed["finished"] == pytest.approx(rushed["single_ratio"] * rushed["single_bound"])
    assert "took / least" in rush.report(rushed)
    assert set(started["seconds"]) == {"bare", "empty", "existing"}
    assert all(seconds > 0.05 for seconds in started["seconds"].values())
    assert used["bot"]["few"] > used["bare"]["few"] > 2**20
    for result in (pressed, rushed, started, used):
        assert json.loads(json.dumps(result)) == result
    reports = (press.report(pressed), startup.report(started), memory.report(used))
    assert "synchronous=NORMAL" in reports[0]
    assert "synchronous=NORMAL" in reports[1]
    assert all("| bare" in report or "bare ms" in report for report in reports)


@pytest.mark.slow
async def test_every_event_sent_is_kept_and_answered(tmp_path: Path) -> None:
    result = await events.measure(events.Plan(connections=4, seconds=0.1), tmp_path, _say)
    assert result["kept"]["refused"] == result["bare"]["refused"] == 0
    assert result["kept"]["samples"] > 0
    assert result["ratio"] > 0
    assert result["kept"]["cpu"] > 0
    assert "ratio to the bare handler" in events.report(result)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["lock", "stranger"])
async def test_acting_on_a_call_is_timed_beside_bare_requests(tmp_path: Path, what: str) -> None:
    plan = acting.Plan(what, samples=5, saturate_seconds=0.1, calls=1, holders=2, warm_up=1)
    result = await acting.measure(plan, tmp_path, _say)
    for state in ("idle", "loaded"):
        assert result[state]["samples"] == 5
        assert result[state]["press_p99"] >= result[state]["press_p50"] > 0
        assert result[state]["bare_p50"] > 0
    assert result["load"] == pytest.approx(result["saturation"] * press.LOADED_SHARE)
    assert f"{what}: added ms idle p50" in acting.report(result)


@pytest.mark.slow
async def test_every_size_of_call_takes_every_event(tmp_path: Path) -> None:
    result = await roster.measure(roster.Plan(sizes=(2, 4), samples=5, warm_up=1), tmp_path, _say)
    assert [call["people"] for call in result["calls"]] == [2, 4]
    assert all(call["mean"] > 0 and call["look"] > 0 for call in result["calls"])
    assert result["calls"][0]["ratio"] == 1
    assert "roster: mean CPU ms" in roster.report(result)


def test_the_command_line_names_every_benchmark(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    told = capsys.readouterr().out
    assert all(name in told for name in ("press", "rush", "startup", "memory", "events", "lock", "stranger", "roster"))


def test_percentiles_are_samples_and_rounds_are_joined_by_their_median() -> None:
    assert percentile([5, 1, 3, 2, 4], 50) == 3
    assert percentile(list(range(1, 101)), 99) == 99
    assert percentile([7], 99) == 7
    with pytest.raises(ValueError, match="no samples"):
        percentile([], 50)
    assert over_rounds([[1, 1], [2, 2], [900, 900]], 50) == 2


def test_table_is_aligned_markdown() -> None:
    assert table(["a", "bb"], [["1", "2"], ["333", "4"]]).splitlines() == [
        "| a   | bb |",
        "| --- | -- |",
        "| 1   | 2  |",
        "| 333 | 4  |",
    ]
