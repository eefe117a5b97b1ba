"""The messages the bot posts by itself: what they say and which button they carry.

Public ones never hold an id of Zoom's, a link or a passcode. Times are Discord's own (`<t:...>`), so each reader sees their own zone
(https://docs.discord.com/developers/reference#message-formatting).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import discord
from discord.utils import format_dt

from bot.adapters.discord_chat.replies.wording import length, moment, soon, typed
from bot.adapters.discord_chat.views.get_link import GetLink, WasISignedUp
from bot.domain.meeting import public_words
from bot.ports import Announcement, HostBrief, Notice, OwnerAsk, Phase


@dataclass(frozen=True, slots=True)
class Post:
    """A message ready to send. `view` is None where there is nothing to press."""

    content: str
    view: discord.ui.View | None = None


def announcement_post(announcement: Announcement) -> Post:
    """What the community sees of a meeting. Needs a running event loop, as discord.py's views do."""
    cancelled = "Cancelled: " if announcement.phase is Phase.CANCELLED else ""
    lines = [
        f"## {cancelled}{typed(announcement.topic)}",
        f"{moment(announcement.starts_at)}, {length(announcement.ends_at - announcement.starts_at)}",
        *([f"Every week until {format_dt(announcement.weekly_until, 'D')}."] if announcement.weekly_until else []),
        *public_words(announcement.profile, personal_links=announcement.personal_links),
        *(["This one is for a smaller group here."] if announcement.small_group else []),
        "",
        _phase_line(announcement),
    ]
    pressable = announcement.phase in (Phase.SCHEDULED, Phase.LINKS_OPEN, Phase.LIVE)
    return Post("\n".join(lines), _with(GetLink(announcement.meeting_id)) if pressable else None)


def notice_post(notice: Notice, announcement: Announcement) -> Post:
    """One message without names, whose button tells each presser privately what it means for them."""
    match notice:
        case Notice.CANCELLED:
            rest = ", and so are the ones after it" if announcement.rest_cancelled else ""
            text = (
                f"**{typed(announcement.topic)}**, planned for {format_dt(announcement.starts_at, 'F')}, is cancelled{rest}. "
                "I hand out no link for it any more.\nPress the button and I tell you privately whether you had asked for it."
            )
            return Post(text, _with(WasISignedUp(announcement.meeting_id)))
        case Notice.REMINDER:
            open_now = announcement.phase is Phase.LINKS_OPEN
            links = "Links are open" if open_now else f"Links open {soon(announcement.opens_at)}"
            text = f"**{typed(announcement.topic)}** starts {soon(announcement.starts_at)}. {links}: press the button, and only you see the answer."
            return Post(text, _with(GetLink(announcement.meeting_id)))
        case Notice.ROTATED:
            text = (
                f"**{typed(announcement.topic)}** has new links. Links I gave out before do not work any more.\n"
                "Press the button, and only you see yours. There is nothing else you have to do."
            )
            return Post(text, _with(GetLink(announcement.meeting_id)))
        case Notice.CHANGED:
            lines = [
                f"**{typed(announcement.topic)}** has changed. It is now {moment(announcement.starts_at)}, "
                f"{length(announcement.ends_at - announcement.starts_at)}.",
                *public_words(announcement.profile, personal_links=announcement.personal_links),
                "If you have a link, press the button: I tell you privately whether it still holds.",
            ]
            return Post("\n".join(lines), _with(GetLink(announcement.meeting_id)))


def host_brief_text(brief: HostBrief) -> str:
    """What one host is told in private. It holds no link: hosts get in by signing in to Zoom."""
    topic = typed(brief.topic)
    role = "an alternative host" if brief.alternative else "the host"
    admit = (
        "- Admit only names with a tag (such as Ana·K7F) that `/meeting show` lists in the server."
        if brief.personal_links
        else "- Nobody has a tag in this meeting, so I cannot tell you who is a member. Admit people one by one."
    )
    return "\n".join(
        (
            f"You are {role} of **{topic}**, {moment(brief.starts_at)}.",
            f"**To start it:** sign in to Zoom as **{typed(brief.zoom_hint)}**, then **Meetings** > {topic} > **Start**.",
            "You need no link for that, and I send none.",
            "",
            "**Letting people in**",
            "- Only you or a co-host can admit people from the waiting room.",
            admit,
            '- Never press "Admit all".',
        )
    )


def owner_ask_post(ask: OwnerAsk) -> Post:
    """What the owner of a dead link is told in private, with a button that leads to the server. A grant is never given in a direct message."""
    text = (
        f"The link to your Zoom account **{typed(ask.zoom_hint)}** no longer works: Zoom does not accept it any more. "
        "Until it is linked again I cannot create meetings or make links on it.\n"
        "**To link it again:** open the server with the button and type `/zoom link` there. I send no sign-in page in direct messages, "
        "so do not trust one. If you ended the link on purpose, type `/zoom unlink` there, and I forget the account."
    )
    server = f"https://discord.com/channels/{ask.guild_id}"
    return Post(text, _with(discord.ui.Button(label="Open the server", style=discord.ButtonStyle.link, url=server)))


def _phase_line(announcement: Announcement) -> str:
    match announcement.phase:
        case Phase.SCHEDULED:
            return f"**Links open {soon(announcement.opens_at)}.** Press earlier and I note that you are coming."
        case Phase.LINKS_OPEN:
            return "**Links are open now.** Press the button; only you see the answer."
        case Phase.LIVE:
            return "**The call is live now.** Press the button; only you see the answer."
        case Phase.ENDED:
            return "**This meeting is over.**"
        case Phase.CANCELLED:
            return "**This meeting will not take place.** No link is handed out any more."


def _with(button: discord.ui.Button[Any]) -> discord.ui.View:
    """A view with one button that works after any restart. It is stopped, so that discord.py keeps nothing of it in memory."""
    view = discord.ui.View(timeout=None)
    view.add_item(button)
    view.stop()
    return view
