"""Tables of: privacy."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_THIRTY_DAYS = str(30 * 24 * 3600)


def upgrade() -> None:
    op.add_column("community", sa.Column("retention", sa.BigInteger(), nullable=False, server_default=_THIRTY_DAYS))
    op.create_table(
        "erasure",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("why", sa.String(32), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "member_id", name=op.f("pk_erasure")),
    )
    op.create_index(op.f("ix_erasure_due_at"), "erasure", ["due_at"])
    op.create_table(
        "departed_guild",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("links_stopped", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", name=op.f("pk_departed_guild")),
    )
    op.create_index(op.f("ix_departed_guild_due_at"), "departed_guild", ["due_at"])


def downgrade() -> None:
    for table in ("departed_guild", "erasure"):
        op.drop_table(table)
    op.drop_column("community", "retention")
