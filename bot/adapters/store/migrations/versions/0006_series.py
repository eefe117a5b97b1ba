"""Tables of: series."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TEN_MINUTES = "600"


def upgrade() -> None:
    op.add_column("community", sa.Column("reminder", sa.BigInteger(), nullable=False, server_default=_TEN_MINUTES))
    op.create_table(
        "series_meeting",
        sa.Column("meeting_id", sa.String(32), nullable=False),
        sa.Column("series_id", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("promised_by", sa.BigInteger()),
        _of_meeting("series_meeting"),
        sa.PrimaryKeyConstraint("meeting_id", name=op.f("pk_series_meeting")),
    )
    op.create_index(op.f("ix_series_meeting_series_id"), "series_meeting", ["series_id"])
    op.create_table(
        "server_event",
        sa.Column("meeting_id", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("event_id", sa.BigInteger()),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        _of_meeting("server_event"),
        sa.PrimaryKeyConstraint("meeting_id", name=op.f("pk_server_event")),
    )
    op.create_table(
        "reminder",
        sa.Column("meeting_id", sa.String(32), nullable=False),
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        _of_meeting("reminder"),
        sa.PrimaryKeyConstraint("meeting_id", "member_id", name=op.f("pk_reminder")),
    )


def downgrade() -> None:
    for table in ("reminder", "server_event", "series_meeting"):
        op.drop_table(table)
    op.drop_column("community", "reminder")


def _of_meeting(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["meeting_id"], ["meeting.meeting_id"], name=op.f(f"fk_{table}_meeting_id_meeting"), ondelete="CASCADE"
    )
