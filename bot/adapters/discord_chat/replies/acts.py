"""What a moderator reads of an act: each step with what is known of it, the door in words, what to press in Zoom where no button helps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from bot.adapters.discord_chat.presses import LIVE_CHOOSE, LIVE_END, LIVE_END_NOW, LIVE_UNLOCK
from bot.adapters.discord_chat.replies.seats import choosable, option, shown
from bot.adapters.discord_chat.replies.shape import Block, Button, Menu, Reply, Row, Style, Text, joined
from bot.adapters.discord_chat.replies.wording import clock_time, counted, fitting, person
from bot.domain.containment import Act, ActKind, Outcome, Step, StepKind
from bot.domain.panel import PanelView
from bot.domain.roster import Seat
from bot.domain.values import ParticipantId
from bot.domain.verdict import GUEST_UNTIL_RECONNECT, NOT_RECORDED, REJOIN_NOTE, DoorWords, by_hand, reason

MENU = 25
SHOWN_ACTS = 3
_ROOM_FOR_STEPS = 2200

TICKS = {
    Outcome.PENDING: "⏳",
    Outcome.ACCEPTED: "⏳",
    Outcome.DONE: "✅",
    Outcome.REFUSED: "❌",
    Outcome.UNSUPPORTED: "❌",
    Outcome.UNCONFIRMED: "⚠️",
}
TITLES = {
    ActKind.LOCK: "Lock",
    ActKind.UNLOCK: "Unlock",
    ActKind.REMOVE: "Remove",
    ActKind.UNDO: "Undo",
    ActKind.END: "End",
    ActKind.EMERGENCY: "Emergency",
    ActKind.ACCEPT_GUEST: "Accept as guest",
    ActKind.PUT_OUT: "Put out at the closed door",
}
_ORDER = (Outcome.REFUSED, Outcome.UNCONFIRMED, Outcome.UNSUPPORTED, Outcome.PENDING, Outcome.ACCEPTED, Outcome.DONE)
_FIRST = (StepKind.END, StepKind.CLOSE_DOOR, StepKind.OPEN_DOOR, StepKind.LOCK_ROOM, StepKind.READ_BACK)
_BULK = (StepKind.REMOVE, StepKind.REVOKE_INVITE)


def act(done: Act, view: PanelView | None) -> Reply:
    """The reply that ticks: the same act gives the same reply, a step that was confirmed another one."""
    seats, door = (view.room.seats, view.door_words) if view is not None else ((), None)
    one = {step.participant for step in done.of_kind(StepKind.REMOVE)} if done.kind is ActKind.REMOVE else set()
    about = f" {_name(one.pop(), seats)}" if len(one) == 1 else ""
    blocks: list[Block] = [Text(joined(f"### {TITLES[done.kind]}{about}", *_steps(done, seats)))]
    notes = [*_door_lines(done, door), *_notes(done, seats)]
    if notes:
        blocks.append(Text(joined(*notes)))
    blocks += [*_pick(done, seats), *_buttons(done)]
    return Reply(tuple(blocks), f"act_{done.kind.value}")


def act_lines(acts: Sequence[Act], seats: Sequence[Seat], *, over: bool = False) -> list[str]:
    """The newest acts as lines of the panel: who pressed what, and how far it is. While the call runs, the last few."""
    told = acts if over else acts[:SHOWN_ACTS]
    lines = fitting((_act_line(each, seats, over=over) for each in told), 700)
    return [lines] if lines else []


def _act_line(done: Act, seats: Sequence[Seat], *, over: bool) -> str:
    who = f" by {person(done.actor)}" if done.actor is not None else ""
    steps = len(done.steps)
    confirmed = sum(step.outcome is Outcome.DONE for step in done.steps)
    failed = [
        step for step in done.steps if step.outcome in (Outcome.REFUSED, Outcome.UNSUPPORTED, Outcome.UNCONFIRMED)
    ]
    tick = TICKS[failed[0].outcome] if failed else TICKS[Outcome.DONE if confirmed == steps else Outcome.PENDING]
    out = list(dict.fromkeys(_name(step.participant, seats) for step in done.of_kind(StepKind.REMOVE)))
    subject = f" {_few(out)}" if out and done.kind is not ActKind.EMERGENCY else ""
    progress = "" if confirmed == steps else f": {confirmed} of {steps} confirmed"
    manual = next(filter(None, map(by_hand, failed)), "")
    hint = f". {manual}" if manual and not over else ""
    return f"{tick} {clock_time(done.at)} **{TITLES[done.kind]}**{subject}{who}{progress}{hint}"


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")


def _steps(done: Act, seats: Sequence[Seat]) -> list[str]:
    """Single steps in their order; of many people put out, what went wrong first."""
    bulk = sorted((step for step in done.steps if step.kind in _BULK), key=lambda step: _ORDER.index(step.outcome))
    first = [step for step in done.steps if step.kind in _FIRST]
    last = [step for step in done.steps if step.kind not in (*_FIRST, *_BULK)]
    count = sum(step.kind is StepKind.REMOVE for step in bulk)
    confirmed = sum(step.outcome is Outcome.DONE for step in bulk if step.kind is StepKind.REMOVE)
    head = [f"**{confirmed} of {counted(count, 'person', 'people')} put out**"] if count > 1 else []
    shared = _shared_reasons(bulk)
    lines = [_step_line(step, seats, shared) for step in (*first, *bulk, *last)]
    return [*head, *map(reason, shared), fitting(lines, _ROOM_FOR_STEPS), *_by_hand(done.steps)]


def _shared_reasons(steps: Iterable[Step]) -> list[str]:
    """The codes that hold for several people: their reason is said once, not for each."""
    codes = Counter(step.code for step in steps if step.code and step.outcome is not Outcome.DONE)
    return [code for code, times in codes.items() if times > 1]


def _step_line(step: Step, seats: Sequence[Seat], said_already: Sequence[str] = ()) -> str:
    said = f"{TICKS[step.outcome]} {_words(step, seats)}"
    if step.outcome is Outcome.ACCEPTED and step.kind in (StepKind.CLOSE_DOOR, StepKind.OPEN_DOOR):
        return f"{said}: done here, not written down yet"
    if step.outcome is Outcome.ACCEPTED:
        return f"{said}: Zoom took it, not confirmed yet"
    why = reason(step.code) if step.outcome is not Outcome.DONE and step.code not in said_already else ""
    return f"{said}. {why}".rstrip(". ") + ("." if why else "") if why else said


def _by_hand(steps: Iterable[Step]) -> list[str]:
    """What to press in Zoom stands once, not for each person."""
    return [f"**By hand:** {manual}" for manual in dict.fromkeys(map(by_hand, steps)) if manual]


def _words(step: Step, seats: Sequence[Seat]) -> str:
    done = step.outcome is Outcome.DONE
    name = _name(step.participant, seats) if step.participant is not None else "their"
    member = person(step.member_id) if step.member_id is not None else "this person"
    match step.kind:
        case StepKind.CLOSE_DOOR:
            return "Door closed: no link leaves any more" if done else "Close the door"
        case StepKind.OPEN_DOOR:
            return "Door open: members get their links again" if done else "Open the door"
        case StepKind.LOCK_ROOM:
            return "Zoom's own lock changed" if done else "Change Zoom's own lock"
        case StepKind.READ_BACK:
            return "Asked Zoom about the waiting room" if done else "Ask Zoom about the waiting room"
        case StepKind.CANCEL_UNUSED:
            links = "Unused links" if step.count is None else counted(step.count, "unused link")
            if done and step.count == 0:
                return "No unused link was left to make void"
            return f"{links} made void, guests' included" if done else f"Make void: {links.lower()}"
        case StepKind.REMOVE:
            return f"{name} is out" if done else f"Put out {name}"
        case StepKind.REVOKE_INVITE:
            return f"Link of {member} is void" if done else f"Make void the link of {member}"
        case StepKind.BAR_MEMBER:
            return f"{member} gets no new link for this call"
        case StepKind.LIFT_BAR:
            return f"{member} may get a link again: they press **Get my link**"
        case StepKind.END:
            return "The call is ended for everyone" if done else "End the call for everyone"
        case StepKind.ACCEPT_GUEST:
            return f"{name} counts as a guest" if done else f"Accept {name} as a guest"


def _name(participant: ParticipantId | None, seats: Sequence[Seat]) -> str:
    seat = next((each for each in seats if each.participant.participant_uuid == participant), None)
    return shown(seat) if seat is not None else "somebody who is gone"


def _door_lines(done: Act, door: DoorWords | None) -> list[str]:
    if door is None or done.verdict is None or done.kind not in (ActKind.LOCK, ActKind.EMERGENCY):
        return []
    return [f"**{door.title}.** {door.moderator}", *([f"**For the host:** {door.host}"] if door.host else [])]


def _notes(done: Act, seats: Sequence[Seat]) -> list[str]:
    notes = []
    if done.kind is ActKind.UNDO and done.settled:
        notes.append(REJOIN_NOTE)
    if done.kind is ActKind.ACCEPT_GUEST and any(
        seat.participant.registrant_id is None
        for seat in seats
        if seat.participant.participant_uuid in {step.participant for step in done.steps}
    ):
        notes.append(GUEST_UNTIL_RECONNECT)
    if done.held_back:
        names = ", ".join(_name(who, seats) for who in done.held_back[:5])
        notes.append(f"**Left for you to decide** (they have host rights, or Zoom gives me no way): {names}.")
    if not done.recorded:
        notes.append(NOT_RECORDED)
    return notes


def _pick(done: Act, seats: Sequence[Seat]) -> list[Block]:
    """Where nobody can be matched, the moderator chooses whom to put out, newest first."""
    by_id = {seat.participant.participant_uuid: seat for seat in seats}
    wanted = dict.fromkeys((*done.held_back, *done.pick_list))
    found = choosable(by_id[who] for who in wanted if who in by_id and by_id[who].here)
    if not found:
        return []
    said = [Text("Nobody here can be matched to a member, so I put nobody out by myself.")] if done.pick_list else []
    menu = Menu(
        LIVE_CHOOSE(done.meeting_id, "pick"), "Choose whom to put out, newest first", tuple(map(option, found[:MENU]))
    )
    return [*said, menu]


def _buttons(done: Act) -> list[Block]:
    meeting = done.meeting_id
    match done.kind:
        case ActKind.EMERGENCY:
            return [
                Row(
                    (
                        Button("End the call now", LIVE_END_NOW(meeting), Style.GRAVE),
                        Button("Unlock", LIVE_UNLOCK(meeting)),
                    )
                )
            ]
        case ActKind.LOCK:
            return [Row((Button("Unlock", LIVE_UNLOCK(meeting)), Button("End", LIVE_END(meeting), Style.GRAVE)))]
        case _:
            return []
