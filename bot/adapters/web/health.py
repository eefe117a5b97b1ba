"""`/healthz`: the process answers. `/readyz`: everything it needs is there. Made for machines, and telling strangers nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog
from aiohttp import web

Check = Callable[[], Awaitable[bool | str]]
"""True: ready. False, or a text that says why not: not ready. The text goes to the log, never into the answer."""

CHECK_SECONDS = 2.0
"""How long one check may take; platforms give a probe a few seconds in all."""

_log = structlog.get_logger("vestibule.health")


def health_routes(checks: Mapping[str, Check], *, check_seconds: float = CHECK_SECONDS) -> list[web.RouteDef]:
    """Both routes. The names of `checks` are shown, so they are plain words such as "store" or "discord"."""

    async def alive(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def ready(_: web.Request) -> web.Response:
        answers = await asyncio.gather(*(_passes(name, check, check_seconds) for name, check in checks.items()))
        shown = {name: "ok" if passed else "waiting" for name, passed in zip(checks, answers, strict=True)}
        status = "ok" if all(answers) else "waiting"
        return web.json_response({"status": status, "checks": shown}, status=200 if all(answers) else 503)

    return [web.get("/healthz", alive), web.get("/readyz", ready)]


async def _passes(name: str, check: Check, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            answer = await check()
    except Exception as error:
        _log.warning("check_failed", check=name, error=type(error).__name__)
        return False
    if answer is not True:
        _log.info("check_waits", check=name, why=answer or None)
    return answer is True
