"""Tokens of linked accounts, and the lease under which one process at a time renews them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.repositories.audit import ERASED
from bot.adapters.store.repositories.statements import SecretColumn, update_one
from bot.adapters.store.sealed import Sealer
from bot.adapters.store.tables import AccountLinkRow
from bot.domain.values import LinkId, Token
from bot.ports import HeldGrant, IssuedToken, UserGrant

_NO_LEASE: dict[str, object] = {"lease_owner": None, "lease_until": None}


class SqlGrants:
    """Implements `bot.ports.Grants`."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._access = SecretColumn(sealer, "account_link", "token")
        self._refresh = SecretColumn(sealer, "account_link", "refresh")

    async def held(self, link_id: LinkId) -> HeldGrant | None:
        """The link's tokens; None if there is no such link."""
        row = await self._session.get(AccountLinkRow, link_id)
        if row is None:
            return None
        access = self._access.opened(link_id, row.token_sealed, row.token_key_id)
        refresh = self._refresh.opened(link_id, row.refresh_sealed, row.refresh_key_id)
        issued = None
        if access is not None and row.token_expires_at is not None:
            issued = IssuedToken(Token(access), row.token_expires_at, frozenset((row.token_scopes or "").split()))
        return HeldGrant(issued, None if refresh is None else Token(refresh), row.token_version)

    async def lease(self, link_id: LinkId, owner: str, version: int, now: datetime, until: datetime) -> bool:
        """One statement, so that of all who try at once one succeeds."""
        row = AccountLinkRow
        free = or_(row.lease_owner.is_(None), row.lease_until <= now)
        taken = update(row).where(row.link_id == link_id, row.token_version == version, free)
        return await self._did(taken.values(lease_owner=owner, lease_until=until).returning(row.link_id))

    async def release(self, link_id: LinkId, owner: str) -> None:
        """Give the lease back, if it is still this owner's."""
        row = AccountLinkRow
        await self._session.execute(
            update(row).where(row.link_id == link_id, row.lease_owner == owner).values(_NO_LEASE)
        )

    async def rotate(self, link_id: LinkId, version: int, access: IssuedToken, refresh: Token | None) -> bool:
        """Compare and swap; ends the lease."""
        row = AccountLinkRow
        values = self._values(link_id, access, refresh)
        changed = update(row).where(row.link_id == link_id, row.token_version == version)
        return await self._did(changed.values(values).returning(row.link_id))

    async def replace(self, link_id: LinkId, grant: UserGrant) -> None:
        """A newer consent takes the place of whatever is there; ends the lease."""
        values = self._values(link_id, grant.access, grant.refresh)
        await update_one(self._session, AccountLinkRow.link_id, link_id, values)

    async def erase(self, link_id: LinkId) -> None:
        """Tokens gone, in the file too; the version goes up, so that no renewal under way is kept."""
        values = {
            **self._access.values(link_id, None),
            **self._refresh.values(link_id, None),
            **_NO_LEASE,
            "token_expires_at": None,
            "token_scopes": None,
            "token_version": AccountLinkRow.token_version + 1,
        }
        await update_one(self._session, AccountLinkRow.link_id, link_id, values)
        self._session.info[ERASED] = True

    async def ask_owner_at(self, link_id: LinkId, at: datetime | None) -> None:
        """When the owner is to be asked (None: not, or done)."""
        await update_one(self._session, AccountLinkRow.link_id, link_id, {"ask_owner_at": at})

    async def due_asks(self, now: datetime, again_at: datetime, limit: int) -> Sequence[LinkId]:
        """Links whose owner is to be asked now, each put off to `again_at`."""
        row = AccountLinkRow
        due = select(row.link_id).where(row.ask_owner_at <= now).order_by(row.ask_owner_at).limit(limit)
        found = list(await self._session.scalars(due.with_for_update(skip_locked=True)))
        if found:
            await self._session.execute(update(row).where(row.link_id.in_(found)).values(ask_owner_at=again_at))
        return [LinkId(link_id) for link_id in found]

    def _values(self, link_id: LinkId, access: IssuedToken, refresh: Token | None) -> dict[str, object]:
        return {
            **self._access.values(link_id, access.token),
            **self._refresh.values(link_id, refresh),
            **_NO_LEASE,
            "token_expires_at": access.expires_at,
            "token_scopes": " ".join(sorted(access.scopes)),
            "token_version": AccountLinkRow.token_version + 1,
        }

    async def _did(self, statement: object) -> bool:
        return (await self._session.execute(statement)).first() is not None  # type: ignore[call-overload]
