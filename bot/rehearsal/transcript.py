"""Prints a rehearsal: for people to read, or as one JSON object per event."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from bot.rehearsal.events import (
    Alike,
    ChannelShows,
    Checked,
    Closing,
    CrowdSaw,
    Did,
    Event,
    Happened,
    KeptOpen,
    MeetingHeld,
    Opening,
    SawPrivately,
    Told,
)
from bot.rehearsal.reading import STRONG, WEAK, plain

WIDTH = 100
_MARGIN = " " * 7
_FEW_NAMES = 4

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_KINDS = {
    "reply": "",
    "form": "a form, ",
    "choices": "suggestions, ",
    "direct message": "a direct message, ",
    "page": "in the browser, ",
}


class Transcript:
    """Tells the story as text.

    Args:
        out: where to.
        colour: whether to use it; never anywhere but on a terminal.
    """

    def __init__(self, out: TextIO, *, colour: bool = True) -> None:
        self._out = out
        self._colour = colour and out.isatty()
        self._zone = ZoneInfo("UTC")

    def __call__(self, event: Event) -> None:
        """Print one event."""
        match event:
            case Opening():
                self._opening(event)
            case Told():
                self._line()
                self._wrapped(event.text, _MARGIN, lead=f"{self._clock(event.at)}  ", style="cyan")
            case Happened():
                self._wrapped(event.text, _MARGIN + "  ", lead=f"{self._clock(event.at)}  ~ ", style="yellow")
            case Did():
                self._wrapped(
                    f"{self._named(event.who)} {event.what}",
                    _MARGIN + "  ",
                    lead=f"{self._clock(event.at)}  ",
                    style="bold",
                )
            case SawPrivately() | Checked(held=True) if event.briefly:
                pass
            case SawPrivately():
                self._private(event)
            case CrowdSaw():
                self._crowd(event.groups)
            case ChannelShows():
                self._channel(event)
            case Checked():
                self._checked(event)
            case Closing():
                self._closing(event)
            case KeptOpen():
                self._line("\nStill running, until you press Ctrl-C:")
                for name, address in event.addresses.items():
                    self._line(f"  {name:<16} {address}")
        self._out.flush()

    def _opening(self, event: Opening) -> None:
        self._zone = ZoneInfo(event.zone)
        self._line(self._styled(f"━━ {event.title} ".ljust(WIDTH, "━"), "bold"))
        if event.about:
            self._wrapped(event.about, "")
        self._wrapped(
            f"{event.community}: {event.people} people, the real bot, and stand-ins for Discord and Zoom on this machine. "
            f"Times are those of {event.zone.replace('_', ' ')}.",
            "",
            style="dim",
        )

    def _private(self, event: SawPrivately) -> None:
        heading = f"🔒 {_KINDS[event.kind]}only {event.who} sees this"
        self._line(_MARGIN + self._styled(heading, "dim"))
        self._quoted(event.text.split("\n"), "│")

    def _channel(self, event: ChannelShows) -> None:
        verb = {"new": "a new message", "changed": "the message now reads", "deleted": "a message is deleted"}[
            event.change
        ]
        self._line(_MARGIN + self._styled(f"📢 #{event.channel}, for everyone there: {verb}", "dim"))
        if event.text:
            self._quoted(event.text.split("\n"), "┃")

    def _quoted(self, lines: Sequence[str], bar: str) -> None:
        lead = f"{_MARGIN}{self._styled(bar, 'dim')} "
        for line in lines:
            indent = "  " if line.lstrip().startswith("- ") else ""
            parts = textwrap.wrap(line, WIDTH - len(_MARGIN) - 4, subsequent_indent=indent, break_on_hyphens=False) or [
                ""
            ]
            strong = False
            for part in parts:
                opened = STRONG + part if strong else part
                strong = opened.count(STRONG) > opened.count(WEAK)
                self._line((lead + self._emphasised(opened + (WEAK if strong else ""))).rstrip())

    def _crowd(self, groups: Sequence[Alike]) -> None:
        for group in groups:
            people = f"{group.count} " + ("person sees" if group.count == 1 else "people see, each alone")
            self._wrapped(f"{people}: {group.what} ({_some(group.examples)})", _MARGIN + "   ", lead=_MARGIN + "🔒 ")

    def _checked(self, event: Checked) -> None:
        if event.held:
            self._wrapped(event.expected, _MARGIN + "  ", lead=_MARGIN + "✓ ", style="green")
            return
        self._wrapped(f"Expected: {event.expected}.", _MARGIN + "  ", lead=_MARGIN + "✗ ", style="red")
        for line in event.instead.split("\n"):
            self._wrapped(
                f"Instead: {line}" if line == event.instead.split("\n")[0] else line, _MARGIN + "  ", style="red"
            )

    def _closing(self, event: Closing) -> None:
        self._line()
        self._line(self._styled("━━ At the end ".ljust(WIDTH, "━"), "bold"))
        self._line(self._styled("Who got what", "bold"))
        rows = [(_some(fate.who), fate.standing, fate.outcome) for fate in event.fates]
        widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
        for row in rows:
            lead = f"  {row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  "
            self._wrapped(row[2], " " * len(lead), lead=lead)
        self._line(self._styled("What Zoom holds", "bold"))
        for meeting in event.meetings:
            self._wrapped(self._meeting(meeting), "    ", lead="  ")
        if not event.meetings:
            self._line("  No meeting.")
        self._search(event)
        if event.bot_said:
            self._line(self._styled("What the bot logged as errors", "bold"))
            for line in event.bot_said:
                self._wrapped(line[:600], "    ", lead="  ")
        verdict = f"{event.held} expectations held" + (f", {event.failed} did not" if event.failed else "")
        sign, style = ("✓", "green") if event.well else ("✗", "red")
        self._line(self._styled(f"{sign} {verdict}. {event.seconds:.1f} seconds.", style))

    def _search(self, event: Closing) -> None:
        self._line(self._styled("Search for leaks", "bold"))
        places = ", ".join(f"{count} {place}" for place, count in event.places.items())
        found = "none found" if not event.leaks else f"{len(event.leaks)} FOUND"
        self._wrapped(
            f"{event.secrets} secrets (links, passcodes, tokens, keys) in {places}: {found}.", "  ", lead="  "
        )
        for leak, count in Counter(event.leaks).items():
            times = f", {count} times" if count > 1 else ""
            self._line("  " + self._styled(f"✗ a {leak.secret} in {leak.place}{times}", "red"))

    def _meeting(self, meeting: MeetingHeld) -> str:
        parts = [f"{meeting.approved} registered"] if meeting.approved or not meeting.invite_links else []
        parts += [f"{meeting.cancelled} cancelled"] if meeting.cancelled else []
        parts += [f"{meeting.invite_links} links that can be passed on"] if meeting.invite_links else []
        when = f", {meeting.starts.astimezone(self._zone):%a %H:%M}" if meeting.starts else ""
        return f"“{meeting.topic}”{when}: {'deleted' if meeting.deleted else ', '.join(parts)}"

    def _named(self, who: Sequence[str]) -> str:
        if len(who) >= _FEW_NAMES:
            return f"{len(who)} people ({_some(who)})"
        return " and ".join([", ".join(who[:-1]), who[-1]] if who[1:] else who)

    def _clock(self, at: datetime) -> str:
        return f"{at.astimezone(self._zone):%H:%M}"

    def _wrapped(self, text: str, indent: str, *, lead: str | None = None, style: str = "") -> None:
        first = indent if lead is None else lead
        for number, line in enumerate(textwrap.wrap(text, WIDTH - len(indent), break_on_hyphens=False) or [""]):
            self._line((indent if number else first) + self._styled(line, style))

    def _emphasised(self, text: str) -> str:
        if not self._colour:
            return plain(text)
        return text.replace(STRONG, "\x1b[1m").replace(WEAK, "\x1b[22m")

    def _styled(self, text: str, style: str) -> str:
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if self._colour and style else text

    def _line(self, text: str = "") -> None:
        self._out.write(text + "\n")


def json_lines(out: TextIO) -> Callable[[Event], None]:
    """Prints each event as one JSON object with its kind under `event`."""

    def tell(event: Event) -> None:
        body = {"event": _snake(type(event).__name__), **_clean(asdict(event))}
        out.write(json.dumps(body, ensure_ascii=False, default=str) + "\n")
        out.flush()

    return tell


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, dict):
        return {key: _clean(item) for key, item in value.items()}
    return [_clean(item) for item in value] if isinstance(value, list | tuple) else value


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def _some(names: Sequence[str]) -> str:
    if len(names) <= _FEW_NAMES:
        return ", ".join(names)
    return f"{', '.join(names[: _FEW_NAMES - 1])} and {len(names) - _FEW_NAMES + 1} more"
