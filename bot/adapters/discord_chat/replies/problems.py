"""What people read when something does not work: what happened and what to do next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.adapters.discord_chat.replies.shape import Reply, say
from bot.adapters.discord_chat.replies.wording import soon
from bot.domain.errors import (
    NeedsAttention,
    OutcomeUnknown,
    Transient,
    Undeliverable,
    UntrustedInput,
    UserMistake,
    VestibuleError,
)

STILL_WORKING = say("Still working: Zoom is slow. This message will change by itself.", code="working")
GAVE_UP = say(
    "Zoom still has not answered, so I stopped waiting. Nothing is lost: please do the same again, and I go on where this stopped.",
    code="gave_up",
)
OUTDATED = say(
    "This command has just been updated. Please restart Discord (or wait a minute) and try again.", code="outdated"
)
_OPERATORS = frozenset({"store_unreadable", "store_unwritable", "store_damaged", "disk_full", "disk_failing"})


def _as_said(error: VestibuleError, _: datetime) -> Reply:
    return say(error.message, code=error.code)


def _attention(error: VestibuleError, now: datetime) -> Reply:
    """What only the operator can mend is told in their words to nobody else."""
    if error.code not in _OPERATORS:
        return _as_said(error, now)
    return say(
        "I cannot get at my own records at the moment. Please try again in a few minutes.",
        f"If it stays like this, tell whoever runs me: **{error.code}**.",
        code=error.code,
    )


def _later(error: VestibuleError, now: datetime) -> Reply:
    wait = error.retry_after if isinstance(error, Transient) else None
    when = [f"It can work again {soon(now + wait)}."] if wait else []
    return say(error.message, *when, code=error.code)


ANSWERS: dict[type[VestibuleError], Callable[[VestibuleError, datetime], Reply]] = {
    UserMistake: _as_said,
    NeedsAttention: _attention,
    Transient: _later,
    OutcomeUnknown: _as_said,
    Undeliverable: _as_said,
    UntrustedInput: _as_said,
}
"""What each kind of error is answered with; a test compares it with the taxonomy."""


def answer_to(error: VestibuleError, now: datetime) -> Reply:
    """The answer to an error of the taxonomy."""
    return next(answer for kind, answer in ANSWERS.items() if isinstance(error, kind))(error, now)


def our_fault(reference: str) -> Reply:
    """The answer to a bug. The reference stands in the log."""
    return say(
        f"Something went wrong here, not with you. Reference **{reference}**.",
        "Please try once more. If it happens again, give the reference to an organiser, who can pass it to whoever runs me.",
        code="bug",
    )
