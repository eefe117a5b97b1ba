"""What is kept of containment: acts with their steps, what a door was closed on, who gets no new link."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from bot.domain.containment import Act
from bot.domain.values import ActId, GuildId, MeetingId, MemberId, ParticipantId, RegistrantId, SessionId
from bot.domain.verdict import UNREAD, WaitingRoom

if TYPE_CHECKING:
    from bot.ports.store import UnitOfWork


@dataclass(frozen=True, slots=True)
class ClosedDoor:
    """What a meeting's door was closed on, and what the last read-back said.

    Args:
        inside: strangers who were in already.
        cancelled: registrants whose links this closing made void.
    """

    meeting_id: MeetingId
    at: datetime
    inside: frozenset[ParticipantId] = frozenset()
    waiting_room: WaitingRoom = UNREAD
    room_locked: bool = False
    cancelled: frozenset[RegistrantId] = frozenset()


class Doors(Protocol):
    """Closed doors. Whether a door is closed stands with the meeting; here is what follows from it."""

    async def close(self, door: ClosedDoor) -> None:
        """Keep it; a door that is closed already keeps its moment and who was inside. `cancelled` is not written."""
        ...

    async def closed(self, meeting_id: MeetingId) -> ClosedDoor | None: ...
    async def note_reading(self, meeting_id: MeetingId, waiting_room: WaitingRoom, *, room_locked: bool) -> None:
        """What the last read-back said. Changes nothing where the door is open."""
        ...

    async def note_cancelled(self, meeting_id: MeetingId, who: Collection[RegistrantId], at: datetime) -> None:
        """The closing made these links void."""
        ...

    async def open(self, meeting_id: MeetingId) -> None:
        """Forget what it was closed on."""
        ...

    async def bar(self, meeting_id: MeetingId, member_id: MemberId, by: MemberId | None, at: datetime) -> None:
        """No new link for this member in this meeting. Repeating it changes nothing."""
        ...

    async def lift(self, meeting_id: MeetingId, member_id: MemberId) -> bool:
        """They may have one again; False if they were not barred."""
        ...

    async def barred(self, meeting_id: MeetingId) -> frozenset[MemberId]: ...
    async def is_barred(self, meeting_id: MeetingId, member_id: MemberId) -> bool: ...


class Acts(Protocol):
    """Acts of containment."""

    async def begin(self, act: Act, lease_until: datetime) -> bool:
        """Keep an act that begins; False if the same is going on or this one is kept already; nothing is written then."""
        ...

    async def get(self, act_id: ActId) -> Act | None: ...
    async def running(self, running_key: str) -> Act | None:
        """The act with this key that is not over."""
        ...

    async def let_go(self, act_id: ActId) -> None:
        """Another act with the same key may begin from now on; this one goes on beside it."""
        ...

    async def save(self, act: Act, lease_until: datetime | None) -> None:
        """Keep what is known now, never for something surer. `lease_until` None: it is over."""
        ...

    async def take_over(self, act_id: ActId, now: datetime, lease_until: datetime) -> bool:
        """Go on with an act whose process is gone; False if another works on it or it is over."""
        ...

    async def unfinished(self, meeting_id: MeetingId | None = None) -> Sequence[tuple[Act, datetime]]:
        """Acts that are not over (of all meetings, if none is named), each with the end of the lease of whoever works on it; oldest first."""
        ...

    async def of_meeting(self, meeting_id: MeetingId) -> Sequence[Act]:
        """All, oldest first."""
        ...

    async def of_session(self, session_id: SessionId) -> Sequence[Act]:
        """Those of one live run, oldest first."""
        ...


class IncidentOpener(Protocol):
    """Opens an incident, or joins the one that is open, within the transaction that keeps an emergency."""

    async def opened(
        self,
        uow: UnitOfWork,
        guild_id: GuildId,
        meeting_id: MeetingId,
        session_id: SessionId | None,
        actor: MemberId | None,
        why: str,
    ) -> None:
        """Within the caller's transaction; the same act may be told twice.

        Args:
            why: a code ("emergency").
        """
        ...


class ActListener(Protocol):
    """Whoever shows how an act goes on. Called often: be cheap, coalesce."""

    async def act_changed(self, act: Act) -> None: ...
