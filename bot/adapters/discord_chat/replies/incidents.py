"""What moderators and organisers read about incidents. Who reported stands nowhere in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.adapters.discord_chat.replies.shape import Document, Reply, Text, joined, say
from bot.adapters.discord_chat.replies.wording import clipped, counted, fitting, moment, person, title, typed
from bot.domain.incident import CATEGORY_WORDS, Incident
from bot.ports import IncidentNote, Report
from bot.services.evidence import Pack
from bot.services.incidents import IncidentView, Waiting

_ROOM = 3600
MAX_FILE = 10_000_000
"""Bytes; Discord's limit is 10 MiB (https://docs.discord.com/developers/reference#uploading-files)."""
SECOND_NEEDED = (
    "A **second organiser** has to do the same within 15 minutes (until {until}); then it is done. "
    "If you are the only organiser here: have an admin give a second person you trust an organiser role. I make no exception for one alone."
)


def listed(views: Sequence[IncidentView]) -> Reply:
    """The newest, one line each."""
    if not views:
        return say("**No incidents.** `/report` opens one, and so does Emergency.", code="no_incidents")
    return say("### Incidents", fitting([f"- {_line(view)}" for view in views], _ROOM), code="incidents")


def shown(view: IncidentView) -> Reply:
    """One incident with what was written."""
    incident = view.incident
    head = joined(f"### Incident {incident.number}: {CATEGORY_WORDS[incident.category]}", *_facts(view))
    written = [_report(report) for report in view.reports] + [_note(note) for note in view.notes]
    if incident.forgotten_at is not None:
        written = ["- What was written is erased: its time is over."]
    tail = "-# Who reported is shown to nobody here. Organisers: `/incident export` makes the evidence pack."
    body = fitting(written, _ROOM - len(head)) if written else "- Nothing was written yet."
    return Reply((Text(head), Text(body), Text(tail)), "incident")


def noted(incident: Incident) -> Reply:
    """A note is kept."""
    return say(f"Noted at incident {incident.number}.", code="noted")


def held(incident: Incident) -> Reply:
    """A legal hold is on it."""
    return say(
        f"### Incident {incident.number} is on legal hold",
        "Nothing of its call is erased until the hold is lifted: not by age, and not if somebody asks to be erased. "
        "Lifting it takes two organisers (`/incident release`). Other calls go on being erased as always.",
        code="held",
    )


def released(done: IncidentView | Waiting) -> Reply:
    """The hold is lifted, or waits for the second organiser."""
    if isinstance(done, Waiting):
        return say(
            f"### Lifting the hold on incident {done.incident.number}: one of two organisers has agreed",
            SECOND_NEEDED.format(until=moment(done.until))
            + f" They type `/incident release number:{done.incident.number}`.",
            code="release_waits",
        )
    return say(
        f"The legal hold on incident {done.incident.number} is lifted. {_until(done.until)}", code="hold_released"
    )


def closed(view: IncidentView) -> Reply:
    """It is closed."""
    return say(f"Incident {view.incident.number} is closed. {_until(view.until)}", code="closed")


def exported(done: Pack | Waiting) -> Reply:
    """The file, or the wait for the second organiser."""
    if isinstance(done, Waiting):
        return say(
            f"### Showing members' identities in incident {done.incident.number}: one of two organisers has agreed",
            SECOND_NEEDED.format(until=moment(done.until))
            + f" They type `/incident export number:{done.incident.number} names:True`, and get the file.",
            "Without names the pack is complete otherwise, and you get it at once: the police can ask for a name later, by tag and invite.",
            code="export_waits",
        )
    if len(done.data) > MAX_FILE:
        return say(
            "The pack is larger than Discord takes. Whoever runs the bot has the same data in the database.",
            code="export_too_large",
        )
    named = "Members are named by their Discord numbers." if done.members_shown else "Members are not named in it."
    lines = [
        f"### Evidence of incident {done.incident.number}",
        f"Only you see this file. {named} Every file in it is signed (`README.txt` says how to check).",
        "**Give it to the police or to Zoom's investigators, to nobody else, and add no pictures or recordings to it.**",
    ]
    if done.still_running:
        lines.append(
            "**The call is still running:** make the pack again after it; what Zoom lists afterwards is not in this one."
        )
    lines += [f"- {sentence}" for sentence in done.missing]
    return Reply((Text(joined(*lines)), Document(done.name, done.data)), "exported")


def support_offered(incident: Incident) -> Reply:
    """The offer stands in the channel."""
    return say(
        f"Posted for incident {incident.number}, without any name. Whoever presses gets support lines, and only they see them.",
        code="aftercare",
    )


def choice(view: IncidentView) -> str:
    """An incident as one of several to choose from."""
    about = "" if view.meeting is None else f", {clipped(view.meeting.topic, 40)}"
    state = "open" if view.incident.open else "closed"
    return clipped(f"{view.incident.number}: {CATEGORY_WORDS[view.incident.category]}{about} ({state})")


def _line(view: IncidentView) -> str:
    incident = view.incident
    about = "" if view.meeting is None else f", {title(view.meeting)}"
    held_too = ", legal hold" if incident.hold_since is not None else ""
    state = "open" if incident.open else "closed"
    return f"**{incident.number}** {CATEGORY_WORDS[incident.category]}{about}, {moment(incident.opened_at)}: {state}{held_too}"


def _facts(view: IncidentView) -> list[str]:
    incident = view.incident
    about = "the server as a whole" if view.meeting is None else title(view.meeting)
    return [
        f"About {about}. Opened {moment(incident.opened_at)}" + (" by an emergency." if incident.emergency else "."),
        f"{'Open' if incident.open else 'Closed'}, {counted(len(view.reports), 'report')}. {_until(view.until)}",
    ]


def _until(until: datetime | None) -> str:
    if until is None:
        return "A legal hold is on it: nothing of its call is erased."
    return f"It holds what belongs to its call until {moment(until)}; then what was written is erased."


def _report(report: Report) -> str:
    by = "a moderator" if report.by_moderator else "a member"
    return f"- {moment(report.at)}, {by} ({CATEGORY_WORDS[report.category]}): {typed(report.seen)}"


def _note(note: IncidentNote) -> str:
    what = "legal hold" if note.is_hold else "note"
    return f"- {moment(note.at)}, {what} by {person(note.author)}: {typed(note.text)}"
