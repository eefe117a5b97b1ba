"""Turns what a person fills in (options, choices, form fields) into what their Discord app would send, refusing what it would refuse.

https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-interaction-data
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.rehearsal.discord_command_checks import (
    BOOLEAN,
    CHANNEL,
    GROUP,
    INTEGER,
    MENTIONABLE,
    NUMBER,
    ROLE,
    STRING,
    SUBCOMMAND,
    USER,
)
from bot.rehearsal.discord_components import (
    ACTION_ROW,
    CHANNEL_SELECT,
    CHECKBOX,
    CHECKBOX_GROUP,
    FILE_UPLOAD,
    LABEL,
    MENTIONABLE_SELECT,
    RADIO_GROUP,
    ROLE_SELECT,
    STRING_SELECT,
    TEXT_INPUT,
    USER_SELECT,
)
from bot.rehearsal.discord_errors import NotVisible, RefusedByClient
from bot.rehearsal.discord_payloads import channel_json, resolved_member_json, role_json, user_json
from bot.rehearsal.discord_permissions import Permission
from bot.rehearsal.discord_world import Channel, Json, Member, Role, User, World

Plain = str | int | float | bool
Value = Plain | Member | User | Role | Channel
FormValue = Plain | Sequence[Value]


class Resolver:
    """Collects the `resolved` part of one interaction for the things its values name."""

    def __init__(self, world: World, actor: Member | None, channel: Channel) -> None:
        self._world, self._actor, self._channel = world, actor, channel
        self.resolved: dict[str, Json] = {}

    def add(self, value: Value) -> str:
        """The id to send for a person, role or channel, which is added to `resolved`."""
        if isinstance(value, User) and self._channel.guild is not None:
            value = self._channel.guild.members.get(value.id, value)
        if isinstance(value, Member):
            self._put("members", value.id, resolved_member_json(self._world, value, self._channel))
            value = value.user
        if isinstance(value, User):
            return self._put("users", value.id, user_json(value))
        if isinstance(value, Role):
            return self._put("roles", value.id, role_json(value))
        if isinstance(value, Channel):
            return self._put("channels", value.id, self._channel_json(value))
        raise RefusedByClient(f"{value!r} is not a person, role or channel")

    def _channel_json(self, channel: Channel) -> Json:
        actor = self._actor
        if actor is None or not self._world.can(actor, channel, Permission.VIEW_CHANNEL):
            raise NotVisible(f"#{channel.name} cannot be chosen by someone who does not see it")
        body = {k: v for k, v in channel_json(channel).items() if k != "permission_overwrites"}
        bot = self._world.bot_in(actor.guild)
        return body | {
            "permissions": str(self._world.permissions_in(actor, channel)),
            "app_permissions": str(self._world.permissions_in(bot, channel) if bot else 0),
        }

    def _put(self, kind: str, thing_id: int, body: Json) -> str:
        self.resolved.setdefault(kind, {})[str(thing_id)] = body
        return str(thing_id)


def find_leaf(command: Json, words: Sequence[str]) -> tuple[list[Json], Sequence[Json]]:
    """The chain of sub-command definitions named by `words`, and the options of the last one."""
    chain: list[Json] = []
    options: Sequence[Json] = command.get("options") or ()
    for word in words:
        found = next((o for o in options if o["name"] == word and o["type"] in (SUBCOMMAND, GROUP)), None)
        if found is None:
            raise NotVisible(f"/{command['name']} has no sub-command {word!r}")
        chain.append(found)
        options = found.get("options") or ()
    if any(option["type"] in (SUBCOMMAND, GROUP) for option in options):
        raise NotVisible(f"/{command['name']} needs a sub-command: {', '.join(o['name'] for o in options)}")
    return chain, options


def nest(chain: Sequence[Json], options: list[Json]) -> list[Json]:
    """The `options` of the interaction data, wrapped in the sub-commands of `chain`."""
    for part in reversed(chain):
        options = [{"name": part["name"], "type": part["type"], "options": options}]
    return options


def fill_options(
    definitions: Sequence[Json], values: Mapping[str, Value], resolver: Resolver, *, typing: str | None = None
) -> list[Json]:
    """Command options as sent; with `typing` (the option being autocompleted) nothing else need be filled in yet."""
    names = {definition["name"] for definition in definitions}
    unknown = set(values) - names
    if unknown:
        raise RefusedByClient(f"no option {', '.join(sorted(unknown))}; there are {', '.join(sorted(names))}")
    filled: list[Json] = []
    for definition in definitions:
        name = definition["name"]
        if name not in values:
            if definition.get("required") and typing is None:
                raise RefusedByClient(f"option {name!r} is required")
            continue
        if name == typing:
            filled.append({"name": name, "type": definition["type"], "value": str(values[name]), "focused": True})
        else:
            value = _option_value(definition, values[name], resolver)
            filled.append({"name": name, "type": definition["type"], "value": value})
    return filled


def _option_value(definition: Json, value: Value, resolver: Resolver) -> Plain:
    kind, name = definition["type"], definition["name"]
    if kind in (USER, CHANNEL, ROLE, MENTIONABLE):
        fits = {USER: (Member, User), CHANNEL: (Channel,), ROLE: (Role,), MENTIONABLE: (Member, User, Role)}[kind]
        if not isinstance(value, fits):
            raise RefusedByClient(f"option {name!r} wants one of {[c.__name__ for c in fits]}, not {value!r}")
        _fits_channel_types(definition, value)
        return resolver.add(value)
    if isinstance(value, Member | User | Role | Channel):
        raise RefusedByClient(f"option {name!r} wants text or a number")
    choices = definition.get("choices") or ()
    for choice in choices:
        if value in (choice["value"], choice["name"]):
            chosen: Plain = choice["value"]
            return chosen
    if choices:
        raise RefusedByClient(f"option {name!r} offers {[c['name'] for c in choices]}, not {value!r}")
    return _plain_value(definition, value)


def _plain_value(definition: Json, value: Plain) -> Plain:
    kind, name = definition["type"], definition["name"]
    wanted: tuple[type, ...] = {STRING: (str,), INTEGER: (int,), BOOLEAN: (bool,), NUMBER: (int, float)}[kind]
    if not isinstance(value, wanted) or (isinstance(value, bool) and kind != BOOLEAN):
        raise RefusedByClient(f"option {name!r} wants {wanted[0].__name__}, not {value!r}")
    size = len(value) if isinstance(value, str) else value
    low, high = ("min_length", "max_length") if kind == STRING else ("min_value", "max_value")
    if definition.get(low) is not None and size < definition[low]:
        raise RefusedByClient(f"option {name!r} is below {definition[low]}")
    most = definition.get(high) if definition.get(high) is not None else 6000 if kind == STRING else None
    if most is not None and size > most:
        raise RefusedByClient(f"option {name!r} is above {most}")
    return value


def _fits_channel_types(definition: Json, value: Value) -> None:
    types = definition.get("channel_types")
    if types and isinstance(value, Channel) and value.kind not in types:
        raise RefusedByClient(f"#{value.name} is not of the channel types offered")


def _offered(options: Sequence[Json], words: str) -> str | None:
    """The value of the option with this value or label; else of the first whose label begins so, as a person finds a name by its beginning."""
    by_name = {option["label"]: option["value"] for option in options} | {o["value"]: o["value"] for o in options}
    begins = (option["value"] for option in options if option["label"].startswith(words))
    return str(by_name[words]) if words in by_name else next(map(str, begins), None)


def select_values(select: Json, values: Sequence[Value], resolver: Resolver) -> list[str]:
    """The values of a select as sent; refuses what is not offered and counts outside min_values and max_values."""
    low, high = select.get("min_values", 1), select.get("max_values", 1)
    if not low <= len(values) <= high:
        raise RefusedByClient(f"choose {low} to {high}, not {len(values)}")
    kind = select["type"]
    if kind in (STRING_SELECT, RADIO_GROUP, CHECKBOX_GROUP):
        chosen = {str(value): _offered(select["options"], str(value)) for value in values}
        missing = [value for value, found in chosen.items() if found is None]
        if missing:
            raise RefusedByClient(f"{missing} is not offered; there are {[o['label'] for o in select['options']]}")
        return [found for found in chosen.values() if found is not None]
    fits = {
        USER_SELECT: (Member, User),
        ROLE_SELECT: (Role,),
        CHANNEL_SELECT: (Channel,),
        MENTIONABLE_SELECT: (Member, User, Role),
    }[kind]
    for value in values:
        if not isinstance(value, fits):
            raise RefusedByClient(f"this select offers {[c.__name__ for c in fits]}, not {value!r}")
        _fits_channel_types(select, value)
    return [resolver.add(value) for value in values]


def fill_form(components: Sequence[Json], values: Mapping[str, FormValue], resolver: Resolver) -> list[Json]:
    """The components of a form submission; fields are named by custom_id or by their label."""
    named = {name for component in components for name in _names(component)}
    unknown = set(values) - named
    if unknown:
        raise RefusedByClient(
            f"the form has no field {', '.join(sorted(unknown))}; there are {', '.join(sorted(named))}"
        )
    return [_submitted(component, values, resolver) for component in components]


def _names(component: Json) -> Iterator[str]:
    for field in _inputs(component):
        yield field["custom_id"]
    label = component.get("label") or next((f.get("label") for f in _inputs(component)), None)
    if label:
        yield label


def _inputs(component: Json) -> Sequence[Json]:
    if component["type"] == LABEL:
        return [component["component"]]
    return component["components"] if component["type"] == ACTION_ROW else []


def _submitted(component: Json, values: Mapping[str, FormValue], resolver: Resolver) -> Json:
    base: Json = {"type": component["type"], "id": component["id"]}
    inputs = _inputs(component)
    if not inputs:
        return base
    given = next((values[name] for name in _names(component) if name in values), None)
    field = {**_field(inputs[0], given, resolver), "id": inputs[0]["id"]}
    return {**base, "component": field} if component["type"] == LABEL else {**base, "components": [field]}


def _field(field: Json, given: FormValue | None, resolver: Resolver) -> Json:
    kind, custom_id = field["type"], field["custom_id"]
    base: Json = {"type": kind, "custom_id": custom_id}
    required = field.get("required", True)
    if kind == TEXT_INPUT:
        return base | {"value": _text(field, given, required=required)}
    if kind == CHECKBOX:
        return base | {"value": bool(field.get("default") if given is None else given)}
    if kind == FILE_UPLOAD:
        return base | {"values": []}
    picked: Sequence[Value] = [given] if isinstance(given, Plain) else given if given is not None else _defaults(field)
    if not picked and required:
        raise RefusedByClient(f"field {custom_id!r} is required")
    sent = select_values(field, picked, resolver) if picked else []
    if kind == RADIO_GROUP:
        return base | {"value": sent[0] if sent else None}
    return base | {"values": sent}


def _defaults(field: Json) -> list[Value]:
    return [option["value"] for option in field.get("options") or () if option.get("default")]


def _text(field: Json, given: FormValue | None, *, required: bool) -> str:
    text = str(field.get("value") or "" if given is None else given)
    low = field.get("min_length") or (1 if required else 0)
    if (text or required) and not low <= len(text) <= (field.get("max_length") or 4000):
        raise RefusedByClient(
            f"field {field['custom_id']!r} wants {low} to {field.get('max_length') or 4000} characters"
        )
    return text
