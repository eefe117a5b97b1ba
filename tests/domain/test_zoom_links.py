"""Zoom's links in what people write: found however they are dressed up, told apart, and never shown."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from urllib.parse import quote

import pytest

from bot.domain.values import JoinLink, ZoomMeetingId
from bot.domain.zoom_links import FoundKind, FoundLink, LinkToken, find_links, link_mark, token_of

NUMBER = ZoomMeetingId("87654321098")
TOKEN = "uJ8w-Xq_b.AkQz3vT.DQMAAAAUaKx9"
PERSONAL = f"https://us02web.zoom.us/w/{NUMBER}?tk={TOKEN}"
FOUND = FoundLink(FoundKind.PERSONAL, NUMBER, LinkToken(TOKEN))

HIDDEN = ("\u200b", "\u2060", "\u00ad", "\ufeff", "\u202e", "\ufe0f", "\u3164")


def split_by_invisible(link: str, chance: random.Random) -> str:
    return "".join(letter + (chance.choice(HIDDEN) if chance.random() < 0.3 else "") for letter in link)


def wide(link: str, chance: random.Random) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if c in "./" and chance.random() < 0.5 else c for c in link)


def escaped(link: str, chance: random.Random) -> str:
    return "".join("\\" + c if c in "_*.-" and chance.random() < 0.5 else c for c in link)


def percent_encoded(link: str, chance: random.Random) -> str:
    return "".join(f"%{ord(c):02X}" if chance.random() < 0.4 else c for c in link)


DRESSES: tuple[Callable[[str, random.Random], str], ...] = (
    lambda link, _: link,
    lambda link, _: f"<{link}>",
    lambda link, _: f"[come in]({link})",
    lambda link, _: f"[come in](<{link}> 'title')",
    lambda link, _: f"**{link}**",
    lambda link, _: f"||{link}||",
    lambda link, _: f"`{link}`",
    lambda link, _: f"(see {link}).",
    lambda link, _: f'"{link}", he said',
    lambda link, _: f"{link}…",
    lambda link, _: link.removeprefix("https://"),
    lambda link, _: link.replace("https://us02web.zoom.us", "HTTPS://US02WEB.ZOOM.US"),
    lambda link, _: link.replace("?", "?pwd=abcDEF123.1&").replace("&", "&amp;"),
    lambda link, _: link + "&pwd=abcDEF123.1#success",
    lambda link, _: f"https://l.example/go?u={quote(link, safe='')}&x=1",
    lambda link, _: f"https://l.example/go?u={quote(quote(link, safe=''), safe='')}",
    split_by_invisible,
    wide,
    escaped,
    percent_encoded,
)


@pytest.mark.parametrize("dress", DRESSES)
def test_personal_link_is_found_in_every_dress(dress: Callable[[str, random.Random], str]) -> None:
    chance = random.Random(7)  # noqa: S311
    for _ in range(40):
        text = f"hello {dress(PERSONAL, chance)} bye"
        assert find_links(text) == (FOUND,), text


def test_any_token_has_one_canonical_value_in_any_two_dresses() -> None:
    """Whatever Zoom may put into `tk`, the mark of the link as made and as posted are the same."""
    chance, key = random.Random(11), b"k" * 32  # noqa: S311
    for _ in range(300):
        token = "".join(chance.choices(string.ascii_letters + string.digits + "._~-", k=chance.randint(12, 300)))
        link = f"https://{chance.choice(('', 'us06web.', 'my-choir.'))}zoom.us/w/{NUMBER}?tk={token}"
        made = token_of(JoinLink(link))
        (posted,) = find_links(chance.choice(DRESSES)(chance.choice(DRESSES[:10])(link, chance), chance))
        assert made is not None
        assert posted.token is not None
        assert link_mark(key, made) == link_mark(key, posted.token)


@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [
        ("https://zoom.us/j/87654321098?pwd=abc", FoundKind.MEETING, NUMBER),
        ("acme.zoom.us/j/876-5432-1098", FoundKind.MEETING, NUMBER),
        ("https://app.zoom.us/wc/join/87654321098", FoundKind.MEETING, NUMBER),
        ("https://app.zoom.us/wc/87654321098/join?pwd=x", FoundKind.MEETING, NUMBER),
        ("https://us02web.zoom.us/s/87654321098?zak=secret", FoundKind.MEETING, NUMBER),
        ("https://zoomgov.com/j/87654321098", FoundKind.MEETING, NUMBER),
        ("https://www.zoom.com/j/87654321098", FoundKind.MEETING, NUMBER),
        ("zoommtg://zoom.us/join?action=join&confno=87654321098&pwd=x", FoundKind.MEETING, NUMBER),
        ("https://zoom.us/my/hanna.host?pwd=x", FoundKind.ROOM, None),
        ("https://us02web.zoom.us/meeting/register/tZAkd-2uqDk", FoundKind.PAGE, None),
    ],
)
def test_other_links_are_told_apart(text: str, kind: FoundKind, number: ZoomMeetingId | None) -> None:
    assert find_links(f"look: {text} now") == (FoundLink(kind, number),)


@pytest.mark.parametrize(
    "text",
    [
        "no link at all",
        "https://zoom.us/pricing",
        "https://notzoom.us/j/87654321098",
        "https://zoom.us.evil.example/j/87654321098",
        "https://zoom.us@evil.example/j/87654321098",
        "https://example.org/j/87654321098",
        "zoom.us/j/",
        "tk=short",
    ],
)
def test_what_leads_into_no_meeting_is_left_alone(text: str) -> None:
    assert find_links(text) == ()


def test_token_alone_is_recognised_and_one_link_is_found_once() -> None:
    assert find_links(f"use tk={TOKEN} with the app") == (FoundLink(FoundKind.PERSONAL, None, LinkToken(TOKEN)),)
    assert find_links(f"{PERSONAL} and again {PERSONAL}") == (FOUND,)


def test_two_tokens_and_two_keys_have_unrelated_marks() -> None:
    marks = {link_mark(key, LinkToken(token)) for key in (b"a" * 32, b"b" * 32) for token in (TOKEN, TOKEN.lower())}
    assert len(marks) == 4
    assert all(TOKEN not in mark for mark in marks)


def test_found_link_does_not_print_its_token() -> None:
    assert TOKEN not in repr(find_links(PERSONAL))


def test_long_hostile_text_is_read_in_time() -> None:
    for text in ("%25" * 20_000, "a." * 20_000 + "zoom.us/j/1", "zoom.us/" * 5_000, "tk=" * 9_000, "\u200b" * 50_000):
        find_links(text)
