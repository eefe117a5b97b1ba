"""What a member reads whose name two people show in a call, and what an organiser reads whose moderators' channel cannot be used."""

from __future__ import annotations

from bot.adapters.discord_chat.presses import NAME_MINE
from bot.adapters.discord_chat.replies.shape import Button, Reply, Row, Style, Text, joined, say
from bot.adapters.discord_chat.replies.wording import channel, typed
from bot.domain.concerns import Answer
from bot.domain.values import AlertId
from bot.ports import ChannelProblem, NameQuestion

ASK = "ask"
"""In place of an answer: show the answers to whoever the question is for."""
_THANKS = {
    Answer.MINE_ALONE: "Thank you. I have told the moderators that you are there, in one seat.",
    Answer.BOTH: "Thank you. I have told the moderators that both are you.",
    Answer.NOT_THERE: (
        "Thank you. I have told the moderators that you are not there. If you passed your link on, please tell them; "
        "they can make it void, and you get another one with **Get my link**."
    ),
}


def name_question(question: NameQuestion) -> Reply:
    """In private, from the bot by itself: it holds no link and asks for nothing but one press."""
    return Reply(
        (
            Text(
                joined(
                    f"In **{typed(question.topic)}** two people show your name, **{typed(question.shown_name)}**. "
                    "Are you there now? The moderators see your answer, nobody else does.",
                )
            ),
            _choices(question.message),
        ),
        "name_asked",
    )


def name_form(message: AlertId) -> Reply:
    """The same after the button under the alert was pressed by the one whose name it is."""
    return Reply((Text("Two people show your name. Are you there now?"), _choices(message)), "name_form")


def thanks(answer: Answer) -> Reply:
    """After the press."""
    return say(_THANKS[answer], code=f"name_{answer.value}")


def channel_problem(problem: ChannelProblem) -> Reply:
    """To whoever planned the meeting: why the moderators see nobody's name, and what to do about it."""
    where = f" ({channel(problem.channel_id)})" if problem.channel_id is not None else ""
    return say(
        f"**{typed(problem.topic)}** is live, and I can show the moderators no names of who is in{where}.",
        problem.reason,
        "Please let the channel be viewed by moderators only, or choose another one in the server: `/setup` > **Channels**. "
        "Until then moderators type `/meeting live` there and see the call in private.",
        code="channel_problem",
    )


def _choices(message: AlertId) -> Row:
    return Row(
        (
            Button("Yes, in one seat", NAME_MINE(message, Answer.MINE_ALONE.value), Style.MAIN),
            Button("Yes, both are me", NAME_MINE(message, Answer.BOTH.value)),
            Button("No, not me", NAME_MINE(message, Answer.NOT_THERE.value), Style.GRAVE),
        )
    )
