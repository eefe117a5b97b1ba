"""One pipeline for every log line, ours and the libraries': structlog in front, the standard library's logging behind, redaction before the end.

JSON where a machine reads, aligned text on a terminal. Nothing leaves without passing the redactor, not even a failure of logging itself.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import TextIO

import structlog
from structlog.contextvars import bound_contextvars
from structlog.typing import EventDict, Processor, WrappedLogger

from bot.redaction import Redactor

_REDACTOR = Redactor()

LIBRARY_LEVELS = {
    # At DEBUG these print whole bodies and events, with join links and interaction tokens.
    "discord": logging.INFO,
    "discord.http": logging.WARNING,
    "aiohttp": logging.INFO,
    # At INFO SQLAlchemy prints statements, at DEBUG rows; aiosqlite prints parameters at DEBUG.
    "sqlalchemy": logging.WARNING,
    "aiosqlite": logging.WARNING,
    "alembic": logging.WARNING,
    "procrastinate": logging.WARNING,
    "psycopg": logging.WARNING,
    "asyncio": logging.WARNING,
    "tzlocal": logging.WARNING,
}
"""The most talkative level each library may have, whatever LOG_LEVEL says."""

bound = bound_contextvars
"""`with bound(command="join", guild_id=1): ...` adds ids to every line logged inside, in this task and those it starts."""


def register_secret(text: str) -> None:
    """Mask this literal text in every line from now on. Texts under six characters are ignored."""
    _REDACTOR.register(text)


def configure_logs(
    *, level: str = "info", form: str = "auto", stream: TextIO | None = None, secrets: Iterable[str] = ()
) -> None:
    """Send all logging through the one pipeline. Calling it again replaces the earlier set-up.

    Args:
        level: debug, info, warning or error.
        form: json, console, or auto: console on a terminal, else json.
        stream: standard error by default, because standard output belongs to what a command prints.
        secrets: literals to mask.
    """
    for secret in secrets:
        register_secret(secret)
    target = stream if stream is not None else sys.stderr
    on_terminal = form == "console" or (form == "auto" and target.isatty())
    handler = _Handler(target)
    handler.setFormatter(_formatter(on_terminal, colours=target.isatty()))
    root = logging.getLogger()
    for old in [handler for handler in root.handlers if isinstance(handler, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    wanted = logging.getLevelNamesMapping()[level.upper()]
    root.setLevel(wanted)
    for name, least in LIBRARY_LEVELS.items():
        logging.getLogger(name).setLevel(max(wanted, least))
    logging.getLogger("aiohttp.access").disabled = True
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *_shared_processors(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    _catch_what_nobody_caught()


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _formatter(on_terminal: bool, *, colours: bool) -> logging.Formatter:
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback)
        if on_terminal
        else structlog.processors.JSONRenderer()
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared_processors(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _redact,
            renderer,
        ],
    )


def _redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Everything in the event as plain values without secrets. Tracebacks are text by now, so they are covered."""
    kept = {name: event.pop(name) for name in ("level", "timestamp") if name in event}
    return {**{name: _REDACTOR.value(value, name) for name, value in event.items()}, **kept}


class _Handler(logging.StreamHandler[TextIO]):
    """A stream handler that does not print a record it failed to format: the standard one would, arguments and all."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  (the base class's name)
        kind = sys.exc_info()[0]
        self.stream.write(
            f"A log line of {record.name} (line {record.lineno}) could not be written: {kind and kind.__name__}\n"
        )


def _catch_what_nobody_caught() -> None:
    """Uncaught errors print their texts to standard error; let them take the pipeline instead."""
    log = structlog.get_logger("vestibule")

    def uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        log.critical("uncaught_error", exc_info=(kind, error, trace))

    def in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            uncaught(args.exc_type, args.exc_value, args.exc_traceback)

    def unraisable(args: sys.UnraisableHookArgs) -> None:
        if args.exc_value is not None:
            uncaught(args.exc_type, args.exc_value, args.exc_traceback)

    sys.excepthook, threading.excepthook, sys.unraisablehook = uncaught, in_thread, unraisable
