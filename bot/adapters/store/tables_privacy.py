"""Tables of what is going to be erased."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean
from sqlalchemy.orm import Mapped, mapped_column

from bot.adapters.store.base import Base, UtcDateTime
from bot.adapters.store.tables import by_value, snowflake
from bot.ports.privacy import Why


class ErasureRow(Base):
    """A member whose data is erased when its time has come."""

    __tablename__ = "erasure"

    guild_id: Mapped[int] = mapped_column(snowflake(), primary_key=True, autoincrement=False)
    member_id: Mapped[int] = mapped_column(snowflake(), primary_key=True, autoincrement=False)
    why: Mapped[Why] = mapped_column(by_value(Why))
    since: Mapped[datetime] = mapped_column(UtcDateTime())
    due_at: Mapped[datetime] = mapped_column(UtcDateTime(), index=True)


class DepartedGuildRow(Base):
    """A community that removed the bot."""

    __tablename__ = "departed_guild"

    guild_id: Mapped[int] = mapped_column(snowflake(), primary_key=True, autoincrement=False)
    since: Mapped[datetime] = mapped_column(UtcDateTime())
    due_at: Mapped[datetime] = mapped_column(UtcDateTime(), index=True)
    links_stopped: Mapped[bool] = mapped_column(Boolean())
