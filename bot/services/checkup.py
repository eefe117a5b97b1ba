"""The operator's check-up: looks at what the bot depends on, and says of each thing whether it works and what to do if not.

Reads only. Each check asks a small probe and turns what it learns, or why it could learn nothing, into findings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from bot.domain.errors import Transient, VestibuleError
from bot.domain.grants import invite_url, missing_permissions, missing_scopes
from bot.domain.readback import RoomSettings
from bot.domain.values import GuildId, ZoomUserId
from bot.ports import IssuedToken, TokenIssuer, ZoomUser


class Level(Enum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    BROKEN = "broken"
    BY_HAND = "by hand"
    """Cannot be seen from here: a person has to look."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `fix` says what to do, where something is to be done."""

    level: Level
    title: str
    text: str
    fix: str = ""


class TablesState(Enum):
    """How the database's tables relate to this version."""

    EMPTY = "empty"
    BEHIND = "behind"
    CURRENT = "current"
    NEWER = "newer"


class DatabaseProbe(Protocol):
    """Looks at the database."""

    async def state(self) -> TablesState:
        """Raises a `VestibuleError` if the database cannot be reached or read."""
        ...


class ZoomProbe(Protocol):
    """Looks at a Zoom account with a token."""

    async def user(self, key: str) -> ZoomUser:
        """A user by address or id; raises `UserMistake` if the account has no such user."""
        ...

    async def host_settings(self, user_id: ZoomUserId) -> RoomSettings:
        """What the host's account settings add to every meeting; None where Zoom does not say."""
        ...


@dataclass(frozen=True, slots=True)
class ApplicationFacts:
    """What Discord says about the bot's application (https://docs.discord.com/developers/resources/application)."""

    application_id: int
    name: str
    needs_code_grant: bool = False
    has_interactions_endpoint: bool = False


@dataclass(frozen=True, slots=True)
class GuildStanding:
    """A server the bot is in, and what its roles allow it there (before what single channels forbid)."""

    guild_id: GuildId
    name: str
    permissions: int


class DiscordProbe(Protocol):
    """Looks at Discord with the bot's token."""

    async def application(self) -> ApplicationFacts:
        """Raises `NeedsAttention` if Discord refuses the token."""
        ...

    async def guild(self, guild_id: GuildId) -> GuildStanding | None:
        """None if the bot is not in that server."""
        ...

    async def guilds(self) -> Sequence[GuildStanding]:
        """The servers the bot is in, at most 200."""
        ...


async def check_database(probe: DatabaseProbe) -> list[Finding]:
    """Whether the database can be reached and its tables are those of this version."""
    try:
        state = await probe.state()
    except VestibuleError as error:
        return [_failed("Database", error, "Check DATABASE_URL and DATA_DIR.")]
    migrate = 'Run "vestibule migrate".'
    return {
        TablesState.CURRENT: [Finding(Level.OK, "Database", "reached; its tables are up to date.")],
        TablesState.EMPTY: [
            Finding(
                Level.WARNING, "Database", "reached, and empty.", f'{migrate} With SQLite "vestibule run" does it, too.'
            )
        ],
        TablesState.BEHIND: [Finding(Level.BROKEN, "Database", "its tables are those of an older version.", migrate)],
        TablesState.NEWER: [
            Finding(
                Level.BROKEN,
                "Database",
                "it was used by a newer version.",
                "Run that version, or restore the copy made before.",
            )
        ],
    }[state]


async def check_zoom(
    account_id: str, hosts: Sequence[str], issuer: TokenIssuer, probe_with: Callable[[IssuedToken], ZoomProbe]
) -> list[Finding]:
    """Credentials, scopes, and every host: do they exist, can they register people, is their account safe."""
    try:
        token = await issuer.account_token(account_id)
    except VestibuleError as error:
        fix = "Compare ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET with the app's page App Credentials; is the app activated?"
        return [_failed("Zoom credentials", error, fix)]
    findings = [Finding(Level.OK, "Zoom credentials", "Zoom gave a token."), *_scope_findings(token)]
    probe = probe_with(token)
    for key in hosts:
        findings += await _check_host(key, probe)
    return findings


def _scope_findings(token: IssuedToken) -> list[Finding]:
    missing = missing_scopes(token.scopes)
    fix = "Add them to the app (Scopes), then activate it again; docs/zoom-setup.md has the whole list."
    findings = [
        Finding(level, "Zoom scopes", f"{scope.admin} is missing: {scope.without}.", fix)
        for level, scopes in ((Level.BROKEN, missing.required), (Level.WARNING, missing.optional))
        for scope in scopes
    ]
    return findings or [Finding(Level.OK, "Zoom scopes", "all granted.")]


async def _check_host(key: str, probe: ZoomProbe) -> list[Finding]:
    title = f"Zoom host {_hint(key)}"
    try:
        user = await probe.user(key)
        settings = await probe.host_settings(user.user_id)
    except VestibuleError as error:
        return [_failed(title, error, "Correct ZOOM_HOSTS, or add the user to the Zoom account.")]
    findings = []
    if not user.licensed:
        findings.append(
            Finding(
                Level.WARNING,
                title,
                "has a Basic (free) licence, which cannot register people: their meetings have no personal links.",
                "Give the user a licence at zoom.us > Users, or host with another one.",
            )
        )
    if settings.participants_can_share:
        findings.append(
            Finding(
                Level.WARNING,
                title,
                "everybody in a call can share a screen; high-risk meetings are not opened like this.",
                'zoom.us > Settings > In Meeting > Screen sharing > Who can share: "Host Only".',
            )
        )
    if settings.waiting_room_for_everyone is False:
        findings.append(
            Finding(
                Level.WARNING,
                title,
                "the account's waiting room does not hold everyone.",
                'zoom.us > Settings > Security > Waiting Room > Edit Options: "Everyone".',
            )
        )
    return findings or [Finding(Level.OK, title, "found, licensed, with safe settings.")]


async def check_discord(guild_id: GuildId | None, probe: DiscordProbe) -> list[Finding]:
    """Token, application, and what the bot may do in its servers; ends with the address that invites it."""
    try:
        application = await probe.application()
    except VestibuleError as error:
        fix = "Reset the token at https://discord.com/developers/applications > your app > Bot, and set DISCORD_TOKEN to the new one."
        return [_failed("Discord token", error, fix)]
    findings = [
        Finding(Level.OK, "Discord token", f"accepted; the bot is {application.name}."),
        *_application_findings(application),
    ]
    address = invite_url(application.application_id)
    try:
        findings += await _standing_findings(guild_id, probe, address)
    except VestibuleError as error:
        findings.append(_failed("Discord servers", error, "Try again in a minute."))
    findings.append(Finding(Level.OK, "Invite address", address))
    return findings


def _application_findings(application: ApplicationFacts) -> list[Finding]:
    portal = f"https://discord.com/developers/applications/{application.application_id}"
    findings = [Finding(Level.OK, "Discord intents", "no privileged intent is needed.")]
    if application.has_interactions_endpoint:
        text = "an Interactions Endpoint URL is set, so commands and buttons do not reach the bot."
        findings.append(
            Finding(Level.BROKEN, "Discord application", text, f"Empty that field at {portal}/information.")
        )
    if application.needs_code_grant:
        text = '"Requires OAuth2 Code Grant" is on, so the invite address fails.'
        findings.append(Finding(Level.BROKEN, "Discord application", text, f"Switch it off at {portal}/bot."))
    return findings


async def _standing_findings(guild_id: GuildId | None, probe: DiscordProbe, address: str) -> list[Finding]:
    invite = f"Open {address} as an admin of the server."
    if guild_id is None:
        servers = list(await probe.guilds())
        if not servers:
            return [Finding(Level.WARNING, "Discord servers", "the bot is in no server yet.", invite)]
    else:
        own = await probe.guild(guild_id)
        if own is None:
            text = "the bot is not in the server of DISCORD_GUILD_ID."
            return [Finding(Level.BROKEN, "Discord servers", text, f"{invite} Or correct DISCORD_GUILD_ID.")]
        servers = [own]
    return [finding for server in servers for finding in _permission_findings(server, address)]


def _permission_findings(server: GuildStanding, address: str) -> list[Finding]:
    title = f"Permissions in {server.name}"
    findings = [
        Finding(
            Level.BROKEN if permission.required else Level.WARNING,
            title,
            f"{permission.name} is missing: {permission.without}.",
            f"Give it to the bot's role in Server Settings > Roles, or open {address} again.",
        )
        for permission in missing_permissions(server.permissions)
        if permission.required or permission.invited
    ]
    return findings or [Finding(Level.OK, title, "all there; single channels can still forbid them.")]


def _failed(title: str, error: VestibuleError, fix: str) -> Finding:
    """A check that could not be made. Where the other side does not answer, nothing is known to be wrong."""
    level = Level.WARNING if isinstance(error, Transient) else Level.BROKEN
    return Finding(level, title, error.message, "Try again in a minute." if level is Level.WARNING else fix)


def _hint(key: str) -> str:
    """Enough of an address or id for the operator to recognise it."""
    local, sign, domain = key.partition("@")
    return f"{local[:1]}…@{domain}" if sign else f"{key[:4]}…"
