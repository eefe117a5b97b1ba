"""Signatures for the record and for evidence: compact JWS with EdDSA on Ed25519, with PyJWT and cryptography.

https://www.rfc-editor.org/rfc/rfc8037 , https://pyjwt.readthedocs.io/en/stable/algorithms.html
"""

from __future__ import annotations

import binascii
import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from bot.domain.errors import NeedsAttention, UntrustedInput
from bot.domain.values import Secret
from bot.ports.signing import Statement

_ALGORITHM = "EdDSA"
_NO_TIMES = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False}


class EdNotary:
    """Implements `bot.ports.Notary`.

    Args:
        private: what `EdNotaries.fresh` made.

    Raises:
        NeedsAttention: it is not a key.
    """

    def __init__(self, private: Secret) -> None:
        try:
            self._key = Ed25519PrivateKey.from_private_bytes(urlsafe_b64decode(private.reveal()))
        except (binascii.Error, ValueError):
            raise NeedsAttention(
                "The key that signs the record is damaged. Restore the database from a backup.", code="signing_key"
            ) from None

    def sign(self, statement: Statement, claims: Mapping[str, object]) -> str:
        """A compact JWS whose header says what it is and by which key."""
        headers = {"typ": statement.value, "kid": self.fingerprint}
        return jwt.encode(dict(claims), self._key, algorithm=_ALGORITHM, headers=headers)

    def verify(self, statement: Statement, token: str) -> Mapping[str, object]:
        """What was signed."""
        return verified(self._key.public_key(), statement, token)

    @property
    def public_key(self) -> str:
        """In PEM."""
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the 32 bytes of the public key."""
        return fingerprint_of(self._key.public_key())


class EdNotaries:
    """Implements `bot.ports.Notaries`."""

    def fresh(self) -> Secret:
        """32 random bytes, from the library's own source."""
        return Secret(urlsafe_b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode("ascii"))

    def of(self, private: Secret) -> EdNotary:
        """What signs with it."""
        return EdNotary(private)


def verified_evidence(public_pem: str, token: str) -> tuple[Mapping[str, object], str]:
    """What the holder of this public key signed as evidence, and the key's fingerprint; raises `UntrustedInput`, also where it is no key."""
    try:
        key = load_pem_public_key(public_pem.encode())
    except ValueError:
        raise UntrustedInput("The public key in it is damaged.", code="not_a_key") from None
    if not isinstance(key, Ed25519PublicKey):
        raise UntrustedInput("The public key in it is not one of mine.", code="not_a_key")
    return verified(key, Statement.EVIDENCE, token), fingerprint_of(key)


def fingerprint_of(key: Ed25519PublicKey) -> str:
    """SHA-256 of the 32 bytes of the key, in hexadecimal."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()


def verified(key: Ed25519PublicKey, statement: Statement, token: str) -> Mapping[str, object]:
    """What was signed with this key under this statement; raises `UntrustedInput`."""
    try:
        if jwt.get_unverified_header(token).get("typ") != statement.value:
            raise jwt.InvalidTokenError
        claims: Mapping[str, object] = jwt.decode(token, key, algorithms=[_ALGORITHM], options=_NO_TIMES)  # type: ignore[arg-type]
    except (jwt.InvalidTokenError, ValueError, TypeError):
        raise UntrustedInput(
            "This signature does not hold: it is of another key, of something else, or was altered.", code="signature"
        ) from None
    return claims
