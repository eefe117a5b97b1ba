"""Makes an evidence pack, and checks one.

The manifest is a compact JWS (EdDSA) over the SHA-256 of every other file, so that a changed, added or missing file shows.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import zipfile
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from bot.adapters.evidence.page import page
from bot.domain.evidence import Evidence
from bot.ports.signing import Notary, Statement

MANIFEST, KEY = "manifest.jws", "public-key.pem"
README = """What this is
============
Evidence of incident {incident} of the Discord community {community}, made {made} (UTC).
It holds times and numbers, no pictures, no recordings, no links into calls.

  evidence.json    everything, for programs
  timeline.html    the same to read and to print; open it in a browser, it loads nothing from the net
  manifest.jws     the SHA-256 of every file and the newest entry of the bot's record, signed
  public-key.pem   the key to check the signature with

Do not add pictures or recordings to it. For some material, having a copy is a crime in itself, even as evidence: ask the police first.

How to check it
===============
With the bot:      vestibule audit evidence {name}
Without the bot:   manifest.jws is a JSON Web Signature (RFC 7515, EdDSA on Ed25519 after RFC 8037). Verify it with public-key.pem, then compare
                   the SHA-256 of each file with "files" in it.
The key counts only if its fingerprint is the one that whoever runs the bot names ("vestibule audit key"), over another way than this file:
  {fingerprint}
"""


class ZipPacking:
    """Implements `bot.ports.Packing`."""

    async def pack(self, evidence: Evidence, notary: Notary) -> bytes:
        """The ZIP; made beside the event loop, because a thousand participants take a while and emergencies must not wait."""
        return await asyncio.to_thread(self._packed, evidence, notary)

    def _packed(self, evidence: Evidence, notary: Notary) -> bytes:
        name = f"incident-{evidence.incident}.zip"
        readme = README.format(
            incident=evidence.incident,
            community=evidence.community,
            made=_written(evidence.made_at),
            name=name,
            fingerprint=notary.fingerprint,
        )
        files = {
            "evidence.json": json.dumps(_plain(asdict(evidence)), indent=2, ensure_ascii=False).encode(),
            "timeline.html": page(evidence).encode(),
            "README.txt": readme.encode(),
            KEY: notary.public_key.encode(),
        }
        claims = {
            "incident": evidence.incident,
            "community": evidence.community,
            "iat": int(evidence.made_at.timestamp()),
            "files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
            "audit": {"entry": evidence.audit_entry, "digest": evidence.audit_digest},
        }
        files[MANIFEST] = notary.sign(Statement.EVIDENCE, claims).encode()
        return _zipped(files, evidence.made_at)


def _zipped(files: dict[str, bytes], at: datetime) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, at.astimezone(UTC).timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return packed.getvalue()


def _plain(value: Any) -> Any:
    """As JSON has it: instants in UTC, pairs as objects."""
    match value:
        case datetime():
            return _written(value)
        case dict():
            return {str(name): _plain(each) for name, each in value.items()}
        case tuple() | list() if value and all(_is_pair(each) for each in value):
            return {name: _plain(each) for name, each in value}
        case tuple() | list():
            return [_plain(each) for each in value]
        case _:
            return value


def _is_pair(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(isinstance(part, str) for part in value)


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
