"""The chain of audit entries: whatever is changed in it shows."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.audit import GENESIS, AuditEntry, digest_of, first_break, text_digest
from bot.domain.values import GuildId
from tests.domain.people import NOW

TEXTS = st.text(max_size=12)
FACTS = st.dictionaries(TEXTS, TEXTS | st.integers() | st.booleans() | st.none(), max_size=4)
CONTENTS: dict[str, st.SearchStrategy[Any]] = {
    "guild_id": st.integers(1, 2**63 - 1).map(GuildId),
    "at": st.integers(0, 10**15).map(lambda microseconds: NOW + timedelta(microseconds=microseconds)),
    "action": TEXTS,
    "actor": st.none() | TEXTS,
    "subject": st.none() | TEXTS,
    "meeting": st.none() | TEXTS,
    "facts": FACTS,
    "text_hash": st.none() | TEXTS,
}
CHAINS = st.lists(st.fixed_dictionaries(CONTENTS), min_size=1, max_size=6)


def chained(contents: list[dict[str, Any]]) -> list[AuditEntry]:
    entries: list[AuditEntry] = []
    for seq, content in enumerate(contents, start=1):
        previous = entries[-1].digest if entries else GENESIS
        entry = AuditEntry(**content, seq=seq, previous=previous)
        entries.append(replace(entry, digest=digest_of(entry)))
    return entries


@given(contents=CHAINS)
def test_untouched_chain_holds(contents: list[dict[str, Any]]) -> None:
    assert first_break(chained(contents)) is None


def test_empty_chain_holds() -> None:
    assert first_break([]) is None


@given(contents=CHAINS, data=st.data())
def test_any_change_to_any_field_breaks_the_chain(contents: list[dict[str, Any]], data: st.DataObject) -> None:
    entries = chained(contents)
    place = data.draw(st.integers(0, len(entries) - 1))
    field = data.draw(st.sampled_from([field.name for field in fields(AuditEntry)]))
    change = CONTENTS.get(field, st.integers(2, 99) if field == "seq" else TEXTS)
    now = getattr(entries[place], field)
    changed = data.draw(change.filter(lambda value: (type(value), value) != (type(now), now)))
    if field == "facts":
        changed = {**now, "planted": changed}
    entries[place] = replace(entries[place], **{field: changed})
    assert first_break(entries) == entries[place].seq


@given(contents=CHAINS, data=st.data())
def test_changed_entry_with_a_new_digest_breaks_the_next(contents: list[dict[str, Any]], data: st.DataObject) -> None:
    entries = chained([*contents, contents[0]])
    place = data.draw(st.integers(0, len(entries) - 2))
    forged = replace(entries[place], action=entries[place].action + "!")
    entries[place] = replace(forged, digest=digest_of(forged))
    assert first_break(entries) == entries[place].seq + 1


@given(contents=CHAINS, data=st.data())
def test_removed_or_swapped_entry_shows(contents: list[dict[str, Any]], data: st.DataObject) -> None:
    entries = chained([*contents, contents[0]])
    place = data.draw(st.integers(0, len(entries) - 2))
    assert first_break(entries[:place] + entries[place + 1 :]) is not None
    entries[place], entries[place + 1] = entries[place + 1], entries[place]
    assert first_break(entries) is not None


def test_true_one_and_text_are_told_apart_in_facts() -> None:
    plain = AuditEntry(GuildId(1), 1, NOW, "act", None)
    values: list[str | int | bool | None] = [True, 1, "1", "True", None, "None", False, 0, ""]
    assert len({digest_of(replace(plain, facts={"value": value})) for value in values}) == len(values)


def test_absent_and_empty_are_told_apart() -> None:
    plain = AuditEntry(GuildId(1), 1, NOW, "act", None)
    for change in ({"actor": ""}, {"subject": ""}, {"meeting": ""}, {"text_hash": ""}):
        assert digest_of(plain) != digest_of(replace(plain, **change))  # type: ignore[arg-type]
    assert digest_of(replace(plain, actor="x")) != digest_of(replace(plain, subject="x"))


def test_zone_and_order_of_facts_change_nothing() -> None:
    entry = AuditEntry(GuildId(1), 1, NOW, "act", None, facts={"a": 1, "b": 2})
    elsewhere = replace(entry, at=NOW.astimezone(timezone(timedelta(hours=5, minutes=45))), facts={"b": 2, "a": 1})
    assert digest_of(entry) == digest_of(elsewhere)


@given(text=TEXTS, salt=st.binary(min_size=16, max_size=16), other=st.binary(min_size=16, max_size=16))
def test_hash_of_a_text_depends_on_its_salt(text: str, salt: bytes, other: bytes) -> None:
    assert text_digest(salt, text) == text_digest(salt, text)
    assert (text_digest(salt, text) == text_digest(other, text)) == (salt == other)
