"""Tables of the moderators' panel: its message, and the concerns that were raised."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "panel",
        sa.Column("session_id", sa.String(128), nullable=False),
        sa.Column("meeting_id", sa.String(32), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger()),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("posted_at", sa.DateTime(timezone=True)),
        sa.Column("shown_at", sa.DateTime(timezone=True)),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("obstacle", sa.Text(), nullable=False),
        sa.Column("told_organiser", sa.Boolean(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("touched", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        _of_session("panel"),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.meeting_id"], name=op.f("fk_panel_meeting_id_meeting"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_panel")),
    )
    op.create_index(op.f("ix_panel_meeting_id"), "panel", ["meeting_id"])
    op.create_index(op.f("ix_panel_due_at"), "panel", ["due_at"])
    op.create_table(
        "concern",
        sa.Column("session_id", sa.String(128), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("concern", sa.String(32), nullable=False),
        sa.Column("who", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("over_at", sa.DateTime(timezone=True)),
        sa.Column("asked", sa.String(32), nullable=False),
        sa.Column("answer", sa.String(32)),
        sa.Column("calls", sa.Boolean(), nullable=False),
        sa.Column("message", sa.String(32), nullable=False),
        sa.Column("channel_id", sa.BigInteger()),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        _of_session("concern"),
        sa.PrimaryKeyConstraint("session_id", "key", name=op.f("pk_concern")),
    )
    op.create_index(op.f("ix_concern_message"), "concern", ["message"])


def downgrade() -> None:
    """Drop them."""
    for table in ("concern", "panel"):
        op.drop_table(table)


def _of_session(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["session_id"], ["session.session_id"], name=op.f(f"fk_{table}_session_id_session"), ondelete="CASCADE"
    )
