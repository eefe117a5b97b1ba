"""Whole chains against their checkpoints: whatever somebody with the database alone does, it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.audit import GENESIS, AuditEntry, digest_of
from bot.domain.checkpoint import ChainCheck, Checkpoint, Finding, Trouble
from bot.domain.values import GuildId

NOW = datetime(2026, 12, 1, tzinfo=UTC)
GUILD = GuildId(7)


def chain(length: int, facts: str = "") -> list[AuditEntry]:
    entries: list[AuditEntry] = []
    previous = GENESIS
    for seq in range(1, length + 1):
        entry = AuditEntry(GUILD, seq, NOW, "meeting.created", None, facts={"n": seq, "x": facts}, previous=previous)
        previous = digest_of(entry)
        entries.append(replace(entry, digest=previous))
    return entries


def signed(entries: Sequence[AuditEntry], *numbers: int) -> list[Checkpoint]:
    before, found = 0, []
    for seq in numbers:
        found.append(Checkpoint(GUILD, seq, entries[seq - 1].digest, NOW, before))
        before = seq
    return found


def check(entries: Sequence[AuditEntry], checkpoints: Sequence[Checkpoint], forged: Sequence[int] = ()) -> set[Trouble]:
    return {finding.trouble for finding in findings(entries, checkpoints, forged)}


def findings(
    entries: Sequence[AuditEntry], checkpoints: Sequence[Checkpoint], forged: Sequence[int] = ()
) -> tuple[Finding, ...]:
    checking = ChainCheck(checkpoints, forged)
    for entry in entries:
        checking.take(entry)
    return checking.findings()


WHOLE = chain(9)
POINTS = signed(WHOLE, 3, 6, 9)


def test_whole_chain_has_no_trouble() -> None:
    assert findings(WHOLE, POINTS) == ()
    assert findings(WHOLE, []) == ()
    assert findings([], []) == ()
    assert findings(chain(12)[:9], POINTS) == ()


@given(at=st.integers(0, 8))
def test_changed_row_is_named(at: int) -> None:
    changed = [*WHOLE]
    changed[at] = replace(changed[at], action="meeting.cancelled")
    assert Finding(Trouble.CHANGED, at + 1) in findings(changed, POINTS)


@given(at=st.integers(0, 8))
def test_missing_row_is_named(at: int) -> None:
    assert Finding(Trouble.MISSING, at + 1) in findings(WHOLE[:at] + WHOLE[at + 1 :], POINTS)


@given(order=st.permutations(range(9)).filter(lambda order: order != list(range(9))))
def test_reordered_rows_are_found_even_when_their_numbers_are_moved_too(order: list[int]) -> None:
    assert check([WHOLE[at] for at in order], POINTS)
    renumbered = [replace(WHOLE[at], seq=seq) for seq, at in enumerate(order, 1)]
    assert Trouble.CHANGED in check(renumbered, POINTS)


@pytest.mark.parametrize("kept", [0, 1, 8])
def test_cut_tail_is_found_by_the_checkpoint_after_it(kept: int) -> None:
    assert findings(WHOLE[:kept], POINTS) == (Finding(Trouble.MISSING, kept + 1),)


def test_chain_that_was_computed_anew_is_not_the_signed_one() -> None:
    forged = chain(9, facts="forged")
    assert check(forged, []) == set()
    assert findings(forged, POINTS) == tuple(Finding(Trouble.REWRITTEN, seq) for seq in (3, 6, 9))


@given(at=st.integers(0, 1))
def test_checkpoint_taken_out_between_others_leaves_a_hole(at: int) -> None:
    left = [*POINTS]
    gone = left.pop(at)
    assert Finding(Trouble.CHECKPOINT_MISSING, gone.seq) in findings(WHOLE, left)


def test_signature_that_does_not_hold_is_a_finding() -> None:
    assert findings(WHOLE, [], forged=[6]) == (Finding(Trouble.CHECKPOINT_FORGED, 6),)


def test_claims_come_back_as_they_were() -> None:
    assert Checkpoint.of(POINTS[1].claims()) == POINTS[1]
