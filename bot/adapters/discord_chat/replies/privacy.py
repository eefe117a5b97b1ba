"""What `/privacy` says: what is held about the asker, in plain words, and what an erase does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import groupby

import discord.utils

from bot.adapters.discord_chat.presses import PRIVACY_ERASE, PRIVACY_KEEP
from bot.adapters.discord_chat.replies.shape import Button, Document, Reply, Row, Style, Text, joined, say
from bot.adapters.discord_chat.replies.wording import counted, moment, typed
from bot.domain.privacy import KeptRecord, Topic
from bot.services.privacy import About, EraseAnswer, EraseQuestion

ROOM = 3200
"""Characters of records that stand in the message itself; more become a file."""
FILE_NAME = "what-i-hold-about-you.txt"

_REASONS: dict[Topic, str] = {
    Topic.LINKS: "so that the link is yours alone and can be taken back",
    Topic.COMING: "so that your link is ready when links open",
    Topic.REMINDERS: "because you asked",
    Topic.CHECKS: "gone as soon as it is looked up",
    Topic.IN_CALLS: "so that moderators can tell members from strangers",
    Topic.PLANNED: "so that organisers know whom to ask",
    Topic.GUESTS: "so that their link can be taken back",
    Topic.LEAKS: "so that a link that got out does not open the door",
    Topic.ZOOM: "so that calls can be created there; /zoom unlink takes it away",
    Topic.RECORD: "so that nobody can act here unseen",
    Topic.ERASING: "",
    Topic.SAFETY: "",
}
_ALWAYS = (
    "Reports about safety and the incidents they open are not listed here, whether there are any or not: that protects whoever reports. Links and "
    "passcodes are kept sealed and not shown here."
)
_HELD = "What a report or a legal hold needs stays until it ends, and is then erased by itself. I tell nobody whether there is one."
Stamp = Callable[[datetime], str]
NOT_ERASED = say("Nothing was erased.", code="privacy.kept")


def about(found: About) -> Reply:
    """Everything held about the asker, as a message, or as a file where that is too long."""
    days = counted(found.retention.days, "day")
    head = joined(
        "## What I hold about you here",
        f"What is about a call is deleted {days} after it. `/privacy erase` erases it sooner. Only you see this.",
    )
    if not found.records:
        return say(head, "", "**Nothing.**", "", _ALWAYS, code="privacy.nothing")
    lines = list(_lines(found.records, _stamp))
    if sum(len(line) + 1 for line in lines) <= ROOM:
        return say(head, *lines, "", _ALWAYS, code="privacy.told")
    kinds = [f"- {topic.value}: {len(list(group))}" for topic, group in _by_topic(found.records)]
    whole = joined(*_lines(found.records, _written), "", _ALWAYS)
    return Reply(
        (Text(joined(head, "", *kinds, "", _ALWAYS)), Document(FILE_NAME, whole.encode())), code="privacy.told_as_file"
    )


def question(asked: EraseQuestion) -> Reply:
    """Asks once."""
    blocks = (
        Text(joined("## Erase everything I hold about you here?", *_consequences(asked))),
        Row((Button("Erase my data", PRIVACY_ERASE("all"), Style.GRAVE), Button("Keep it", PRIVACY_KEEP("all")))),
    )
    return Reply(blocks, code="privacy.asked")


def erased(done: EraseAnswer) -> Reply:
    """What became of it."""
    stopped = []
    if done.links:
        stopped.append(
            f"{counted(done.links, 'link')} of yours to coming calls {'is' if done.links == 1 else 'are'} void."
        )
    if done.waits_until is None:
        if done.accounts:
            stopped.append(
                "The Zoom account you linked is unlinked. You can also remove me at marketplace.zoom.us > Manage > Added Apps."
            )
        return say("**Your data here is erased.**", *stopped, _HELD, code="privacy.erased")
    return say(
        "**Accepted.** It cannot be done this minute, because a call you had a link for was less than three days ago or is about to begin:"
        " whoever was harmed there must have time to report it.",
        f"I erase everything by myself {moment(done.waits_until)}. You need not do anything more.",
        *stopped,
        _HELD,
        code="privacy.accepted",
    )


def _consequences(asked: EraseQuestion) -> Iterable[str]:
    yield "Your name, your links, what you asked for and what you wrote here. It cannot be undone."
    if asked.links:
        yield f"- **{counted(asked.links, 'link')} to coming calls** will stop working at once. You can ask for a new one, which keeps new data."
    if asked.accounts:
        yield "- **The Zoom account you linked is unlinked**: calls planned on it hand out no links any more, for anybody."
    if asked.waits_until is not None:
        yield (
            "- You had a link for a call of the last three days, or one is about to begin. Your wish is kept now and carried out by itself"
            f" {moment(asked.waits_until)}."
        )
    yield f"- {_HELD}"
    yield "- What moderators did is still recorded, without your name."


def _by_topic(records: Sequence[KeptRecord]) -> Iterable[tuple[Topic, Iterable[KeptRecord]]]:
    order = list(Topic)
    return groupby(sorted(records, key=lambda record: order.index(record.topic)), key=lambda record: record.topic)


def _lines(records: Sequence[KeptRecord], stamp: Stamp) -> Iterable[str]:
    for topic, group in _by_topic(records):
        reason = _REASONS[topic]
        yield ""
        yield f"**{topic.value}**" + (f" ({reason})" if reason else "")
        for record in group:
            yield f"- {_record(record, stamp)}"


def _record(record: KeptRecord, stamp: Stamp) -> str:
    call = [f"**{typed(record.meeting)}**"] if record.meeting else []
    call += [stamp(record.starts_at)] if record.starts_at is not None else []
    facts = [f"{word}: {_value(value, stamp)}" for word, value in record.facts if value not in (None, "")]
    return "; ".join([*call, *facts])


def _value(value: object, stamp: Stamp) -> str:
    return stamp(value) if isinstance(value, datetime) else typed(str(value))


def _stamp(at: datetime) -> str:
    """In each reader's own zone."""
    return discord.utils.format_dt(at, "f")


def _written(at: datetime) -> str:
    """As it stands in a file."""
    return at.strftime("%Y-%m-%d %H:%M UTC")
