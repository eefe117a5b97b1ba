"""The tables of requests to link an account."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.adapters.store.base import Base, UtcDateTime
from bot.adapters.store.tables import by_value, snowflake
from bot.domain.linking import Stage


class LinkRequestRow(Base):
    """Somebody's wish to link an account, gone when it is fulfilled or over. What was granted waits here until it is confirmed."""

    __tablename__ = "link_request"
    __table_args__ = (Index(None, "guild_id", "member_id"),)

    request_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    guild_id: Mapped[int] = mapped_column(snowflake())
    member_id: Mapped[int] = mapped_column(snowflake())
    guild_name: Mapped[str] = mapped_column(Text())
    asker_name: Mapped[str] = mapped_column(Text())
    stage: Mapped[Stage] = mapped_column(by_value(Stage))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime())
    due_at: Mapped[datetime] = mapped_column(UtcDateTime(), index=True)
    """When it is to be looked at next: to be ended, revoked and forgotten."""
    cookie_hash: Mapped[str] = mapped_column(String(64))
    code_hash: Mapped[str] = mapped_column(String(64))
    tries: Mapped[int] = mapped_column(Integer())
    relinks: Mapped[str | None] = mapped_column(ForeignKey("account_link.link_id"))
    adopted: Mapped[str | None] = mapped_column(ForeignKey("account_link.link_id"))
    verifier_sealed: Mapped[bytes | None] = mapped_column(LargeBinary())
    verifier_key_id: Mapped[str | None] = mapped_column(String(16))
    token_sealed: Mapped[bytes | None] = mapped_column(LargeBinary())
    token_key_id: Mapped[str | None] = mapped_column(String(16))
    token_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    token_scopes: Mapped[str | None] = mapped_column(Text())
    refresh_sealed: Mapped[bytes | None] = mapped_column(LargeBinary())
    refresh_key_id: Mapped[str | None] = mapped_column(String(16))
    zoom_user_id: Mapped[str | None] = mapped_column(String(128), index=True)
    zoom_account_id: Mapped[str | None] = mapped_column(String(128))
    address_sealed: Mapped[bytes | None] = mapped_column(LargeBinary())
    address_key_id: Mapped[str | None] = mapped_column(String(16))
    zoom_name: Mapped[str | None] = mapped_column(Text())
    licensed: Mapped[bool | None] = mapped_column(Boolean())


class SpentTicketRow(Base):
    """A signed address or state that was used; kept until its signature has expired."""

    __tablename__ = "spent_ticket"

    jti: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime(), index=True)
