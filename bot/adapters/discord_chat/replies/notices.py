"""Alerts of a live call in the moderators' channel: what happened, what it means, and what to press, here or in Zoom.

One message may tell several things; it is changed when they are over, so that nobody acts on what holds no longer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from bot.adapters.discord_chat.presses import LIVE_EMERGENCY, LIVE_LOCK, NAME_MINE, SEAT_REMOVE
from bot.adapters.discord_chat.replies.names import ASK
from bot.adapters.discord_chat.replies.seats import bare, choosable, named, packed, shown
from bot.adapters.discord_chat.replies.shape import Block, Button, Reply, Row, Style, Text, joined
from bot.adapters.discord_chat.replies.wording import clock_time, counted, fitting, person, role, soon, typed
from bot.domain.concerns import GRAVITY, Answer, Asked, Concern, Raised
from bot.domain.meeting import Door
from bot.domain.panel import RoomNotice, owner_of
from bot.domain.roster import Place, Role, Seat, SeatKind
from bot.domain.values import MemberId, RoleId
from bot.domain.verdict import MANUAL_REFUSE, MANUAL_REMOVE

_ROOM = 900
_ROOM_FOR_NAMES = 600
_NAMES = 5
Writer = Callable[[RoomNotice, Sequence[Raised]], list[str]]


def notice(told: RoomNotice, mention: RoleId | None = None) -> Reply:
    """The message. `mention` is the role that is called by it."""
    if told.hidden:
        return _without_names(told, mention)
    kinds = sorted({each.concern for each in told.raised}, key=GRAVITY.__getitem__)
    blocks: list[Block] = [
        Text(joined(*([role(mention)] if mention is not None else []), f"### {typed(told.meeting.topic)}"))
    ]
    over = _times(_over_lines(told))
    for kind in kinds:
        lines = _WRITERS[kind](told, [each for each in told.raised if each.concern is kind and each.over_at is None])
        blocks += [Text(fitting(lines, _ROOM))] if lines else []
    blocks += [Text(fitting(over, _ROOM))] if over else []
    buttons = _buttons(told)
    return Reply((*blocks, *([Row(buttons)] if buttons else [])), "notice")


def _without_names(told: RoomNotice, mention: RoleId | None) -> Reply:
    called = [role(mention)] if mention is not None else []
    done = told.over or all(each.over_at is not None for each in told.raised)
    said = (
        "This is over."
        if done
        else "**A moderator is needed in this call.** `/meeting live` shows you in private what it is."
    )
    return Reply((Text(joined(*called, f"### Alert: {typed(told.meeting.topic)}", said)),), "notice_hidden")


def _emergency(_: RoomNotice, raised: Sequence[Raised]) -> list[str]:
    if not raised:
        return []
    return ["**Emergency** was pressed. The panel shows each step as Zoom confirms it, and has **End**."]


def _seats(told: RoomNotice, raised: Sequence[Raised]) -> list[Seat]:
    return [told.people[who] for each in raised for who in each.who[:1] if who in told.people]


def _times(lines: Iterable[str]) -> list[str]:
    """Each line once. In a raid many people show one name, and what to do about them must still fit below."""
    return [f"{line}{_multiplied(times)}" for line, times in Counter(lines).items()]


def _multiplied(times: int) -> str:
    return f" (×{times})" if times > 1 else ""


def _came(seats: Sequence[Seat]) -> list[str]:
    """A line for each name, with when the last one of that name came."""
    by_name: dict[str, list[Seat]] = {}
    for seat in seats:
        by_name.setdefault(f"{shown(seat)}{_void(seat)}", []).append(seat)
    return [
        f"- {name}{_multiplied(len(alike))}, came {soon(max(seat.participant.since for seat in alike))}"
        for name, alike in by_name.items()
    ]


def _intruders(told: RoomNotice, raised: Sequence[Raised]) -> list[str]:
    seats = _seats(told, raised)
    if not seats:
        return []
    lines = [f"**Not on the list, and in the call:** {counted(len(seats), 'person', 'people')}"]
    lines.append(fitting(_came(seats), _ROOM_FOR_NAMES))
    if told.meeting.door is Door.CLOSED and told.may_remove:
        return [
            *lines,
            f"The door is closed, so I am putting them out. Whoever is still in: {MANUAL_REMOVE[0].lower()}{MANUAL_REMOVE[1:]}",
            "To keep somebody: panel > their name > **Accept as guest**.",
        ]
    if told.may_remove:
        return [
            *lines,
            "**Remove** puts one out. **Emergency** closes the door and puts out everybody who is not on the list.",
        ]
    return [*lines, f"I cannot put people out on this Zoom account. {MANUAL_REMOVE}"]


def _strangers(told: RoomNotice, raised: Sequence[Raised]) -> list[str]:
    seats = _seats(told, raised)
    names = fitting(_times(f"- NOT a member: {shown(seat)}{_void(seat)}" for seat in seats), _ROOM_FOR_NAMES)
    return ["**Do not admit:**", names, f'{MANUAL_REFUSE} Never press "Admit all".'] if seats else []


def _twice(told: RoomNotice, raised: Sequence[Raised]) -> list[str]:
    lines = []
    for each in raised:
        seats = [told.people[who] for who in each.who if who in told.people]
        if seats:
            since = " and ".join(clock_time(seat.participant.since) for seat in _oldest_first(seats))
            lines.append(f"**One link, two seats:** {named(seats[0])}, since {since}.")
    if not lines:
        return []
    return [
        *lines,
        "Somebody else may have their link. Ask them; if only one seat is theirs, **Emergency** puts out both, and they press **Get my link** anew.",
    ]


def _same_names(told: RoomNotice, raised: Sequence[Raised]) -> list[str]:
    lines: list[str] = []
    for each in raised:
        seats = _oldest_first([told.people[who] for who in each.who if who in told.people])
        if not seats:
            continue
        owner = owner_of(seats)
        many = "Two people show" if len(seats) == 2 else f"{len(seats)} people show"
        lines.append(f"**{many} {shown(seats[0])}**{_admit(seats, owner, each)}")
        lines += [f"- since {clock_time(seat.participant.since)}, {_where(seat)}: {_by_link(seat)}" for seat in seats]
        lines += _answer(each, owner)
    return lines


def _admit(seats: Sequence[Seat], owner: MemberId | None, raised: Raised) -> str:
    if raised.answer is not None or not any(seat.participant.place is Place.WAITING for seat in seats):
        return "."
    return (
        f"; admit neither until {person(owner)} confirms here."
        if owner is not None
        else "; admit neither until you know who is who."
    )


def _answer(raised: Raised, owner: MemberId | None) -> list[str]:
    if owner is None:
        return []
    who = person(owner)
    match raised.answer:
        case Answer.MINE_ALONE:
            return [
                f"✅ {who} says: I am there, in one seat. The one who came by their link is the real one; the other is not."
            ]
        case Answer.BOTH:
            return [f"✅ {who} says: both are me."]
        case Answer.NOT_THERE:
            return [
                f"❌ {who} says: **I am not there.** None of them is {who}: admit nobody under this name, and put out whoever is in."
            ]
        case None if raised.asked is Asked.YES:
            return [f"I have asked {who} in private."]
        case None if raised.asked is Asked.CLOSED:
            return [f"{who} takes no direct messages from me: please ask them in this server."]
        case None:
            return []


def _lookalikes(told: RoomNotice, raised: Sequence[Raised]) -> list[str]:
    lines = []
    for each in raised:
        seats = [told.people.get(who) for who in each.who]
        if len(seats) == 2 and seats[0] is not None and seats[1] is not None:
            what = "cannot be matched" if seats[0].kind is SeatKind.UNIDENTIFIED else "is NOT a member"
            lines.append(
                f"**Looks like somebody who is here:** {shown(seats[0])} {what}. The real one is {named(seats[1])}."
            )
    return _times(lines)


def _rights(told: RoomNotice, raised: Sequence[Raised]) -> list[str]:
    lines = []
    for seat in _seats(told, raised):
        right = "the host" if seat.participant.role is Role.HOST else "a co-host"
        who = "is **not on the list**" if seat.kind is SeatKind.UNKNOWN else "is no named host of this call"
        lines.append(f"**Host rights:** {named(seat)} is {right} now and {who}.")
    return (
        [
            *lines,
            "If nobody meant that, in Zoom: **Participants** > the name > **More** > **Withdraw co-host permission**.",
        ]
        if lines
        else []
    )


def _sharing(told: RoomNotice, raised: Sequence[Raised]) -> list[str]:
    lines = []
    for seat in _seats(told, raised):
        who = "is **not on the list**" if seat.kind is SeatKind.UNKNOWN else "was not expected to"
        lines.append(f"**Shares something:** {named(seat)} {who}.")
    return (
        [*lines, "To stop it at once, in Zoom: **Host tools** > **Suspend participant activities**."] if lines else []
    )


def _no_host(_: RoomNotice, raised: Sequence[Raised]) -> list[str]:
    if not raised:
        return []
    return [
        "**I see nobody with host rights in the call.** Nobody can admit people or put them out in Zoom.",
        "A host signs in to Zoom: **Meetings** > this meeting > **Start**. If nobody can, **End** on the panel closes the call.",
    ]


def _waiting(told: RoomNotice, raised: Sequence[Raised]) -> list[str]:
    if not raised:
        return []
    seats = [told.people[who] for each in raised for who in each.who if who in told.people]
    names = ", ".join(named(seat) for seat in seats[:_NAMES])
    more = f" and {len(seats) - _NAMES} more" if len(seats) > _NAMES else ""
    return [
        f"**{counted(len(seats), 'person has', 'people have')} waited for over a minute:** {names}{more}. "
        "In Zoom: **Participants** > **Waiting room** > **Admit**, one by one."
    ]


_WRITERS: dict[Concern, Writer] = {
    Concern.EMERGENCY: _emergency,
    Concern.INTRUDER: _intruders,
    Concern.STRANGER: _strangers,
    Concern.TWICE: _twice,
    Concern.SAME_NAME: _same_names,
    Concern.LOOKALIKE: _lookalikes,
    Concern.RIGHTS: _rights,
    Concern.SHARING: _sharing,
    Concern.NO_HOST: _no_host,
    Concern.WAITING: _waiting,
}
_ENDINGS = {
    Concern.EMERGENCY: "the steps of Emergency are through; the panel says how each ended",
    Concern.INTRUDER: "{name} is out",
    Concern.STRANGER: "{name} waits no longer",
    Concern.TWICE: "{name} has one seat again",
    Concern.SAME_NAME: "{name} is shown by one person again",
    Concern.LOOKALIKE: "{name} is gone",
    Concern.RIGHTS: "{name} has no host rights any more",
    Concern.SHARING: "{name} shares no longer",
    Concern.NO_HOST: "somebody with host rights is in",
    Concern.WAITING: "nobody has waited for over a minute any more",
}


def _over_lines(told: RoomNotice) -> list[str]:
    """What is over, of each person the gravest only."""
    over = sorted((each for each in told.raised if each.over_at is not None), key=lambda each: GRAVITY[each.concern])
    gravest = {each.who[:1] or each.key: each for each in reversed(over)}
    return [_over_line(told, each) for each in over if each in gravest.values()]


def _over_line(told: RoomNotice, raised: Raised) -> str:
    seat = next((told.people[who] for who in raised.who if who in told.people), None)
    name = shown(seat) if seat is not None else "Somebody"
    said = _ENDINGS[raised.concern].format(name=name)
    entered = raised.concern is Concern.STRANGER and seat is not None and seat.participant.place is Place.IN
    return f"✅ {name} was let in" if entered else f"✅ {said[0].upper()}{said[1:]}"


def _where(seat: Seat) -> str:
    return "in the waiting room" if seat.participant.place is Place.WAITING else "in the call"


def _by_link(seat: Seat) -> str:
    match seat.kind:
        case SeatKind.KNOWN | SeatKind.DUPLICATE:
            return (
                f"came by the link of {person(seat.member_id)}"
                if seat.member_id is not None
                else "came by a member's link"
            )
        case SeatKind.HOST:
            return "signed in to Zoom as a host"
        case SeatKind.GUEST:
            return "a guest"
        case SeatKind.UNIDENTIFIED:
            return "cannot be matched"
        case SeatKind.UNKNOWN:
            return "**not on the list**"


def _void(seat: Seat) -> str:
    return f" (by the void link of {person(seat.member_id)})" if seat.member_id is not None else ""


def _oldest_first(seats: Sequence[Seat]) -> list[Seat]:
    return sorted(seats, key=lambda seat: seat.participant.since)


def _buttons(told: RoomNotice) -> tuple[Button, ...]:
    if told.over:
        return ()
    open_ones = [each for each in told.raised if each.over_at is None]
    grave = [each for each in open_ones if each.concern in (Concern.INTRUDER, Concern.TWICE)]
    intruders = [each for each in open_ones if each.concern is Concern.INTRUDER]
    buttons = []
    seat = told.people.get(intruders[0].who[0]) if len(intruders) == 1 else None
    if seat is not None and told.may_remove and choosable([seat]):
        name = f" {bare(seat, 40)}"
        buttons.append(
            Button(f"Remove{name}", SEAT_REMOVE(told.meeting.meeting_id, packed(intruders[0].who[0])), Style.MAIN)
        )
    if grave:
        buttons += [Button("Lock", LIVE_LOCK(told.meeting.meeting_id))] if told.meeting.door is Door.OPEN else []
        buttons.append(Button("Emergency", LIVE_EMERGENCY(told.meeting.meeting_id), Style.GRAVE))
    if any(_can_be_asked(told, each) for each in open_ones):
        buttons.append(Button("That is my name", NAME_MINE(told.message, ASK)))
    return tuple(buttons)


def _can_be_asked(told: RoomNotice, raised: Raised) -> bool:
    """Whether there is a member whose name it is and who has not answered."""
    seats = [told.people[who] for who in raised.who if who in told.people]
    return raised.concern is Concern.SAME_NAME and raised.answer is None and owner_of(seats) is not None
