"""What organisers, moderators and hosts read about planned meetings: the list, one meeting, who holds a link. Never a link."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from bot.adapters.discord_chat.presses import CANCEL, CHECK_AGAIN, LIST_PAGE, SHOW_ONE, SHOW_PAGE, Press
from bot.adapters.discord_chat.replies.beside import beside_lines
from bot.adapters.discord_chat.replies.guests import guest_line
from bot.adapters.discord_chat.replies.joining import choice_label, door_advice
from bot.adapters.discord_chat.replies.meetings import host_name
from bot.adapters.discord_chat.replies.series import tail_words
from bot.adapters.discord_chat.replies.shape import (
    Block,
    Button,
    Menu,
    Option,
    Reply,
    Row,
    Style,
    Text,
    joined,
    say,
)
from bot.adapters.discord_chat.replies.wording import (
    channel,
    clipped,
    clock_time,
    counted,
    length,
    moment,
    person,
    role,
    title,
    typed,
)
from bot.domain.invite import Invite
from bot.domain.meeting import Meeting, MeetingState
from bot.domain.series import SeriesTail
from bot.services.meeting_views import HostStanding, MeetingView
from bot.services.series_views import Listing

MEETINGS_A_PAGE = 5
"""Five topics of 200 characters fit the 4,000 of a message even if every character had to be escaped."""
HOLDERS_A_PAGE = 12
"""Twelve names of 64 characters, likewise, beside what stands above them."""

_STATES = {
    MeetingState.PLANNED: "A draft: nobody has confirmed it yet.",
    MeetingState.ENDED: "It is over.",
    MeetingState.CANCELLED: "It was cancelled.",
}


def upcoming(listing: Listing, page: int, now: datetime) -> Reply:
    """The planned meetings, soonest first, of each series the next one."""
    meetings, waiting = listing.meetings, _waiting(listing.waiting)
    if not meetings:
        return say(*waiting or ["Nothing is planned. `/meeting create` plans a call."], code="none_planned")
    pages = -(-len(meetings) // MEETINGS_A_PAGE)
    page = min(max(page, 0), pages - 1)
    shown = meetings[page * MEETINGS_A_PAGE :][:MEETINGS_A_PAGE]
    heading = "### Planned calls" + (f" ({page + 1} of {pages} pages)" if pages > 1 else "")
    menu = Menu(
        SHOW_ONE("menu"),
        "Look at one of them",
        tuple(Option(choice_label(meeting, now), meeting.meeting_id) for meeting in shown),
    )
    blocks: list[Block] = [Text(joined(heading, *(_line(m, listing.tails.get(m.meeting_id)) for m in shown))), menu]
    blocks += [Text(joined(*waiting))] if waiting else []
    if pages > 1:
        blocks.append(_turning(LIST_PAGE, (), page, pages))
    return Reply(tuple(blocks), "listed")


def one_meeting(view: MeetingView, page: int) -> Reply:
    """One meeting and the names with tags that hold a link."""
    meeting = view.meeting
    pages = max(1, -(-len(view.holders) // HOLDERS_A_PAGE))
    page = min(max(page, 0), pages - 1)
    blocks: list[Block] = [Text(joined(*_facts(view))), Text(joined(*_holders(view, page, pages)))]
    if view.guests:
        blocks.append(Text(joined("**Guests**", *(f"- {guest_line(guest)}" for guest in view.guests))))
    if meeting.upcoming:
        blocks.append(Text(joined(*door_advice(meeting))))
    if pages > 1:
        blocks.append(_turning(SHOW_PAGE, (meeting.meeting_id,), page, pages))
    actions = [Button("Refresh", SHOW_PAGE(meeting.meeting_id, page, "now"))]
    if meeting.blocked_by_read_back:
        actions.append(Button("Check again", CHECK_AGAIN(meeting.meeting_id), Style.MAIN))
        actions.append(Button("Cancel meeting", CANCEL(meeting.meeting_id)))
    return Reply((*blocks, Row(tuple(actions))), "shown")


def _waiting(meetings: Sequence[Meeting]) -> list[str]:
    """What was confirmed and is not at Zoom yet."""
    topics = Counter(typed(clipped(meeting.topic)) for meeting in meetings)
    return [
        f"**{topic}**: {counted(count, 'week is', 'weeks are')} not created at Zoom yet. I keep trying."
        for topic, count in topics.most_common(5)
    ]


def _line(meeting: Meeting, tail: SeriesTail | None) -> str:
    kind = meeting.settings.title
    small = ", small group" if meeting.extra_role is not None else ""
    lines = [f"- {title(meeting)}", f"  {moment(meeting.starts_at)}, {length(meeting.duration)}. {kind}{small}."]
    if tail is not None:
        lines.append(f"  {tail_words(tail)}")
    if meeting.blocked_by_read_back:
        lines.append("  **Nobody is invited yet:** Zoom changed something. Look at it and press Check again.")
    return "\n".join(lines)


def _facts(view: MeetingView) -> list[str]:
    meeting = view.meeting
    lines = [
        f"### {typed(meeting.topic)}",
        f"**When:** {moment(meeting.starts_at)}, {length(meeting.duration)}, until {clock_time(meeting.ends_at)}",
        f"**Profile:** {meeting.settings.title}",
    ]
    if meeting.extra_role is not None:
        lines.append(f"**Only for:** {role(meeting.extra_role)}")
    if meeting.state in _STATES:
        lines.append(f"**{_STATES[meeting.state]}**")
        return lines
    lines.append(f"**Links open:** {moment(view.opens_at)}")
    if meeting.announcement_channel is not None and meeting.announcement_message is not None:
        lines.append(f"**Announced in:** {channel(meeting.announcement_channel)}")
    if meeting.blocked_by_read_back:
        lines.append("**Nobody is invited yet,** because Zoom changed something that matters. Press **Check again**.")
    lines += [_host_line(standing) for standing in view.hosts]
    return [*lines, *beside_lines(view.beside)]


def _host_line(standing: HostStanding) -> str:
    label = "Alternative host" if standing.alternative else "Host"
    if standing.host.member_id is None:
        known = "not told: nobody here is named for this address (`/setup`, Hosts)"
    elif standing.told == "told":
        known = "told in private how to start"
    elif standing.told == "closed":
        known = (
            f"takes no direct messages: ask {person(standing.host.member_id)} to type `/join`, which shows how to start"
        )
    else:
        known = "is told in a moment"
    return f"**{label}:** {host_name(standing.host)}, {known}"


def _holders(view: MeetingView, page: int, pages: int) -> list[str]:
    holders = view.holders
    coming = (
        f"{counted(view.waiting_for_release, 'more person is', 'more people are')} on the list and have no link yet."
    )
    waiting = [coming] if view.waiting_for_release else []
    if not holders:
        return ["**Nobody holds a link yet.**", *waiting]
    part = f", page {page + 1} of {pages}" if pages > 1 else ""
    shown = holders[page * HOLDERS_A_PAGE :][:HOLDERS_A_PAGE]
    rest = len(holders) - len(shown)
    return [
        f"**{counted(len(holders), 'person holds', 'people hold')} a link**{part}",
        *(f"- {_holder(invite)}" for invite in shown),
        *([f"and {rest} more on the other pages."] if rest else []),
        *waiting,
    ]


def _holder(invite: Invite) -> str:
    return f"**{typed(invite.shown_name)}**, {person(invite.member_id)}"


def _turning(press: Press, subject: tuple[str, ...], page: int, pages: int) -> Row:
    return Row(
        (
            Button("Previous page", press(*subject, page - 1), off=page == 0),
            Button("Next page", press(*subject, page + 1), off=page == pages - 1),
        )
    )
