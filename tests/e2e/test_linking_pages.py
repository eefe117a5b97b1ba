"""Linking across communities and accounts: the real bot, its real pages, real browsers' rules, and what Zoom's stand-in then holds."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import run
from bot.domain.grants import SCOPES
from bot.domain.linking import RETURN_PATH
from bot.rehearsal.browser import BlockedByBrowser, Browser
from bot.rehearsal.browser_page import Page
from bot.rehearsal.discord_handles import InteractionHandle
from bot.rehearsal.discord_permissions import Permission
from bot.rehearsal.discord_text import message_text
from bot.rehearsal.discord_world import Channel, Guild, Member
from tests.databases import sqlite_at_head
from tests.e2e.town import Town, town
from tests.waiting import until

PUBLIC = "https://vestibule.choir.example"
CODE_FIELD = "The code"

pytestmark = pytest.mark.parametrize("database_setting", ["sqlite", "postgresql"], indirect=True)


@dataclass
class Place:
    """Two communities with the bot in both, Olga organising in each, and Zoom users who may consent."""

    town: Town
    port: int = 0
    members: dict[tuple[str, str], Member] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)

    def browser(self) -> Browser:
        return Browser(lambda: {PUBLIC: f"http://127.0.0.1:{self.port}"})

    async def slash(self, who: str, where: str, command: str) -> InteractionHandle:
        handle = await self.town.discord.slash(self.members[who, where], self.channels[where], command)
        await handle.wait_settled(quiet=0.06)
        return handle

    async def invited(self, who: str, where: str) -> tuple[InteractionHandle, str]:
        """`/zoom link`: the answer and the address in it."""
        handle = await self.slash(who, where, "zoom link")
        assert handle.reply is not None
        found = re.search(rf"{PUBLIC}/link/[\w.~-]+", str(list(handle.reply.components)))
        assert found is not None, handle.text
        return handle, found[0]

    async def consented(self, address: str, email: str, browser: Browser | None = None) -> Page:
        browser = browser or self.browser()
        await browser.open(address)
        await browser.press()
        return await browser.follow(f"Allow as {email}")

    async def typed(self, who: str, where: str, invited: InteractionHandle, code: str) -> str:
        assert invited.reply is not None
        pressed = await self.town.discord.press(self.members[who, where], invited.reply, "Enter the code")
        await pressed.wait_modal()
        sent = await self.town.discord.submit_modal(pressed, {CODE_FIELD: code})
        await sent.wait_settled(quiet=0.06)
        return "\n".join(message_text(m) for m in sent.messages if m.deleted_at is None)

    def revoked(self) -> int:
        return sum(request.path.endswith("/revoke") for request in self.town.zoom.requests)


def _join(place: Place, guild: Guild, where: str) -> None:
    discord = place.town.discord
    place.channels[where] = discord.add_channel(guild, "general")
    manager = discord.add_role(guild, "Manager", int(Permission.MANAGE_GUILD))
    for name in ("Olga", "Mallory"):
        known = next((member.user for (who, _), member in place.members.items() if who == name), None)
        place.members[name, where] = discord.add_member(guild, name, roles=[manager], user=known)


@asynccontextmanager
async def two_communities(folder: Path, database_url: str | None) -> AsyncIterator[Place]:
    if database_url is None:
        sqlite_at_head(folder / "vestibule.db")
    async with town(folder, database_url=database_url) as built:
        place = Place(built)
        _join(place, built.guild, "choir")
        _join(place, built.discord.add_guild("Chess <script>alert(1)</script>"), "chess")
        account = next(iter(built.zoom.state.accounts.values()))
        built.zoom.add_user(account, "mallory@choir.example")
        built.zoom.add_app(
            account,
            "oauth-id",
            "oauth-secret",
            kind="user_managed",
            scopes=[scope.user for scope in SCOPES if scope.user],
            redirect_uris=[PUBLIC + RETURN_PATH],
        )
        changes = {"zoom_account_id": None, "discord_guild_id": None, "zoom_hosts": (), "public_url": PUBLIC}
        settings = built.with_settings(**changes, zoom_client_id="oauth-id", zoom_client_secret="oauth-secret")
        stop, ready = asyncio.Event(), asyncio.Event()

        def on_ready(port: int) -> None:
            place.port = port
            ready.set()

        running = asyncio.create_task(run(settings, stop=stop, outside=built.outside, on_ready=on_ready))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        try:
            if running.done():
                await running
            yield place
        finally:
            stop.set()
            await running


@pytest.fixture
async def place(database_setting: str | None, tmp_path: Path) -> AsyncIterator[Place]:
    async with two_communities(tmp_path, database_setting) as built:
        yield built


async def test_code_is_worth_nothing_in_another_community(place: Place) -> None:
    choir, address = await place.invited("Olga", "choir")
    chess, _ = await place.invited("Olga", "chess")
    page = await place.consented(address, "host@choir.example")
    assert "Larkspur Choir" in page.text
    assert "Linked" not in await place.typed("Olga", "chess", chess, page.code)
    assert "No Zoom account is linked" in (await place.slash("Olga", "chess", "zoom status")).text
    assert "Linked: h…@choir.example" in await place.typed("Olga", "choir", choir, page.code)
    assert "No Zoom account is linked" in (await place.slash("Olga", "chess", "zoom status")).text


async def test_code_is_worth_nothing_to_another_organiser(place: Place) -> None:
    _, address = await place.invited("Olga", "choir")
    other, _ = await place.invited("Mallory", "choir")
    page = await place.consented(address, "host@choir.example")
    assert "Linked" not in await place.typed("Mallory", "choir", other, page.code)


async def test_account_of_one_community_cannot_be_linked_to_another(place: Place) -> None:
    choir, address = await place.invited("Olga", "choir")
    page = await place.consented(address, "host@choir.example")
    await place.typed("Olga", "choir", choir, page.code)
    _, address = await place.invited("Mallory", "chess")
    refused = await place.consented(address, "host@choir.example")
    assert refused.status == 409
    assert "belongs to another community" in refused.text
    assert refused.code == ""
    assert "Zoom answered just now" in (await place.slash("Olga", "choir", "zoom status")).text


async def test_owner_who_organises_no_more_can_still_take_their_account_back(place: Place) -> None:
    invited, address = await place.invited("Mallory", "choir")
    page = await place.consented(address, "mallory@choir.example")
    await place.typed("Mallory", "choir", invited, page.code)
    mallory = place.members["Mallory", "choir"]
    place.town.discord.take_role(mallory, mallory.roles[0])
    assert "Only an organiser" in (await place.slash("Mallory", "choir", "zoom status")).text
    asked = await place.slash("Mallory", "choir", "zoom unlink")
    assert asked.reply is not None
    pressed = await place.town.discord.press(mallory, asked.reply, "Unlink")
    await pressed.wait_settled(quiet=0.06)
    assert "Zoom has confirmed" in pressed.text
    assert place.revoked() == 1


async def test_second_account_can_be_chosen_and_made_the_default(place: Place) -> None:
    for who, email in (("Olga", "host@choir.example"), ("Mallory", "mallory@choir.example")):
        invited, address = await place.invited(who, "choir")
        page = await place.consented(address, email)
        answer = await place.typed(who, "choir", invited, page.code)
        assert "Linked" in answer
    assert "Make it the default" in answer
    offered = await place.town.discord.autocomplete(
        place.members["Olga", "choir"], place.channels["choir"], "meeting create", "host", ""
    )
    names = [str(choice["name"]) for choice in offered]
    assert [name.rpartition(", ")[2] for name in names] == ["default account", "own account"]
    status = await place.slash("Olga", "choir", "zoom status")
    assert "2 Zoom accounts are linked" in status.text


async def test_markup_in_a_servers_name_stays_text(place: Place) -> None:
    _, address = await place.invited("Olga", "chess")
    page = await place.browser().open(address)
    assert "Chess <script>alert(1)</script>" in page.text
    assert "<script" not in page.html


async def test_address_is_looked_at_by_many_and_used_by_one(place: Place) -> None:
    _, address = await place.invited("Olga", "choir")
    for _ in range(3):
        assert (await place.browser().open(address)).status == 200
    first, second = place.browser(), place.browser()
    await first.open(address)
    await second.open(address)
    await first.press()
    assert "no longer works" in (await second.press()).text
    assert (await first.follow("Allow as host@choir.example")).code


async def test_altered_address_is_refused(place: Place) -> None:
    _, address = await place.invited("Olga", "choir")
    for wrong in (address[:-2], f"{PUBLIC}/link/nonsense", address[:-6] + "AAAAAA"):
        page = await place.browser().open(wrong)
        assert page.status == 404
        assert "not valid" in page.text


async def test_unconfirmed_consent_is_revoked_at_zoom(place: Place) -> None:
    invited, address = await place.invited("Olga", "choir")
    page = await place.consented(address, "host@choir.example")
    place.town.clock.advance(timedelta(minutes=11))
    await until(lambda: place.revoked() > 0)
    assert "Linked" not in await place.typed("Olga", "choir", invited, page.code)


async def test_zoom_down_on_the_way_back_is_explained(place: Place) -> None:
    _, address = await place.invited("Olga", "choir")
    browser = place.browser()
    await browser.open(address)
    await browser.press()
    place.town.zoom.faults.add(("POST", r"/oauth/token$"), "status", times=None, status=503)
    page = await browser.follow("Allow as host@choir.example")
    assert page.status >= 400
    assert "What to do next" in page.text
    assert page.code == ""


async def test_browser_enforces_what_browsers_enforce(place: Place) -> None:
    _, address = await place.invited("Olga", "choir")
    browser = place.browser()
    page = await browser.open(address)
    page.headers = {**page.headers, "Content-Security-Policy": "form-action 'self'"}
    with pytest.raises(BlockedByBrowser, match="forbids its form"):
        await browser.press()
