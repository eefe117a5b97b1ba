"""A web page as a person reads it: its text, its button, its links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

from yarl import URL

_BLOCKS = frozenset({"h1", "h2", "p", "li", "dt", "dd", "div", "title"})
_STRONG = frozenset({"strong", "dd"})
_CODE = "code"


@dataclass(frozen=True, slots=True)
class Form:
    """A form without fields: a button."""

    method: str
    action: str


class Page:
    """One page, read. `text` uses Discord's signs for headings, lists and emphasis; `code` is what stands in the element of class "code"."""

    def __init__(self, url: URL, status: int, headers: Mapping[str, str], html: str) -> None:
        self.url, self.status, self.headers, self.html = url, status, headers, html
        reading = _Reading()
        reading.feed(html)
        reading.close()
        self.text = reading.text
        self.title, self.code = reading.title.strip(), reading.code.strip()
        self.links, self.form = reading.links, reading.form


class _Reading(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.title = self.code = ""
        self.links: dict[str, str] = {}
        self.form: Form | None = None
        self._lines: list[str] = []
        self._line = ""
        self._open: list[str] = []
        self._in_code = False
        self._link: tuple[str, str] | None = None

    @property
    def text(self) -> str:
        return "\n".join(line for line in (*self._lines, " ".join(self._line.split())) if line)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _BLOCKS:
            self._end_line()
            self._line = {"h1": "### ", "h2": "### ", "li": "- "}.get(tag, "")
            self._in_code = given.get("class") == _CODE
        if tag == "form":
            self.form = Form(given.get("method", "get").upper(), given.get("action", ""))
        if tag == "button":
            self._end_line()
            self._line = "[ "
        if tag == "a":
            self._link = (given.get("href", ""), "")
        if tag in _STRONG:
            self._line += "**"
        if tag not in ("meta", "link", "br"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _STRONG:
            self._line = self._line.rstrip() + "**"
        if tag == "button":
            self._line += " ]"
        if tag == "a" and self._link is not None:
            self.links[" ".join(self._link[1].split())] = self._link[0]
            self._link = None
        if tag in _BLOCKS or tag == "button":
            self._end_line()
            self._in_code = False
        if tag in self._open:
            self._open.remove(tag)

    def handle_data(self, data: str) -> None:
        if "title" in self._open:
            self.title += data
            return
        if self._in_code:
            self.code += data
        if self._link is not None:
            self._link = (self._link[0], self._link[1] + data)
        self._line += data

    def _end_line(self) -> None:
        line = " ".join(self._line.split())
        if line.strip("#-[]* "):
            self._lines.append(line)
        self._line = ""
