"""Where the published API descriptions are, for tests that check against them.

The descriptions are not part of the project. `SHARED_DIR` names their folder (default: `shared` beside the checkout). Where the folder does
not stand, tests that need it are skipped with one reason, so that pytest's summary counts them; if `SHARED_DIR` was set, a missing file fails.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

_SET = "SHARED_DIR" in os.environ
SHARED_DIR = Path(os.environ.get("SHARED_DIR", Path(__file__).resolve().parents[2] / "shared"))


def shared(path: str) -> Path:
    """The file or folder `path` inside the shared folder; skips the test if the folder is absent."""
    found = SHARED_DIR / path
    if not found.exists():
        if _SET:
            pytest.fail(f"SHARED_DIR is set but {path} is not in it")
        pytest.skip("published API descriptions not found (set SHARED_DIR)")
    return found


@cache
def shared_json(path: str) -> Any:
    """The parsed JSON file `path` inside the shared folder."""
    return json.loads(shared(path).read_text(encoding="utf-8"))
