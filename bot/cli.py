"""The command line: reads what was asked, runs it, stops it in order, and turns every problem into one clear line.

Exit status: 0 done; 1 something is for a person to fix (settings, a broken check, a failed rehearsal); 2 the command was not understood;
70 a bug; 130 interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path

from bot.domain.errors import VestibuleError
from bot.logs import configure_logs
from bot.settings import Settings, SettingsProblem, colour_allowed, load_settings

DONE, TO_FIX, BUG, INTERRUPTED = 0, 1, 70, 130
STOP_MARGIN_SECONDS = 2.0
"""On top of SHUTDOWN_SECONDS, before a stop that does not come to an end is enforced."""

Stoppable = Callable[[asyncio.Event], Coroutine[object, object, int]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit status."""
    chosen = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = chosen.command
    try:
        status = command(chosen)
        sys.stdout.flush()
        return status
    except (SettingsProblem, VestibuleError, ExceptionGroup) as problem:
        return _report(problem)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # nobody reads any more; say nothing at the exit either
        return DONE
    except Exception as error:
        return _bug(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vestibule",
        description="Keeps strangers out of a community's Zoom calls, from Discord.",
        epilog='New here? "vestibule rehearse" shows everything at work, without any account. '
        "Settings are read from the environment and from a file .env; see .env.example.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    run = commands.add_parser(
        "run",
        help="run the bot and its web server",
        description="Run the bot and its web server until told to stop. "
        "Ctrl-C stops in order, finishing work under way; a second Ctrl-C stops at once.",
    )
    run.set_defaults(command=_run, role="run")

    _add_parts(commands)

    migrate = commands.add_parser(
        "migrate",
        help="bring the database up to date",
        description='Bring the database up to date. "run" does it by itself on SQLite.',
    )
    migrate.set_defaults(command=_migrate)

    doctor = commands.add_parser(
        "doctor",
        help="check everything and say what to fix",
        description="Check settings, database, Zoom and Discord, say what to fix, and print the address that invites the bot. "
        "Changes nothing. Exit status 1 if anything is broken.",
    )
    doctor.set_defaults(command=_doctor)

    keys = commands.add_parser(
        "keys", help="make and change keys", description="Keys that seal what is secret in the database."
    )
    key_commands = keys.add_subparsers(title="commands", metavar="COMMAND", required=True)
    new = key_commands.add_parser(
        "new", help="print a new key for SECRET_KEYS", description="Print a new key for SECRET_KEYS."
    )
    new.set_defaults(command=_new_key)

    rotate = key_commands.add_parser(
        "rotate",
        help="seal everything with the first key",
        description="Seal every secret in the database with the first of SECRET_KEYS, while the bot runs. Put a new key in front, restart the "
        "bot, then run this; it says when the old keys may go. Ctrl-C does no harm: start it again. Exit status 1 while old keys are needed.",
    )
    rotate.set_defaults(command=_rotate)

    _add_audit(commands)

    rehearse = commands.add_parser(
        "rehearse",
        help="watch it work, with no accounts",
        description="Play a story with the real bot against stand-ins for Discord and Zoom on this machine, and print who saw what. "
        "Needs no settings and no network. Exit status 0 only if everything happened as expected.",
    )
    rehearse.add_argument("--scenario", type=Path, metavar="FILE", help="play this scenario (docs/scenarios.md)")
    rehearse.add_argument("--list", dest="list_only", action="store_true", help="list the scenarios that ship")
    rehearse.add_argument("--json", dest="as_json", action="store_true", help="print one JSON object per event")
    rehearse.add_argument("--keep", action="store_true", help="keep running at the end and print the addresses")
    rehearse.set_defaults(command=_rehearse)
    return parser


def _add_audit(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    audit = commands.add_parser(
        "audit",
        help="check the record of what was done",
        description="The record of what was done, and what it is signed with.",
    )
    parts = audit.add_subparsers(title="commands", metavar="COMMAND", required=True)
    verify = parts.add_parser(
        "verify",
        help="find changed, missing and reordered entries",
        description="Check every community's record against its hash chain and its signed checkpoints. Changes nothing. Exit status 1 if "
        "anything was changed, is missing or was reordered.",
    )
    verify.set_defaults(command=_verify_audit)
    key = parts.add_parser(
        "key",
        help="print the public key that records and evidence are signed with",
        description="Print the public key that checkpoints and evidence packs are signed with, and its fingerprint. Safe to give away.",
    )
    key.set_defaults(command=_show_key)
    evidence = parts.add_parser(
        "evidence",
        help="check an evidence pack",
        description="Check a pack that /incident export made: every file against the manifest, the manifest against its signature. "
        "Exit status 1 if anything does not fit.",
    )
    evidence.add_argument("pack", type=Path, metavar="FILE", help="the ZIP file")
    evidence.add_argument(
        "--fingerprint", metavar="HEX", help="the key it must be signed with (see: vestibule audit key)"
    )
    evidence.set_defaults(command=_check_evidence)


def _settings() -> Settings:
    settings = load_settings()
    configure_logs(level=settings.log_level, form=settings.log_format, secrets=settings.secrets)
    return settings


_PARTS = {
    "web": ("serve pages, health and events", "what Zoom, browsers and health checks reach over HTTP"),
    "worker": ("do the durable work", "jobs and everything that falls due; any number of these processes share it"),
    "shard": (
        "serve Discord's commands and presses",
        "connections to Discord; any number of these processes share the shards, and take over those of one that ends",
    ),
}


def _add_parts(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The commands that start one of several processes."""
    for name, (summary, what) in _PARTS.items():
        part = commands.add_parser(
            name,
            help=f"{summary}, as a process of its own (PostgreSQL only)",
            description=f"Run one part of the bot as a process of its own: {what}. Needs PostgreSQL; "
            'on SQLite "run" is everything in one process.',
        )
        part.set_defaults(command=_run, role=name)


def _run(chosen: argparse.Namespace) -> int:
    settings = _settings()
    from bot.app import run
    from bot.collector import keep_what_is_loaded
    from bot.roles import Role

    async def running(stop: asyncio.Event) -> int:
        await run(settings, stop=stop, role=Role(chosen.role), on_ready=lambda _: keep_what_is_loaded())
        return DONE

    return asyncio.run(_until_stopped(running, settings.shutdown_seconds + STOP_MARGIN_SECONDS))


def _migrate(_: argparse.Namespace) -> int:
    settings = _settings()
    from bot.app import migrate

    asyncio.run(migrate(settings))
    return DONE


def _doctor(_: argparse.Namespace) -> int:
    from bot.doctor import anything_broken, as_text, settings_findings

    try:
        settings = _settings()
    except SettingsProblem as problem:
        findings = settings_findings(problem)
    else:
        from bot.examination import examine

        configure_logs(level="error", form=settings.log_format)
        findings = asyncio.run(examine(settings))
    print(as_text(findings))
    return TO_FIX if anything_broken(findings) else DONE


def _new_key(_: argparse.Namespace) -> int:
    from cryptography.fernet import Fernet

    print(Fernet.generate_key().decode())
    print(
        "Put it into SECRET_KEYS, in front of older ones (the first seals, all open), and keep a copy in a safe place.",
        file=sys.stderr,
    )
    return DONE


def _rotate(_: argparse.Namespace) -> int:
    settings = _settings()
    from bot.rotating import rotate_keys

    return DONE if asyncio.run(rotate_keys(settings, print)) else TO_FIX


def _verify_audit(_: argparse.Namespace) -> int:
    settings = _settings()
    from bot.auditing import verify_audit

    return DONE if asyncio.run(verify_audit(settings, print)) else TO_FIX


def _show_key(_: argparse.Namespace) -> int:
    settings = _settings()
    from bot.auditing import show_key

    asyncio.run(show_key(settings, print))
    return DONE


def _check_evidence(chosen: argparse.Namespace) -> int:
    from bot.auditing import check_evidence

    return DONE if check_evidence(chosen.pack, chosen.fingerprint, print) else TO_FIX


def _rehearse(chosen: argparse.Namespace) -> int:
    from bot.adapters.timing import MovableClock
    from bot.rehearsal.director import rehearse
    from bot.rehearsal.options import RehearsalOptions
    from bot.staging import start_bot

    configure_logs(level="error")
    options = RehearsalOptions(
        chosen.scenario,
        as_json=chosen.as_json,
        keep=chosen.keep,
        list_only=chosen.list_only,
        colour=colour_allowed(),
    )

    async def playing(stop: asyncio.Event) -> int:
        return await _unless(stop, rehearse(options, start_bot, MovableClock))

    return asyncio.run(_until_stopped(playing, STOP_MARGIN_SECONDS))


async def _unless(stop: asyncio.Event, work: Coroutine[object, object, int]) -> int:
    """The result of `work`, which is cancelled when `stop` is set."""
    working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not working.done():
        working.cancel()
    try:
        return await working
    except asyncio.CancelledError:
        return INTERRUPTED


async def _until_stopped(work: Stoppable, patience: float) -> int:
    """Run `work`; the first Ctrl-C or SIGTERM sets its event, `patience` seconds later it is cancelled, a second signal ends the process."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    working = asyncio.ensure_future(work(stop))

    def asked() -> None:
        if stop.is_set():
            os._exit(INTERRUPTED)
        stop.set()
        print("Stopping. Press Ctrl-C again to stop at once.", file=sys.stderr, flush=True)
        loop.call_later(patience, working.cancel)

    for name in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows: there Ctrl-C cancels the main task
            loop.add_signal_handler(name, asked)
    try:
        return await working
    except asyncio.CancelledError:
        if not stop.is_set():
            raise
        return INTERRUPTED
    finally:
        for name in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError):
                loop.remove_signal_handler(name)


def _leaves(problem: BaseException) -> list[BaseException]:
    if isinstance(problem, BaseExceptionGroup):
        return [leaf for inner in problem.exceptions for leaf in _leaves(inner)]
    return [problem]


def _report(problem: BaseException) -> int:
    """Problems a person can fix as plain lines; a group with anything else in it is a bug."""
    leaves = _leaves(problem)
    if not all(isinstance(leaf, SettingsProblem | VestibuleError) for leaf in leaves):
        return _bug(problem)
    for text in dict.fromkeys(str(leaf) for leaf in leaves):
        print(text, file=sys.stderr)
    return TO_FIX


def _bug(error: BaseException) -> int:
    import structlog

    reference = secrets.token_hex(4)
    if not structlog.is_configured():
        configure_logs()
    structlog.get_logger("vestibule").critical("unexpected_error", reference=reference, exc_info=error)
    print(f"Something unexpected happened. Reference: {reference}; the line above has the details.", file=sys.stderr)
    return BUG
