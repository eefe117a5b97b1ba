"""Signatures that outlive the process: audit checkpoints and the manifest of evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from bot.domain.checkpoint import Head
from bot.domain.values import GuildId, Secret


class Statement(Enum):
    """What a signature is under. The value is the `typ` of the JWS; one for another purpose is worth nothing."""

    CHECKPOINT = "vestibule-checkpoint+jwt"
    EVIDENCE = "vestibule-evidence+jwt"


class Notary(Protocol):
    """Signs with one key pair (EdDSA, https://www.rfc-editor.org/rfc/rfc8037)."""

    def sign(self, statement: Statement, claims: Mapping[str, object]) -> str:
        """A compact JWS."""
        ...

    def verify(self, statement: Statement, token: str) -> Mapping[str, object]:
        """What was signed.

        Raises:
            UntrustedInput: not signed by this key, altered, or for another purpose.
        """
        ...

    @property
    def public_key(self) -> str:
        """In PEM, to give away."""
        ...

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public key in hexadecimal: what to compare over the telephone, and the `kid` of signatures."""
        ...


class Notaries(Protocol):
    """Makes keys and what signs with them."""

    def fresh(self) -> Secret:
        """A new private key, as text."""
        ...

    def of(self, private: Secret) -> Notary: ...


class SigningKeys(Protocol):
    """The key that signs."""

    async def get(self) -> Secret | None: ...
    async def put_once(self, private: Secret) -> Secret:
        """Keep it, sealed, unless there is one already; the one that is kept."""
        ...


@dataclass(frozen=True, slots=True)
class KeptCheckpoint:
    """A checkpoint as stored: what the row says it is of, and the signature, which alone counts."""

    seq: int
    token: str


class Checkpoints(Protocol):
    """Signed heads of audit chains."""

    async def grown(self) -> Sequence[Head]:
        """The heads of the chains that have entries after their newest checkpoint."""
        ...

    async def add(self, head: Head, at: datetime, token: str) -> bool:
        """False if there is one of this entry already."""
        ...

    async def newest(self, guild_id: GuildId) -> int:
        """The entry of the newest one, 0 if there is none."""
        ...

    async def of_guild(self, guild_id: GuildId) -> Sequence[KeptCheckpoint]:
        """All of them, oldest first."""
        ...
