"""What organisers read when they change a meeting: what would be different, what follows for links, and what became of it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from bot.adapters.discord_chat.presses import CANCEL, CHECK_AGAIN, EDIT_CHANGE, EDIT_DISCARD
from bot.adapters.discord_chat.replies.meetings import host_name
from bot.adapters.discord_chat.replies.safety import profile_words
from bot.adapters.discord_chat.replies.shape import Block, Button, Reply, Row, Style, Text, joined, say
from bot.adapters.discord_chat.replies.wording import (
    bullets,
    channel,
    counted,
    fitting,
    length,
    moment,
    role,
    title,
    typed,
)
from bot.domain.edit import LinkFate, concerns_zoom
from bot.domain.meeting import Meeting
from bot.services.proposing import Edited, Proposal

_ROOM_FOR_WARNINGS = 1200
_ROOM_FOR_NAMES = 700

DISCARDED = say("Discarded. The meeting stays as it was.", code="edit_discarded")


def proposal(made: Proposal) -> Reply:
    """What would change, to be confirmed."""
    blocks: list[Block] = [
        Text(joined(f"### Shall I change {title(made.before)}?", *_differences(made))),
        Text(joined("**What follows for links**", bullets(_links(made)))),
    ]
    if made.clashes:
        lines = [f"- {title(other)}, {moment(other.starts_at)}, {length(other.duration)}" for other in made.clashes]
        blocks.append(Text(joined("**This host already has another call then:**", fitting(lines, _ROOM_FOR_NAMES))))
    if made.warnings:
        lines = [f"- {typed(warning)}" for warning in made.warnings]
        blocks.append(Text(joined("**Please read this first:**", fitting(lines, _ROOM_FOR_WARNINGS))))
    meanwhile = " While Zoom changes it, no link leaves." if concerns_zoom(made.before, made.after) else ""
    blocks.append(Text(f"Nothing is changed until you press **Change**.{meanwhile}"))
    subject = (made.before.meeting_id, made.edit_id)
    buttons = (Button("Change", EDIT_CHANGE(*subject), Style.MAIN), Button("Leave it", EDIT_DISCARD(*subject)))
    return Reply((*blocks, Row(buttons)), "edit_proposed")


def edited(done: Edited) -> Reply:
    """What became of it, and no more than is known."""
    meeting = done.meeting
    lines = [f"### Changed: {title(meeting)}", f"It starts {moment(meeting.starts_at)}, {length(meeting.duration)}."]
    lines.append(f"**Profile:** {meeting.settings.title}. **Links open:** {moment(done.opens_at)}.")
    if done.fate is LinkFate.KEPT:
        lines.append("Links that people have keep working, for whoever is still admitted.")
    elif done.fate is LinkFate.RENEWED:
        lines.append(
            f"{counted(done.given_up, 'personal link is', 'personal links are')} void, as Zoom confirms. People press the button again."
        )
    else:
        lines.append(
            f"{counted(done.given_up, 'person', 'people')} had the shared link, which cannot be taken back. "
            "They press the button again for one of their own."
        )
    if "extra_role" in done.changed or "profile" in done.changed:
        lines.append("I am checking everybody who holds a link; whoever is no longer admitted loses it within minutes.")
    if meeting.announcement_message is not None and meeting.announcement_channel is not None:
        lines.append(f"{channel(meeting.announcement_channel)} shows it as it is now.")
    if done.differences:
        said = [f"**{d.said}**" if d.unsafe else d.said for d in done.differences]
        lines += ["", "**Zoom changed something:**", bullets(said)]
    if not meeting.blocked_by_read_back:
        return say(*lines, code="edited")
    lines += ["", "**Nobody is invited until you decide.** Change it at zoom.us, then press **Check again**."]
    buttons = (
        Button("Check again", CHECK_AGAIN(meeting.meeting_id), Style.MAIN),
        Button("Cancel meeting", CANCEL(meeting.meeting_id)),
    )
    return Reply((Text(joined(*lines)), Row(buttons)), "edited_blocked")


def _differences(made: Proposal) -> list[str]:
    before, after = made.before, made.after
    lines: list[str] = []
    for name in made.changed:
        match name:
            case "topic":
                lines.append(f"**Topic:** {typed(before.topic)} → **{typed(after.topic)}**")
            case "starts_at":
                lines += _when(made)
            case "duration":
                lines.append(f"**Length:** {length(before.duration)} → **{length(after.duration)}**")
            case "profile":
                lines.append(f"**Profile:** {before.settings.title} → **{profile_words(after)}**")
            case "extra_role":
                lines.append(f"**Only for:** {_only_for(before)} → **{_only_for(after)}**")
            case _:
                names = ", ".join(host_name(host) for host in made.alternative_hosts)
                lines.append(f"**Alternative hosts:** {names or 'nobody'}")
    return lines


def _when(made: Proposal) -> list[str]:
    local = made.after.starts_at.astimezone(ZoneInfo(made.zone))
    spoken = f"{local:%A} {local.day} {local:%B %Y, %H:%M}"
    return [
        f"**When:** {moment(made.before.starts_at)} → **{moment(made.after.starts_at)}**",
        f"That is {spoken} in {made.zone.replace('_', ' ')}.{' ' + typed(made.time_note) if made.time_note else ''}",
        f"**Links open:** {moment(made.opens_at)}",
    ]


def _only_for(meeting: Meeting) -> str:
    return role(meeting.extra_role) if meeting.extra_role is not None else "everybody whom the profile admits"


def _links(made: Proposal) -> list[str]:
    held = counted(made.holders, "person holds a link", "people hold a link")
    guests = [f"{counted(made.guests, 'guest')} likewise."] if made.guests else []
    if made.fate is LinkFate.RENEWED:
        return [
            f"**All personal links stop working** ({held}). The new profile has one link that may be passed on; people press again for it.",
            *([f"{counted(made.guests, 'guest loses', 'guests lose')} their link too."] if made.guests else []),
        ]
    if made.fate is LinkFate.REPLACED:
        return [
            f"**Everybody gets a personal link** and has to press again ({held} now).",
            "The link they have can be passed on and I cannot take it back. Zoom should send it to the registration page, but only a new meeting "
            "makes sure: cancel this one and create it anew if the link is in wrong hands.",
        ]
    if not made.holders and not made.guests:
        return ["Nobody holds a link yet."]
    lines = [f"Links are **kept**: {held}, and they go on working.", *guests]
    if made.losing is None:
        lines.append("I check each of them afterwards; whoever is no longer admitted loses theirs within minutes.")
    elif made.losing:
        names = [typed(invite.shown_name) for invite in made.losing]
        shown = fitting([f"**{name}**" for name in names], _ROOM_FOR_NAMES).replace("\n", ", ")
        lines.append(f"{counted(len(names), 'person', 'people')} would **lose theirs**: {shown}")
    return lines
