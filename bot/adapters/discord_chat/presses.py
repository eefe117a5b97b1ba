"""Buttons and menus that work after any restart: what is pressed says in its `custom_id` what it is and on what it acts.

A `custom_id` is no secret and can be replayed, so it carries ids only and every press checks rights again
(https://docs.discord.com/developers/components/reference#custom-id).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Self

import discord
from discord import ui

Interaction = discord.Interaction[discord.Client]
Handler = Callable[[Interaction, tuple[str, ...]], Awaitable[None]]
"""What happens on a press; the tuple holds what the `custom_id` says after the name."""
PressedItem = type[ui.DynamicItem[ui.Item[Any]]]


@dataclass(frozen=True, slots=True)
class Press:
    """One kind of button or menu. `Press("join")("01ABC")` gives the `custom_id` "join:01ABC"."""

    name: str

    def __call__(self, *subject: object) -> str:
        return ":".join((self.name, *map(str, subject)))

    @property
    def template(self) -> re.Pattern[str]:
        """Matches every `custom_id` of this kind."""
        return re.compile(rf"{re.escape(self.name)}(?P<subject>(?::[^:]+)+)")


GET_LINK = Press("join")
WAS_I_SIGNED_UP = Press("asked")
CHOOSE_MEETING = Press("choose")
OTHER_NAME = Press("rename")
DRAFT_CREATE = Press("draft:create")
DRAFT_DISCARD = Press("draft:discard")
ACCEPT = Press("meeting:accept")
CHECK_AGAIN = Press("meeting:check")
CANCEL = Press("meeting:cancel")
CANCEL_CONFIRM = Press("meeting:confirm")
CANCEL_NOT = Press("meeting:keep")
EDIT_CHANGE = Press("edit:change")
EDIT_DISCARD = Press("edit:discard")
GUEST_TAKE_BACK = Press("guest:revoke")
LIST_PAGE = Press("meeting:list")
SHOW_PAGE = Press("meeting:show")
SHOW_ONE = Press("meeting:one")
SERIES_CREATE = Press("series:create")
SERIES_DISCARD = Press("series:discard")
SERIES_CANCEL = Press("series:cancel")
REMIND_ME = Press("remind")
REMIND_ME_NOT = Press("no-reminder")
DRIFT_RESTORE = Press("drift:restore")
DRIFT_ACCEPT = Press("drift:accept")
DRIFT_ANEW = Press("drift:anew")
LIVE_LOCK = Press("live:lock")
LIVE_UNLOCK = Press("live:unlock")
LIVE_EMERGENCY = Press("live:emergency")
LIVE_END = Press("live:end")
LIVE_END_NOW = Press("live:ended")
LIVE_NOT = Press("live:leave")
LIVE_CHOOSE = Press("live:choose")
LIVE_ROSTER = Press("live:roster")
SEAT_REMOVE = Press("seat:remove")
SEAT_REMOVE_CONFIRM = Press("seat:removed")
SEAT_REPORT = Press("seat:report")
SEAT_ACCEPT = Press("seat:accept")
SEAT_WHOSE = Press("seat:whose")
NAME_MINE = Press("name:mine")
REPORT_CONFIRMED = Press("report:done")
REPORT_LATER = Press("report:later")
SUPPORT_LINES = Press("support")
AUDIT_PAGE = Press("audit:page")
GUARD_ON = Press("guard:on")
GUARD_OFF = Press("guard:off")
GUARD_REPAIR = Press("guard:repair")
GUARD_TRIED = Press("guard:tried")
ROTATE = Press("meeting:rotate")
LEAK_DEAL = Press("leak:deal")
LEAK_WHOSE = Press("leak:whose")
LEAK_ALLOW = Press("leak:allow")
REPORT_CONFIRMED = Press("report:done")
REPORT_LATER = Press("report:later")
SUPPORT_LINES = Press("support")
SETUP_PAGE = Press("setup:page")
SETUP_ROLES = Press("setup:roles")
SETUP_CHANNEL = Press("setup:channel")
SETUP_HOST = Press("setup:host")
SETUP_PERSON = Press("setup:person")
SETUP_FORM = Press("setup:form")
PRIVACY_ERASE = Press("privacy:erase")
PRIVACY_KEEP = Press("privacy:keep")
ZOOM_CODE = Press("zoom:code")
ZOOM_SHOW = Press("zoom:show")
ZOOM_DEFAULT = Press("zoom:default")
ZOOM_UNLINK = Press("zoom:unlink")
ZOOM_UNLINK_CONFIRM = Press("zoom:unlinked")
ZOOM_UNLINK_NOT = Press("zoom:keep")


def pressed_item(press: Press, handle: Handler) -> PressedItem:
    """The class to give to `Client.add_dynamic_items` so that `handle` runs on every press of this kind."""

    class Pressed(ui.DynamicItem[ui.Item[Any]], template=press.template):
        def __init__(self, item: ui.Item[Any], subject: tuple[str, ...]) -> None:
            super().__init__(item)
            self._subject = subject

        @classmethod
        async def from_custom_id(cls, _: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
            return cls(item, tuple(match["subject"].split(":")[1:]))

        async def callback(self, interaction: Interaction) -> None:
            await handle(interaction, self._subject)

    return Pressed


def chosen_values(interaction: Interaction) -> tuple[str, ...]:
    """What was chosen in the menu that was just used: option values or ids, as text."""
    data: Any = interaction.data or {}
    return tuple(str(value) for value in data.get("values", ()))
