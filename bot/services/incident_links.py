"""Where incidents and acting on calls meet: an emergency opens an incident, and a report can put somebody out."""

from __future__ import annotations

from bot.domain.community import MemberFacts
from bot.domain.containment import StepKind
from bot.domain.errors import UserMistake
from bot.domain.incident import Category
from bot.domain.reporting import Call
from bot.domain.session import Session
from bot.domain.values import GuildId, MeetingId, MemberId, ParticipantId, SessionId
from bot.domain.verdict import MANUAL_REFUSE, NOT_RECORDED
from bot.ports import Chance, Clock, UnitOfWork
from bot.services.emergency import Acting
from bot.services.reporting import open_or_join

EMERGENCY = "emergency"
"""What an emergency is told as."""


class OpensIncidents:
    """Implements `bot.ports.containment.IncidentOpener`."""

    def __init__(self, clock: Clock, chance: Chance) -> None:
        self._clock = clock
        self._chance = chance

    async def opened(
        self,
        uow: UnitOfWork,
        guild_id: GuildId,
        meeting_id: MeetingId,
        session_id: SessionId | None,
        actor: MemberId | None,
        why: str,
    ) -> None:
        """The incident of this call, opened or joined, with the emergency noted in it. Told twice, it stays one."""
        meeting = await uow.meetings.get(meeting_id)
        if meeting is None:
            return
        call = None
        if session_id is not None:
            call = Call(meeting, await uow.sessions.get(session_id) or Session(session_id, meeting_id))
        await open_or_join(
            uow,
            self._chance,
            self._clock.now(),
            guild_id,
            Category.INTRUSION,
            meeting=meeting,
            call=call,
            actor=actor,
            emergency=why == EMERGENCY,
        )


class RemovesFromReports:
    """Implements `bot.ports.RemoveFromReport`: the same act as the command, begun before the report is kept."""

    def __init__(self, acting: Acting) -> None:
        self._acting = acting

    async def remove(self, guild_id: GuildId, meeting_id: MeetingId, participant_uuid: str, who: MemberFacts) -> str:
        """Begin it; what to tell the moderator now. Hosts and co-hosts need a second confirmation, for which a report is no place."""
        try:
            act = await self._acting.remove(guild_id, meeting_id, who, participant=ParticipantId(participant_uuid))
        except UserMistake as error:
            if error.code == "confirm_host":
                return "This person is a host or co-host, so I did not remove them from here: use `/remove`, which asks once more."
            raise
        if act.of_kind(StepKind.REMOVE):
            said = "I am putting them out of the call; the panel says when Zoom has confirmed it."
        else:
            said = f"They are not in the call itself; their link is void. {MANUAL_REFUSE}"
        return said if act.recorded else f"{said} {NOT_RECORDED}"
