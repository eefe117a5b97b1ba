"""What happens in a call, and who is in it: for the steps of a scenario and for what they expect."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from bot.rehearsal.scenario import People
from bot.rehearsal.scenario_call import EVERYBODY, STRANGER, CallPart
from bot.rehearsal.stage import Stage
from bot.rehearsal.zoom_state import Meeting, Participant

_Act = Callable[[Meeting, str], None]


class Calling:
    """Brings about what happens in the newest call."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def bring_about(self, call: CallPart) -> str:
        """Do it; the sentence for the transcript.

        Raises:
            LookupError: there is no call, or nobody of that name in it.
        """
        meeting = max(self._stage.zoom.meetings, key=lambda meeting: meeting.created_at, default=None)
        if meeting is None:
            raise LookupError("there is no meeting at Zoom yet")
        zoom, live = self._stage.zoom, self._stage.zoom.live
        if call.strangers_enter is not None:
            names = self._strangers(call.strangers_enter)
            for name in names:
                live.intrude(meeting, name)
            return (
                f"{len(names)} strangers come in at once." if len(names) > 1 else f"A stranger comes in as {names[0]}."
            )
        if call.host_gives is not None:
            (who,) = _found(meeting, (call.host_gives.to,), waiting=False)
            live.give_role(meeting, who.uuid, call.host_gives.role)
            return f"The host makes {call.host_gives.to} {call.host_gives.role}."
        if call.host_enters:
            zoom.host_enters(meeting.id)
            return "The host comes into the call."
        if call.host_leaves:
            for host in [each for each in meeting.participants.values() if each.role == "host"]:
                live.leave(meeting, host.uuid)
            return "The host leaves the call, which goes on."
        if call.waiting_room is not None:
            meeting.live_waiting_room = call.waiting_room
            return f"In the call, the host turns the waiting room {'on' if call.waiting_room else 'off'}."
        if call.waits_for_host is not None:
            live.wait_for_host(meeting, call.waits_for_host)
            return f"{call.waits_for_host} waits for the host to begin."
        if call.found_in_public is not None:
            live.alert_risk(meeting, call.found_in_public)
            return f"Zoom has found the call's link on {call.found_in_public}."
        return self._to_people(meeting, call)

    def _to_people(self, meeting: Meeting, call: CallPart) -> str:
        live = self._stage.zoom.live
        acts: Sequence[tuple[tuple[str, ...] | None, bool, _Act, str]] = (
            (call.host_admits, True, live.admit, "The host admits {}."),
            (call.host_refuses, True, live.leave, "The host refuses {}."),
            (call.host_puts_back, False, live.put_back, "The host sends {} back into the waiting room."),
            (call.host_removes, False, live.remove, "The host puts {} out."),
            (call.to_breakout_room, False, _to_breakout(self._stage), "Into a breakout room: {}."),
            (call.from_breakout_room, False, live.to_breakout, "Back from the breakout room: {}."),
        )
        for names, waiting, act, sentence in acts:
            if names is not None:
                for who in _found(meeting, names, waiting=waiting):
                    act(meeting, who.uuid)
                return sentence.format(" and ".join(names))
        raise ValueError("nothing happens")

    def _strangers(self, wanted: int | Sequence[str]) -> list[str]:
        """Under these names; of a number, under the names of so many people of the story, over again if they are few."""
        if not isinstance(wanted, int):
            return list(wanted)
        known = list(self._stage.cast.people)
        return [known[number % len(known)] for number in range(wanted)]


def _to_breakout(stage: Stage) -> _Act:
    return lambda meeting, uuid: stage.zoom.live.to_breakout(meeting, uuid, "breakout-room-1")


def _found(meeting: Meeting, names: Sequence[str], *, waiting: bool) -> list[Participant]:
    there = [who for who in meeting.participants.values() if who.waiting is waiting and who.role != "host"]
    found: list[Participant] = []
    for name in names:
        if name == EVERYBODY:
            found += there
            continue
        stranger, bare = name.startswith(STRANGER), name.removeprefix(STRANGER)
        of_name = [who for who in there if without_tag(who.name) == bare and who not in found]
        mine = [who for who in of_name if not (stranger and who.registrant_id)]
        if not mine:
            raise LookupError(f"the host sees no {name} {'in the waiting room' if waiting else 'in the call'}")
        found.append(mine[0])
    return found


def inside(meetings: Sequence[Meeting]) -> list[str]:
    """Who is in a call or a breakout room, hosts apart."""
    return [who.name for who in _everybody(meetings) if not who.waiting]


def waiting(meetings: Sequence[Meeting]) -> list[str]:
    """Who is in a waiting room."""
    return [who.name for who in _everybody(meetings) if who.waiting]


def removed(meetings: Sequence[Meeting]) -> list[str]:
    """Who was put out of the present run, or the last."""
    return [who.name for meeting in meetings for who in meeting.removed]


def _everybody(meetings: Sequence[Meeting]) -> Iterator[Participant]:
    return (who for meeting in meetings for who in meeting.participants.values() if who.role != "host")


def fits(wanted: People, there: Callable[[], list[str]]) -> bool:
    """Whether so many, or exactly those, are there."""
    names = sorted(without_tag(name) for name in there())
    return len(names) == wanted if isinstance(wanted, int) else names == sorted(wanted)


def described(wanted: People) -> str:
    """For the transcript."""
    return str(wanted) if isinstance(wanted, int) else ", ".join(wanted) or "nobody"


def listed(there: Callable[[], list[str]]) -> str:
    """Who is there instead."""
    return ", ".join(there()) or "nobody"


def without_tag(name: str) -> str:
    """The name alone."""
    return name.rpartition("·")[0] or name
