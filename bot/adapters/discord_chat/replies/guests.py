"""What organisers read about guests. A guest's link is in one reply only, for the organiser who asked."""

from __future__ import annotations

from bot.adapters.discord_chat.presses import GUEST_TAKE_BACK
from bot.adapters.discord_chat.replies.shape import Block, Menu, Option, PrivateLink, Reply, Text, joined, say
from bot.adapters.discord_chat.replies.wording import bullets, clipped, counted, moment, person, title, typed
from bot.domain.guest import Guest
from bot.services.guests import GuestGone, GuestLink, GuestList

SHOWN = "guest_link"
"""The outcome of an answer that showed a guest's link."""


def guest_link(made: GuestLink) -> Reply:
    """The link, once."""
    meeting, name = made.meeting, typed(made.guest.shown_name)
    above = joined(
        f"### A guest's way into {title(meeting)}",
        f"It starts {moment(meeting.starts_at)}. Everyone in the call sees the guest as **{name}**.",
        "**I show this link once and keep no copy.** Give it to the guest in private, and to nobody else.",
    )
    below = joined(
        "It works on one device at a time, for whoever has it: you answer for this guest.",
        "The host finds the name under Guests in `/meeting show`. `/meeting guests` takes the link back.",
    )
    return Reply((Text(above), PrivateLink(made.link), Text(below)), SHOWN)


def guest_list(found: GuestList) -> Reply:
    """Who is let in from outside, with a menu to take a link back."""
    if not found.guests:
        return say(
            f"{title(found.meeting)} has no guests. `/meeting guest` makes a link for a speaker from outside this server.",
            code="no_guests",
        )
    heading = f"### {counted(len(found.guests), 'guest')} of {title(found.meeting)}"
    options = tuple(Option(clipped(guest.shown_name), guest.guest_id) for guest in found.guests)
    blocks: tuple[Block, ...] = (
        Text(joined(heading, bullets(guest_line(guest) for guest in found.guests))),
        Menu(GUEST_TAKE_BACK("which"), "Take a guest's link back", options),
    )
    return Reply(blocks, "guests")


def guest_line(guest: Guest) -> str:
    """A guest and who answers for them."""
    return f"**{typed(guest.shown_name)}**, invited by {person(guest.invited_by)}"


def taken_back(gone: GuestGone) -> Reply:
    """What became of it, and no more than is known."""
    name = typed(gone.guest.shown_name)
    if gone.void_at_zoom:
        return say(
            f"**{name}'s link is void:** Zoom confirms it. Somebody who is in the call already stays until the host removes them.",
            code="guest_gone",
        )
    return say(
        f"**{name} is no guest any more,** but Zoom has not confirmed yet that the link is void. I keep trying by myself.",
        "Until then it may still work: do not admit that name.",
        code="guest_gone_unconfirmed",
    )
