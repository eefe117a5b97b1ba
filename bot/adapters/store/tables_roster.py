"""Tables of who is in a call: participants as registers, facts that name no participant, and whom a moderator accepted."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.adapters.store.base import Base, UtcDateTime
from bot.adapters.store.tables import by_value, snowflake
from bot.domain.tracking import MarkKind


def _of_session() -> ForeignKey:
    return ForeignKey("session.session_id", ondelete="CASCADE")


class ParticipantRow(Base):
    """One participant of a session; `registers` holds [value, moment, rank] by name. `revision` is the session's when the row was last written."""

    __tablename__ = "participant"
    __table_args__ = (Index(None, "session_id", "revision"), Index(None, "registrant_id"))

    session_id: Mapped[str] = mapped_column(String(128), _of_session(), primary_key=True)
    participant_uuid: Mapped[str] = mapped_column(String(160), primary_key=True)
    registrant_id: Mapped[str | None] = mapped_column(String(128))
    first_seen: Mapped[datetime] = mapped_column(UtcDateTime())
    joined_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    registers: Mapped[dict[str, list[object]]] = mapped_column(JSON())
    revision: Mapped[int] = mapped_column(Integer())


class ParticipantMarkRow(Base):
    """A fact that names no participant: who shares, by `user_id`; who waits for the host."""

    __tablename__ = "participant_mark"

    session_id: Mapped[str] = mapped_column(String(128), _of_session(), primary_key=True)
    kind: Mapped[MarkKind] = mapped_column(by_value(MarkKind), primary_key=True)
    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    name: Mapped[str] = mapped_column(Text())
    value: Mapped[str] = mapped_column(String(8))
    at: Mapped[datetime] = mapped_column(UtcDateTime())
    rank: Mapped[int] = mapped_column(Integer())
    revision: Mapped[int] = mapped_column(Integer())


class AcceptedGuestRow(Base):
    """Somebody in the room whom a moderator let stay. It holds for this `participant_uuid` alone."""

    __tablename__ = "accepted_guest"

    session_id: Mapped[str] = mapped_column(String(128), _of_session(), primary_key=True)
    participant_uuid: Mapped[str] = mapped_column(String(160), primary_key=True)
    accepted_by: Mapped[int] = mapped_column(snowflake())
    accepted_at: Mapped[datetime] = mapped_column(UtcDateTime())
