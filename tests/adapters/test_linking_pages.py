"""The pages of linking over real sockets: what they say, what they let a browser do, and what never gets out of them."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot.adapters.web.linking_pages import COOKIE, linking_routes
from bot.adapters.web.linking_problems import BY_KIND, PROBLEMS
from bot.adapters.web.server import SECURITY_HEADERS, WebServer
from bot.domain.errors import TAXONOMY, NeedsAttention, Transient, UntrustedInput, UserMistake, VestibuleError
from bot.domain.linking import RETURN_PATH
from bot.services.link_requests import StartPage
from tests.adapters.linking_fakes import CODE, COOKIE_VALUE, MISSING, NOW, TICKET, ZOOM, ScriptedRequests

BACK = f"{RETURN_PATH}?code=canary-zoom-code&state=canary-state"
EVIL = '"><script src=//evil.example/x.js></script><b>Choir</b>{{ 7*7 }}'


class Standing:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("pages do not wait")


class Visited:
    """An answer, read."""

    def __init__(self, answer: aiohttp.ClientResponse, text: str) -> None:
        self.status, self.headers, self.text = answer.status, answer.headers, text
        self.set_cookies = answer.headers.getall("Set-Cookie", [])


class Visitor:
    """A browser without a cookie jar: cookies are sent by hand, because a `__Host-` cookie does not come back over plain HTTP."""

    def __init__(self, port: int, session: aiohttp.ClientSession) -> None:
        self._root, self._session = f"http://127.0.0.1:{port}", session

    async def __call__(self, path: str, method: str = "GET", **headers: str) -> Visited:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self._session.request(method, self._root + path, headers=sent, allow_redirects=False) as answer:
            return Visited(answer, await answer.text())


@pytest.fixture
def requests() -> ScriptedRequests:
    return ScriptedRequests()


@pytest.fixture
async def visit(requests: ScriptedRequests) -> AsyncIterator[Visitor]:
    server = WebServer("127.0.0.1", 0, linking_routes(requests, Standing(), "https://zoom.us/oauth"))
    await server.start()
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield Visitor(server.port, session)
    await server.stop()


class Structure(HTMLParser):
    """Which elements a page has, and that they are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.title = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "title" in self.open:
            self.title += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]


async def every_page(visit: Visitor, requests: ScriptedRequests) -> list[Visited]:
    """Each kind of page once: start, code, a known problem, a bug."""
    pages = [await visit(f"/link/{TICKET}"), await visit(BACK)]
    requests.failure = UserMistake("expired", code="ticket_expired")
    pages.append(await visit(f"/link/{TICKET}"))
    requests.failure = ValueError("canary-bug")
    pages.append(await visit(BACK))
    return pages


# ---------------------------------------------------------------------------------------------- the way through


async def test_start_page_names_community_and_asker_and_has_one_button(visit: Visitor) -> None:
    shown = await visit(f"/link/{TICKET}")
    assert shown.status == 200
    assert "<bdi>Olga</bdi></strong> asked for this" in shown.text
    assert "Choir" in shown.text
    assert "did you not expect this? Close the page" in shown.text
    assert "within the next 9 minutes" in shown.text
    structure = Structure(shown.text)
    assert structure.named("form") == [{"method": "post"}]
    assert len(structure.named("button")) == 1
    assert structure.named("input") == []


async def test_looking_uses_nothing_up_and_sets_no_cookie(visit: Visitor, requests: ScriptedRequests) -> None:
    for method in ("GET", "HEAD", "GET"):
        shown = await visit(f"/link/{TICKET}", method)
        assert (shown.status, shown.set_cookies) == (200, [])
    assert {call[0] for call in requests.calls} == {"opened"}


async def test_button_sets_a_bound_cookie_and_leads_to_zoom(visit: Visitor) -> None:
    answer = await visit(f"/link/{TICKET}", "POST", Sec_Fetch_Site="same-origin")
    assert (answer.status, answer.headers["Location"]) == (303, ZOOM)
    (cookie,) = answer.set_cookies
    name, _, rest = cookie.partition("=")
    assert name == COOKIE
    assert COOKIE.startswith("__Host-")
    parts = {part.strip().lower() for part in rest.split(";")}
    assert {"secure", "httponly", "samesite=lax", "path=/", "max-age=600"} <= parts
    assert not any(part.startswith("domain") for part in parts)


async def test_browser_may_follow_the_button_to_zoom_and_nowhere_else(visit: Visitor) -> None:
    policy = (await visit(f"/link/{TICKET}")).headers["Content-Security-Policy"]
    assert "form-action 'self' https://zoom.us https://*.zoom.us;" in policy
    policy = (await visit(BACK)).headers["Content-Security-Policy"]
    assert "form-action 'self';" in policy


async def test_code_page_shows_account_licence_and_code(visit: Visitor, requests: ScriptedRequests) -> None:
    shown = await visit(BACK, Cookie=f"other=1; {COOKIE}={COOKIE_VALUE}")
    assert shown.status == 200
    assert requests.calls == [("returned", "canary-zoom-code", "canary-state", COOKIE_VALUE, None)]
    assert "Only you type this; nobody will ask you for it." in shown.text
    assert f">{CODE}</p>" in shown.text
    assert "h…@choir.example" in shown.text
    assert "Licensed: every member gets a personal link" in shown.text
    assert "within the next 10 minutes" in shown.text
    assert shown.set_cookies == []


async def test_basic_account_and_missing_rights_are_said_before_anything_is_linked(
    visit: Visitor, requests: ScriptedRequests
) -> None:
    requests.pending = replace(requests.pending, licensed=False, missing_optional=MISSING)
    text = (await visit(BACK)).text
    assert "Basic means less safety" in text
    assert all(scope.without in text for scope in MISSING)


# ---------------------------------------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize("code", sorted({*PROBLEMS} - {"not_pressed_here", "not_opened"}))
async def test_every_failure_has_a_page_that_says_what_to_do_next(
    visit: Visitor, requests: ScriptedRequests, code: str
) -> None:
    requests.failure = UserMistake("Missing at Zoom: meeting:write:meeting.", code=code)
    for shown in (await visit(f"/link/{TICKET}"), await visit(BACK), await visit(f"/link/{TICKET}", "POST")):
        problem = PROBLEMS[code]
        assert shown.status == problem.status
        assert problem.heading in shown.text
        assert "What to do next" in shown.text
        assert (problem.what or "Missing at Zoom: meeting:write:meeting.").split("'")[0] in shown.text
        assert shown.set_cookies == []


@pytest.mark.parametrize("kind", TAXONOMY)
async def test_errors_without_a_page_of_their_own_are_explained_too(
    visit: Visitor, requests: ScriptedRequests, kind: type[VestibuleError]
) -> None:
    requests.failure = kind("Zoom said something new.", code="never_heard_of")
    shown = await visit(BACK)
    assert shown.status == BY_KIND[kind].status
    assert "Zoom said something new." in shown.text
    assert Structure(shown.text).named("li")


def test_table_has_every_kind_of_error() -> None:
    assert set(BY_KIND) == set(TAXONOMY)


async def test_denial_reaches_the_use_case_so_that_the_request_ends(visit: Visitor, requests: ScriptedRequests) -> None:
    await visit(f"{RETURN_PATH}?error=access_denied&state=canary-state", Cookie=f"{COOKIE}={COOKIE_VALUE}")
    assert requests.calls == [("returned", None, "canary-state", COOKIE_VALUE, "access_denied")]


async def test_bug_gets_a_reference_that_the_log_explains(visit: Visitor, requests: ScriptedRequests) -> None:
    requests.failure = ValueError("canary-bug")
    with capture_logs() as logs:
        shown = await visit(BACK)
    assert shown.status == 500
    assert "not with you" in shown.text
    assert "canary" not in shown.text
    (line,) = [line for line in logs if line["event"] == "linking.failed"]
    assert line["reference"] in shown.text


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
async def test_button_pressed_by_another_site_does_nothing(
    visit: Visitor, requests: ScriptedRequests, site: str
) -> None:
    shown = await visit(f"/link/{TICKET}", "POST", Sec_Fetch_Site=site)
    assert (shown.status, shown.set_cookies) == (403, [])
    assert "start on the page itself" in shown.text
    assert requests.calls == []


async def test_way_back_is_not_used_up_by_head_or_prefetch(visit: Visitor, requests: ScriptedRequests) -> None:
    await visit(BACK, "HEAD", Cookie=f"{COOKIE}={COOKIE_VALUE}")
    shown = await visit(BACK, Sec_Purpose="prefetch;prerender", Cookie=f"{COOKIE}={COOKIE_VALUE}")
    assert shown.status == 503
    assert not any(call[0] == "returned" for call in requests.calls)


# ---------------------------------------------------------------------------------------------- safe pages


async def test_names_cannot_become_markup(visit: Visitor, requests: ScriptedRequests) -> None:
    requests.page = StartPage(EVIL, EVIL, NOW)
    requests.pending = replace(requests.pending, guild_name=EVIL, zoom_email_hint=EVIL)
    start, code = await visit(f"/link/{TICKET}"), await visit(BACK)
    requests.failure = NeedsAttention(EVIL, code="scope_missing")
    problem = await visit(BACK)
    for shown in (start, code, problem):
        structure = Structure(shown.text)
        assert structure.named("script") == []
        assert structure.named("b") == []
        assert "&lt;script" in shown.text
        assert "{{ 7*7 }}" in shown.text


async def test_every_page_loads_only_our_stylesheet_and_carries_the_headers(
    visit: Visitor, requests: ScriptedRequests
) -> None:
    for shown in await every_page(visit, requests):
        for name in {*SECURITY_HEADERS} - {"Content-Security-Policy"}:
            assert shown.headers[name] == SECURITY_HEADERS[name]
        assert shown.headers["Content-Security-Policy"].startswith(
            "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'"
        )
        assert shown.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "noindex" in shown.headers["X-Robots-Tag"]
        structure = Structure(shown.text)
        (stylesheet,) = structure.named("link")
        assert stylesheet == {"rel": "stylesheet", "href": "/pages.css"}
        assert structure.elements[0] == ("html", {"lang": "en"})
        assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in structure.named("meta")
        assert len(structure.named("h1")) == 1
        foreign = [attrs for _, attrs in structure.elements if {"src", "style", "action", "onclick"} & set(attrs)]
        assert foreign == []
        assert structure.named("script") + structure.named("style") + structure.named("img") == []


async def test_stylesheet_is_ours_dark_when_wanted_and_loads_nothing(visit: Visitor) -> None:
    shown = await visit("/pages.css")
    assert shown.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "prefers-color-scheme: dark" in shown.text
    assert not re.search(r"url\(|@import|http", shown.text)


async def test_nothing_secret_in_titles_or_logs_and_only_the_code_on_the_page(
    visit: Visitor, requests: ScriptedRequests
) -> None:
    with capture_logs() as logs:
        pages = await every_page(visit, requests)
        requests.failure = UntrustedInput("no", code="ticket_invalid")
        pages.append(await visit(f"/link/{TICKET}", "POST"))
        requests.failure = Transient("Zoom is down")
        pages.append(await visit(BACK, Cookie=f"{COOKIE}={COOKIE_VALUE}"))
    titles = [Structure(shown.text).title for shown in pages]
    assert not [title for title in titles if re.search(f"{CODE}|canary|Choir|Olga", title)]
    for line in logs:
        line.pop("exc_info", None)
    assert not re.search(f"{CODE}|canary|{RETURN_PATH}", json.dumps(logs))
    assert not [shown for shown in pages if re.search("canary", shown.text)]
    assert [CODE in shown.text for shown in pages] == [False, True, False, False, False, False]
    assert all(shown.headers["Referrer-Policy"] == "no-referrer" for shown in pages)
