"""The REST door of the Discord stand-in: reads a request, authenticates, limits, records, and answers as Discord does.

https://docs.discord.com/developers/reference . Answers carry `Content-Type: application/json` and nothing more: discord.py parses JSON only then.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.rehearsal.discord_errors import ApiError, not_found, unauthorized
from bot.rehearsal.discord_limits import Headers, Limits, RateLimiter, TooManyRequests
from bot.rehearsal.discord_world import Json, World

PREFIX = "/api/v10"
_TEXT_PARAMETERS = {"interaction_token", "webhook_token"}


@dataclass(frozen=True)
class Call:
    """One authenticated request on its way to a route."""

    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    attachments: Sequence[Json]
    reason: str | None

    def id(self, name: str) -> int:
        """Path parameter `name` as a snowflake."""
        return int(self.params[name])

    @property
    def fields(self) -> Json:
        """The body as a JSON object; 50035 when it is something else."""
        if not isinstance(self.body, dict):
            raise ApiError(400, 50035, "Invalid Form Body")
        return self.body


Answer = Json | list[Json] | None
"""A JSON answer with 200, or None for 204."""


@dataclass(frozen=True)
class Route:
    """One operation; `template` is the path as Discord's published description writes it."""

    method: str
    template: str
    act: Callable[[Call], Answer]
    needs_token: bool = True

    @property
    def pattern(self) -> re.Pattern[str]:
        """The template as a regular expression with one named group a parameter."""
        return _pattern(self.template)


def _pattern(template: str) -> re.Pattern[str]:
    def group(match: re.Match[str]) -> str:
        name = match[1]
        kind = r"[^/]+" if name in _TEXT_PARAMETERS else r"\d+"
        return f"(?P<{name}>{kind})"

    return re.compile(re.sub(r"\{(\w+)\}", group, template))


@dataclass
class RecordedRequest:
    """One request as it arrived, and the status it was answered with (None while unanswered or cut off)."""

    method: str
    path: str
    template: str | None
    query: Mapping[str, str]
    body: Any
    reason: str | None
    authorized: bool
    at: datetime
    status: int | None = None
    attachments: Sequence[Json] = field(default_factory=tuple)


_RECORDED = web.RequestKey("recorded", RecordedRequest)
_MATCHED: web.RequestKey[tuple[Route, dict[str, str]] | None] = web.RequestKey("matched")


class Rest:
    """Dispatches requests to routes."""

    def __init__(self, world: World, token: str, limits: Limits) -> None:
        self._world, self._token = world, token
        self._limiter = RateLimiter(limits)
        self._routes: list[tuple[Route, re.Pattern[str]]] = []
        self.requests: list[RecordedRequest] = []

    def add(self, *routes: Route) -> None:
        """Add routes; templates with fewer parameters win."""
        self._routes += [(route, route.pattern) for route in routes]
        self._routes.sort(key=lambda pair: pair[0].template.count("{"))

    def _match(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        for route, pattern in self._routes:
            match = pattern.fullmatch(path) if route.method == method else None
            if match is not None:
                return route, match.groupdict()
        return None

    @web.middleware
    async def record(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Write every REST request down, those a fault strikes included."""
        if not request.path.startswith(PREFIX):
            return await handler(request)
        matched = self._match(request.method, request.path.removeprefix(PREFIX))
        body, attachments = await self._read(request)
        reason = request.headers.get("X-Audit-Log-Reason")
        recorded = RecordedRequest(
            request.method,
            request.path.removeprefix(PREFIX),
            matched[0].template if matched else None,
            dict(request.query),
            body,
            unquote(reason) if reason else None,
            request.headers.get("Authorization") == f"Bot {self._token}",
            self._world.now(),
            attachments=attachments,
        )
        self.requests.append(recorded)
        request[_RECORDED], request[_MATCHED] = recorded, matched
        response = await handler(request)
        recorded.status = response.status
        return response

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one REST request."""
        headers: Headers = {}
        try:
            answer, headers = self._answer(request[_RECORDED], request[_MATCHED])
        except TooManyRequests as error:
            return _json_response(error.body(), error.status, error.headers)
        except ApiError as error:
            extra = {"Via": "1.1 google"} if error.status == 429 else {}
            return _json_response(error.body(), error.status, headers | extra)
        return web.Response(status=204, headers=headers) if answer is None else _json_response(answer, 200, headers)

    def _answer(
        self, recorded: RecordedRequest, matched: tuple[Route, dict[str, str]] | None
    ) -> tuple[Answer, Headers]:
        if matched is None:
            raise not_found()
        route, params = matched
        if route.needs_token and not recorded.authorized:
            raise unauthorized()
        headers = self._limiter.check(route.method, route.template, params, counts_globally=route.needs_token)
        if recorded.body is _UNREADABLE:
            recorded.body = None
            raise ApiError(400, 50109, "The request body contains invalid JSON.")
        call = Call(params, recorded.query, recorded.body, recorded.attachments, recorded.reason)
        return route.act(call), headers

    async def _read(self, request: web.Request) -> tuple[Any, Sequence[Json]]:
        """The JSON body and uploaded files (https://docs.discord.com/developers/reference#uploading-files)."""
        if not request.can_read_body:
            return None, ()
        if request.content_type == "multipart/form-data":
            return await self._read_form(request)
        try:
            return json.loads(await request.read()), ()
        except ValueError:
            return _UNREADABLE, ()

    async def _read_form(self, request: web.Request) -> tuple[Any, Sequence[Json]]:
        form = await request.post()
        attachments = [
            {
                "id": str(self._world.snowflake()),
                "filename": part.filename,
                "size": len(content),
                "url": f"https://cdn.discordapp.com/attachments/{part.filename}",
                "proxy_url": f"https://media.discordapp.net/attachments/{part.filename}",
                "text": content.decode("utf-8", errors="replace"),
            }
            for name, part in form.items()
            if name.startswith("files[") and isinstance(part, web.FileField)
            for content in (part.file.read(),)
        ]
        try:
            return json.loads(str(form.get("payload_json", "{}"))), attachments
        except ValueError:
            return _UNREADABLE, attachments


_UNREADABLE = object()


def rate_limited_response(_request: web.Request) -> web.Response:
    """The answer of a route whose limit is used up, for the fault plan."""
    error = TooManyRequests(0.3, {}, everywhere=False)
    return _json_response(error.body(), error.status, error.headers)


def _json_response(body: Any, status: int, headers: Headers) -> web.Response:
    return web.Response(
        body=json.dumps(body).encode(), status=status, headers={"Content-Type": "application/json", **headers}
    )
