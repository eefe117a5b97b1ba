"""The rehearsal's web browser keeps the rules that real ones keep; without that, pages could pass that no browser would take."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from yarl import URL

from bot.rehearsal.browser import BlockedByBrowser, Browser
from bot.rehearsal.browser_page import Page

SITE = "https://site.example"
PAGE = '<title>T</title><h1>Hello <b>you</b></h1><form method="post" action="/go"><button>Go on</button></form><a href="/else">Else</a>'


class Site:
    """A small site that remembers what browsers sent."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, str]] = []
        self.cookie = "__Host-a=1; Secure; Path=/; HttpOnly; SameSite=Lax"
        self.policy = "form-action 'self'"
        self.port = 0

    async def home(self, request: web.Request) -> web.Response:
        self._note(request)
        headers = {"Set-Cookie": self.cookie, "Content-Security-Policy": self.policy}
        return web.Response(text=PAGE, content_type="text/html", headers=headers)

    async def go(self, request: web.Request) -> web.Response:
        self._note(request)
        return web.Response(status=303, headers={"Location": f"http://127.0.0.1:{self.port}/other"})

    async def other(self, request: web.Request) -> web.Response:
        self._note(request)
        return web.Response(text="<p>Other</p>", content_type="text/html")

    def _note(self, request: web.Request) -> None:
        self.seen.append((request.path, request.headers["Sec-Fetch-Site"], request.headers.get("Cookie", "")))


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    built = Site()
    application = web.Application()
    application.add_routes([web.get("/", built.home), web.post("/go", built.go), web.get("/other", built.other)])
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    built.port = runner.addresses[0][1]
    yield built
    await runner.cleanup()


def browser_for(site: Site) -> Browser:
    return Browser(lambda: {SITE: f"http://127.0.0.1:{site.port}"})


async def test_secure_cookie_comes_back_to_its_site_only(site: Site) -> None:
    site.policy = f"form-action 'self' http://127.0.0.1:{site.port}"
    browser = browser_for(site)
    await browser.open(SITE + "/")
    page = await browser.press()
    assert page.text == "Other"
    assert site.seen == [("/", "none", ""), ("/go", "same-origin", "__Host-a=1"), ("/other", "cross-site", "")]
    await browser_for(site).open(SITE + "/")
    assert site.seen[-1] == ("/", "none", "")


@pytest.mark.parametrize(
    "cookie", ["__Host-a=1; Path=/", "__Host-a=1; Secure; Path=/x", "__Host-a=1; Secure; Path=/; Domain=site.example"]
)
async def test_host_cookie_that_could_reach_elsewhere_is_dropped(site: Site, cookie: str) -> None:
    site.cookie = cookie
    browser = browser_for(site)
    await browser.open(SITE + "/")
    await browser.open(SITE + "/other")
    assert site.seen[-1] == ("/other", "none", "")


async def test_secure_cookie_is_dropped_without_tls(site: Site) -> None:
    browser = browser_for(site)
    await browser.open(f"http://127.0.0.1:{site.port}/")
    await browser.open(f"http://127.0.0.1:{site.port}/other")
    assert site.seen[-1] == ("/other", "none", "")


async def test_redirect_of_a_form_is_held_against_the_policy(site: Site) -> None:
    browser = browser_for(site)
    await browser.open(SITE + "/")
    with pytest.raises(BlockedByBrowser, match="forbids its form"):
        await browser.press()


async def test_nothing_leaves_this_machine(site: Site) -> None:
    with pytest.raises(BlockedByBrowser, match="not on this machine"):
        await browser_for(site).open("https://elsewhere.example/")


def test_page_is_read_as_a_person_reads_it() -> None:
    page = Page(
        URL(SITE),
        200,
        {},
        PAGE + '<p class="code">K7F<b>Q2M</b></p><ul><li>one</li><li>two <strong>x</strong></li></ul>',
    )
    assert page.text.split("\n") == ["### Hello you", "[ Go on ]", "Else", "K7FQ2M", "- one", "- two **x**"]
    assert (page.title, page.code, page.links) == ("T", "K7FQ2M", {"Else": "/else"})
