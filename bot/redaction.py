"""Takes secrets out of whatever is about to be logged: by the name a value stands under, by how it looks, and by literal.

A line of defence, not a licence: code never hands a secret to a logger in the first place (`Secret` has a masked face). This catches what
slips through in foreign libraries' messages, exception texts and reprs. It would rather mask too much than too little.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Set
from urllib.parse import unquote_plus

MASK = "***"
MIN_LITERAL = 6
"""Shorter registered texts are not masked: they would match everywhere."""
_MAX_DEPTH = 8
_MAX_TEXT = 20_000
"""Longer texts are cut before they are searched, so that no line can hold up the process."""

_TELLING_WORD = (
    r"(?:token|secret|passw(?:or)?d|passcode|passwd|pwd|authorization|cookie|credential|api[_-]?key|private[_-]?key"
    r"|join[_-]?(?:url|link)|start[_-]?(?:url|link)|invite[_-]?link|personal[_-]?link|shared[_-]?link)[\w.-]{0,40}"
)
_TELLING_ALONE = "(?:tk|zak|pin|jwt|link)"
_NAME = re.compile(rf"(?i)(?:[\w.-]{{0,40}}{_TELLING_WORD}|{_TELLING_ALONE})")
_END_OF_NAME = rf"(?:{_TELLING_WORD}|\b{_TELLING_ALONE})"
"""What stands before it belongs to the name as well and need not be looked at."""
_ZOOM_PATHS = "j|w|s|my|wc|e|launch|join|rec|postattendee|(?:meeting|webinar)(?:\\\\?/)register"
_END = r"[^\s\"'<>\\|]"


def _without_query(address: re.Match[str]) -> str:
    return f"{address[1]}?{MASK}" if address[2] else address[0]


# Each looks at a character a bounded number of times, however odd the text: what was looked at in vain is not begun anew in its middle.
_RULES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        # links into calls, whole: https://support.zoom.us/hc/en-us/articles/201362413 ; the schemes open the app
        (
            rf"(?i)(?:https?:(?:\\?/){{2}})?[\w.-]{{0,80}}zoom(?:gov)?\.(?:us|com)(?::\d+)?\\?/(?:{_ZOOM_PATHS})\b{_END}*(?:\\/{_END}*)*",
            MASK,
        ),
        (rf"(?i)\bzoom(?:mtg|us|phonecall)://{_END}*", MASK),
        # any address: who logs in with it, and everything after the question mark
        (r"(?i)\b([a-z][a-z0-9+.-]{0,20}://)[^\s/\"'@<>]+@", rf"\1{MASK}@"),
        (rf"(?i)\b((?:https?|wss?)://[^\s\"'<>?\\]*+)(\?{_END}+)?", _without_query),
        (r"(?i)([?&;](?:code|state|ticket|sig|signature|key|access_token|tk|pwd|zak)=)[^\s&\"'<>\\]+", rf"\1{MASK}"),
        # Discord: whoever has one of these acts as the bot or answers in its place
        (r"(?i)((?:webhooks|interactions)\\?/\d+\\?/)[\w.~%+=-]+", rf"\1{MASK}"),
        (r"\b[\w-]{23,30}\.[\w-]{5,7}\.[\w-]{25,}", MASK),
        (r"aW50ZXJhY3Rpb24[\w+/=-]{8,}", MASK),
        # credentials in headers, tokens by their form
        (r"(?i)(bearer|basic)(\s+|%20|\+)[\w.~+/=-]{8,}", rf"\1 {MASK}"),
        (r"(?<![\w-])(?=[\w-]*+\.)([\w-]*?)eyJ[\w-]{10,}(?:\.[\w-]*){1,4}", rf"\1{MASK}"),
        (r"gAAAAA[\w-]{16,}={0,2}", MASK),
        (r"(?<![\w-])[\w-]{43}=(?![\w=])", MASK),
        # a secret's name with its value behind it, as in code, JSON, a repr, a form or a header
        (rf"(?i)({_END_OF_NAME}\\*[\"']?\s*(?:=>|[:=])\s*[bu]?)(\\*[\"'])(?:(?!\2).)*\2?", rf"\1\2{MASK}\2"),
        (
            rf"(?i)({_END_OF_NAME}\\*[\"']?\s*(?:=>|[:=])\s*)(?![\"'\\])(?:(?:bearer|basic|bot)\s+)?[^\s,;&)\]}}>\"']+",
            rf"\1{MASK}",
        ),
    )
)
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}")
_ESCAPE = re.compile(r"\\+(?:u00([0-9a-fA-F]{2})|x([0-9a-fA-F]{2})|/)")


class Redactor:
    """Masks secrets in texts and in nested values. `register` adds literals that have no recognisable form, such as a client secret."""

    def __init__(self) -> None:
        self._literals: tuple[str, ...] = ()

    def register(self, text: str) -> None:
        """Mask this text wherever it turns up from now on."""
        if len(text) >= MIN_LITERAL and text not in self._literals:
            self._literals = tuple(sorted((*self._literals, text), key=len, reverse=True))

    def value(self, value: object, name: str = "", depth: int = 0) -> object:
        """A copy made of plain values only, without secrets: what stands under a secret's name is masked whole."""
        if value is None or isinstance(value, bool):
            return value
        if name and _NAME.fullmatch(_snake(name)):
            return MASK
        if isinstance(value, int | float):
            return value if self.text(str(value)) == str(value) else MASK
        if isinstance(value, str):
            return self.text(value)
        if depth >= _MAX_DEPTH:
            return "…"
        return self._composite(value, depth + 1)

    def _composite(self, value: object, depth: int) -> object:
        if isinstance(value, Mapping):
            return {self.text(_shown(key)): self.value(item, _shown(key), depth) for key, item in value.items()}
        if isinstance(value, tuple | list) and len(value) == 2 and isinstance(value[0], str | bytes):
            return [self.value(value[0], depth=depth), self.value(value[1], _shown(value[0]), depth)]
        if isinstance(value, tuple | list | Set):
            return [self.value(item, depth=depth) for item in value]
        return self.text(_shown(value))

    def text(self, text: str) -> str:
        """The text without secrets, also where they are written in percent, unicode-escape or base64 form."""
        if len(text) > _MAX_TEXT:
            text = text[:_MAX_TEXT] + "… (cut)"
        clean = form = self._masked(text)
        for _ in range(_MAX_DEPTH):
            plain = _decoded(form)
            if plain == form:
                break
            form = self._masked(plain)
            clean = form if form != plain else clean
        return _ENCODED.sub(lambda match: MASK if self._hides_secret(match[0]) else match[0], clean)

    def _masked(self, text: str) -> str:
        for literal in self._literals:
            text = text.replace(literal, MASK)
        for pattern, replacement in _RULES:
            text = pattern.sub(replacement, text)
        return text

    def _hides_secret(self, encoded: str) -> bool:
        body = encoded.rstrip("=").replace("-", "+").replace("_", "/")
        for start in range(4):
            chunk = body[start:]
            chunk = chunk[: len(chunk) - len(chunk) % 4] if len(chunk) % 4 == 1 else chunk
            try:
                plain = base64.b64decode(chunk + "=" * (-len(chunk) % 4)).decode("ascii")
            except (binascii.Error, UnicodeDecodeError, ValueError):
                continue
            if self._masked(plain) != plain:
                return True
        return False


def _snake(name: str) -> str:
    """`joinUrl` and `Join-URL` as `join_url`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").replace(" ", "_").lower()


def _shown(value: object) -> str:
    """How a value prints itself; a value that cannot is named by its type."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("utf-8", errors="backslashreplace")
    try:
        return repr(value)
    except Exception:
        return f"<{type(value).__name__}>"


def _decoded(text: str) -> str:
    r"""One layer of `%26`, `\u0026`, `\x26` and `\/` written out."""
    plain = _ESCAPE.sub(lambda match: chr(int(match[1] or match[2], 16)) if match[1] or match[2] else "/", text)
    return unquote_plus(plain) if "%" in plain else plain
