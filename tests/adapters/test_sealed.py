"""Sealed values: what opens, what is refused, and that nothing tells a secret."""

from __future__ import annotations

import json

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.store.sealed import KeyMissing, SealBroken, Sealed, Sealer, key_id, new_key
from bot.domain.errors import NeedsAttention

OLD, NEW = new_key(), new_key()
LINK = "https://zoom.us/w/123?tk=secret"


@given(value=st.text(), binding=st.text(min_size=1))
def test_what_was_sealed_opens_for_its_row(value: str, binding: str) -> None:
    sealer = Sealer([OLD])
    assert sealer.open(sealer.seal(value, binding=binding), binding=binding) == value


def test_a_sealed_value_shows_nothing_of_its_text() -> None:
    sealed = Sealer([OLD]).seal(LINK, binding="invite.link:1")
    assert b"secret" not in sealed.ciphertext
    assert Sealer([OLD]).seal(LINK, binding="invite.link:1").ciphertext != sealed.ciphertext


@pytest.mark.parametrize("elsewhere", ["invite.link:2", "meeting.passcode:1", "invite.link:1 ", ""])
def test_a_value_moved_to_another_row_is_refused(elsewhere: str) -> None:
    sealer = Sealer([OLD])
    with pytest.raises(SealBroken) as refused:
        sealer.open(sealer.seal(LINK, binding="invite.link:1"), binding=elsewhere)
    assert "secret" not in str(refused.value)


def test_an_altered_or_cut_value_is_refused() -> None:
    sealer = Sealer([OLD])
    sealed = sealer.seal(LINK, binding="invite.link:1")
    middle = len(sealed.ciphertext) // 2
    flipped = bytearray(sealed.ciphertext)
    flipped[middle] = ord("A") if flipped[middle] != ord("A") else ord("B")
    for broken in (bytes(flipped), sealed.ciphertext[:-4], b"", b"not base64 \xff"):
        with pytest.raises(SealBroken):
            sealer.open(Sealed(broken, sealed.key_id), binding="invite.link:1")


def test_a_value_sealed_by_other_means_with_the_same_key_is_refused() -> None:
    for plaintext in (b"plain", b'"text"', b"{}", json.dumps(["invite.link:1"]).encode(), b"[1, 2, 3]"):
        with pytest.raises(SealBroken):
            Sealer([OLD]).open(Sealed(Fernet(OLD).encrypt(plaintext), key_id(OLD)), binding="invite.link:1")


def test_the_first_key_seals_and_all_open() -> None:
    old = Sealer([OLD]).seal(LINK, binding="b")
    both = Sealer([NEW, OLD])
    assert both.open(old, binding="b") == LINK
    assert both.seal(LINK, binding="b").key_id == key_id(NEW)
    assert both.key_ids == [key_id(NEW), key_id(OLD)]


def test_resealing_frees_a_value_of_its_old_key() -> None:
    old = Sealer([OLD]).seal(LINK, binding="b")
    renewed = Sealer([NEW, OLD]).reseal(old, binding="b")
    assert Sealer([NEW]).open(renewed, binding="b") == LINK
    assert Sealer([NEW, OLD]).reseal(renewed, binding="b") is renewed


def test_resealing_for_another_row_is_refused() -> None:
    old = Sealer([OLD]).seal(LINK, binding="b")
    with pytest.raises(SealBroken):
        Sealer([NEW, OLD]).reseal(old, binding="c")


def test_a_missing_key_is_named_and_what_to_do_is_said() -> None:
    sealed = Sealer([OLD]).seal(LINK, binding="b")
    with pytest.raises(KeyMissing, match="SECRET_KEYS") as refused:
        Sealer([NEW]).open(sealed, binding="b")
    assert key_id(OLD) in refused.value.message
    assert OLD not in refused.value.message


@pytest.mark.parametrize(
    "bad", ["", "short", "x" * 44, "ä" * 44, new_key()[:-4]], ids=["empty", "short", "letters", "umlauts", "cut"]
)
def test_text_that_is_no_key_is_refused_by_its_place(bad: str) -> None:
    with pytest.raises(NeedsAttention, match=r"Entry 2 of SECRET_KEYS.*python -m bot keys new") as refused:
        Sealer([OLD, bad])
    assert not bad or bad not in refused.value.message


def test_no_key_at_all_is_refused() -> None:
    with pytest.raises(NeedsAttention, match="keys new"):
        Sealer([])


def test_keys_may_have_space_around_them() -> None:
    assert Sealer([f" {OLD}\n"]).open(Sealer([OLD]).seal(LINK, binding="b"), binding="b") == LINK


def test_a_key_id_is_short_stable_and_not_part_of_the_key() -> None:
    assert key_id(OLD) == key_id(OLD) != key_id(NEW)
    assert len(key_id(OLD)) == 8
    assert key_id(OLD) not in OLD


def test_derived_bytes_differ_by_purpose_and_key_and_stay_the_same() -> None:
    sealer = Sealer([NEW, OLD])
    assert sealer.derive("address") == Sealer([NEW]).derive("address")
    assert len({sealer.derive("address"), sealer.derive("ticket"), Sealer([OLD]).derive("address")}) == 3
    assert len(sealer.derive("address")) == 32
    assert list(sealer.derive_all("address").items()) == [
        (key_id(NEW), Sealer([NEW]).derive("address")),
        (key_id(OLD), Sealer([OLD]).derive("address")),
    ]


def test_a_sealer_shows_no_key() -> None:
    assert OLD not in repr(Sealer([OLD]))
