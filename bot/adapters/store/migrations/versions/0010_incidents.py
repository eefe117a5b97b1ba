"""Tables of: incidents, audit checkpoints."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TABLES = (
    "signing_key",
    "audit_checkpoint",
    "incident_follow_up",
    "incident_consent",
    "incident_note",
    "incident_report",
    "incident",
)


def upgrade() -> None:
    _incident()
    op.create_table(
        "incident_report",
        sa.Column("report_id", sa.String(32), nullable=False),
        sa.Column("incident_id", sa.String(32), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("reporter", sa.BigInteger(), nullable=False),
        sa.Column("by_moderator", sa.Boolean(), nullable=False),
        sa.Column("category", sa.String(32), nullable=False),
        sa.Column("seen", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        _of_incident("incident_report"),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_incident_report")),
    )
    op.create_index(op.f("ix_incident_report_incident_id"), "incident_report", ["incident_id"])
    op.create_index(op.f("ix_incident_report_guild_id_reporter"), "incident_report", ["guild_id", "reporter"])
    op.create_table(
        "incident_note",
        sa.Column("note_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("incident_id", sa.String(32), nullable=False),
        sa.Column("author", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_hold", sa.Boolean(), nullable=False),
        _of_incident("incident_note"),
        sa.PrimaryKeyConstraint("note_id", name=op.f("pk_incident_note")),
    )
    op.create_index(op.f("ix_incident_note_incident_id"), "incident_note", ["incident_id"])
    op.create_table(
        "incident_consent",
        sa.Column("incident_id", sa.String(32), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _of_incident("incident_consent"),
        sa.PrimaryKeyConstraint("incident_id", "purpose", name=op.f("pk_incident_consent")),
    )
    op.create_table(
        "incident_follow_up",
        sa.Column("incident_id", sa.String(32), nullable=False),
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("owner", sa.Boolean(), nullable=False),
        _of_incident("incident_follow_up"),
        sa.PrimaryKeyConstraint("incident_id", "member_id", name=op.f("pk_incident_follow_up")),
    )
    op.create_index(op.f("ix_incident_follow_up_due_at"), "incident_follow_up", ["due_at"])
    op.create_table(
        "audit_checkpoint",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "seq", name=op.f("pk_audit_checkpoint")),
    )
    op.create_table(
        "signing_key",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("private_sealed", sa.LargeBinary()),
        sa.Column("private_key_id", sa.String(16)),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_signing_key")),
    )


def _incident() -> None:
    op.create_table(
        "incident",
        sa.Column("incident_id", sa.String(32), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("about", sa.String(160), nullable=False),
        sa.Column("meeting_id", sa.String(32)),
        sa.Column("session_id", sa.String(128)),
        sa.Column("category", sa.String(32), nullable=False),
        sa.Column("emergency", sa.Boolean(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("hold_since", sa.DateTime(timezone=True)),
        sa.Column("aftercare_at", sa.DateTime(timezone=True)),
        sa.Column("forgotten_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_incident")),
        sa.UniqueConstraint("guild_id", "number", name=op.f("uq_incident_guild_id_number")),
    )
    op.create_index(op.f("ix_incident_meeting_id"), "incident", ["meeting_id"])
    _partial("uq_incident_open", ["guild_id", "about"], "closed_at IS NULL", unique=True)
    _partial("ix_incident_kept", ["opened_at"], "forgotten_at IS NULL", unique=False)


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table)


def _partial(name: str, columns: list[str], where: str, *, unique: bool) -> None:
    op.create_index(
        name, "incident", columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )


def _of_incident(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["incident_id"], ["incident.incident_id"], name=op.f(f"fk_{table}_incident_id_incident"), ondelete="CASCADE"
    )
