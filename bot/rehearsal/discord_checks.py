"""Rules for message bodies: length, flags, embeds, mentions, and the split between old-style and components-v2 messages.

https://docs.discord.com/developers/resources/message#create-message and .../components/reference (IS_COMPONENTS_V2).
As with components, unknown fields are refused rather than ignored.
"""

from __future__ import annotations

from bot.rehearsal.discord_components import (
    check_message_components,
    check_url,
    number_between,
    only_fields,
    text_between,
)
from bot.rehearsal.discord_errors import ApiError, invalid_form
from bot.rehearsal.discord_world import COMPONENTS_V2, EPHEMERAL, Json

SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS = 1 << 2, 1 << 12
CHANNEL_FLAGS = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2
REPLY_FLAGS = CHANNEL_FLAGS | EPHEMERAL
EDIT_FLAGS = SUPPRESS_EMBEDS | COMPONENTS_V2
"""Flags an author may set: https://docs.discord.com/developers/resources/message#message-object-message-flags"""

_COMMON = {"content", "embeds", "allowed_mentions", "components", "attachments", "flags"}
CREATE_FIELDS = _COMMON | {"nonce", "enforce_nonce", "tts", "message_reference", "sticker_ids", "poll"}
REPLY_FIELDS = _COMMON | {"tts", "poll"}
EDIT_FIELDS = _COMMON | {"tts"}
"""discord.py sends `tts` with every edit too, where it has no effect."""

_EMBED_FIELDS = {
    "type", "title", "description", "url", "timestamp", "color", "footer", "image", "thumbnail", "video", "provider", "author",
    "fields",
}  # fmt: skip


def check_message(body: Json, fields: set[str], flags: int) -> None:
    """Refuse a message body (new or edit) that Discord would refuse; only the flag bits in `flags` may be set."""
    only_fields(body, fields, "")
    text_between(body, "content", 0, 2000, "", required=False)
    _check_flags(body.get("flags") or 0, flags)
    _check_embeds(body.get("embeds") or [])
    _check_mentions(body.get("allowed_mentions"))
    nonce = body.get("nonce")
    if nonce is not None and len(str(nonce)) > 25:
        raise invalid_form("nonce", "NONCE_TYPE_TOO_LONG", "Must be 25 or fewer in length.")


def check_result(body: Json) -> None:
    """Refuse the message that would stand there after the write: empty, or mixing old-style and v2 parts."""
    v2 = bool((body.get("flags") or 0) & COMPONENTS_V2)
    components = body.get("components") or []
    if v2 and (body.get("content") or body.get("embeds")):
        code = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"
        raise invalid_form("content" if body.get("content") else "embeds", code, "Not with the flag IS_COMPONENTS_V2.")
    check_message_components(components, v2=v2)
    if not (body.get("content") or body.get("embeds") or components or body.get("attachments")):
        raise ApiError(400, 50006, "Cannot send an empty message")
    if v2 and not components:
        raise ApiError(400, 50006, "Cannot send an empty message")


def _check_flags(flags: object, allowed: int) -> None:
    if not isinstance(flags, int) or isinstance(flags, bool):
        raise invalid_form("flags", "NUMBER_TYPE_COERCE", "Value is not int.")
    if flags & ~allowed:
        raise invalid_form("flags", "BITFIELD_NOT_ALLOWED", f"Flag bits {flags & ~allowed} cannot be set here.")


def _check_embeds(embeds: object) -> None:
    if not isinstance(embeds, list) or len(embeds) > 10:
        raise invalid_form("embeds", "BASE_TYPE_BAD_LENGTH", "Must be 10 or fewer in length.")
    total = 0
    for index, embed in enumerate(embeds):
        path = f"embeds.{index}"
        only_fields(embed, _EMBED_FIELDS, path)
        text_between(embed, "title", 0, 256, path, required=False)
        text_between(embed, "description", 0, 4096, path, required=False)
        number_between(embed, "color", 0, 0xFFFFFF, path)
        if embed.get("url"):
            check_url(embed["url"], f"{path}.url")
        total += len(embed.get("title") or "") + len(embed.get("description") or "")
        total += _check_embed_parts(embed, path)
    if total > 6000:
        raise invalid_form("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")


def _check_embed_parts(embed: Json, path: str) -> int:
    footer, author, rows = embed.get("footer") or {}, embed.get("author") or {}, embed.get("fields") or []
    text_between(footer, "text", 1, 2048, f"{path}.footer", required=bool(footer))
    text_between(author, "name", 1, 256, f"{path}.author", required=bool(author))
    if len(rows) > 25:
        raise invalid_form(f"{path}.fields", "BASE_TYPE_BAD_LENGTH", "Must be 25 or fewer in length.")
    for index, row in enumerate(rows):
        here = f"{path}.fields.{index}"
        only_fields(row, {"name", "value", "inline"}, here)
        text_between(row, "name", 1, 256, here)
        text_between(row, "value", 1, 1024, here)
    inner = sum(len(row["name"]) + len(row["value"]) for row in rows)
    return inner + len(footer.get("text") or "") + len(author.get("name") or "")


def _check_mentions(mentions: object) -> None:
    """https://docs.discord.com/developers/resources/message#allowed-mentions-object"""
    if mentions is None:
        return
    if not isinstance(mentions, dict):
        raise invalid_form("allowed_mentions", "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
    only_fields(mentions, {"parse", "roles", "users", "replied_user"}, "allowed_mentions")
    parse = mentions.get("parse") or []
    for kind in parse:
        if kind not in ("roles", "users", "everyone"):
            raise invalid_form("allowed_mentions.parse", "BASE_TYPE_CHOICES", "One of ('roles', 'users', 'everyone').")
    for kind in ("roles", "users"):
        named = mentions.get(kind) or []
        if named and kind in parse:
            code = "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE"
            raise invalid_form(
                "allowed_mentions", code, f"parse:[{kind!r}] and {kind}: [ids...] are mutually exclusive."
            )
        if len(named) > 100:
            raise invalid_form(f"allowed_mentions.{kind}", "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.")
