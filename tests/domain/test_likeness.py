"""Names that can be taken for one another, and names that cannot."""

from __future__ import annotations

import pytest

from bot.domain.likeness import skeleton, without_tag


@pytest.mark.parametrize(
    "other",
    ["ana·k7f", "Ana K7F", "A n a·K7F", "Аnа·K7F", "Ána·K7F", "ANA.K7F", "Ａｎａ·K7F", "An\u200ba·K7F", "αna·K7F"],
)
def test_look_alikes_share_a_skeleton(other: str) -> None:
    assert skeleton(other) == skeleton("Ana·K7F")


@pytest.mark.parametrize("other", ["Anna·K7F", "Ana·K7G", "Ben·K7F", "Ana"])
def test_other_names_do_not(other: str) -> None:
    assert skeleton(other) != skeleton("Ana·K7F")


def test_capital_i_small_l_and_one_are_drawn_alike() -> None:
    assert skeleton("BILL") == skeleton("biIl") == skeleton("b1ll")


def test_name_of_signs_says_nothing() -> None:
    assert skeleton("♥♥♥") == ""


@pytest.mark.parametrize(
    ("name", "front"),
    [("Ana·K7F", "Ana"), ("Dr. Lee·GK7F", "Dr. Lee"), ("Ana", "Ana"), ("a·b", "a·b")],
)
def test_tag_is_taken_off(name: str, front: str) -> None:
    assert without_tag(name) == front
