"""Live Zoom meetings: who is in them, what hosts and participants do there, and the in-meeting controls that REST has.

https://developers.zoom.us/docs/api/meetings/ (`PATCH /live_meetings/{meetingId}/events`). Zoom answers 202, "accepted", and the effect is
known only from what happens afterwards: `LiveEvent`s go to every registered sink.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from bot.rehearsal.zoom_links import OpenedLink
from bot.rehearsal.zoom_meetings import Meetings
from bot.rehearsal.zoom_state import Meeting, Participant, Registrant, Role, User, ZoomState, new_uuid
from bot.rehearsal.zoom_wire import Answer, Call, Field, ZoomError, check, section, text

METHODS = (
    "recording.start",
    "recording.stop",
    "recording.pause",
    "recording.resume",
    "participant.invite",
    "participant.invite.callout",
    "participant.invite.room_system_callout",
    "waiting_room.update",
    "ai_companion.start",
    "ai_companion.stop",
    "ai_companion.disable",
    "participant.remove",
)

_RULES = {"method": Field("text", choices=METHODS, required=True), "params": Field("object")}

EventName = Literal[
    "started",
    "ended",
    "waiting",
    "left_waiting",
    "admitted",
    "put_back",
    "joined",
    "left",
    "role_changed",
    "sharing_started",
    "sharing_ended",
    "joined_breakout",
    "left_breakout",
    "waits_for_host",
    "waits_no_more",
    "risk_alert",
    "updated",
    "deleted",
    "registered",
    "approved",
    "cancelled",
    "denied",
]

LEFT = "left the meeting."
REMOVED, ENDED, DISCONNECTED = "Removed by host.", "Host ended the meeting.", "got disconnected from the meeting."
"""Of Zoom's documented reasons for leaving."""


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """Something that happened to a meeting or in it. `uuid` is that of the run, `began` when it began, `more` what else the event tells."""

    name: EventName
    meeting: Meeting
    participant: Participant | None
    at: datetime
    uuid: str
    began: datetime | None = None
    registrant: Registrant | None = None
    more: Mapping[str, str] = field(default_factory=dict)


EventSink: TypeAlias = Callable[[LiveEvent], None]


class Live:
    """Starts, fills, controls and ends meetings."""

    def __init__(self, state: ZoomState) -> None:
        self._state = state
        self.sinks: list[EventSink] = []

    def start(self, meeting: Meeting) -> str:
        """The host starts the meeting: a new instance, with a new uuid, which is returned."""
        meeting.live, meeting.uuid, meeting.started_at = True, new_uuid(), self._state.now()
        meeting.live_waiting_room = None
        meeting.removed.clear()
        self._tell("started", meeting)
        return meeting.uuid

    def end(self, meeting: Meeting) -> None:
        """The meeting ends for everybody. That they left is reported after the end, as it has been seen."""
        meeting.live, meeting.ended_at = False, self._state.now()
        everybody = list(meeting.participants.values())
        meeting.participants.clear()
        self._tell("ended", meeting)
        for participant in everybody:
            self._gone(meeting, participant, ENDED)

    def enter(
        self, meeting: Meeting, opened: OpenedLink, name: str, *, again: Participant | None = None
    ) -> Participant:
        """Somebody comes in by an opened link, under its fixed name or else under `name`.

        Args:
            again: who that was before: the same `participant_uuid`, a new `user_id`.

        Raises:
            ValueError: the meeting is not live, or the link lets nobody in.
        """
        if not meeting.live or not opened.lets_in:
            raise ValueError(f"nobody can come in: {opened.outcome}")
        registrant = meeting.registrants.get(opened.registrant_id or "")
        waiting = opened.outcome == "waiting_room"
        participant = self._participant(opened.name or name, waiting=waiting, again=again)
        participant.registrant_id = opened.registrant_id
        participant.email = registrant.email if registrant is not None else ""
        return self._come(meeting, participant)

    def intrude(self, meeting: Meeting, name: str) -> Participant:
        """Somebody comes in who opened no link of ours, under any name: with the meeting's number, or asked in by somebody in the call."""
        return self._come(meeting, self._participant(name, waiting=meeting.waiting_room))

    def host_enters(self, meeting: Meeting, user: User, role: Role = "host") -> Participant:
        """A signed-in user of the account comes in as host or co-host. No event tells of the role they come with."""
        participant = self._participant(f"{user.first_name} {user.last_name}".strip(), waiting=False)
        participant.email, participant.zoom_user_id, participant.role = user.email, user.id, role
        return self._come(meeting, participant)

    def admit(self, meeting: Meeting, participant_uuid: str) -> None:
        """The host lets somebody in from the waiting room."""
        participant = meeting.participants[participant_uuid]
        participant.waiting = False
        self._tell("admitted", meeting, participant)
        self._tell("joined", meeting, participant)

    def put_back(self, meeting: Meeting, participant_uuid: str) -> None:
        """The host sends somebody into the waiting room."""
        participant = meeting.participants[participant_uuid]
        self.share(meeting, participant_uuid, on=False)
        participant.waiting = True
        self._tell("put_back", meeting, participant)

    def leave(self, meeting: Meeting, participant_uuid: str, reason: str = LEFT) -> None:
        """Somebody leaves by themselves, or is refused from the waiting room: Zoom reports both alike."""
        self.share(meeting, participant_uuid, on=False)
        self._gone(meeting, meeting.participants.pop(participant_uuid), reason)

    def remove(self, meeting: Meeting, participant_uuid: str) -> None:
        """A host puts somebody out."""
        meeting.removed.append(meeting.participants[participant_uuid])
        self.leave(meeting, participant_uuid, REMOVED)

    def give_role(self, meeting: Meeting, participant_uuid: str, role: Role) -> None:
        """The host makes somebody host, co-host or attendee; of hosts there is one."""
        before = [each for each in meeting.participants.values() if each.role == "host"]
        for other in before if role == "host" else ():
            self._role(meeting, other, "attendee")
        self._role(meeting, meeting.participants[participant_uuid], role)

    def share(self, meeting: Meeting, participant_uuid: str, *, on: bool) -> None:
        """Somebody begins or stops sharing their screen."""
        participant = meeting.participants[participant_uuid]
        if participant.sharing is not on:
            participant.sharing = on
            self._tell("sharing_started" if on else "sharing_ended", meeting, participant)

    def to_breakout(self, meeting: Meeting, participant_uuid: str, room: str = "") -> None:
        """Somebody goes into a breakout room: the same `participant_uuid`, another `user_id`. Without a room they come back from it."""
        participant = meeting.participants[participant_uuid]
        if participant.breakout:
            self._tell("left_breakout", meeting, participant, reason=LEFT)
        participant.breakout, participant.breakout_user_id = room, _new_user_id() if room else ""
        if room:
            self._tell("joined_breakout", meeting, participant)

    def wait_for_host(self, meeting: Meeting, name: str, *, waits: bool = True) -> None:
        """Somebody waits for the host to begin, or gives up."""
        waiting = self._participant(name, waiting=True)
        self._tell("waits_for_host" if waits else "waits_no_more", meeting, waiting)

    def alert_risk(self, meeting: Meeting, platform: str) -> None:
        """Zoom's At-Risk Meeting Notifier has found the meeting's link in public."""
        self._tell("risk_alert", meeting, platform=platform)

    def control(self, call: Call, meetings: Meetings) -> Answer:
        """`PATCH /live_meetings/{meetingId}/events`. Only `participant.remove` has an effect here; the rest is accepted.

        An unknown `participant_uuid` is accepted too: what Zoom answers is not published, and 202 promises nothing.
        """
        scope, missing = "meeting:update:in_meeting_controls", "Meeting {id} is not found or has expired."
        meeting = meetings.reached(call, scope, missing=missing)
        check(call.body, _RULES)
        account = self._state.accounts[meeting.account_id]
        removes = call.body["method"] == "participant.remove"
        if removes and not account.remove_enabled:
            raise ZoomError(400, 300, "This API is not available for this account. Please contact Zoom support.")
        if not meeting.live:
            raise ZoomError(400, 300, "Meeting does not exist.")
        who = text(section(call.body, "params"), "participant_uuid") if removes else ""
        if who in meeting.participants and account.controls_have_effect:
            self.remove(meeting, who)
        return Answer(202)

    def tell(self, name: EventName, meeting: Meeting, registrant: Registrant | None = None) -> None:
        """Tell the sinks of something that happened to a meeting outside any call."""
        self._tell(name, meeting, registrant=registrant)

    def _participant(self, name: str, *, waiting: bool, again: Participant | None = None) -> Participant:
        return Participant(new_uuid() if again is None else again.uuid, _new_user_id(), name, None, waiting)

    def _come(self, meeting: Meeting, participant: Participant) -> Participant:
        if not meeting.live:
            raise ValueError("nobody can come in: the meeting is not live")
        meeting.participants[participant.uuid] = participant
        self._tell("waiting" if participant.waiting else "joined", meeting, participant)
        return participant

    def _gone(self, meeting: Meeting, participant: Participant, reason: str) -> None:
        if participant.waiting:
            self._tell("left_waiting", meeting, participant)
            return
        if participant.breakout:
            self._tell("left_breakout", meeting, participant, reason=reason)
        self._tell("left", meeting, participant, reason=reason)

    def _role(self, meeting: Meeting, participant: Participant, role: Role) -> None:
        old, participant.role = participant.role, role
        if old != role:
            self._tell("role_changed", meeting, participant, old_role=old, new_role=role)

    def _tell(
        self,
        name: EventName,
        meeting: Meeting,
        participant: Participant | None = None,
        registrant: Registrant | None = None,
        **more: str,
    ) -> None:
        now, began = self._state.now(), meeting.started_at
        event = LiveEvent(name, meeting, participant, now, meeting.uuid, began, registrant, more)
        for sink in self.sinks:
            sink(event)


def _new_user_id() -> str:
    return str(16_778_240 + secrets.randbelow(1_000_000))
