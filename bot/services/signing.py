"""The key that signs checkpoints and evidence: made once, kept sealed, the same for every process."""

from __future__ import annotations

from bot.ports import Notaries, Notary, Store


class Signing:
    """Gives what signs."""

    def __init__(self, store: Store, notaries: Notaries) -> None:
        self._store = store
        self._notaries = notaries
        self._notary: Notary | None = None

    async def notary(self) -> Notary:
        """With the one key there is, made at the first use.

        Raises:
            NeedsAttention: it was sealed with a key that SECRET_KEYS does not hold.
        """
        if self._notary is None:
            async with self._store.read() as uow:
                private = await uow.signing_keys.get()
            if private is None:
                async with self._store.work() as uow:
                    private = await uow.signing_keys.put_once(self._notaries.fresh())
                    await uow.commit()
            self._notary = self._notaries.of(private)
        return self._notary
