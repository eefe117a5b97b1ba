"""The roster against the truth: the stand-in plays an evening at random, its events come shuffled and twice, and the bot knows who is where."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.adapters.zoom.events import ZoomEventReader, signature_of
from bot.domain.roster import Place
from bot.domain.values import Secret, SessionId
from bot.ports import IncomingEvent
from bot.rehearsal.zoom import ZoomStandIn
from bot.rehearsal.zoom_live import LiveEvent
from bot.rehearsal.zoom_payloads import envelope
from bot.rehearsal.zoom_state import Meeting, Participant
from bot.rehearsal.zoom_wire import merge
from tests.services.conftest import Vestibule
from tests.services.fakes_events import hashed

SECRET = Secret("the secret token of the app")
ACTS = 60


class Evening:
    """One call at the stand-in, and everything it reports."""

    def __init__(self, v: Vestibule, zoom_id: str, seed: int) -> None:
        self.clock, self.chance = v.clock, random.Random(seed)  # noqa: S311 - the same evening every time
        self.zoom = ZoomStandIn(v.clock.now)
        account = self.zoom.add_account("account")
        host = self.zoom.add_user(account, "host@choir.example", user_id="zoom-host")
        settings = merge({}, {"approval_type": 1, "waiting_room": True})
        self.meeting = Meeting(
            int(zoom_id), "", host.id, account.id, 2, "Choir", "", None, 60, "UTC", "", "", settings, v.clock.now(), "r"
        )
        self.zoom.state.meetings[self.meeting.id] = self.meeting
        self.told: list[Any] = []
        self.zoom.on_event(self._hear)

    def _hear(self, event: LiveEvent) -> None:
        self.told.append(envelope(self.zoom.state, event))

    def play(self) -> None:
        """Start, and then anything that can happen, some seconds apart."""
        live, meeting = self.zoom.live, self.meeting
        live.start(meeting)
        self.zoom.host_enters(meeting.id)
        gone: list[Participant] = []
        for number in range(ACTS):
            self.clock.advance(seconds=self.chance.choice([1, 2, 30]))
            present = list(meeting.participants.values())
            if len(present) < 3 or self.chance.random() < 0.3:
                meeting.live_waiting_room = self.chance.random() < 0.7
                back = gone.pop() if gone and self.chance.random() < 0.5 else None
                self._comes(f"Guest {number}", back)
                continue
            who = self.chance.choice(present)
            act = self.chance.choice(self._acts(who))
            if act in (live.leave, live.remove):
                gone.append(who)
            act(meeting, who.uuid)

    def _comes(self, name: str, back: Participant | None) -> None:
        """A newcomer, or somebody under the `participant_uuid` they had before."""
        live = self.zoom.live
        if back is None:
            live.intrude(self.meeting, name)
        else:
            again = replace(
                back, user_id=back.user_id + "1", waiting=self.meeting.waiting_room, breakout="", sharing=False
            )
            live._come(self.meeting, again)

    def _acts(self, who: Participant) -> list[Callable[[Meeting, str], None]]:
        live = self.zoom.live
        if who.waiting:
            return [live.admit, live.leave]
        acts: list[Callable[[Meeting, str], None]] = [live.leave, live.remove, self._share, self._co_host]
        acts += [live.to_breakout] if who.breakout else [self._to_breakout, live.put_back]
        return acts

    def _share(self, meeting: Meeting, uuid: str) -> None:
        self.zoom.live.share(meeting, uuid, on=not meeting.participants[uuid].sharing)

    def _co_host(self, meeting: Meeting, uuid: str) -> None:
        self.zoom.live.give_role(meeting, uuid, self.chance.choice(["co-host", "attendee"]))

    def _to_breakout(self, meeting: Meeting, uuid: str) -> None:
        self.zoom.live.to_breakout(meeting, uuid, "room-1")

    @property
    def truth(self) -> dict[str, tuple[Place, bool, bool, str]]:
        """Where everybody is who is not gone."""
        return {
            who.uuid: (
                Place.WAITING if who.waiting else Place.IN,
                bool(who.breakout),
                who.sharing,
                who.name,
            )
            for who in self.meeting.participants.values()
        }


@pytest.mark.parametrize("seed", range(6))
async def test_the_bot_knows_where_everybody_is_whatever_happens_and_however_it_is_told(
    vestibule: Vestibule, seed: int
) -> None:
    v = vestibule
    planned = await v.live_links()
    assert planned.zoom_id is not None
    evening = Evening(v, planned.zoom_id, seed)
    evening.play()
    reader, bodies = ZoomEventReader(SECRET, v.clock, hashed), evening.told + evening.told[::3]
    evening.chance.shuffle(bodies)
    timestamp = str(int(v.clock.now().timestamp()))
    for start in range(0, len(bodies), 17):
        events = []
        for body in bodies[start : start + 17]:
            raw = json.dumps(body).encode()
            event = reader.read(timestamp=timestamp, signature=signature_of(SECRET, timestamp, raw), body=raw)
            assert isinstance(event, IncomingEvent)
            events.append(event)
        await v.intake.store(events)
        await v.rooms.settled()
    for view in (await v.rooms.view(planned.meeting_id), v.rooms.at_hand(planned.meeting_id)):
        assert view is not None
        assert view.session.session_id == SessionId(evening.meeting.uuid)
        seen = {
            seat.participant.participant_uuid: (
                seat.participant.place,
                seat.participant.in_breakout,
                seat.participant.sharing,
                seat.participant.name,
            )
            for seat in view.seats
            if seat.here
        }
        assert seen == evening.truth
    assert len(evening.told) > ACTS
