"""A small Zoom for tests: one Pro account with a licensed and a free host, a server-to-server app, and a client on a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from bot.rehearsal.zoom import ZoomStandIn
from bot.rehearsal.zoom_endpoints import ENDPOINTS
from bot.rehearsal.zoom_limits import Plan
from bot.rehearsal.zoom_state import BASIC, Account, User
from tests.waiting import PATIENCE

SCOPES = tuple(endpoint.scope.removesuffix(":admin") + ":admin" for endpoint in ENDPOINTS)
SAFE = {"approval_type": 1, "waiting_room": True, "join_before_host": False}


@dataclass
class Clock:
    """Stands still until told otherwise."""

    now: datetime = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Said:
    """An answer."""

    status: int
    body: Any
    headers: Any

    @property
    def refusal(self) -> tuple[int, int]:
        return self.status, self.body["code"]


@dataclass
class World:
    zoom: ZoomStandIn
    clock: Clock
    seconds: Clock
    session: aiohttp.ClientSession
    account: Account
    host: User
    free_host: User
    token: str = ""
    answers: list[tuple[str, str, Said]] = field(default_factory=list)

    async def call(self, method: str, path: str, body: Any = None, *, token: str | None = None, **query: str) -> Said:
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        url = self.zoom.api_url + path
        async with self.session.request(method, url, json=body, headers=headers, params=query) as got:
            said = Said(got.status, await got.json() if got.content_length else None, got.headers)
        self.answers.append((method, self.zoom.requests[-1].template, said))
        return said

    async def ask_token(
        self, path: str = "/token", *, client: str = "app", key: str = "app-secret", **form: str
    ) -> Said:
        headers = {"Authorization": aiohttp.encode_basic_auth(client, key)}
        async with self.session.post(self.zoom.oauth_url + path, data=form, headers=headers) as got:
            return Said(got.status, await got.json(), got.headers)

    async def sign_in(self) -> None:
        said = await self.ask_token(grant_type="account_credentials", account_id=self.account.id)
        self.token = said.body["access_token"]

    async def meeting(self, host: User | None = None, **body: Any) -> Any:
        """A registration meeting tomorrow, unless `body` says otherwise; the answer to its creation."""
        tomorrow = (self.clock.now + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        asked = {"topic": "Evening circle", "type": 2, "start_time": tomorrow, "duration": 60, "settings": SAFE} | body
        said = await self.call("POST", f"/users/{(host or self.host).email}/meetings", asked)
        assert said.status == 201, said.body
        return said.body

    async def register(self, meeting_id: int, email: str, /, **body: Any) -> Said:
        person: dict[str, Any] = {"first_name": "Ana·K7F", "email": email, "auto_approve": True} | body
        return await self.call("POST", f"/meetings/{meeting_id}/registrants", person)


@asynccontextmanager
async def zoom_world(plan: Plan = Plan.PRO) -> AsyncIterator[World]:
    """Started, with limits on; per-second windows stand still with `world.seconds`."""
    clock, seconds = Clock(), Clock()
    zoom = ZoomStandIn(clock, seconds=lambda: seconds.now.timestamp())
    account = zoom.add_account("acc-1", plan=plan)
    host = zoom.add_user(account, "host@club.example", role="Owner")
    free_host = zoom.add_user(account, "free@club.example", type=BASIC)
    zoom.add_app(account, "app", "app-secret", scopes=SCOPES)
    await zoom.start()
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as session:
            world = World(zoom, clock, seconds, session, account, host, free_host)
            await world.sign_in()
            yield world
    finally:
        await zoom.stop()
