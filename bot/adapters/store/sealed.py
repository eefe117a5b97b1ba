"""Secrets in the database: sealed with the operator's keys, each bound to the row it belongs to.

MultiFernet (https://cryptography.io/en/latest/fernet/) does the encryption. Fernet authenticates nothing beside its
plaintext, so the name of the row goes inside: a sealed value copied into another row, column or table does not open
there.
"""

from __future__ import annotations

import binascii
import hashlib
import json
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.domain.errors import NeedsAttention


class SealBroken(NeedsAttention):
    """A sealed value was altered, cut, or moved to another row."""

    code = "seal_broken"


class KeyMissing(NeedsAttention):
    """A sealed value needs a key that SECRET_KEYS no longer holds."""

    code = "secret_key_missing"


@dataclass(frozen=True)
class Sealed:
    """A sealed value as stored: two columns, the ciphertext and the id of the key that sealed it."""

    ciphertext: bytes
    key_id: str


def new_key() -> str:
    """A fresh key for SECRET_KEYS, as text (URL-safe base64 of 32 random bytes)."""
    return Fernet.generate_key().decode("ascii")


def key_id(key: str) -> str:
    """Eight hexadecimal digits that name a key without giving it away.

    Raises:
        NeedsAttention: not a key.
    """
    return _identify(_raw(key, "The key given"))


class Sealer:
    """Seals, opens and derives with the operator's keys.

    Args:
        keys: the entries of SECRET_KEYS, each made by `new_key`; the first seals, all open.

    Raises:
        NeedsAttention: no key, or an entry that is none; the text names its position, never its content.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise NeedsAttention("SECRET_KEYS is empty. Make a key with: python -m bot keys new", code="secret_keys")
        self._raw = {
            _identify(raw): raw
            for raw in (_raw(key, f"Entry {place} of SECRET_KEYS") for place, key in enumerate(keys, start=1))
        }
        self._fernet = MultiFernet([Fernet(key.strip()) for key in keys])
        self._current = next(iter(self._raw))

    def __repr__(self) -> str:
        return f"Sealer(key_ids={self.key_ids})"

    @property
    def key_ids(self) -> list[str]:
        """The ids of all keys, the one that seals first."""
        return list(self._raw)

    def seal(self, value: str, *, binding: str) -> Sealed:
        """Seal a value for one place, such as `invite.link:<id of the row>`."""
        plaintext = json.dumps([binding, value]).encode()
        return Sealed(self._fernet.encrypt(plaintext), self._current)

    def open(self, sealed: Sealed, *, binding: str) -> str:
        """The value, if it was sealed for this place.

        Raises:
            KeyMissing: its key is not among SECRET_KEYS.
            SealBroken: altered, or sealed for another place.
        """
        self._demand_key(sealed.key_id)
        try:
            bound_to, value = json.loads(self._fernet.decrypt(sealed.ciphertext))
        except (InvalidToken, ValueError, TypeError):
            raise SealBroken(
                f"The sealed value of {binding} was altered or cut, and is refused. Restore the row from a backup."
            ) from None
        if bound_to != binding:
            raise SealBroken(
                f"The sealed value found at {binding} belongs to another row, and is refused. Restore it from a backup."
            )
        return str(value)

    def reseal(self, sealed: Sealed, *, binding: str) -> Sealed:
        """The same value under the first key; unchanged if it is already.

        Raises:
            KeyMissing, SealBroken: as `open`.
        """
        value = self.open(sealed, binding=binding)
        return sealed if sealed.key_id == self._current else self.seal(value, binding=binding)

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose (HMAC and the like), from the first key; another purpose gives unrelated bytes."""
        return _derive(self._raw[self._current], purpose)

    def derive_all(self, purpose: str) -> dict[str, bytes]:
        """As `derive`, from every key, by key id, the first key first: to check what an earlier key made."""
        return {identity: _derive(raw, purpose) for identity, raw in self._raw.items()}

    def _demand_key(self, wanted: str) -> None:
        if wanted not in self._raw:
            raise KeyMissing(
                f"A stored secret was sealed with key {wanted}, which SECRET_KEYS does not hold. Put that key back "
                "at the end of SECRET_KEYS; if it is lost, link the Zoom account again and let members ask for new links."
            )


def _raw(key: str, what: str) -> bytes:
    try:
        raw = urlsafe_b64decode(key.strip().encode("ascii"))
    except (binascii.Error, UnicodeEncodeError):
        raw = b""
    if len(raw) != 32:
        raise NeedsAttention(f"{what} is not a key. Make one with: python -m bot keys new", code="secret_keys")
    return raw


def _identify(raw: bytes) -> str:
    return hashlib.sha256(b"vestibule key id\0" + raw).hexdigest()[:8]


def _derive(raw: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"vestibule derive\0" + purpose.encode()).derive(raw)
