"""Routes of the Discord stand-in about one guild: members, roles, channels, onboarding, audit log, scheduled events."""

from __future__ import annotations

import copy
from datetime import datetime

from bot.rehearsal.discord_components import only_fields, text_between
from bot.rehearsal.discord_errors import ApiError, invalid_form, missing_access, missing_permissions, unknown
from bot.rehearsal.discord_payloads import (
    bot_can_view,
    channel_json,
    event_json,
    guild_json,
    member_json,
    onboarding_json,
    role_json,
    user_json,
)
from bot.rehearsal.discord_permissions import Permission
from bot.rehearsal.discord_rest import Answer, Call, Route
from bot.rehearsal.discord_service import DiscordService
from bot.rehearsal.discord_world import (
    EVENT_ACTIVE,
    EVENT_CANCELED,
    EVENT_COMPLETED,
    EVENT_SCHEDULED,
    EXTERNAL_EVENT,
    STAGE_EVENT,
    VOICE_EVENT,
    Guild,
    Json,
    ScheduledEvent,
)

_EVENT_FIELDS = {
    "name", "description", "image", "scheduled_start_time", "scheduled_end_time", "privacy_level", "entity_type", "channel_id",
    "recurrence_rule", "entity_metadata",
}  # fmt: skip
_NEXT_STATUS = {EVENT_SCHEDULED: (EVENT_ACTIVE, EVENT_CANCELED), EVENT_ACTIVE: (EVENT_COMPLETED,)}
MAX_EVENTS = 100


class GuildRoutes:
    """https://docs.discord.com/developers/resources/guild and .../guild-scheduled-event"""

    def __init__(self, service: DiscordService) -> None:
        self._service, self._world = service, service.world

    def routes(self) -> list[Route]:
        """All routes of this file."""
        guild, events = "/guilds/{guild_id}", "/guilds/{guild_id}/scheduled-events"
        event = f"{events}/{{guild_scheduled_event_id}}"
        return [
            Route("GET", guild, lambda call: guild_json(self._guild(call))),
            Route("GET", f"{guild}/members/{{user_id}}", self._member),
            Route("GET", f"{guild}/roles", lambda call: [role_json(r) for r in self._guild(call).roles.values()]),
            Route("GET", f"{guild}/channels", self._channels),
            Route("GET", f"{guild}/onboarding", lambda call: onboarding_json(self._guild(call))),
            Route("GET", f"{guild}/audit-logs", self._audit_log),
            Route("GET", events, self._events),
            Route("POST", events, self._create_event),
            Route("GET", event, lambda call: event_json(self._event(call))),
            Route("PATCH", event, self._change_event),
            Route("DELETE", event, self._delete_event),
            Route("GET", f"{event}/users", self._event_users),
        ]

    def _guild(self, call: Call) -> Guild:
        guild = self._world.guilds.get(call.id("guild_id"))
        if guild is None:
            raise unknown("Guild", 10004)
        if self._world.bot_in(guild) is None:
            raise missing_access()
        return guild

    def _bot_may(self, guild: Guild, *any_of: Permission) -> None:
        has = self._world.guild_permissions(guild.members[self._world.bot.id])
        if not any(has & permission for permission in any_of):
            raise missing_permissions()

    def _member(self, call: Call) -> Answer:
        member = self._guild(call).members.get(call.id("user_id"))
        if member is None:
            known = call.id("user_id") in self._world.users
            raise unknown("Member", 10007) if known else unknown("User", 10013)
        return member_json(member)

    def _channels(self, call: Call) -> Answer:
        """Channels the bot cannot view are left out (change log 2026-08-12)."""
        return [channel_json(c) for c in self._guild(call).channels.values() if bot_can_view(self._world, c)]

    def _audit_log(self, call: Call) -> Answer:
        guild = self._guild(call)
        self._bot_may(guild, Permission.VIEW_AUDIT_LOG)
        entries = list(reversed(guild.audit_log))
        if "action_type" in call.query:
            entries = [e for e in entries if e["action_type"] == int(call.query["action_type"])]
        if "user_id" in call.query:
            entries = [e for e in entries if e["user_id"] == call.query["user_id"]]
        if "before" in call.query:
            entries = [e for e in entries if int(e["id"]) < int(call.query["before"])]
        entries = entries[: min(int(call.query.get("limit", 50)), 100)]
        ids = {int(e[name]) for e in entries for name in ("user_id", "target_id")}
        return {
            "audit_log_entries": entries,
            "users": [user_json(self._world.users[i]) for i in ids if i in self._world.users],
            "application_commands": [],
            "auto_moderation_rules": [],
            "guild_scheduled_events": [],
            "integrations": [],
            "threads": [],
            "webhooks": [],
        }

    def _events(self, call: Call) -> Answer:
        guild = self._guild(call)
        self._service.settle_events()
        return [event_json(e) for e in guild.events.values() if e.status in (EVENT_SCHEDULED, EVENT_ACTIVE)]

    def _event(self, call: Call) -> ScheduledEvent:
        guild = self._guild(call)
        self._service.settle_events()
        event = guild.events.get(call.id("guild_scheduled_event_id"))
        if event is None or event.deleted:
            raise unknown("Guild Scheduled Event", 10070)
        return event

    def _create_event(self, call: Call) -> Answer:
        guild = self._guild(call)
        self._bot_may(guild, Permission.CREATE_EVENTS)
        only_fields(call.fields, _EVENT_FIELDS, "")
        self._check_event(guild, call.fields)
        if datetime.fromisoformat(call.fields["scheduled_start_time"]) <= self._world.now():
            code = "GUILD_SCHEDULED_EVENT_SCHEDULE_PAST"
            raise invalid_form("scheduled_start_time", code, "Cannot schedule event in the past.")
        running = sum(e.status in (EVENT_SCHEDULED, EVENT_ACTIVE) for e in guild.events.values())
        if running >= MAX_EVENTS:
            raise ApiError(400, 30038, "Maximum number of guild scheduled events reached (100)")
        event = ScheduledEvent(self._world.snowflake(), guild, self._world.bot, copy.deepcopy(call.fields))
        guild.events[event.id] = event
        self._service.event_changed(event, "GUILD_SCHEDULED_EVENT_CREATE")
        self._note_reason(guild, 100, event, call)
        return event_json(event)

    def _change_event(self, call: Call) -> Answer:
        event = self._event(call)
        self._may_change(event)
        only_fields(call.fields, _EVENT_FIELDS | {"status"}, "")
        if event.status not in _NEXT_STATUS:
            raise ApiError(400, 180000, "Cannot update a finished event")
        status = call.fields.get("status", event.status)
        if status != event.status and status not in _NEXT_STATUS[event.status]:
            raise invalid_form("status", "GUILD_SCHEDULED_EVENT_INVALID_STATUS_TRANSITION", "Invalid status transition")
        body = {**event.body, **copy.deepcopy({k: v for k, v in call.fields.items() if k != "status"})}
        self._check_event(event.guild, body)
        event.body, event.status = body, status
        self._service.event_changed(event, "GUILD_SCHEDULED_EVENT_UPDATE")
        self._note_reason(event.guild, 101, event, call)
        return event_json(event)

    def _delete_event(self, call: Call) -> Answer:
        event = self._event(call)
        self._may_change(event)
        event.status = EVENT_CANCELED
        event.deleted = True
        self._service.event_changed(event, "GUILD_SCHEDULED_EVENT_DELETE")
        self._note_reason(event.guild, 102, event, call)
        return None

    def _may_change(self, event: ScheduledEvent) -> None:
        """Own events: CREATE_EVENTS or MANAGE_EVENTS; others': MANAGE_EVENTS."""
        own = event.creator is self._world.bot
        allowed = (Permission.CREATE_EVENTS, Permission.MANAGE_EVENTS) if own else (Permission.MANAGE_EVENTS,)
        self._bot_may(event.guild, *allowed)

    def _note_reason(self, guild: Guild, action: int, event: ScheduledEvent, call: Call) -> None:
        self._service.audit(guild, action, self._world.bot, event.id, reason=call.reason)

    def _check_event(self, guild: Guild, body: Json) -> None:
        text_between(body, "name", 1, 100, "")
        text_between(body, "description", 0, 1000, "", required=False)
        if body.get("privacy_level") != 2:
            raise invalid_form("privacy_level", "BASE_TYPE_CHOICES", "Value must be one of (2,).")
        start = _instant(body, "scheduled_start_time", required=True)
        end = _instant(body, "scheduled_end_time", required=body.get("entity_type") == EXTERNAL_EVENT)
        if start is not None and end is not None and end <= start:
            code = "GUILD_SCHEDULED_EVENT_END_BEFORE_START"
            raise invalid_form("scheduled_end_time", code, "The event has to end after it starts.")
        if body.get("entity_type") == EXTERNAL_EVENT:
            text_between(body.get("entity_metadata") or {}, "location", 1, 100, "entity_metadata")
            if body.get("channel_id") is not None:
                raise invalid_form("channel_id", "GUILD_SCHEDULED_EVENT_CHANNEL", "An EXTERNAL event has no channel.")
        elif body.get("entity_type") in (STAGE_EVENT, VOICE_EVENT):
            if int(body.get("channel_id") or 0) not in guild.channels:
                raise invalid_form("channel_id", "BASE_TYPE_REQUIRED", "This field is required")
        else:
            raise invalid_form("entity_type", "BASE_TYPE_CHOICES", "Value must be one of (1, 2, 3).")

    def _event_users(self, call: Call) -> Answer:
        event = self._event(call)
        after, limit = int(call.query.get("after", 0)), min(int(call.query.get("limit", 100)), 100)
        with_member = call.query.get("with_member", "").lower() in ("1", "true")
        listed: list[Json] = []
        for user_id in [i for i in sorted(event.interested) if i > after][:limit]:
            row: Json = {"guild_scheduled_event_id": str(event.id), "user": user_json(self._world.users[user_id])}
            if with_member and user_id in event.guild.members:
                row["member"] = member_json(event.guild.members[user_id])
            listed.append(row)
        return listed


def _instant(body: Json, name: str, *, required: bool) -> datetime | None:
    value = body.get(name)
    if value is None and not required:
        return None
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise invalid_form(
            name, "BASE_TYPE_REQUIRED" if value is None else "DATETIME_TYPE_PARSE", "An ISO8601 time is required"
        )
    return instant
