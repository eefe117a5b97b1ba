"""How the processes of a benchmark talk: one JSON object a line, questions on standard input, answers on standard output.

A child lives until its standard input closes, so none outlives the benchmark that started it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Any, Self

Answer = Mapping[str, Any]
Handler = Callable[..., Awaitable[Answer]]
_ROOT = Path(__file__).resolve().parents[1]
_LINE_LIMIT = 2**24
_READY_WITHIN = 90.0
_ANSWER_WITHIN = 150.0
_END_WITHIN = 20.0
_LAST_LINES = 20


class Child:
    """A process of the benchmark, as its parent sees it. Use `started`.

    `ready` is what it said when it was ready, `seconds_to_ready` how long that took from just before the process was made.
    """

    def __init__(self, process: Process, log: Path, began: float) -> None:
        self._process, self._log, self._began = process, log, began
        self._ids = itertools.count()
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._ready: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(self._read())
        self.ready: Answer = {}
        self.seconds_to_ready = 0.0

    @classmethod
    async def start(cls, module: str, config: Mapping[str, Any], log: Path) -> Self:
        """Start `python -m module` with `config` as its first line; returns once it is ready.

        Raises:
            RuntimeError: it ended, or was not ready in time.
        """
        with log.open("ab") as log_file:
            began = perf_counter()
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", module, cwd=_ROOT, stdin=PIPE, stdout=PIPE, stderr=log_file, limit=_LINE_LIMIT
            )
        child = cls(process, log, began)
        try:
            child._write(config)
            async with asyncio.timeout(_READY_WITHIN):
                child.ready = await child._ready
        except BaseException:
            await child.stop()
            raise
        return child

    async def ask(self, what: str, **arguments: Any) -> dict[str, Any]:
        """Have the child do something and give its answer.

        Raises:
            RuntimeError: it failed or ended.
        """
        number = next(self._ids)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        self._write({"id": number, "do": what, "with": arguments})
        try:
            async with asyncio.timeout(_ANSWER_WITHIN):
                answer = await self._waiting[number]
        finally:
            del self._waiting[number]
        if "failed" in answer:
            raise RuntimeError(f"{what}: {answer['failed']}\n{self._last_words()}")
        gave: dict[str, Any] = answer["gave"]
        return gave

    async def stop(self) -> None:
        """Let it end in order."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(_END_WITHIN):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._reading

    def _write(self, message: Mapping[str, Any]) -> None:
        if self._process.stdin is not None:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")

    async def _read(self) -> None:
        if self._process.stdout is None:
            return
        while line := await self._process.stdout.readline():
            message = json.loads(line)
            if "ready" in message:
                self.seconds_to_ready = perf_counter() - self._began
                self._ready.set_result(message["ready"])
            elif message["id"] in self._waiting:
                self._waiting[message["id"]].set_result(message)
        for waiting in (self._ready, *self._waiting.values()):
            if not waiting.done():
                waiting.set_exception(RuntimeError(f"the process ended\n{self._last_words()}"))

    def _last_words(self) -> str:
        """The end of its log, which is gone with the benchmark's folder."""
        return "\n".join(self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:])


@asynccontextmanager
async def started(module: str, config: Mapping[str, Any], log: Path) -> AsyncIterator[Child]:
    """A child for the length of a block."""
    child = await Child.start(module, config, log)
    try:
        yield child
    finally:
        await child.stop()


class Parent:
    """The parent, as a child sees it. Use `opened`."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def opened(cls) -> Self:
        """Take over standard input. Call it once."""
        reader = asyncio.StreamReader(limit=_LINE_LIMIT)
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        return cls(reader)

    async def config(self) -> dict[str, Any]:
        """The first line."""
        config: dict[str, Any] = json.loads(await self._reader.readline())
        return config

    def say_ready(self, **facts: Any) -> None:
        """Tell the parent that everything stands."""
        _say({"ready": facts})

    async def serve(self, handlers: Mapping[str, Handler]) -> None:
        """Answer until the parent closes the line."""
        while line := await self._reader.readline():
            message = json.loads(line)
            task = asyncio.create_task(_answer(message["id"], handlers[message["do"]], message["with"]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def _answer(number: int, handler: Handler, arguments: Mapping[str, Any]) -> None:
    try:
        _say({"id": number, "gave": await handler(**arguments)})
    except Exception as error:
        _say({"id": number, "failed": f"{type(error).__name__}: {error}"})


def _say(message: Answer) -> None:
    os.write(1, json.dumps(message).encode() + b"\n")
