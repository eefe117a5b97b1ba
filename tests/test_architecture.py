"""The directions of imports, and the few things that only one place may do."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "bot").rglob("*.py"))
LONGEST_FILE = 400


def found(pattern: str) -> set[str]:
    """Files whose code has it."""
    return {
        path.relative_to(ROOT).as_posix() for path in SOURCES if re.search(pattern, path.read_text(encoding="utf-8"))
    }


def test_layers_hold() -> None:
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert " 0 broken" in run.stdout


def test_every_part_has_its_layer() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    named = {name.strip() for layer in layers for name in re.split(r"[|:]", layer)}
    parts = {
        f"bot.{path.stem}"
        for path in (ROOT / "bot").iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").exists())
    }
    assert parts - {"bot.__init__"} <= named


def test_every_adapter_is_in_the_independence_contract() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    independent = next(contract["modules"] for contract in contracts if contract["type"] == "independence")
    folders = {
        f"bot.adapters.{path.name}" for path in (ROOT / "bot" / "adapters").iterdir() if (path / "__init__.py").exists()
    }
    assert folders == set(independent)


def test_only_the_settings_read_the_environment() -> None:
    assert found(r"os\.environ|os\.getenv|getenv\(|environb|BaseSettings|load_dotenv|dotenv_values") == {
        "bot/settings.py"
    }


def test_time_and_chance_come_through_ports() -> None:
    clocks = r"datetime\.now|date\.today|utcnow|time\.(?:time|monotonic|sleep)|asyncio\.sleep"
    pattern = clocks + r"|import (?:random|secrets|uuid)|from (?:random|secrets|uuid)"
    assert {name for name in found(pattern) if name.startswith(("bot/domain", "bot/services", "bot/ports"))} == set()


def test_no_file_is_too_long_to_read() -> None:
    long = {
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if len(path.read_text(encoding="utf-8").splitlines()) > LONGEST_FILE
    }
    assert long - {"bot/domain/grants.py"} == set()


def test_nothing_is_left_unfinished() -> None:
    assert found(r"\bTODO\b|\bFIXME\b|\bXXX\b|raise NotImplementedError|type: ignore(?!\[)") == set()


def test_nothing_touches_imagery() -> None:
    pattern = r"\.attachments\b|/recordings\b|cloud_recording|screenshot|\bimage/|\.to_file\(|read_attachment"
    assert {name for name in found(pattern) if not name.startswith("bot/rehearsal/")} == set()
