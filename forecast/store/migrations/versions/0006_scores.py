"""Scores of forecasts whose outcomes have been resolved."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "score",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("study", sa.String(length=64), nullable=False),
        sa.Column("forecast_id", sa.String(length=36), nullable=False),
        sa.Column("outcome", sa.String(length=64), nullable=False),
        sa.Column("forecaster", sa.String(length=255), nullable=False),
        sa.Column("resolution", sa.String(length=64), nullable=False),
        sa.Column("happened", sa.Boolean(), nullable=False),
        sa.Column("resolved_on", sa.Date(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("by", sa.Date(), nullable=False),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("brier", sa.Float(), nullable=False),
        sa.Column("log_score", sa.Float(), nullable=False),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["forecast_id"], ["forecast.id"], name=op.f("fk_score_forecast_id")),
        sa.ForeignKeyConstraint(["study"], ["study.id"], name=op.f("fk_score_study")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score")),
        sa.UniqueConstraint(
            "forecast_id",
            "outcome",
            "forecaster",
            "resolution",
            name="uq_score_forecast_id_outcome_forecaster_resolution",
        ),
    )
    op.create_index("ix_score_study_id", "score", ["study", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("score")
