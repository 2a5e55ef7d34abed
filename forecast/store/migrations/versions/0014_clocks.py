"""Leases that are counted instead of dated, signs of processes, clocks of machines, and the time of workers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("job") as job:
        job.add_column(sa.Column("beats", sa.Integer(), nullable=False, server_default="0"))
        job.add_column(sa.Column("computed_seconds", sa.Float(), nullable=False, server_default="0"))
        job.add_column(sa.Column("lease_seconds", sa.Float(), nullable=True))
        job.add_column(sa.Column("queued_worker_time", sa.Float(), nullable=False, server_default="0"))
        job.drop_column("lease_until")
        job.drop_column("deadline_at")
    # Attempts that go on have the lease of the default.
    op.execute("UPDATE job SET lease_seconds = 30.0 WHERE state = 'running'")
    op.create_table(
        "process_sign",
        sa.Column("name", sa.String(length=320), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("beats", sa.Integer(), nullable=False),
        sa.Column("offset_seconds", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_process_sign")),
    )
    op.create_table(
        "host_clock",
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("boot_id", sa.String(length=64), nullable=False),
        sa.Column("offset_seconds", sa.Float(), nullable=False),
        sa.Column("jump_seconds", sa.Float(), nullable=True),
        sa.Column("jumped_at", MOMENT, nullable=True),
        sa.Column("held_until", sa.Float(), nullable=True),
        sa.Column("noted_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_host_clock")),
    )
    op.create_table(
        "worker_time",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker_time")),
    )
    op.execute("INSERT INTO worker_time (id, seconds) VALUES (1, 0.0)")


def downgrade() -> None:
    for table in ("worker_time", "host_clock", "process_sign"):
        op.drop_table(table)
    with op.batch_alter_table("job") as job:
        job.add_column(sa.Column("lease_until", MOMENT, nullable=True))
        job.add_column(sa.Column("deadline_at", MOMENT, nullable=True))
        for column in ("queued_worker_time", "lease_seconds", "computed_seconds", "beats"):
            job.drop_column(column)
    # Attempts that go on have a lease that is over, so that they are made again.
    op.execute("UPDATE job SET lease_until = queued_at, deadline_at = NULL WHERE state = 'running'")
