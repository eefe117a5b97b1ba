"""The small web server: starts, stops, and puts the same safe headers on every answer. What it serves is handed in as routes."""

from __future__ import annotations

import errno
import secrets
import socket
from collections.abc import Iterable

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from bot.adapters.web.pages import install
from bot.domain.errors import NeedsAttention

MAX_BODY = 256 * 1024
"""Bytes of a request's body; more is refused before it is read. The largest thing expected is an event of Zoom's, of a few kilobytes."""

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), display-capture=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
    "Cache-Control": "no-store",
}
"""For an answer that does not set its own (https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Headers_Cheat_Sheet.html)."""

_log = structlog.get_logger("vestibule.web")


class WebServer:
    """Listens on one address. Paths are not logged: they can carry what only one person may see.

    Args:
        port: 0 takes a free one; `port` tells which after `start`.
        stop_seconds: how long requests under way get to finish.
    """

    def __init__(
        self, host: str, port: int, routes: Iterable[web.AbstractRouteDef], *, stop_seconds: float = 3.0
    ) -> None:
        self._host, self._wanted = host, port
        application = web.Application(middlewares=[_safe_errors], client_max_size=MAX_BODY)
        install(application)
        application.add_routes(routes)
        application.on_response_prepare.append(_add_headers)
        self._runner = web.AppRunner(application, access_log=None, handle_signals=False, shutdown_timeout=stop_seconds)

    @property
    def port(self) -> int:
        """The port it listens on."""
        addresses = self._runner.addresses
        return int(addresses[0][1]) if addresses else self._wanted

    async def start(self) -> None:
        """Begin to listen.

        Raises:
            NeedsAttention: the address cannot be listened on; says what to change.
        """
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._wanted).start()
        except OSError as error:
            await self._runner.cleanup()
            raise _bind_problem(error, self._host, self._wanted) from None

    async def stop(self) -> None:
        """Stop listening, let requests under way finish, close the rest. Stopping twice does no harm."""
        await self._runner.cleanup()


def _bind_problem(error: OSError, host: str, port: int) -> NeedsAttention:
    if error.errno == errno.EADDRINUSE:
        text = f"Port {port} is in use: stop the other program that listens there, or set PORT to another number."
    elif error.errno == errno.EACCES:
        text = f"This user may not listen on port {port}: set PORT to a number above 1023."
    elif error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        text = f"{host} is no address of this machine: set HOST to 0.0.0.0, or to 127.0.0.1 behind a proxy."
    else:
        text = f"Cannot listen on port {port} ({error.strerror or type(error).__name__}): check HOST and PORT."
    return NeedsAttention(text, code="cannot_listen")


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.pop("Server", None)


@web.middleware
async def _safe_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors as short plain text; a bug becomes a reference that the log explains."""
    try:
        return await handler(request)
    except web.HTTPException as answer:
        if answer.status < 400:
            raise
        kept = {name: answer.headers[name] for name in ("Allow", "Retry-After") if name in answer.headers}
        return web.Response(status=answer.status, text=f"{answer.status} {answer.reason}\n", headers=kept)
    except Exception:
        reference = secrets.token_hex(4)
        route = request.match_info.route.resource
        _log.exception("request_failed", reference=reference, route=route.canonical if route is not None else None)
        return web.Response(status=500, text=f"Something went wrong here. Reference: {reference}\n")
