"""Signing the heads of audit chains, regularly, and checking whole chains against what was signed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.domain.checkpoint import CHECKPOINT_EVERY, ChainCheck, Checkpoint, Finding, Head
from bot.domain.errors import UntrustedInput
from bot.domain.values import GuildId
from bot.ports import Clock, Notary, Statement, Store
from bot.services.signing import Signing

ENTRIES_AT_ONCE = 2_000
"""How many entries a check reads at once, so that chains of any length fit into memory."""

_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Verified:
    """One community's chain: how long it is, up to where it is signed, and what is wrong with it."""

    guild_id: GuildId
    entries: int
    checkpoints: int
    signed_to: int
    findings: tuple[Finding, ...]


class Checkpointing:
    """The sweep and the check."""

    def __init__(self, store: Store, signing: Signing, clock: Clock) -> None:
        self._store = store
        self._signing = signing
        self._clock = clock
        self._next: datetime | None = None

    async def sweep(self) -> int:
        """Every ten minutes sign the heads of the chains that have grown; how many. Harmless twice: a head is signed once.

        Each is also logged, so that whoever keeps the log elsewhere notices when entries and their checkpoints are cut off together.
        """
        now = self._clock.now()
        if self._next is not None and now < self._next:
            return 0
        async with self._store.read() as uow:
            grown = await uow.checkpoints.grown()
        signed = [await self.sign(head) for head in grown]
        self._next = now + CHECKPOINT_EVERY
        return sum(signed)

    async def sign(self, head: Head) -> bool:
        """Sign this head; False if it was signed before."""
        notary, now = await self._signing.notary(), self._clock.now()
        async with self._store.work() as uow:
            before = await uow.checkpoints.newest(head.guild_id)
            if before >= head.seq:
                return False
            checkpoint = Checkpoint(head.guild_id, head.seq, head.digest, now, before)
            added = await uow.checkpoints.add(head, now, notary.sign(Statement.CHECKPOINT, checkpoint.claims()))
            await uow.commit()
        _log.info("audit.checkpoint", guild_id=head.guild_id, seq=head.seq, digest=head.digest)
        return added

    async def verify(self) -> AsyncIterator[Verified]:
        """Check the chain of every community. Changes nothing."""
        async with self._store.read() as uow:
            guilds = await uow.record.guilds()
            private = await uow.signing_keys.get()
        notary = None if private is None else await self._signing.notary()
        for guild_id in guilds:
            yield await self._verified(guild_id, notary)

    async def _verified(self, guild_id: GuildId, notary: Notary | None) -> Verified:
        signed, forged = await self._signed(guild_id, notary)
        check = ChainCheck(signed, forged)
        at = 0
        while True:
            async with self._store.read() as uow:
                entries = await uow.record.after(guild_id, at, ENTRIES_AT_ONCE)
            for entry in entries:
                check.take(entry)
                at = entry.seq
            if len(entries) < ENTRIES_AT_ONCE:
                break
        newest = max((checkpoint.seq for checkpoint in signed), default=0)
        return Verified(guild_id, check.length, len(signed), newest, check.findings())

    async def _signed(self, guild_id: GuildId, notary: Notary | None) -> tuple[list[Checkpoint], list[int]]:
        """The checkpoints whose signature holds and says what the row says, and the numbers of the others."""
        async with self._store.read() as uow:
            kept = await uow.checkpoints.of_guild(guild_id)
        signed: list[Checkpoint] = []
        forged: list[int] = []
        for each in kept:
            try:
                if notary is None:
                    raise UntrustedInput("no key")
                checkpoint = Checkpoint.of(notary.verify(Statement.CHECKPOINT, each.token))
            except (UntrustedInput, ValueError, KeyError):
                forged.append(each.seq)
                continue
            true = (checkpoint.guild_id, checkpoint.seq) == (guild_id, each.seq)
            signed.extend([checkpoint] if true else [])
            forged.extend([] if true else [each.seq])
        return signed, forged
