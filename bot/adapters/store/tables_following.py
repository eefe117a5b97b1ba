"""Tables for links that follow their members: void orders, members to decide about again, guests, changes of meetings."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Boolean, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.adapters.store.base import Base, UtcDateTime
from bot.adapters.store.tables import by_value, snowflake
from bot.domain.guest import GuestState
from bot.domain.meeting import ProfileName


class VoidOrderRow(Base):
    """A registrant that has to go at Zoom."""

    __tablename__ = "void_order"

    meeting_id: Mapped[str] = mapped_column(ForeignKey("meeting.meeting_id", ondelete="CASCADE"), primary_key=True)
    address: Mapped[str] = mapped_column(String(320), primary_key=True)
    registrant_id: Mapped[str | None] = mapped_column(String(128))
    since: Mapped[datetime] = mapped_column(UtcDateTime())
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class MemberCheckRow(Base):
    """A member about whom has to be decided again; those with `pressing` first."""

    __tablename__ = "member_check"

    meeting_id: Mapped[str] = mapped_column(ForeignKey("meeting.meeting_id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(snowflake(), primary_key=True, autoincrement=False)
    pressing: Mapped[bool] = mapped_column(Boolean())
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime())


class GuestRow(Base):
    """Somebody from outside the community with a registrant of their own. The link is not kept."""

    __tablename__ = "guest"
    __table_args__ = (UniqueConstraint("meeting_id", "tag"),)

    guest_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    meeting_id: Mapped[str] = mapped_column(ForeignKey("meeting.meeting_id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text())
    tag: Mapped[str] = mapped_column(String(8))
    address: Mapped[str] = mapped_column(String(320))
    invited_by: Mapped[int] = mapped_column(snowflake())
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime())
    state: Mapped[GuestState] = mapped_column(by_value(GuestState))
    registrant_id: Mapped[str | None] = mapped_column(String(128))
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class MeetingEditRow(Base):
    """How a meeting is to be after a change that was proposed or confirmed."""

    __tablename__ = "meeting_edit"

    meeting_id: Mapped[str] = mapped_column(ForeignKey("meeting.meeting_id", ondelete="CASCADE"), primary_key=True)
    edit_id: Mapped[str] = mapped_column(String(32))
    proposed_by: Mapped[int] = mapped_column(snowflake())
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime())
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    topic: Mapped[str] = mapped_column(Text())
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime())
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime())
    profile: Mapped[ProfileName] = mapped_column(by_value(ProfileName))
    extra_role: Mapped[int | None] = mapped_column(snowflake())
    alternative_hosts: Mapped[list[str]] = mapped_column(JSON())
    personal_links: Mapped[bool] = mapped_column(Boolean())
    waiting_room: Mapped[bool] = mapped_column(Boolean())
