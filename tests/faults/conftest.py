"""Fixtures of the tests that kill processes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.processes import kill_the_rest


@pytest.fixture(autouse=True)
def nothing_left_running() -> Iterator[None]:
    """A bot that a failed test leaves running would slow down every test after it."""
    yield
    kill_the_rest()
