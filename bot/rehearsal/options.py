"""What was asked of a rehearsal on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RehearsalOptions:
    """Which story, and how it is told.

    `scenario` is a file, or the name of one that ships; None is the default story. `as_json`: one JSON object per event. `keep`: leave
    everything running at the end and print the addresses. `list_only`: only list the scenarios that ship. `colour`: use it on a terminal.
    """

    scenario: Path | None = None
    as_json: bool = False
    keep: bool = False
    list_only: bool = False
    colour: bool = True
