"""What people read in the browser when linking does not work: what happened, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.errors import (
    NeedsAttention,
    OutcomeUnknown,
    Transient,
    Undeliverable,
    UntrustedInput,
    UserMistake,
    VestibuleError,
)

START_AGAIN = "Go back to Discord and type /zoom link. You get a fresh address."
_YOUR_OWN = "Use only the address that the bot gave to you, in your own Discord. Never one that somebody sent you."
_CLOSE = "If you did not type /zoom link yourself, close this page. Nothing was linked."
_OPERATOR = "Tell whoever runs the bot what this page says."


@dataclass(frozen=True, slots=True)
class Problem:
    """One failure as a page. Without `what`, the error's own message is shown: it names what only the error knows."""

    status: int
    heading: str
    next_steps: tuple[str, ...]
    what: str = ""


PROBLEMS: dict[str, Problem] = {
    "ticket_invalid": Problem(
        404,
        "This address is not valid",
        (START_AGAIN, _YOUR_OWN),
        "It is incomplete, or it was not made by this bot.",
    ),
    "ticket_expired": Problem(
        410, "This address has expired", (START_AGAIN,), "An address works for ten minutes. Nothing was linked."
    ),
    "ticket_used": Problem(
        410,
        "This address no longer works",
        (
            "If you already have a code of six characters, type it in Discord.",
            START_AGAIN,
            "Was it not you who used it? Then somebody else saw the address. Nothing is linked without the code.",
        ),
        "It was used already, or a newer one took its place. Each address works once.",
    ),
    "not_pressed_here": Problem(
        403,
        "Please start on the page itself",
        (
            "Open the address from Discord and press the button there.",
            "If you did not type /zoom link yourself, close this page. Another site sent you here.",
        ),
        "This step was not started from this site's own page, so nothing was done.",
    ),
    "not_opened": Problem(
        503, "Not opened yet", ("Reload this page.",), "The browser only looked ahead, so nothing was done."
    ),
    "wrong_browser": Problem(
        403,
        "This is not the browser it was started in",
        (
            "Start and finish in the same browser, with cookies allowed, and not in two private windows.",
            START_AGAIN,
            "Did somebody send you to Zoom? Then they wanted your Zoom account for their own calls. Close this page.",
        ),
        "Linking has to come back to the browser in which it was started. This one got nothing, and nothing was taken from Zoom.",
    ),
    "state_invalid": Problem(
        400,
        "This does not belong to any linking",
        (START_AGAIN, _CLOSE),
        "It was not started here, or it took longer than ten minutes.",
    ),
    "state_used": Problem(
        410,
        "This page is shown once",
        (
            "If you have the code of six characters, type it in Discord.",
            f"If you have not: {START_AGAIN[0].lower()}{START_AGAIN[1:]}",
        ),
        "You came back from Zoom already.",
    ),
    "consent_denied": Problem(
        200,
        "You said no at Zoom",
        (
            "If that is what you wanted, you are done. Close this page.",
            f"If it was by mistake: {START_AGAIN[0].lower()}{START_AGAIN[1:]}",
            "If Zoom said that an admin must approve the app first, ask the admin of your Zoom account.",
        ),
        "Nothing was linked, and Vestibule got no access.",
    ),
    "code_refused": Problem(
        400, "Zoom did not confirm it", (START_AGAIN, "If it happens again: " + _OPERATOR[0].lower() + _OPERATOR[1:])
    ),
    "scope_missing": Problem(
        403,
        "Zoom gave too few rights",
        (
            "Whoever runs the bot has to add the missing rights (scopes) to its Zoom app. Tell them what this page says.",
            "Then type /zoom link again in Discord.",
        ),
    ),
    "account_taken": Problem(
        409,
        "This Zoom account belongs to another community",
        (
            "Its owner can unlink it there with /zoom unlink. Then type /zoom link here again.",
            "Or sign out at Zoom and use another account: type /zoom link again.",
        ),
    ),
    "other_account": Problem(
        409,
        "This is another Zoom account than before",
        (
            "Sign out at Zoom, sign in with the account that was linked before, and type /zoom link again in Discord.",
            "If you want to change accounts, unlink the old one first with /zoom unlink.",
        ),
    ),
    "oauth_not_configured": Problem(503, "Linking is not set up", (_OPERATOR,)),
}
"""By the error's code."""

BY_KIND: dict[type[VestibuleError], Problem] = {
    UserMistake: Problem(400, "This did not work", (START_AGAIN,)),
    NeedsAttention: Problem(503, "Somebody has to put something right first", (_OPERATOR, START_AGAIN)),
    Transient: Problem(
        503,
        "Zoom cannot be reached",
        ("Wait a minute.", START_AGAIN, "https://status.zoom.us tells whether Zoom is down."),
    ),
    OutcomeUnknown: Problem(
        502,
        "Zoom's answer was lost",
        ("Type /zoom status in Discord to see whether something is linked.", START_AGAIN),
    ),
    Undeliverable: Problem(400, "This did not work", (START_AGAIN,)),
    UntrustedInput: Problem(400, "This address is not valid", (START_AGAIN, _YOUR_OWN)),
}
"""For every other error; a test compares the keys with the taxonomy."""

OUR_FAULT = Problem(
    500,
    "Something went wrong here, not with you",
    (START_AGAIN, "If it happens again, give the reference to whoever runs the bot. It stands in the log."),
    "Nothing was linked.",
)


def problem_of(error: VestibuleError) -> Problem:
    """The page for an error of the taxonomy."""
    known = PROBLEMS.get(error.code)
    return known or next(problem for kind, problem in BY_KIND.items() if isinstance(error, kind))
