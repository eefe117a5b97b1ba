"""Nothing about people can be kept without being in the register: a table or column that is not entered fails here."""

from __future__ import annotations

import pytest
from sqlalchemy import Column

from bot.adapters.store import migrate
from bot.adapters.store.base import metadata
from bot.adapters.store.personal_register import OF_COMMUNITIES, OF_MEETINGS, REGISTER
from bot.adapters.store.personal_table import Erase, Goes, PersonalTable, could_hold_a_person

ENTRIES = {entry.table.name: entry for entry in REGISTER}
assert migrate.head() is not None, "importing it puts every table into the metadata"


def test_every_table_is_entered_once() -> None:
    assert len(ENTRIES) == len(REGISTER)
    missing = set(metadata.tables) - set(ENTRIES)
    assert not missing, f"enter {sorted(missing)} in bot/adapters/store/personal_register.py"


@pytest.mark.parametrize("name", sorted(metadata.tables))
def test_every_column_that_could_hold_a_person_is_entered(name: str) -> None:
    entry, table = ENTRIES[name], metadata.tables[name]
    could: set[str] = {column.name for column in table.columns if could_hold_a_person(column)}
    missing = could - entry.named
    assert not missing, (
        f"say in the entry of {name} what {sorted(missing)} hold: a member (holds), words (texts), or nobody"
    )
    assert entry.named <= set(table.columns.keys()), "a column that does not exist"


@pytest.mark.parametrize("entry", REGISTER, ids=lambda entry: entry.table.name)
def test_entry_says_when_its_rows_go(entry: PersonalTable) -> None:
    columns = set(entry.table.columns.keys())
    if entry.goes is Goes.WITH_MEETING:
        assert entry in OF_MEETINGS
        assert columns & {"meeting_id", "session_id", "act_id"}
    elif entry.goes is Goes.BY_AGE:
        assert entry in OF_COMMUNITIES
        assert entry.age in columns
    elif entry.goes is Goes.WITH_COMMUNITY:
        assert entry in OF_COMMUNITIES
        assert "guild_id" in columns
    else:
        assert entry.why, "rows that neither retention nor a departure deletes need a reason"


@pytest.mark.parametrize("entry", REGISTER, ids=lambda entry: entry.table.name)
def test_nothing_secret_is_told_and_only_columns_that_can_be_empty_are_emptied(entry: PersonalTable) -> None:
    for holding in entry.holds:
        told: list[Column[object]] = [entry.table.columns[name] for name in holding.shown]
        assert not [column.name for column in told if column.name.endswith(("_sealed", "_key_id", "_hash"))]
        assert holding.erase is not Erase.CLEAR or entry.table.columns[holding.column].nullable


def test_what_others_are_found_by_is_deleted_after_them() -> None:
    order = [entry.table.name for entry in OF_MEETINGS]
    assert order[-1] == "meeting"
    sessions = order.index("session")
    assert all(
        order.index(entry.table.name) <= sessions for entry in OF_MEETINGS if "meeting_id" not in entry.table.columns
    )
