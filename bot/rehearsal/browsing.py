"""What people do in their web browsers: open the address they were given, go on to Zoom, say yes or no there."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp

from bot.rehearsal.answers import Journal, Journals
from bot.rehearsal.browser import BlockedByBrowser, Browser
from bot.rehearsal.browser_page import Page
from bot.rehearsal.cast import Actor
from bot.rehearsal.discord_errors import NotVisible
from bot.rehearsal.scenario import Step
from bot.rehearsal.scenario_words import OWN
from bot.rehearsal.stage import PUBLIC_URL, Stage

DECLINE = "Decline"


class Browsing:
    """Carries out what a step says somebody does in a browser. Everybody has one of their own."""

    def __init__(self, stage: Stage, journals: Journals) -> None:
        self._stage, self._journals = stage, journals
        self._browsers: dict[str, Browser] = {}

    async def do(self, actor: Actor, step: Step) -> None:
        """One act; the page that is then open goes into the journal.

        Raises:
            NotVisible: it cannot be done.
        """
        journal = self._journals.of(actor)
        browser = self._browsers.setdefault(actor.name, Browser(self._doors))
        try:
            page = await self._act(actor, browser, step)
        except BlockedByBrowser as blocked:
            raise NotVisible(f"{actor.name}'s browser: {blocked}") from None
        except (aiohttp.ClientError, OSError):
            raise NotVisible(f"{actor.name}'s browser cannot reach the page") from None
        self._note(journal, browser, page)

    async def _act(self, actor: Actor, browser: Browser, step: Step) -> Page:
        if step.opens_page is not None:
            return await browser.open(self._address_of(actor, step.opens_page))
        if step.takes_over is not None:
            other = self._browsers.get(step.takes_over)
            if other is None or other.page is None:
                raise NotVisible(f"{step.takes_over} has no page open")
            return await browser.open(str(other.page.url))
        if browser.page is not None and browser.page.form is not None and str(browser.page.url).startswith(PUBLIC_URL):
            page = await browser.press()
            if step.continues or page.url.host == browser_host(PUBLIC_URL):
                return page
        elif step.continues:
            raise NotVisible(f"{actor.name} has no page with a button open")
        email = step.consents if isinstance(step.consents, str) else self._stage.scenario.zoom.hosts[0].email
        return await browser.follow(DECLINE if step.denies else f"Allow as {email}")

    def _address_of(self, actor: Actor, whose: str) -> str:
        name = actor.name if whose == OWN else whose
        addresses = self._journals.of(self._stage.cast.people[name]).addresses
        if not addresses:
            raise NotVisible(f"{name} was given no address")
        return addresses[-1]

    def _note(self, journal: Journal, browser: Browser, page: Page) -> None:
        journal.page = page.text
        journal.cookies += [cookie for cookie in browser.cookies_seen if cookie not in journal.cookies]
        if page.code:
            journal.codes.append(page.code)
        if str(page.url).startswith(PUBLIC_URL):
            journal.pages.append(page.html)

    def _doors(self) -> Mapping[str, str]:
        return {PUBLIC_URL: self._stage.bot_address}


def browser_host(address: str) -> str:
    """The host of an address."""
    return address.partition("://")[2].partition("/")[0]
