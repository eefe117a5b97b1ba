"""What organisers read of the record."""

from __future__ import annotations

from bot.adapters.discord_chat.presses import AUDIT_PAGE
from bot.adapters.discord_chat.replies.shape import Block, Button, Reply, Row, Text
from bot.adapters.discord_chat.replies.wording import clipped, fitting, person, typed
from bot.domain.audit import AuditEntry
from bot.services.audit_views import AuditPage

ANY = "-"
"""Stands in a `custom_id` for "no filter"."""
TOPICS: dict[str, tuple[str, frozenset[str]]] = {
    "meetings": ("Meetings, series and sessions", frozenset({"meeting", "series", "session", "edit", "drift"})),
    "links": ("Links, guests, registrations", frozenset({"invite", "guest", "registration", "leak"})),
    "live": ("Acting on calls", frozenset({"act", "door", "step", "emergency", "removal", "live"})),
    "incidents": ("Incidents and reports", frozenset({"incident", "report"})),
    "settings": ("Settings and Zoom accounts", frozenset({"setup", "link"})),
    "privacy": ("Erasing and retention", frozenset({"privacy", "erase", "erasure", "retention"})),
    "commands": ("Commands used", frozenset({"command"})),
}
_ROOM = 3600


def page(found: AuditPage, topic: str | None) -> Reply:
    """One page, newest first, with a way to the older ones."""
    head = "### The record of what was done"
    if not found.entries:
        return Reply((Text(f"{head}\nNothing matches, or nothing older."),), "audit_empty")
    lines = [_line(entry, found) for entry in found.entries]
    foot = (
        "-# People who were erased show as 'somebody erased'. `vestibule audit verify` checks that nothing was changed."
    )
    blocks: list[Block] = [Text(head), Text(fitting(lines, _ROOM)), Text(foot)]
    buttons = [Button("Newest", AUDIT_PAGE(ANY, *_filter(found, topic)))]
    if found.older is not None:
        buttons.append(Button("Older", AUDIT_PAGE(found.older, *_filter(found, topic))))
    return Reply((*blocks, Row(tuple(buttons))), "audit")


def _filter(found: AuditPage, topic: str | None) -> tuple[str, str, str]:
    wanted = found.wanted
    return (topic or ANY, str(wanted.person or ANY), wanted.meeting or ANY)


def _line(entry: AuditEntry, found: AuditPage) -> str:
    done = entry.action.replace(".", " ").replace("_", " ")
    by = "" if entry.actor is None else f" by {_who(entry.actor, found)}"
    about = "" if entry.subject in (None, entry.actor) else f" about {_who(str(entry.subject), found)}"
    facts = ", ".join(f"{name} {_value(value)}" for name, value in entry.facts.items() if value is not None)
    text = f": {typed(clipped(found.texts[entry.seq], 120))}" if entry.seq in found.texts else ""
    return (
        f"`{entry.seq}` <t:{int(entry.at.timestamp())}:f> **{done}**{by}{about}"
        + (f" ({facts})" if facts else "")
        + text
    )


def _who(opaque: str, found: AuditPage) -> str:
    known = found.people.get(opaque)
    return "somebody erased" if known is None else person(known)


def _value(value: str | int | bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return typed(clipped(str(value), 24))
