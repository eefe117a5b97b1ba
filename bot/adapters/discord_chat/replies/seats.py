"""How one person in a call is named to moderators: by what Zoom shows, and by the member it is, if it is one. Never a link."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from bot.adapters.discord_chat.replies.shape import Option
from bot.adapters.discord_chat.replies.wording import clipped, person, soon, typed
from bot.domain.invite import MAX_SHOWN_NAME
from bot.domain.roster import Place, Role, Seat, SeatKind
from bot.domain.values import ParticipantId

NAMELESS = "(no name)"
LONGEST_ID = 60
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn")
_OPTION = {
    SeatKind.KNOWN: "on the list",
    SeatKind.HOST: "host",
    SeatKind.GUEST: "guest",
    SeatKind.UNKNOWN: "NOT on the list",
    SeatKind.DUPLICATE: "one link, two seats",
    SeatKind.UNIDENTIFIED: "cannot be matched",
}


def shown(seat: Seat) -> str:
    """The name as Zoom shows it, harmless."""
    return f"**{_harmless(seat)}**"


def bare(seat: Seat, limit: int = MAX_SHOWN_NAME) -> str:
    """The name where Discord formats nothing (a button, a menu): one line, without characters that show nothing or turn the direction."""
    kept = "".join(each for each in seat.participant.name if unicodedata.category(each) not in _UNSEEN)
    return clipped(" ".join(kept.split()), limit) or NAMELESS


def choosable(seats: Iterable[Seat]) -> list[Seat]:
    """Those whose id fits where it has to stand; Zoom's have 22 or 36 characters."""
    return [seat for seat in seats if len(seat.participant.participant_uuid) <= LONGEST_ID]


def _harmless(seat: Seat) -> str:
    return typed(bare(seat))


def named(seat: Seat) -> str:
    """The name, and the member behind it."""
    who = f", {person(seat.member_id)}" if seat.member_id is not None and seat.kind is not SeatKind.UNKNOWN else ""
    return f"{shown(seat)}{who}"


def inside_line(seat: Seat) -> str:
    """Somebody in the call: who they are, what they may do, since when."""
    return f"- {marked(seat)}, {soon(seat.participant.since)}"


def marked(seat: Seat) -> str:
    """The name with what moderators have to know of the seat, gravest first."""
    about = [*_warnings(seat), *_facts(seat)]
    return f"{named(seat)} ({', '.join(about)})" if about else named(seat)


def plain(seat: Seat) -> str:
    """The name and the member behind it, without weight."""
    who = f", {person(seat.member_id)}" if seat.member_id is not None and seat.kind is not SeatKind.UNKNOWN else ""
    return f"{_harmless(seat)}{who}"


def waiting_line(seat: Seat, *, doubtful: bool = False) -> str:
    """Somebody in the waiting room, beginning with what to do about them."""
    if doubtful:
        return f"- two show this name, admit neither yet: {plain(seat)}"
    match seat.kind:
        case SeatKind.KNOWN:
            return f"- known: admit {plain(seat)}"
        case SeatKind.HOST:
            return f"- host: admit {plain(seat)}"
        case SeatKind.GUEST:
            return f"- guest: admit {plain(seat)}"
        case SeatKind.DUPLICATE:
            return f"- **one link, two seats, do not admit yet: {plain(seat)}**"
        case SeatKind.UNIDENTIFIED:
            return f"- cannot be matched: {plain(seat)}"
        case SeatKind.UNKNOWN:
            return f"- **NOT a member: {plain(seat)}**{_void(seat)}"


def option(seat: Seat) -> Option:
    """Somebody as a line of the menu."""
    where = "in the waiting room" if seat.participant.place is Place.WAITING else "in the call"
    rights = ", has host rights" if seat.host_rights else ""
    return Option(bare(seat), packed(seat.participant.participant_uuid), f"{_OPTION[seat.kind]}, {where}{rights}")


def packed(participant: ParticipantId) -> str:
    """The id as it may stand in a `custom_id`, where colons divide."""
    return participant.replace(":", "~")


def unpacked(text: str) -> ParticipantId:
    """The id again."""
    return ParticipantId(text.replace("~", ":"))


def _warnings(seat: Seat) -> list[str]:
    match seat.kind:
        case SeatKind.UNKNOWN:
            return [f"**NOT on the list**{_void(seat)}"]
        case SeatKind.DUPLICATE:
            return ["**one link, two seats**"]
        case _:
            return []


def _void(seat: Seat) -> str:
    return f", came by the void link of {person(seat.member_id)}" if seat.member_id is not None else ""


def _facts(seat: Seat) -> list[str]:
    who = seat.participant
    facts = []
    if seat.kind is SeatKind.GUEST:
        facts.append("guest")
    if who.role_told and who.role is Role.CO_HOST:
        facts.append("co-host")
    elif seat.host_rights:
        facts.append("host")
    elif seat.kind is SeatKind.HOST:
        facts.append("host, without host rights now")
    facts += [
        word
        for said, word in ((who.sharing, "shares"), (who.by_phone, "by phone"), (who.in_breakout, "in a breakout room"))
        if said
    ]
    return facts
