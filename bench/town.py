"""The communities a benchmark's bot lives in, built in the stand-ins, and the hands of the people in them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.adapters.timing import MovableClock
from bot.domain.grants import SCOPES
from bot.rehearsal.discord import DiscordStandIn
from bot.rehearsal.discord_components import walk
from bot.rehearsal.discord_limits import Limits
from bot.rehearsal.discord_permissions import Permission
from bot.rehearsal.discord_rest import RecordedRequest
from bot.rehearsal.discord_world import VOICE_CHANNEL, Guild, Json, Message, Overwrite
from bot.rehearsal.zoom import ZoomStandIn
from bot.rehearsal.zoom_http import RequestRecord
from bot.rehearsal.zoom_limits import Plan
from bot.rehearsal.zoom_links import WEB
from bot.rehearsal.zoom_state import Account

HOST, BARE_HOST = "host@choir.example", "host@bare.example"
BUTTON = "Get my link"
_LINK_WITHIN = 120.0
_LOOK = 0.05
_MILLISECOND = timedelta(milliseconds=1)


class Town:
    """Both stand-ins, with every community the bot is in; people live in the first.

    The clock runs evenly with the machine's monotonic one, so a difference between two of its instants is a duration.

    Args:
        guilds: how many communities.
        roles, channels: how many each has; every fifth channel is a voice channel, every third is hidden from those without a role.
        members: how many verified members the first has.
    """

    def __init__(self, *, guilds: int, roles: int, channels: int, members: int) -> None:
        self.clock = MovableClock()
        # Benchmarks start the bot more often than once in five seconds; Discord's other limits stay as they are.
        self.discord = DiscordStandIn(self.clock.now, limits=Limits(identify_window=0.0))
        self.zoom = ZoomStandIn(self.clock.now)
        self.account, self.bare_account = self._account("vestibule", HOST), self._account("bare", BARE_HOST)
        self.guild = self._guild("Larkspur Choir", roles, channels)
        for number in range(1, guilds):
            self._guild(f"Community {number}", roles, channels)
        self._people(members)

    def _account(self, client: str, host: str) -> Account:
        """An account for each, because Zoom's limits hold per account."""
        account = self.zoom.add_account(plan=Plan.PRO)
        self.zoom.add_user(account, host)
        self.zoom.add_app(account, client, f"{client}-secret", scopes=[scope.admin for scope in SCOPES])
        return account

    def _guild(self, name: str, roles: int, channels: int) -> Guild:
        guild = self.discord.add_guild(name)
        made = [self.discord.add_role(guild, f"{name} role {number}") for number in range(roles)]
        for number in range(channels):
            overwrites: list[Overwrite] = []
            if number % 3 == 2 and made:
                overwrites = [
                    Overwrite(guild.everyone, deny=Permission.VIEW_CHANNEL),
                    Overwrite(made[number % len(made)], allow=Permission.VIEW_CHANNEL),
                    Overwrite(guild.members[self.discord.bot.id], allow=Permission.VIEW_CHANNEL),
                ]
            kind = {"kind": VOICE_CHANNEL} if number % 5 == 4 else {}
            self.discord.add_channel(guild, f"{name.lower().replace(' ', '-')}-{number}", overwrites, **kind)
        return guild

    def _people(self, members: int) -> None:
        self._verified = self.discord.add_role(self.guild, "Verified")
        admin = self.discord.add_role(self.guild, "Admin", int(Permission.MANAGE_GUILD))
        self.lobby = self.discord.add_channel(self.guild, "lobby")
        self.calls = self.discord.add_channel(self.guild, "calls")
        self.admin = self.discord.add_member(self.guild, "Adam", roles=[admin])
        self.members = [
            self.discord.add_member(self.guild, f"Member {number}", roles=[self._verified]) for number in range(members)
        ]

    async def open_links(self) -> None:
        """Adam sets the community up and creates a meeting whose links are handed out at once."""
        panel = await (await self.discord.slash(self.admin, self.lobby, "setup")).wait_settled()
        await self._press(panel, "Roles")
        await self._select(panel, "setup:roles:verified", self._verified)
        await self._press(panel, "Channels")
        await self._select(panel, "setup:channel:announcements", self.calls)
        await self.create("Choir practice")
        async with asyncio.timeout(_LINK_WITHIN):
            while not self.discord.messages_in(self.calls):  # noqa: ASYNC110  (the stand-in tells nobody)
                await asyncio.sleep(_LOOK)

    async def create(self, topic: str) -> None:
        """Adam creates a meeting that begins in five minutes."""
        ask: dict[str, Any] = {"topic": topic, "when": "in 5 minutes", "minutes": 240}
        draft = await (await self.discord.slash(self.admin, self.lobby, "meeting create", ask)).wait_settled()
        await self._press(draft, "Create")

    async def _press(self, message: Message, button: str) -> None:
        await (await self.discord.press(self.admin, message, button)).wait_settled()

    async def _select(self, message: Message, menu: str, chosen: Any) -> None:
        await (await self.discord.select(self.admin, message, menu, [chosen])).wait_settled()

    async def press(self, member: int) -> float:
        """A member presses "Get my link"; milliseconds from the dispatch of INTERACTION_CREATE until their link stood in the reply.

        Raises:
            RuntimeError: they got none in two minutes.
        """
        announcement = self.discord.messages_in(self.calls)[0]
        handle = await self.discord.press(self.members[member], announcement, BUTTON)
        dispatched = self.clock.now()
        try:
            async with asyncio.timeout(_LINK_WITHIN):
                while not holds_link(handle.reply):
                    await handle.interaction.changed.wait()
        except TimeoutError:
            raise RuntimeError(f"member {member} got no link but: {handle.text!r}") from None
        reply = handle.reply
        assert reply is not None
        return (reply.now.at - dispatched) / _MILLISECOND

    def slow_zoom(self, seconds: float) -> None:
        """From now on Zoom takes this long for each answer about meetings."""
        self.zoom.faults.add(("*", r"/meetings/"), "delay", times=None, seconds=seconds)

    def registrations(self) -> Json:
        """How often Zoom was asked to register one person, and several."""
        paths = [call.path.rpartition("/")[2] for call in self.zoom.requests if call.method == "POST"]
        return {"single": paths.count("registrants"), "batch": paths.count("batch_registrants")}

    async def trips(self, member: int) -> list[Json]:
        """The HTTP requests that one press causes, in order, as a bare client can repeat them: `{id}` and `{token}` stand for the
        interaction's, `{application}` for the bot's id, `{meeting}` for Zoom's of the meeting.
        """
        asked, registered = len(self.discord.requests), len(self.zoom.requests)
        await self.press(member)
        # What the bot does by itself meanwhile is left out: to channels, and what is only read.
        answers = [r for r in self.discord.requests[asked:] if r.path.startswith(("/interactions/", "/webhooks/"))]
        made = [(request.at, _trip("discord", request, request.query)) for request in answers]
        written = [call for call in self.zoom.requests[registered:] if call.method != "GET"]
        made += [(call.at, _trip("zoom", call, {})) for call in written]
        callback = next(trip["path"] for _, trip in made if trip["path"].startswith("/interactions/"))
        _, _, interaction, token, _ = callback.split("/")
        names = {interaction: "{id}", token: "{token}", str(self.discord.bot.id): "{application}"}
        names |= {str(meeting.id): "{meeting}" for meeting in self.zoom.meetings}
        for _, trip in made:
            trip["path"] = "/".join(names.get(part, part) for part in trip["path"].split("/"))
        return [trip for _, trip in sorted(made, key=lambda pair: pair[0])]


def _trip(service: str, request: RecordedRequest | RequestRecord, query: Mapping[str, str]) -> Json:
    path = request.path.removeprefix("/v2")
    return {"service": service, "method": request.method, "path": path, "query": dict(query), "body": request.body}


def holds_link(message: Message | None) -> bool:
    """Whether a person who reads this message finds their way in."""
    if message is None or message.now.loading:
        return False
    urls = (str(component.get("url", "")) for _, component in walk(message.components))
    return any(url.startswith(WEB) for url in urls) or WEB in json.dumps(list(message.components))
