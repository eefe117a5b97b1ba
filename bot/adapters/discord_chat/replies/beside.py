"""What organisers read about what goes along with a meeting: its series, its event in the server's calendar, its reminders."""

from __future__ import annotations

from bot.adapters.discord_chat.replies.series import tail_words
from bot.adapters.discord_chat.replies.wording import counted, moment
from bot.ports import EventState
from bot.services.series_views import Beside

_EVENTS = {
    EventState.SHOWN: "yes, without a link",
    EventState.NO_PERMISSION: "none, because I lack the permission Create Events. Give it to my role; I try again when links open.",
    EventState.FULL: "none, because this server has 100 events already and Discord takes no more. I try again when links open.",
    EventState.REMOVED: "none: somebody deleted it, so I do not make it again.",
    EventState.OVER: "over",
}


def beside_lines(beside: Beside) -> list[str]:
    """One line for each thing there is something to say about."""
    lines = [f"**Series:** {tail_words(beside.tail)}"] if beside.tail is not None else []
    if not beside.event_wanted:
        lines.append("**Server event:** none for this profile, because people outside this server may see events.")
    elif beside.event is not None:
        lines.append(f"**Server event:** {_EVENTS[beside.event]}")
    if beside.reminds_at is not None:
        asked = f", and to {counted(beside.to_remind, 'person', 'people')} in private" if beside.to_remind else ""
        lines.append(f"**Reminder:** {moment(beside.reminds_at)}{asked}")
    return lines
