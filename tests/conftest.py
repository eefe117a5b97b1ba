"""Fixtures every test file may use."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

from bot.adapters.discord_chat import answering
from bot.adapters.zoom import pacing
from bot.logs import LIBRARY_LEVELS
from tests.waiting import PATIENCE

pytest_plugins = ["tests.databases"]

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
"""The processes that tests start share what the first of them compiled; otherwise each would compile the whole bot."""

settings.register_profile("busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy machine")
"""How long an example takes says more about the machine than about the code."""

_LONG = ("tests/e2e/", "tests/faults/", "tests/test_bench_smoke.py")
"""Where whole bots run: on a busy machine such a test takes minutes."""
_LONG_MAY_TAKE = 300


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests come first, spread over the workers: were one of them the last to begin, everybody would wait for it."""
    long = [item for item in items if item.nodeid.startswith(_LONG)]
    short = [item for item in items if not item.nodeid.startswith(_LONG)]
    for item in long:
        item.add_marker(pytest.mark.timeout(_LONG_MAY_TAKE))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    share = -(-len(short) // workers)
    items[:] = [item for n in range(workers) for item in (*long[n::workers], *short[n * share : (n + 1) * share])]


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """What a test sets up of logging ends with it, so that no test depends on which ran before."""
    root = logging.getLogger()
    handlers = list(root.handlers)
    loggers = [root, *map(logging.getLogger, LIBRARY_LEVELS)]
    levels = [logger.level for logger in loggers]
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    yield
    structlog.reset_defaults()
    for handler in [handler for handler in root.handlers if handler not in handlers and not _of_pytest(handler)]:
        root.removeHandler(handler)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
    logging.getLogger("aiohttp.access").disabled = False
    logging.captureWarnings(False)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks


@pytest.fixture(autouse=True)
def nobody_is_told_that_it_takes_longer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine any answer may take longer than the seconds after which people are told that it does, or that they should try again. A
    test that is about that is marked `slow_answers`, or says itself what is slow."""
    if request.node.get_closest_marker("slow_answers") is None:
        monkeypatch.setattr(answering, "PATIENCE", answering.Patience(slow=PATIENCE))
        monkeypatch.setattr(pacing, "PATIENCE", PATIENCE)


def _of_pytest(handler: logging.Handler) -> bool:
    return type(handler).__module__.startswith("_pytest.")
