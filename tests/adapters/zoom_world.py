"""A small world for tests of the Zoom adapter: the stand-in on a real socket, a clock that only moves when told, a client in front of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import aiohttp

from bot.adapters.zoom.client import ZoomClient
from bot.adapters.zoom.oauth import ZoomOAuth
from bot.adapters.zoom.pacing import Pacer
from bot.domain.grants import SCOPES
from bot.domain.readback import RoomSettings
from bot.domain.values import LinkId, Passcode, Secret, Token, ZoomUserId
from bot.ports import MeetingRequest
from bot.rehearsal.zoom import ZoomStandIn
from bot.rehearsal.zoom_state import Account, User
from tests.adapters.impatient import impatient

LINK = LinkId("link-1")
NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
CLIENT_ID, CLIENT_SECRET = "client-id-1", "client-secret-canary"
HOST_ADDRESS, MEMBER_ADDRESS = "ana@example.org", "m0123456789@guests.example.org"
MARKER = "vestibule:01JDXV5E7GQ4T0000000000000"
SAFE = RoomSettings(
    registration=True,
    open_registration=False,
    passcode=True,
    waiting_room=True,
    waiting_room_for_everyone=True,
    join_before_host=False,
    personal_meeting_id=False,
    mute_on_entry=True,
    video_at_entry=False,
    telephone=False,
    several_devices=False,
    mails_from_zoom=False,
    share_button=False,
    recording=False,
    continuous_chat=False,
    ai_companion=False,
    focus_mode=False,
)


@dataclass
class SteppedClock:
    """Sleeping moves it at once; `slept` tells how long was asked for."""

    at: datetime = NOW
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)


@dataclass
class IssuedTokens:
    """Current tokens from the stand-in's token endpoint; counts how often another one was needed."""

    oauth: ZoomOAuth
    account_id: str
    held: Token | None = None
    renewals: int = 0

    async def current(self, link_id: LinkId) -> Token:
        assert link_id == LINK
        if self.held is None:
            self.held = (await self.oauth.account_token(self.account_id)).token
        return self.held

    async def renewed(self, link_id: LinkId, rejected: Token) -> Token:
        assert (link_id, rejected) == (LINK, self.held)
        self.renewals += 1
        self.held = (await self.oauth.account_token(self.account_id)).token
        return self.held


@dataclass
class ZoomWorld:
    """What a test may touch."""

    stand_in: ZoomStandIn
    account: Account
    host: User
    clock: SteppedClock
    oauth: ZoomOAuth
    tokens: IssuedTokens
    pacer: Pacer
    client: ZoomClient

    @property
    def host_id(self) -> ZoomUserId:
        return ZoomUserId(self.host.id)

    def request(self, **changes: object) -> MeetingRequest:
        """A meeting tomorrow."""
        asked = {
            "host_id": self.host_id,
            "topic": "Support circle",
            "marker": MARKER,
            "starts_at": NOW + timedelta(days=1),
            "duration": timedelta(minutes=90),
            "passcode": Passcode("Ab3@efGh7_"),
            "settings": SAFE,
        }
        return MeetingRequest(**{**asked, **changes})  # type: ignore[arg-type]

    def sent(self, method: str, template: str) -> int:
        """How many such requests the stand-in has seen."""
        return sum((seen.method, seen.template) == (method, template) for seen in self.stand_in.requests)


@asynccontextmanager
async def zoom_world() -> AsyncIterator[ZoomWorld]:
    """Start it all, and stop it."""
    clock = SteppedClock()
    stand_in = ZoomStandIn(clock.now)
    account = stand_in.add_account("account-1")
    host = stand_in.add_user(account, HOST_ADDRESS)
    stand_in.add_app(account, CLIENT_ID, CLIENT_SECRET, scopes=[scope.admin for scope in SCOPES])
    await stand_in.start()
    try:
        async with aiohttp.ClientSession() as opened:
            session = impatient(opened, stand_in.faults)
            oauth = ZoomOAuth(session, CLIENT_ID, Secret(CLIENT_SECRET), clock, stand_in.oauth_url)
            tokens = IssuedTokens(oauth, account.id)
            pacer = Pacer()
            client = ZoomClient(session, tokens, pacer, clock, stand_in.api_url)
            yield ZoomWorld(stand_in, account, host, clock, oauth, tokens, pacer, client)
    finally:
        await stand_in.stop()
