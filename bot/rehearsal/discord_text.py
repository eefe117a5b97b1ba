"""Messages, forms and events as a person would read them on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.rehearsal.discord_components import (
    ACTION_ROW,
    BUTTON,
    CHECKBOX,
    CONTAINER,
    FILE_UPLOAD,
    LABEL,
    LINK_STYLE,
    SECTION,
    SELECTS,
    SEPARATOR,
    STRING_SELECT,
    TEXT_DISPLAY,
    TEXT_INPUT,
)
from bot.rehearsal.discord_interactions import Modal
from bot.rehearsal.discord_world import Json, Message, Version


def message_text(message: Message | Version) -> str:
    """A message as read: text, embeds, then components with buttons as `[ Label ]` and selects as `(choose: ...)`."""
    version = message.now if isinstance(message, Message) else message
    if version.loading:
        return "(thinking...)"
    lines = [version.content] if version.content else []
    for embed in version.embeds:
        lines += _embed_lines(embed)
    lines += component_lines(version.components)
    for attachment in version.attachments:
        lines.append(f"(file: {attachment.get('filename')})")
    return "\n".join(lines)


def modal_text(modal: Modal) -> str:
    """A form as read: its title, then each field."""
    return "\n".join([f"Form: {modal.title}", *component_lines(modal.components)])


def event_text(body: Json) -> str:
    """A scheduled event as read in the events list."""
    place = (body.get("entity_metadata") or {}).get("location")
    times = " to ".join(str(body[n]) for n in ("scheduled_start_time", "scheduled_end_time") if body.get(n))
    return "\n".join(str(part) for part in (body.get("name"), times, place, body.get("description")) if part)


def _embed_lines(embed: Json) -> Iterator[str]:
    author, footer = embed.get("author") or {}, embed.get("footer") or {}
    for part in (author.get("name"), embed.get("title"), embed.get("url"), embed.get("description")):
        if part:
            yield str(part)
    for row in embed.get("fields") or ():
        yield f"{row['name']}: {row['value']}"
    if footer.get("text"):
        yield str(footer["text"])


def component_lines(components: Sequence[Json]) -> Iterator[str]:
    """One line for each thing a person sees; a row of buttons is one line."""
    for component in components:
        kind = component["type"]
        if kind == ACTION_ROW:
            yield "  ".join(_control(child) for child in component["components"])
        elif kind == CONTAINER:
            yield from (f"| {line}" for line in component_lines(component["components"]))
        elif kind == SECTION:
            yield from component_lines(component["components"])
            yield _control(component["accessory"])
        elif kind == TEXT_DISPLAY:
            yield str(component["content"])
        elif kind == SEPARATOR:
            yield "---"
        elif kind == LABEL:
            yield f"{component['label']}: {_control(component['component'])}"
            if component.get("description"):
                yield f"  {component['description']}"
        else:
            yield _control(component)


def _control(component: Json) -> str:
    kind = component["type"]
    if kind == BUTTON:
        emoji = (component.get("emoji") or {}).get("name")
        label = " ".join(part for part in (emoji, component.get("label")) if part)
        if component.get("style") == LINK_STYLE:
            return f"[ {label} -> {component['url']} ]"
        return f"[ {label} (off) ]" if component.get("disabled") else f"[ {label} ]"
    if kind == TEXT_INPUT:
        return f"{component.get('label') or ''}[____]".strip()
    if kind == CHECKBOX:
        return "[x]" if component.get("default") else "[ ]"
    if kind == FILE_UPLOAD:
        return "(upload a file)"
    if kind in SELECTS and kind != STRING_SELECT:
        return f"(choose: {component.get('placeholder') or _PICKED[kind]})"
    if "options" in component:
        labels = " / ".join(("*" if o.get("default") else "") + o["label"] for o in component["options"])
        hint = f"{component['placeholder']}: " if component.get("placeholder") else ""
        return f"(choose: {hint}{labels})"
    return ""


_PICKED = {5: "a person", 6: "a role", 7: "a person or role", 8: "a channel"}
