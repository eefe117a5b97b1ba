"""Tables of incidents. `incident` names nobody and holds no text; everything that does can be erased."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy import Enum as EnumType
from sqlalchemy.orm import Mapped, mapped_column

from bot.adapters.store.base import Base, UtcDateTime, generated_id
from bot.domain.incident import Category, Purpose
from bot.ports.incidents import FollowUpState


def _named(kind: type[Enum]) -> EnumType:
    """Keeps the value of a member as text, so that members may be renamed."""
    return EnumType(kind, native_enum=False, length=32, values_callable=lambda members: [m.value for m in members])


def _of_incident(*, primary_key: bool = False) -> Mapped[str]:
    return mapped_column(
        String(32),
        ForeignKey("incident.incident_id", ondelete="CASCADE"),
        primary_key=primary_key,
        index=not primary_key,
    )


class IncidentRow(Base):
    """One incident. `about` says what it is about; a community has one open incident about each thing."""

    __tablename__ = "incident"
    __table_args__ = (
        UniqueConstraint("guild_id", "number"),
        Index(
            "uq_incident_open",
            "guild_id",
            "about",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_incident_kept",
            "opened_at",
            sqlite_where=text("forgotten_at IS NULL"),
            postgresql_where=text("forgotten_at IS NULL"),
        ),
    )

    incident_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    guild_id: Mapped[int] = mapped_column(BigInteger())
    number: Mapped[int] = mapped_column(Integer())
    about: Mapped[str] = mapped_column(String(160))
    meeting_id: Mapped[str | None] = mapped_column(String(32), index=True)
    session_id: Mapped[str | None] = mapped_column(String(128))
    category: Mapped[Category] = mapped_column(_named(Category))
    emergency: Mapped[bool] = mapped_column(Boolean())
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime())
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    hold_since: Mapped[datetime | None] = mapped_column(UtcDateTime())
    aftercare_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    forgotten_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class IncidentReportRow(Base):
    """What somebody reported. Erasable."""

    __tablename__ = "incident_report"
    __table_args__ = (Index(None, "guild_id", "reporter"),)

    report_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    incident_id: Mapped[str] = _of_incident()
    guild_id: Mapped[int] = mapped_column(BigInteger())
    reporter: Mapped[int] = mapped_column(BigInteger())
    by_moderator: Mapped[bool] = mapped_column(Boolean())
    category: Mapped[Category] = mapped_column(_named(Category))
    seen: Mapped[str] = mapped_column(Text())
    at: Mapped[datetime] = mapped_column(UtcDateTime())
    salt: Mapped[bytes] = mapped_column(LargeBinary())


class IncidentNoteRow(Base):
    """What a moderator wrote down, and the names of legal holds. Erasable."""

    __tablename__ = "incident_note"

    note_id: Mapped[int] = mapped_column(generated_id(), primary_key=True)
    incident_id: Mapped[str] = _of_incident()
    author: Mapped[int] = mapped_column(BigInteger())
    text: Mapped[str] = mapped_column(Text())
    at: Mapped[datetime] = mapped_column(UtcDateTime())
    is_hold: Mapped[bool] = mapped_column(Boolean())


class IncidentConsentRow(Base):
    """One organiser's yes, until another's."""

    __tablename__ = "incident_consent"

    incident_id: Mapped[str] = _of_incident(primary_key=True)
    purpose: Mapped[Purpose] = mapped_column(_named(Purpose), primary_key=True)
    member_id: Mapped[int] = mapped_column(BigInteger())
    at: Mapped[datetime] = mapped_column(UtcDateTime())


class FollowUpRow(Base):
    """Somebody's reminders that Zoom wants its mail confirmed."""

    __tablename__ = "incident_follow_up"

    incident_id: Mapped[str] = _of_incident(primary_key=True)
    member_id: Mapped[int] = mapped_column(BigInteger(), primary_key=True, autoincrement=False)
    guild_id: Mapped[int] = mapped_column(BigInteger())
    reported_at: Mapped[datetime] = mapped_column(UtcDateTime())
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime(), index=True)
    state: Mapped[FollowUpState] = mapped_column(_named(FollowUpState))
    owner: Mapped[bool] = mapped_column(Boolean())


class CheckpointRow(Base):
    """The head of a community's audit chain at a moment, signed. Never changed, never deleted."""

    __tablename__ = "audit_checkpoint"

    guild_id: Mapped[int] = mapped_column(BigInteger(), primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger(), primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime())
    token: Mapped[str] = mapped_column(Text())


class SigningKeyRow(Base):
    """The key that signs checkpoints and evidence; sealed, so that the database alone signs nothing."""

    __tablename__ = "signing_key"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    private_sealed: Mapped[bytes | None] = mapped_column(LargeBinary())
    private_key_id: Mapped[str | None] = mapped_column(String(16))
