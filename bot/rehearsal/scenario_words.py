"""The words a scenario may use, and what each means to the stand-ins. `docs/scenarios.md` explains them to people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from bot.rehearsal.faults import FaultKind
from bot.rehearsal.zoom_links import Outcome
from bot.rehearsal.zoom_wire import JsonObject

Standing = Literal[
    "fine",
    "new account",
    "just joined",
    "pending rules",
    "timed out",
    "quarantined",
    "bot",
    "not in server",
]

FaultWord = Literal[
    "is slow",
    "is down",
    "is busy",
    "breaks off",
    "stays silent",
    "answers garbage",
    "does it, then breaks off",
    "does it, then stays silent",
]

FAULTS: Mapping[FaultWord, FaultKind] = {
    "is slow": "delay",
    "is down": "status",
    "is busy": "rate_limited",
    "breaks off": "reset",
    "stays silent": "timeout",
    "answers garbage": "malformed",
    "does it, then breaks off": "apply_then_reset",
    "does it, then stays silent": "apply_then_timeout",
}

ZoomCall = Literal[
    "anything",
    "sign in",
    "revoke access",
    "create a meeting",
    "look for meetings",
    "read a meeting",
    "change a meeting",
    "delete a meeting",
    "register",
    "look for registrants",
    "cancel registrants",
    "make invite links",
    "read users",
    "remove somebody",
    "end a meeting",
]

RemovalWord = Literal["is not enabled", "works", "is accepted and does nothing"]
"""What Zoom's way for apps to put somebody out of a call does in this account; ending a call "is accepted" in the same way."""

DatabaseWord = Literal["is stopped", "stays silent", "answers again"]
"""What becomes of the bot's own database: it refuses every transaction, lets every one wait, or works as before."""

CallRole = Literal["host", "co-host", "attendee"]

EventsWord = Literal["come twice", "are held back", "come newest first", "come as usual"]
"""How Zoom's events reach the bot from now on; what was held back comes with either of the last two."""

ZOOM_CALLS: Mapping[ZoomCall, tuple[str, str]] = {
    "anything": ("*", "/"),
    "sign in": ("POST", r"/oauth/token$"),
    "revoke access": ("POST", r"/oauth/revoke$"),
    "create a meeting": ("POST", r"/users/[^/]+/meetings$"),
    "look for meetings": ("GET", r"/users/[^/]+/meetings$"),
    "read a meeting": ("GET", r"/meetings/\d+$"),
    "change a meeting": ("PATCH", r"/meetings/\d+$"),
    "delete a meeting": ("DELETE", r"/meetings/\d+$"),
    "register": ("POST", r"/meetings/\d+/(registrants|batch_registrants)$"),
    "look for registrants": ("GET", r"/meetings/\d+/registrants$"),
    "cancel registrants": ("PUT", r"/meetings/\d+/registrants/status$"),
    "make invite links": ("POST", r"/meetings/\d+/invite_links$"),
    "read users": ("GET", r"/users(/[^/]+)?(/settings)?$"),
    "remove somebody": ("PATCH", r"/live_meetings/\d+/events$"),
    "end a meeting": ("PUT", r"/meetings/\d+/status$"),
}

DiscordCall = Literal["anything", "answer people", "post messages", "edit messages", "write direct messages"]

DISCORD_CALLS: Mapping[DiscordCall, tuple[str, str]] = {
    "anything": ("*", "/"),
    "answer people": ("*", r"/(interactions|webhooks)/"),
    "post messages": ("POST", r"/channels/\d+/messages$"),
    "edit messages": ("PATCH", r"/channels/\d+/messages/\d+$"),
    "write direct messages": ("POST", r"/users/@me/channels$"),
}

OUTCOMES: Mapping[Outcome, str] = {
    "joins": "is in the call",
    "waiting_room": "waiting room",
    "waits_for_host": "waits for the host",
    "starts_as_host": "starts as host",
    "registration_page": "registration page",
    "invalid_registrant": "not valid",
    "passcode_wanted": "asked for the passcode",
    "sign_in_wanted": "asked to sign in",
    "expired": "expired",
    "no_such_meeting": "no such meeting",
    "no_such_link": "no such link",
}

ROOM: Mapping[str, Mapping[bool, JsonObject]] = {
    "waiting_room": {on: {"waiting_room": on} for on in (True, False)},
    "join_before_host": {on: {"join_before_host": on} for on in (True, False)},
    "registration": {True: {"approval_type": 1}, False: {"approval_type": 2}},
    "recording": {True: {"auto_recording": "cloud"}, False: {"auto_recording": "none"}},
    "telephone": {True: {"audio": "both"}, False: {"audio": "voip"}},
    "mute_on_entry": {on: {"mute_upon_entry": on} for on in (True, False)},
    "video_at_entry": {on: {"participant_video": on} for on in (True, False)},
    "focus_mode": {on: {"focus_mode": on} for on in (True, False)},
}
"""What an admin at Zoom can lock or change, as fields of a meeting's settings."""

OWN = "their own"
"""Instead of a name: of the person who acts."""
_CODE_OF = re.compile(r"the code (?:(?P<own>they)|(?P<who>.+)) (?:were|was) shown")

_SPAN = re.compile(r"(\d+)\s*(second|minute|hour|day|week)s?")
_RELATIVE = re.compile(r"(?:(?P<span>.+?)\s+(?P<side>before|after)\s+)?(?:the\s+)?(?P<anchor>start|end)")
_LINKS_OPEN = "30 minutes before the start"


def span(text: str) -> timedelta:
    """A length of time such as "20 minutes" or "1 hour and 5 minutes".

    Raises:
        ValueError: it is none; says how to write one.
    """
    rest = re.sub(r"\band\b|,", " ", _SPAN.sub(" ", text)).strip()
    found = _SPAN.findall(text)
    if rest or not found:
        raise ValueError(f'"{text}" is no length of time; write it like "20 minutes" or "1 hour and 5 minutes"')
    return sum((timedelta(**{f"{unit}s": int(number)}) for number, unit in found), timedelta())


def code_of(text: str) -> str | None:
    """Whose code "the code Ana was shown" means; `OWN` for "the code they were shown", None for any other text."""
    match = _CODE_OF.fullmatch(text)
    return None if match is None else OWN if match["own"] else match["who"]


@dataclass(frozen=True, slots=True)
class Moment:
    """A point of the story: so long before (negative) or after the start or end of its newest meeting, or a time of day."""

    anchor: Literal["start", "end", "clock"]
    offset: timedelta = timedelta()
    clock: time | None = None

    def next_clock(self, now: datetime, zone: str) -> datetime:
        """The next time the clock on the wall shows `clock`, aware UTC."""
        here = now.astimezone(ZoneInfo(zone))
        then = datetime.combine(here.date(), self.clock or time(), ZoneInfo(zone))
        return (then if then > here else then + timedelta(days=1)).astimezone(UTC)


def moment(text: str) -> Moment:
    """A point such as "links open", "the start", "5 minutes after the end" or "19:30".

    Raises:
        ValueError: it is none; says how to write one.
    """
    text = _LINKS_OPEN if text == "links open" else text
    if re.fullmatch(r"[0-2]?\d:[0-5]\d", text):
        return Moment("clock", clock=time.fromisoformat(text.zfill(5)))
    match = _RELATIVE.fullmatch(text)
    if match is None:
        raise ValueError(
            f'"{text}" is no point of the story; write "links open", "the start", "the end", "5 minutes before the start" or a time like "19:30"'
        )
    length = span(match["span"]) if match["span"] else timedelta()
    return Moment("start" if match["anchor"] == "start" else "end", -length if match["side"] == "before" else length)
