"""Acting on a running meeting: the routes by which it can be done, and what has to be at hand when nothing else answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.domain.containment import Capabilities
from bot.domain.values import LinkId, ParticipantId, RegistrantId, Token, ZoomMeetingId, ZoomUserId
from bot.domain.verdict import WaitingRoom
from bot.ports.zoom import AccessTokens

NOT_RUNNING = "meeting_not_running"
"""Code of a refusal: Zoom knows no running meeting of this number."""
PARTICIPANT_UNKNOWN = "participant_unknown"
"""Code of a refusal: Zoom knows nobody of this `participant_uuid` in there."""
REMOVAL_OFF = "removal_off"
"""Code of a refusal: Zoom has not enabled removing for this account. It holds until Zoom enables it."""
REMOVAL_NOT_PERMITTED = "removal_not_permitted"
"""Code of a refusal: Zoom does not let this app's user remove people there. It holds like `REMOVAL_OFF`."""


class RoomControl(Protocol):
    """A route by which a running meeting can be acted on. Every call goes before all routine traffic and is repeated for up to a minute.

    What returns without an error was accepted and no more. The calls say what is to be, not what is to change: sending one twice does no more than
    sending it once. Each may raise `UserMistake`, `NeedsAttention`, `Transient`, `OutcomeUnknown`.
    """

    def capabilities(self, link_id: LinkId) -> Capabilities:
        """What this route offers for meetings of this account. Whether Zoom lets us remove is learned from the answers and kept with the link."""
        ...

    async def stand_by(self, link_id: LinkId) -> None:
        """Have in memory what acting on this account's meetings needs, so that it needs no store. Call it every minute while one is live."""
        ...

    async def remove(self, link_id: LinkId, zoom_id: ZoomMeetingId, participant: ParticipantId) -> None:
        """Put somebody out of the running meeting.

        Raises:
            NeedsAttention: among others with `REMOVAL_OFF` or `REMOVAL_NOT_PERMITTED`.
            UserMistake: with `NOT_RUNNING` or `PARTICIPANT_UNKNOWN`.
        """
        ...

    async def cancel(self, link_id: LinkId, zoom_id: ZoomMeetingId, who: Sequence[tuple[RegistrantId, str]]) -> None:
        """Make the links of these registrants (id, address) void, 30 a call. It puts nobody out who is in."""
        ...

    async def end(self, link_id: LinkId, zoom_id: ZoomMeetingId) -> None:
        """End the meeting for everyone. Raises `UserMistake` with `NOT_RUNNING`."""
        ...

    async def lock(self, link_id: LinkId, zoom_id: ZoomMeetingId, *, locked: bool) -> None:
        """Lock or unlock the running meeting; it returns when Zoom has confirmed it. Only where `capabilities().lock`.

        Raises:
            NeedsAttention: this route cannot.
        """
        ...


class WaitingRooms(Protocol):
    """Where a meeting's waiting room is read back."""

    async def waiting_room(self, link_id: LinkId, zoom_id: ZoomMeetingId, host_id: ZoomUserId) -> WaitingRoom:
        """What Zoom says of it now. May raise `UserMistake` "meeting_gone", `NeedsAttention`, `Transient`."""
        ...


class ReadyTokens(AccessTokens, Protocol):
    """Access tokens that are at hand without a store. Only `services/tokens.py` implements it."""

    def at_hand(self, link_id: LinkId) -> Token | None:
        """The token in memory, if it is still valid."""
        ...

    async def keep_ready(self, link_id: LinkId) -> None:
        """See to it that the token in memory is the newest there is and has at least 15 minutes left. May raise what `current` raises."""
        ...
