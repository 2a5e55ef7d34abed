"""Explanations of forecasts, and the jobs that make them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # In the column's own definition: SQLite adds such a column in place, while a copied `job` would have to be dropped
    # under the rows that point to it.
    op.add_column(
        "job",
        sa.Column("target", sa.String(length=36), sa.ForeignKey("forecast.id"), nullable=True),
        inline_references=True,
    )
    op.create_table(
        "explanation",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("forecast_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["forecast_id"], ["forecast.id"], name=op.f("fk_explanation_forecast_id")),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_explanation_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_explanation")),
        sa.UniqueConstraint("job_id", name=op.f("uq_explanation_job_id")),
    )
    op.create_index("ix_explanation_forecast_id_kind", "explanation", ["forecast_id", "kind", "id"], unique=False)


def downgrade() -> None:
    # The older version knows neither the results nor the jobs that made them.
    op.drop_table("explanation")
    kinds = "('attribution', 'influence', 'sensitivity')"
    for table in ("job_event", "attempt"):
        op.execute(f"DELETE FROM {table} WHERE job_id IN (SELECT id FROM job WHERE kind IN {kinds})")  # noqa: S608
    op.execute(f"DELETE FROM job WHERE kind IN {kinds}")  # noqa: S608
    with op.batch_alter_table("job") as job:
        # A copy of the table, as later revisions make one, carries the key under a name.
        if any(key["name"] == "fk_job_target" for key in sa.inspect(op.get_bind()).get_foreign_keys("job")):
            job.drop_constraint("fk_job_target", type_="foreignkey")
        job.drop_column("target")
