"""One linked Zoom account in words: what it can do, what is missing, what is weak, and how to change each."""

from __future__ import annotations

from collections.abc import Iterable

from bot.adapters.discord_chat.replies.shape import joined
from bot.adapters.discord_chat.replies.wording import MAX_CHOICE, clipped, fitting, person, typed
from bot.domain.account_safety import Weakness
from bot.domain.grants import Scope
from bot.ports import AccountLink, LinkKind
from bot.services.account_status import LinkView, Removal, TokenHealth
from bot.services.meeting_views import HostChoice

OPERATORS = "This is the account of whoever runs the bot; it is bound to this server in the bot's settings."
_ROOM_FOR_MISSING = 700
_ROOM_FOR_WEAK = 1500

_REMOVAL = {
    Removal.YES: "Zoom has let me put somebody out of a running call.",
    Removal.NO: "Zoom does not let me put anybody out of a running call. The host has to do it: Participants > More > Remove.",
    Removal.UNTESTED: "Whether Zoom lets me put somebody out of a running call is not known before I first have to.",
}


def account_name(account: LinkView | AccountLink) -> str:
    """The account as people here may know it: its masked address."""
    return typed(account.hint) if account.hint else "the operator's account"


def host_choice(choice: HostChoice) -> str:
    """A host as one line of the choices under `/meeting create`; where there are several accounts, it says which."""
    host, account = choice.host, choice.account
    name = f"{host.name} ({host.hint})" if host.name else host.hint
    if account is None:
        return clipped(name)
    own = account.kind is LinkKind.USER
    which = "default account" if account.is_default else "own account" if own else "the operator's account"
    return f"{clipped(name, MAX_CHOICE - len(which) - 2)}, {which}"


def licence(licensed: bool | None) -> str:
    """What the licence means for members."""
    if licensed is None:
        return "Licence: not known, because Zoom has not said yet."
    if licensed:
        return "Licensed: every member gets a personal link that can be taken back."
    return (
        "**Basic (free): less safe.** Zoom registers nobody for free accounts, so links can be passed on and only be replaced, "
        "nobody in the call can be matched to a member, and the host admits everyone by hand."
    )


def account_text(view: LinkView) -> str:
    """One account in full. The gravest stands first."""
    lines = [f"### Zoom account {account_name(view)}" + (" (default)" if view.is_default else ""), *_standing(view)]
    lines += _missing("Missing, and without it calls do not work:", view.missing_required, view.kind)
    lines += _weak("**Settings at Zoom that weaken every call:**", view.weaknesses)
    if view.unread:
        lines += ["", f"**I could not read the settings.** {typed(view.unread)}"]
    elif not view.weaknesses:
        lines += ["", "None of the settings I can read is weak."]
    lines += _weak("**Only you can look at these:**", view.by_hand)
    lines += _missing("Not granted; this is what it costs:", view.missing_optional, view.kind)
    return joined(*lines)


def _standing(view: LinkView) -> Iterable[str]:
    if view.kind is LinkKind.SERVER_TO_SERVER:
        yield OPERATORS
    elif view.owner is not None:
        yield f"Linked by {person(view.owner)}."
    yield _health(view)
    yield licence(view.licensed)
    yield _REMOVAL[view.capabilities.removal]


def _health(view: LinkView) -> str:
    if view.health is TokenHealth.WORKING:
        return "Access: Zoom answered just now."
    if view.health is TokenHealth.UNKNOWN:
        return "Access: Zoom could not be asked just now. Look again in a minute."
    if view.kind is LinkKind.USER:
        return "**Access: Zoom does not accept it any more, so nothing works.** Its owner types `/zoom link` to link it again."
    return "**Access: Zoom does not accept it any more, so nothing works.** The operator runs `vestibule doctor`; it says what to do."


def _missing(heading: str, scopes: tuple[Scope, ...], kind: LinkKind) -> list[str]:
    if not scopes:
        return []
    cure = "The operator adds it to the Zoom app" + (
        ", then its owner links it again." if kind is LinkKind.USER else "."
    )
    lines = [f"- To {scope.why} (`{scope.name}`): without it, {scope.without}." for scope in scopes]
    return [
        "",
        f"**{heading}**",
        fitting(lines, _ROOM_FOR_MISSING),
        cure,
    ]


def _weak(heading: str, found: tuple[Weakness, ...]) -> list[str]:
    if not found:
        return []
    lines = [f"- **{weakness.setting}**: {weakness.consequence} Change it: {weakness.change}" for weakness in found]
    return ["", heading, fitting(lines, _ROOM_FOR_WEAK)]
