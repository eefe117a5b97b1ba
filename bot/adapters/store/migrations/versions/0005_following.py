"""Tables of links that follow their members: void orders, checks, guests, edits; and who was tried before they pressed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and the column."""
    with op.batch_alter_table("coming") as coming:
        coming.add_column(sa.Column("tried_at", sa.DateTime(timezone=True)))
    op.create_table(
        "void_order",
        sa.Column("meeting_id", sa.String(32), nullable=False),
        sa.Column("address", sa.String(320), nullable=False),
        sa.Column("registrant_id", sa.String(128)),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        _of_meeting("void_order"),
        sa.PrimaryKeyConstraint("meeting_id", "address", name=op.f("pk_void_order")),
    )
    op.create_table(
        "member_check",
        sa.Column("meeting_id", sa.String(32), nullable=False),
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("pressing", sa.Boolean(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        _of_meeting("member_check"),
        sa.PrimaryKeyConstraint("meeting_id", "member_id", name=op.f("pk_member_check")),
    )
    op.create_table(
        "guest",
        sa.Column("guest_id", sa.String(32), nullable=False),
        sa.Column("meeting_id", sa.String(32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tag", sa.String(8), nullable=False),
        sa.Column("address", sa.String(320), nullable=False),
        sa.Column("invited_by", sa.BigInteger(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("registrant_id", sa.String(128)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        _of_meeting("guest"),
        sa.PrimaryKeyConstraint("guest_id", name=op.f("pk_guest")),
        sa.UniqueConstraint("meeting_id", "tag", name=op.f("uq_guest_meeting_id_tag")),
    )
    op.create_table(
        "meeting_edit",
        sa.Column("meeting_id", sa.String(32), nullable=False),
        sa.Column("edit_id", sa.String(32), nullable=False),
        sa.Column("proposed_by", sa.BigInteger(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("profile", sa.String(32), nullable=False),
        sa.Column("extra_role", sa.BigInteger()),
        sa.Column("alternative_hosts", sa.JSON(), nullable=False),
        sa.Column("personal_links", sa.Boolean(), nullable=False),
        sa.Column("waiting_room", sa.Boolean(), nullable=False),
        _of_meeting("meeting_edit"),
        sa.PrimaryKeyConstraint("meeting_id", name=op.f("pk_meeting_edit")),
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("meeting_edit", "guest", "member_check", "void_order"):
        op.drop_table(table)
    with op.batch_alter_table("coming") as coming:
        coming.drop_column("tried_at")


def _of_meeting(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["meeting_id"], ["meeting.meeting_id"], name=op.f(f"fk_{table}_meeting_id_meeting"), ondelete="CASCADE"
    )
