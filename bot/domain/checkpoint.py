"""Signed checkpoints of audit chains, and the check of a whole chain against them.

The chain alone shows a change only to whoever knows a later head: somebody with the database could compute everything after the change anew. A
checkpoint is the head at a moment, signed with a key that the database alone does not give away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from bot.domain.audit import GENESIS, AuditEntry, digest_of
from bot.domain.values import GuildId

CHECKPOINT_EVERY = timedelta(minutes=10)
"""How often the heads of chains that have grown are signed."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry of a community's chain."""

    guild_id: GuildId
    seq: int
    digest: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A head that was signed. `previous` is the entry of the checkpoint before it, 0 for the first: so that none can be taken out unseen."""

    guild_id: GuildId
    seq: int
    digest: str
    at: datetime
    previous: int = 0

    def claims(self) -> dict[str, object]:
        """What is signed."""
        return {
            "guild": str(self.guild_id),
            "seq": self.seq,
            "digest": self.digest,
            "previous": self.previous,
            "iat": int(self.at.timestamp()),
        }

    @classmethod
    def of(cls, claims: Mapping[str, object]) -> Checkpoint:
        """From what was signed.

        Raises:
            ValueError, KeyError: it is not a checkpoint.
        """
        return cls(
            GuildId(int(str(claims["guild"]))),
            int(str(claims["seq"])),
            str(claims["digest"]),
            datetime.fromtimestamp(int(str(claims["iat"])), UTC),
            int(str(claims["previous"])),
        )


class Trouble(Enum):
    """What is wrong with a chain."""

    CHANGED = "changed"
    """A row does not have the digest of what it says."""
    MISSING = "missing"
    """Rows are not there, in the middle or at the end."""
    OUT_OF_ORDER = "out_of_order"
    """A row does not follow from the one before."""
    REWRITTEN = "rewritten"
    """The chain holds in itself and is not the one that was signed."""
    CHECKPOINT_FORGED = "checkpoint_forged"
    CHECKPOINT_MISSING = "checkpoint_missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """One trouble, at the entry `seq`."""

    trouble: Trouble
    seq: int


class ChainCheck:
    """Checks one community's chain, entry by entry in the order of their numbers, against its checkpoints.

    Args:
        signed: the checkpoints whose signature holds, in any order.
        forged: the numbers of those whose signature does not.
    """

    def __init__(self, signed: Iterable[Checkpoint], forged: Iterable[int] = ()) -> None:
        self._signed = {checkpoint.seq: checkpoint for checkpoint in signed}
        self._found = [Finding(Trouble.CHECKPOINT_FORGED, seq) for seq in forged]
        self._found += self._holes()
        self._previous, self._last = GENESIS, 0

    @property
    def length(self) -> int:
        """The number of the last entry taken."""
        return self._last

    def take(self, entry: AuditEntry) -> None:
        """The next entry. After a break the check goes on with what is there, so that every one of several is found."""
        if entry.seq > self._last + 1:
            self._find(Trouble.MISSING, self._last + 1)
        elif entry.seq != self._last + 1 or entry.previous != self._previous:
            self._find(Trouble.OUT_OF_ORDER, entry.seq)
        if entry.digest != digest_of(entry):
            self._find(Trouble.CHANGED, entry.seq)
        signed = self._signed.get(entry.seq)
        if signed is not None and signed.digest != entry.digest:
            self._find(Trouble.REWRITTEN, entry.seq)
        self._previous, self._last = entry.digest, max(self._last, entry.seq)

    def findings(self) -> tuple[Finding, ...]:
        """Everything that was found, once the last entry was taken."""
        newest = max(self._signed, default=0)
        cut = [Finding(Trouble.MISSING, self._last + 1)] if newest > self._last else []
        return tuple(sorted({*self._found, *cut}, key=lambda found: (found.seq, found.trouble.value)))

    def _find(self, trouble: Trouble, seq: int) -> None:
        self._found.append(Finding(trouble, seq))

    def _holes(self) -> Iterable[Finding]:
        before = 0
        for seq, checkpoint in sorted(self._signed.items()):
            if checkpoint.previous != before:
                yield Finding(Trouble.CHECKPOINT_MISSING, checkpoint.previous)
            before = seq
