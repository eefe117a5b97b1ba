"""Discord's permission bits and the arithmetic that turns roles and overwrites into what a member may do.

https://docs.discord.com/developers/topics/permissions (bit table, "Permission Hierarchy" and "Permission Overwrites").
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntFlag


class Permission(IntFlag):
    """The bits this stand-in acts on; other bits are carried along untouched."""

    KICK_MEMBERS = 1 << 1
    BAN_MEMBERS = 1 << 2
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_AUDIT_LOG = 1 << 7
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    CONNECT = 1 << 20
    CHANGE_NICKNAME = 1 << 26
    MANAGE_ROLES = 1 << 28
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_EVENTS = 1 << 33
    MODERATE_MEMBERS = 1 << 40
    CREATE_EVENTS = 1 << 44
    PIN_MESSAGES = 1 << 51


ALL_PERMISSIONS = (1 << 53) - 1

EVERYONE_DEFAULT = int(
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.ADD_REACTIONS
    | Permission.CONNECT
    | Permission.CHANGE_NICKNAME
    | Permission.USE_APPLICATION_COMMANDS
)
"""What @everyone may do in a new guild of the stand-in."""

TIMED_OUT_KEEPS = int(Permission.VIEW_CHANNEL | Permission.READ_MESSAGE_HISTORY)
"""A timed-out member loses all but these: https://docs.discord.com/developers/topics/permissions ("Permissions for Timed Out Members")."""


def base_permissions(everyone: int, role_permissions: Iterable[int], *, is_owner: bool) -> int:
    """What a member may do before channel overwrites; the owner and ADMINISTRATOR may do everything."""
    if is_owner:
        return ALL_PERMISSIONS
    permissions = everyone
    for extra in role_permissions:
        permissions |= extra
    return ALL_PERMISSIONS if permissions & Permission.ADMINISTRATOR else permissions


def with_overwrites(
    base: int, everyone: tuple[int, int], roles: Iterable[tuple[int, int]], member: tuple[int, int]
) -> int:
    """Apply (allow, deny) pairs in Discord's order: @everyone, then all roles together, then the member."""
    if base & Permission.ADMINISTRATOR:
        return ALL_PERMISSIONS
    role_allow = role_deny = 0
    for allow, deny in roles:
        role_allow |= allow
        role_deny |= deny
    permissions = base
    for allow, deny in (everyone, (role_allow, role_deny), member):
        permissions = permissions & ~deny | allow
    return permissions if permissions & Permission.VIEW_CHANNEL else permissions & ~_NEEDS_VIEW


_NEEDS_VIEW = int(
    Permission.SEND_MESSAGES
    | Permission.MANAGE_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.MENTION_EVERYONE
    | Permission.CONNECT
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.PIN_MESSAGES
)
