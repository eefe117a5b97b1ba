"""Described replies as Discord components. The only place where a join link or another personal address is shown."""

from __future__ import annotations

import io
from typing import Any

import discord
from discord import ui

from bot.adapters.discord_chat.replies.shape import (
    MAX_TEXT,
    Block,
    Button,
    ChannelPick,
    Document,
    Menu,
    PersonPick,
    PrivateLink,
    Reply,
    RolePick,
    Row,
    Style,
    Text,
)
from bot.adapters.discord_chat.replies.wording import clipped
from bot.domain.values import Secret

MAX_BUTTON_URL = 512
"""https://docs.discord.com/developers/components/reference#button"""

_STYLES = {
    Style.MAIN: discord.ButtonStyle.primary,
    Style.PLAIN: discord.ButtonStyle.secondary,
    Style.GRAVE: discord.ButtonStyle.danger,
}


def layout(reply: Reply) -> ui.LayoutView:
    """The reply as a message. Presses are routed by their `custom_id`, so the library is told not to keep the view."""
    view = ui.LayoutView(timeout=None)
    room = MAX_TEXT
    for block in reply.blocks:
        if isinstance(block, Text):
            block = Text(clipped(block.markdown, max(room, 1)))
            room -= len(block.markdown)
        view.add_item(_item(block))
    view.stop()
    return view


def files(reply: Reply) -> list[discord.File]:
    """What is sent along with the message. A file is read once, so every showing makes its own."""
    return [
        discord.File(io.BytesIO(block.content), block.name) for block in reply.blocks if isinstance(block, Document)
    ]


def _item(block: Block) -> ui.Item[Any]:
    match block:
        case Text(markdown):
            return ui.TextDisplay(markdown)
        case PrivateLink(link, label):
            return _shown_link(link, label)
        case Row(buttons):
            return ui.ActionRow(*(_button(button) for button in buttons))
        case Document(name):
            return ui.File(f"attachment://{name}")
        case _:
            return ui.ActionRow(_select(block))


def _shown_link(link: Secret, label: str) -> ui.Item[Any]:
    """The link itself, as a button, or as text where it is longer than a button takes. For ephemeral replies only.

    The angle brackets keep Discord from fetching a preview of it.
    """
    address = link.reveal()
    if len(address) <= MAX_BUTTON_URL:
        return ui.ActionRow(ui.Button(label=label, style=discord.ButtonStyle.link, url=address))
    return ui.TextDisplay(f"{label}: <{address}>")


def _button(button: Button) -> ui.Button[Any]:
    return ui.Button(label=button.label, custom_id=button.press, style=_STYLES[button.style], disabled=button.off)


def _select(block: Menu | RolePick | ChannelPick | PersonPick) -> ui.Item[Any]:
    match block:
        case Menu(press, hint, options):
            shown = [
                discord.SelectOption(
                    label=option.label, value=option.value, description=option.detail or None, default=option.chosen
                )
                for option in options
            ]
            return ui.Select(custom_id=press, placeholder=hint, options=shown)
        case RolePick(press, hint, chosen, most):
            roles = [discord.Object(role_id) for role_id in chosen[:most]]
            return ui.RoleSelect(custom_id=press, placeholder=hint, min_values=0, max_values=most, default_values=roles)
        case ChannelPick(press, hint, chosen_channel):
            channels = [discord.Object(chosen_channel)] if chosen_channel is not None else []
            return ui.ChannelSelect(
                custom_id=press,
                placeholder=hint,
                channel_types=[discord.ChannelType.text, discord.ChannelType.news],
                default_values=channels,
            )
        case PersonPick(press, hint, chosen_person):
            people = [discord.Object(chosen_person)] if chosen_person is not None else []
            return ui.UserSelect(custom_id=press, placeholder=hint, min_values=0, default_values=people)
