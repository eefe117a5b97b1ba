"""The hands of the people in the stand-in's Discord: what a member can do in their app, sent to the bot as the real service sends it.

Every act checks that the person can really do it: sees the channel, is offered the command, has the button on a message on their screen.
https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.rehearsal.discord_command_checks import CHAT_INPUT, INTEGER, MESSAGE_COMMAND, NUMBER, STRING, USER_COMMAND
from bot.rehearsal.discord_commands import Commands
from bot.rehearsal.discord_components import BUTTON, LINK_STYLE, SELECTS, walk
from bot.rehearsal.discord_errors import NotVisible, RefusedByClient
from bot.rehearsal.discord_handles import InteractionHandle
from bot.rehearsal.discord_interactions import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    MODAL_SUBMIT,
    Interaction,
    Interactions,
    Modal,
)
from bot.rehearsal.discord_payloads import channel_json, member_json, message_json, user_json
from bot.rehearsal.discord_permissions import Permission
from bot.rehearsal.discord_service import DiscordService
from bot.rehearsal.discord_sight import Sight
from bot.rehearsal.discord_values import (
    FormValue,
    Resolver,
    Value,
    fill_form,
    fill_options,
    find_leaf,
    nest,
    select_values,
)
from bot.rehearsal.discord_world import Channel, Json, Member, Message, User, World


class Hands:
    """Acts of people that reach the bot as interactions."""

    def __init__(self, service: DiscordService, interactions: Interactions, commands: Commands, sight: Sight) -> None:
        self._service, self._world = service, service.world
        self._interactions, self._commands, self._sight = interactions, commands, sight

    def slash(
        self, member: Member, channel: Channel, command: str, options: Mapping[str, Value] | None = None
    ) -> InteractionHandle:
        """Run a slash command, sub-commands separated by blanks: `slash(ana, general, "meeting create", {"topic": "Chess"})`."""
        definition, words = self._offered(member, channel, command)
        chain, definitions = find_leaf(definition, words)
        resolver = Resolver(self._world, member, channel)
        filled = fill_options(definitions, options or {}, resolver)
        data = self._command_data(definition, nest(chain, filled), resolver)
        return self._send(COMMAND, data, member, channel)

    def autocomplete(
        self,
        member: Member,
        channel: Channel,
        command: str,
        option: str,
        typed: str,
        options: Mapping[str, Value] | None = None,
    ) -> InteractionHandle:
        """Type into an option that offers suggestions; `options` are those already filled in."""
        definition, words = self._offered(member, channel, command)
        chain, definitions = find_leaf(definition, words)
        focused = next((d for d in definitions if d["name"] == option), None)
        if focused is None or not focused.get("autocomplete") or focused["type"] not in (STRING, INTEGER, NUMBER):
            raise NotVisible(f"/{command} suggests nothing for {option!r}")
        resolver = Resolver(self._world, member, channel)
        filled = fill_options(definitions, {**(options or {}), option: typed}, resolver, typing=option)
        data = self._command_data(definition, nest(chain, filled), resolver)
        return self._send(AUTOCOMPLETE, data, member, channel, option_kind=focused["type"])

    def context_menu(self, member: Member, name: str, target: Member | Message, channel: Channel) -> InteractionHandle:
        """Choose an app command from the menu on a person (in `channel`) or on a message."""
        kind = MESSAGE_COMMAND if isinstance(target, Message) else USER_COMMAND
        definition = self._commands.named(member.guild, name, kind)
        if definition is None or not self._commands.shown_to(definition, member, channel):
            raise NotVisible(f"{member.display_name} is not offered {name!r}")
        resolver = Resolver(self._world, member, channel)
        if isinstance(target, Message):
            self._must_see(member.user, target)
            resolver.resolved["messages"] = {str(target.id): message_json(self._world, target)}
        else:
            resolver.add(target)
        data = {**self._command_data(definition, [], resolver), "target_id": str(target.id)}
        del data["options"]
        return self._send(COMMAND, data, member, channel)

    def press(self, person: Member | User, message: Message, button: str) -> InteractionHandle:
        """Press a button, named by its custom_id or its label."""
        component = self._component(person, message, button, (BUTTON,))
        if component.get("style") == LINK_STYLE:
            raise RefusedByClient(
                f"{button!r} is a link: pressing it opens {component['url']} and tells the bot nothing"
            )
        data: Json = {"custom_id": component["custom_id"], "component_type": BUTTON, "id": component["id"]}
        return self._send(COMPONENT, data, person, message.channel, message=message)

    def select(
        self, person: Member | User, message: Message, custom_id: str, values: Sequence[Value]
    ) -> InteractionHandle:
        """Choose values in a select, named by its custom_id or placeholder."""
        component = self._component(person, message, custom_id, SELECTS)
        resolver = Resolver(self._world, person if isinstance(person, Member) else None, message.channel)
        data: Json = {
            "custom_id": component["custom_id"],
            "component_type": component["type"],
            "id": component["id"],
            "values": select_values(component, values, resolver),
        }
        if resolver.resolved:
            data["resolved"] = resolver.resolved
        return self._send(COMPONENT, data, person, message.channel, message=message)

    def submit_modal(self, form: InteractionHandle | Modal, values: Mapping[str, FormValue]) -> InteractionHandle:
        """Send a form in, as the person it was opened for; fields are named by custom_id or label."""
        modal = form.modal if isinstance(form, InteractionHandle) else form
        if modal is None:
            raise NotVisible("no form was opened")
        opened = modal.opened_by
        person: Member | User = opened.member or opened.user
        resolver = Resolver(self._world, opened.member, opened.channel)
        data: Json = {
            "custom_id": modal.custom_id,
            "components": fill_form(modal.components, values, resolver),
            "resolved": resolver.resolved,
        }
        return self._send(MODAL_SUBMIT, data, person, opened.channel, message=opened.message)

    def _offered(self, member: Member, channel: Channel, command: str) -> tuple[Json, list[str]]:
        name, *words = command.removeprefix("/").split()
        definition = self._commands.named(member.guild, name, CHAT_INPUT)
        if definition is None:
            raise NotVisible(f"there is no command /{name}")
        if not self._commands.shown_to(definition, member, channel):
            raise NotVisible(f"{member.display_name} is not offered /{name} in #{channel.name}")
        return definition, words

    def _command_data(self, definition: Json, options: list[Json], resolver: Resolver) -> Json:
        data: Json = {
            "id": definition["id"],
            "name": definition["name"],
            "type": definition["type"],
            "options": options,
        }
        if "guild_id" in definition:
            data["guild_id"] = definition["guild_id"]
        if resolver.resolved:
            data["resolved"] = resolver.resolved
        return data

    def _must_see(self, user: User, message: Message) -> None:
        if not self._sight.can_see(user, message):
            raise NotVisible(f"{user.name} does not see that message")

    def _component(self, person: Member | User, message: Message, name: str, kinds: Sequence[int]) -> Json:
        self._must_see(person.user if isinstance(person, Member) else person, message)
        found = [
            component
            for _, component in walk(message.components)
            if component["type"] in kinds and name in (component.get(n) for n in ("custom_id", "label", "placeholder"))
        ]
        if not found:
            raise NotVisible(f"nothing called {name!r} on that message")
        if len(found) > 1:
            raise NotVisible(f"{len(found)} things called {name!r} on that message: name it by its custom_id")
        if found[0].get("disabled"):
            raise NotVisible(f"{name!r} is switched off")
        return found[0]

    def _send(
        self,
        kind: int,
        data: Json,
        person: Member | User,
        channel: Channel,
        *,
        message: Message | None = None,
        option_kind: int = STRING,
    ) -> InteractionHandle:
        member = person if isinstance(person, Member) and channel.guild is not None else None
        if channel.guild is not None and (member is None or channel.guild.members.get(member.id) is not member):
            raise NotVisible(f"not a member of {channel.guild.name}")
        if member is not None and not self._world.can(member, channel, Permission.VIEW_CHANNEL):
            raise NotVisible(f"{member.display_name} does not see #{channel.name}")
        user = person.user if isinstance(person, Member) else person
        interaction = Interaction(
            self._world.snowflake(), kind, user, channel, self._world.now(), member, message, option_kind=option_kind
        )
        if self._service.gateway.connected:  # nobody is waited for who is not there
            interaction.answer_within = self._service.gateway.answer_within
        self._interactions.add(interaction)
        payload = _payload(self._world, interaction, data)
        self._service.gateway.dispatch("INTERACTION_CREATE", payload, channel.guild)
        return InteractionHandle(interaction, self._world.now)


def _payload(world: World, interaction: Interaction, data: Json) -> Json:
    channel, guild, member = interaction.channel, interaction.channel.guild, interaction.member
    payload: Json = {
        "id": str(interaction.id),
        "application_id": str(world.bot.id),
        "type": interaction.kind,
        "data": data,
        "channel_id": str(channel.id),
        "channel": channel_json(channel),
        "token": interaction.token,
        "version": 1,
        "app_permissions": "0",
        "locale": "en-US",
        "entitlements": [],
        "authorizing_integration_owners": {"0": str(guild.id if guild else 0)},
        "context": 1 if guild is None else 0,
        "attachment_size_limit": 10_485_760,
    }
    if interaction.message is not None:
        payload["message"] = message_json(world, interaction.message)
    if guild is None or member is None:
        return payload | {"user": user_json(interaction.user)}
    bot, permissions = world.bot_in(guild), str(world.permissions_in(member, channel))
    payload["channel"]["permissions"] = permissions
    return payload | {
        "guild_id": str(guild.id),
        "guild": {"id": str(guild.id), "features": guild.features, "locale": guild.locale},
        "guild_locale": guild.locale,
        "member": {**member_json(member), "permissions": permissions},
        "app_permissions": str(world.permissions_in(bot, channel) if bot else 0),
    }
