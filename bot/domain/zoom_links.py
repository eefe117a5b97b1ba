"""Zoom's links in what people write: found however they are wrapped or hidden, told apart, and known again without being kept.

A personal link is its `tk` value: whoever has that value joins under the registered name, whatever stands around it
(https://developers.zoom.us/docs/isv/workflows/join-meeting-reg/). So the canonical `tk` value is what is compared, as a keyed hash.
"""

from __future__ import annotations

import hashlib
import hmac
import html
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from urllib.parse import unquote

from bot.domain.invisible import hidden
from bot.domain.values import JoinLink, Secret, ZoomMeetingId

MAX_TEXT = 20_000
"""Characters of one message that are searched; Discord's longest, embeds included, is shorter."""
MIN_TOKEN = 8
"""A shorter `tk` value is somebody's example, not a link."""

_LAYERS = 4
"""How often percent signs and character references are written out: a link inside a link inside a link."""
_PART = r"[^\s<>\"'`|(){}\[\]^]"
"""A character that an address may hold and that no wrapping (angle brackets, Markdown, quotes, spoilers) is made of."""
_LINK = re.compile(
    rf"(?<![\w.-])(?:[a-z0-9][a-z0-9-]{{0,62}}\.){{0,6}}zoom(?:gov)?\.(?:us|com)\.?(?::\d{{1,5}})?/(?P<rest>{_PART}*)",
    re.IGNORECASE,
)
_BARE_TOKEN = re.compile(rf"(?<![\w])tk=(?P<value>{_PART}+)", re.IGNORECASE)
_NUMBER = re.compile(r"\d{9,12}")
_TOKEN = re.compile(r"[A-Za-z0-9._~*+/=-]+")
_EDGES = "._~*+/=-"
"""Signs that may end a sentence or a piece of Markdown behind a link, and left out of every canonical value for that reason."""
_DOTS = {ord("\u3002"): ".", ord("\\"): None}
"""The ideographic full stop is a dot in addresses (https://www.unicode.org/reports/tr46/#Notation); a backslash is Markdown's escape."""


class LinkToken(Secret):
    """The canonical `tk` value of a personal link: as good as the link itself."""


class FoundKind(Enum):
    """What a link in a text leads to."""

    PERSONAL = "personal"
    """A way in that was made for one person."""
    MEETING = "meeting"
    """A meeting's own link, the same for everybody."""
    ROOM = "room"
    """Somebody's personal meeting room, under its name."""
    PAGE = "page"
    """A page where people can register."""


@dataclass(frozen=True, slots=True)
class FoundLink:
    """One link that was found. `number` is the meeting's, where the link says it; `token` only of personal ones."""

    kind: FoundKind
    number: ZoomMeetingId | None = None
    token: LinkToken | None = None


def find_links(text: str) -> tuple[FoundLink, ...]:
    """Every different Zoom link in a text, however it is wrapped, escaped, percent-encoded or split by characters that show nothing."""
    found: dict[FoundLink, None] = {}
    for layer in _layers(text[:MAX_TEXT]):
        found.update(dict.fromkeys(_in_layer(layer)))
    hosted = {link.token for link in found if link.token is not None and link.number is not None}
    return tuple(link for link in found if link.number is not None or link.token is None or link.token not in hosted)


def token_of(link: JoinLink) -> LinkToken | None:
    """The canonical `tk` value of a link that Zoom made; None for a meeting's own link."""
    return next((found.token for found in find_links(link.reveal()) if found.token is not None), None)


def link_mark(key: bytes, token: LinkToken) -> str:
    """A personal link as a keyed hash: 64 hexadecimal digits, by which it is known again and from which nobody gets back to it."""
    return hmac.new(key, token.reveal().encode(), hashlib.sha256).hexdigest()


def _layers(text: str) -> Iterator[str]:
    """The text as it shows, then with one layer of encoding after the other written out."""
    before = None
    for _ in range(_LAYERS):
        shown = _as_shown(text)
        if shown == before:
            return
        yield shown
        before, text = shown, unquote(html.unescape(shown), errors="replace")


def _as_shown(text: str) -> str:
    normal = unicodedata.normalize("NFKC", text).translate(_DOTS)
    return "".join(character for character in normal if character.isspace() or not hidden(character))


def _in_layer(text: str) -> Iterator[FoundLink]:
    for match in _LINK.finditer(text):
        link = _classified(match["rest"])
        if link is not None:
            yield link
    for match in _BARE_TOKEN.finditer(text):
        token = _canonical(match["value"])
        if token is not None:
            yield FoundLink(FoundKind.PERSONAL, None, token)


def _classified(rest: str) -> FoundLink | None:
    """The link with this path and query; None for Zoom's other pages."""
    path, _, query = _decoded(rest).partition("?")
    asked = _parameters(query)
    head, _, tail = path.strip("/").partition("/")
    digits = _NUMBER.search(asked.get("confno", "") or tail.replace("-", ""))
    number = ZoomMeetingId(digits[0]) if digits is not None else None
    token = _canonical(asked["tk"]) if "tk" in asked else None
    if token is not None:
        return FoundLink(FoundKind.PERSONAL, number, token)
    match head.lower():
        case "j" | "w" | "s" | "wc" | "launch" | "join" if number is not None:
            return FoundLink(FoundKind.MEETING, number)
        case "my" if tail:
            return FoundLink(FoundKind.ROOM)
        case "meeting" | "webinar" if tail.lower().startswith("register/"):
            return FoundLink(FoundKind.PAGE)
    return None


def _parameters(query: str) -> Mapping[str, str]:
    pairs = (part.partition("=") for part in re.split(r"[&?#;]", query))
    return {name.lower(): value for name, _, value in reversed(list(pairs))}


def _canonical(value: str) -> LinkToken | None:
    written = _TOKEN.match(re.split(r"[&?#;]", _decoded(value))[0])
    token = written[0].strip(_EDGES) if written is not None else ""
    return LinkToken(token) if len(token) >= MIN_TOKEN else None


def _decoded(value: str) -> str:
    for _ in range(_LAYERS):
        plain = _as_shown(unquote(value, errors="replace"))
        if plain == value:
            break
        value = plain
    return value
