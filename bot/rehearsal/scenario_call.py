"""What happens in a call at Zoom, as a scenario says it: who comes in uninvited, and what the host does."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from bot.rehearsal.scenario_part import Part, Words, exactly_one
from bot.rehearsal.scenario_words import CallRole

EVERYBODY = "everybody"
STRANGER = "the stranger "
"""Before a name: the one of that name who came by no link of the bot's."""


class RoleGiven(Part):
    """A role in the call, given by the host."""

    role: CallRole
    to: str


class CallPart(Part):
    """Something happens in the newest call. People are named as the host sees them, without their tags."""

    strangers_enter: int | Words | None = Field(default=None)
    host_admits: Words | None = None
    host_refuses: Words | None = None
    host_puts_back: Words | None = None
    host_removes: Words | None = None
    host_gives: RoleGiven | None = None
    host_enters: bool = False
    host_leaves: bool = False
    waiting_room: bool | None = None
    to_breakout_room: Words | None = None
    from_breakout_room: Words | None = None
    waits_for_host: str | None = None
    found_in_public: str | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        exactly_one(self, *CallPart.model_fields)
        return self
