"""Zoom's OAuth behind `Consents`: one grant of a user at a time, codes that work once and only with their verifier, refresh tokens that rotate."""

from __future__ import annotations

import asyncio
import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from bot.domain.errors import NeedsAttention
from bot.domain.grants import SCOPES
from bot.domain.values import Secret, Token, ZoomUserId
from bot.ports import Clock, IssuedToken, UserGrant, ZoomIdentity, ZoomUser

ALL_SCOPES = frozenset(scope.user for scope in SCOPES if scope.user)
_DEAD = "zoom_grant_dead"


@dataclass
class FakeConsents:
    """`fail` raises instead of doing, `hold` keeps what has begun waiting; `revoked` and `refreshes` tell what was asked for."""

    clock: Clock
    people: dict[str, ZoomUser] = field(default_factory=dict)
    scopes: frozenset[str] = ALL_SCOPES
    fail: dict[str, Exception] = field(default_factory=dict)
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)
    access: dict[str, str] = field(default_factory=dict)
    newest: dict[str, str] = field(default_factory=dict)
    revoked: list[str] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)
    refreshes: int = 0
    accounts: int = 0
    delay: float = 0.0
    hold: asyncio.Event | None = None
    waiting: int = 0

    def add(self, name: str, *, licensed: bool = True) -> ZoomUser:
        user = ZoomUser(ZoomUserId(f"zoom-{name}"), f"{name}@choir.example", name.title(), licensed)
        self.people[user.user_id] = user
        return user

    def allow(self, address: Secret, user: ZoomUser) -> dict[str, str]:
        """What the browser brings back after Allow."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address.reveal()).query).items()}
        code = self._new("code")
        self.codes[code] = (user.user_id, query["code_challenge"])
        return {"code": code, "state": query["state"]}

    def live_users(self) -> set[str]:
        """Users who still have granted something."""
        return set(self.newest)

    async def account_token(self, account_id: str) -> IssuedToken:
        await self._enter("account_token")
        self.accounts += 1
        return self._issued(self._new("canary-token"))

    def authorize_address(self, state: Secret, challenge: str) -> Secret:
        self.secrets.add(state.reveal())
        return Secret(f"https://zoom.example/authorize?state={state.reveal()}&code_challenge={challenge}")

    async def exchanged(self, code: Secret, verifier: Secret) -> UserGrant:
        await self._enter("exchanged")
        self.secrets.add(verifier.reveal())
        user_id, challenge = self.codes.pop(code.reveal(), ("", ""))
        proof = urlsafe_b64encode(hashlib.sha256(verifier.reveal().encode()).digest()).rstrip(b"=").decode()
        if not user_id or proof != challenge:
            raise NeedsAttention("Refused.", code="zoom_code_refused" if not user_id else _DEAD)
        return self._pair(user_id)

    async def refreshed(self, refresh: Token) -> UserGrant:
        await self._enter("refreshed")
        self.refreshes += 1
        for user_id, newest in self.newest.items():
            if newest == refresh.reveal():
                return self._pair(user_id)
        raise NeedsAttention("Dead.", code=_DEAD)

    async def identify(self, token: Token) -> ZoomIdentity:
        await self._enter("identify")
        user = self.people[self.access[token.reveal()]]
        return ZoomIdentity(user, f"account-of-{user.user_id}")

    async def revoke(self, token: Token) -> None:
        await self._enter("revoke")
        user_id = self.access.pop(token.reveal(), None)
        if user_id is not None:
            self.newest.pop(user_id, None)
            self.revoked.append(user_id)

    def remove_app(self, user: ZoomUser) -> None:
        """The user takes the app away at Zoom; nobody is told."""
        self.newest.pop(user.user_id, None)

    def _pair(self, user_id: str) -> UserGrant:
        access, refresh = self._new("access"), self._new("refresh")
        self.access[access] = user_id
        self.newest[user_id] = refresh
        return UserGrant(self._issued(access), Token(refresh))

    def _issued(self, text: str) -> IssuedToken:
        return IssuedToken(Token(text), self.clock.now() + timedelta(hours=1), self.scopes)

    def _new(self, kind: str) -> str:
        made = f"{kind}-canary-{len(self.secrets)}-zq"
        self.secrets.add(made)
        return made

    async def _enter(self, operation: str) -> None:
        await asyncio.sleep(self.delay)
        if operation in self.fail:
            raise self.fail[operation]
        if self.hold is not None:
            self.waiting += 1
            await self.hold.wait()
