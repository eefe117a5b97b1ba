"""Checks an evidence pack: the manifest's signature, then every file against it."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.adapters.evidence.packing import KEY, MANIFEST
from bot.domain.errors import UntrustedInput

MAX_UNPACKED = 200_000_000
"""Bytes of all files together: a pack is not allowed to fill the memory of whoever checks it."""
Verified = tuple[Mapping[str, object], str]
"""What was signed, and the fingerprint of the key."""


@dataclass(frozen=True, slots=True)
class CheckedPack:
    """What a pack says of itself, and what does not fit."""

    incident: str
    community: str
    files: int
    fingerprint: str
    problems: tuple[str, ...]


def checked_pack(data: bytes, verify: Callable[[str, str], Verified]) -> CheckedPack:
    """Check it.

    Args:
        verify: gives what a token under a public key (PEM) says; raises `UntrustedInput`.

    Raises:
        UntrustedInput: it is no pack, or its signature does not hold.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED:
                raise UntrustedInput("This is no evidence pack: it is far too large inside.", code="pack")
            names = archive.namelist()
            files = {name: archive.read(name) for name in names}
        token, key = files.pop(MANIFEST).decode("ascii").strip(), files[KEY].decode("ascii")
    except (zipfile.BadZipFile, KeyError, UnicodeDecodeError, ValueError):
        raise UntrustedInput("This is no evidence pack, or a part of it is missing.", code="pack") from None
    claims, fingerprint = verify(key, token)
    signed = claims.get("files")
    promised = {str(name): str(digest) for name, digest in signed.items()} if isinstance(signed, dict) else {}
    problems = [f"{name} was added after signing." for name in sorted(files.keys() - promised.keys())]
    problems += [f"{name} stands in it twice." for name in sorted({name for name in names if names.count(name) > 1})]
    problems += [f"{name} is missing." for name in sorted(promised.keys() - files.keys())]
    problems += [
        f"{name} was changed after signing."
        for name, digest in sorted(promised.items())
        if name in files and hashlib.sha256(files[name]).hexdigest() != digest
    ]
    return CheckedPack(
        str(claims.get("incident")), str(claims.get("community")), len(promised), fingerprint, tuple(problems)
    )
