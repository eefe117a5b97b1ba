"""Processes of their own, for tests that need several or kill one.

They are forked from a server that has imported the bot once: importing it anew takes longer than most of what they do.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections.abc import Callable, Coroutine
from multiprocessing.connection import Connection
from typing import Any

from tests.waiting import until

Main = Callable[[Connection, Any], Coroutine[Any, Any, None]]

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.faults.bot_process", "tests.faults.token_process"])
_children: list[Child] = []


class Child:
    """One process. `main(connection, told)` is what it does; both sides talk by sending each other values over their `connection`."""

    def __init__(self, main: Main, told: object) -> None:
        self.connection, theirs = _FORKS.Pipe()
        self._process = _FORKS.Process(target=_live, args=(main, theirs, told), daemon=True)
        self._process.start()
        theirs.close()
        _children.append(self)

    async def heard(self) -> Any:
        """What it says next; EOFError if it has ended."""
        await until(self.connection.poll)
        return self.connection.recv()

    async def killed(self) -> None:
        """As by `kill -9`."""
        self._process.kill()
        await self.ended()

    async def ended(self) -> int:
        """Its exit status, once it has ended."""
        await until(lambda: self._process.exitcode is not None)
        _children.remove(self)
        return self._process.exitcode or 0


def kill_the_rest() -> None:
    """End what a failed test has left running."""
    while _children:
        _children.pop()._process.kill()


def _live(main: Main, connection: Connection, told: object) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    asyncio.run(main(connection, told))
