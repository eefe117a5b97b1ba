"""Tables of who is in a call; and the revision of a session."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, the column and the indexes."""
    with op.batch_alter_table("session") as session:
        session.add_column(sa.Column("revision", sa.Integer(), nullable=False, server_default="0"))
    op.create_index(
        "ix_session_open",
        "session",
        ["meeting_id"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(op.f("ix_invite_meeting_id_registrant_id"), "invite", ["meeting_id", "registrant_id"])
    op.create_table(
        "participant",
        sa.Column("session_id", sa.String(128), nullable=False),
        sa.Column("participant_uuid", sa.String(160), nullable=False),
        sa.Column("registrant_id", sa.String(128)),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True)),
        sa.Column("registers", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        _of_session("participant"),
        sa.PrimaryKeyConstraint("session_id", "participant_uuid", name=op.f("pk_participant")),
    )
    op.create_index(op.f("ix_participant_session_id_revision"), "participant", ["session_id", "revision"])
    op.create_index(op.f("ix_participant_registrant_id"), "participant", ["registrant_id"])
    op.create_table(
        "participant_mark",
        sa.Column("session_id", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.String(8), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        _of_session("participant_mark"),
        sa.PrimaryKeyConstraint("session_id", "kind", "key", name=op.f("pk_participant_mark")),
    )
    op.create_table(
        "accepted_guest",
        sa.Column("session_id", sa.String(128), nullable=False),
        sa.Column("participant_uuid", sa.String(160), nullable=False),
        sa.Column("accepted_by", sa.BigInteger(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        _of_session("accepted_guest"),
        sa.PrimaryKeyConstraint("session_id", "participant_uuid", name=op.f("pk_accepted_guest")),
    )


def downgrade() -> None:
    """Drop all of it."""
    for table in ("accepted_guest", "participant_mark", "participant"):
        op.drop_table(table)
    op.drop_index(op.f("ix_invite_meeting_id_registrant_id"), "invite")
    op.drop_index("ix_session_open", "session")
    with op.batch_alter_table("session") as session:
        session.drop_column("revision")


def _of_session(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_session_id_session")
    return sa.ForeignKeyConstraint(["session_id"], ["session.session_id"], name=name, ondelete="CASCADE")
