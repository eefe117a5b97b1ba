"""Tables of leaked links: the marks by which links are known again, what was found where, and who has to ask for a new one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.adapters.store.base import Base, UtcDateTime
from bot.adapters.store.tables import by_value, snowflake
from bot.domain.leak import LeakKind
from bot.domain.link_rule import RuleHealth


class LinkMarkRow(Base):
    """The keyed hash of a personal link, and the id of the key it was made with. It goes with the invite or guest it belongs to."""

    __tablename__ = "link_mark"

    mark: Mapped[str] = mapped_column(String(64), primary_key=True)
    key_id: Mapped[str] = mapped_column(String(16), index=True)
    invite_id: Mapped[str | None] = mapped_column(ForeignKey("invite.invite_id", ondelete="CASCADE"), index=True)
    guest_id: Mapped[str | None] = mapped_column(ForeignKey("guest.guest_id", ondelete="CASCADE"), index=True)


class LeakRow(Base):
    """One link in one message. It goes with its meeting."""

    __tablename__ = "leak"

    leak_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    once: Mapped[str] = mapped_column(String(80), unique=True)
    guild_id: Mapped[int] = mapped_column(snowflake())
    meeting_id: Mapped[str] = mapped_column(ForeignKey("meeting.meeting_id", ondelete="CASCADE"), index=True)
    kind: Mapped[LeakKind] = mapped_column(by_value(LeakKind))
    at: Mapped[datetime] = mapped_column(UtcDateTime())
    channel_id: Mapped[int] = mapped_column(snowflake())
    message_id: Mapped[int] = mapped_column(snowflake(), index=True)
    author_id: Mapped[int] = mapped_column(snowflake())
    reported_by: Mapped[int] = mapped_column(snowflake())
    invite_id: Mapped[str | None] = mapped_column(String(32))
    guest_id: Mapped[str | None] = mapped_column(String(32))
    member_id: Mapped[int | None] = mapped_column(snowflake(), index=True)
    dealt_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    dealt_by: Mapped[int | None] = mapped_column(snowflake())
    still_worked: Mapped[bool] = mapped_column(Boolean())
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class LinkHoldRow(Base):
    """A member who gets a new link only when a moderator allows it."""

    __tablename__ = "link_hold"

    guild_id: Mapped[int] = mapped_column(snowflake(), primary_key=True, autoincrement=False)
    member_id: Mapped[int] = mapped_column(snowflake(), primary_key=True, autoincrement=False)
    leak_id: Mapped[str] = mapped_column(String(32))
    since: Mapped[datetime] = mapped_column(UtcDateTime())


class LinkRuleRow(Base):
    """The AutoMod rule of a community that wants one, and how it was when it was last looked at."""

    __tablename__ = "link_rule"

    guild_id: Mapped[int] = mapped_column(snowflake(), primary_key=True, autoincrement=False)
    rule_id: Mapped[int | None] = mapped_column(snowflake())
    health: Mapped[RuleHealth] = mapped_column(by_value(RuleHealth))
    checked_at: Mapped[datetime] = mapped_column(UtcDateTime())


class BlockedTryRow(Base):
    """A message that AutoMod blocked: who and where, for a week."""

    __tablename__ = "blocked_try"

    guild_id: Mapped[int] = mapped_column(snowflake(), primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime(), primary_key=True)
    member_id: Mapped[int] = mapped_column(snowflake(), primary_key=True, autoincrement=False)
    channel_id: Mapped[int] = mapped_column(snowflake())
