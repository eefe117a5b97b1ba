"""People's data, put together: what members may ask for, what leaves by itself, who hears that somebody left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from bot.adapters.store.jobs_worker import HOUSEKEEPING
from bot.adapters.store.unit_of_work import SqlStore
from bot.ports import Chat, Clock, Store, Whereabouts
from bot.services.departures import Departures
from bot.services.erasing import Erasing
from bot.services.privacy import Privacy
from bot.services.retention import Retention
from bot.services.revoking import Revoking
from bot.services.unlinking import Unlinking

ERASE_DUE = "privacy.erase_due"
RETENTION = "privacy.retention"


@dataclass(frozen=True)
class PeoplesData:
    """The use cases, and the sweeps that run by themselves."""

    privacy: Privacy
    retention: Retention
    departures: Departures

    @classmethod
    def built(
        cls,
        store: Store,
        chat: Chat,
        whereabouts: Whereabouts,
        revoking: Revoking,
        unlinking: Unlinking,
        clock: Clock,
    ) -> Self:
        """All of it."""
        erasing = Erasing(store, revoking, unlinking, clock)
        return cls(
            Privacy(store, erasing, clock),
            Retention(store, clock),
            Departures(store, chat, whereabouts, erasing, unlinking, clock),
        )

    def register_clean_up(self, store: SqlStore) -> None:
        """What was asked for is erased within a minute of its hour, what is too old once an hour."""

        async def erase_due() -> None:
            """Harmless twice: what is erased is gone, and what is due stays due until it is."""
            await self.departures.sweep()

        async def retention() -> None:
            """Harmless twice: what is deleted is gone."""
            await self.retention.sweep()

        store.jobs.register(ERASE_DUE, erase_due, queue=HOUSEKEEPING, cron="* * * * *")
        store.jobs.register(RETENTION, retention, queue=HOUSEKEEPING, cron="29 * * * *")
