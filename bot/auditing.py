"""`vestibule audit`: is the record of what was done whole, is an evidence pack as it was made, and with which key are they signed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from bot.adapters.evidence.checking import checked_pack
from bot.adapters.signing.notary import EdNotaries, verified_evidence
from bot.adapters.store.sealed import Sealer
from bot.adapters.store.unit_of_work import SqlStore, open_store
from bot.adapters.timing import SystemChance, SystemClock
from bot.domain.checkpoint import Trouble
from bot.domain.errors import UntrustedInput
from bot.services.checkpointing import Checkpointing, Verified
from bot.services.signing import Signing
from bot.settings import Settings

_WORDS = {
    Trouble.CHANGED: "was changed",
    Trouble.MISSING: "and perhaps more are missing",
    Trouble.OUT_OF_ORDER: "does not follow from the one before",
    Trouble.REWRITTEN: "is not the one that was signed: the chain was written anew",
    Trouble.CHECKPOINT_FORGED: "has a checkpoint whose signature does not hold",
    Trouble.CHECKPOINT_MISSING: "had a checkpoint, which is gone",
}


async def verify_audit(settings: Settings, tell: Callable[[str], None]) -> bool:
    """Check every community's chain; whether all hold. Changes nothing.

    Args:
        tell: is given one line at a time.
    """
    whole = True
    async with _opened(settings) as store:
        checking = Checkpointing(store, Signing(store, EdNotaries()), SystemClock())
        async for verified in checking.verify():
            whole = whole and not verified.findings
            for line in _lines(verified):
                tell(line)
    tell("The record is whole." if whole else "The record was tampered with, or damaged. Compare it with a backup.")
    return whole


async def show_key(settings: Settings, tell: Callable[[str], None]) -> None:
    """Print the public key with which checkpoints and evidence are signed, making it if there is none yet."""
    async with _opened(settings) as store:
        notary = await Signing(store, EdNotaries()).notary()
    tell(notary.public_key.strip())
    tell(f"Fingerprint (SHA-256): {notary.fingerprint}")


def check_evidence(pack: Path, fingerprint: str | None, tell: Callable[[str], None]) -> bool:
    """Check a pack against its own manifest; whether everything fits. Needs no database: the key is in the pack.

    Args:
        fingerprint: of the key it must be signed with; without it whoever checks has to compare it.
    """
    try:
        checked = checked_pack(pack.read_bytes(), verified_evidence)
    except OSError as error:
        tell(f"{pack} cannot be read: {error.strerror}.")
        return False
    except UntrustedInput as error:
        tell(error.message)
        return False
    for problem in checked.problems:
        tell(problem)
    right_key = fingerprint is None or fingerprint.lower() == checked.fingerprint
    if not right_key:
        tell(f"It is signed with another key, {checked.fingerprint}.")
    if checked.problems or not right_key:
        return False
    tell(
        f"Incident {checked.incident} of community {checked.community}: {checked.files} files, all as they were signed."
    )
    if fingerprint is None:
        tell(
            f"Signed with the key {checked.fingerprint}. Compare it with what whoever runs the bot names (vestibule audit key)."
        )
    return True


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[SqlStore]:
    store = open_store(settings.database_address, Sealer(settings.keys), SystemChance())
    try:
        yield store
    finally:
        await store.close()


def _lines(verified: Verified) -> list[str]:
    signed = f"signed up to entry {verified.signed_to}" if verified.checkpoints else "not signed yet"
    verdict = "broken" if verified.findings else "unbroken"
    head = f"Community {verified.guild_id}: {verified.entries} entries, {signed} ({verified.checkpoints} checkpoints): {verdict}"
    return [head, *(f"  entry {found.seq} {_WORDS[found.trouble]}" for found in verified.findings)]
