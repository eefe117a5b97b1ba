"""The commands as they are registered: valid by Discord's own description, within its limits, for servers only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, cast

import discord
import pytest
from discord import app_commands

from bot.adapters.discord_chat import presses
from bot.adapters.discord_chat.commands import register
from bot.adapters.discord_chat.presses import Press
from bot.adapters.discord_chat.use_cases import UseCases
from bot.adapters.discord_chat.views.get_link import GetLink, WasISignedUp
from bot.domain.meeting import PROFILES
from bot.domain.values import MeetingId
from bot.rehearsal.discord_command_checks import check_commands
from tests.discord_spec import body_errors

NAME = re.compile(r"[-_a-z0-9]{1,32}")
MEETING = MeetingId("01JDXXXXXXXXXXXXXXXXXXXXXX")


def no_use_cases() -> UseCases:
    """Registering must not call any use case."""
    return UseCases(*[cast(Any, None) for _ in fields(UseCases)])


@pytest.fixture
async def client() -> discord.Client:
    return discord.Client(intents=discord.Intents.none())


@pytest.fixture
async def payload(client: discord.Client) -> list[dict[str, Any]]:
    """What `tree.sync()` sends."""
    tree: app_commands.CommandTree[discord.Client] = app_commands.CommandTree(client)
    register(client, tree, no_use_cases())
    return [command.to_dict(tree) for command in tree.get_commands()]


def parts(commands: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for part in commands:
        yield part
        yield from parts(part.get("options") or [])


async def test_commands_are_those_of_the_product(payload: list[dict[str, Any]]) -> None:
    names = {command["name"]: [o["name"] for o in command.get("options") or []] for command in payload}
    assert names == {
        "setup": [],
        "meeting": ["create", "list", "show", "cancel", "edit", "guest", "guests", "live", "rotate"],
        "join": ["meeting", "name"],
        "zoom": ["link", "status", "unlink"],
        "report": ["meeting"],
        "Report this to moderators": [],
        "audit": ["topic", "person", "meeting"],
        "incident": ["list", "show", "note", "hold", "release", "close", "export", "aftercare"],
        "This leaks a Zoom link": [],
        "leaks": [],
        "privacy": ["me", "erase"],
        "roster": ["meeting"],
        "lock": ["meeting"],
        "unlock": ["meeting"],
        "remove": ["person", "meeting"],
        "undo": ["member", "meeting"],
        "end": ["meeting"],
        "emergency": ["meeting"],
        "Remove from Zoom": [],
    }


async def test_commands_fit_discords_published_description(payload: list[dict[str, Any]]) -> None:
    assert body_errors("PUT", "/applications/{application_id}/commands", payload) == []


async def test_commands_pass_the_rules_the_description_misses(payload: list[dict[str, Any]]) -> None:
    check_commands(payload)
    for part in parts(payload):
        on_something = (discord.AppCommandType.message.value, discord.AppCommandType.user.value)
        if "contexts" in part and part["type"] in on_something:
            assert 1 <= len(part["name"]) <= 32
            continue
        assert NAME.fullmatch(part["name"])
        assert 1 <= len(part["description"]) <= 100
        for choice in part.get("choices") or []:
            assert 1 <= len(choice["name"]) <= 100


async def test_commands_work_in_servers_only_and_only_where_invited(payload: list[dict[str, Any]]) -> None:
    for command in payload:
        assert command["contexts"] == [0]
        assert command["integration_types"] == [0]


async def test_no_command_takes_a_file(payload: list[dict[str, Any]]) -> None:
    options = [part for command in payload for part in parts(command.get("options") or [])]
    assert discord.AppCommandOptionType.attachment.value not in {part["type"] for part in options}


async def test_setup_is_shown_to_managers_only(payload: list[dict[str, Any]]) -> None:
    needed = {command["name"]: command.get("default_member_permissions") for command in payload}
    assert needed == {
        "setup": discord.Permissions(manage_guild=True).value,
        "meeting": None,
        "join": None,
        "zoom": None,
        "report": None,
        "Report this to moderators": None,
        "audit": None,
        "incident": None,
        "This leaks a Zoom link": None,
        "leaks": discord.Permissions(manage_guild=True).value,
        "privacy": None,
        **dict.fromkeys(("roster", "lock", "unlock", "remove", "undo", "end", "emergency", "Remove from Zoom")),
    }


async def test_create_offers_every_profile_by_its_title(payload: list[dict[str, Any]]) -> None:
    options = {part["name"]: part for part in parts(payload)}
    choices = options["profile"]["choices"]
    assert [choice["value"] for choice in choices] == [name.value for name in PROFILES]
    for choice, profile in zip(choices, PROFILES.values(), strict=True):
        assert choice["name"].startswith(profile.title)
    for name in ("host", "alternative_host", "alternative_host_2"):
        assert options[name]["autocomplete"]


ALL_PRESSES = [press for press in vars(presses).values() if isinstance(press, Press)]


async def test_every_press_has_one_handler(client: discord.Client, payload: list[dict[str, Any]]) -> None:
    """A `custom_id` of any kind is matched by exactly one registered item."""
    patterns = list(client._connection._view_store._dynamic_items)
    for press in ALL_PRESSES:
        custom_id = press(MEETING, 3)
        assert len(custom_id) <= 100
        assert [p.pattern for p in patterns if p.fullmatch(custom_id)] == [press.template.pattern]
    assert len(patterns) == len(ALL_PRESSES)


async def test_buttons_under_public_messages_name_their_meeting_and_nothing_else() -> None:
    assert GetLink(MEETING).custom_id == f"join:{MEETING}"
    assert WasISignedUp(MEETING).custom_id == f"asked:{MEETING}"
    assert presses.GET_LINK.template.fullmatch(f"join:{MEETING}")
    assert not presses.GET_LINK.template.fullmatch("join:")
    assert not presses.GET_LINK.template.fullmatch(f"rejoin:{MEETING}")
