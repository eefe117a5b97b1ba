"""The tables of the durable-work engine.

On SQLite our own; on PostgreSQL procrastinate's schema, from the installed package (its version is pinned to a minor).
A later procrastinate that changes its schema comes with a revision of its own, which runs the SQL files that
procrastinate ships for that step (https://procrastinate.readthedocs.io/en/stable/howto/production/migrations.html).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_DROP_PROCRASTINATE = r"""
DO $$
DECLARE found record;
BEGIN
    FOR found IN SELECT oid::regclass AS name FROM pg_class
        WHERE relkind = 'r' AND relname LIKE 'procrastinate\_%' AND relnamespace = current_schema()::regnamespace
    LOOP EXECUTE format('DROP TABLE %s CASCADE', found.name); END LOOP;
    FOR found IN SELECT oid::regprocedure AS name FROM pg_proc
        WHERE proname LIKE 'procrastinate\_%' AND pronamespace = current_schema()::regnamespace
    LOOP EXECUTE format('DROP FUNCTION %s CASCADE', found.name); END LOOP;
    FOR found IN SELECT oid::regtype AS name FROM pg_type
        WHERE typname LIKE 'procrastinate\_%' AND typtype IN ('c', 'e') AND typnamespace =
        current_schema()::regnamespace
    LOOP EXECUTE format('DROP TYPE %s CASCADE', found.name); END LOOP;
END;
$$
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _create_sqlite_tables()
    else:
        _run_as_written(SchemaManager.get_schema())


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in ("work_periodic", "work_job", "work_worker"):
            op.drop_table(table)
    else:
        _run_as_written(_DROP_PROCRASTINATE)


def _run_as_written(sql: str) -> None:
    """Many statements at once, and no `%` taken for a parameter."""
    op.get_bind().exec_driver_sql(sql, execution_options={"no_parameters": True})


def _create_sqlite_tables() -> None:
    op.create_table(
        "work_worker",
        sa.Column("id", sa.INTEGER(), nullable=False),
        sa.Column("heartbeat", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_worker")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "work_job",
        sa.Column("id", sa.INTEGER(), nullable=False),
        sa.Column("queue_name", sa.String(128), nullable=False),
        sa.Column("task_name", sa.String(128), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("lock", sa.Text()),
        sa.Column("queueing_lock", sa.Text()),
        sa.Column("args", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("scheduled_at", sa.Float()),
        sa.Column("started_at", sa.Float()),
        sa.Column("changed_at", sa.Float(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("abort_requested", sa.Boolean(), nullable=False),
        sa.Column("worker_id", sa.INTEGER()),
        sa.CheckConstraint("NOT (status = 'todo' AND abort_requested)", name=op.f("ck_work_job_no_abort_of_waiting")),
        sa.ForeignKeyConstraint(
            ["worker_id"], ["work_worker.id"], name=op.f("fk_work_job_worker_id_work_worker"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_job")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_work_job_queueing_lock_waiting",
        "work_job",
        ["queueing_lock"],
        unique=True,
        sqlite_where=sa.text("status = 'todo'"),
    )
    op.create_index(
        "uq_work_job_lock_running", "work_job", ["lock"], unique=True, sqlite_where=sa.text("status = 'doing'")
    )
    op.create_index("ix_work_job_due", "work_job", ["status", "scheduled_at", "priority", "id"])
    op.create_index("ix_work_job_lock", "work_job", ["lock"])
    op.create_index("ix_work_job_worker_id", "work_job", ["worker_id"])
    op.create_table(
        "work_periodic",
        sa.Column("task_name", sa.String(128), nullable=False),
        sa.Column("periodic_id", sa.String(128), nullable=False),
        sa.Column("ts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("task_name", "periodic_id", name=op.f("pk_work_periodic")),
    )
