"""The panel of `/setup`: what is missing and what it costs, what is set, and the choices, page by page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from bot.adapters.discord_chat.presses import (
    SETUP_CHANNEL,
    SETUP_FORM,
    SETUP_HOST,
    SETUP_PAGE,
    SETUP_PERSON,
    SETUP_ROLES,
)
from bot.adapters.discord_chat.replies.shape import (
    Block,
    Button,
    ChannelPick,
    Menu,
    Option,
    PersonPick,
    Reply,
    RolePick,
    Row,
    Style,
    Text,
    joined,
)
from bot.adapters.discord_chat.replies.wording import (
    bullets,
    channel,
    clipped,
    counted,
    fitting,
    length,
    person,
    role,
    typed,
)
from bot.domain.community import Community, Gap, GapKind
from bot.domain.meeting import Host
from bot.domain.values import ChannelId, RoleId, ZoomUserId
from bot.services.community_setup import ChannelKind, RoleKind, SetupView

_ROOM_FOR_GAPS = 1700
_ROOM_FOR_WARNINGS = 900
MAX_MENU = 25


class Page(Enum):
    """The pages of the panel. The value is the button's label."""

    SUMMARY = "Summary"
    ROLES = "Roles"
    CHANNELS = "Channels"
    HOSTS = "Hosts"
    TIMES = "Times and ages"


class Form(Enum):
    """What is typed rather than chosen."""

    PLACE = "place"
    NUMBERS = "numbers"
    RETENTION = "retention"


@dataclass(frozen=True, slots=True)
class Existing:
    """Roles and channels that are still there, so that a menu never starts with one that was deleted."""

    roles: frozenset[int]
    channels: frozenset[int]

    def role_ids(self, chosen: frozenset[RoleId]) -> tuple[RoleId, ...]:
        """Those of the chosen roles that exist."""
        return tuple(sorted(role_id for role_id in chosen if role_id in self.roles))

    def channel_id(self, chosen: ChannelId | None) -> ChannelId | None:
        """The chosen channel if it exists."""
        return chosen if chosen in self.channels else None


_ROLE_TEXTS: dict[RoleKind, tuple[str, str]] = {
    RoleKind.VERIFIED: (
        "Verified roles",
        "Whoever has one of these can get a link. Choose roles that a moderator gives by hand.",
    ),
    RoleKind.ORGANISER: ("Organiser roles", "May create and cancel calls, and all that moderators may."),
    RoleKind.MODERATOR: ("Moderator roles", "May see who holds a link, and act on a call."),
    RoleKind.ON_CALL: ("On-call role", "Is mentioned in the moderators' channel in an emergency."),
}
_CHANNEL_TEXTS: dict[ChannelKind, tuple[str, str]] = {
    ChannelKind.ANNOUNCEMENTS: (
        "Announcement channel",
        "Where calls are announced, with the button Get my link. Never a link itself.",
    ),
    ChannelKind.MODERATORS: (
        "Moderators' channel",
        "Where alerts go, with names. Only moderators may be able to view it.",
    ),
}


def panel(
    view: SetupView,
    page: Page,
    existing: Existing,
    *,
    problem: str = "",
    host: ZoomUserId | None = None,
) -> Reply:
    """One page of the panel. `problem` says why the last choice was not taken; `host` is the Zoom host being matched to a member."""
    pages: dict[Page, Callable[[], list[Block]]] = {
        Page.SUMMARY: lambda: _summary(view),
        Page.ROLES: lambda: _roles(view, existing),
        Page.CHANNELS: lambda: _channels(view, existing),
        Page.HOSTS: lambda: _hosts(view, host),
        Page.TIMES: lambda: _times(view),
    }
    above: list[Block] = [Text(f"**Not changed.** {problem}")] if problem else []
    below: list[Block] = [] if page is Page.SUMMARY else _warnings(view)
    navigation = Row(
        tuple(
            Button(
                each.value, SETUP_PAGE(each.name.lower()), Style.MAIN if each is page else Style.PLAIN, off=each is page
            )
            for each in Page
        )
    )
    return Reply((*above, *pages[page](), *below, navigation), "refused" if problem else "setup")


def _summary(view: SetupView) -> list[Block]:
    blocking = [_gap(gap) for gap in view.gaps if gap.kind is GapKind.BLOCKS]
    if view.account_broken:
        blocking.insert(
            0,
            "- **Zoom account**: Zoom refuses it, so nothing works there. The operator runs `vestibule doctor`; it says what to do.",
        )
    weakening = [_gap(gap) for gap in view.gaps if gap.kind is GapKind.WEAKENS]
    blocks: list[Block] = [Text("## Settings of this community")]
    if blocking:
        blocks.append(Text(joined("**Missing, and without it calls do not work:**", fitting(blocking, _ROOM_FOR_GAPS))))
    else:
        blocks.append(Text("**Ready.** Organisers can create calls with `/meeting create`."))
    if weakening:
        blocks.append(Text(joined("**Missing, and it would help:**", fitting(weakening, _ROOM_FOR_GAPS))))
    return [*blocks, *_warnings(view), Text(joined("**As it is now**", *_now(view)))]


def _gap(gap: Gap) -> str:
    return f"- **{gap.setting}**: {gap.consequence}"


def _warnings(view: SetupView) -> list[Block]:
    if not view.warnings:
        return []
    lines = [f"- {typed(warning)}" for warning in view.warnings]
    return [Text(joined("**Please look at this:**", fitting(lines, _ROOM_FOR_WARNINGS)))]


def _now(view: SetupView) -> list[str]:
    community = view.community
    named = sum(host.member_id is not None for host in view.hosts)
    return [
        f"Verified: {_role_list(community.verified_roles)}",
        f"Organisers: {_role_list(community.organiser_roles)}",
        f"Moderators: {_role_list(community.moderator_roles)}",
        f"On call: {role(community.on_call_role) if community.on_call_role is not None else 'not set'}",
        f"Announcements: {channel(community.announcement_channel) if community.announcement_channel is not None else 'not set'}",
        f"Moderators' channel: {channel(community.moderators_channel) if community.moderators_channel is not None else 'not set'}",
        f"Zoom hosts: {len(view.hosts)}, {named} of them matched to a member here",
        *_time_lines(community),
    ]


def _role_list(roles: frozenset[RoleId]) -> str:
    shown = [role(role_id) for role_id in sorted(roles)][:8]
    more = f" and {len(roles) - 8} more" if len(roles) > 8 else ""
    return (", ".join(shown) + more) if shown else "not set"


def _time_lines(community: Community) -> list[str]:
    stay = community.min_membership_age.days
    return [
        f"Time zone: {community.timezone or 'not set, so UTC'}. Country: {community.country or 'not set'}",
        f"Links open {length(community.link_release)} before the start",
        f"Reminders go out {length(community.reminder)} before the start" if community.reminder else "No reminders",
        f"Discord accounts at least {counted(community.min_account_age.days, 'day')} old,"
        f" {counted(community.open_door_min_account_age.days, 'day')} for open doors",
        f"In this server for at least {counted(stay, 'day')}" if stay else "In this server for any time",
        f"What is known of people in a call is deleted {counted(community.retention.days, 'day')} after it",
    ]


def _roles(view: SetupView, existing: Existing) -> list[Block]:
    community = view.community
    on_call = frozenset({community.on_call_role} if community.on_call_role is not None else ())
    chosen = {
        RoleKind.VERIFIED: community.verified_roles,
        RoleKind.ORGANISER: community.organiser_roles,
        RoleKind.MODERATOR: community.moderator_roles,
        RoleKind.ON_CALL: on_call,
    }
    blocks: list[Block] = [Text(joined("## Roles", "Each choice is saved at once."))]
    for kind, (name, meaning) in _ROLE_TEXTS.items():
        most = 1 if kind is RoleKind.ON_CALL else 25
        blocks.append(Text(f"**{name}**. {meaning}"))
        blocks.append(RolePick(SETUP_ROLES(kind.name.lower()), name, existing.role_ids(chosen[kind]), most))
    return blocks


def _channels(view: SetupView, existing: Existing) -> list[Block]:
    chosen = {
        ChannelKind.ANNOUNCEMENTS: view.community.announcement_channel,
        ChannelKind.MODERATORS: view.community.moderators_channel,
    }
    blocks: list[Block] = [Text(joined("## Channels", "Each choice is saved at once."))]
    for kind, (name, meaning) in _CHANNEL_TEXTS.items():
        blocks.append(Text(f"**{name}**. {meaning}"))
        blocks.append(ChannelPick(SETUP_CHANNEL(kind.name.lower()), name, existing.channel_id(chosen[kind])))
    return blocks


def _hosts(view: SetupView, picked: ZoomUserId | None) -> list[Block]:
    heading = joined(
        "## Hosts",
        "Say who each Zoom host is here. Hosts are told in private how to start their call, and get no link.",
    )
    if not view.hosts:
        return [
            Text(
                joined(
                    heading,
                    "**No Zoom host is known yet.** Type `/zoom link`, or the operator names them in ZOOM_HOSTS (docs/zoom-setup.md).",
                )
            )
        ]
    lines = [
        f"- {_host_label(host)}: {person(host.member_id) if host.member_id is not None else 'nobody named'}"
        for host in view.hosts
    ]
    options = tuple(
        Option(
            clipped(host.name or host.hint),
            host.user_id,
            clipped(f"{host.hint}, {'licensed' if host.licensed else 'free: no personal links'}"),
            host.user_id == picked,
        )
        for host in view.hosts[:MAX_MENU]
    )
    blocks: list[Block] = [
        Text(joined(heading, fitting(lines, _ROOM_FOR_GAPS))),
        Menu(SETUP_HOST("which"), "Choose a Zoom host", options),
    ]
    found = next((host for host in view.hosts if host.user_id == picked), None)
    if found is not None:
        blocks.append(Text(f"**Who is {_host_label(found)} here?**"))
        blocks.append(PersonPick(SETUP_PERSON(found.user_id), "Choose a member, or nobody", found.member_id))
    return blocks


def _host_label(host: Host) -> str:
    return f"{typed(host.name)} ({typed(host.hint)})" if host.name else typed(host.hint)


def _times(view: SetupView) -> list[Block]:
    text = joined("## Times and ages", bullets(_time_lines(view.community)))
    buttons = (
        Button("Change time zone and country", SETUP_FORM(Form.PLACE.value), Style.MAIN),
        Button("Change ages and link time", SETUP_FORM(Form.NUMBERS.value), Style.MAIN),
        Button("Change how long data is kept", SETUP_FORM(Form.RETENTION.value), Style.MAIN),
    )
    return [Text(text), Row(buttons)]
