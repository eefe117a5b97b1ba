"""What members read: their way in, when to come back, or kindly what is missing."""

from __future__ import annotations

from datetime import datetime

from bot.adapters.discord_chat.presses import CHOOSE_MEETING, OTHER_NAME, REMIND_ME, SHOW_ONE
from bot.adapters.discord_chat.replies.shape import (
    Button,
    Menu,
    Option,
    PrivateLink,
    Reply,
    Row,
    Style,
    Text,
    joined,
    say,
)
from bot.adapters.discord_chat.replies.wording import clipped, moment, title, typed
from bot.domain.meeting import Meeting
from bot.services.admissions import Answer, Choose, Coming, HostWayIn, LinkReady, NotAdmitted

MAX_MENU = 25


def way_in(answer: Answer, now: datetime, *, renamed: bool = False) -> Reply:
    """The answer to somebody who asked for their way in."""
    match answer:
        case LinkReady():
            return _link(answer, renamed=renamed)
        case Coming():
            return _coming(answer)
        case HostWayIn():
            return _host(answer)
        case Choose(meetings):
            return _choose(meetings, now)
        case NotAdmitted(decision):
            return say(decision.reason, code=decision.code)


def had_asked(asked: bool) -> Reply:
    """The private answer under the notice of a cancelled call."""
    if asked:
        return say(
            "**Yes, you had asked for this call.** It is cancelled.",
            "If you already had a link, it is not needed any more. There is nothing you have to do.",
            code="asked",
        )
    return say("**No, you had not asked for this call.** There is nothing you have to do.", code="not_asked")


def in_how_long(meeting: Meeting, now: datetime) -> str:
    """ "in 2 hours", for menus and choices, where Discord shows plain text only."""
    minutes = int((meeting.starts_at - now).total_seconds() // 60)
    if minutes < 1:
        return "now" if now < meeting.ends_at else "just over"
    if minutes < 60:
        return f"in {minutes} min"
    if minutes < 48 * 60:
        return f"in {round(minutes / 60)} h"
    return f"in {round(minutes / 1440)} days"


def choice_label(meeting: Meeting, now: datetime) -> str:
    """A meeting as one line of a menu or of the choices under a command."""
    when = f" ({in_how_long(meeting, now)})"
    return clipped(meeting.topic, 100 - len(when)) + when


def _link(ready: LinkReady, *, renamed: bool) -> Reply:
    meeting = ready.meeting
    above = [f"### Your way into {title(meeting)}", f"It starts {moment(meeting.starts_at)}."]
    if renamed and ready.first_time and ready.personal:
        above.append("This is a new link. Your earlier one no longer works.")
    if ready.after_leak:
        above.append(
            "It is a new one: your earlier link was posted where others could use it, so I made that one void."
        )
    name = typed(ready.shown_name)
    below = [
        f"Everyone in the call sees you as **{name}**. Only hosts, organisers and moderators here can look up who that is."
    ]
    if ready.personal:
        below.append(
            "The three characters behind your name show the host that it is really you."
            if meeting.waiting_room
            else "The three characters behind your name show that it is really you."
        )
        below.append("**This link is yours alone:** on one device at a time. Please do not forward it or post it.")
    else:
        below.append("If Zoom asks for your name, type it like that, so that the host recognises you.")
        below.append(
            "**Anybody who has this link could use it,** and it could not be taken back. Please do not pass it on."
        )
    if meeting.waiting_room:
        below.append("You come into a waiting room first. The host lets you in; that can take a moment.")
    rename = Button("Use another name", OTHER_NAME(meeting.meeting_id))
    blocks = (Text(joined(*above)), PrivateLink(ready.link), Text(joined(*below)), Row((rename,)))
    return Reply(blocks, "link" if ready.first_time else "link_again")


def _coming(answer: Coming) -> Reply:
    lines = [
        f"### You are on the list for {title(answer.meeting)}",
        f"It starts {moment(answer.meeting.starts_at)}.",
        f"Links open {moment(answer.opens_at)}.",
    ]
    back = "Come back then and press **Get my link** again, or type `/join`."
    if answer.reminds_at is None:
        return say(*lines, f"{back} I will not send you a message.", code="coming")
    lines.append(f"{back} I send you no message, unless you press **Remind me**.")
    remind = Button("Remind me", REMIND_ME(answer.meeting.meeting_id))
    return Reply((Text(joined(*lines)), Row((remind,))), "coming")


def _host(answer: HostWayIn) -> Reply:
    meeting = answer.meeting
    text = joined(
        f"### You are {'an alternative host' if answer.alternative else 'the host'} of {title(meeting)}",
        f"It starts {moment(meeting.starts_at)}.",
        "You need no link. Zoom knows you when you sign in:",
        f"1. Open Zoom and sign in as **{typed(answer.host.hint)}**.",
        f"2. Go to **Meetings**, choose {title(meeting)}, press **Start**.",
        *(
            ["If it is not in your list, ask the host to start it and to make you co-host."]
            if answer.alternative
            else []
        ),
        "",
        *door_advice(meeting),
    )
    show = Button("Who holds a link?", SHOW_ONE(meeting.meeting_id), Style.MAIN)
    return Reply((Text(text), Row((show,))), "host")


def door_advice(meeting: Meeting) -> tuple[str, ...]:
    """How a host keeps strangers out."""
    lines = ["**Letting people in**"]
    if not meeting.waiting_room:
        lines.append(
            "- There is no waiting room: whoever has a link is in the call at once. Keep the participant list open."
        )
        return tuple(lines)
    lines.append("- Only you or a co-host can admit people from the waiting room.")
    if meeting.personal_links:
        lines.append(
            "- Admit a name only if its three characters are on the list here. The list grows until the end: look again."
        )
        lines.append("- Two people under the same name and characters? Let neither in before you have asked.")
    else:
        lines.append(
            "- I cannot match anybody in this call to a member. Admit one by one, and ask whom you do not know."
        )
    lines.append('- Never press "Admit all".')
    return tuple(lines)


def _choose(meetings: tuple[Meeting, ...], now: datetime) -> Reply:
    options = tuple(Option(choice_label(m, now), m.meeting_id) for m in meetings[:MAX_MENU])
    menu = Menu(CHOOSE_MEETING("which"), "Choose the call", options)
    return Reply(
        (Text("**Which call do you want to join?** You can take another name once you have the link."), menu), "choose"
    )
