"""Linking a Zoom account in the browser: the start page, the way to Zoom, and the page with the code.

Looking at the start page changes nothing, however often chat apps and scanners fetch it; only its button does. The way back from Zoom has to be a
GET (https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2), so there only a browser that holds the cookie of the start gets anything.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog
from aiohttp import web
from yarl import URL

from bot.adapters.web.linking_problems import OUR_FAULT, PROBLEMS, Problem, problem_of
from bot.adapters.web.pages import page, stylesheet_route
from bot.domain.errors import VestibuleError
from bot.domain.linking import RETURN_PATH, START_PATH
from bot.ports import Clock
from bot.services.link_requests import LinkRequests

COOKIE = "__Host-vestibule-link"
"""The prefix makes browsers refuse it from other hosts and over plain HTTP
(https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes)."""
_SIGN_IN = "https://*.zoom.us"
"""Where Zoom may send people to sign in before its consent page."""

_log = structlog.get_logger("vestibule.linking")
_Handler = Callable[[web.Request], Awaitable[web.Response]]


def linking_routes(requests: LinkRequests, clock: Clock, oauth_url: str) -> list[web.RouteDef]:
    """All routes of linking. None of them answers HEAD by doing the work of a GET that consumes something.

    Args:
        oauth_url: where Zoom's consent page is; the form of the start page may lead there.
    """
    pages = _LinkingPages(requests, clock, f"{URL(oauth_url).origin()} {_SIGN_IN}")
    return [
        stylesheet_route(),
        web.get(RETURN_PATH, _explained("return", pages.come_back), allow_head=False),
        web.get(START_PATH + "{ticket}", _explained("start", pages.start)),
        web.post(START_PATH + "{ticket}", _explained("consent", pages.go)),
    ]


class _LinkingPages:
    def __init__(self, requests: LinkRequests, clock: Clock, zoom_sites: str) -> None:
        self._requests = requests
        self._clock = clock
        self._zoom_sites = zoom_sites

    async def start(self, request: web.Request) -> web.Response:
        shown = await self._requests.opened(request.match_info["ticket"])
        values = {"community": shown.guild_name, "asker": shown.asker_name, "time_left": self._left(shown.expires_at)}
        return page(request, "start.html", values, form_leads_to=self._zoom_sites)

    async def go(self, request: web.Request) -> web.Response:
        if _from_elsewhere(request):
            return _problem_page(request, PROBLEMS["not_pressed_here"])
        consent = await self._requests.consent(request.match_info["ticket"])
        answer = web.Response(status=303, headers={"Location": consent.redirect.reveal()})
        answer.set_cookie(
            COOKIE,
            consent.cookie.reveal(),
            max_age=int(consent.max_age.total_seconds()),
            path="/",
            secure=True,
            httponly=True,
            samesite="Lax",
        )
        return answer

    async def come_back(self, request: web.Request) -> web.Response:
        if _only_looks_ahead(request):
            return _problem_page(request, PROBLEMS["not_opened"])
        query = request.query
        pending = await self._requests.returned(
            code=query.get("code"),
            state=query.get("state"),
            cookie=request.cookies.get(COOKIE),
            denied=query.get("error"),
        )
        values = {
            "code": pending.code.reveal(),
            "account": pending.zoom_email_hint,
            "licensed": pending.licensed,
            "community": pending.guild_name,
            "missing_required": pending.missing_required,
            "missing_optional": pending.missing_optional,
            "time_left": self._left(pending.expires_at),
        }
        # the cookie stays for its ten minutes, so that whoever reloads is told that the page is shown once
        return page(request, "code.html", values)

    def _left(self, until: datetime) -> str:
        """Minutes, rounded down: a reader's own clock and zone are not known here."""
        minutes = max(1, int((until - self._clock.now()).total_seconds()) // 60)
        return "1 minute" if minutes == 1 else f"{minutes} minutes"


def _explained(step: str, handle: _Handler) -> _Handler:
    """`handle`, with a page for everything that can go wrong. The log gets the code of the error, never the address."""

    async def run(request: web.Request) -> web.Response:
        try:
            return await handle(request)
        except VestibuleError as error:
            _log.info("linking.refused", step=step, code=error.code)
            return _problem_page(request, problem_of(error), message=error.message)
        except web.HTTPException:
            raise
        except Exception:
            reference = secrets.token_hex(4)
            _log.exception("linking.failed", step=step, reference=reference)
            return _problem_page(request, OUR_FAULT, reference=reference)

    return run


def _problem_page(request: web.Request, problem: Problem, *, message: str = "", reference: str = "") -> web.Response:
    values = {
        "heading": problem.heading,
        "what": problem.what or message,
        "next_steps": problem.next_steps,
        "reference": reference,
    }
    return page(request, "problem.html", values, status=problem.status)


def _from_elsewhere(request: web.Request) -> bool:
    """Whether another site pressed the button. Browsers from before 2023 do not say; for them the code in Discord is what protects.

    https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
    """
    return request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin"


def _only_looks_ahead(request: web.Request) -> bool:
    """Whether the browser fetches the page before anybody asked for it (https://wicg.github.io/nav-speculation/prefetch.html)."""
    return "prefetch" in request.headers.get("Sec-Purpose", request.headers.get("Purpose", ""))
