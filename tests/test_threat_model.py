"""The threat model names stories and tests that exist, and something that shows each of the twelve ways in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([\w-]+\.toml|tests/[\w/]+\.py)`", TEXT))))
def test_what_the_threat_model_names_exists(name: str) -> None:
    assert (ROOT / "bot" / "rehearsal" / "scenarios" / name if name.endswith(".toml") else ROOT / name).is_file()


@pytest.mark.parametrize("way", [f"T{number}" for number in range(1, 13)])
def test_each_way_in_has_a_row_that_names_what_shows_it(way: str) -> None:
    (row,) = (line for line in TEXT.splitlines() if line.startswith(f"| {way} |"))
    _, control, shown_by, remains = row.strip("| ").split(" | ")[1:]
    assert control
    assert re.search(r"`[\w/.-]+\.(toml|py)`", shown_by)
    assert remains
