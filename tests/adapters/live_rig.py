"""Acting on calls in the town: the real use cases and the real panel, with Zoom's side of a running meeting replaced at its port."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import discord

from bot.adapters.discord_chat.direct_messages import DirectMessagePace
from bot.adapters.store.spool import FileSpool
from bot.domain.containment import Capabilities
from bot.domain.errors import NeedsAttention
from bot.domain.values import LinkId, ParticipantId, RegistrantId, ZoomMeetingId, ZoomUserId
from bot.domain.verdict import WaitingRoom
from bot.for_moderators import ForModerators, for_moderators
from bot.in_emergencies import InEmergencies, in_emergencies
from bot.ports import Chat
from tests.services import conftest as whole
from tests.services.fakes import FixedClock


class StandingClock(FixedClock):
    """A clock that stands still until a test moves it; whoever sleeps waits for that."""

    def __init__(self) -> None:
        super().__init__()
        self._sleeping: list[tuple[float, asyncio.Event]] = []

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return
        wake = asyncio.Event()
        self._sleeping.append((self.time.timestamp() + seconds, wake))
        await wake.wait()

    def wakes_somebody_within(self, seconds: float) -> bool:
        """Whether so little time would wake one who sleeps."""
        soon = self.time.timestamp() + seconds
        return any(at <= soon for at, _ in self._sleeping)

    def advance(self, **span: float) -> None:
        self.time += timedelta(**span)
        now = self.time.timestamp()
        for at, wake in self._sleeping:
            if at <= now:
                wake.set()
        self._sleeping = [(at, wake) for at, wake in self._sleeping if at > now]


class FakeControl:
    """Zoom's controls of a running meeting. What is accepted happens when `on_remove` and `on_end` say so; None: Zoom accepts and does nothing."""

    def __init__(self) -> None:
        self.can = Capabilities()
        self.removed: list[ParticipantId] = []
        self.ended = 0
        self.waiting_room_on = True
        self.refuse: NeedsAttention | None = None
        self.on_remove: Callable[[ParticipantId], Awaitable[None]] | None = None
        self.on_end: Callable[[], Awaitable[None]] | None = None
        self._later: asyncio.Task[None] | None = None

    def capabilities(self, _: LinkId) -> Capabilities:
        return self.can

    async def stand_by(self, link_id: LinkId) -> None:
        return

    async def remove(self, link_id: LinkId, zoom_id: ZoomMeetingId, participant: ParticipantId) -> None:
        if self.refuse is not None:
            raise self.refuse
        self.removed.append(participant)
        if self.on_remove is not None:
            await self.on_remove(participant)

    async def cancel(self, link_id: LinkId, zoom_id: ZoomMeetingId, who: Sequence[tuple[RegistrantId, str]]) -> None:
        return

    async def end(self, link_id: LinkId, zoom_id: ZoomMeetingId) -> None:
        self.ended += 1
        if self.on_end is not None:
            self._later = asyncio.create_task(self._ends())

    async def _ends(self) -> None:
        """The event comes once the call was answered."""
        await asyncio.sleep(0.05)
        if self.on_end is not None:
            await self.on_end()

    async def lock(self, link_id: LinkId, zoom_id: ZoomMeetingId, *, locked: bool) -> None:
        raise NeedsAttention("No such route.")

    async def waiting_room(self, link_id: LinkId, zoom_id: ZoomMeetingId, host_id: ZoomUserId) -> WaitingRoom:
        return WaitingRoom(on=self.waiting_room_on, for_everyone=self.waiting_room_on)


@dataclass(frozen=True)
class LiveSide:
    """What the town needs of it."""

    control: FakeControl
    emergencies: InEmergencies
    moderators: ForModerators


def live_side(
    v: whole.Vestibule, chat: Chat, client: Callable[[], discord.Client], pace: DirectMessagePace, folder: Path
) -> LiveSide:
    """Everything about running calls."""
    control = FakeControl()
    emergencies = in_emergencies(
        v.store,
        v.rooms,
        control,
        control,
        v.zoom,
        v.links.revoking,
        FileSpool(folder / "acts"),
        v.clock,
        v.chance,
        v.admissions._issuing.closed_here,
        patience_seconds=10,
    )
    moderators = for_moderators(v.store, v.rooms, emergencies.acting, chat, client, pace, v.clock, v.chance)
    v.upkeep._handlers = {**v.upkeep._handlers, **emergencies.handlers}
    return LiveSide(control, emergencies, moderators)
