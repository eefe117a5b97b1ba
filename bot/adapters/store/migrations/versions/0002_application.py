"""The tables of the application."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_link",
        sa.Column("link_id", sa.String(32), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("zoom_account_id", sa.String(128), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("token_sealed", sa.LargeBinary()),
        sa.Column("token_key_id", sa.String(16)),
        sa.Column("token_expires_at", sa.DateTime(timezone=True)),
        sa.Column("token_scopes", sa.Text()),
        sa.Column("token_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("link_id", name=op.f("pk_account_link")),
    )
    op.create_index(op.f("ix_account_link_guild_id"), "account_link", ["guild_id"])
    op.create_index(
        "uq_account_link_default",
        "account_link",
        ["guild_id"],
        unique=True,
        sqlite_where=sa.text("is_default"),
        postgresql_where=sa.text("is_default"),
    )
    op.create_table(
        "audit_entry",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("actor", sa.String(32)),
        sa.Column("subject", sa.String(32)),
        sa.Column("meeting", sa.String(32)),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("text_hash", sa.String(64)),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "seq", name=op.f("pk_audit_entry")),
    )
    op.create_table(
        "audit_subject",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subject_id", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "member_id", name=op.f("pk_audit_subject")),
        sa.UniqueConstraint("subject_id", name=op.f("uq_audit_subject_subject_id")),
    )
    op.create_table(
        "community",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("on_call_role", sa.BigInteger()),
        sa.Column("moderators_channel", sa.BigInteger()),
        sa.Column("announcement_channel", sa.BigInteger()),
        sa.Column("timezone", sa.String(64)),
        sa.Column("country", sa.String(2)),
        sa.Column("min_account_age", sa.BigInteger(), nullable=False),
        sa.Column("min_membership_age", sa.BigInteger(), nullable=False),
        sa.Column("open_door_min_account_age", sa.BigInteger(), nullable=False),
        sa.Column("link_release", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", name=op.f("pk_community")),
    )
    op.create_table(
        "daily_usage",
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "day", name=op.f("pk_daily_usage")),
    )
    op.create_table(
        "note",
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_note")),
    )
    op.create_table(
        "audit_text",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["guild_id", "seq"],
            ["audit_entry.guild_id", "audit_entry.seq"],
            name=op.f("fk_audit_text_guild_id_seq_audit_entry"),
        ),
        sa.PrimaryKeyConstraint("guild_id", "seq", name=op.f("pk_audit_text")),
    )
    op.create_table(
        "community_role",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("role_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["guild_id"], ["community.guild_id"], name=op.f("fk_community_role_guild_id_community"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("guild_id", "kind", "role_id", name=op.f("pk_community_role")),
    )
    op.create_table(
        "meeting",
        sa.Column("meeting_id", sa.String(32), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("link_id", sa.String(32), nullable=False),
        sa.Column("host_id", sa.String(128), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("profile", sa.String(32), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("door", sa.String(32), nullable=False),
        sa.Column("personal_links", sa.Boolean(), nullable=False),
        sa.Column("waiting_room", sa.Boolean(), nullable=False),
        sa.Column("telephone", sa.Boolean(), nullable=False),
        sa.Column("extra_role", sa.BigInteger()),
        sa.Column("zoom_id", sa.String(32)),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
        sa.Column("blocked_by_read_back", sa.JSON(), nullable=False),
        sa.Column("announcement_channel", sa.BigInteger()),
        sa.Column("announcement_message", sa.BigInteger()),
        sa.Column("passcode_sealed", sa.LargeBinary()),
        sa.Column("passcode_key_id", sa.String(16)),
        sa.Column("shared_link_sealed", sa.LargeBinary()),
        sa.Column("shared_link_key_id", sa.String(16)),
        sa.ForeignKeyConstraint(["link_id"], ["account_link.link_id"], name=op.f("fk_meeting_link_id_account_link")),
        sa.PrimaryKeyConstraint("meeting_id", name=op.f("pk_meeting")),
    )
    op.create_index(op.f("ix_meeting_guild_id_state_starts_at"), "meeting", ["guild_id", "state", "starts_at"])
    op.create_index(op.f("ix_meeting_link_id_starts_at"), "meeting", ["link_id", "starts_at"])
    op.create_table(
        "zoom_host",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.String(128), nullable=False),
        sa.Column("link_id", sa.String(32), nullable=False),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("licensed", sa.Boolean(), nullable=False),
        sa.Column("member_id", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["link_id"], ["account_link.link_id"], name=op.f("fk_zoom_host_link_id_account_link"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("guild_id", "user_id", name=op.f("pk_zoom_host")),
    )
    op.create_index(op.f("ix_zoom_host_link_id"), "zoom_host", ["link_id"])
    op.create_table(
        "agenda",
        sa.Column("meeting_id", sa.String(32), nullable=False),
        sa.Column("due", sa.String(32), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.meeting_id"], name=op.f("fk_agenda_meeting_id_meeting"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("meeting_id", "due", name=op.f("pk_agenda")),
    )
    op.create_index(op.f("ix_agenda_due_at"), "agenda", ["due_at"])
    op.create_table(
        "coming",
        sa.Column("meeting_id", sa.String(32), nullable=False),
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.meeting_id"], name=op.f("fk_coming_meeting_id_meeting"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("meeting_id", "member_id", name=op.f("pk_coming")),
    )
    op.create_table(
        "invite",
        sa.Column("invite_id", sa.String(32), nullable=False),
        sa.Column("meeting_id", sa.String(32), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tag", sa.String(8), nullable=False),
        sa.Column("address", sa.String(320), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("registrant_id", sa.String(128)),
        sa.Column("adds_today", sa.Integer(), nullable=False),
        sa.Column("adds_day", sa.Date()),
        sa.Column("delivered_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("link_sealed", sa.LargeBinary()),
        sa.Column("link_key_id", sa.String(16)),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.meeting_id"], name=op.f("fk_invite_meeting_id_meeting"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("invite_id", name=op.f("pk_invite")),
        sa.UniqueConstraint(
            "meeting_id", "member_id", "generation", name=op.f("uq_invite_meeting_id_member_id_generation")
        ),
        sa.UniqueConstraint("meeting_id", "tag", name=op.f("uq_invite_meeting_id_tag")),
    )
    op.create_index(
        "uq_invite_current",
        "invite",
        ["meeting_id", "member_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'revoked'"),
        postgresql_where=sa.text("state <> 'revoked'"),
    )
    op.create_table(
        "meeting_alternative_host",
        sa.Column("meeting_id", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.String(128), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"],
            ["meeting.meeting_id"],
            name=op.f("fk_meeting_alternative_host_meeting_id_meeting"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("meeting_id", "position", name=op.f("pk_meeting_alternative_host")),
    )
    op.create_index(op.f("ix_meeting_alternative_host_user_id"), "meeting_alternative_host", ["user_id"])


def downgrade() -> None:
    for table in (
        "meeting_alternative_host",
        "invite",
        "coming",
        "agenda",
        "zoom_host",
        "meeting",
        "community_role",
        "audit_text",
        "note",
        "daily_usage",
        "community",
        "audit_subject",
        "audit_entry",
        "account_link",
    ):
        op.drop_table(table)
