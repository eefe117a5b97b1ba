"""The name everyone in a call sees, its tag, and the address Zoom knows a member by."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.errors import UserMistake
from bot.domain.invite import (
    MAX_SHOWN_NAME,
    TAG_ALPHABET,
    TAG_LENGTH,
    TAG_SIGN,
    chosen_name,
    clean_name,
    synthetic_address,
    tag_from,
)
from bot.domain.values import MeetingId, MemberId
from tests.domain.people import NOW
from tests.domain.test_invite_lifecycle import fresh

TRICKS = "\u202e\u2066\u200b\u200d\u00ad\ufeff\u2060\u115f\u3164\uffa0\u2800\ufe0f\u034f\x00\x1b\x7f\n\t\u2028\u00a0\u0301\u0489·⋅•・"
RAW = st.text(max_size=100) | st.text(st.sampled_from(TRICKS + "Aé字"), max_size=100)
NUMBERS = st.tuples(*[st.integers(0, 2**32 - 1)] * 3)
SHOWS_NOTHING = "\u115f\u1160\u3164\uffa0\u2800\ufe0f\u034f\u180b"


@given(raw=RAW, numbers=NUMBERS)
@example(raw="a" * 100, numbers=(0, 0, 0))
@example(raw="\U0001f600" * 100, numbers=(0, 0, 0))
def test_shown_name_is_one_short_visible_line(raw: str, numbers: tuple[int, int, int]) -> None:
    shown = fresh(name=clean_name(raw), tag=tag_from(numbers)).shown_name
    assert len(shown) <= MAX_SHOWN_NAME
    assert shown == " ".join(shown.split())
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for character in shown)
    assert not any(character in SHOWS_NOTHING for character in shown)


@given(raw=RAW, numbers=NUMBERS)
def test_tag_stands_once_and_at_the_end(raw: str, numbers: tuple[int, int, int]) -> None:
    tag = tag_from(numbers)
    name, sign, rest = fresh(name=clean_name(raw), tag=tag).shown_name.partition(TAG_SIGN)
    assert name
    assert (sign, rest) == (TAG_SIGN, tag)


@given(raw=RAW)
@example(raw="A\u200b\u0300")
def test_cleaning_twice_changes_nothing(raw: str) -> None:
    assert clean_name(clean_name(raw)) == clean_name(raw)


@given(raw=RAW)
def test_marks_do_not_pile_up_or_stand_alone(raw: str) -> None:
    name = clean_name(raw)
    marks = [bool(unicodedata.combining(character)) for character in name]
    assert not marks[0]
    assert not any(all(marks[start : start + 3]) for start in range(len(marks) - 2))


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("Ana", "Ana"),
        ("  Ana \n  Lima ", "Ana Lima"),
        ("A\u200bn\u202ea", "Ana"),
        ("Ana·K7F", "AnaK7F"),
        ("Ana⋅K7F", "AnaK7F"),
        ("e\u0301ve", "éve"),
        ("Zoë 🦊", "Zoë 🦊"),
        ("王小明", "王小明"),
        ("x" + "\u0335" * 20 + "y", "x\u0335\u0335y"),
        ("\u0335\u0335", "Member"),
        ("", "Member"),
        ("\u3164", "Member"),
        ("\u2800\u2800", "Member"),
    ],
)
def test_cleaned_name(raw: str, name: str) -> None:
    assert clean_name(raw) == name


@pytest.mark.parametrize("raw", ["", "   ", "\u200b\u200b", "🦊", "!!!", "·", "\u3164", "\u115f\u1160", "\u2800"])
def test_chosen_name_nobody_can_read_is_refused(raw: str) -> None:
    with pytest.raises(UserMistake, match="another one"):
        chosen_name(raw)


@given(raw=RAW)
def test_chosen_name_is_cleaned_or_refused(raw: str) -> None:
    try:
        name = chosen_name(raw)
    except UserMistake:
        return
    assert name == clean_name(raw)
    assert any(character.isalnum() for character in name)


@given(numbers=NUMBERS)
def test_tag_uses_only_characters_that_are_not_mistaken(numbers: tuple[int, int, int]) -> None:
    tag = tag_from(numbers)
    assert len(tag) == TAG_LENGTH
    assert set(tag) <= set(TAG_ALPHABET)
    assert not set(tag) & set("01OIL")


def test_all_tags_can_come_up() -> None:
    size = len(TAG_ALPHABET)
    tags = {tag_from((a, b, c)) for a in range(size) for b in range(size) for c in range(size)}
    assert len(tags) == size**TAG_LENGTH


KEYS = st.binary(min_size=32, max_size=32)
MEMBERS = st.integers(1, 2**63 - 1).map(MemberId)
MEETINGS = st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ:", min_size=1, max_size=26).map(MeetingId)
INVITED = st.tuples(MEMBERS, MEETINGS, st.integers(1, 99))


@given(key=KEYS, one=INVITED, other=INVITED)
@example(key=bytes(32), one=(MemberId(1), MeetingId("1"), 11), other=(MemberId(1), MeetingId("11"), 1))
@example(key=bytes(32), one=(MemberId(1), MeetingId("1:1"), 1), other=(MemberId(1), MeetingId("1"), 1))
def test_address_is_stable_and_differs_between_members_meetings_and_generations(
    key: bytes, one: tuple[MemberId, MeetingId, int], other: tuple[MemberId, MeetingId, int]
) -> None:
    address = synthetic_address(key, *one, "guests.example.org")
    assert address == synthetic_address(key, *one, "guests.example.org")
    assert (address == synthetic_address(key, *other, "guests.example.org")) == (one == other)


@given(key=KEYS, other_key=KEYS, invited=INVITED)
def test_address_cannot_be_computed_without_the_key(
    key: bytes, other_key: bytes, invited: tuple[MemberId, MeetingId, int]
) -> None:
    made, guessed = (synthetic_address(one, *invited, "guests.example.org") for one in (key, other_key))
    assert (made == guessed) == (key == other_key)


@given(key=KEYS, invited=INVITED)
def test_address_is_valid_and_tells_nobody_who_it_is(key: bytes, invited: tuple[MemberId, MeetingId, int]) -> None:
    local, _, domain = synthetic_address(key, *invited, "guests.example.org").partition("@")
    assert domain == "guests.example.org"
    assert len(local) == 31
    assert local[0] == "m"
    assert set(local[1:]) <= set("0123456789abcdef")


def test_name_and_times_of_an_invite_do_not_show_in_its_address() -> None:
    assert "Ana" not in synthetic_address(bytes(32), MemberId(7), MeetingId("m"), 1, "guests.example.org")
    assert fresh(requested_at=NOW).shown_name == "Ana·K7F"
