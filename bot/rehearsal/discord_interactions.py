"""Interactions in the Discord stand-in: one press, command or form at a time, its token, its answers and their rules.

https://docs.discord.com/developers/interactions/receiving-and-responding . The first answer is due within 3 s; the token lives 15 min; the first
acknowledgement fixes whether the answer is private.
"""

from __future__ import annotations

import asyncio
import copy
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.rehearsal.discord_checks import EDIT_FIELDS, EDIT_FLAGS, REPLY_FIELDS, REPLY_FLAGS, check_message, check_result
from bot.rehearsal.discord_command_checks import check_choices
from bot.rehearsal.discord_components import check_modal, number_components, only_fields
from bot.rehearsal.discord_errors import ApiError, invalid_form, unknown
from bot.rehearsal.discord_payloads import message_json
from bot.rehearsal.discord_service import DiscordService
from bot.rehearsal.discord_world import COMPONENTS_V2, EPHEMERAL, LOADING, Channel, Json, Member, Message, User

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
REPLY, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
ANSWER_WITHIN = timedelta(seconds=3)
TOKEN_LIVES = timedelta(minutes=15)


@dataclass(eq=False)
class Modal:
    """A form the bot opened for one person."""

    opened_by: Interaction
    custom_id: str
    title: str
    components: Sequence[Json]


@dataclass(eq=False)
class Interaction:
    """What one person did once, and all the bot answered. `changed` is set at the next change and then replaced."""

    id: int
    kind: int
    user: User
    channel: Channel
    created_at: datetime
    member: Member | None = None
    message: Message | None = None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    option_kind: int = 3
    answer: int | None = None
    original: Message | None = None
    followups: list[Message] = field(default_factory=list)
    modal: Modal | None = None
    choices: Sequence[Json] | None = None
    updates_from: int | None = None
    answer_within: timedelta = ANSWER_WITHIN
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def touch(self) -> None:
        """Wake whoever waits for an answer."""
        was, self.changed = self.changed, asyncio.Event()
        was.set()


class Interactions:
    """All interactions by id and token, and the endpoints that answer them."""

    def __init__(self, service: DiscordService) -> None:
        self._service, self._world = service, service.world
        self._by_id: dict[int, Interaction] = {}
        self._by_token: dict[str, Interaction] = {}

    def add(self, interaction: Interaction) -> None:
        """Remember an interaction that was just sent to the bot."""
        self._by_id[interaction.id] = interaction
        self._by_token[interaction.token] = interaction

    def of(self, user: User) -> list[Interaction]:
        """All one person did."""
        return [interaction for interaction in self._by_id.values() if interaction.user is user]

    def respond(self, interaction_id: int, token: str, body: Json, attachments: Sequence[Json]) -> Json:
        """The callback endpoint: 40060 when answered before, 10062 when unknown or later than 3 s."""
        interaction = self._by_id.get(interaction_id)
        if interaction is None or interaction.token != token:
            raise unknown("interaction", 10062)
        if interaction.answer is not None:
            raise ApiError(400, 40060, "Interaction has already been acknowledged.")
        if self._world.now() - interaction.created_at > interaction.answer_within:
            raise unknown("interaction", 10062)
        only_fields(body, {"type", "data"}, "")
        kind, data = body.get("type"), body.get("data") or {}
        if kind not in self._allowed(interaction):
            raise invalid_form("type", "INTERACTION_CALLBACK_TYPE", f"Type {kind} does not answer this interaction.")
        self._act(interaction, kind, data, attachments)
        interaction.answer = kind
        interaction.touch()
        return self._callback_json(interaction, kind)

    def _allowed(self, interaction: Interaction) -> tuple[int, ...]:
        if interaction.kind == AUTOCOMPLETE:
            return (CHOICES,)
        updates = (DEFER_UPDATE, UPDATE) if interaction.message is not None else ()
        return (REPLY, DEFER, *updates) + (() if interaction.kind == MODAL_SUBMIT else (MODAL,))

    def _act(self, interaction: Interaction, kind: int, data: Json, attachments: Sequence[Json]) -> None:
        source = interaction.message
        if kind == REPLY:
            interaction.original = self._new_reply(interaction, data, attachments)
        elif kind == DEFER:
            only_fields(data, {"flags"}, "data")
            flags = data.get("flags") or 0
            if flags & ~EPHEMERAL:
                raise invalid_form("data.flags", "BITFIELD_NOT_ALLOWED", "Only EPHEMERAL may be set here.")
            interaction.original = self._post(interaction, {"flags": flags | LOADING}, private=bool(flags & EPHEMERAL))
        elif kind == UPDATE and source is not None:
            interaction.updates_from = len(source.versions)
            self._edit(source, data, attachments)
        elif kind == DEFER_UPDATE and source is not None:
            interaction.updates_from = len(source.versions)
        elif kind == CHOICES:
            only_fields(data, {"choices"}, "data")
            check_choices(data.get("choices"), "data.choices", interaction.option_kind)
            interaction.choices = copy.deepcopy(data["choices"])
        elif kind == MODAL:
            check_modal(data)
            components = copy.deepcopy(data["components"])
            number_components(components)
            interaction.modal = Modal(interaction, data["custom_id"], data["title"], components)

    def _callback_json(self, interaction: Interaction, kind: int) -> Json:
        message = interaction.original if kind in (REPLY, DEFER) else interaction.message
        body: Json = {"interaction": {"id": str(interaction.id), "type": interaction.kind}}
        if message is not None and kind in (REPLY, DEFER, DEFER_UPDATE, UPDATE):
            body["interaction"] |= {
                "response_message_id": str(message.id),
                "response_message_loading": message.now.loading,
                "response_message_ephemeral": message.ephemeral,
            }
            body["resource"] = {"type": kind, "message": message_json(self._world, message)}
        elif kind == MODAL:
            body["resource"] = {"type": kind}
        return body

    def _new_reply(self, interaction: Interaction, data: Json, attachments: Sequence[Json]) -> Message:
        check_message(data, REPLY_FIELDS, REPLY_FLAGS)
        body = copy.deepcopy(data) | {"attachments": list(attachments)}
        check_result(body)
        number_components(body.get("components") or ())
        return self._post(interaction, body, private=bool((data.get("flags") or 0) & EPHEMERAL))

    def _post(self, interaction: Interaction, body: Json, *, private: bool) -> Message:
        return self._service.post(
            interaction.channel,
            self._world.bot,
            body,
            private_to=interaction.user.id if private else None,
            interaction_id=interaction.id,
        )

    def _edit(self, message: Message, data: Json, attachments: Sequence[Json]) -> None:
        check_message(data, EDIT_FIELDS | {"poll"}, EDIT_FLAGS | EPHEMERAL)
        self._service.edit(message, edited_body(message, data, attachments))

    def live(self, token: str) -> Interaction:
        """The interaction whose webhook `token` is; 10015 when unknown or not yet answered, 50027 after 15 min."""
        interaction = self._by_token.get(token)
        if interaction is None or interaction.answer is None:
            raise unknown("Webhook", 10015)
        if self._world.now() - interaction.created_at >= TOKEN_LIVES:
            raise ApiError(401, 50027, "Invalid Webhook Token")
        return interaction

    def follow_up(self, token: str, data: Json, attachments: Sequence[Json]) -> Message:
        """A follow-up message; the first after a defer completes the deferred answer and keeps its privacy."""
        interaction = self.live(token)
        original = interaction.original
        if original is not None and original.now.loading and original.deleted_at is None:
            check_message(data, REPLY_FIELDS, REPLY_FLAGS)
            self._service.edit(original, edited_body(original, data, attachments))
            message = original
        else:
            message = self._new_reply(interaction, data, attachments)
            interaction.followups.append(message)
        interaction.touch()
        return message

    def find(self, token: str, message_id: str) -> tuple[Interaction, Message]:
        """A message the token reaches: `@original`, or a follow-up by id; 10008 if there is none."""
        interaction = self.live(token)
        updates = interaction.answer in (UPDATE, DEFER_UPDATE)
        original = interaction.message if updates else interaction.original
        candidates = [original, *interaction.followups]
        found = (
            original
            if message_id == "@original"
            else next((m for m in candidates if m and str(m.id) == message_id), None)
        )
        if found is None or found.deleted_at is not None:
            raise unknown("Message", 10008)
        return interaction, found

    def edit(self, token: str, message_id: str, data: Json, attachments: Sequence[Json]) -> Message:
        """Edit the answer or a follow-up."""
        interaction, message = self.find(token, message_id)
        self._edit(message, data, attachments)
        interaction.touch()
        return message

    def delete(self, token: str, message_id: str) -> None:
        """Delete the answer or a follow-up."""
        interaction, message = self.find(token, message_id)
        self._service.delete(message)
        interaction.touch()


def edited_body(message: Message, data: Json, attachments: Sequence[Json]) -> Json:
    """The message as it stands after an edit, checked; EPHEMERAL and IS_COMPONENTS_V2 stay as they were, "thinking" ends."""
    was = message.now
    body: Json = {"content": was.content, "embeds": list(was.embeds), "components": list(was.components)}
    body |= {name: copy.deepcopy(data[name]) for name in ("content", "embeds", "components") if name in data}
    kept_ids = {str(a.get("id")) for a in data.get("attachments", was.attachments)}
    body["attachments"] = [a for a in was.attachments if a["id"] in kept_ids] + list(attachments)
    flags = data["flags"] if data.get("flags") is not None else was.flags
    body["flags"] = (flags | was.flags & COMPONENTS_V2) & ~(LOADING | EPHEMERAL) | was.flags & EPHEMERAL
    check_result(body)
    number_components(body["components"] or ())
    return body
