"""What is read about leaked links. Whose link it was stands in one reply only, for a moderator who asked."""

from __future__ import annotations

from bot.adapters.discord_chat.presses import LEAK_ALLOW, LEAK_WHOSE
from bot.adapters.discord_chat.replies.shape import Block, Button, Reply, Row, Style, Text, joined, say
from bot.adapters.discord_chat.replies.wording import channel, counted, person, title, typed
from bot.domain.leak import LeakKind
from bot.services.leaks import Dealt, Deletion, Finding, ToldModerators, Whose

_MOST_SHOWN = 4
"""Links described one by one; a message with more is somebody's list, and every one is dealt with all the same."""


def reported(done: Dealt | ToldModerators) -> Reply:
    """The answer to "This leaks a Zoom link"."""
    return told_moderators(done) if isinstance(done, ToldModerators) else dealt(done)


def told_moderators(told: ToldModerators) -> Reply:
    """For a member: thanks, and what happens now. Whether it was a link of ours is not said."""
    if not told.reachable:
        return say(
            "**Thank you.** The moderators of this server have no channel where I could tell them, so please write to one of them yourself.",
            code="leak_not_told",
        )
    return say(
        "**Thank you.** I have told the moderators, with a link to the message. Please do not copy or pass on what it says.",
        code="leak_told",
    )


def dealt(done: Dealt) -> Reply:
    """For a moderator: what became of the message and of each link."""
    blocks: list[Block] = [Text(_message(done))]
    for finding in done.findings[:_MOST_SHOWN]:
        blocks.append(Text(_finding(finding)))
        buttons = _buttons(finding)
        if buttons:
            blocks.append(Row(buttons))
    rest = len(done.findings) - _MOST_SHOWN
    if rest > 0:
        blocks.append(Text(f"And {counted(rest, 'more link')} of this community's calls, dealt with in the same way."))
    if done.elsewhere or not done.findings:
        blocks.append(Text(_elsewhere(done)))
    return Reply(tuple(blocks), "leak_dealt" if done.findings else "leak_elsewhere")


def whose(shown: Whose) -> Reply:
    """The one reply with a name."""
    leak = shown.leak
    if leak.member_id is None:
        guest = f"It was made for the guest **{typed(shown.guest)}**" if shown.guest else "It was made for a guest"
        by = f", invited by {person(shown.invited_by)}" if shown.invited_by is not None else ""
        return say(
            f"{guest}{by}. {_poster(shown)}",
            "Only you see this, and it is recorded that you looked.",
            code="leak_whose",
        )
    times = f"So far {counted(shown.times, 'link')} of theirs leaked here." if shown.times else ""
    return say(
        f"The link is {person(leak.member_id)}'s. {_poster(shown)} {times}".rstrip(),
        "It says whose link it was, not who passed it on: somebody may have got hold of it.",
        "Only you see this, and it is recorded that you looked.",
        code="leak_whose",
    )


def allowed(*, now: bool) -> Reply:
    """After Allow a new link."""
    if now:
        return say("They can get a new link now: **Get my link** or `/join`.", code="leak_allowed")
    return say("Another moderator has allowed it already.", code="leak_allowed_already")


def _poster(shown: Whose) -> str:
    if shown.leak.author_id == shown.leak.member_id:
        return "They posted it themselves."
    return f"{person(shown.leak.author_id)} posted it."


def _message(done: Dealt) -> str:
    match done.deletion:
        case Deletion.DELETED:
            return "### The message is deleted"
        case Deletion.GONE:
            return "### The message was gone already"
        case Deletion.NOT_ALLOWED:
            return joined(
                "### Please delete the message by hand",
                f"I may not: give me **View Channel** and **Manage Messages** in {channel(done.channel_id)}, then I can next time.",
            )
        case Deletion.FAILED:
            return joined("### Please delete the message by hand", "Discord did not answer when I tried.")


def _finding(finding: Finding) -> str:
    match finding.leak.kind:
        case LeakKind.MEMBER | LeakKind.GUEST:
            return _personal(finding)
        case LeakKind.MEETING:
            return joined(
                f"**The own link of {title(finding.meeting)}.** It is the same for everybody.", *_shared(finding)
            )
        case LeakKind.STRAY:
            return joined(f"**A personal link into {title(finding.meeting)} that is none of mine.**", *_shared(finding))


def _personal(finding: Finding) -> str:
    whom = "A member's" if finding.leak.kind is LeakKind.MEMBER else "A guest's"
    lines = [f"**{whom} link into {title(finding.meeting)}.**"]
    if not finding.leak.still_worked:
        lines.append("It was void already: it lets nobody in.")
    elif finding.void is None:
        lines += ["I show it to nobody any more, but such a link cannot be taken back at Zoom.", *_shared(finding)]
    elif finding.void:
        lines.append("It is void: Zoom confirms it. Nobody else's link is touched.")
    else:
        lines.append(
            "Nobody is shown it any more, but Zoom has not confirmed yet that it is void. I keep trying; until then it may work."
        )
    if finding.leak.still_worked:
        lines.append("Whoever came in with it stays in the call until they are removed.")
    if finding.leak.kind is LeakKind.GUEST:
        lines.append("If the guest should come all the same, an organiser makes a new link with `/meeting guest`.")
    elif finding.held:
        lines.append("**It is not the first time,** so they get a new link only if you allow it.")
    elif finding.leak.still_worked:
        lines.append("I tell them in a direct message; if they take none, with the next link they ask for.")
    return joined(*lines)


def _shared(finding: Finding) -> list[str]:
    if not finding.meeting.upcoming:
        return ["That call is over, so it leads nowhere."]
    opens = (
        "It opens a registration page only, and I have everybody denied who registers there by hand."
        if finding.meeting.personal_links and finding.leak.kind is LeakKind.MEETING
        else "Whoever has it can come as far as the waiting room, or into the call where there is none."
    )
    return [opens, "I put the offer of a new meeting into the moderators' channel."]


def _buttons(finding: Finding) -> tuple[Button, ...]:
    leak = finding.leak
    if leak.kind not in (LeakKind.MEMBER, LeakKind.GUEST):
        return ()
    show = Button("Show whose link", LEAK_WHOSE(leak.leak_id))
    if leak.kind is LeakKind.MEMBER and finding.held:
        return show, Button("Allow a new link", LEAK_ALLOW(leak.leak_id), Style.MAIN)
    return (show,)


def _elsewhere(done: Dealt) -> str:
    if not done.findings:
        return "The link in it leads into no call of this community, so there was nothing for me to take back."
    return f"{counted(done.elsewhere, 'other link')} in it {'leads' if done.elsewhere == 1 else 'lead'} into no call of this community."
