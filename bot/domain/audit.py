"""Audit entries and the hash chain that makes a change to them visible.

An entry names people by opaque subject ids and free text by a salted hash; who they are and what they wrote stand in a side table that can be
erased without breaking the chain.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.domain.values import GuildId, MeetingId, MemberId

GENESIS = "0" * 64
"""What the first entry of a community is chained to."""


@dataclass(frozen=True, slots=True)
class AuditNote:
    """What is to be recorded, with the people as they are. `text` is what somebody wrote; `facts` as in `AuditEntry`."""

    action: str
    at: datetime
    actor: MemberId | None
    subject: MemberId | None = None
    meeting: MeetingId | None = None
    text: str | None = None
    facts: Mapping[str, str | int | bool | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that was done or decided in a community. `facts` hold ids, codes, counts: no names, no text, no secret."""

    guild_id: GuildId
    seq: int
    at: datetime
    action: str
    actor: str | None
    """Opaque subject id; None for the bot itself."""
    subject: str | None = None
    meeting: str | None = None
    facts: Mapping[str, str | int | bool | None] = field(default_factory=dict)
    text_hash: str | None = None
    previous: str = GENESIS
    digest: str = ""


def digest_of(entry: AuditEntry) -> str:
    """SHA-256 over everything in the entry but the digest itself, including the digest of the entry before it."""
    body = [
        entry.previous,
        int(entry.guild_id),
        entry.seq,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.action,
        entry.actor,
        entry.subject,
        entry.meeting,
        dict(sorted(entry.facts.items())),
        entry.text_hash,
    ]
    canonical = json.dumps(body, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def text_digest(salt: bytes, text: str) -> str:
    """The salted hash that stands for a free text in an entry."""
    return hashlib.sha256(salt + text.encode()).hexdigest()


def first_break(entries: Iterable[AuditEntry]) -> int | None:
    """The sequence number of the first entry of a community that does not follow from the one before, or None if the chain holds."""
    previous, expected = GENESIS, 1
    for entry in entries:
        if entry.seq != expected or entry.previous != previous or entry.digest != digest_of(entry):
            return entry.seq
        previous, expected = entry.digest, expected + 1
    return None
