"""A Discord to rehearse against: a real server on loopback with REST and gateway on one port, as strict as the real service.

The real, unmodified discord.py client runs against it over real sockets. A rehearsal builds communities with the `add_*` methods, acts for people
with `slash`, `press`, `select`, `submit_modal` and `context_menu`, and asks with `visible_to` and `all_public` who saw what.
Rules follow https://docs.discord.com/developers ; each module names its pages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from aiohttp import web

from bot.rehearsal.discord_builder import CommunityBuilder
from bot.rehearsal.discord_commands import Commands
from bot.rehearsal.discord_gateway import Gateway
from bot.rehearsal.discord_handles import InteractionHandle
from bot.rehearsal.discord_hands import Hands
from bot.rehearsal.discord_interactions import Interactions, Modal
from bot.rehearsal.discord_limits import Limits
from bot.rehearsal.discord_rest import PREFIX, RecordedRequest, Rest, rate_limited_response
from bot.rehearsal.discord_routes_app import ApplicationRoutes
from bot.rehearsal.discord_routes_guild import GuildRoutes
from bot.rehearsal.discord_routes_message import MessageRoutes
from bot.rehearsal.discord_service import DiscordService
from bot.rehearsal.discord_sight import SeenItem, Sight
from bot.rehearsal.discord_values import FormValue, Value
from bot.rehearsal.discord_world import Channel, Json, Member, Message, User, World
from bot.rehearsal.faults import FaultPlan


class DiscordStandIn(CommunityBuilder):
    """One Discord with one bot application.

    Args:
        now: the clock all of it is dated with (3 s and 15 min limits of interactions included).
        token: the bot's token; any other is refused.
        privileged_intents: intents enabled in the developer portal; identifying with others closes with 4014.
        limits: how much the bot may do; figures may be changed while it runs (a route's: before its first request).
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        *,
        token: str = "rehearsal.bot.token",  # noqa: S107 (a made-up value for a server that lives on loopback)
        privileged_intents: int = 0,
        limits: Limits | None = None,
    ) -> None:
        self.token, self.limits = token, limits or Limits()
        world = World(now)
        self.gateway = Gateway(world, token, self.limits, privileged_intents)
        super().__init__(world, DiscordService(world, self.gateway))
        self.owner = self.world.new_user("Application Owner")
        self.faults = FaultPlan(rate_limited_response)
        self._interactions = Interactions(self._service)
        self.commands = Commands(self.world, self.limits)
        self._sight = Sight(self.world, self._interactions, self.commands)
        self._hands = Hands(self._service, self._interactions, self.commands, self._sight)
        self._rest = Rest(self.world, token, self.limits)
        application = ApplicationRoutes(
            self.world, self.gateway, self.commands, self._interactions, self.owner, self.limits
        )
        self._rest.add(*application.routes(), *GuildRoutes(self._service).routes())
        self._rest.add(*MessageRoutes(self._service, self.limits).routes(), *self.automod.routes())
        self._runner: web.AppRunner | None = None
        self._address = ""

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one."""
        app = web.Application(middlewares=[self._rest.record, self.faults.middleware], client_max_size=30 * 1024**2)
        app.router.add_get("/", self.gateway.handle)
        app.router.add_route("*", PREFIX + "/{tail:.*}", self._rest.handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        bound = self._runner.addresses[0]
        self._address = f"{bound[0]}:{bound[1]}"
        self.gateway.url = self.gateway_url

    async def stop(self) -> None:
        """Close every socket and stop listening."""
        self.gateway.drop(1001)
        self.faults.release()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def api_url(self) -> str:
        """For `discord.http.Route.BASE`."""
        return f"http://{self._address}{PREFIX}"

    @property
    def gateway_url(self) -> str:
        """For `discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY`."""
        return f"ws://{self._address}"

    @property
    def requests(self) -> list[RecordedRequest]:
        """Every REST request so far, with its path template as in Discord's published description."""
        return self._rest.requests

    @property
    def bot(self) -> User:
        """The bot's own account."""
        return self.world.bot

    def messages_in(self, channel: Channel) -> list[Message]:
        """The messages standing in a channel now, oldest first, ephemeral ones left out."""
        kept = (m for m in self.world.messages.values() if m.channel is channel and not m.ephemeral)
        return [m for m in kept if m.deleted_at is None]

    async def drop_gateway(self, code: int = 4000, *, resumable: bool = True) -> None:
        """Close every gateway socket with `code`; with `resumable` false the client must identify anew."""
        self.gateway.drop(code, resumable=resumable)

    async def slash(
        self, member: Member, channel: Channel, command: str, options: Mapping[str, Value] | None = None
    ) -> InteractionHandle:
        """A member runs a slash command, sub-commands separated by blanks.

        Raises:
            NotVisible: the member is not offered that command there.
            RefusedByClient: the member's app would not send these options.
        """
        return self._hands.slash(member, channel, command, options)

    async def autocomplete(
        self,
        member: Member,
        channel: Channel,
        command: str,
        option: str,
        typed: str,
        options: Mapping[str, Value] | None = None,
    ) -> Sequence[Json]:
        """A member types into an option; the suggestions as `{"name", "value"}`. NoReply when none come in 3 s."""
        return await self._hands.autocomplete(member, channel, command, option, typed, options).wait_choices()

    async def press(self, person: Member | User, message: Message, button: str) -> InteractionHandle:
        """A person presses a button, named by custom_id or label; NotVisible unless it is on a message they see."""
        return self._hands.press(person, message, button)

    async def select(
        self, person: Member | User, message: Message, custom_id: str, values: Sequence[Value]
    ) -> InteractionHandle:
        """A person chooses in a select, named by custom_id or placeholder; values are texts, or people, roles, channels."""
        return self._hands.select(person, message, custom_id, values)

    async def submit_modal(self, form: InteractionHandle | Modal, values: Mapping[str, FormValue]) -> InteractionHandle:
        """The person a form was opened for sends it in; fields are named by custom_id or label."""
        return self._hands.submit_modal(form, values)

    async def context_menu(
        self, member: Member, name: str, target: Member | Message, channel: Channel | None = None
    ) -> InteractionHandle:
        """A member chooses an app command from the menu on a message, or on a person in `channel` (default: the first they see)."""
        if isinstance(target, Message):
            place = target.channel
        else:
            place = channel or next(c for c in member.guild.channels.values() if member.id in self.world.viewers(c))
        return self._hands.context_menu(member, name, target, place)

    def visible_to(self, person: Member | User) -> list[SeenItem]:
        """Everything this person can or could read, oldest first; see `discord_sight`."""
        return self._sight.visible_to(person)

    def all_public(self) -> list[SeenItem]:
        """Everything that is not for one person alone."""
        return self._sight.all_public()
