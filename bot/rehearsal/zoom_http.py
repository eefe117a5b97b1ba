"""The HTTP side of the stand-in for Zoom: routes, authorisation, limits, the error shape, and the log of requests."""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from urllib.parse import urlencode

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.rehearsal.faults import FaultPlan
from bot.rehearsal.zoom_endpoints import ENDPOINTS, Endpoint
from bot.rehearsal.zoom_limits import ALLOWANCES, Label, Limits, Plan
from bot.rehearsal.zoom_oauth import OAuthError, ZoomOAuth
from bot.rehearsal.zoom_state import ZoomState
from bot.rehearsal.zoom_wire import Call, CallHandler, JsonObject, ZoomError

_BAD_JSON = "Request Body should be a valid JSON object."


@dataclass(slots=True)
class RequestRecord:
    """One request as the stand-in saw it.

    `status` is what the caller was answered, `None` while there is no answer and where there never was one; `applied` is what the stand-in did
    (the status it would have answered), `None` if the request was never carried out. `code` is Zoom's error number, 0 for none. `body` is kept
    in memory for assertions and never logged.
    """

    at: datetime
    method: str
    template: str
    path: str
    label: Label | None = None
    host: str | None = None
    status: int | None = None
    applied: int | None = None
    code: int = 0
    body: JsonObject | None = field(default=None, repr=False)


_RECORD = web.RequestKey("record", RequestRecord)


class ZoomHttp:
    """Builds the aiohttp application.

    Args:
        handlers: what carries out each endpoint, by method and template.
    """

    def __init__(
        self,
        state: ZoomState,
        oauth: ZoomOAuth,
        limits: Limits,
        handlers: Mapping[tuple[str, str], CallHandler],
    ) -> None:
        self._state = state
        self._oauth = oauth
        self._limits = limits
        self._handlers = handlers
        self.faults = FaultPlan(self._rate_limited)
        self.requests: list[RequestRecord] = []
        self.before_answer: Callable[[], Awaitable[None]] | None = None
        """Awaited after a call was carried out and before it is answered."""

    def application(self) -> web.Application:
        """A fresh application: the API under `/v2`, OAuth under `/oauth`."""
        app = web.Application(middlewares=[self._recording(), self.faults.middleware])
        for endpoint in ENDPOINTS:
            app.router.add_route(endpoint.method, f"/v2{endpoint.template}", self._api(endpoint))
        app.router.add_route("*", "/v2/{rest:.*}", self._unknown)
        app.router.add_post("/oauth/token", self._token)
        app.router.add_post("/oauth/revoke", self._revoke)
        app.router.add_get("/oauth/authorize", self._authorize)
        return app

    def _recording(self) -> Middleware:
        @web.middleware
        async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
            resource = request.match_info.route.resource
            template = (resource.canonical if resource is not None else request.path).removeprefix("/v2")
            noted = RequestRecord(self._state.now(), request.method, template, request.path)
            self.requests.append(noted)
            request[_RECORD] = noted
            answer = await handler(request)
            if request.transport is not None and not request.transport.is_closing():
                noted.status = answer.status
            return answer

        return record

    def _api(self, endpoint: Endpoint) -> Handler:
        handle = self._handlers[endpoint.method, endpoint.template]

        async def serve(request: web.Request) -> web.Response:
            noted = request[_RECORD]
            noted.label = endpoint.label
            headers = {"X-RateLimit-Category": endpoint.label.capitalize()}
            body: JsonObject | None
            try:
                call = await self._admitted(endpoint, request)
                try:
                    answer = handle(call)
                    if self.before_answer is not None:
                        await self.before_answer()
                finally:
                    noted.host = call.host
                status, body = answer.status, answer.body
            except ZoomError as error:
                status, body, noted.code = error.status, error.body(), error.code
                headers |= error.headers
            noted.applied = status
            return _json(status, body, headers)

        return serve

    async def _admitted(self, endpoint: Endpoint, request: web.Request) -> Call:
        """The request as a call, once its token, scope, rate and body are found good."""
        grant = self._oauth.authorise(request.headers.get("Authorization", ""), request.query)
        if grant.missing(endpoint.scope):
            wanted = ", ".join(dict.fromkeys((endpoint.scope, endpoint.scope.removesuffix(":admin") + ":admin")))
            raise ZoomError(400, 4711, f"Invalid access token, does not contain scopes:[{wanted}].")
        plan = self._state.accounts[grant.account_id].plan
        self._limits.spend_call(grant.account_id, plan, endpoint.label, per_second_code=endpoint.per_second_code)
        body = await _json_body(request)
        request[_RECORD].body = body or None
        return Call(grant, dict(request.match_info), request.query, body)

    def _rate_limited(self, request: web.Request) -> web.Response:
        """The answer of a `rate_limited` fault: the second's calls are used up, whatever was really used."""
        label = next((e.label for e in ENDPOINTS if (e.method, e.template) == _wanted(request)), Label.LIGHT)
        error = self._limits.per_second(label, ALLOWANCES[Plan.PRO][label].calls)
        request[_RECORD].label, request[_RECORD].code = label, error.code
        return _json(error.status, error.body(), error.headers)

    async def _unknown(self, request: web.Request) -> web.Response:
        request[_RECORD].applied, request[_RECORD].code = 404, 2300
        return _json(404, {"code": 2300, "message": "This API endpoint is not recognized."}, {})

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        return self._oauth_answer(request, lambda: self._oauth.token(request.headers.get("Authorization", ""), form))

    async def _revoke(self, request: web.Request) -> web.Response:
        form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        return self._oauth_answer(request, lambda: self._oauth.revoke(request.headers.get("Authorization", ""), form))

    def _oauth_answer(self, request: web.Request, act: Callable[[], JsonObject]) -> web.Response:
        noted = request[_RECORD]
        no_store = {"Cache-Control": "no-store"}
        try:
            body = act()
        except OAuthError as error:
            noted.applied, noted.code = error.status, error.code
            return _json(error.status, {"reason": error.reason, "error": error.error}, no_store)
        noted.applied = 200
        return _json(200, body, no_store)

    async def _authorize(self, request: web.Request) -> web.StreamResponse:
        """The consent page: a link for each user of the stand-in, which leads back to the app as if they had pressed Allow; and one to decline."""
        noted = request[_RECORD]
        noted.applied = 200
        user = self._state.find_user(request.query.get("as", ""))
        if user is None:
            people = "".join(
                f'<li><a href="?{escape(urlencode([*request.query.items(), ("as", each.email)]))}">Allow as {escape(each.email)}</a></li>'
                for each in self._state.users.values()
            )
            refusal = {"error": "access_denied", "state": request.query.get("state", "")}
            decline = f'<p><a href="{escape(request.query.get("redirect_uri", ""))}?{escape(urlencode(refusal))}">Decline</a></p>'
            return web.Response(text=f"<h1>Stand-in for Zoom</h1><ul>{people}</ul>{decline}", content_type="text/html")
        try:
            target = self._oauth.consent(str(request.url), user)
        except OAuthError as error:
            noted.applied, noted.code = error.status, error.code
            return _json(error.status, {"reason": error.reason, "error": error.error}, {})
        return web.Response(status=302, headers={"Location": target})


def _wanted(request: web.Request) -> tuple[str, str]:
    resource = request.match_info.route.resource
    return request.method, (resource.canonical if resource is not None else "").removeprefix("/v2")


async def _json_body(request: web.Request) -> JsonObject:
    raw = await request.read()
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except ValueError:
        raise ZoomError(400, 300, _BAD_JSON) from None
    if not isinstance(body, dict) or request.content_type != "application/json":
        raise ZoomError(400, 300, _BAD_JSON)
    return body


def _json(status: int, body: JsonObject | None, headers: Mapping[str, str]) -> web.Response:
    sent = {**headers, "x-zm-trackingid": f"v=2.0;clid=us02;rid=WEB_{secrets.token_hex(16)}"}
    if body is None:
        return web.Response(status=status, headers=sent)
    return web.json_response(body, status=status, headers=sent)
