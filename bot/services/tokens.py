"""Access tokens of linked accounts: renewed exactly once among any number of tasks and processes.

A lease (owner, until) is committed first, Zoom is called with no transaction open, the new tokens are committed by compare-and-swap on the token
version, and only then used. Each refresh gives a new refresh token (https://developers.zoom.us/docs/integrations/oauth/).
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import structlog

from bot.domain.errors import NeedsAttention, OutcomeUnknown, Transient, VestibuleError
from bot.domain.values import LinkId, Token
from bot.ports import (
    AccountLink,
    Clock,
    GrantIssuer,
    HeldGrant,
    IssuedToken,
    LinkKind,
    LinkState,
    Store,
    UserGrant,
)
from bot.ports.control import ReadyTokens

FRESH_ENOUGH = timedelta(minutes=5)
"""A token with less life than this is replaced before it is used."""
READY = timedelta(minutes=15)
"""A token that is kept ready for emergencies has at least this much life."""
LEASE = timedelta(seconds=75)
"""How long one process may take to renew: longer than a call to Zoom with all its waits."""
LOOK_AGAIN_AFTER = 0.05
"""Seconds between two looks at whether another process is done."""
GRANT_DEAD = "zoom_grant_dead"

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Seen:
    link: AccountLink
    grant: HeldGrant


class AccountTokens(ReadyTokens):
    """Access tokens of linked accounts.

    Args:
        owner: names this process among those that share the store.
    """

    def __init__(self, store: Store, issuer: GrantIssuer, clock: Clock, owner: str) -> None:
        self._store = store
        self._issuer = issuer
        self._clock = clock
        self._owner = owner
        self._held: dict[LinkId, IssuedToken] = {}
        self._locks: defaultdict[LinkId, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._under_way: set[asyncio.Task[Token]] = set()

    async def current(self, link_id: LinkId) -> Token:
        """A token with some life left.

        Raises:
            NeedsAttention: the grant is dead, Zoom refuses the app, or nothing is linked.
            Transient: Zoom cannot be reached.
        """
        held = self._held.get(link_id)
        if held is not None and self._lives(held, FRESH_ENOUGH):
            return held.token
        async with self._locks[link_id]:
            return await self._whatever_happens(self._renew(link_id, None))

    async def renewed(self, link_id: LinkId, rejected: Token) -> Token:
        """Another token than the one Zoom just rejected; many callers at once cause one request."""
        async with self._locks[link_id]:
            return await self._whatever_happens(self._renew(link_id, rejected))

    def at_hand(self, link_id: LinkId) -> Token | None:
        """The token in memory while it is valid: it needs neither store nor Zoom."""
        held = self._held.get(link_id)
        return held.token if held is not None and held.expires_at > self._clock.now() else None

    async def keep_ready(self, link_id: LinkId) -> None:
        """Take over what any process has renewed meanwhile, and renew it if less than 15 minutes are left.

        Raises:
            NeedsAttention, Transient: as `current`.
        """
        async with self._locks[link_id]:
            access, held = (await self._look(link_id)).grant.access, self._held.get(link_id)
            if access is not None and (held is None or access.expires_at > held.expires_at):
                self._held[link_id] = access
            await self._whatever_happens(self._renew(link_id, None, READY))

    async def _renew(self, link_id: LinkId, rejected: Token | None, life: timedelta = FRESH_ENOUGH) -> Token:
        """The token in memory, in the store, or a new one; the first of them that is good."""
        held = self._held.get(link_id)
        if held is not None and self._good(held, rejected, life):
            return held.token
        while True:
            seen = await self._look(link_id)
            access = seen.grant.access
            if access is not None and self._good(access, rejected, life):
                break
            _demand_alive(seen.link)
            if await self._leased(seen):
                access = await self._call(seen)
                break
            await self._clock.sleep(LOOK_AGAIN_AFTER)
        self._held[link_id] = access
        return access.token

    async def finish(self) -> None:
        """Let renewals under way end and be kept, before the store and the connections close."""
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _good(self, issued: IssuedToken, rejected: Token | None, life: timedelta) -> bool:
        return issued.token != rejected and self._lives(issued, life)

    def _lives(self, issued: IssuedToken, life: timedelta) -> bool:
        return issued.expires_at - self._clock.now() > life

    async def _look(self, link_id: LinkId) -> _Seen:
        async with self._store.read() as uow:
            link, grant = await uow.links.get(link_id), await uow.grants.held(link_id)
        if link is None or grant is None or link.state is LinkState.UNLINKED:
            self._held.pop(link_id, None)
            raise NeedsAttention(
                "This Zoom account is not linked any more. An organiser can link one with /zoom link.",
                code="not_linked",
            )
        return _Seen(link, grant)

    async def _leased(self, seen: _Seen) -> bool:
        now = self._clock.now()
        async with self._store.work() as uow:
            taken = await uow.grants.lease(seen.link.link_id, self._owner, seen.grant.version, now, now + LEASE)
            await uow.commit()
        return taken

    async def _whatever_happens(self, renewal: Coroutine[Any, Any, Token]) -> Token:
        """It goes on when its caller is cancelled: an answer nobody keeps would cost the grant."""
        task = asyncio.create_task(renewal, name="renew-token")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def _call(self, seen: _Seen) -> IssuedToken:
        """Ask Zoom, under the lease, and keep the answer before it is used."""
        try:
            access, refresh = await self._ask(seen)
        except NeedsAttention as refused:
            return await self._refused(seen, refused)
        except VestibuleError as error:
            await self._release(seen.link)
            if isinstance(error, OutcomeUnknown):
                raise Transient(error.message, code=error.code) from error
            raise
        return await self._kept(seen, access, refresh)

    async def _ask(self, seen: _Seen) -> tuple[IssuedToken, Token | None]:
        if seen.link.kind is LinkKind.SERVER_TO_SERVER:
            return await self._issuer.account_token(seen.link.zoom_account_id), None
        if seen.grant.refresh is None:
            raise NeedsAttention(_DEAD, code=GRANT_DEAD)
        pair: UserGrant = await self._issuer.refreshed(seen.grant.refresh)
        return pair.access, pair.refresh

    async def _kept(self, seen: _Seen, access: IssuedToken, refresh: Token | None) -> IssuedToken:
        link_id = seen.link.link_id
        async with self._store.work() as uow:
            won = await uow.grants.rotate(link_id, seen.grant.version, access, refresh)
            link = await uow.links.get(link_id)
            if won and link is not None and link.state is LinkState.BROKEN:
                await uow.links.save(replace(link, state=LinkState.ACTIVE))
                await uow.audit.append(link.guild_id, "link.works_again", at=self._clock.now(), actor=None)
            await uow.commit()
        if won:
            return access
        if link is None or link.state is LinkState.UNLINKED:
            with suppress(VestibuleError):
                await self._issuer.revoke(access.token)  # nobody keeps it, so nobody else could
        return await self._siblings(seen)

    async def _siblings(self, seen: _Seen) -> IssuedToken:
        """What somebody else has kept meanwhile: another process after our lease ran out, or a new consent."""
        now = await self._look(seen.link.link_id)
        if now.grant.version != seen.grant.version and now.grant.access is not None:
            return now.grant.access
        raise Transient("The link to Zoom is just being renewed. Please try again.", code="token_contended")

    async def _refused(self, seen: _Seen, refused: NeedsAttention) -> IssuedToken:
        """Zoom says no: use what a sibling got; else the link is broken, if it is the grant (or the operator's own app) that is refused."""
        fatal = seen.link.kind is LinkKind.SERVER_TO_SERVER or refused.code == GRANT_DEAD
        async with self._store.work() as uow:
            held, link = await uow.grants.held(seen.link.link_id), await uow.links.get(seen.link.link_id)
            await uow.grants.release(seen.link.link_id, self._owner)
            same = held is not None and held.version == seen.grant.version
            if fatal and same and link is not None and link.state is LinkState.ACTIVE:
                await uow.links.save(replace(link, state=LinkState.BROKEN))
                await uow.audit.append(link.guild_id, "link.broken", at=self._clock.now(), actor=None)
                if link.owner is not None:
                    await uow.grants.ask_owner_at(link.link_id, self._clock.now())
                log.warning("link.broken", link_id=link.link_id, code=refused.code)
            await uow.commit()
        if not same:
            return await self._siblings(seen)
        self._held.pop(seen.link.link_id, None)
        raise refused

    async def _release(self, link: AccountLink) -> None:
        async with self._store.work() as uow:
            await uow.grants.release(link.link_id, self._owner)
            await uow.commit()


_DEAD = "The link to this Zoom account no longer works. Its owner has to link it again with /zoom link."


def _demand_alive(link: AccountLink) -> None:
    """A user's dead grant never comes back by itself, so it is not tried again; an operator's app may have been mended."""
    if link.kind is LinkKind.USER and link.state is LinkState.BROKEN:
        raise NeedsAttention(_DEAD, code=GRANT_DEAD)
