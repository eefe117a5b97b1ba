"""On PostgreSQL the workers are told when a job ends that held others back. On SQLite the connector tells them."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_TELL = """
CREATE FUNCTION vestibule_tell_who_waits_for_lock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(
        'procrastinate_queue_v1#' || waiting.queue_name,
        json_build_object('type', 'job_inserted', 'job_id', waiting.id)::text
    )
    FROM (
        SELECT queue_name, min(id) AS id FROM procrastinate_jobs
        WHERE lock = OLD.lock AND status = 'todo' GROUP BY queue_name
    ) AS waiting;
    RETURN NULL;
END;
$$
"""
_WHEN_FREED = """
CREATE TRIGGER vestibule_tell_who_waits_for_lock AFTER UPDATE OF status ON procrastinate_jobs
FOR EACH ROW WHEN (OLD.status = 'doing' AND NEW.status <> 'doing' AND OLD.lock IS NOT NULL)
EXECUTE FUNCTION vestibule_tell_who_waits_for_lock()
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_TELL)
        op.execute(_WHEN_FREED)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER vestibule_tell_who_waits_for_lock ON procrastinate_jobs")
        op.execute("DROP FUNCTION vestibule_tell_who_waits_for_lock")
