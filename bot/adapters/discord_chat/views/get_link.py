"""The two buttons under public messages."""

from __future__ import annotations

from typing import Any

import discord
from discord import ui

from bot.adapters.discord_chat.presses import GET_LINK, WAS_I_SIGNED_UP
from bot.domain.values import MeetingId


class GetLink(ui.Button[Any]):
    """ "Get my link" under an announcement. Whoever presses it is checked anew and answered in private."""

    def __init__(self, meeting_id: MeetingId) -> None:
        super().__init__(label="Get my link", style=discord.ButtonStyle.primary, custom_id=GET_LINK(meeting_id))


class WasISignedUp(ui.Button[Any]):
    """ "Was I signed up?" under the notice that a meeting is cancelled; answers each presser in private."""

    def __init__(self, meeting_id: MeetingId) -> None:
        super().__init__(
            label="Was I signed up?", style=discord.ButtonStyle.secondary, custom_id=WAS_I_SIGNED_UP(meeting_id)
        )
