"""What people read about linking Zoom accounts, up to the moment one is linked or taken back."""

from __future__ import annotations

from collections.abc import Sequence

from bot.adapters.discord_chat.presses import (
    ZOOM_CODE,
    ZOOM_DEFAULT,
    ZOOM_SHOW,
    ZOOM_UNLINK,
    ZOOM_UNLINK_CONFIRM,
    ZOOM_UNLINK_NOT,
)
from bot.adapters.discord_chat.replies.shape import (
    Block,
    Button,
    Menu,
    Option,
    PrivateLink,
    Reply,
    Row,
    Style,
    Text,
    joined,
    say,
)
from bot.adapters.discord_chat.replies.wording import clipped, clock_time, fitting, moment, soon, title, typed
from bot.adapters.discord_chat.replies.zoom_account import OPERATORS, account_name, account_text, licence
from bot.domain.values import LinkId
from bot.ports import AccountLink, LinkKind
from bot.services.account_status import LinkView
from bot.services.link_requests import Invitation, Linked
from bot.services.unlinking import Unlinked

MAX_MENU = 25
_ROOM_FOR_MEETINGS = 1500

NOT_CONFIGURED = say(
    "### Accounts cannot be linked here",
    "This bot is not set up for linking by its members. There are two ways, and whoever runs the bot chooses:",
    "- **One account of the operator's** (server-to-server): it is bound to this server in the bot's settings, and nobody has to link anything. "
    "`/zoom status` shows whether there is one.",
    "- **Members link their own**: the operator makes a user-managed Zoom app (docs/zoom-setup.md), leaves ZOOM_ACCOUNT_ID empty, "
    "and sets PUBLIC_URL to the bot's https:// address.",
    code="oauth_not_configured",
)
NOTHING_LINKED = say(
    "**No Zoom account is linked here.** An organiser types `/zoom link` to link theirs.", code="nothing_linked"
)
KEPT = say("Kept. The account stays linked.", code="kept")


def invitation(begun: Invitation) -> Reply:
    """The personal address, and what to do with it."""
    above = joined(
        "### Link your Zoom account to this server",
        f"This address is yours alone. It works once, until {clock_time(begun.expires_at)} ({soon(begun.expires_at)}).",
        "**Never forward it.** Whoever else opens it would be asked for their own Zoom account.",
    )
    below = joined(
        "1. Open the page, go on to Zoom, and allow it there.",
        "2. The page then shows a code of six characters. Only you type it; nobody will ask you for it.",
        "3. Come back here and press **Enter the code**. Nothing is linked before that.",
    )
    enter = Button("Enter the code", ZOOM_CODE("now"), Style.MAIN)
    return Reply((Text(above), PrivateLink(begun.address, "Open the page"), Text(below), Row((enter,))), "invited")


def linked(done: Linked) -> Reply:
    """The account is linked; what to look at next."""
    link = done.link
    lines = [f"### Linked: {typed(link.hint or done.host.hint)}", licence(done.host.licensed)]
    if done.first:
        lines.append("Organisers here can now create calls on it with `/meeting create`.")
    elif link.is_default:
        lines.append("New calls use it unless another account's host is chosen.")
    else:
        lines.append(
            "Another account is the default; choose this one's host in `/meeting create`, or make it the default."
        )
    lines.append("You can take it back at any time with `/zoom unlink`.")
    buttons = [Button("How safe is it?", ZOOM_SHOW(link.link_id), Style.MAIN)]
    if not link.is_default:
        buttons.append(Button("Make it the default", ZOOM_DEFAULT(link.link_id)))
    return Reply((Text(joined(*lines)), Row(tuple(buttons))), "linked")


def status(views: Sequence[LinkView], chosen: LinkId | None = None) -> Reply:
    """The linked accounts: all of them as a list where there are several, and one in full."""
    if not views:
        return NOTHING_LINKED
    shown = next((view for view in views if view.link_id == chosen), views[0])
    blocks: list[Block] = []
    if len(views) > 1:
        heading = f"**{len(views)} Zoom accounts are linked.** New calls use the default one."
        blocks += [Text(heading), Menu(ZOOM_SHOW("which"), "Choose an account", _options(views, shown))]
    blocks.append(Text(account_text(shown)))
    buttons = []
    if len(views) > 1 and not shown.is_default:
        buttons.append(Button("Make it the default", ZOOM_DEFAULT(shown.link_id)))
    if shown.kind is LinkKind.USER:
        buttons.append(Button("Unlink", ZOOM_UNLINK(shown.link_id)))
    if buttons:
        blocks.append(Row(tuple(buttons)))
    return Reply(tuple(blocks), "zoom_status")


def unlink_question(links: Sequence[AccountLink], chosen: LinkId | None = None) -> Reply:
    """Which account, if there are several, and whether really."""
    removable = [link for link in links if link.kind is LinkKind.USER]
    if not removable:
        return say(f"{OPERATORS} {_BY_OPERATOR}", code="link_is_operators") if links else NOTHING_LINKED
    found = next((link for link in removable if link.link_id == chosen), removable[0] if len(removable) == 1 else None)
    if found is None:
        menu = Menu(ZOOM_UNLINK("which"), "Choose an account", _options(removable, None))
        return Reply((Text("**Which account shall be unlinked?**"), menu), "unlink_choose")
    text = joined(
        f"### Unlink {account_name(found)}?",
        "I give its access back to Zoom and erase my copy, at once.",
        "Calls that are planned on it stay at Zoom, but I hand out no more links to them and cannot change them. "
        "Links that people already have go on working.",
        "To undo this, its owner has to link it again.",
    )
    confirm = Button("Unlink", ZOOM_UNLINK_CONFIRM(found.link_id), Style.GRAVE)
    return Reply((Text(text), Row((confirm, Button("Keep it", ZOOM_UNLINK_NOT("all"))))), "unlink_asked")


_BY_OPERATOR = "It cannot be unlinked here: whoever runs the bot takes ZOOM_ACCOUNT_ID out of its settings."


def unlinked(done: Unlinked) -> Reply:
    """What unlinking did, and no more than is known."""
    lines = [f"### Unlinked: {account_name(done.link)}", "My copy of its access is erased."]
    if done.confirmed_by_zoom:
        lines.append("Zoom has confirmed that the access is revoked.")
    else:
        lines.append("**Zoom has not confirmed that the access is revoked.**")
        lines.append("To be sure, its owner removes Vestibule at <https://marketplace.zoom.us> > Manage > Added Apps.")
    if done.new_default is not None:
        lines.append(f"New calls now use {account_name(done.new_default)}.")
    if done.meetings:
        planned = [f"- {title(meeting)}, {moment(meeting.starts_at)}" for meeting in done.meetings]
        lines += [
            "",
            "**Planned calls on this account** are still at Zoom. I hand out no links to them any more, but those that people already have work:",
            fitting(planned, _ROOM_FOR_MEETINGS),
            "Its owner can delete them at zoom.us > Meetings; then the links are void. To hold them anyway, create them again on another account.",
        ]
    return say(*lines, code="unlinked" if done.confirmed_by_zoom else "unlinked_unconfirmed")


def _options(accounts: Sequence[LinkView | AccountLink], shown: LinkView | None) -> tuple[Option, ...]:
    return tuple(
        Option(
            clipped(account.hint or "The operator's account"),
            account.link_id,
            "the default account" if account.is_default else "",
            shown is not None and account.link_id == shown.link_id,
        )
        for account in accounts[:MAX_MENU]
    )
