"""The application's tables. Repositories turn their rows into domain objects; nobody else reads them.

Times are `UtcDateTime`, lengths of time whole seconds, Discord's ids 64-bit numbers of Discord's own counting. A
sealed secret takes two columns: `<name>_sealed` and `<name>_key_id`.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import Enum
from typing import TypeVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
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
from sqlalchemy.types import TypeDecorator

from bot.adapters.store import jobs_tables, tables_events, tables_incidents, tables_limits, tables_series
from bot.adapters.store.base import Base, UtcDateTime, metadata
from bot.domain.invite import InviteState
from bot.domain.meeting import Door, MeetingState, ProfileName
from bot.ports import Job, LinkKind, LinkState

__all__ = ["jobs_tables", "metadata", "tables_events", "tables_incidents", "tables_limits", "tables_series"]
"""Whoever asks here for the metadata gets it with the tables of all other modules in it."""

E = TypeVar("E", bound=Enum)


class Seconds(TypeDecorator[timedelta]):
    """A length of time in whole seconds. Raises ValueError for a fraction of one: it would be lost."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, _: Dialect) -> int | None:
        if value is None:
            return None
        if value % timedelta(seconds=1):
            raise ValueError("lengths of time are stored in whole seconds")
        return value // timedelta(seconds=1)

    def process_result_value(self, value: int | None, _: Dialect) -> timedelta | None:
        return None if value is None else timedelta(seconds=value)


def by_value(kind: type[E]) -> EnumType:
    """Column type that keeps the value of an enum member as text, so that members may be renamed."""
    return EnumType(kind, native_enum=False, length=32, values_callable=lambda members: [m.value for m in members])


def snowflake() -> BigInteger:
    """Column type of an id that Discord counts."""
    return BigInteger()


class RoleKind(Enum):
    """What holding a role means in a community."""

    VERIFIED = "verified"
    ORGANISER = "organiser"
    MODERATOR = "moderator"


class CommunityRow(Base):
    """Settings of a guild; absent until somebody changes one."""

    __tablename__ = "community"

    guild_id: Mapped[int] = mapped_column(snowflake(), primary_key=True, autoincrement=False)
    on_call_role: Mapped[int | None] = mapped_column(snowflake())
    moderators_channel: Mapped[int | None] = mapped_column(snowflake())
    announcement_channel: Mapped[int | None] = mapped_column(snowflake())
    timezone: Mapped[str | None] = mapped_column(String(64))
    country: Mapped[str | None] = mapped_column(String(2))
    min_account_age: Mapped[timedelta] = mapped_column(Seconds())
    min_membership_age: Mapped[timedelta] = mapped_column(Seconds())
    open_door_min_account_age: Mapped[timedelta] = mapped_column(Seconds())
    link_release: Mapped[timedelta] = mapped_column(Seconds())
    reminder: Mapped[timedelta] = mapped_column(Seconds())
    retention: Mapped[timedelta] = mapped_column(Seconds())


class CommunityRoleRow(Base):
    """A role that means something in a community."""

    __tablename__ = "community_role"

    guild_id: Mapped[int] = mapped_column(
        snowflake(), ForeignKey("community.guild_id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    kind: Mapped[RoleKind] = mapped_column(by_value(RoleKind), primary_key=True)
    role_id: Mapped[int] = mapped_column(snowflake(), primary_key=True, autoincrement=False)


class AccountLinkRow(Base):
    """A Zoom account linked to a guild, with its current access token."""

    __tablename__ = "account_link"
    __table_args__ = (
        Index(
            "uq_account_link_default",
            "guild_id",
            unique=True,
            sqlite_where=text("is_default"),
            postgresql_where=text("is_default"),
        ),
        Index(None, "guild_id"),
        Index(None, "zoom_user_id", unique=True),
    )

    link_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    guild_id: Mapped[int] = mapped_column(snowflake())
    kind: Mapped[LinkKind] = mapped_column(by_value(LinkKind))
    state: Mapped[LinkState] = mapped_column(by_value(LinkState))
    zoom_account_id: Mapped[str] = mapped_column(String(128))
    is_default: Mapped[bool] = mapped_column(Boolean())
    token_sealed: Mapped[bytes | None] = mapped_column(LargeBinary())
    token_key_id: Mapped[str | None] = mapped_column(String(16))
    token_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    token_scopes: Mapped[str | None] = mapped_column(Text())
    """Separated by spaces, as OAuth writes them (https://www.rfc-editor.org/rfc/rfc6749#section-3.3)."""
    token_version: Mapped[int] = mapped_column(Integer())
    """Goes up with every change of the tokens."""
    refresh_sealed: Mapped[bytes | None] = mapped_column(LargeBinary())
    refresh_key_id: Mapped[str | None] = mapped_column(String(16))
    lease_owner: Mapped[str | None] = mapped_column(String(64))
    """Which process renews the token at the moment."""
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime())
    owner_member_id: Mapped[int | None] = mapped_column(snowflake())
    zoom_user_id: Mapped[str | None] = mapped_column(String(128))
    hint: Mapped[str] = mapped_column(String(320), server_default="")
    removal: Mapped[bool | None] = mapped_column(Boolean())
    ask_owner_at: Mapped[datetime | None] = mapped_column(UtcDateTime(), index=True)
    """When the owner is to be asked to link again."""


class ZoomHostRow(Base):
    """A Zoom user who may host for a guild."""

    __tablename__ = "zoom_host"
    __table_args__ = (Index(None, "link_id"),)

    guild_id: Mapped[int] = mapped_column(snowflake(), primary_key=True, autoincrement=False)
    user_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    link_id: Mapped[str] = mapped_column(ForeignKey("account_link.link_id", ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(String(320))
    name: Mapped[str] = mapped_column(Text())
    licensed: Mapped[bool] = mapped_column(Boolean())
    member_id: Mapped[int | None] = mapped_column(snowflake())


class MeetingRow(Base):
    """A meeting, with the secrets Zoom gave for it."""

    __tablename__ = "meeting"
    __table_args__ = (Index(None, "guild_id", "state", "starts_at"), Index(None, "link_id", "starts_at"))

    meeting_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    guild_id: Mapped[int] = mapped_column(snowflake())
    link_id: Mapped[str] = mapped_column(ForeignKey("account_link.link_id"))
    host_id: Mapped[str] = mapped_column(String(128))
    topic: Mapped[str] = mapped_column(Text())
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime())
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime())
    profile: Mapped[ProfileName] = mapped_column(by_value(ProfileName))
    created_by: Mapped[int] = mapped_column(snowflake())
    planned_at: Mapped[datetime] = mapped_column(UtcDateTime())
    state: Mapped[MeetingState] = mapped_column(by_value(MeetingState))
    door: Mapped[Door] = mapped_column(by_value(Door))
    personal_links: Mapped[bool] = mapped_column(Boolean())
    waiting_room: Mapped[bool] = mapped_column(Boolean())
    telephone: Mapped[bool] = mapped_column(Boolean())
    extra_role: Mapped[int | None] = mapped_column(snowflake())
    zoom_id: Mapped[str | None] = mapped_column(String(32), index=True)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    blocked_by_read_back: Mapped[list[str]] = mapped_column(JSON())
    """Names of settings."""
    announcement_channel: Mapped[int | None] = mapped_column(snowflake())
    announcement_message: Mapped[int | None] = mapped_column(snowflake())
    replaces: Mapped[str | None] = mapped_column(String(32), unique=True)
    """One meeting at most is made to take the place of another."""
    replaced_by: Mapped[str | None] = mapped_column(String(32))
    passcode_sealed: Mapped[bytes | None] = mapped_column(LargeBinary())
    passcode_key_id: Mapped[str | None] = mapped_column(String(16))
    shared_link_sealed: Mapped[bytes | None] = mapped_column(LargeBinary())
    shared_link_key_id: Mapped[str | None] = mapped_column(String(16))


class AlternativeHostRow(Base):
    """Who may start a meeting instead of its host, in the organiser's order."""

    __tablename__ = "meeting_alternative_host"

    meeting_id: Mapped[str] = mapped_column(ForeignKey("meeting.meeting_id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer(), primary_key=True, autoincrement=False)
    user_id: Mapped[str] = mapped_column(String(128), index=True)


class InviteRow(Base):
    """One member's way into one meeting, with the sealed link."""

    __tablename__ = "invite"
    __table_args__ = (
        UniqueConstraint("meeting_id", "member_id", "generation"),
        UniqueConstraint("meeting_id", "tag"),
        Index(None, "meeting_id", "registrant_id"),
        Index(
            "uq_invite_current",
            "meeting_id",
            "member_id",
            unique=True,
            sqlite_where=text("state <> 'revoked'"),
            postgresql_where=text("state <> 'revoked'"),
        ),
    )

    invite_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    meeting_id: Mapped[str] = mapped_column(ForeignKey("meeting.meeting_id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(snowflake())
    generation: Mapped[int] = mapped_column(Integer())
    name: Mapped[str] = mapped_column(Text())
    tag: Mapped[str] = mapped_column(String(8))
    address: Mapped[str] = mapped_column(String(320))
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime())
    state: Mapped[InviteState] = mapped_column(by_value(InviteState))
    registrant_id: Mapped[str | None] = mapped_column(String(128))
    adds_today: Mapped[int] = mapped_column(Integer())
    adds_day: Mapped[date | None] = mapped_column(Date())
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    link_sealed: Mapped[bytes | None] = mapped_column(LargeBinary())
    link_key_id: Mapped[str | None] = mapped_column(String(16))


class ComingRow(Base):
    """A member who asked before links were released."""

    __tablename__ = "coming"

    meeting_id: Mapped[str] = mapped_column(ForeignKey("meeting.meeting_id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(snowflake(), primary_key=True, autoincrement=False)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime())
    tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    """When a link was made beforehand, or they were found not to be admitted."""


class AuditEntryRow(Base):
    """One link of a guild's chain: opaque ids, codes and hashes only. Never changed, never deleted."""

    __tablename__ = "audit_entry"

    guild_id: Mapped[int] = mapped_column(snowflake(), primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger(), primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime())
    action: Mapped[str] = mapped_column(String(64))
    actor: Mapped[str | None] = mapped_column(String(32))
    subject: Mapped[str | None] = mapped_column(String(32))
    meeting: Mapped[str | None] = mapped_column(String(32))
    facts: Mapped[dict[str, str | int | bool | None]] = mapped_column(JSON())
    text_hash: Mapped[str | None] = mapped_column(String(64))
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))


class AuditSubjectRow(Base):
    """Who an opaque id is. Erasable."""

    __tablename__ = "audit_subject"

    guild_id: Mapped[int] = mapped_column(snowflake(), primary_key=True, autoincrement=False)
    member_id: Mapped[int] = mapped_column(snowflake(), primary_key=True, autoincrement=False)
    subject_id: Mapped[str] = mapped_column(String(32), unique=True)


class AuditTextRow(Base):
    """The free text behind a hash, and the salt without which the hash cannot be guessed. Erasable."""

    __tablename__ = "audit_text"
    __table_args__ = (ForeignKeyConstraint(["guild_id", "seq"], ["audit_entry.guild_id", "audit_entry.seq"]),)

    guild_id: Mapped[int] = mapped_column(snowflake(), primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger(), primary_key=True, autoincrement=False)
    salt: Mapped[bytes] = mapped_column(LargeBinary())
    text: Mapped[str] = mapped_column(Text())


class AgendaRow(Base):
    """Something that falls due for a meeting."""

    __tablename__ = "agenda"

    meeting_id: Mapped[str] = mapped_column(ForeignKey("meeting.meeting_id", ondelete="CASCADE"), primary_key=True)
    due: Mapped[Job] = mapped_column(by_value(Job), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime(), index=True)


class DailyUsageRow(Base):
    """How often something that Zoom limits per day was used."""

    __tablename__ = "daily_usage"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    day: Mapped[date] = mapped_column(Date(), primary_key=True)
    count: Mapped[int] = mapped_column(Integer())


class NoteRow(Base):
    """A small fact the process keeps about itself."""

    __tablename__ = "note"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    value: Mapped[str] = mapped_column(Text())
