"""`/zoom` with the real client: who sees what, what a press does after a restart, and what never leaves the asker's screen."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.adapters.discord_chat.replies import zoom
from bot.adapters.discord_chat.replies.shape import Menu, PrivateLink, Reply, Row, Text
from bot.adapters.discord_chat.views.layout import layout
from bot.domain.errors import NeedsAttention, UserMistake
from bot.domain.grants import SCOPES
from bot.domain.meeting import Host
from bot.domain.values import LinkId, Secret, ZoomUserId
from bot.ports import LinkKind
from bot.rehearsal.discord_handles import InteractionHandle
from bot.services.account_status import Capabilities, Removal, TokenHealth
from bot.services.link_requests import Linked
from bot.services.unlinking import Unlinked
from tests.adapters.flow_rig import Connect, Town, read, town
from tests.adapters.linking_fakes import ADDRESS, CODE, TICKET, a_link, a_view
from tests.adapters.test_discord_replies import a_meeting, sent
from tests.adapters.test_discord_replies import text_of as words
from tests.discord_spec import request_errors


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[tuple[Town, Connect]]:
    async with town(tmp_path) as built:
        yield built


@pytest.fixture
async def t(place: tuple[Town, Connect]) -> AsyncIterator[Town]:
    built, connect = place
    async with connect():
        yield built


async def typed_code(t: Town, who: str, invited: InteractionHandle, code: str) -> InteractionHandle:
    assert invited.reply is not None
    pressed = await t.discord.press(t[who], invited.reply, "Enter the code")
    await pressed.wait_modal()
    sent = await t.discord.submit_modal(pressed, {"The code": code})
    await sent.wait_settled(quiet=0.06)
    return sent


def labels(reply: Reply) -> list[str]:
    return [button.label for block in reply.blocks if isinstance(block, Row) for button in block.buttons]


# ---------------------------------------------------------------------------------------------- linking


async def test_link_gives_the_asker_alone_an_address_and_takes_the_code(t: Town) -> None:
    with capture_logs() as logs:
        invited = await t.slash("Olga", "zoom link")
        assert invited.reply is not None
        assert invited.reply.private_to == t["Olga"].user.id
        assert ADDRESS in json.dumps(list(invited.reply.components))
        assert "Never forward it" in invited.text
        wrong = await typed_code(t, "Olga", invited, "AAAAAA")
        assert "4 more tries" in read(wrong)
        done = await typed_code(t, "Olga", invited, CODE)
    assert "Linked: b…@choir.example" in read(done)
    assert TICKET not in json.dumps(list(invited.reply.components))
    assert [call[0] for call in t.link_requests.calls] == ["begin", "confirm", "confirm"]
    assert t.link_requests.calls[0] == ("begin", t["Olga"].user.id, t.guild_id, "Choir")
    assert not [
        line for line in logs if TICKET in json.dumps(line, default=str) or CODE in json.dumps(line, default=str)
    ]
    assert not [item for item in t.discord.all_public() if TICKET in item.text + str(item.raw)]
    for name in ("Mallory", "Adam"):
        seen = t.discord.visible_to(t[name].user)
        assert not [item for item in seen if TICKET in item.text + str(item.raw) or CODE in item.text]
    assert request_errors(t.discord.requests) == []


async def test_code_can_be_entered_after_a_restart(place: tuple[Town, Connect]) -> None:
    t, connect = place
    async with connect():
        invited = await t.slash("Olga", "zoom link")
    async with connect():
        assert "Linked" in read(await typed_code(t, "Olga", invited, CODE))


async def test_refused_asker_is_told_why_and_gets_no_address(t: Town) -> None:
    t.link_requests.failure = UserMistake("Only organisers may link an account.", code="not_organiser")
    invited = await t.slash("Mallory", "zoom link")
    assert "Only organisers" in invited.text
    assert "http" not in json.dumps(list(invited.messages[0].components))


async def test_without_oauth_link_says_what_the_operator_must_set(t: Town) -> None:
    t.link_requests.failure = NeedsAttention("no", code="oauth_not_configured")
    text = (await t.slash("Olga", "zoom link")).text
    assert "PUBLIC_URL" in text
    assert "bound to this server" in text


# ---------------------------------------------------------------------------------------------- status and unlink


async def test_status_shows_each_account_and_the_default_can_be_changed(t: Town) -> None:
    t.account_status.views = (a_view(1), a_view(2, licensed=False))
    shown = await t.slash("Olga", "zoom status")
    assert "2 Zoom accounts are linked" in shown.text
    assert "b…@choir.example (default)" in shown.text
    other = await t.select("Olga", shown, "Choose an account", "link2")
    assert "Basic (free): less safe" in other.text
    assert "Change it: zoom.us" in other.text
    await t.press("Olga", other, "Make it the default")
    assert t.unlinking.calls == [("default", t["Olga"].user.id, "link2")]


async def test_unlink_asks_which_and_whether_and_tells_the_truth(t: Town) -> None:
    t.unlinking.links = (a_link(1), a_link(2))
    t.unlinking.confirmed = False
    which = await t.slash("Olga", "zoom unlink")
    asked = await t.select("Olga", which, "Choose an account", "link2")
    assert "Unlink c…@choir.example?" in asked.text
    assert t.unlinking.calls == []
    done = await t.press("Olga", asked, "Unlink")
    assert t.unlinking.calls == [("unlink", t["Olga"].user.id, "link2")]
    assert "Zoom has not confirmed" in done.text


async def test_kept_account_stays(t: Town) -> None:
    t.unlinking.links = (a_link(1),)
    asked = await t.slash("Olga", "zoom unlink")
    assert "stays linked" in (await t.press("Olga", asked, "Keep it")).text
    assert t.unlinking.calls == []


async def test_hosts_say_their_account_only_where_there_are_several(t: Town) -> None:
    assert await t.suggestions("Olga", "meeting create", "host") == ["Hanna Host (h…@choir.example)"]
    async with t.v.store.work() as uow:
        link = replace(a_link(2), guild_id=t.guild_id)
        await uow.links.save(link)
        await uow.links.save_host(
            t.guild_id, Host(ZoomUserId("omid"), "omid@choir.example", True, link.link_id, "Omid")
        )
        await uow.commit()
    assert await t.suggestions("Olga", "meeting create", "host") == [
        "Hanna Host (h…@choir.example), default account",
        "Omid (o…@choir.example), own account",
    ]


# ---------------------------------------------------------------------------------------------- the words


def test_status_puts_what_does_not_work_before_what_is_weak() -> None:
    required = tuple(scope for scope in SCOPES if scope.required)[:1]
    view = a_view(missing_required=required, missing_optional=SCOPES[-2:], health=TokenHealth.DEAD)
    text = words(zoom.status([view]))
    assert (
        text.index("nothing works")
        < text.index(required[0].name)
        < text.index("Screen sharing")
        < text.index("Renaming")
    )
    assert "/zoom link" in text
    assert "Linked by <@" in text


def test_operators_account_is_explained_and_cannot_be_unlinked() -> None:
    view = a_view(kind=LinkKind.SERVER_TO_SERVER, hint="", owner=None)
    assert "whoever runs the bot" in words(zoom.status([view]))
    assert labels(zoom.status([view])) == []
    link = a_link(kind=LinkKind.SERVER_TO_SERVER, hint="", owner=None)
    assert "ZOOM_ACCOUNT_ID" in words(zoom.unlink_question([link]))


@pytest.mark.parametrize(
    ("removal", "said"), [(Removal.YES, "has let me"), (Removal.NO, "does not let me"), (Removal.UNTESTED, "not known")]
)
def test_status_says_no_more_than_is_known_about_removal(removal: Removal, said: str) -> None:
    assert said in words(zoom.status([a_view(capabilities=Capabilities(removal))]))


def test_unread_settings_are_not_called_safe() -> None:
    text = words(zoom.status([a_view(weaknesses=(), unread="Zoom is down. Try again.", health=TokenHealth.UNKNOWN)]))
    assert "I could not read the settings" in text
    assert "None of the settings" not in text


def test_nothing_linked_says_how_to_link() -> None:
    for reply in (zoom.status([]), zoom.unlink_question([])):
        assert "/zoom link" in words(reply)


def test_unlinking_names_the_calls_that_are_left_at_zoom() -> None:
    text = words(zoom.unlinked(Unlinked(a_link(), True, (a_meeting(topic="*Choir*"),), a_link(2))))
    assert "\\*Choir\\*" in text
    assert "New calls now use c…@choir.example" in text
    assert "Zoom has confirmed" in text


async def test_every_reply_fits_discord() -> None:
    everything = a_view(
        missing_required=SCOPES[:4],
        missing_optional=SCOPES,
        licensed=False,
        unread="x" * 500,
        health=TokenHealth.DEAD,
        hint="*a*…@choir.example",
    )
    many = [everything, *(a_view(2, link_id=LinkId(f"l{n}")) for n in range(30))]
    second = Linked(a_link(2), Host(ZoomUserId("u"), "c@choir.example", False, LinkId("link2")), first=False)
    replies = [
        zoom.status([everything]),
        zoom.status(many),
        zoom.unlink_question([a_link(), *(a_link(2, link_id=LinkId(f"l{n}")) for n in range(30))]),
        zoom.unlinked(Unlinked(a_link(), False, (a_meeting(topic="x" * 200),) * 60, None)),
        zoom.linked(second),
        zoom.NOT_CONFIGURED,
        zoom.KEPT,
    ]
    for reply in replies:
        await sent(reply)
        assert sum(len(block.markdown) for block in reply.blocks if isinstance(block, Text)) <= 4000
        menus = [block for block in reply.blocks if isinstance(block, Menu)]
        assert all(len(menu.options) <= 25 for menu in menus)
    assert labels(zoom.linked(second)) == ["How safe is it?", "Make it the default"]


def test_address_too_long_for_a_button_is_shown_as_text() -> None:
    link = PrivateLink(Secret("https://vestibule.choir.example/link/" + "x" * 600), "Open the page")
    (item,) = layout(Reply((link,))).children
    assert "Open the page: <https://" in str(item.to_component_dict())
