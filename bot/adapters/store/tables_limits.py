"""The table behind the limits that all processes share."""

from __future__ import annotations

from sqlalchemy import BigInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.adapters.store.base import Base


class RateBucketRow(Base):
    """How far a limit is used up. Ids and plans only, no person."""

    __tablename__ = "rate_bucket"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    state: Mapped[str] = mapped_column(Text())
    """A JSON list with one number for each rate, in the limiter's own order and unit."""
    used_ms: Mapped[int] = mapped_column(BigInteger(), index=True)
    """When a call was last let through, in milliseconds since 1970 on the clock the state was counted on."""
