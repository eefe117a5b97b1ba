"""Everything that can go wrong while linking, in words for the person in front of the page or the form, with what to do next."""

from __future__ import annotations

from bot.domain.errors import NeedsAttention, Transient, UntrustedInput, UserMistake
from bot.domain.linking import TRIES

_AGAIN = "Type /zoom link in Discord to start again."
_THEN = "type /zoom link in Discord to start again."


def oauth_not_configured() -> NeedsAttention:
    """The operator has not set it up."""
    return NeedsAttention(
        "Linking is not set up on this bot. Its operator has to set PUBLIC_URL and the credentials of a user-managed Zoom app; "
        "docs/zoom-setup.md shows how.",
        code="oauth_not_configured",
    )


def ticket_used() -> UserMistake:
    """The address was used, or a newer one took its place."""
    return UserMistake(
        f"This address was used already, or a newer one took its place. It works once. {_AGAIN}", code="ticket_used"
    )


def state_invalid() -> UntrustedInput:
    """What came back from Zoom is not what was sent there."""
    return UntrustedInput(
        f"This did not come from a page I sent you to, so I did nothing with it. {_AGAIN}", code="state_invalid"
    )


def state_used() -> UserMistake:
    """The page was loaded a second time."""
    return UserMistake(
        'This page is shown once. If you still have the code from it, press "Enter the code" in Discord. '
        f"If not: {_THEN}",
        code="state_used",
    )


def wrong_browser() -> UntrustedInput:
    """It was begun in another browser."""
    return UntrustedInput(
        "Linking was begun in another browser or a private window, or cookies are off, so I did nothing. If you did not begin it "
        f"yourself, close this page: somebody may want you to link your account to a community of theirs. If you did: {_THEN}",
        code="wrong_browser",
    )


def consent_denied() -> UserMistake:
    """They pressed Decline at Zoom."""
    return UserMistake(
        f"You did not allow access at Zoom, so nothing was linked and nothing is kept. {_AGAIN}", code="consent_denied"
    )


def code_refused() -> UserMistake:
    """Zoom does not take its own code."""
    return UserMistake(
        "Zoom did not accept this step, usually because it took longer than five minutes or was done twice. "
        f"Nothing was linked. {_AGAIN}",
        code="code_refused",
    )


def zoom_silent() -> Transient:
    """Zoom did not answer at the one moment it had to."""
    return Transient(f"Zoom did not answer, so nothing was linked. Wait a minute. {_AGAIN}", code="zoom_unreachable")


def scope_missing() -> NeedsAttention:
    """Without `user:read:user` nobody can say whose account it is."""
    return NeedsAttention(
        "The Zoom app of this bot lacks the scope user:read:user, so I cannot see whose account this is. Nothing was linked. "
        f"The operator has to add it to the app (docs/zoom-setup.md). After that: {_THEN}",
        code="scope_missing",
    )


def account_taken() -> UserMistake:
    """One Zoom user serves one community."""
    return UserMistake(
        "This Zoom account is linked to another community, and nothing was changed there. Unlink it there first (/zoom unlink), "
        f"or sign in at zoom.us with another account. {_AGAIN}",
        code="account_taken",
    )


def other_account(expected_hint: str) -> UserMistake:
    """A broken link is mended by its own account."""
    return UserMistake(
        f"You were asked to link {expected_hint} again, but this is another Zoom account, so nothing was linked. Sign out at zoom.us, sign in as "
        f"{expected_hint}, then type /zoom link in Discord. If you want this account instead, unlink the old one first with /zoom unlink.",
        code="other_account",
    )


def code_wrong(tries: int) -> UserMistake:
    """A wrong code, and how many tries are left."""
    left = TRIES - tries
    return UserMistake(
        f"That is not the code on the page. Look again and type it as it stands there; {left} {'try' if left == 1 else 'tries'} left.",
        code="code_wrong",
    )


def code_used_up() -> UserMistake:
    """Five wrong codes."""
    return UserMistake(
        f"That was the last try, so I ended this and revoke the access at Zoom. {_AGAIN}", code="code_used_up"
    )


def nothing_pending() -> UserMistake:
    """No code of theirs is waited for."""
    return UserMistake(
        "I am not waiting for a code from you here: nobody has finished Zoom's page for your /zoom link, or it was more than ten minutes ago. "
        f"{_AGAIN} Only type a code from a page that you opened yourself.",
        code="nothing_pending",
    )


def link_unknown() -> UserMistake:
    """No such link in this community."""
    return UserMistake("That Zoom account is not linked here. /zoom status shows which are.", code="link_unknown")


def link_is_operators() -> UserMistake:
    """Server-to-server links come from the settings."""
    return UserMistake(
        "That account is connected by the bot's operator. To take it away, the operator removes ZOOM_ACCOUNT_ID from the settings and "
        "deactivates the app at marketplace.zoom.us.",
        code="link_is_operators",
    )
