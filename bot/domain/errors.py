"""Everything that can go wrong, sorted by who must act.

    VestibuleError
    ├── UserMistake      the person who asked can put it right now
    ├── NeedsAttention   an organiser, the operator or an admin at Zoom or Discord must act
    ├── Transient        the same request may succeed later (`retry_after` says when, if known)
    ├── OutcomeUnknown   a write may have happened: look, never blindly repeat
    ├── Undeliverable    this message can never reach this person
    └── UntrustedInput   what arrived did not come from whom it claims, or is malformed

Anything else is a bug. Each adapter maps foreign errors to these in one function; each edge maps these to its answer in one table.
`code` is stable and safe to log. `message` is written for the person who reads it, says what to do next, and never holds a secret.
"""

from __future__ import annotations

from datetime import timedelta


class VestibuleError(Exception):
    """Root of the tree. Raise one of its children.

    Args:
        message: for a person; says what happened and what to do next.
        code: stable machine word, for logs and tests; defaults to the class's own.
    """

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class UserMistake(VestibuleError):
    """The person who asked can put it right now."""

    code = "user_mistake"


class NeedsAttention(VestibuleError):
    """An organiser, the operator or an admin must act before this can work."""

    code = "needs_attention"


class Transient(VestibuleError):
    """The same request may succeed later.

    Args:
        retry_after: how long to wait at least, where the other side said so.
    """

    code = "transient"

    def __init__(self, message: str, *, code: str | None = None, retry_after: timedelta | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class OutcomeUnknown(VestibuleError):
    """A write was sent and its answer was lost: it may or may not have happened."""

    code = "outcome_unknown"


class Undeliverable(VestibuleError):
    """This message can never reach this person (closed direct messages, no shared server)."""

    code = "undeliverable"


class UntrustedInput(VestibuleError):
    """What arrived is not signed by whom it claims, is stale, or is malformed."""

    code = "untrusted_input"


TAXONOMY: tuple[type[VestibuleError], ...] = (
    UserMistake,
    NeedsAttention,
    Transient,
    OutcomeUnknown,
    Undeliverable,
    UntrustedInput,
)
"""Every class an edge must have an answer for; a test compares each edge's table with it."""
