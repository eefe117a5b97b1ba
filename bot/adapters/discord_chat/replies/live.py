"""What one moderator reads in private about a live call: everybody, one person, whose link, and the questions before acts that cannot be undone."""

from __future__ import annotations

from typing import TypedDict

from bot.adapters.discord_chat.presses import (
    LIVE_END_NOW,
    LIVE_NOT,
    LIVE_ROSTER,
    SEAT_ACCEPT,
    SEAT_REMOVE,
    SEAT_REMOVE_CONFIRM,
    SEAT_REPORT,
    SEAT_WHOSE,
)
from bot.adapters.discord_chat.replies.seats import inside_line, marked, packed, shown, unpacked, waiting_line
from bot.adapters.discord_chat.replies.shape import Block, Button, Option, Reply, Row, Style, Text, joined, say
from bot.adapters.discord_chat.replies.wording import clipped, clock_time, counted, fitting, moment, person, soon, typed
from bot.domain.concerns import doubtful_names
from bot.domain.panel import PanelView, ordered
from bot.domain.roster import Place, Seat, SeatKind
from bot.domain.values import MeetingId, MemberId, ParticipantId
from bot.services.live_desk import WhoseLink

A_PAGE = 15
MEMBER = "@"
"""In front of a member's id, where otherwise a participant's stands."""
_ROOM = 3300
LEFT = say("Nothing was done.", code="left")


class Target(TypedDict, total=False):
    """One of the two."""

    participant: ParticipantId
    member_id: MemberId


def roster(view: PanelView, page: int) -> Reply:
    """Everybody who is there, and then those who left, a page at a time."""
    here = [*view.waiting, *view.inside]
    gone = ordered(seat for seat in view.room.seats if not seat.participant.here)
    everybody = [*here, *gone]
    pages = max(1, -(-len(everybody) // A_PAGE))
    page = min(max(page, 0), pages - 1)
    part = f", page {page + 1} of {pages}" if pages > 1 else ""
    head = [f"### Who is in {typed(view.meeting.topic)}{part}", _count(view, len(gone))]
    if not view.room.heard:
        head.append(f"**{view.room.hearing.reason}** {view.room.hearing.fix}")
    doubtful = doubtful_names(view.room)
    lines = [
        _line(seat, doubtful=seat.participant.participant_uuid in doubtful)
        for seat in everybody[page * A_PAGE :][:A_PAGE]
    ]
    blocks: list[Block] = [Text(joined(*head, fitting(lines, _ROOM)))]
    meeting = view.meeting.meeting_id
    turn = [
        Button("Previous page", LIVE_ROSTER(meeting, page - 1), off=page == 0),
        Button("Next page", LIVE_ROSTER(meeting, page + 1), off=page == pages - 1),
    ]
    blocks.append(Row((*(turn if pages > 1 else ()), Button("Refresh", LIVE_ROSTER(meeting, page, "now")))))
    return Reply(tuple(blocks), "roster")


def _count(view: PanelView, gone: int) -> str:
    left = f", **{gone}** left" if gone else ""
    return f"**{len(view.inside)}** in the call, **{len(view.waiting)}** waiting{left}."


def _line(seat: Seat, *, doubtful: bool) -> str:
    match seat.participant.place:
        case Place.WAITING:
            return waiting_line(seat, doubtful=doubtful)
        case Place.IN:
            return inside_line(seat)
        case Place.GONE:
            return f"- left: {_who_left(seat)}, {soon(seat.participant.since)}"


def _who_left(seat: Seat) -> str:
    """Whether a link was void already when they were in is not known afterwards."""
    if seat.kind is SeatKind.UNKNOWN and seat.member_id is not None:
        return f"{shown(seat)}, {person(seat.member_id)} (their link is void now)"
    return marked(seat)


def one_person(view: PanelView, seat: Seat) -> Reply:
    """Somebody who was chosen from the menu, and what can be done about them."""
    meeting, who = view.meeting.meeting_id, packed(seat.participant.participant_uuid)
    buttons = [Button("Remove", SEAT_REMOVE(meeting, who), Style.GRAVE), Button("Report", SEAT_REPORT(meeting, who))]
    if seat.kind in (SeatKind.UNKNOWN, SeatKind.UNIDENTIFIED):
        buttons.append(Button("Accept as guest", SEAT_ACCEPT(meeting, who)))
    if seat.kind is not SeatKind.UNIDENTIFIED:
        buttons.append(Button("Show whose link", SEAT_WHOSE(meeting, who)))
    return Reply((Text(joined(f"### {shown(seat)}", *_about(seat))), Row(tuple(buttons))), "seat")


def _about(seat: Seat) -> list[str]:
    who = seat.participant
    match who.place:
        case Place.WAITING:
            where = f"In the waiting room since {clock_time(who.since)}."
        case Place.IN:
            where = f"In the call since {clock_time(who.since)}{' (in a breakout room)' if who.in_breakout else ''}."
        case Place.GONE:
            where = f"Left {soon(who.since)}."
    return [_kind(seat), where]


def _kind(seat: Seat) -> str:
    match seat.kind:
        case SeatKind.KNOWN:
            return f"On the list: {person(seat.member_id)}." if seat.member_id is not None else "On the list."
        case SeatKind.HOST:
            return f"A host of this call{f': {person(seat.member_id)}' if seat.member_id is not None else ''}."
        case SeatKind.GUEST:
            return "A guest."
        case SeatKind.DUPLICATE:
            theirs = f" of {person(seat.member_id)}" if seat.member_id is not None else ""
            return f"**One of two seats** on the link{theirs}."
        case SeatKind.UNKNOWN:
            void = (
                f" They came by a link of {person(seat.member_id)} that is void." if seat.member_id is not None else ""
            )
            return f"**Not on the list.**{void} A name proves nothing: anybody can show any name in Zoom."
        case SeatKind.UNIDENTIFIED:
            return "This meeting has no personal links, so nobody can be matched to a member."


def whose_link(found: WhoseLink) -> Reply:
    """By whose link they came. That somebody looked is in the audit."""
    seat, name = found.seat, shown(found.seat)
    if found.guest is not None:
        said = [
            f"{name} came by the link made for the guest **{typed(found.guest.shown_name)}**, invited by {person(found.guest.invited_by)}."
        ]
    elif seat.kind is SeatKind.GUEST:
        said = [f"{name} was accepted by a moderator. They came by no link of mine."]
    elif seat.member_id is None:
        said = [f"{name} came by no link of mine."]
    elif seat.kind is SeatKind.HOST:
        said = [f"{name} signed in to Zoom as a host: {person(seat.member_id)}."]
    elif found.invite is None:
        said = [f"{name} came by a link of {person(seat.member_id)} that is void."]
    else:
        when = f", handed over {moment(found.invite.delivered_at)}" if found.invite.delivered_at is not None else ""
        said = [f"{name} came by the link of {person(seat.member_id)}{when}."]
    return say(
        *said, "It shows whose link was used, not who sits there. That you looked is in the audit.", code="whose"
    )


def confirm_remove(
    view: PanelView | None, meeting: MeetingId, participant: ParticipantId | None, member_id: MemberId | None
) -> Reply:
    """Somebody with host rights goes only after a second press."""
    seats = view.room.seats if view is not None else ()
    found = (seat for seat in seats if seat.participant.here)
    seat = next(
        (
            s
            for s in found
            if s.participant.participant_uuid == participant or (member_id is not None and s.member_id == member_id)
        ),
        None,
    )
    name = shown(seat) if seat is not None else person(member_id) if member_id is not None else "them"
    who = packed(participant) if participant is not None else f"{MEMBER}{member_id}"
    return Reply(
        (
            Text(
                joined(
                    f"### Remove {name}?",
                    f"{name} has host rights. Without a host nobody can admit people or put them out in Zoom, and the call may end.",
                )
            ),
            Row(
                (
                    Button("Remove them", SEAT_REMOVE_CONFIRM(meeting, who), Style.GRAVE),
                    Button("Leave it", LIVE_NOT(meeting)),
                )
            ),
        ),
        "confirm_remove",
    )


def target(who: str) -> Target:
    """Whom a confirmed removal means."""
    if who.startswith(MEMBER):
        return {"member_id": MemberId(int(who.removeprefix(MEMBER)))}
    return {"participant": unpacked(who)}


def person_choice(found: Option) -> str:
    """Somebody as a suggestion: the name, and why to look twice."""
    return clipped(f"{clipped(found.label, 60)} ({found.detail})")


def confirm_end(view: PanelView) -> Reply:
    """The call ends for everybody only after a second press."""
    meeting, count = view.meeting.meeting_id, len(view.inside)
    there = f" {counted(count, 'person is', 'people are')} in it." if view.room.heard else ""
    return Reply(
        (
            Text(
                joined(
                    f"### End {typed(view.meeting.topic)} for everybody?",
                    f"Zoom closes the call at once, and the door stays closed: no link leaves any more.{there}",
                )
            ),
            Row(
                (
                    Button("End it for everybody", LIVE_END_NOW(meeting), Style.GRAVE),
                    Button("Leave it", LIVE_NOT(meeting)),
                )
            ),
        ),
        "confirm_end",
    )
