"""Tables of: linking."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NEW_ON_LINK = (
    "refresh_sealed",
    "refresh_key_id",
    "lease_owner",
    "lease_until",
    "owner_member_id",
    "zoom_user_id",
    "hint",
    "removal",
    "ask_owner_at",
)


def upgrade() -> None:
    op.add_column("account_link", sa.Column("refresh_sealed", sa.LargeBinary()))
    op.add_column("account_link", sa.Column("refresh_key_id", sa.String(16)))
    op.add_column("account_link", sa.Column("lease_owner", sa.String(64)))
    op.add_column("account_link", sa.Column("lease_until", sa.DateTime(timezone=True)))
    op.add_column("account_link", sa.Column("owner_member_id", sa.BigInteger()))
    op.add_column("account_link", sa.Column("zoom_user_id", sa.String(128)))
    op.add_column("account_link", sa.Column("hint", sa.String(320), nullable=False, server_default=""))
    op.add_column("account_link", sa.Column("removal", sa.Boolean()))
    op.add_column("account_link", sa.Column("ask_owner_at", sa.DateTime(timezone=True)))
    op.create_index(op.f("ix_account_link_zoom_user_id"), "account_link", ["zoom_user_id"], unique=True)
    op.create_index(op.f("ix_account_link_ask_owner_at"), "account_link", ["ask_owner_at"])
    op.create_table(
        "link_request",
        sa.Column("request_id", sa.String(32), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("guild_name", sa.Text(), nullable=False),
        sa.Column("asker_name", sa.Text(), nullable=False),
        sa.Column("stage", sa.String(32), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cookie_hash", sa.String(64), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("relinks", sa.String(32)),
        sa.Column("adopted", sa.String(32)),
        sa.Column("verifier_sealed", sa.LargeBinary()),
        sa.Column("verifier_key_id", sa.String(16)),
        sa.Column("token_sealed", sa.LargeBinary()),
        sa.Column("token_key_id", sa.String(16)),
        sa.Column("token_expires_at", sa.DateTime(timezone=True)),
        sa.Column("token_scopes", sa.Text()),
        sa.Column("refresh_sealed", sa.LargeBinary()),
        sa.Column("refresh_key_id", sa.String(16)),
        sa.Column("zoom_user_id", sa.String(128)),
        sa.Column("zoom_account_id", sa.String(128)),
        sa.Column("address_sealed", sa.LargeBinary()),
        sa.Column("address_key_id", sa.String(16)),
        sa.Column("zoom_name", sa.Text()),
        sa.Column("licensed", sa.Boolean()),
        sa.ForeignKeyConstraint(
            ["relinks"], ["account_link.link_id"], name=op.f("fk_link_request_relinks_account_link")
        ),
        sa.ForeignKeyConstraint(
            ["adopted"], ["account_link.link_id"], name=op.f("fk_link_request_adopted_account_link")
        ),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_link_request")),
    )
    op.create_index(op.f("ix_link_request_guild_id_member_id"), "link_request", ["guild_id", "member_id"])
    op.create_index(op.f("ix_link_request_due_at"), "link_request", ["due_at"])
    op.create_index(op.f("ix_link_request_zoom_user_id"), "link_request", ["zoom_user_id"])
    op.create_table(
        "spent_ticket",
        sa.Column("jti", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("jti", name=op.f("pk_spent_ticket")),
    )
    op.create_index(op.f("ix_spent_ticket_expires_at"), "spent_ticket", ["expires_at"])


def downgrade() -> None:
    op.drop_table("spent_ticket")
    op.drop_table("link_request")
    op.drop_index(op.f("ix_account_link_ask_owner_at"), "account_link")
    op.drop_index(op.f("ix_account_link_zoom_user_id"), "account_link")
    with op.batch_alter_table("account_link") as table:
        for name in _NEW_ON_LINK:
            table.drop_column(name)
