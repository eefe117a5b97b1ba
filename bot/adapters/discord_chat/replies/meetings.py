"""What organisers read while they plan: the draft, what Zoom made of it, and calling it off."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from bot.adapters.discord_chat.presses import (
    ACCEPT,
    CANCEL,
    CANCEL_CONFIRM,
    CANCEL_NOT,
    CHECK_AGAIN,
    DRAFT_CREATE,
    DRAFT_DISCARD,
    SERIES_CANCEL,
)
from bot.adapters.discord_chat.replies.safety import profile_words, safety_lines
from bot.adapters.discord_chat.replies.shape import Button, Reply, Row, Style, Text, joined, say
from bot.adapters.discord_chat.replies.wording import (
    bullets,
    channel,
    clock_time,
    counted,
    fitting,
    length,
    moment,
    person,
    role,
    title,
    typed,
)
from bot.domain.meeting import Host, Meeting
from bot.domain.readback import Difference
from bot.services.cancelling import Cancellation
from bot.services.creating import NOT_READ_BACK, Creation
from bot.services.drafting import DRAFT_LIFE, Draft
from bot.services.meeting_views import MeetingView

_ROOM_FOR_WARNINGS = 1400
_ROOM_FOR_CLASHES = 600


def draft(made: Draft) -> Reply:
    """What would be created, to be confirmed. The gravest stands first after the time, because that is what is read."""
    meeting = made.meeting
    blocks = [Text(joined("### Shall I create this meeting?", *what(made)))]
    if made.clashes:
        blocks.append(Text(joined("**This host already has another call then:**", _clashes(made.clashes))))
    if made.warnings:
        blocks.append(
            Text(
                joined(
                    "**Please read this first:**",
                    fitting(_bulleted([typed(warning) for warning in made.warnings]), _ROOM_FOR_WARNINGS),
                )
            )
        )
    blocks.append(Text(joined("**How it is kept safe**", bullets(safety_lines(meeting)))))
    life = length(DRAFT_LIFE)
    blocks.append(Text(f"Nothing is created until you press **Create**. This draft waits {life}."))
    create = Button("Create", DRAFT_CREATE(meeting.meeting_id), Style.MAIN)
    discard = Button("Discard", DRAFT_DISCARD(meeting.meeting_id))
    return Reply((*blocks, Row((create, discard))), "draft")


DISCARDED = say("Discarded. Nothing was created at Zoom.", code="discarded")
KEPT = say("Kept. Nothing has changed.", code="kept")


def creation(made: Creation) -> Reply:
    """What Zoom made of a confirmed draft."""
    meeting = made.meeting
    if NOT_READ_BACK in meeting.blocked_by_read_back:
        return _not_read_back(meeting)
    if made.blocked:
        return _blocked(made)
    lines = [f"### Created: {title(meeting)}", f"It starts {moment(meeting.starts_at)}."]
    if meeting.announcement_channel is not None:
        lines.append(f"I announce it in {channel(meeting.announcement_channel)}.")
    else:
        lines.append("There is no announcement channel, so tell people yourself to type `/join`.")
    lines.append(f"Links open {moment(made.opens_at)}: members press **Get my link** or type `/join`.")
    lines.append(
        "Hosts that `/setup` matches to a member are told in private how to start it; `/meeting show` says who was."
    )
    if made.differences:
        lines += ["", "**Zoom changed something:**", bullets(d.said for d in made.differences)]
    return Reply((Text(joined(*lines)),), "created")


def cancel_question(view: MeetingView) -> Reply:
    """Asks once before a meeting is called off."""
    meeting = view.meeting
    lines = [f"### Cancel {title(meeting)}?", f"It is planned for {moment(meeting.starts_at)}."]
    if view.holders:
        lines.append(f"{counted(len(view.holders), 'link stops', 'links stop')} working. This cannot be undone.")
    else:
        lines.append("This cannot be undone.")
    if meeting.announcement_message is not None and meeting.announcement_channel is not None:
        lines.append(f"I say so in {channel(meeting.announcement_channel)}, without names.")
    buttons = [Button("Cancel the meeting", CANCEL_CONFIRM(meeting.meeting_id), Style.GRAVE)]
    tail = view.beside.tail
    if tail is not None:
        lines.append(
            f"It repeats every {tail.weekday}, {tail.more} more. You can cancel only this one, or the rest too."
        )
        label = f"Cancel this and the {tail.more} after it"
        buttons.append(Button(label, SERIES_CANCEL(meeting.meeting_id), Style.GRAVE))
    buttons.append(Button("Keep it", CANCEL_NOT(meeting.meeting_id)))
    return Reply((Text(joined(*lines)), Row(tuple(buttons))), "cancel_asked")


def cancellation(done: Cancellation) -> Reply:
    """What became of it, and no more than is known."""
    meeting = done.meeting
    lines = [f"### Cancelled: {title(meeting)}", "No link leaves any more."]
    if done.gone_at_zoom:
        lines.append("Zoom has deleted the meeting, so links that people already have lead nowhere.")
    else:
        lines.append("**Zoom has not confirmed the deletion yet.** I keep trying by myself.")
        lines.append(
            "Until then, links that people already have may still work. To be sure now, delete it at zoom.us > Meetings."
        )
    if done.links_voided:
        lines.append(f"{counted(done.links_voided, 'person', 'people')} had a link.")
    if meeting.announcement_message is not None and meeting.announcement_channel is not None:
        lines.append(
            f"{channel(meeting.announcement_channel)} says that it is cancelled; its button tells people whether it concerns them."
        )
    elif not meeting.announcement_message:
        lines.append("It was not announced, so please tell those who wanted to come.")
    return say(*lines, code="cancelled" if done.gone_at_zoom else "cancelled_unconfirmed")


def host_name(host: Host) -> str:
    """A host as organisers know them: the member if one is named, and the masked address."""
    who = person(host.member_id) if host.member_id is not None else typed(host.name)
    return f"{who} ({typed(host.hint)})" if who else typed(host.hint)


def what(made: Draft) -> list[str]:
    """What was understood, one line each."""
    meeting = made.meeting
    local = meeting.starts_at.astimezone(ZoneInfo(made.zone))
    spoken = f"{local:%A} {local.day} {local:%B %Y, %H:%M}"
    lines = [
        title(meeting),
        f"**When:** {moment(meeting.starts_at)}",
        f"That is {spoken} in {made.zone.replace('_', ' ')}.{' ' + typed(made.time_note) if made.time_note else ''}",
        f"**Length:** {length(meeting.duration)}, until {clock_time(meeting.ends_at)}",
        f"**Profile:** {profile_words(meeting)}",
        f"**Host:** {host_name(made.host)}",
    ]
    if made.alternative_hosts:
        lines.append(f"**Alternative hosts:** {', '.join(host_name(host) for host in made.alternative_hosts)}")
    if meeting.extra_role is not None:
        lines.append(f"**Only for:** {role(meeting.extra_role)}")
    lines.append(f"**Links open:** {moment(made.opens_at)}")
    return lines


def _clashes(clashes: tuple[Meeting, ...]) -> str:
    lines = [f"{title(other)}, {moment(other.starts_at)}, {length(other.duration)}" for other in clashes]
    return joined(
        fitting(_bulleted(lines), _ROOM_FOR_CLASHES),
        "One host can usually run one call at a time. Choose another time or host, unless you are sure.",
    )


def _bulleted(lines: tuple[str, ...] | list[str]) -> list[str]:
    return [f"- {line}" for line in lines]


def _blocked(made: Creation) -> Reply:
    meeting = made.meeting
    text = joined(
        f"### {title(meeting)} is created, but nobody is invited yet",
        "Zoom did not keep it as safe as you asked:",
        bullets(_said(difference) for difference in made.differences),
        "",
        "**What you can do**",
        "- Change it at zoom.us, then press **Check again**.",
        "- Press **Accept and invite** if you take the risk for everybody who comes.",
        "- Press **Cancel meeting** and create another one.",
    )
    buttons = (
        Button("Check again", CHECK_AGAIN(meeting.meeting_id), Style.MAIN),
        Button("Accept and invite", ACCEPT(meeting.meeting_id), Style.GRAVE),
        Button("Cancel meeting", CANCEL(meeting.meeting_id)),
    )
    return Reply((Text(text), Row(buttons)), "created_blocked")


def _said(difference: Difference) -> str:
    return f"**{difference.said}**" if difference.unsafe else difference.said


def _not_read_back(meeting: Meeting) -> Reply:
    text = joined(
        f"### {title(meeting)} is created, but not checked yet",
        "I could not read back from Zoom whether it is as safe as you asked, so nobody is invited yet.",
        "I try again by myself in a minute. You can also press **Check again**.",
    )
    buttons = (
        Button("Check again", CHECK_AGAIN(meeting.meeting_id), Style.MAIN),
        Button("Cancel meeting", CANCEL(meeting.meeting_id)),
    )
    return Reply((Text(text), Row(buttons)), "created_unread")
