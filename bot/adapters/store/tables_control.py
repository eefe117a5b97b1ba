"""Tables of containment: what a door was closed on, who gets no new link, and the acts with their steps. Ids only: no names, no links."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Boolean, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.adapters.store.base import Base, UtcDateTime
from bot.adapters.store.tables import by_value, snowflake
from bot.domain.containment import ActKind, Outcome, StepKind, Verdict

PARTICIPANT = 160
"""Characters of a participant's id at most."""


class DoorClosingRow(Base):
    """When a meeting's door was closed, on whom, and what the last read-back said of the waiting room."""

    __tablename__ = "door_closing"

    meeting_id: Mapped[str] = mapped_column(ForeignKey("meeting.meeting_id", ondelete="CASCADE"), primary_key=True)
    closed_at: Mapped[datetime] = mapped_column(UtcDateTime())
    inside: Mapped[list[str]] = mapped_column(JSON())
    waiting_room: Mapped[bool | None] = mapped_column(Boolean())
    for_everyone: Mapped[bool | None] = mapped_column(Boolean())
    others_admit: Mapped[bool | None] = mapped_column(Boolean())
    room_locked: Mapped[bool] = mapped_column(Boolean())


class DoorCancelledRow(Base):
    """A registrant whose link the closing of the door made void: a member who may have been on their way."""

    __tablename__ = "door_cancelled"

    meeting_id: Mapped[str] = mapped_column(ForeignKey("meeting.meeting_id", ondelete="CASCADE"), primary_key=True)
    registrant_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    cancelled_at: Mapped[datetime] = mapped_column(UtcDateTime())


class BarredMemberRow(Base):
    """A member who was removed and gets no new link for this meeting."""

    __tablename__ = "barred_member"

    meeting_id: Mapped[str] = mapped_column(ForeignKey("meeting.meeting_id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(snowflake(), primary_key=True, autoincrement=False)
    barred_at: Mapped[datetime] = mapped_column(UtcDateTime())
    barred_by: Mapped[int | None] = mapped_column(snowflake())


class ActRow(Base):
    """One act of containment. While it has its `running_key` no other with the same begins. `lease_until` is empty once it is over."""

    __tablename__ = "act"
    __table_args__ = (Index(None, "meeting_id", "at"),)

    act_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[ActKind] = mapped_column(by_value(ActKind))
    guild_id: Mapped[int] = mapped_column(snowflake())
    meeting_id: Mapped[str] = mapped_column(ForeignKey("meeting.meeting_id", ondelete="CASCADE"))
    session_id: Mapped[str | None] = mapped_column(String(128))
    actor: Mapped[int | None] = mapped_column(snowflake())
    at: Mapped[datetime] = mapped_column(UtcDateTime())
    target: Mapped[str] = mapped_column(String(PARTICIPANT))
    held_back: Mapped[list[str]] = mapped_column(JSON())
    pick_list: Mapped[list[str]] = mapped_column(JSON())
    verdict: Mapped[Verdict | None] = mapped_column(by_value(Verdict))
    running_key: Mapped[str | None] = mapped_column(String(240), unique=True)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime())


class ActStepRow(Base):
    """One step of an act, and what is known of it."""

    __tablename__ = "act_step"

    act_id: Mapped[str] = mapped_column(ForeignKey("act.act_id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer(), primary_key=True, autoincrement=False)
    meeting_id: Mapped[str] = mapped_column(ForeignKey("meeting.meeting_id", ondelete="CASCADE"), index=True)
    kind: Mapped[StepKind] = mapped_column(by_value(StepKind))
    participant: Mapped[str | None] = mapped_column(String(PARTICIPANT))
    member_id: Mapped[int | None] = mapped_column(snowflake())
    invite_id: Mapped[str | None] = mapped_column(String(32))
    guest_id: Mapped[str | None] = mapped_column(String(32))
    outcome: Mapped[Outcome] = mapped_column(by_value(Outcome))
    code: Mapped[str] = mapped_column(String(64))
    count: Mapped[int | None] = mapped_column(Integer())
    known_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
