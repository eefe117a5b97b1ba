"""Who saw what: everything each person could read in the stand-in's Discord, every version of it, for transcripts and leak tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.rehearsal.discord_commands import Commands
from bot.rehearsal.discord_interactions import Interactions
from bot.rehearsal.discord_permissions import Permission
from bot.rehearsal.discord_text import event_text, message_text, modal_text
from bot.rehearsal.discord_world import EXTERNAL_EVENT, Guild, Member, Message, ScheduledEvent, User, World, created

SeenKind = Literal["message", "ephemeral", "direct", "event", "form", "choices", "command", "audit"]


@dataclass(frozen=True)
class SeenItem:
    """One thing on someone's screen. `text` is as read; `raw` holds all that reached the app (button ids, link addresses, files)."""

    kind: SeenKind
    at: datetime
    place: str
    text: str
    raw: str
    message: Message | None = None
    version: int = 0
    deleted: bool = False

    def mentions(self, needle: str) -> bool:
        """Whether `needle` occurs anywhere in it."""
        return needle in self.text or needle in self.raw


class Sight:
    """Answers what a person can see, and what more than one person can."""

    def __init__(self, world: World, interactions: Interactions, commands: Commands) -> None:
        self._world, self._interactions, self._commands = world, interactions, commands

    def visible_to(self, person: Member | User) -> list[SeenItem]:
        """All a person can or could read, oldest first; a `User` or former member still sees EXTERNAL events."""
        user = person.user if isinstance(person, Member) else person
        items = [
            *self._messages(user),
            *self._private(user),
            *(item for g in self._world.guilds.values() for item in self._events(g, g.members.get(user.id))),
            *(item for g in self._world.guilds.values() for item in self._audit(g, g.members.get(user.id))),
        ]
        return sorted(items, key=lambda item: item.at)

    def all_public(self) -> list[SeenItem]:
        """All that is not for one person alone: guild messages of every channel, events, audit reasons, command texts."""
        items = [
            item
            for message in self._world.messages.values()
            if message.private_to is None and message.channel.guild is not None
            for item in (_version_item(message, index, "message") for index in range(len(message.versions)))
        ]
        for guild in self._world.guilds.values():
            items += [item for event in guild.events.values() for item in _event_items(event)]
            items += _audit_items(guild)
        items += [
            SeenItem(
                "command", self._world.now(), f"/{command['name']}", str(command["description"]), json.dumps(command)
            )
            for command in self._commands.all()
        ]
        return sorted(items, key=lambda item: item.at)

    def can_see(self, user: User, message: Message) -> bool:
        """Whether the message stands on this person's screen now."""
        if message.deleted_at is not None or message.private_to not in (None, user.id):
            return False
        guild = message.channel.guild
        if guild is None:
            return message.channel.recipient is user
        member = guild.members.get(user.id)
        return member is not None and self._world.can(member, message.channel, Permission.VIEW_CHANNEL)

    def _messages(self, user: User) -> Iterator[SeenItem]:
        for message in self._world.messages.values():
            kind: SeenKind = "message"
            if message.private_to is not None:
                kind = "ephemeral"
            elif message.channel.guild is None:
                kind = "direct"
            now = self.can_see(user, message)
            for index, version in enumerate(message.versions):
                if now or user.id in version.seen_by:
                    yield _version_item(message, index, kind)

    def _private(self, user: User) -> Iterator[SeenItem]:
        for interaction in self._interactions.of(user):
            place = place_name(interaction.channel.guild, interaction.channel.name)
            if interaction.modal is not None:
                raw = json.dumps(interaction.modal.components)
                yield SeenItem("form", interaction.created_at, place, modal_text(interaction.modal), raw)
            if interaction.choices:
                text = " / ".join(str(choice["name"]) for choice in interaction.choices)
                yield SeenItem("choices", interaction.created_at, place, text, json.dumps(interaction.choices))

    def _events(self, guild: Guild, member: Member | None) -> Iterator[SeenItem]:
        for event in guild.events.values():
            channel = guild.channels.get(int(event.body.get("channel_id") or 0))
            if event.body.get("entity_type") == EXTERNAL_EVENT or (
                member is not None and channel is not None and self._world.can(member, channel, Permission.VIEW_CHANNEL)
            ):
                yield from _event_items(event)

    def _audit(self, guild: Guild, member: Member | None) -> list[SeenItem]:
        if member is None or not self._world.guild_permissions(member) & Permission.VIEW_AUDIT_LOG:
            return []
        return _audit_items(guild)


def place_name(guild: Guild | None, channel: str) -> str:
    """A channel as people call it."""
    return f"#{channel} in {guild.name}" if guild is not None else "direct message"


def _version_item(message: Message, index: int, kind: SeenKind) -> SeenItem:
    version, place = message.versions[index], place_name(message.channel.guild, message.channel.name)
    raw = json.dumps([version.content, list(version.embeds), list(version.components), list(version.attachments)])
    deleted = message.deleted_at is not None
    return SeenItem(kind, version.at, place, message_text(version), raw, message, index, deleted)


def _event_items(event: ScheduledEvent) -> Iterator[SeenItem]:
    for index, (at, body) in enumerate(event.versions):
        yield SeenItem("event", at, f"events of {event.guild.name}", event_text(body), json.dumps(body), version=index)


def _audit_items(guild: Guild) -> list[SeenItem]:
    return [
        SeenItem("audit", created(int(entry["id"])), f"audit log of {guild.name}", entry["reason"], json.dumps(entry))
        for entry in guild.audit_log
        if entry.get("reason")
    ]
