"""What people read when they report: that it is kept, and where else to turn. Child abuse is never asked for in pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from bot.adapters.discord_chat.presses import REPORT_CONFIRMED, SUPPORT_LINES
from bot.adapters.discord_chat.replies.shape import Button, Reply, Row, Style, Text, joined, say
from bot.adapters.discord_chat.replies.wording import clipped, fitting, moment, title
from bot.domain.incident import Category
from bot.domain.meeting import Meeting
from bot.domain.reporting import Call
from bot.domain.routes import Checked, Route, RouteKind
from bot.services.reporting import Reported

FORM_WORDS = (
    "**Words only, please.** Do not record, copy, photograph or forward anything from the call, not even as evidence: "
    "for some material having a copy is a crime in itself, and I take no files.\n"
    "If somebody is in danger now, ring your country's emergency number first."
)
NO_FILES = (
    "I noted where the message is. **If it has files, I did not take them, and never will:** keeping or passing on some pictures is a crime in "
    "itself, even as evidence."
)
NEVER_COPY = (
    "**Do not record, copy, save or forward any of it, to nobody, not even to the police or to me.** You did nothing wrong by seeing it. "
    "Leave logs as they are; if there is a recording, ask the police before you touch it. What helps them is in the evidence pack: "
    "exact times and numbers, no pictures."
)
NO_MORE_REMINDERS = say("Good. I do not remind you of it any more.", code="report_done")
_ROOM = 3400


def reported(done: Reported, *, of_message: bool = False) -> Reply:
    """It is kept; what has happened, and where to turn."""
    head = [f"### Thank you. It is incident {done.incident.number}, and it is kept."]
    if done.category in (Category.CHILD_ABUSE, Category.VIOLENCE):
        head.append("**If somebody is in danger now, ring your country's emergency number before anything else.**")
    if done.call is not None:
        head.append(f"About {call_name(done.call)}. If you meant another call, report it with `/report meeting:`.")
    else:
        head.append("No call here is running or ended lately, so it is about the server as a whole.")
    head.append("Moderators are told what was written, and not by whom.")
    if done.removal is not None:
        head.append(f"**Removal:** {done.removal}")
    if of_message:
        head.append(NO_FILES)
    if done.category is Category.CHILD_ABUSE:
        head.append(NEVER_COPY)
    blocks = [Text(joined(*head)), Text(where(done.routes, _ROOM - sum(map(len, head))))]
    blocks.append(Text(_confirm(done.confirm_until)))
    buttons = (
        Button("Support for me", SUPPORT_LINES(done.incident.incident_id), Style.MAIN),
        Button("No reminders, please", REPORT_CONFIRMED(done.incident.incident_id)),
    )
    return Reply((*blocks, Row(buttons)), "reported")


def where(routes: Iterable[Route], room: int) -> str:
    """Where to turn, grouped; what was not checked says so. Where not all fits, what is said beside names and numbers is left out."""
    found = list(routes)
    if not any(route.kind is not RouteKind.ZOOM for route in found):
        return "I know nobody to turn to in this country. Your local police can say who takes such reports."
    stand = max(route.checked_on for route in found)
    foot = f"-# As of {stand:%d %B %Y}. Look a number up again before you rely on it."
    full = "\n".join([*_grouped(found, brief=False), foot])
    return full if len(full) <= room else fitting([*_grouped(found, brief=True), foot], room)


def _grouped(routes: Iterable[Route], *, brief: bool) -> Iterator[str]:
    found = list(routes)
    for kind, head in _HEADS.items():
        group = [route for route in found if route.kind is kind]
        if group:
            yield head
            yield from (route_line(route, brief=brief and kind is not RouteKind.ZOOM) for route in group)


def route_line(route: Route, *, brief: bool = False) -> str:
    """One place to turn to, in one line."""
    contact = ", ".join(part for part in (route.phone, f"<{route.address}>" if route.address else "") if part)
    doubt = f" *(not checked: {route.note})*" if route.checked is Checked.NOT else ""
    named = f"**{route.name}**" + (f": {contact}" if contact else "")
    return f"- {named}{doubt}" if brief else f"- {named}. {route.how}{doubt}"


def support(routes: Iterable[Route]) -> Reply:
    """Support lines, for whoever asked for them."""
    lines = [route_line(route) for route in routes]
    return say(
        "### If what you saw or heard stays with you",
        "That is a normal reaction, and you do not have to handle it alone.",
        fitting(lines, _ROOM),
        "If you are in danger, or think of harming yourself, ring your country's emergency number now.",
        code="support",
    )


def later(again: datetime | None) -> Reply:
    """The answer to "Tomorrow again"."""
    if again is None:
        return say("The 7 days are over, so I remind you no more.", code="report_too_late")
    return say(f"I remind you again {moment(again)}.", code="report_later")


def call_name(call: Call) -> str:
    """The call by its topic and when it began."""
    return f"{title(call.meeting)}, {moment(call.session.started_at or call.meeting.starts_at)}"


def call_choice(call: Call) -> str:
    """The call as one of several to choose from."""
    meeting: Meeting = call.meeting
    state = "running now" if call.session.live else f"{call.session.started_at or meeting.starts_at:%d %b %H:%M} UTC"
    return clipped(f"{clipped(meeting.topic, 70)} ({state})")


def _confirm(until: datetime) -> str:
    return joined(
        "**If you report it to Zoom, it does not end there:** Zoom sends you a mail and wants it confirmed within 7 days, or the report expires "
        f"({moment(until)}). I remind you and the owner of the Zoom account after 3 and after 6 days, by direct message.",
    )


_HEADS = {
    RouteKind.ZOOM: "**At Zoom.** A person has to do it: Zoom has no way for programs to report, so I cannot do it for you.",
    RouteKind.POLICE: "**Police.** The organisers' evidence pack (`/incident export`) has the exact times and numbers they ask for.",
    RouteKind.HOTLINE: "**Hotlines**",
    RouteKind.SUPPORT: "**Support**",
}
