"""The stage: both stand-ins on loopback, the community in them, and the real bot, which can be stopped, killed and started again."""

from __future__ import annotations

import asyncio
import base64
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.rehearsal.cast import Cast, open_account
from bot.rehearsal.discord import DiscordStandIn
from bot.rehearsal.discord_gateway import Intent
from bot.rehearsal.discord_limits import Limits
from bot.rehearsal.reading import Reader
from bot.rehearsal.scenario import Scenario
from bot.rehearsal.wishes import BotWish, DatabaseSwitch, MakeClock, RunningBot, StartBot
from bot.rehearsal.zoom import ZoomStandIn
from bot.rehearsal.zoom_events import ZoomEventSender

REGISTRANT_DOMAIN = "guests.riverside.example"
PUBLIC_URL = "https://vestibule.riverside.example"
"""Where browsers reach the bot, where accounts are linked by OAuth."""
PATIENCE = 60.0
"""Real seconds after which what should happen counts as not happening. Only a failure takes so long; on a busy machine all else happens late."""
_LOOK, _LONGEST_LOOK = 0.02, 0.2
_NOTHING_LISTENS = 9
"""A port where every connection is refused."""


class Stage:
    """One scenario's world.

    Args:
        start_bot: starts the real bot.
        make_clock: the clock that everything on the stage shares.
        folder: the bot's data folder; the stage reads it, never writes it.
    """

    def __init__(self, scenario: Scenario, start_bot: StartBot, make_clock: MakeClock, folder: Path) -> None:
        self.scenario, self.folder = scenario, folder
        self._start_bot = start_bot
        self.zone = scenario.community.timezone
        self.database = DatabaseSwitch()
        self.clock = make_clock(scenario.starts.replace(tzinfo=scenario.starts.tzinfo or ZoneInfo(self.zone)))
        # Discord lets a bot identify once in 5 real seconds; a story with restarts would mostly be waiting for that.
        # It waits 3 s for an answer: how fast the bot is on a busy machine is for a benchmark to say, not for a story.
        limits = Limits(identify_window=0.05, answer_within=PATIENCE)
        privileged = int(Intent.GUILD_MEMBERS) if scenario.bot.members_intent else 0
        self.discord = DiscordStandIn(
            self.clock.now, token=_made_up_token(), privileged_intents=privileged, limits=limits
        )
        self.zoom = ZoomStandIn(self.clock.now)
        client_id, self._client_secret = "rehearsal-app", secrets.token_urlsafe(24)
        self._keys = (base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),)
        self._webhook_secret = secrets.token_urlsafe(16) if scenario.bot.event_endpoint else None
        self.account = open_account(scenario, self.zoom, client_id, self._client_secret, PUBLIC_URL)
        self.client_id = client_id
        self.cast = Cast(scenario, self.discord, self.clock.now())
        self.reader = Reader(self.discord.world, self.cast.guild, self.zone)
        self._bot: RunningBot | None = None
        self._port = _NOTHING_LISTENS
        self.events = ZoomEventSender(self.zoom.state, self._webhook_secret or "", lambda: self.bot_address, self.clock)
        if self._webhook_secret is not None:
            self.zoom.report_events_to(self.events)

    async def open(self) -> None:
        """Start the stand-ins and the bot."""
        await self.discord.start()
        await self.zoom.start()
        await self.start_bot()
        if self._webhook_secret is not None:
            await self.events.start()

    async def close(self) -> None:
        """Stop everything."""
        try:
            self.database.now("answers again")
            self.zoom.faults.clear()
            self.discord.faults.clear()
            self.zoom.faults.release()
            await self.events.stop()
            await self.stop_bot()
        finally:
            await self.discord.stop()
            await self.zoom.stop()

    @property
    def bot_is_up(self) -> bool:
        """Whether the bot is running."""
        return self._bot is not None

    @property
    def bot_address(self) -> str:
        """Where the bot's web server listens now. Nothing listens there while it is down."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def own_secrets(self) -> frozenset[str]:
        """The secrets the stage made up for the bot."""
        return frozenset({self.discord.token, self._client_secret, *self._keys, *filter(None, (self._webhook_secret,))})

    async def start_bot(self) -> None:
        """Start the bot, unless it is up."""
        if self._bot is None:
            async with asyncio.timeout(PATIENCE):
                self._bot = await self._start_bot(self._wish())
            await self.quiet()

    async def stop_bot(self) -> None:
        """Stop the bot in order, if it is up."""
        bot, self._bot, self._port = self._bot, None, _NOTHING_LISTENS
        if bot is not None:
            await bot.stop()

    async def kill_bot(self) -> None:
        """Stop the bot dead."""
        bot, self._bot, self._port = self._bot, None, _NOTHING_LISTENS
        if bot is not None:
            await bot.kill()

    async def quiet(self, still: float = 0.12, within: float = 3.0) -> None:
        """Wait until neither stand-in was asked for anything for `still` seconds, at most `within`.

        They are counted in looks, not read from a clock: while the machine does something else, the bot could not ask for anything either.
        """
        before, same, looks = self._traffic(), 0, 0
        while same * _LOOK < still and looks * _LOOK < within:
            await asyncio.sleep(_LOOK)
            now = self._traffic()
            before, same, looks = now, same + 1 if now == before else 0, looks + 1

    async def until(self, holds: Callable[[], bool], within: float) -> bool:
        """Whether `holds` comes true within so many real seconds."""
        began, look = time.monotonic(), _LOOK
        while not holds():
            if time.monotonic() - began >= within:
                return False
            await asyncio.sleep(look)
            look = min(1.2 * look, _LONGEST_LOOK)
        return True

    def _traffic(self) -> tuple[int, int, int]:
        answered = sum(request.applied is not None for request in self.zoom.requests)
        done = sum(request.status is not None for request in self.discord.requests)
        return len(self.zoom.requests), answered, done

    def _wish(self) -> BotWish:
        wish = self.scenario
        by_oauth = wish.zoom.linked_by == "oauth"
        return BotWish(
            data_dir=self.folder,
            database=self.database,
            clock=self.clock,
            discord_api=self.discord.api_url,
            discord_gateway=self.discord.gateway_url,
            discord_token=self.discord.token,
            guild_id=None if by_oauth else self.cast.guild.id,
            zoom_api=self.zoom.api_url,
            zoom_oauth=self.zoom.oauth_url,
            zoom_account_id=None if by_oauth else self.account.id,
            zoom_client_id=self.client_id,
            zoom_client_secret=self._client_secret,
            zoom_hosts=() if by_oauth else tuple(host.email for host in wish.zoom.hosts),
            secret_keys=self._keys,
            registrant_domain=REGISTRANT_DOMAIN if wish.bot.registrant_domain else None,
            webhook_secret=self._webhook_secret,
            members_intent=wish.bot.members_intent,
            public_url=PUBLIC_URL if by_oauth else None,
            listens=self._note_port,
        )

    def _note_port(self, port: int) -> None:
        self._port = port


def _made_up_token() -> str:
    """Shaped like a bot's token, so that what recognises one by its shape recognises this."""
    return f"{secrets.token_urlsafe(18)}.{secrets.token_urlsafe(4)[:6]}.{secrets.token_urlsafe(28)}"
