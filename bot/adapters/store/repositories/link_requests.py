"""Requests to link an account, the secrets they hold, and the signed texts that were used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.repositories.audit import ERASED
from bot.adapters.store.repositories.statements import SecretColumn, insert_into, update_one, upsert
from bot.adapters.store.sealed import Sealer
from bot.adapters.store.tables_linking import LinkRequestRow, SpentTicketRow
from bot.domain.linking import Stage
from bot.domain.values import GuildId, LinkId, MemberId, Secret, Token, ZoomUserId
from bot.ports import IssuedToken, LinkRequest, LinkRequestId, UserGrant, ZoomIdentity, ZoomUser


class SqlLinkRequests:
    """Implements `bot.ports.LinkRequestBook`."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._verifier = SecretColumn(sealer, "link_request", "verifier")
        self._access = SecretColumn(sealer, "link_request", "token")
        self._refresh = SecretColumn(sealer, "link_request", "refresh")
        self._address = SecretColumn(sealer, "link_request", "address")

    async def get(self, request_id: LinkRequestId) -> LinkRequest | None:
        """One request, without its secrets."""
        row = await self._session.get(LinkRequestRow, request_id)
        return None if row is None else _request(row)

    async def open_of(self, guild_id: GuildId, member_id: MemberId) -> LinkRequest | None:
        """The asker's newest unfinished one, locked until the end of this transaction: tries are counted on it."""
        wanted = select(LinkRequestRow).where(
            LinkRequestRow.guild_id == guild_id,
            LinkRequestRow.member_id == member_id,
            LinkRequestRow.stage != Stage.ENDED,
        )
        row = await self._session.scalar(wanted.order_by(LinkRequestRow.request_id.desc()).limit(1).with_for_update())
        return None if row is None else _request(row)

    async def save(self, request: LinkRequest) -> None:
        """Add or change it; its secrets stay. It falls due when its time is over."""
        values = {
            "request_id": request.request_id,
            "guild_id": request.guild_id,
            "member_id": request.member_id,
            "guild_name": request.guild_name,
            "asker_name": request.asker_name,
            "stage": request.stage,
            "expires_at": request.expires_at,
            "due_at": request.expires_at,
            "cookie_hash": request.cookie_hash,
            "code_hash": request.code_hash,
            "tries": request.tries,
            "relinks": request.relinks,
            "adopted": request.adopted,
        }
        await self._session.execute(upsert(self._session, LinkRequestRow, values, key=["request_id"]))

    async def move(self, request_id: LinkRequestId, expected: Stage, to: Stage) -> bool:
        """Compare and swap of the stage."""
        moved = (
            update(LinkRequestRow)
            .where(LinkRequestRow.request_id == request_id, LinkRequestRow.stage == expected)
            .values(stage=to)
        )
        return (await self._session.execute(moved.returning(LinkRequestRow.request_id))).first() is not None

    async def save_verifier(self, request_id: LinkRequestId, verifier: Secret) -> None:
        """Keep the PKCE verifier, sealed."""
        await update_one(
            self._session, LinkRequestRow.request_id, request_id, self._verifier.values(request_id, verifier)
        )

    async def verifier(self, request_id: LinkRequestId) -> Secret | None:
        """The PKCE verifier."""
        row = await self._session.get(LinkRequestRow, request_id)
        text = None if row is None else self._verifier.opened(request_id, row.verifier_sealed, row.verifier_key_id)
        return None if text is None else Secret(text)

    async def save_pending(self, request_id: LinkRequestId, grant: UserGrant | None, who: ZoomIdentity) -> None:
        """Keep what was granted and by whom, sealed; the verifier has done its work and goes."""
        granted: dict[str, object] = {}
        if grant is not None:
            granted = {
                **self._access.values(request_id, grant.access.token),
                **self._refresh.values(request_id, grant.refresh),
                "token_expires_at": grant.access.expires_at,
                "token_scopes": " ".join(sorted(grant.access.scopes)),
            }
        values = {
            **granted,
            **self._verifier.values(request_id, None),
            **self._address.values(request_id, Secret(who.user.email)),
            "zoom_user_id": who.user.user_id,
            "zoom_account_id": who.account_id,
            "zoom_name": who.user.name,
            "licensed": who.user.licensed,
        }
        await update_one(self._session, LinkRequestRow.request_id, request_id, values)
        self._session.info[ERASED] = True

    async def pending_grant(self, request_id: LinkRequestId) -> UserGrant | None:
        """What was granted and waits to be confirmed."""
        row = await self._session.get(LinkRequestRow, request_id)
        if row is None or row.token_expires_at is None:
            return None
        access = self._access.opened(request_id, row.token_sealed, row.token_key_id)
        refresh = self._refresh.opened(request_id, row.refresh_sealed, row.refresh_key_id)
        if access is None or refresh is None:
            return None
        scopes = frozenset((row.token_scopes or "").split())
        return UserGrant(IssuedToken(Token(access), row.token_expires_at, scopes), Token(refresh))

    async def pending_identity(self, request_id: LinkRequestId) -> ZoomIdentity | None:
        """Who consented."""
        row = await self._session.get(LinkRequestRow, request_id)
        if row is None or row.zoom_user_id is None:
            return None
        email = self._address.opened(request_id, row.address_sealed, row.address_key_id) or ""
        user = ZoomUser(ZoomUserId(row.zoom_user_id), email, row.zoom_name or "", bool(row.licensed))
        return ZoomIdentity(user, row.zoom_account_id or "")

    async def remove(self, request_id: LinkRequestId) -> None:
        """Forget it with every secret, in the file too."""
        await self._session.execute(delete(LinkRequestRow).where(LinkRequestRow.request_id == request_id))
        self._session.info[ERASED] = True

    async def of_user(self, zoom_user_id: ZoomUserId) -> Sequence[LinkRequestId]:
        """Requests to which this Zoom user has consented."""
        wanted = select(LinkRequestRow.request_id).where(LinkRequestRow.zoom_user_id == zoom_user_id)
        return [LinkRequestId(found) for found in await self._session.scalars(wanted)]

    async def due(self, now: datetime, again_at: datetime, limit: int) -> Sequence[LinkRequestId]:
        """Requests whose time is over, each put off to `again_at`."""
        wanted = (
            select(LinkRequestRow.request_id)
            .where(LinkRequestRow.due_at <= now)
            .order_by(LinkRequestRow.due_at)
            .limit(limit)
        )
        found = list(await self._session.scalars(wanted.with_for_update(skip_locked=True)))
        if found:
            await self._session.execute(
                update(LinkRequestRow).where(LinkRequestRow.request_id.in_(found)).values(due_at=again_at)
            )
        return [LinkRequestId(each) for each in found]

    async def spend(self, jti: str, expires_at: datetime) -> bool:
        """Use a signed text. False if it was used before; two who try at once get one True."""
        added = insert_into(self._session, SpentTicketRow).values(jti=jti, expires_at=expires_at)
        done = added.on_conflict_do_nothing().returning(SpentTicketRow.jti)
        return (await self._session.execute(done)).first() is not None

    async def forget_spent(self, now: datetime) -> None:
        """Forget used ones that have expired."""
        await self._session.execute(delete(SpentTicketRow).where(SpentTicketRow.expires_at <= now))


def _request(row: LinkRequestRow) -> LinkRequest:
    return LinkRequest(
        request_id=LinkRequestId(row.request_id),
        guild_id=GuildId(row.guild_id),
        member_id=MemberId(row.member_id),
        guild_name=row.guild_name,
        asker_name=row.asker_name,
        stage=row.stage,
        expires_at=row.expires_at,
        cookie_hash=row.cookie_hash,
        code_hash=row.code_hash,
        tries=row.tries,
        relinks=None if row.relinks is None else LinkId(row.relinks),
        adopted=None if row.adopted is None else LinkId(row.adopted),
    )
