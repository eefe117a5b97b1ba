"""How a table is entered in the register of what is held about people (`personal_register.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import cast

from sqlalchemy import JSON, BigInteger, Column, LargeBinary, String, Table
from sqlalchemy import Enum as EnumType

from bot.adapters.store.base import Base
from bot.domain.privacy import Topic

OWN_ID_LENGTH = 32
"""Columns named `..._id` of at most this many characters hold ids we counted ourselves, or a meeting's number: they name nobody."""


class Finds(Enum):
    """What in a column finds the rows about a member."""

    MEMBER = "member"
    """The member's own number."""
    REGISTRANT = "registrant"
    """The id under which Zoom knows them in one meeting, from their invites."""
    MEMBER_IN_TEXT = "member_in_text"
    """Their number somewhere in JSON."""
    SHOWN_NAME = "shown_name"
    """The name with its tag that their invites showed in the call, in rows of those meetings."""
    SEEN_IN_TEXT = "seen_in_text"
    """That id or that name somewhere in JSON, in rows of those meetings."""


class Erase(Enum):
    """What becomes of such a row when the member is erased."""

    DELETE = "delete"
    CLEAR = "clear"
    """The column becomes empty; the rest is about others."""
    DISOWN = "disown"
    """The member's number becomes nobody's, because the row is about others and the column may not be empty."""
    ELSEWHERE = "elsewhere"
    """A use case does it, because more follows from it."""


class Goes(Enum):
    """What ends the keeping of a table's rows."""

    WITH_MEETING = "with_meeting"
    """The community's retention after the meeting (`meeting_id`, or `session_id` of its sessions)."""
    BY_AGE = "by_age"
    """The same span after the moment in the column `age`; rows with a meeting go with it as well."""
    WITH_COMMUNITY = "with_community"
    """The community removes the bot."""
    BY_ITSELF = "by_itself"
    """Something else clears it; `why` says what."""
    NEVER = "never"
    """`why` says why that is right."""


@dataclass(frozen=True, slots=True)
class Holding:
    """One way in which a table holds a member.

    `shown`: columns that `/privacy me` tells them, each under a plain word; none for what they may not see.
    """

    topic: Topic
    column: str
    finds: Finds = Finds.MEMBER
    erase: Erase = Erase.DELETE
    shown: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PersonalTable:
    """One table in the register.

    `texts` are names, addresses and words of people in rows that go with them; `nobody` are columns that could hold a person by their type and
    do not.
    """

    table: Table
    goes: Goes
    holds: tuple[Holding, ...] = ()
    texts: tuple[str, ...] = ()
    nobody: tuple[str, ...] = ()
    age: str = ""
    why: str = ""

    @property
    def named(self) -> frozenset[str]:
        """Every column that this entry speaks of."""
        return frozenset((*(holding.column for holding in self.holds), *self.texts, *self.nobody))


def entered(
    row: type[Base] | Table,
    goes: Goes,
    *holds: Holding,
    texts: tuple[str, ...] = (),
    nobody: tuple[str, ...] = (),
    age: str = "",
    why: str = "",
) -> PersonalTable:
    """An entry of the register."""
    table = row if isinstance(row, Table) else cast(Table, row.__table__)
    return PersonalTable(table, goes, holds, texts, nobody, age, why)


def could_hold_a_person(column: Column[object]) -> bool:
    """Whether a column is of a type that can hold a member's number, a name, an address or somebody's words.

    Sealed secrets have a register and a test of their own (`sealed_columns.py`).
    """
    kind = column.type
    if isinstance(kind, EnumType) or column.name.endswith(("_sealed", "_key_id")):
        return False
    if isinstance(kind, String):
        own_id = column.name.endswith("_id") and kind.length is not None and kind.length <= OWN_ID_LENGTH
        return not (own_id or column.foreign_keys)
    return isinstance(kind, BigInteger | JSON | LargeBinary)
