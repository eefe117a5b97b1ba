"""What a private reply consists of, described without the chat library, so that texts are pure and links stay masked until shown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from bot.domain.values import ChannelId, MemberId, RoleId, Secret

MAX_TEXT = 4000
"""Characters of text in one message, all blocks together (https://docs.discord.com/developers/components/reference#text-display)."""


class Style(Enum):
    """How much a button invites."""

    MAIN = "main"
    PLAIN = "plain"
    GRAVE = "grave"


@dataclass(frozen=True, slots=True)
class Text:
    """Some lines of Markdown. What people typed in it is escaped already."""

    markdown: str


@dataclass(frozen=True, slots=True)
class Button:
    """A button; `press` is its `custom_id`."""

    label: str
    press: str
    style: Style = Style.PLAIN
    off: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Up to five buttons side by side."""

    buttons: tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class Option:
    """One line of a menu."""

    label: str
    value: str
    detail: str = ""
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Menu:
    """A menu of up to 25 options, one of which can be chosen."""

    press: str
    hint: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class RolePick:
    """Choose up to `most` roles; none is a choice too."""

    press: str
    hint: str
    chosen: tuple[RoleId, ...]
    most: int = 25


@dataclass(frozen=True, slots=True)
class ChannelPick:
    """Choose one text channel."""

    press: str
    hint: str
    chosen: ChannelId | None


@dataclass(frozen=True, slots=True)
class PersonPick:
    """Choose one person, or nobody."""

    press: str
    hint: str
    chosen: MemberId | None


@dataclass(frozen=True, slots=True)
class PrivateLink:
    """A join link or another personal address, for the one person who reads this reply."""

    link: Secret
    label: str = "Join the call"


@dataclass(frozen=True, slots=True)
class Document:
    """A file for the one person who reads this reply. Never imagery."""

    name: str
    content: bytes


Block = Text | Row | Menu | RolePick | ChannelPick | PersonPick | PrivateLink | Document


@dataclass(frozen=True, slots=True)
class Reply:
    """What one person gets to read in private. `code` is the outcome as the log names it."""

    blocks: tuple[Block, ...]
    code: str = "ok"


def say(*lines: str, code: str = "ok") -> Reply:
    """A reply of text only."""
    return Reply((Text(joined(*lines)),), code)


def joined(*lines: str) -> str:
    """Lines one under the other. None is dropped: an empty one is a gap."""
    return "\n".join(lines)
