"""The moderators' panel: who is in a live call, who waits, the door, what can be done. It fits one message however many are in.

Discord takes 4,000 characters of text in a message and 25 options in a menu
(https://docs.discord.com/developers/components/reference); what does not fit is counted, and `/roster` has everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from bot.adapters.discord_chat.presses import (
    LIVE_CHOOSE,
    LIVE_EMERGENCY,
    LIVE_END,
    LIVE_LOCK,
    LIVE_ROSTER,
    LIVE_UNLOCK,
)
from bot.adapters.discord_chat.replies.acts import act_lines
from bot.adapters.discord_chat.replies.seats import choosable, inside_line, option, plain, waiting_line
from bot.adapters.discord_chat.replies.shape import Block, Button, Menu, Reply, Row, Style, Text, joined
from bot.adapters.discord_chat.replies.wording import counted, fitting, length, soon, typed
from bot.domain.concerns import doubtful_names
from bot.domain.meeting import Door
from bot.domain.panel import LOOK_TWICE, PanelView, summary
from bot.domain.roster import Seat

MENU = 25
_MINUTE = timedelta(minutes=1)
_TOPIC = 200
_MOST_LINES = 40
"""More never fit, so they are not written: a thousand names take long to be made harmless."""
_ROOM_INSIDE = 1100
_ROOM_URGENT = 800
_ROOM_WAITING = 800
_ROOM_FOOT = 500
_REST = "…and {count} more. `/roster` lists everybody."


def panel(view: PanelView) -> Reply:
    """The panel as it stands in the moderators' channel, and as `/meeting live` shows it to one moderator."""
    if view.over:
        return _over(view)
    if view.hidden:
        return _hidden(view)
    blocks: list[Block] = [Text(part) for part in (_head(view), *_people(view), _foot(view)) if part]
    blocks += [_buttons(view), *_menu(view)]
    return Reply(tuple(blocks), "panel")


def _head(view: PanelView) -> str:
    room = view.room
    count = f" **{len(room.inside)}** in the call, **{len(room.waiting)}** waiting." if room.heard else ""
    early = f"{counted(len(room.early), 'person waits', 'people wait')} for the host to begin." if room.early else ""
    lines = [
        f"### Live: {typed(room.meeting.topic)}",
        f"Began {soon(view.began)}.{count}",
        early,
        *_door(view),
        _sight(view),
        "" if room.missed is None else room.missed.words,
    ]
    return joined(*(line for line in lines if line))


def _sight(view: PanelView) -> str:
    if view.room.heard:
        return ""
    if view.too_early:
        return "Nobody is in yet, as far as I see."
    hearing = view.room.hearing
    return f"**{hearing.reason}** {hearing.fix} Until then look in Zoom: **Participants**."


def _door(view: PanelView) -> list[str]:
    if view.meeting.door is Door.OPEN:
        return ["**Door: open.** Members still get their links."]
    words = view.door_words
    if words is None:
        return ["**Door: closed.** No link leaves any more."]
    host = [f"**For the host:** {words.host}"] if words.host else []
    return [f"**Door: closed. {words.title}.** {words.moderator}", *host]


def _people(view: PanelView) -> list[str]:
    """Those to look at twice, the waiting room, everybody else, each as far as there is room."""
    inside = view.inside
    urgent = [seat for seat in inside if seat.kind in LOOK_TWICE]
    others = [seat for seat in inside if seat.kind not in LOOK_TWICE]
    doubtful = doubtful_names(view.room)

    def at_the_door(seat: Seat) -> str:
        return waiting_line(seat, doubtful=seat.participant.participant_uuid in doubtful)

    waiting = view.waiting
    return [
        _section(f"**Look at these first** ({len(urgent)})", urgent, inside_line, _ROOM_URGENT),
        _section(f"**Waiting room** ({len(waiting)})", waiting, at_the_door, _ROOM_WAITING),
        _section(f"**In the call** ({len(others)}), newest first", others, inside_line, _ROOM_INSIDE),
    ]


def _section(heading: str, seats: Sequence[Seat], line: Callable[[Seat], str], room: int) -> str:
    if not seats:
        return ""
    written = map(line, seats[:_MOST_LINES])
    return joined(heading, fitting(written, room, rest=_REST, more=max(0, len(seats) - _MOST_LINES)))


def _foot(view: PanelView) -> str:
    lines = []
    inside = view.inside
    if inside:
        lines.append(_line("Host rights", [seat for seat in inside if seat.host_rights], "nobody"))
        sharing = [seat for seat in inside if seat.participant.sharing]
        lines += [_line("Shares", sharing, "")] if sharing else []
    lines.append(_means(view))
    lines += act_lines(view.acts, view.room.seats)
    return joined(*lines)


def _line(heading: str, seats: Sequence[Seat], none: str) -> str:
    names = [plain(seat) for seat in seats[:3]]
    more = f" and {len(seats) - 3} more" if len(seats) > 3 else ""
    return f"**{heading}:** {', '.join(names) or none}{more}"


def _means(view: PanelView) -> str:
    """What this account lets the bot do, in one line."""
    can = view.capabilities
    put_out = {
        True: "yes",
        False: "**no**, Zoom has not enabled it (in Zoom: Participants > name > More > Remove)",
        None: "not tried on this account yet",
    }[can.remove]
    lock = "yes" if can.lock else "no (in Zoom: Host tools > Lock meeting)"
    return f"**What I can do:** put people out: {put_out} · end the call: {'yes' if can.end else 'no'} · lock Zoom itself: {lock}"


def _buttons(view: PanelView) -> Row:
    meeting = view.meeting.meeting_id
    door = (
        Button("Lock", LIVE_LOCK(meeting), Style.MAIN)
        if view.meeting.door is Door.OPEN
        else Button("Unlock", LIVE_UNLOCK(meeting))
    )
    return Row(
        (
            door,
            Button("Emergency", LIVE_EMERGENCY(meeting), Style.GRAVE),
            Button("End", LIVE_END(meeting), Style.GRAVE),
            Button("Everybody", LIVE_ROSTER(meeting, 0)),
        )
    )


def _menu(view: PanelView) -> list[Block]:
    everybody = view.to_choose
    options = tuple(option(seat) for seat in choosable(everybody)[:MENU])
    more = len(everybody) - len(options)
    hint = "Choose somebody" + (f" ({more} more: /remove)" if more > 0 else "")
    return [Menu(LIVE_CHOOSE(view.meeting.meeting_id), hint, options)] if options else []


def _hidden(view: PanelView) -> Reply:
    return Reply(
        (
            Text(
                joined(
                    f"### Live: {typed(view.meeting.topic)}",
                    view.hidden,
                    "**So I show nobody's name here.** Organisers: change who can view this channel, or choose another one in `/setup`.",
                    "Moderators: `/meeting live` shows you this call in private, with every button.",
                )
            ),
        ),
        "hidden",
    )


def _over(view: PanelView) -> Reply:
    """What it was, in numbers: names are gone from the channel."""
    told = summary(view.room)
    lasted = f" It lasted {length(told.lasted)}." if told.lasted is not None and told.lasted >= _MINUTE else ""
    lines = [
        f"### Over: {typed(view.meeting.topic)}",
        f"The call ended {soon(view.room.session.ended_at or view.began)}.{lasted}",
    ]
    if not view.room.heard:
        lines.append("I could not see who was in.")
    else:
        lines.append(_crowd(told.members, told.guests, told.hosts, told.unidentified))
        lines.append(_strangers(told.strangers, told.strangers_in) if view.meeting.personal_links else "")
    lines += act_lines(view.acts, view.room.seats, over=True)
    lines.append("I forget who was in after the community's retention time, unless an incident holds it.")
    return Reply((Text(joined(*(line for line in lines if line))),), "over")


def _crowd(members: int, guests: int, hosts: int, unidentified: int) -> str:
    parts = [
        counted(hosts, "host") if hosts else "",
        counted(members, "member") if members else "",
        counted(guests, "guest") if guests else "",
        f"{counted(unidentified, 'person', 'people')} who cannot be matched" if unidentified else "",
    ]
    said = ", ".join(part for part in parts if part)
    return f"In it: {said}." if said else "Nobody was reported in it."


def _strangers(strangers: int, entered: int) -> str:
    if not strangers:
        return "Nobody came who was not on the list."
    came = counted(strangers, "person", "people")
    where = [
        f"{entered} in the call" if entered else "",
        f"{strangers - entered} only in the waiting room" if strangers > entered else "",
    ]
    return f"**{came} not on the list:** {', '.join(part for part in where if part)}."
