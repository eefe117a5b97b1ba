"""Routes of the Discord stand-in about the application itself: identity, gateway address, commands, interaction answers."""

from __future__ import annotations

import copy

from bot.rehearsal.discord_commands import GLOBAL, Commands
from bot.rehearsal.discord_errors import missing_access, unknown
from bot.rehearsal.discord_gateway import Gateway
from bot.rehearsal.discord_interactions import Interactions
from bot.rehearsal.discord_limits import Limits
from bot.rehearsal.discord_payloads import application_json, message_json, user_json
from bot.rehearsal.discord_rest import Answer, Call, Route
from bot.rehearsal.discord_world import Json, Message, User, World

_LOCALIZATIONS = ("name_localizations", "description_localizations")


class ApplicationRoutes:
    """https://docs.discord.com/developers/resources/application , .../events/gateway#get-gateway-bot , .../interactions/..."""

    def __init__(
        self,
        world: World,
        gateway: Gateway,
        commands: Commands,
        interactions: Interactions,
        owner: User,
        limits: Limits,
    ) -> None:
        self._world, self._gateway, self._commands = world, gateway, commands
        self._interactions, self._owner, self._limits = interactions, owner, limits

    def routes(self) -> list[Route]:
        """All routes of this file."""
        commands, guild_commands = (
            "/applications/{application_id}/commands",
            "/applications/{application_id}/guilds/{guild_id}/commands",
        )
        webhook = "/webhooks/{webhook_id}/{webhook_token}"
        message, original = f"{webhook}/messages/{{message_id}}", f"{webhook}/messages/@original"
        callback = "/interactions/{interaction_id}/{interaction_token}/callback"
        open_routes = [
            Route("POST", callback, self._callback, needs_token=False),
            Route("POST", webhook, self._follow_up, needs_token=False),
        ]
        for template in (original, message):
            open_routes += [
                Route("GET", template, self._get_reply, needs_token=False),
                Route("PATCH", template, self._edit_reply, needs_token=False),
                Route("DELETE", template, self._delete_reply, needs_token=False),
            ]
        return [
            *open_routes,
            Route("GET", "/users/@me", lambda _: user_json(self._world.bot)),
            Route("GET", "/users/{user_id}", self._user),
            Route("GET", "/applications/@me", self._application),
            Route("GET", "/oauth2/applications/@me", self._application),
            Route("GET", "/gateway", lambda _: {"url": self._gateway.url}),
            Route("GET", "/gateway/bot", self._gateway_bot),
            Route("GET", commands, self._list_commands),
            Route("PUT", commands, self._put_commands),
            Route("GET", guild_commands, self._list_commands),
            Route("PUT", guild_commands, self._put_commands),
        ]

    def _application(self, _call: Call) -> Answer:
        return application_json(self._world.bot, self._owner)

    def _user(self, call: Call) -> Answer:
        user = self._world.users.get(call.id("user_id"))
        if user is None:
            raise unknown("User", 10013)
        return user_json(user)

    def _gateway_bot(self, _call: Call) -> Answer:
        guilds = sum(self._world.bot.id in g.members for g in self._world.guilds.values())
        total = self._limits.identifies_per_day
        return {
            "url": self._gateway.url,
            "shards": max(1, -(-guilds // 1000)),
            "session_start_limit": {
                "total": total,
                "remaining": max(0, total - len(self._gateway.identifies)),
                "reset_after": 86_400_000,
                "max_concurrency": self._limits.max_concurrency,
            },
        }

    def _scope(self, call: Call) -> int:
        if call.id("application_id") != self._world.bot.id:
            raise unknown("Application", 10002)
        if "guild_id" not in call.params:
            return GLOBAL
        guild = self._world.guilds.get(call.id("guild_id"))
        if guild is None or self._world.bot_in(guild) is None:
            raise missing_access()
        return guild.id

    def _list_commands(self, call: Call) -> Answer:
        listed = copy.deepcopy(self._commands.scopes.get(self._scope(call), []))
        if call.query.get("with_localizations", "").lower() not in ("1", "true"):
            for command in listed:
                for name in _LOCALIZATIONS:
                    command.pop(name, None)
        return listed

    def _put_commands(self, call: Call) -> Answer:
        return self._commands.overwrite(self._scope(call), call.body)

    def _callback(self, call: Call) -> Answer:
        interaction_id, token = call.id("interaction_id"), call.params["interaction_token"]
        answer = self._interactions.respond(interaction_id, token, call.fields, call.attachments)
        return answer if call.query.get("with_response", "").lower() in ("1", "true") else None

    def _token(self, call: Call) -> str:
        if call.id("webhook_id") != self._world.bot.id:
            raise unknown("Webhook", 10015)
        return call.params["webhook_token"]

    def _follow_up(self, call: Call) -> Answer:
        return self._wire(self._interactions.follow_up(self._token(call), call.fields, call.attachments))

    def _get_reply(self, call: Call) -> Answer:
        return self._wire(self._interactions.find(self._token(call), call.params.get("message_id", "@original"))[1])

    def _edit_reply(self, call: Call) -> Answer:
        message_id = call.params.get("message_id", "@original")
        return self._wire(self._interactions.edit(self._token(call), message_id, call.fields, call.attachments))

    def _delete_reply(self, call: Call) -> Answer:
        self._interactions.delete(self._token(call), call.params.get("message_id", "@original"))
        return None

    def _wire(self, message: Message) -> Json:
        return message_json(self._world, message)
