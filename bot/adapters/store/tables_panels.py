"""Tables of the moderators' panel: one message per session, and the concerns that were raised in it. They go with their session."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, Boolean, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.adapters.store.base import Base, UtcDateTime
from bot.adapters.store.tables import by_value
from bot.domain.concerns import Answer, Asked, Concern


class PanelRow(Base):
    """The panel of a session. `due_at` is when it is looked at next; `touched` counts the changes of the room."""

    __tablename__ = "panel"

    session_id: Mapped[str] = mapped_column(ForeignKey("session.session_id", ondelete="CASCADE"), primary_key=True)
    meeting_id: Mapped[str] = mapped_column(ForeignKey("meeting.meeting_id", ondelete="CASCADE"), index=True)
    guild_id: Mapped[int] = mapped_column(BigInteger())
    channel_id: Mapped[int | None] = mapped_column(BigInteger())
    message_id: Mapped[int | None] = mapped_column(BigInteger())
    posted_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    shown_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    fingerprint: Mapped[str] = mapped_column(String(64))
    obstacle: Mapped[str] = mapped_column(Text())
    told_organiser: Mapped[bool] = mapped_column(Boolean())
    closed: Mapped[bool] = mapped_column(Boolean())
    touched: Mapped[int] = mapped_column(Integer())
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime(), index=True)


class ConcernRow(Base):
    """A concern that moderators were told of. Its key and `who` hold Zoom's ids of stays and hashes, no name."""

    __tablename__ = "concern"
    __table_args__ = (Index(None, "message"),)

    session_id: Mapped[str] = mapped_column(ForeignKey("session.session_id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    concern: Mapped[Concern] = mapped_column(by_value(Concern))
    who: Mapped[list[str]] = mapped_column(JSON())
    at: Mapped[datetime] = mapped_column(UtcDateTime())
    over_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    asked: Mapped[Asked] = mapped_column(by_value(Asked))
    answer: Mapped[Answer | None] = mapped_column(by_value(Answer))
    calls: Mapped[bool] = mapped_column(Boolean())
    message: Mapped[str] = mapped_column(String(32))
    channel_id: Mapped[int | None] = mapped_column(BigInteger())
    message_id: Mapped[int | None] = mapped_column(BigInteger())
    fingerprint: Mapped[str] = mapped_column(String(64))
