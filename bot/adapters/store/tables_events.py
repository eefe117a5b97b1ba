"""Tables of what Zoom reports: the inbox, sessions, drift, and the alerts that follow."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, Enum, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.adapters.store.base import Base, UtcDateTime
from bot.ports.alerts import AlertKind, AlertOutcome
from bot.ports.events import EventKind, Fact


def _named(kind: type[EventKind | AlertKind | AlertOutcome]) -> Enum:
    """Keeps the value of a member as text, so that members may be renamed."""
    return Enum(kind, native_enum=False, length=64, values_callable=lambda members: [m.value for m in members])


def _of_meeting() -> ForeignKey:
    return ForeignKey("meeting.meeting_id", ondelete="CASCADE")


class InboxRow(Base):
    """One event of Zoom's, stripped at the door; the key is the SHA-256 of the body it came in. Forgotten a week after it was handled."""

    __tablename__ = "inbox"
    __table_args__ = (
        Index(
            "ix_inbox_waiting",
            "meeting_id",
            sqlite_where=text("handled_at IS NULL"),
            postgresql_where=text("handled_at IS NULL"),
        ),
        Index(None, "handled_at"),
        Index(None, "account_id", "received_at"),
    )

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[EventKind] = mapped_column(_named(EventKind))
    meeting_id: Mapped[str | None] = mapped_column(String(32), _of_meeting())
    account_id: Mapped[str] = mapped_column(String(128))
    session_id: Mapped[str | None] = mapped_column(String(128))
    zoom_id: Mapped[str | None] = mapped_column(String(32))
    host_id: Mapped[str | None] = mapped_column(String(128))
    at: Mapped[datetime] = mapped_column(UtcDateTime())
    facts: Mapped[dict[str, Fact]] = mapped_column(JSON())
    received_at: Mapped[datetime] = mapped_column(UtcDateTime())
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class SessionRow(Base):
    """One live run of a meeting."""

    __tablename__ = "session"
    __table_args__ = (
        Index(
            "ix_session_open",
            "meeting_id",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    session_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    meeting_id: Mapped[str] = mapped_column(String(32), _of_meeting(), index=True)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    revision: Mapped[int] = mapped_column(Integer(), server_default="0")
    """Goes up with everything that is written about the run; whoever counts it up holds the row until the commit."""


class DriftRow(Base):
    """What organisers know of a meeting's differences, and what waits for their decision: names of settings."""

    __tablename__ = "drift"

    meeting_id: Mapped[str] = mapped_column(String(32), _of_meeting(), primary_key=True)
    known: Mapped[list[str]] = mapped_column(JSON())
    pending: Mapped[list[str]] = mapped_column(JSON())


class AlertRow(Base):
    """An alert to moderators; `due_at` is when it has to be posted or changed, `shown` the outcome that the posted one tells."""

    __tablename__ = "alert"

    alert_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    guild_id: Mapped[int] = mapped_column(BigInteger())
    kind: Mapped[AlertKind] = mapped_column(_named(AlertKind))
    at: Mapped[datetime] = mapped_column(UtcDateTime())
    meeting_id: Mapped[str | None] = mapped_column(String(32), _of_meeting(), index=True)
    facts: Mapped[dict[str, object]] = mapped_column(JSON())
    outcome: Mapped[AlertOutcome | None] = mapped_column(_named(AlertOutcome))
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime(), index=True)
    channel_id: Mapped[int | None] = mapped_column(BigInteger())
    message_id: Mapped[int | None] = mapped_column(BigInteger())
