"""A person's web browser: follows redirects, keeps cookies, and holds pages to the rules that real browsers hold them to.

The bot listens without TLS and is reached under its public https:// address through the operator's proxy; the browser plays that proxy, so that
secure cookies behave as they do in the world.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from http.cookies import Morsel

import aiohttp
from yarl import URL

from bot.rehearsal.browser_page import Form, Page

_MOST_REDIRECTS = 10
_REDIRECTS = (301, 302, 303, 307, 308)


class BlockedByBrowser(Exception):
    """A real browser would not do this; the message says why."""


class Browser:
    """One person's browser.

    Args:
        doors: for each public origin, where it really listens now. Other addresses must be on this machine.
    """

    def __init__(self, doors: Callable[[], Mapping[str, str]]) -> None:
        self._doors = doors
        self._jar = aiohttp.CookieJar()
        self.page: Page | None = None
        self.cookies_seen: list[str] = []

    async def open(self, address: str) -> Page:
        """Type or tap an address."""
        return await self._go("GET", URL(address), initiator=None)

    async def follow(self, label: str) -> Page:
        """Press the link with this text on the page.

        Raises:
            BlockedByBrowser: there is none.
        """
        page = self._current()
        if label not in page.links:
            raise BlockedByBrowser(f"there is no link “{label}” on the page")
        return await self._go("GET", page.url.join(URL(page.links[label])), initiator=page.url)

    async def press(self) -> Page:
        """Press the page's one button.

        Raises:
            BlockedByBrowser: there is none, or the page's own policy forbids where it leads.
        """
        page = self._current()
        if page.form is None:
            raise BlockedByBrowser("there is no button on the page")
        target = page.url.join(URL(page.form.action)) if page.form.action else page.url
        return await self._go(page.form.method, target, initiator=page.url, form=page.form)

    def _current(self) -> Page:
        if self.page is None:
            raise BlockedByBrowser("no page is open")
        return self.page

    async def _go(self, method: str, url: URL, *, initiator: URL | None, form: Form | None = None) -> Page:
        chain = [url]
        for _ in range(_MOST_REDIRECTS):
            if form is not None and not _form_may_lead(self._current(), url):
                raise BlockedByBrowser(f"the page's policy forbids its form to lead to {url.origin()}")
            status, headers, text = await self._fetch(method, url, _relation(initiator, chain))
            if status not in _REDIRECTS or "Location" not in headers:
                self.page = Page(url, status, headers, text)
                return self.page
            method = "GET" if status == 303 or (method != "GET" and status in (301, 302)) else method
            url = url.join(URL(headers["Location"], encoded=True))
            chain.append(url)
        raise BlockedByBrowser("the page redirects for ever")

    async def _fetch(self, method: str, url: URL, relation: str) -> tuple[int, Mapping[str, str], str]:
        headers = {"Sec-Fetch-Site": relation, "Sec-Fetch-Mode": "navigate", "Accept": "text/html"}
        if relation != "cross-site" or method == "GET":  # SameSite=Lax
            kept = self._jar.filter_cookies(url)
            if kept:
                headers["Cookie"] = "; ".join(f"{name}={morsel.value}" for name, morsel in kept.items())
        origin = str(url.origin())
        where = URL(self._doors().get(origin, origin)).join(url.relative())
        if where.host != "127.0.0.1":
            raise BlockedByBrowser(f"{origin} is not on this machine")
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.request(method, where, headers=headers, allow_redirects=False) as answer,
        ):
            for name, morsel in answer.cookies.items():
                self._keep(name, morsel, url)
            return answer.status, dict(answer.headers), await answer.text()

    def _keep(self, name: str, morsel: Morsel[str], url: URL) -> None:
        """A browser refuses secure cookies without TLS, and `__Host-` ones that could reach another host or path."""
        if morsel["secure"] and url.scheme != "https":
            return
        if name.startswith("__Host-") and (not morsel["secure"] or morsel["path"] != "/" or morsel["domain"]):
            return
        if morsel.value:
            self.cookies_seen.append(morsel.value)
        self._jar.update_cookies({name: morsel}, url)


def _relation(initiator: URL | None, chain: list[URL]) -> str:
    """https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header , for sites that have nothing in common."""
    if initiator is None and len(chain) == 1:
        return "none"
    origins = {url.origin() for url in (*([initiator] if initiator is not None else []), *chain)}
    return "same-origin" if len(origins) == 1 else "cross-site"


def _form_may_lead(page: Page, target: URL) -> bool:
    """Whether the page's `form-action` allows it; browsers hold redirects against it too."""
    match = re.search(r"form-action ([^;]*)", page.headers.get("Content-Security-Policy", ""))
    if match is None:
        return True
    allowed = [str(page.url.origin()) if word == "'self'" else word for word in match[1].split()]
    return str(target.origin()) in allowed
