"""The application's synced commands: one global list and one per guild, with counts, ids and who may see which.

https://docs.discord.com/developers/interactions/application-commands
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.rehearsal.discord_command_checks import CHAT_INPUT, check_commands
from bot.rehearsal.discord_errors import ApiError
from bot.rehearsal.discord_limits import Limits
from bot.rehearsal.discord_permissions import ALL_PERMISSIONS, Permission
from bot.rehearsal.discord_world import Channel, Guild, Json, Member, World

GLOBAL = 0
GUILD_CONTEXT = 0
DAY = timedelta(days=1)


class Commands:
    """What the bot has synced, and what server admins changed about who may use it."""

    def __init__(self, world: World, limits: Limits) -> None:
        self._world, self._limits = world, limits
        self.scopes: dict[int, list[Json]] = {}
        self._created: dict[int, list[datetime]] = {}
        self._overrides: dict[tuple[int, str], dict[int, bool]] = {}

    def overwrite(self, scope: int, body: object) -> list[Json]:
        """Replace all commands of a scope (a guild id, or GLOBAL); only names that are new count as creates (30034 past 200 a day)."""
        commands = check_commands(body)
        now = self._world.now()
        existing = {(c["type"], c["name"]): c for c in self.scopes.get(scope, ())}
        fresh = [c for c in commands if (c.get("type", CHAT_INPUT), c["name"]) not in existing]
        recent = [at for at in self._created.get(scope, ()) if now - at < DAY]
        most = self._limits.command_creates_per_day
        if len(recent) + len(fresh) > most:
            wait = (recent[0] + DAY - now).total_seconds() if recent else DAY.total_seconds()
            message = f"Max number of daily application command creates has been reached ({most})"
            raise ApiError(429, 30034, message, retry_after=wait)
        self._created[scope] = recent + [now] * len(fresh)
        self.scopes[scope] = [
            self._stored(scope, c, existing.get((c.get("type", CHAT_INPUT), c["name"]))) for c in commands
        ]
        return self.scopes[scope]

    def _stored(self, scope: int, command: Json, before: Json | None) -> Json:
        permissions = command.get("default_member_permissions")
        stored: Json = {
            "options": [],
            "nsfw": False,
            "dm_permission": True,
            "contexts": None,
            "integration_types": [0],
            **copy.deepcopy(command),
            "id": before["id"] if before else str(self._world.snowflake()),
            "application_id": str(self._world.bot.id),
            "type": command.get("type", CHAT_INPUT),
            "description": command.get("description", ""),
            "default_member_permissions": None if permissions is None else str(permissions),
            "version": str(self._world.snowflake()),
        }
        return stored if scope == GLOBAL else {**stored, "guild_id": str(scope)}

    def allow(self, guild: Guild, name: str, target_id: int, allowed: bool) -> None:
        """What an admin sets under Server Settings > Integrations: `target_id` is a role's, member's or channel's id."""
        self._overrides.setdefault((guild.id, name), {})[target_id] = allowed

    def all(self) -> Iterator[Json]:
        """Every synced command of every scope."""
        for commands in self.scopes.values():
            yield from commands

    def named(self, guild: Guild | None, name: str, kind: int) -> Json | None:
        """The command of that name: the guild's own before the global one."""
        scopes = (GLOBAL,) if guild is None else (guild.id, GLOBAL)
        found = (c for s in scopes for c in self.scopes.get(s, ()) if c["type"] == kind and c["name"] == name)
        return next(found, None)

    def shown_to(self, command: Json, member: Member, channel: Channel) -> bool:
        """Whether the person's app offers `command` there.

        https://docs.discord.com/developers/interactions/application-commands#permissions
        """
        contexts = command.get("contexts")
        if contexts is not None and GUILD_CONTEXT not in contexts:
            return False
        has = self._world.permissions_in(member, channel)
        if has & Permission.ADMINISTRATOR:
            return True
        if not has & Permission.VIEW_CHANNEL or not has & Permission.USE_APPLICATION_COMMANDS:
            return False
        overrides = self._overrides.get((member.guild.id, command["name"]), {})
        if overrides.get(channel.id) is False:
            return False
        if member.id in overrides:
            return overrides[member.id]
        by_role = [overrides[r.id] for r in member.roles if r.id in overrides]
        if by_role:
            return any(by_role)
        if member.guild.id in overrides:
            return overrides[member.guild.id]
        needed = command.get("default_member_permissions")
        if needed is None:
            return True
        wanted = int(needed)
        return wanted != 0 and has & wanted & ALL_PERMISSIONS == wanted
