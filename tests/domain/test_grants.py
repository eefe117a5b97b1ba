"""The tables of what Vestibule asks for, and the setup guides that show them."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import discord
import pytest

from bot.domain.grants import (
    INTENTS,
    PERMISSIONS,
    SCOPES,
    Scope,
    invite_url,
    missing_permissions,
    missing_scopes,
    permission_bits,
)
from tests.shared_files import shared

DOCS = Path(__file__).resolve().parents[2] / "docs"
PUBLISHED = ("zoom-meetings-2026-08", "zoom-users-2026-08", "zoom-meeting-events-2026-08")
NOT_IN_THOSE = {"dashboard:read:list_meeting_participants"}
"""Zoom publishes the dashboards in another description."""


def table(guide: str, heading: str) -> list[str]:
    """The rows of the table below a heading, without its head."""
    text = (DOCS / guide).read_text(encoding="utf-8")
    section = re.split(r"^#+ ", text.partition(f"\n{heading}\n")[2], flags=re.MULTILINE)[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return rows[2:]


def need(required: bool) -> str:
    return "required" if required else "optional"


def test_zoom_guide_shows_exactly_the_scopes() -> None:
    assert table("zoom-setup.md", "## Scopes") == [
        f"| `{scope.admin}` | {f'`{scope.user}`' if scope.user else '(none)'} | {need(scope.required)} "
        f"| {scope.why} | {scope.without} | {scope.part.value} |"
        for scope in SCOPES
    ]


def test_discord_guide_shows_exactly_the_permissions() -> None:
    assert table("discord-setup.md", "## Permissions") == [
        f"| {permission.name} | {need(permission.required)} | {'yes' if permission.invited else 'give it by hand'} "
        f"| {permission.why} | {permission.without} |"
        for permission in PERMISSIONS
    ]


def test_discord_guide_shows_exactly_the_intents() -> None:
    assert table("discord-setup.md", "## Intents") == [
        f"| {intent.name} | {need(intent.required)} | {'yes' if intent.privileged else 'no'} | {intent.why} |"
        for intent in INTENTS
    ]


def test_discord_guide_shows_the_invite_address() -> None:
    text = (DOCS / "discord-setup.md").read_text(encoding="utf-8")
    assert invite_url(1).replace("client_id=1&", "client_id=APPLICATION_ID&") in text


@pytest.mark.parametrize("scope", SCOPES, ids=lambda scope: scope.name)
def test_every_scope_exists_at_zoom(scope: Scope) -> None:
    published: set[str] = set()
    for name in PUBLISHED:
        text = shared(f"specs/{name}.openapi.json").read_text(encoding="utf-8")
        published |= set(re.findall(r"[a-z]+:[a-z]+:[a-z_]+(?::admin)?", text))
    if scope.name not in NOT_IN_THOSE:
        assert scope.admin in published
        assert (scope.name in published) == (not scope.admin_only)


def test_scopes_are_named_once_and_explained() -> None:
    assert len({scope.name for scope in SCOPES}) == len(SCOPES)
    assert all(scope.why and scope.without for scope in SCOPES)


def test_nothing_is_missing_with_all_scopes_in_either_form() -> None:
    for granted in ([scope.admin for scope in SCOPES], [scope.name for scope in SCOPES]):
        missing = missing_scopes(granted)
        assert (missing.required, missing.optional) == ((), ())


def test_missing_scopes_are_sorted_by_need() -> None:
    granted = {scope.admin for scope in SCOPES} - {"meeting:write:meeting:admin", "meeting:read:participant:admin"}
    missing = missing_scopes(granted)
    assert [scope.name for scope in missing.required] == ["meeting:write:meeting"]
    assert [scope.name for scope in missing.optional] == ["meeting:read:participant"]


def test_a_similar_scope_does_not_count() -> None:
    assert "meeting:read:meeting" in {scope.name for scope in missing_scopes(["meeting:read:meeting:master"]).required}


def test_permissions_are_discords() -> None:
    flags = discord.Permissions.VALID_FLAGS
    aliases = {"VIEW_CHANNEL": "view_channel", "MANAGE_GUILD": "manage_guild"}
    for permission in PERMISSIONS:
        assert flags[aliases.get(permission.name, permission.name.lower())] == permission.bit


def test_intents_are_discords() -> None:
    for intent in INTENTS:
        assert discord.Intents.VALID_FLAGS[intent.name] == intent.bit
        assert intent.privileged == (intent.name in {"members", "presences", "message_content"})


def test_invite_asks_for_no_more_than_the_table() -> None:
    query = parse_qs(urlsplit(invite_url(123456789012345678)).query)
    assert query["client_id"] == ["123456789012345678"]
    assert query["scope"] == ["bot applications.commands"]
    asked = discord.Permissions(int(query["permissions"][0]))
    assert asked.view_channel
    assert asked.send_messages
    too_much = discord.Permissions(administrator=True, manage_guild=True, manage_roles=True, mention_everyone=True)
    assert asked.value & too_much.value == 0


def test_missing_permissions_name_required_ones_first() -> None:
    assert [permission.name for permission in missing_permissions(permission_bits())] == ["MANAGE_GUILD"]
    nothing = missing_permissions(0)
    assert len(nothing) == len(PERMISSIONS)
    assert [permission.required for permission in nothing] == sorted(
        (permission.required for permission in nothing), reverse=True
    )
    assert missing_permissions(1 << 3) == ()


def test_guide_opens_with_the_choice_of_app() -> None:
    opening = (DOCS / "zoom-setup.md").read_text(encoding="utf-8")[:1500]
    assert "no review" in opening
    assert "Zoom's review" in opening


def test_guide_shows_the_null_mx() -> None:
    text = (DOCS / "zoom-setup.md").read_text(encoding="utf-8")
    assert re.search(r"IN\s+MX\s+0\s+\.$", text, flags=re.MULTILINE)
    assert "RFC 7505" in text
