"""Everything the bot logs while it is on the stage, kept to be searched for secrets."""

from __future__ import annotations

import logging
import traceback
from types import TracebackType
from typing import Self


class LogBook(logging.Handler):
    """A logging handler that keeps each record as it was handed to logging: before any redaction, so that nothing is hidden from the search.

    While open, records from INFO on reach it, whatever level other handlers print.
    """

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []
        self.serious: list[str] = []
        self._was: tuple[int, list[tuple[logging.Handler, int]]] = (logging.WARNING, [])

    def __enter__(self) -> Self:
        root = logging.getLogger()
        self._was = (root.level, [(handler, handler.level) for handler in root.handlers])
        for handler in root.handlers:
            handler.setLevel(max(handler.level, root.level))
        root.setLevel(logging.INFO)
        root.addHandler(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        root = logging.getLogger()
        root.removeHandler(self)
        root.setLevel(self._was[0])
        for handler, level in self._was[1]:
            handler.setLevel(level)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the record with its arguments and its traceback."""
        parts = [record.name, record.levelname, str(record.msg)]
        if record.args:
            parts.append(str(record.args))
        if isinstance(record.exc_info, tuple) and record.exc_info[1] is not None:
            parts.append("".join(traceback.format_exception(record.exc_info[1])))
        line = " ".join(parts)
        self.lines.append(line)
        if record.levelno >= logging.ERROR:
            self.serious.append(line)
