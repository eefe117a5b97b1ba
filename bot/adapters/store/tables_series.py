"""Tables of series, server events and reminders."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Enum, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.adapters.store.base import Base, UtcDateTime
from bot.ports.reminders import ReminderState
from bot.ports.server_events import EventState


class SeriesMeetingRow(Base):
    """A meeting's place in a series. `promised_by` is who confirmed the series."""

    __tablename__ = "series_meeting"
    __table_args__ = (Index(None, "series_id"),)

    meeting_id: Mapped[str] = mapped_column(ForeignKey("meeting.meeting_id", ondelete="CASCADE"), primary_key=True)
    series_id: Mapped[str] = mapped_column(String(32))
    position: Mapped[int] = mapped_column(Integer())
    promised_by: Mapped[int | None] = mapped_column(BigInteger())


class ServerEventRow(Base):
    """What is known of a meeting's event in the server's calendar."""

    __tablename__ = "server_event"

    meeting_id: Mapped[str] = mapped_column(ForeignKey("meeting.meeting_id", ondelete="CASCADE"), primary_key=True)
    state: Mapped[EventState] = mapped_column(
        Enum(EventState, native_enum=False, length=32, values_callable=lambda members: [m.value for m in members])
    )
    event_id: Mapped[int | None] = mapped_column(BigInteger())
    fingerprint: Mapped[str] = mapped_column(String(64))


class ReminderRow(Base):
    """A member who pressed "Remind me", and what became of it."""

    __tablename__ = "reminder"

    meeting_id: Mapped[str] = mapped_column(ForeignKey("meeting.meeting_id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(BigInteger(), primary_key=True, autoincrement=False)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime())
    state: Mapped[ReminderState] = mapped_column(
        Enum(ReminderState, native_enum=False, length=32, values_callable=lambda members: [m.value for m in members])
    )
