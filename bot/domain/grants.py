"""What Vestibule asks of Zoom and Discord, each with its reason: one table for the setup guides, `doctor`, the invite address and the stand-ins.

Zoom scopes: https://developers.zoom.us/docs/integrations/oauth-scopes-granular/ . Whoever adds a scope later makes everyone authorise again
(https://developers.zoom.us/docs/build-flow/), so the tables name from the start what the whole product will need.
Discord: https://docs.discord.com/developers/topics/permissions , https://docs.discord.com/developers/events/gateway
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

_ADMIN = ":admin"


class Part(Enum):
    """The part of the product that first needs a grant. The values stand in the setup guides."""

    MEETINGS = "meetings"
    INVITES = "invites"
    FOLLOWING = "invites that follow the member"
    LIVE = "live meeting"
    REPORTS = "reports"
    LEAKS = "leaked links"


@dataclass(frozen=True, slots=True)
class Scope:
    """A granular Zoom scope. `name` is the user form; server-to-server and admin-managed apps need the `:admin` form.

    `without` says what is lost if it is missing. `admin_only`: Zoom has no user form of it.
    """

    name: str
    why: str
    without: str
    part: Part
    required: bool = False
    admin_only: bool = False

    @property
    def admin(self) -> str:
        """The form for server-to-server and admin-managed apps."""
        return self.name + _ADMIN

    @property
    def user(self) -> str:
        """The form for user-managed apps; empty if Zoom has none."""
        return "" if self.admin_only else self.name

    def granted(self, granted: Iterable[str]) -> bool:
        """Whether either form is among the granted scopes."""
        return bool({self.name, self.admin} & set(granted))


SCOPES: tuple[Scope, ...] = (
    Scope(
        "user:read:user",
        "see who a host is, and whether they have a licence",
        "no host can be checked, so no meeting can be created",
        Part.MEETINGS,
        required=True,
    ),
    Scope(
        "user:read:list_users",
        "offer the account's users as hosts",
        "hosts have to be named by address or id in ZOOM_HOSTS",
        Part.MEETINGS,
        admin_only=True,
    ),
    Scope(
        "user:read:settings",
        "read who can share a screen and who waits in the waiting room",
        "a created meeting cannot be checked, so it is not opened",
        Part.MEETINGS,
        required=True,
    ),
    Scope(
        "meeting:write:meeting",
        "create meetings",
        "no meeting can be created",
        Part.MEETINGS,
        required=True,
    ),
    Scope(
        "meeting:read:meeting",
        "read a created meeting back; hear of its start, end and changes",
        "a created meeting cannot be checked, so it is not opened",
        Part.MEETINGS,
        required=True,
    ),
    Scope(
        "meeting:read:list_meetings",
        "find a meeting again whose creation was not answered; find live ones",
        "a lost answer from Zoom could leave a second meeting behind",
        Part.MEETINGS,
        required=True,
    ),
    Scope(
        "meeting:update:meeting",
        "change a meeting",
        "a meeting can only be cancelled and created anew",
        Part.MEETINGS,
        required=True,
    ),
    Scope(
        "meeting:delete:meeting",
        "cancel a meeting",
        "cancelled meetings stay at Zoom",
        Part.MEETINGS,
        required=True,
    ),
    Scope(
        "meeting:write:registrant",
        "give each member a personal link",
        "no personal links",
        Part.INVITES,
        required=True,
    ),
    Scope(
        "meeting:read:list_registrants",
        "find a personal link again whose making was not answered; check that links are void",
        "a lost answer from Zoom could leave a member without a link",
        Part.INVITES,
        required=True,
    ),
    Scope(
        "meeting:update:registrant_status",
        "void personal links",
        "a personal link cannot be taken back",
        Part.INVITES,
        required=True,
    ),
    Scope(
        "meeting:write:invite_links",
        "make links for open-door meetings and for hosts without a licence",
        "no open-door meetings, and no meetings on free accounts",
        Part.INVITES,
        required=True,
    ),
    Scope(
        "meeting:write:batch_registrants",
        "make many personal links in one request",
        "when many press at once they wait longer",
        Part.FOLLOWING,
    ),
    Scope(
        "meeting:read:registrant",
        "hear of registrations that are not ours",
        "a stranger's attempt to register goes unnoticed until the waiting room",
        Part.FOLLOWING,
    ),
    Scope(
        "meeting:delete:registrant",
        "erase a member's name and address from a meeting at Zoom",
        "an erased member's shown name stays at Zoom until Zoom forgets the meeting",
        Part.FOLLOWING,
    ),
    Scope(
        "meeting:update:status",
        "end a meeting for everyone",
        "moderators cannot end a meeting from Discord",
        Part.LIVE,
        required=True,
    ),
    Scope(
        "meeting:read:participant",
        "hear who waits, joins and leaves",
        "the bot cannot see who is in a meeting",
        Part.LIVE,
    ),
    Scope(
        "meeting:read:participant_sharing",
        "hear who shares a screen",
        "nobody is warned when a stranger shares",
        Part.LIVE,
    ),
    Scope(
        "meeting:update:in_meeting_controls",
        "remove a stranger from a running meeting, where Zoom has enabled that for the account",
        "strangers have to be removed by the host in Zoom",
        Part.LIVE,
    ),
    Scope(
        "meeting:read:past_meeting",
        "complete a report after the call",
        "a report has only what was seen during the call",
        Part.REPORTS,
    ),
    Scope(
        "meeting:read:list_past_participants",
        "list in a report who was there",
        "a report has only what was seen during the call",
        Part.REPORTS,
    ),
    Scope(
        "report:read:list_meeting_participants",
        "list in a report who was there and with which link",
        "a report has only what was seen during the call",
        Part.REPORTS,
        admin_only=True,
    ),
    Scope(
        "dashboard:read:list_meeting_participants",
        "add IP addresses to a report for the police (Business plan or higher)",
        "the police have to ask Zoom for IP addresses",
        Part.REPORTS,
        admin_only=True,
    ),
    Scope(
        "meeting:read:risk_alert",
        "hear from Zoom that a meeting's link was found in public",
        "Zoom's warnings of leaked links do not arrive",
        Part.LEAKS,
    ),
)


@dataclass(frozen=True, slots=True)
class MissingScopes:
    """Scopes that were not granted. Without the required ones the main job does not work."""

    required: tuple[Scope, ...]
    optional: tuple[Scope, ...]


def missing_scopes(granted: Iterable[str]) -> MissingScopes:
    """What of the table is not among the granted scopes, in either form; each says in `without` what that costs."""
    have = frozenset(granted)
    missing = [scope for scope in SCOPES if not scope.granted(have)]
    return MissingScopes(
        tuple(scope for scope in missing if scope.required), tuple(scope for scope in missing if not scope.required)
    )


@dataclass(frozen=True, slots=True)
class Permission:
    """A Discord permission of the bot. `name` as Discord writes it; `invited`: part of the invite address, otherwise given by hand if wanted."""

    name: str
    bit: int
    why: str
    without: str
    required: bool = False
    invited: bool = True


PERMISSIONS: tuple[Permission, ...] = (
    Permission(
        "VIEW_CHANNEL",
        1 << 10,
        "see the announcement channel and the moderators' channel",
        "nothing can be posted there",
        required=True,
    ),
    Permission(
        "SEND_MESSAGES",
        1 << 11,
        "post announcements with the button, and notices",
        "nothing can be posted",
        required=True,
    ),
    Permission(
        "EMBED_LINKS",
        1 << 14,
        "show announcements as cards",
        "announcements are hard to read",
        required=True,
    ),
    Permission(
        "READ_MESSAGE_HISTORY",
        1 << 16,
        "edit its own announcements later",
        "announcements cannot say that links are open or a meeting is off",
        required=True,
    ),
    Permission(
        "CREATE_EVENTS",
        1 << 44,
        "add each meeting to the server's events",
        "no server events",
    ),
    Permission(
        "MANAGE_EVENTS",
        1 << 33,
        "change and cancel those events",
        "events may show old times",
    ),
    Permission(
        "VIEW_AUDIT_LOG",
        1 << 7,
        "hear at once that a member lost a role, was kicked or banned",
        "a link is taken back minutes later instead of at once",
    ),
    Permission(
        "MANAGE_MESSAGES",
        1 << 13,
        "delete a message that leaks a link",
        "a moderator has to delete it",
    ),
    Permission(
        "MANAGE_GUILD",
        1 << 5,
        "create a rule that blocks Zoom links in public channels (AutoMod)",
        "pasted links are seen until somebody reports them",
        invited=False,
    ),
)


@dataclass(frozen=True, slots=True)
class Intent:
    """A gateway intent. `name` is discord.py's flag; `privileged` ones have to be switched on in the Developer Portal."""

    name: str
    bit: int
    why: str
    required: bool = False
    privileged: bool = False


INTENTS: tuple[Intent, ...] = (
    Intent("guilds", 1 << 0, "know servers, channels and roles", required=True),
    Intent("moderation", 1 << 2, "hear of role changes, kicks and bans (needs VIEW_AUDIT_LOG)", required=True),
    Intent("guild_scheduled_events", 1 << 16, "keep the server's events in step", required=True),
    Intent(
        "auto_moderation_execution", 1 << 21, "hear who tried to post a Zoom link (needs MANAGE_GUILD)", required=True
    ),
    Intent("members", 1 << 1, "hear at once that somebody left; otherwise asked for every 5 minutes", privileged=True),
)
"""https://docs.discord.com/developers/events/gateway#gateway-intents ; the message content intent is never asked for."""


def permission_bits() -> int:
    """The permissions the invite address asks for, as Discord's number."""
    return sum(permission.bit for permission in PERMISSIONS if permission.invited)


def missing_permissions(granted: int) -> tuple[Permission, ...]:
    """What of the table the bot does not have, required ones first. An administrator (bit 3) has everything."""
    if granted & 1 << 3:
        return ()
    missing = [permission for permission in PERMISSIONS if not granted & permission.bit]
    return tuple(sorted(missing, key=lambda permission: not permission.required))


def invite_url(application_id: int) -> str:
    """Where an admin adds the bot to a server (https://docs.discord.com/developers/topics/oauth2#bot-authorization-flow)."""
    return (
        "https://discord.com/oauth2/authorize"
        f"?client_id={application_id}&scope=bot+applications.commands&permissions={permission_bits()}"
    )
