"""Tables of containment: closed doors, barred members, acts and their steps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "door_closing",
        sa.Column("meeting_id", sa.String(32), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("inside", sa.JSON(), nullable=False),
        sa.Column("waiting_room", sa.Boolean()),
        sa.Column("for_everyone", sa.Boolean()),
        sa.Column("others_admit", sa.Boolean()),
        sa.Column("room_locked", sa.Boolean(), nullable=False),
        _of_meeting("door_closing"),
        sa.PrimaryKeyConstraint("meeting_id", name=op.f("pk_door_closing")),
    )
    op.create_table(
        "door_cancelled",
        sa.Column("meeting_id", sa.String(32), nullable=False),
        sa.Column("registrant_id", sa.String(128), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=False),
        _of_meeting("door_cancelled"),
        sa.PrimaryKeyConstraint("meeting_id", "registrant_id", name=op.f("pk_door_cancelled")),
    )
    op.create_table(
        "barred_member",
        sa.Column("meeting_id", sa.String(32), nullable=False),
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("barred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("barred_by", sa.BigInteger()),
        _of_meeting("barred_member"),
        sa.PrimaryKeyConstraint("meeting_id", "member_id", name=op.f("pk_barred_member")),
    )
    op.create_table(
        "act",
        sa.Column("act_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("meeting_id", sa.String(32), nullable=False),
        sa.Column("session_id", sa.String(128)),
        sa.Column("actor", sa.BigInteger()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("target", sa.String(160), nullable=False),
        sa.Column("held_back", sa.JSON(), nullable=False),
        sa.Column("pick_list", sa.JSON(), nullable=False),
        sa.Column("verdict", sa.String(32)),
        sa.Column("running_key", sa.String(240)),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        _of_meeting("act"),
        sa.PrimaryKeyConstraint("act_id", name=op.f("pk_act")),
        sa.UniqueConstraint("running_key", name=op.f("uq_act_running_key")),
    )
    op.create_index(op.f("ix_act_meeting_id_at"), "act", ["meeting_id", "at"])
    op.create_table(
        "act_step",
        sa.Column("act_id", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("meeting_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("participant", sa.String(160)),
        sa.Column("member_id", sa.BigInteger()),
        sa.Column("invite_id", sa.String(32)),
        sa.Column("guest_id", sa.String(32)),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("count", sa.Integer()),
        sa.Column("known_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["act_id"], ["act.act_id"], name=op.f("fk_act_step_act_id_act"), ondelete="CASCADE"),
        _of_meeting("act_step"),
        sa.PrimaryKeyConstraint("act_id", "position", name=op.f("pk_act_step")),
    )
    op.create_index(op.f("ix_act_step_meeting_id"), "act_step", ["meeting_id"])


def downgrade() -> None:
    """Drop them."""
    for table in ("act_step", "act", "barred_member", "door_cancelled", "door_closing"):
        op.drop_table(table)


def _of_meeting(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["meeting_id"], ["meeting.meeting_id"], name=op.f(f"fk_{table}_meeting_id_meeting"), ondelete="CASCADE"
    )
