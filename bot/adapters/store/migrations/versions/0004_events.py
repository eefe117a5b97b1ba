"""Tables of: events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inbox",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("meeting_id", sa.String(32)),
        sa.Column("account_id", sa.String(128), nullable=False),
        sa.Column("session_id", sa.String(128)),
        sa.Column("zoom_id", sa.String(32)),
        sa.Column("host_id", sa.String(128)),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.meeting_id"], name=op.f("fk_inbox_meeting_id_meeting"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_inbox")),
    )
    op.create_index(
        "ix_inbox_waiting",
        "inbox",
        ["meeting_id"],
        sqlite_where=sa.text("handled_at IS NULL"),
        postgresql_where=sa.text("handled_at IS NULL"),
    )
    op.create_index(op.f("ix_inbox_handled_at"), "inbox", ["handled_at"])
    op.create_index(op.f("ix_inbox_account_id_received_at"), "inbox", ["account_id", "received_at"])
    op.create_table(
        "session",
        sa.Column("session_id", sa.String(128), nullable=False),
        sa.Column("meeting_id", sa.String(32), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.meeting_id"], name=op.f("fk_session_meeting_id_meeting"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_session")),
    )
    op.create_index(op.f("ix_session_meeting_id"), "session", ["meeting_id"])
    op.create_table(
        "drift",
        sa.Column("meeting_id", sa.String(32), nullable=False),
        sa.Column("known", sa.JSON(), nullable=False),
        sa.Column("pending", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.meeting_id"], name=op.f("fk_drift_meeting_id_meeting"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("meeting_id", name=op.f("pk_drift")),
    )
    op.create_table(
        "alert",
        sa.Column("alert_id", sa.String(32), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("meeting_id", sa.String(32)),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.String(64)),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("channel_id", sa.BigInteger()),
        sa.Column("message_id", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.meeting_id"], name=op.f("fk_alert_meeting_id_meeting"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_alert")),
    )
    op.create_index(op.f("ix_alert_meeting_id"), "alert", ["meeting_id"])
    op.create_index(op.f("ix_alert_due_at"), "alert", ["due_at"])
    op.create_index(op.f("ix_meeting_zoom_id"), "meeting", ["zoom_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_meeting_zoom_id"), "meeting")
    for table in ("alert", "drift", "session", "inbox"):
        op.drop_table(table)
