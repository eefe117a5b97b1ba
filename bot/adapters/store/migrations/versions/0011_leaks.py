"""Tables of: leaks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "link_mark",
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("invite_id", sa.String(32)),
        sa.Column("guest_id", sa.String(32)),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_link_mark")),
        _goes_with("link_mark", "invite"),
        _goes_with("link_mark", "guest"),
    )
    for column in ("key_id", "invite_id", "guest_id"):
        op.create_index(op.f(f"ix_link_mark_{column}"), "link_mark", [column])
    op.create_table(
        "leak",
        sa.Column("leak_id", sa.String(32), nullable=False),
        sa.Column("once", sa.String(80), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("meeting_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("reported_by", sa.BigInteger(), nullable=False),
        sa.Column("invite_id", sa.String(32)),
        sa.Column("guest_id", sa.String(32)),
        sa.Column("member_id", sa.BigInteger()),
        sa.Column("dealt_at", sa.DateTime(timezone=True)),
        sa.Column("dealt_by", sa.BigInteger()),
        sa.Column("still_worked", sa.Boolean(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("leak_id", name=op.f("pk_leak")),
        sa.UniqueConstraint("once", name=op.f("uq_leak_once")),
        _goes_with("leak", "meeting"),
    )
    for column in ("meeting_id", "message_id", "member_id"):
        op.create_index(op.f(f"ix_leak_{column}"), "leak", [column])
    op.create_table(
        "link_hold",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("leak_id", sa.String(32), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "member_id", name=op.f("pk_link_hold")),
    )

    op.create_table(
        "link_rule",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("rule_id", sa.BigInteger()),
        sa.Column("health", sa.String(32), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", name=op.f("pk_link_rule")),
    )
    op.create_table(
        "blocked_try",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "at", "member_id", name=op.f("pk_blocked_try")),
    )
    with op.batch_alter_table("meeting") as meeting:
        meeting.add_column(sa.Column("replaces", sa.String(32)))
        meeting.add_column(sa.Column("replaced_by", sa.String(32)))
        meeting.create_unique_constraint(op.f("uq_meeting_replaces"), ["replaces"])


def downgrade() -> None:
    with op.batch_alter_table("meeting") as meeting:
        meeting.drop_constraint(op.f("uq_meeting_replaces"), type_="unique")
        meeting.drop_column("replaced_by")
        meeting.drop_column("replaces")
    for table in ("blocked_try", "link_rule", "link_hold", "leak", "link_mark"):
        op.drop_table(table)


def _goes_with(table: str, other: str) -> sa.ForeignKeyConstraint:
    key = f"{other}_id"
    return sa.ForeignKeyConstraint(
        [key], [f"{other}.{key}"], name=op.f(f"fk_{table}_{key}_{other}"), ondelete="CASCADE"
    )
