"""What an organiser reads after Rotate."""

from __future__ import annotations

from bot.adapters.discord_chat.presses import ACCEPT, CHECK_AGAIN, LIVE_END
from bot.adapters.discord_chat.replies.guests import guest_line
from bot.adapters.discord_chat.replies.shape import Block, Button, Reply, Row, Style, Text, joined
from bot.adapters.discord_chat.replies.wording import bullets, counted, fitting, moment, title
from bot.services.meeting_rotation import Rotated

_MOST_GUESTS = 800
FEW_LEFT = 10


def rotated(done: Rotated) -> Reply:
    """What holds now, and what is left to do by hand."""
    blocks: list[Block] = [Text(joined(f"### New links for {title(done.new)}", *_what_holds(done)))]
    if done.still_running:
        blocks.append(Text(joined(*_still_running())))
        blocks.append(Row((Button("End the old call", LIVE_END(done.old.meeting_id), Style.GRAVE),)))
    if done.blocked:
        blocks.append(Text(_BLOCKED))
        accept = Button("Accept and go on", ACCEPT(done.new.meeting_id), Style.GRAVE)
        blocks.append(Row((accept, Button("Check again", CHECK_AGAIN(done.new.meeting_id)))))
    if done.guests:
        guests = fitting([bullets([guest_line(guest)]) for guest in done.guests], _MOST_GUESTS)
        blocks.append(Text(joined("**Guests need a new link from you:** `/meeting guest`.", guests)))
    if done.creates_left <= FEW_LEFT:
        blocks.append(Text(_limit(done.creates_left)))
    return Reply(tuple(blocks), "rotated")


_BLOCKED = (
    "**Zoom made the new meeting less safe than it should be,** so I hand out no links for it yet. Look at `/meeting show`; change it at zoom.us and "
    "press **Check again**, or accept it as it is."
)


def _what_holds(done: Rotated) -> list[str]:
    people = counted(done.people, "person", "people")
    lines = [
        f"Zoom has a new meeting for it. It starts {moment(done.new.starts_at)}.",
        f"{people} who had a link or asked for one get a new one when they press **Get my link**, if they may still come."
        if done.people
        else "Nobody had a link yet.",
        "The announcement, the server's event and the reminders lead to the new one.",
    ]
    if not done.still_running:
        lines.append(
            "The old meeting is deleted at Zoom: its link leads nowhere."
            if done.gone_at_zoom
            else "**Zoom has not confirmed yet that the old meeting is gone.** I show its links to nobody and keep trying to delete it."
        )
    return lines


def _still_running() -> list[str]:
    return [
        "**The old call is still running at Zoom,** with whoever is in it, until somebody ends it there. I cannot move people over.",
        "Its personal links are being cancelled one by one; its own link works until the call is over. Then I delete it by myself.",
        "`/end` ends it for everybody, or the host does: **End > End meeting for all**.",
    ]


def _limit(left: int) -> str:
    return (
        f"Zoom lets this host create or change only {left} more meetings today (it counts to 100 and starts again at 00:00 UTC). "
        "When none are left, I cannot rotate: choose another host with `/meeting create`."
    )
