"""What the Discord stand-in refuses: bodies the real service refuses, and fields it would silently ignore."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.rehearsal.discord_checks import CHANNEL_FLAGS, CREATE_FIELDS, check_message, check_result
from bot.rehearsal.discord_command_checks import check_commands
from bot.rehearsal.discord_commands import GLOBAL, Commands
from bot.rehearsal.discord_components import check_message_components, check_modal
from bot.rehearsal.discord_errors import ApiError
from bot.rehearsal.discord_interactions import Interaction, Modal
from bot.rehearsal.discord_limits import Limits
from bot.rehearsal.discord_permissions import ALL_PERMISSIONS, Permission
from bot.rehearsal.discord_text import message_text, modal_text
from bot.rehearsal.discord_world import (
    COMPONENTS_V2,
    TEXT_CHANNEL,
    Channel,
    Json,
    Member,
    Overwrite,
    Role,
    World,
    created,
)
from tests.discord_spec import body_errors

BUTTON: Json = {"type": 2, "style": 1, "label": "Go", "custom_id": "go"}
LINK: Json = {"type": 2, "style": 5, "label": "Join", "url": "https://example.zoom.us/w/1"}
OPTION: Json = {"label": "A", "value": "a"}
SELECT: Json = {"type": 3, "custom_id": "pick", "options": [OPTION]}
FIELD: Json = {"type": 18, "label": "Note", "component": {"type": 4, "custom_id": "note", "style": 1}}
COMMAND: Json = {"name": "join", "description": "Join", "type": 1}
NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)


def row(*children: Json) -> Json:
    return {"type": 1, "components": [deepcopy(child) for child in children]}


@pytest.mark.parametrize(
    "components",
    [
        [row(LINK | {"custom_id": "x"})],
        [row({"type": 2, "style": 5, "label": "Join"})],
        [row(LINK | {"url": "https://example.zoom.us/" + "x" * 500})],
        [row(LINK | {"url": "javascript:alert(1)"})],
        [row(LINK | {"url": "https://a b"})],
        [row(BUTTON | {"url": "https://example.org"})],
        [row({"type": 2, "style": 1, "label": "Go"})],
        [row({"type": 2, "style": 1, "custom_id": "go"})],
        [row(BUTTON | {"label": "x" * 81})],
        [row(BUTTON | {"custom_id": "x" * 101})],
        [row(BUTTON | {"style": 9})],
        [row(BUTTON | {"lable": "Go"})],
        [row(BUTTON, BUTTON)],
        [row(*[BUTTON | {"custom_id": str(n)} for n in range(6)])],
        [row(SELECT, BUTTON)],
        [row(SELECT | {"options": [{"label": str(n), "value": str(n)} for n in range(26)]})],
        [row(SELECT | {"options": []})],
        [row(SELECT | {"options": [OPTION, OPTION]})],
        [row(SELECT | {"max_values": 2})],
        [row(SELECT | {"min_values": 2})],
        [row({"type": 6, "custom_id": "r", "default_values": [{"id": "1", "type": "user"}]})],
        [row()],
        [row({"type": 4, "custom_id": "t", "style": 1, "label": "T"})],
        [row(BUTTON | {"custom_id": str(n)}) for n in range(6)],
        [BUTTON],
        [{"type": 10, "content": "text"}],
        [{"type": 99}],
        ["button"],
        "button",
    ],
)
def test_bad_components_are_refused(components: Any) -> None:
    with pytest.raises(ApiError) as refused:
        check_message_components(components, v2=False)
    assert refused.value.code == 50035


@pytest.mark.parametrize(
    "components",
    [
        [{"type": 10, "content": "x" * 4001}],
        [{"type": 10, "content": "x" * 2001}, {"type": 10, "content": "x" * 2001}],
        [{"type": 10, "content": "x"}] * 41,
        [{"type": 17, "components": [{"type": 17, "components": [{"type": 10, "content": "x"}]}]}],
        [{"type": 9, "components": [{"type": 10, "content": "x"}]}],
        [{"type": 17, "components": []}],
        [FIELD],
    ],
)
def test_bad_v2_components_are_refused(components: list[Json]) -> None:
    with pytest.raises(ApiError):
        check_message_components(deepcopy(components), v2=True)


def test_good_components_pass() -> None:
    check_message_components([row(BUTTON, LINK), row(SELECT)], v2=False)
    text = {"type": 10, "content": "x" * 4000}
    check_message_components([{"type": 17, "components": [text, {"type": 14}, row(BUTTON)]}], v2=True)


@pytest.mark.parametrize(
    "modal",
    [
        {"custom_id": "m", "title": "x" * 46, "components": [FIELD]},
        {"custom_id": "m", "title": "T", "components": []},
        {"custom_id": "m", "title": "T", "components": [FIELD] * 6},
        {"custom_id": "m", "title": "T", "components": [FIELD, FIELD]},
        {"custom_id": "m", "title": "T", "components": [row(BUTTON)]},
        {"custom_id": "m", "title": "T", "components": [FIELD | {"label": "x" * 46}]},
        {"custom_id": "m", "title": "T", "components": [{"type": 18, "label": "Note"}]},
        {"custom_id": "m", "title": "T", "components": [FIELD], "colour": 1},
        {"title": "T", "components": [FIELD]},
    ],
)
def test_bad_forms_are_refused(modal: Json) -> None:
    with pytest.raises(ApiError):
        check_modal(deepcopy(modal))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"content": "x" * 2001}, 50035),
        ({"content": ""}, 50006),
        ({"contents": "x"}, 50035),
        ({"content": "x", "flags": 64}, 50035),
        ({"content": "x", "embeds": [{}] * 11}, 50035),
        ({"embeds": [{"title": "x" * 257}]}, 50035),
        ({"embeds": [{"description": "x" * 4000}, {"description": "x" * 2001}]}, 50035),
        ({"embeds": [{"fields": [{"name": "n", "value": ""}]}]}, 50035),
        ({"embeds": [{"titel": "x"}]}, 50035),
        ({"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}}, 50035),
        ({"content": "x", "allowed_mentions": {"parse": ["all"]}}, 50035),
        ({"content": "x", "nonce": "x" * 26}, 50035),
        ({"content": "x", "flags": COMPONENTS_V2, "components": [{"type": 10, "content": "y"}]}, 50035),
        ({"flags": COMPONENTS_V2}, 50006),
    ],
)
def test_bad_messages_are_refused(body: Json, code: int) -> None:
    def check() -> None:
        check_message(body, CREATE_FIELDS, CHANNEL_FLAGS)
        check_result(body)

    with pytest.raises(ApiError) as refused:
        check()
    assert refused.value.code == code


def options(*given: Json) -> Json:
    return COMMAND | {"options": [{"type": 3, "name": "o", "description": "O", **one} for one in given]}


@pytest.mark.parametrize(
    "commands",
    [
        [COMMAND | {"name": "Join"}],
        [COMMAND | {"name": "join us"}],
        [COMMAND | {"name": "x" * 33}],
        [COMMAND | {"description": ""}],
        [COMMAND | {"description": "x" * 101}],
        [COMMAND | {"default_permission": True}],
        [COMMAND, COMMAND],
        [options(*[{"name": f"o{n}"} for n in range(26)])],
        [options({}, {})],
        [options({"name": "a"}, {"name": "b", "required": True})],
        [options({"choices": [{"name": str(n), "value": str(n)} for n in range(26)]})],
        [options({"choices": [{"name": "a", "value": "a"}], "autocomplete": True})],
        [options({"type": 4, "choices": [{"name": "a", "value": "a"}]})],
        [options({"type": 8, "autocomplete": True})],
        [options({"type": 1, "name": "a"}, {"type": 3, "name": "b"})],
        [options({"name": "Upper"})],
        [COMMAND | {"name": "Report", "type": 2}],
        [COMMAND | {"name": f"c{n}"} for n in range(101)],
        [{"name": f"c{n}", "type": 3} for n in range(16)],
        "join",
    ],
)
def test_bad_commands_are_refused(commands: Any) -> None:
    with pytest.raises(ApiError):
        check_commands(commands)


def test_good_commands_pass() -> None:
    nested = {"type": 2, "name": "g", "description": "G", "options": [{"type": 1, "name": "s", "description": "S"}]}
    check_commands([COMMAND, COMMAND | {"name": "réunion", "options": [nested]}, {"name": "Report it", "type": 2}])


def test_only_new_commands_count_towards_200_creates_a_day() -> None:
    clock = [NOW]
    commands = Commands(World(lambda: clock[0]), Limits(command_creates_per_day=3))
    two = [COMMAND, COMMAND | {"name": "leave"}]
    first = commands.overwrite(GLOBAL, two)[0]["id"]
    assert commands.overwrite(GLOBAL, two)[0]["id"] == first
    with pytest.raises(ApiError) as refused:
        commands.overwrite(GLOBAL, [COMMAND | {"name": "a"}, COMMAND | {"name": "b"}])
    assert (refused.value.status, refused.value.code) == (429, 30034)
    commands.overwrite(1, two)
    clock[0] += timedelta(days=1)
    commands.overwrite(GLOBAL, [COMMAND | {"name": "a"}, COMMAND | {"name": "b"}])


def people() -> tuple[World, Member, Channel]:
    world = World(lambda: NOW)
    guild = world.new_guild("Chess Club", "Olga", 0)
    member = Member(world.new_user("Ana", created_at=NOW - timedelta(days=3)), guild, NOW)
    guild.members[member.id] = member
    return world, member, world.new_channel("general", guild=guild, kind=TEXT_CHANNEL)


def test_account_age_can_be_read_from_the_user_id() -> None:
    _, member, _ = people()
    assert created(member.id) == NOW - timedelta(days=3)


def test_overwrites_apply_in_order_everyone_roles_member() -> None:
    world, member, channel = people()
    role = next(r for r in member.guild.roles.values() if r is not member.guild.everyone)
    view = Permission.VIEW_CHANNEL
    channel.overwrites = [Overwrite(member.guild.everyone, deny=view)]
    assert not world.can(member, channel, view)
    assert not world.can(member, channel, Permission.SEND_MESSAGES), "who cannot view cannot write either"
    member.roles = [role]
    channel.overwrites.append(Overwrite(role, allow=view))
    assert world.can(member, channel, view)
    channel.overwrites.append(Overwrite(member, deny=view))
    assert not world.can(member, channel, view)
    channel.overwrites.pop()
    other = Role(world.snowflake(), "Muted")
    member.roles.append(other)
    channel.overwrites.append(Overwrite(other, deny=view))
    assert world.can(member, channel, view), "among roles, one that allows beats one that denies"
    role.permissions = int(Permission.ADMINISTRATOR)
    assert world.permissions_in(member, channel) == ALL_PERMISSIONS


def test_timed_out_member_keeps_only_reading_but_an_owner_keeps_all() -> None:
    world, member, channel = people()
    member.timed_out_until = NOW + timedelta(minutes=1)
    assert world.permissions_in(member, channel) == Permission.VIEW_CHANNEL | Permission.READ_MESSAGE_HISTORY
    member.timed_out_until = NOW
    assert world.can(member, channel, Permission.SEND_MESSAGES)
    owner = member.guild.members[member.guild.owner_id]
    owner.timed_out_until = NOW + timedelta(minutes=1)
    assert world.permissions_in(owner, channel) == ALL_PERMISSIONS


def test_text_shows_what_a_person_reads() -> None:
    world, _, channel = people()
    components = [row(BUTTON | {"disabled": True}, LINK), row(SELECT | {"placeholder": "Profile"}), row({"type": 8})]
    embed = {"title": "Chess night", "fields": [{"name": "When", "value": "soon"}], "footer": {"text": "ask a mod"}}
    message = world.add_message(channel, world.bot, {"content": "Hi", "embeds": [embed], "components": components})
    assert message_text(message).splitlines() == [
        "Hi",
        "Chess night",
        "When: soon",
        "ask a mod",
        "[ Go (off) ]  [ Join -> https://example.zoom.us/w/1 ]",
        "(choose: Profile: A)",
        "(choose: a channel)",
    ]


def test_form_text_shows_its_fields() -> None:
    _, member, channel = people()
    opened = Interaction(1, 2, member.user, channel, NOW, member)
    assert modal_text(Modal(opened, "m", "Report", [FIELD])) == "Form: Report\nNote: [____]"


def test_published_description_is_really_asked() -> None:
    callback = "/interactions/{interaction_id}/{interaction_token}/callback"
    assert body_errors("POST", callback, {"type": 5, "data": {"flags": 64}}) == []
    assert body_errors("POST", callback, {"type": 8, "data": {"choices": [{"name": "x" * 101, "value": "v"}]}})
    assert body_errors("GET", "/users/@me", {"unexpected": True})
    assert body_errors("POST", "/users/@me/channels", {"recipient_id": 1}) == [], "the one known quirk"
    with pytest.raises(KeyError):
        body_errors("POST", "/nothing", {})
