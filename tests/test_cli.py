"""The command line: help, exit statuses, clear lines instead of tracebacks, and stopping by signal in a real process."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.cli import main
from tests.waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[1]
KEY = Fernet.generate_key().decode()
REQUIRED = {
    "DISCORD_TOKEN": "discord-token-value",
    "ZOOM_CLIENT_ID": "zoom-client-value",
    "ZOOM_CLIENT_SECRET": "zoom-secret-value",
    "SECRET_KEYS": KEY,
}
STAND_IN_APP = """
import asyncio, sys, types
from bot.domain.errors import NeedsAttention, Transient

app = types.ModuleType("bot.app")

async def run(settings, *, stop, role, on_ready):
    print("running", flush=True)
    {run}

async def migrate(settings):
    {migrate}

async def examine(settings):
    from bot.services.checkup import Finding, Level
    return [Finding(Level({level!r}), "Database", "looked at.")]

app.run, app.migrate = run, migrate
sys.modules["bot.app"] = app

examination, staging = types.ModuleType("bot.examination"), types.ModuleType("bot.staging")
examination.examine, staging.start_bot = examine, None
sys.modules["bot.examination"], sys.modules["bot.staging"] = examination, staging

director = types.ModuleType("bot.rehearsal.director")

async def rehearse(options, start_bot, make_clock):
    print(options, flush=True)
    {rehearse}

director.rehearse = rehearse
sys.modules["bot.rehearsal.director"] = director

from bot.cli import main
sys.exit(main())
"""


def script(
    folder: Path, *, run: str = "pass", migrate: str = "pass", level: str = "ok", rehearse: str = "return 0"
) -> Path:
    """The real command line over an application that does one thing."""
    path = folder / "vestibule.py"
    path.write_text(STAND_IN_APP.format(run=run, migrate=migrate, level=level, rehearse=rehearse), encoding="utf-8")
    return path


def started(folder: Path, path: Path | None, *arguments: str, **environ: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(path)] if path else [sys.executable, "-m", "bot"]
    clean = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "COLUMNS": "100"}
    return subprocess.Popen(  # noqa: S603 (ourselves)
        [*command, *arguments],
        cwd=folder,
        env=clean | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(folder: Path, path: Path | None, *arguments: str, **environ: str) -> tuple[int, str, str]:
    process = started(folder, path, *arguments, **environ)
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def printed_by(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[object, str, str]:
    """What the parser prints before it leaves."""
    with pytest.raises(SystemExit) as left:
        main(arguments)
    shown = capsys.readouterr()
    return left.value.code, shown.out, shown.err


def test_help_names_every_command(tmp_path: Path) -> None:
    status, out, err = ended(tmp_path, None, "--help")
    assert (status, err) == (0, "")
    for command in ("run", "migrate", "doctor", "keys", "rehearse"):
        assert re.search(rf"^    {command}\s+\S+", out, re.MULTILINE)
    assert "vestibule rehearse" in out


@pytest.mark.parametrize("command", [["run"], ["migrate"], ["doctor"], ["keys"], ["keys", "new"], ["rehearse"]])
def test_every_command_has_help(capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    status, out, _ = printed_by(capsys, *command, "--help")
    assert status == 0
    assert out.startswith(f"usage: vestibule {' '.join(command)}")
    assert len(out.splitlines()) > 4


@pytest.mark.parametrize("arguments", [[], ["fly"], ["run", "--fast"]])
def test_a_command_that_is_not_understood_is_status_2(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    status, _, err = printed_by(capsys, *arguments)
    assert status == 2
    assert "usage: vestibule" in err


def test_a_new_key_stands_alone_on_standard_output(tmp_path: Path) -> None:
    status, out, err = ended(tmp_path, None, "keys", "new")
    assert status == 0
    Fernet(out.strip())
    assert len(out.splitlines()) == 1
    assert "SECRET_KEYS" in err


@pytest.mark.parametrize("command", ["run", "migrate"])
def test_missing_settings_are_a_list_without_traceback(tmp_path: Path, command: str) -> None:
    status, out, err = ended(tmp_path, None, command)
    assert (status, out) == (1, "")
    assert [line for line in REQUIRED if f"- {line} is missing" not in err] == []
    assert "Traceback" not in err


def test_doctor_shows_missing_settings_as_broken(tmp_path: Path) -> None:
    status, out, err = ended(tmp_path, None, "doctor")
    assert (status, err) == (1, "")
    assert out.count("BROKEN") == 4


@pytest.mark.parametrize(("level", "status"), [("ok", 0), ("warning", 0), ("by hand", 0), ("broken", 1)])
def test_doctor_fails_only_if_something_is_broken(tmp_path: Path, level: str, status: int) -> None:
    got, out, _ = ended(tmp_path, script(tmp_path, level=level), "doctor", **REQUIRED)
    assert got == status
    assert "Database: looked at." in out


@pytest.mark.parametrize(
    "raised",
    [
        'raise NeedsAttention("Port 8080 is in use.")',
        'raise Transient("Port 8080 is in use.")',
        'raise ExceptionGroup("several", [NeedsAttention("Port 8080 is in use."), NeedsAttention("Port 8080 is in use.")])',
    ],
)
def test_a_known_problem_is_one_clear_line(tmp_path: Path, raised: str) -> None:
    status, out, err = ended(tmp_path, script(tmp_path, run=raised), "run", **REQUIRED)
    assert (status, out, err) == (1, "running\n", "Port 8080 is in use.\n")


@pytest.mark.parametrize(
    "raised",
    [
        'raise ValueError("discord-token-value")',
        'raise ExceptionGroup("x", [NeedsAttention("y"), ValueError("discord-token-value")])',
    ],
)
@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_bug_is_a_reference_and_a_logged_traceback_without_secrets(
    tmp_path: Path, raised: str, log_format: str
) -> None:
    status, _, err = ended(tmp_path, script(tmp_path, run=raised), "run", LOG_FORMAT=log_format, **REQUIRED)
    assert status == 70
    (reference,) = re.findall(r"Reference: ([0-9a-f]{8})", err)
    assert err.count(reference) == 2
    assert "ValueError" in err
    assert "discord-token-value" not in err


def test_migrate_is_handed_the_settings(tmp_path: Path) -> None:
    path = script(tmp_path, migrate="print(settings.port)")
    assert ended(tmp_path, path, "migrate", PORT="4711", **REQUIRED)[:2] == (0, "4711\n")


def test_rehearse_needs_no_settings_and_passes_on_what_was_chosen(tmp_path: Path) -> None:
    path = script(tmp_path, rehearse="return 3")
    status, out, _ = ended(tmp_path, path, "rehearse", "--scenario", "a.toml", "--json", "--keep")
    assert status == 3
    assert "a.toml" in out
    assert "as_json=True, keep=True, list_only=False" in out


WAITS = "await stop.wait(); print('stopped in order', flush=True)"
STUBBORN = """
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            print("cancelled", flush=True)
"""
DEAF = "await asyncio.sleep(60)"


def running(folder: Path, run: str, **environ: str) -> subprocess.Popen[str]:
    process = started(folder, script(folder, run=run), "run", **REQUIRED, **environ)
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"
    return process


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_stops_in_order(tmp_path: Path, name: signal.Signals) -> None:
    process = running(tmp_path, WAITS)
    process.send_signal(name)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (0, "stopped in order\n")
    assert "again to stop at once" in err
    assert "Traceback" not in err


def test_what_is_loaded_when_the_bot_is_ready_is_spared_from_the_collector(tmp_path: Path) -> None:
    said = "import gc; before = gc.get_freeze_count(); on_ready(0); print(before, gc.get_freeze_count() > 1000, flush=True)"
    status, out, _ = ended(tmp_path, script(tmp_path, run=said), "run", **REQUIRED)
    assert (status, out) == (0, "running\n0 True\n")


def test_a_second_signal_stops_at_once(tmp_path: Path) -> None:
    process = running(tmp_path, STUBBORN, SHUTDOWN_SECONDS="25")
    assert process.stderr is not None
    process.send_signal(signal.SIGINT)
    assert "again" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "cancelled" not in out, "it was not the time being up that ended it"


def test_an_application_that_does_not_stop_is_cancelled_when_the_time_is_up(tmp_path: Path) -> None:
    process = running(tmp_path, DEAF, SHUTDOWN_SECONDS="0")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Traceback" not in err


def test_ctrl_c_ends_a_rehearsal(tmp_path: Path) -> None:
    path = script(tmp_path, rehearse="await asyncio.sleep(60)")
    process = started(tmp_path, path, "rehearse")
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Traceback" not in err


def test_a_port_in_use_ends_the_real_server_with_one_line(tmp_path: Path) -> None:
    serve = (
        "from bot.adapters.web.server import WebServer; from bot.adapters.web.health import health_routes; "
        "await WebServer(settings.host, settings.port, health_routes({{}})).start()"
    ).replace("{{}}", "dict()")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        status, _, err = ended(tmp_path, script(tmp_path, run=serve), "run", HOST="127.0.0.1", PORT=port, **REQUIRED)
    assert status == 1
    assert err == f"Port {port} is in use: stop the other program that listens there, or set PORT to another number.\n"


def test_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    process = started(tmp_path, None, "rehearse", "--list")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    assert (process.wait(timeout=PATIENCE), err) == (0, "")


@pytest.mark.parametrize("part", ["web", "worker", "shard"])
def test_a_part_on_sqlite_is_refused_with_what_to_do(part: str, tmp_path: Path) -> None:
    status, out, err = ended(tmp_path, None, part, **REQUIRED)
    assert (status, out) == (1, "")
    assert f'"vestibule {part}" is one of several processes' in err
    assert 'On SQLite use "vestibule run"' in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
