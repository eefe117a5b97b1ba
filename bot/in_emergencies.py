"""Acting on live meetings, put together: the lane to Zoom, the memory, the file that keeps what the store does not take, the sentinel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog

from bot.adapters.store.spool import FileSpool
from bot.domain.errors import VestibuleError
from bot.ports import Chance, Clock, Job, MeetingProvider, Store
from bot.ports.containment import IncidentOpener
from bot.ports.control import RoomControl, WaitingRooms
from bot.ports.spool import Spool
from bot.services.carrying import Carrying
from bot.services.closed_here import ClosedHere
from bot.services.closing import Closing
from bot.services.confirming import Confirmations
from bot.services.desk import REPLAY_EVERY, Desk
from bot.services.emergency import Acting
from bot.services.patience import PATIENCE, StorePatience
from bot.services.recording import Recording
from bot.services.revoking import Revoking
from bot.services.rooms import Rooms
from bot.services.sentinel import Sentinel
from bot.services.standby import REFRESH_EVERY, StandBy
from bot.services.upkeep import Handler
from bot.services.voiding import Voiding
from bot.settings import Settings

SPOOL_FOLDER = "acts"
log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True)
class InEmergencies:
    """`acting` is what commands and buttons use. `handlers` are those of its jobs."""

    acting: Acting
    desk: Desk
    standby: StandBy
    sentinel: Sentinel
    patience: StorePatience
    handlers: Mapping[Job, Handler]

    async def keep_ready(self, clock: Clock) -> None:
        """In every process, for as long as it lives: memory and tokens up to date, strangers looked for, the data folder emptied."""
        next_look = clock.now()
        while True:
            if clock.now() >= next_look:
                next_look = clock.now() + timedelta(seconds=REFRESH_EVERY)
                await self._look()
            await self.desk.replay()
            await clock.sleep(REPLAY_EVERY)

    async def close(self) -> None:
        """Stop, before the store and the connections close. What is not over, the job goes on with."""
        await self.sentinel.close()
        await self.desk.close()
        await self.patience.close()

    async def _look(self) -> None:
        try:
            await self.standby.refresh()
            await self.sentinel.look_around()
        except VestibuleError as error:
            log.warning("standby.waits", code=error.code)


def spool_of(settings: Settings) -> FileSpool:
    """Where acts are kept while the database does not answer."""
    return FileSpool(settings.data_dir / SPOOL_FOLDER)


def in_emergencies(
    store: Store,
    rooms: Rooms,
    control: RoomControl,
    waiting_rooms: WaitingRooms,
    provider: MeetingProvider,
    revoking: Revoking,
    spool: Spool,
    clock: Clock,
    chance: Chance,
    closed_here: ClosedHere,
    incidents: IncidentOpener | None = None,
    patience_seconds: float = PATIENCE,
) -> InEmergencies:
    """All of it. The confirmations listen to what any process took in, the sentinel to what this one did."""
    patience = StorePatience(patience_seconds)
    standby = StandBy(store, rooms, control, clock, patience, closed_here)
    voiding = Voiding(store, control, revoking, clock)
    closing = Closing(store, rooms, standby, voiding, waiting_rooms, clock, patience)
    confirmations = Confirmations(rooms, clock)
    recording = Recording(store, spool, standby, revoking, clock, patience, incidents)
    carrying = Carrying(control, standby, closing, confirmations, provider, clock)
    desk = Desk(store, recording, carrying, standby, clock)
    sentinel = Sentinel(store, rooms, standby, desk, clock, chance, patience)
    rooms.listen(confirmations, everywhere=True)
    rooms.listen(sentinel)
    acting = Acting(desk, standby, closing, rooms, clock, chance, patience)
    return InEmergencies(acting, desk, standby, sentinel, patience, {Job.CONTAIN: desk.go_on})
