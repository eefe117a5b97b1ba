"""AutoMod in the Discord stand-in: rules, their limits and permission, what they block, and the event that says so.

https://docs.discord.com/developers/resources/auto-moderation . Only rules of the kind "keyword" that block messages do something here. Patterns are
run by Python's engine; what Rust's refuses (look-around, back references) is refused here too.
"""

from __future__ import annotations

import copy
import fnmatch
import re
from collections.abc import Iterator

from bot.rehearsal.discord_components import only_fields, text_between
from bot.rehearsal.discord_errors import ApiError, invalid_form, missing_access, missing_permissions, unknown
from bot.rehearsal.discord_gateway import Intent
from bot.rehearsal.discord_permissions import Permission
from bot.rehearsal.discord_rest import Answer, Call, Route
from bot.rehearsal.discord_service import DiscordService
from bot.rehearsal.discord_world import Channel, Guild, Json, Member

KEYWORD, SPAM, KEYWORD_PRESET, MENTION_SPAM, MEMBER_PROFILE = 1, 3, 4, 5, 6
BLOCK_MESSAGE, SEND_ALERT, TIME_OUT = 1, 2, 3
MOST_RULES = {KEYWORD: 6, SPAM: 1, KEYWORD_PRESET: 1, MENTION_SPAM: 1, MEMBER_PROFILE: 1}
_MOST = {"keyword_filter": (1000, 60), "regex_patterns": (10, 260), "allow_list": (100, 60)}
_FIELDS = {
    "name", "event_type", "trigger_type", "trigger_metadata", "actions", "enabled", "exempt_roles", "exempt_channels",
}  # fmt: skip
_NOT_IN_RUST = re.compile(r"\(\?(?:=|!|<=|<!)|\\[1-9]")


class AutoMod:
    """The routes, and what happens to a message."""

    def __init__(self, service: DiscordService) -> None:
        self._service, self._world = service, service.world

    def routes(self) -> list[Route]:
        """All routes of this file."""
        rules = "/guilds/{guild_id}/auto-moderation/rules"
        rule = f"{rules}/{{rule_id}}"
        return [
            Route("GET", rules, lambda call: list(self._guild(call).automod_rules.values())),
            Route("POST", rules, self._create),
            Route("GET", rule, self._rule),
            Route("PATCH", rule, self._change),
            Route("DELETE", rule, self._delete),
        ]

    def blocks(self, member: Member, channel: Channel, content: str) -> str | None:
        """What the person is told whose message is blocked; None if it goes through. The bot hears who and where, never what.

        Owner, administrators, people with Manage Server and bots are always exempt (second-hand; see the facts on Discord).
        """
        guild = member.guild
        if member.user.bot or self._world.guild_permissions(member) & (
            Permission.MANAGE_GUILD | Permission.ADMINISTRATOR
        ):
            return None
        for rule in guild.automod_rules.values():
            found = _matched(rule, member, channel, content)
            for action in _blocking(rule) if found is not None else ():
                self._tell(guild, rule, action, member, channel, found or "")
                return str((action.get("metadata") or {}).get("custom_message") or "Your message could not be sent.")
        return None

    def _tell(self, guild: Guild, rule: Json, action: Json, member: Member, channel: Channel, matched: str) -> None:
        bot = self._world.bot_in(guild)
        if bot is None or not self._world.guild_permissions(bot) & Permission.MANAGE_GUILD:
            return
        payload: Json = {
            "guild_id": str(guild.id),
            "action": action,
            "rule_id": rule["id"],
            "rule_trigger_type": rule["trigger_type"],
            "user_id": str(member.id),
            "channel_id": str(channel.id),
            "content": "",
            "matched_keyword": matched,
            "matched_content": "",
        }
        need = Intent.AUTO_MODERATION_EXECUTION
        self._service.gateway.dispatch("AUTO_MODERATION_ACTION_EXECUTION", payload, guild, need=need)

    def _guild(self, call: Call) -> Guild:
        guild = self._world.guilds.get(call.id("guild_id"))
        if guild is None:
            raise unknown("Guild", 10004)
        bot = self._world.bot_in(guild)
        if bot is None:
            raise missing_access()
        if not self._world.guild_permissions(bot) & Permission.MANAGE_GUILD:
            raise missing_permissions()
        return guild

    def _rule(self, call: Call) -> Json:
        rule = self._guild(call).automod_rules.get(call.id("rule_id"))
        if rule is None:
            raise unknown("Auto Moderation Rule", 10066)
        return rule

    def _create(self, call: Call) -> Answer:
        guild, body = self._guild(call), call.fields
        only_fields(body, _FIELDS, "")
        kind = body.get("trigger_type")
        if kind not in MOST_RULES:
            raise invalid_form("trigger_type", "BASE_TYPE_CHOICES", "Value must be one of (1, 3, 4, 5, 6).")
        if sum(rule["trigger_type"] == kind for rule in guild.automod_rules.values()) >= MOST_RULES[kind]:
            code = "AUTO_MODERATION_MAX_RULES_OF_TYPE_EXCEEDED"
            raise invalid_form("", code, "Maximum number of rules of this type exceeded.")
        if body.get("event_type") not in (1, 2):
            raise invalid_form("event_type", "BASE_TYPE_CHOICES", "Value must be one of (1, 2).")
        rule: Json = {
            "id": str(self._world.snowflake()),
            "guild_id": str(guild.id),
            "creator_id": str(self._world.bot.id),
            "enabled": False,
            "exempt_roles": [],
            "exempt_channels": [],
            **{name: copy.deepcopy(value) for name, value in body.items() if value is not None},
        }
        _check(rule)
        guild.automod_rules[int(rule["id"])] = rule
        self._service.audit(guild, 140, self._world.bot, int(rule["id"]), reason=call.reason)
        return rule

    def _change(self, call: Call) -> Answer:
        rule = self._rule(call)
        only_fields(call.fields, _FIELDS - {"trigger_type"}, "")
        changed = {**rule, **copy.deepcopy({name: value for name, value in call.fields.items() if value is not None})}
        _check(changed)
        rule.update(changed)
        self._service.audit(self._guild(call), 141, self._world.bot, int(rule["id"]), reason=call.reason)
        return rule

    def _delete(self, call: Call) -> Answer:
        rule, guild = self._rule(call), self._guild(call)
        del guild.automod_rules[int(rule["id"])]
        self._service.audit(guild, 142, self._world.bot, int(rule["id"]), reason=call.reason)
        return None


def _check(rule: Json) -> None:
    text_between(rule, "name", 1, 100, "")
    metadata = rule.get("trigger_metadata") or {}
    for name, (most, longest) in _MOST.items():
        values = metadata.get(name) or []
        if len(values) > most:
            raise invalid_form(
                f"trigger_metadata.{name}", "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length."
            )
        if any(not 1 <= len(value) <= longest for value in values):
            raise invalid_form(f"trigger_metadata.{name}", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {longest}.")
    for pattern in metadata.get("regex_patterns") or []:
        if _NOT_IN_RUST.search(pattern) or not _compiles(pattern):
            raise invalid_form(
                "trigger_metadata.regex_patterns", "AUTO_MODERATION_INVALID_REGEX", "Invalid regex pattern"
            )
    actions = rule.get("actions") or []
    if not 1 <= len(actions) <= 5:
        raise invalid_form("actions", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    for action in actions:
        if len((action.get("metadata") or {}).get("custom_message") or "") > 150:
            raise invalid_form(
                "actions.metadata.custom_message", "BASE_TYPE_MAX_LENGTH", "Must be 150 or fewer in length."
            )
    if len(rule["exempt_roles"]) > 20 or len(rule["exempt_channels"]) > 50:
        raise ApiError(400, 50035, "Invalid Form Body")


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _matched(rule: Json, member: Member, channel: Channel, content: str) -> str | None:
    """The keyword or pattern that matched; None if the rule lets the message through."""
    exempt_roles = {str(role.id) for role in member.roles} & set(rule["exempt_roles"])
    if (
        not rule["enabled"]
        or rule["trigger_type"] != KEYWORD
        or exempt_roles
        or str(channel.id) in rule["exempt_channels"]
    ):
        return None
    metadata = rule.get("trigger_metadata") or {}
    for pattern in metadata.get("regex_patterns") or []:
        if re.search(pattern, content):
            return str(pattern)
    words = (w for w in metadata.get("keyword_filter") or [] if any(_is(w, part) for part in content.lower().split()))
    return next(words, None)


def _is(keyword: str, word: str) -> bool:
    return fnmatch.fnmatchcase(word, keyword.lower())


def _blocking(rule: Json) -> Iterator[Json]:
    return (action for action in rule["actions"] if action["type"] == BLOCK_MESSAGE)
