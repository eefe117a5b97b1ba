"""Rules for application commands: names, descriptions, options, nesting and counts.

https://docs.discord.com/developers/interactions/application-commands (naming, option types, limits).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence

from bot.rehearsal.discord_components import only_fields, text_between
from bot.rehearsal.discord_errors import ApiError, invalid_form
from bot.rehearsal.discord_world import Json

CHAT_INPUT, USER_COMMAND, MESSAGE_COMMAND = 1, 2, 3
SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(1, 12)
LIMITS = {CHAT_INPUT: 100, USER_COMMAND: 15, MESSAGE_COMMAND: 15}
"""Commands of one type in one scope."""

_NAME = re.compile(r"[-_'\w]{1,32}")
_COMMAND_FIELDS = {
    "id", "type", "name", "name_localizations", "description", "description_localizations", "options",
    "default_member_permissions", "dm_permission", "contexts", "integration_types", "nsfw", "handler",
}  # fmt: skip
_OPTION_FIELDS = {
    "type", "name", "name_localizations", "description", "description_localizations", "required", "choices", "options",
    "channel_types", "min_value", "max_value", "min_length", "max_length", "autocomplete",
}  # fmt: skip


def check_commands(commands: object) -> list[Json]:
    """The body of a bulk overwrite as a list of commands; ApiError says what Discord would refuse."""
    if not isinstance(commands, list) or not all(isinstance(command, dict) for command in commands):
        raise invalid_form("", "LIST_TYPE_CONVERT", "Only iterables may be used in a list type")
    counts = Counter(command.get("type", CHAT_INPUT) for command in commands)
    for kind, count in counts.items():
        most = LIMITS.get(kind, 0)
        if count > most:
            raise ApiError(400, 30032, f"Maximum number of application commands reached ({most})")
    names = Counter((command.get("type", CHAT_INPUT), command.get("name")) for command in commands)
    for index, command in enumerate(commands):
        _check_command(command, str(index))
        if names[command.get("type", CHAT_INPUT), command["name"]] > 1:
            code = "APPLICATION_COMMANDS_DUPLICATE_NAME"
            raise invalid_form(f"{index}.name", code, "Application command names must be unique")
    return commands


def _check_command(command: Json, path: str) -> None:
    only_fields(command, _COMMAND_FIELDS, path)
    kind = command.get("type", CHAT_INPUT)
    if kind == CHAT_INPUT:
        _check_name(command, path)
        text_between(command, "description", 1, 100, path)
        _check_options(command.get("options") or [], f"{path}.options", depth=0)
        if _size(command) > 8000:
            raise invalid_form(path, "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)")
    else:
        text_between(command, "name", 1, 32, path)
        if command.get("description") or command.get("options"):
            raise invalid_form(
                f"{path}.description", "CONTEXT_MENU_DESCRIPTION", "Context menus have no description or options."
            )
    permissions = command.get("default_member_permissions")
    if permissions is not None and not str(permissions).isdigit():
        raise invalid_form(f"{path}.default_member_permissions", "NUMBER_TYPE_COERCE", "Value is not a bit set.")


def _check_name(named: Json, path: str) -> None:
    text_between(named, "name", 1, 32, path)
    name: str = named["name"]
    if not _NAME.fullmatch(name) or name != name.lower():
        raise invalid_form(f"{path}.name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def _check_options(options: Sequence[Json], path: str, depth: int) -> None:
    if len(options) > 25:
        raise invalid_form(path, "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    nested = {option.get("type") in (SUBCOMMAND, GROUP) for option in options}
    if len(nested) > 1:
        raise invalid_form(
            path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Sub-commands cannot be mixed with other options."
        )
    seen: set[str] = set()
    optional = False
    for index, option in enumerate(options):
        here = f"{path}.{index}"
        _check_option(option, here, depth)
        if option["name"] in seen:
            raise invalid_form(
                f"{here}.name", "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", "Option name already exists"
            )
        seen.add(option["name"])
        if option.get("required") and optional:
            code = "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID"
            raise invalid_form(here, code, "Required options must be placed before non-required options")
        optional = optional or not option.get("required")


def _check_option(option: Json, path: str, depth: int) -> None:
    only_fields(option, _OPTION_FIELDS | ({"nsfw"} if option.get("type") in (SUBCOMMAND, GROUP) else set()), path)
    kind = option.get("type")
    if kind not in range(1, 12):
        raise invalid_form(f"{path}.type", "BASE_TYPE_CHOICES", "Value must be one of 1 to 11.")
    _check_name(option, path)
    text_between(option, "description", 1, 100, path)
    if kind in (SUBCOMMAND, GROUP):
        if depth > (1 if kind == SUBCOMMAND else 0):
            raise invalid_form(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Groups nest only one level deep.")
        _check_options(option.get("options") or [], f"{path}.options", depth + 1)
        return
    if option.get("options"):
        raise invalid_form(
            f"{path}.options", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Only sub-commands have options."
        )
    _check_choices(option, path)


def _check_choices(option: Json, path: str) -> None:
    choices = option.get("choices") or []
    if option.get("autocomplete") and (choices or option["type"] not in (STRING, INTEGER, NUMBER)):
        code = "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_INVALID"
        raise invalid_form(path, code, "Autocomplete goes with text and numbers and without choices.")
    check_choices(choices, f"{path}.choices", option["type"])


def check_choices(choices: object, path: str, kind: int) -> None:
    """Refuse more than 25 choices, bad names (1-100), and values that are not of option type `kind`."""
    if not isinstance(choices, list) or len(choices) > 25:
        raise invalid_form(path, "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    for index, choice in enumerate(choices):
        here = f"{path}.{index}"
        only_fields(choice, {"name", "name_localizations", "value"}, here)
        text_between(choice, "name", 1, 100, here)
        if kind == STRING:
            text_between(choice, "value", 0, 100, here)
        elif isinstance(choice.get("value"), bool) or not isinstance(choice.get("value"), int | float):
            raise invalid_form(f"{here}.value", "NUMBER_TYPE_COERCE", "Value is not a number.")


def _size(part: Json) -> int:
    """Characters counted against 8000: names, descriptions and choice values, sub-commands included."""
    own = len(part.get("name") or "") + len(part.get("description") or "")
    choices = sum(len(c["name"]) + len(json.dumps(c["value"])) for c in part.get("choices") or ())
    return own + choices + sum(_size(option) for option in part.get("options") or ())
