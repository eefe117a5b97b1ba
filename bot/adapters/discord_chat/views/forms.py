"""Forms people fill in. One that is open while the bot restarts is not lost: Discord keeps the text and says that it failed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from discord import ui

from bot.adapters.discord_chat.presses import Interaction
from bot.domain.community import Community
from bot.domain.errors import UserMistake
from bot.domain.invite import MAX_SHOWN_NAME, TAG_LENGTH
from bot.domain.linking import CODE_LENGTH
from bot.domain.privacy import MAX_RETENTION, MIN_RETENTION
from bot.services.community_setup import Numbers

_OPEN_FOR = 15 * 60.0
"""Seconds a form is kept in memory; nobody tells us when it is dismissed."""
_BLANKS = 2
"""Room for blanks that people type or paste along with a code."""


class _Form(ui.Modal):
    """Some fields and what happens with them."""

    def __init__(self, name: str, submitted: Callable[[Interaction], Awaitable[None]]) -> None:
        super().__init__(title=name, timeout=_OPEN_FOR)
        self._submitted = submitted

    def ask(self, label: str, hint: str, given: str = "", *, most: int, needed: bool = True) -> ui.TextInput[Any]:
        """One line to fill in."""
        field: ui.TextInput[Any] = ui.TextInput(default=given or None, max_length=most, required=needed)
        self.add_item(ui.Label(text=label, description=hint, component=field))
        return field

    async def on_submit(self, interaction: Interaction, /) -> None:
        await self._submitted(interaction)


class NameForm(_Form):
    """Asks a member for another name in the call."""

    def __init__(self, submitted: Callable[[Interaction, str], Awaitable[None]]) -> None:
        super().__init__("Use another name in the call", self._read)
        self._then = submitted
        most = MAX_SHOWN_NAME - TAG_LENGTH - 1
        self._name = self.ask(
            "Your name in this call", "Everyone in the call sees it. You get a new link; use only that one.", most=most
        )

    async def _read(self, interaction: Interaction) -> None:
        await self._then(interaction, self._name.value)


class CodeForm(_Form):
    """Asks for the code that the browser shows after consent at Zoom."""

    def __init__(self, submitted: Callable[[Interaction, str], Awaitable[None]]) -> None:
        super().__init__("Enter the code", self._read)
        self._then = submitted
        hint = "Six characters, from the page in your browser. Only you type this; nobody will ask you for it."
        self._code = self.ask("The code", hint, most=CODE_LENGTH + _BLANKS)

    async def _read(self, interaction: Interaction) -> None:
        await self._then(interaction, self._code.value)


class PlaceForm(_Form):
    """Asks for time zone and country."""

    def __init__(self, now: Community, submitted: Callable[[Interaction, str, str], Awaitable[None]]) -> None:
        super().__init__("Time zone and country", self._read)
        self._then = submitted
        self._zone = self.ask(
            "Time zone",
            'Continent/City, such as Europe/Berlin. "tomorrow 7pm" is then read there.',
            now.timezone or "",
            most=64,
            needed=False,
        )
        self._country = self.ask(
            "Country",
            "Two letters, such as GB, US or DE. For where to report crimes.",
            now.country or "",
            most=2,
            needed=False,
        )

    async def _read(self, interaction: Interaction) -> None:
        await self._then(interaction, self._zone.value, self._country.value)


class NumbersForm(_Form):
    """Asks for the minimum ages, when links open and when people are reminded."""

    def __init__(self, now: Community, submitted: Callable[[Interaction, tuple[str, ...]], Awaitable[None]]) -> None:
        super().__init__("Ages and link time", self._read)
        self._then = submitted
        asked = (
            ("Age of the Discord account, in days", "Younger accounts get no link.", now.min_account_age.days),
            ("Time in this server, in days", "0 if it does not matter.", now.min_membership_age.days),
            (
                "Account age for open doors, in days",
                "Newcomers need no verified role, only this.",
                now.open_door_min_account_age.days,
            ),
            ("Links open how many minutes before?", "From 5 to 1440.", int(now.link_release.total_seconds()) // 60),
            (
                "Reminder how many minutes before?",
                "0 for no reminders. At most 1440.",
                int(now.reminder.total_seconds()) // 60,
            ),
        )
        self._fields = [self.ask(label, hint, str(value), most=4) for label, hint, value in asked]

    async def _read(self, interaction: Interaction) -> None:
        await self._then(interaction, tuple(field.value for field in self._fields))


class RetentionForm(_Form):
    """Asks how long people's data is kept."""

    def __init__(self, now: Community, submitted: Callable[[Interaction, tuple[str, ...]], Awaitable[None]]) -> None:
        super().__init__("How long people's data is kept", self._read)
        self._then = submitted
        hint = f"From {MIN_RETENTION.days} to {MAX_RETENTION.days} days after each call. Incidents keep theirs longer."
        self._days = self.ask("Days after a call", hint, str(now.retention.days), most=3)

    async def _read(self, interaction: Interaction) -> None:
        await self._then(interaction, (self._days.value,))


def whole_number(typed: str) -> int:
    """What was typed into a field for a number.

    Raises:
        UserMistake: it is not a whole number.
    """
    if not typed.strip().isdecimal():
        raise UserMistake("Please give whole numbers only, such as 7 or 30.", code="not_a_number")
    return int(typed)


def numbers_from(typed: tuple[str, ...]) -> Numbers:
    """The numbers of the form.

    Raises:
        UserMistake: one of them is not a whole number.
    """
    account, membership, open_door, release, reminder = (whole_number(text) for text in typed)
    return Numbers(account, membership, open_door, release, reminder)
