"""What organisers read about calls that repeat every week: the draft, how far creating got, and calling off the rest."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.adapters.discord_chat.presses import SERIES_CREATE, SERIES_DISCARD
from bot.adapters.discord_chat.replies.meetings import what
from bot.adapters.discord_chat.replies.safety import safety_lines
from bot.adapters.discord_chat.replies.shape import Button, Reply, Row, Style, Text, joined, say
from bot.adapters.discord_chat.replies.wording import (
    bullets,
    channel,
    counted,
    fitting,
    length,
    moment,
    title,
    typed,
)
from bot.domain.meeting import Meeting
from bot.domain.series import SeriesTail
from bot.services.drafting import DRAFT_LIFE
from bot.services.limits import CREATES_A_DAY
from bot.services.series import SeriesCreation, SeriesDraft
from bot.services.series_cancelling import RestCancelled

_ROOM_FOR_DATES = 700
_ROOM_FOR_CLASHES = 600
_ROOM_FOR_WARNINGS = 900

SERIES_DISCARDED = say("Discarded. Nothing was created at Zoom.", code="discarded")


def series_draft(made: SeriesDraft) -> Reply:
    """All dates, all clashes and what it uses up, to be confirmed together."""
    first, weeks = made.first, len(made.meetings)
    blocks = [
        Text(joined(f"### Shall I create these {weeks} meetings?", *what(first))),
        Text(
            joined(
                f"**Every week at the same time in {first.zone.replace('_', ' ')}:**",
                fitting([f"- {_day(m, first.zone)}" for m in made.meetings], _ROOM_FOR_DATES),
                *(f"**Note:** {typed(note)}" for note in made.notes),
            )
        ),
    ]
    if made.clashes:
        lines = [
            f"- {_day(ours, first.zone)}: {title(other)}, {length(other.duration)}" for ours, other in made.clashes
        ]
        blocks.append(
            Text(
                joined(
                    "**The host already has another call then:**",
                    fitting(lines, _ROOM_FOR_CLASHES),
                    "One host can usually run one call at a time. Choose another time or host, unless you are sure.",
                )
            )
        )
    if first.warnings:
        lines = [f"- {typed(warning)}" for warning in first.warnings]
        blocks.append(Text(joined("**Please read this first:**", fitting(lines, _ROOM_FOR_WARNINGS))))
    blocks.append(Text(joined("**How each is kept safe**", bullets(safety_lines(first.meeting)))))
    blocks.append(
        Text(
            joined(
                f"Each is a meeting of its own with its own links. This uses {weeks} of the {CREATES_A_DAY} meetings that "
                f"Zoom lets this host create or change in a day ({made.creates_left} are left today).",
                f"Nothing is created until you press **Create all {weeks}**. This draft waits {length(DRAFT_LIFE)}.",
            )
        )
    )
    create = Button(f"Create all {weeks}", SERIES_CREATE(made.series_id), Style.MAIN)
    discard = Button("Discard", SERIES_DISCARD(made.series_id))
    return Reply((*blocks, Row((create, discard))), "series_draft")


def series_creation(made: SeriesCreation) -> Reply:
    """How far it got, and what happens with the rest."""
    whole = len(made.created) + len(made.waiting)
    if not whole:
        return say("None of these meetings is planned any more. Start again with /meeting create.", code="series_gone")
    topic = (made.created[0].meeting if made.created else made.waiting[0]).topic
    lines = [f"### Created {len(made.created)} of {whole}: **{typed(topic)}**"]
    if made.problem is not None and made.goes_on_at is not None:
        lines += [
            f"**{counted(len(made.waiting), 'meeting is', 'meetings are')} not created yet.** {typed(made.problem.message)}",
            f"I go on by myself {_when(made.goes_on_at)} and create none twice. `/meeting list` shows what is still missing.",
        ]
    blocked = [each for each in made.created if each.blocked]
    if blocked:
        lines.append("**Zoom did not keep these as safe as you asked; nobody is invited to them yet:**")
        lines += [f"- {moment(each.meeting.starts_at)}: {_changed(each)}" for each in blocked]
        lines.append("Look at each with `/meeting show`: there you can check it again or cancel it.")
    elif any(each.differences for each in made.created):
        said = dict.fromkeys(d.said for each in made.created for d in each.differences)
        lines += ["**Zoom changed something:**", bullets(said)]
    if made.created:
        first = made.created[0]
        lines.append(f"The first one starts {moment(first.meeting.starts_at)}. Links open {moment(first.opens_at)}.")
        lines.append(_announced(first.meeting))
    return Reply((Text(joined(*lines)),), "series_created" if made.problem is None else "series_partly")


def rest_cancelled(done: RestCancelled) -> Reply:
    """What became of it, and no more than is known."""
    many = counted(len(done.meetings), "meeting", "meetings")
    lines = [f"### Cancelled: {many} of {title(done.meetings[0])}", "No link leaves for any of them any more."]
    if done.unconfirmed:
        lines.append(
            f"**Zoom has not confirmed {counted(len(done.unconfirmed), 'deletion', 'deletions')} yet.** I keep trying by myself. "
            "Until then, links that people already have may still work. To be sure now, delete them at zoom.us > Meetings."
        )
    else:
        lines.append("Zoom has deleted them, so links that people already have lead nowhere.")
    if done.links_voided:
        lines.append(f"{counted(done.links_voided, 'person', 'people')} had a link.")
    announced = done.announced
    if announced is not None and announced.announcement_channel is not None:
        lines.append(f"{channel(announced.announcement_channel)} says that the next one is cancelled.")
    return say(*lines, code="series_cancelled_unconfirmed" if done.unconfirmed else "series_cancelled")


def tail_words(tail: SeriesTail) -> str:
    """ "Every Tuesday, 5 more, the last on ..."."""
    return f"Every {tail.weekday}, {tail.more} more, the last {moment(tail.last)}."


def _day(meeting: Meeting, zone: str) -> str:
    local = meeting.starts_at.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%B %Y, %H:%M}"


def _when(at: datetime) -> str:
    return moment(at).partition(" (")[2].removesuffix(")")


def _changed(each: object) -> str:
    differences = getattr(each, "differences", ())
    return "; ".join(d.said for d in differences if d.unsafe) or "not read back yet"


def _announced(meeting: Meeting) -> str:
    if meeting.announcement_channel is None:
        return "There is no announcement channel, so tell people yourself to type `/join`."
    return f"I announce the next one in {channel(meeting.announcement_channel)}, and each following one when the one before is over."
