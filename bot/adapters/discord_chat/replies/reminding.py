"""What members read about reminders."""

from __future__ import annotations

from bot.adapters.discord_chat.presses import REMIND_ME_NOT
from bot.adapters.discord_chat.replies.shape import Button, Reply, Row, Text, joined, say
from bot.adapters.discord_chat.replies.wording import moment, title
from bot.domain.values import Decision
from bot.services.reminding import WillRemind

NOT_REMINDED = say("I do not remind you. You are still on the list.", code="not_reminded")


def will_remind(answer: WillRemind | Decision) -> Reply:
    """The answer to "Remind me"."""
    if isinstance(answer, Decision):
        return say(answer.reason, code=answer.code)
    text = joined(
        f"### I remind you of {title(answer.meeting)}",
        f"A direct message comes about {moment(answer.at)}. It says where to press and holds no link.",
        "It cannot reach you if you take no direct messages from members of this server.",
    )
    return Reply(
        (Text(text), Row((Button("Do not remind me", REMIND_ME_NOT(answer.meeting.meeting_id)),))), "will_remind"
    )
