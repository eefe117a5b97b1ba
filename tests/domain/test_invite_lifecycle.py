"""The life of an invite."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.invite import MAX_ADDS_A_DAY, Invite, InviteState
from bot.domain.values import InviteId, MeetingId, MemberId, RegistrantId
from tests.domain.people import NOW

TODAY = NOW.date()
STEPS = st.lists(st.sampled_from(["add", "issue", "deliver", "revoke"]), max_size=12)
AFTER = {
    "issue": {InviteState.REQUESTED: InviteState.ISSUED, InviteState.ISSUED: InviteState.ISSUED},
    "deliver": {InviteState.ISSUED: InviteState.DELIVERED, InviteState.DELIVERED: InviteState.DELIVERED},
    "revoke": dict.fromkeys(InviteState, InviteState.REVOKED),
    "add": {state: state for state in InviteState},
}
"""Step -> the states it is allowed in -> the state it leads to."""


def fresh(**changes: object) -> Invite:
    made = Invite(InviteId("i"), MeetingId("m"), MemberId(7), 1, "Ana", "K7F", "m1@guests.example.org", NOW)
    return replace(made, **changes)  # type: ignore[arg-type]


def take(step: str, invite: Invite, minutes: int = 0) -> Invite:
    at = NOW + timedelta(minutes=minutes)
    match step:
        case "add":
            return invite.adding(at.date())
        case "issue":
            return invite.issued(RegistrantId("r"))
        case "deliver":
            return invite.delivered(at)
        case _:
            return invite.revoked(at)


@given(steps=STEPS)
def test_only_the_ways_of_the_glossary_exist(steps: list[str]) -> None:
    invite = fresh()
    for step in steps:
        before = invite.state
        if before in AFTER[step]:
            invite = take(step, invite)
            assert invite.state is AFTER[step][before]
        else:
            with pytest.raises(ValueError, match=before.value):
                take(step, invite)


@given(before=STEPS, after=STEPS)
def test_revoked_invite_stays_revoked(before: list[str], after: list[str]) -> None:
    invite = fresh()
    for step in [*before, "revoke", *after]:
        if invite.state in AFTER[step]:
            invite = take(step, invite)
    assert invite.state is InviteState.REVOKED
    assert not invite.current
    assert not invite.holds_link


def test_first_times_are_kept() -> None:
    delivered = take("deliver", take("deliver", take("issue", fresh())), minutes=5)
    assert delivered.delivered_at == NOW
    revoked = take("revoke", take("revoke", delivered), minutes=5)
    assert (revoked.delivered_at, revoked.revoked_at) == (NOW, NOW)


@pytest.mark.parametrize(
    ("state", "current", "holds_link"),
    [
        (InviteState.REQUESTED, True, False),
        (InviteState.ISSUED, True, True),
        (InviteState.DELIVERED, True, True),
        (InviteState.REVOKED, False, False),
    ],
)
def test_link_is_held_between_issue_and_revocation(state: InviteState, current: bool, holds_link: bool) -> None:
    assert (fresh(state=state).current, fresh(state=state).holds_link) == (current, holds_link)


@given(days=st.lists(st.integers(0, 3), max_size=12).map(sorted))
def test_add_requests_are_counted_per_day(days: list[int]) -> None:
    invite = fresh()
    for day in days:
        invite = invite.adding(TODAY + timedelta(days=day))
    for day in range(5):
        counted_for = days[-1] if days else None
        sent = days.count(day) if day == counted_for else 0
        assert invite.adds_left(TODAY + timedelta(days=day)) == MAX_ADDS_A_DAY - sent


def test_three_adds_use_up_a_day_and_the_next_starts_anew() -> None:
    invite = fresh()
    for _ in range(3):
        assert invite.adds_left(TODAY) > 0
        invite = invite.adding(TODAY)
    assert invite.adds_left(TODAY) == 0
    assert invite.adds_left(date(2026, 11, 21)) == 3


def test_shown_name_carries_the_tag() -> None:
    assert fresh().shown_name == "Ana·K7F"
