"""A live call as moderators see it: the meeting, its run, everybody's seat, and whether Zoom tells us at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bot.domain.meeting import Meeting
from bot.domain.roster import Place, Seat
from bot.domain.session import Session


class Hearing(Enum):
    """Whether Zoom tells who comes and goes; if not, why."""

    HEARD = "heard"
    NO_ENDPOINT = "no_endpoint"
    """This Vestibule takes no events: nothing is configured."""
    SILENT = "silent"
    """Events are configured, but none of this Zoom account came within a week."""
    NOT_THIS_CALL = "not_this_call"
    """The account's events come, but none about people in this call."""

    @property
    def reason(self) -> str:
        """Why nobody can be seen, in a sentence; "" where they can."""
        return _WORDS[self][0]

    @property
    def fix(self) -> str:
        """What to do about it, and who."""
        return _WORDS[self][1]


_WORDS = {
    Hearing.HEARD: ("", ""),
    Hearing.NO_ENDPOINT: (
        "I cannot see who joins: Zoom's events are not set up for this bot.",
        "Whoever runs the bot has to set PUBLIC_URL and ZOOM_WEBHOOK_SECRET and subscribe to the meeting events in the Zoom app.",
    ),
    Hearing.SILENT: (
        "I cannot see who joins: no event of this Zoom account has come within a week.",
        "Whoever runs the bot has to look at the event subscription of the Zoom app: is it on, is its address right, does it cover this account?",
    ),
    Hearing.NOT_THIS_CALL: (
        "I cannot see who joins: no event about a participant of this call has come yet.",
        "If somebody is in the call, whoever runs the bot has to add the participant events to the event subscription of the Zoom app.",
    ),
}


@dataclass(frozen=True, slots=True)
class Missed:
    """A time in which Zoom could not be heard, and nothing that happened then is told later."""

    since: datetime
    until: datetime

    def touches(self, session: Session) -> bool:
        """Whether the session went on during it."""
        begun = session.started_at is not None and session.started_at < self.until
        return begun and (session.ended_at is None or session.ended_at > self.since)

    @property
    def words(self) -> str:
        """For moderators, as one sentence; `<t:...:T>` is how Discord shows each reader their own time."""
        since, until = (int(moment.timestamp()) for moment in (self.since, self.until))
        return (
            f"Between <t:{since}:T> and <t:{until}:T> I heard nothing from Zoom: people who came, left or changed then are not shown. "
            "Compare with Zoom's own list."
        )


@dataclass(frozen=True, slots=True)
class RoomView:
    """One run of a meeting at a moment.

    `seats` are everybody who was ever seen in it, whoever came last first; once the session is over nobody is `here`. `early` are the shown names of
    those who wait for the host to begin (join before host); Zoom names no participant for them. `missed` is the last time of this run in which
    nothing could be heard.
    """

    meeting: Meeting
    session: Session
    seats: tuple[Seat, ...]
    hearing: Hearing
    at: datetime
    early: tuple[str, ...] = ()
    missed: Missed | None = None

    @property
    def heard(self) -> bool:
        """Whether an event about people of this session came."""
        return self.hearing is Hearing.HEARD

    @property
    def inside(self) -> tuple[Seat, ...]:
        """Those in the call or its breakout rooms."""
        return tuple(seat for seat in self.seats if seat.participant.place is Place.IN)

    @property
    def waiting(self) -> tuple[Seat, ...]:
        """Those in the waiting room."""
        return tuple(seat for seat in self.seats if seat.participant.place is Place.WAITING)
