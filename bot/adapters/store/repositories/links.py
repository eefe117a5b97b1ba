"""Linked Zoom accounts, and who may host on them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.repositories.statements import upsert
from bot.adapters.store.tables import AccountLinkRow, ZoomHostRow
from bot.domain.meeting import Host
from bot.domain.values import GuildId, LinkId, MemberId, ZoomUserId
from bot.ports import AccountLink, LinkState


class SqlLinks:
    """Implements `bot.ports.Links`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, link_id: LinkId) -> AccountLink | None:
        """One link, without its token."""
        row = await self._session.get(AccountLinkRow, link_id)
        return None if row is None else _link(row)

    async def of_guild(self, guild_id: GuildId) -> Sequence[AccountLink]:
        """The community's links, the default one first; without those that were unlinked."""
        here = (AccountLinkRow.guild_id == guild_id, AccountLinkRow.state != LinkState.UNLINKED)
        wanted = select(AccountLinkRow).where(*here)
        rows = await self._session.scalars(wanted.order_by(AccountLinkRow.is_default.desc(), AccountLinkRow.link_id))
        return [_link(row) for row in rows]

    async def of_zoom_user(self, zoom_user_id: ZoomUserId) -> AccountLink | None:
        """The link of this Zoom user, whatever community it belongs to."""
        row = await self._session.scalar(select(AccountLinkRow).where(AccountLinkRow.zoom_user_id == zoom_user_id))
        return None if row is None else _link(row)

    async def save(self, link: AccountLink) -> None:
        """Add or change a link; its token stays. A new default takes the place of the old one."""
        if link.is_default:
            others = (AccountLinkRow.guild_id == link.guild_id, AccountLinkRow.link_id != link.link_id)
            await self._session.execute(update(AccountLinkRow).where(*others).values(is_default=False))
        values = {
            "link_id": link.link_id,
            "guild_id": link.guild_id,
            "kind": link.kind,
            "state": link.state,
            "zoom_account_id": link.zoom_account_id,
            "is_default": link.is_default,
            "token_version": 0,
            "owner_member_id": link.owner,
            "zoom_user_id": link.zoom_user_id,
            "hint": link.hint,
            "removal": link.removal,
        }
        await self._session.execute(
            upsert(self._session, AccountLinkRow, values, key=["link_id"], once=["token_version"])
        )

    async def hosts(self, guild_id: GuildId) -> Sequence[Host]:
        """Everyone who may host for this community, by address."""
        rows = await self._session.scalars(select(ZoomHostRow).where(ZoomHostRow.guild_id == guild_id))
        # Sorted here: the order of text differs from one database to another.
        return sorted((_host(row) for row in rows), key=lambda host: (host.email, host.user_id))

    async def save_host(self, guild_id: GuildId, host: Host) -> None:
        """Add or change one host (by user id)."""
        values = {
            "guild_id": guild_id,
            "user_id": host.user_id,
            "link_id": host.link_id,
            "email": host.email,
            "name": host.name,
            "licensed": host.licensed,
            "member_id": host.member_id,
        }
        await self._session.execute(upsert(self._session, ZoomHostRow, values, key=["guild_id", "user_id"]))

    async def drop_hosts(self, link_id: LinkId, keep: Sequence[ZoomUserId]) -> None:
        """Forget hosts of this link that are not in `keep`."""
        gone = (ZoomHostRow.link_id == link_id, ZoomHostRow.user_id.not_in(keep))
        await self._session.execute(delete(ZoomHostRow).where(*gone))


def _link(row: AccountLinkRow) -> AccountLink:
    return AccountLink(
        link_id=LinkId(row.link_id),
        guild_id=GuildId(row.guild_id),
        kind=row.kind,
        zoom_account_id=row.zoom_account_id,
        state=row.state,
        is_default=row.is_default,
        owner=None if row.owner_member_id is None else MemberId(row.owner_member_id),
        zoom_user_id=None if row.zoom_user_id is None else ZoomUserId(row.zoom_user_id),
        hint=row.hint,
        removal=row.removal,
    )


def _host(row: ZoomHostRow) -> Host:
    return Host(
        user_id=ZoomUserId(row.user_id),
        email=row.email,
        licensed=row.licensed,
        link_id=LinkId(row.link_id),
        name=row.name,
        member_id=None if row.member_id is None else MemberId(row.member_id),
    )
