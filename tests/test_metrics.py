"""The figures for Prometheus: behind their token, and about nobody. (That no process tells of anybody: `tests/faults/test_split.py`.)"""

from __future__ import annotations

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application

from bot import metrics
from bot.adapters.web.metrics import metrics_routes

TOKEN = "a-token-for-prometheus"


@pytest.fixture(autouse=True)
def fresh_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_seen", {})


async def status_of(token: str | None, header: str | None) -> int:
    application = Application()
    application.add_routes(metrics_routes(token))
    async with TestClient(TestServer(application)) as client:
        headers = {} if header is None else {"Authorization": header}
        return (await client.get("/metrics", headers=headers)).status


@pytest.mark.parametrize(
    ("token", "header", "status"),
    [
        (None, f"Bearer {TOKEN}", 404),
        (TOKEN, None, 401),
        (TOKEN, "Bearer wrong-wrong-wrong-1", 401),
        (TOKEN, TOKEN, 401),
        (TOKEN, f"Bearer {TOKEN}", 200),
    ],
)
async def test_only_who_sends_the_token_reads_them(token: str | None, header: str | None, status: int) -> None:
    assert await status_of(token, header) == status


@pytest.mark.parametrize(
    "value", ["Ana Müller", "1200000000000000077", "https://zoom.us/j/1?tk=x", "a" * 80, "Ben", ""]
)
def test_what_is_no_name_of_ours_is_counted_as_other(value: str) -> None:
    metrics.count_command(value, value)
    assert 'command="other",outcome="other"' in metrics.text().decode()
    assert f'"{value}"' not in metrics.text().decode()


def test_there_are_never_more_names_than_there_can_be() -> None:
    for number in range(300):
        letters = f"{chr(97 + number // 26 % 26)}{chr(97 + number % 26)}{chr(97 + number // 676)}"
        metrics.count_command("join", f"odd_{letters}")
    outcomes = [line for line in metrics.text().decode().splitlines() if 'outcome="odd_' in line]
    assert len(outcomes) <= 200


def test_every_label_is_one_of_a_known_few() -> None:
    known = {"command", "outcome", "task", "label", "status", "lane", "le"}
    for family in metrics.REGISTRY.collect():
        for sample in family.samples:
            assert set(sample.labels) <= known
