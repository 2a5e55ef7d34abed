"""The probabilities of each forecast as rows, for its study's history; filled from the stored answers."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    estimate = op.create_table(
        "estimate",
        sa.Column("forecast_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("mcse", sa.Float(), nullable=False),
        sa.Column("low", sa.Float(), nullable=False),
        sa.Column("high", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["forecast_id"], ["forecast.id"], name=op.f("fk_estimate_forecast_id")),
        sa.PrimaryKeyConstraint("forecast_id", "kind", "subject", name=op.f("pk_estimate")),
    )
    connection = op.get_bind()
    forecast = sa.table("forecast", sa.column("id"), sa.column("answer"))
    for (forecast_id,) in connection.execute(sa.select(forecast.c.id)).all():
        query = sa.select(forecast.c.answer).where(forecast.c.id == forecast_id)
        answer = json.loads(connection.execute(query).scalar_one())
        rows = [
            {
                "forecast_id": forecast_id,
                "kind": kind,
                "subject": found["id"],
                "position": position,
                "probability": found["probability"],
                "mcse": found["mcse"],
                "low": found["interval"]["low"],
                "high": found["interval"]["high"],
            }
            for kind in ("outcome", "scenario")
            for position, found in enumerate(answer.get(f"{kind}s", ()))
        ]
        if rows:
            op.bulk_insert(estimate, rows)


def downgrade() -> None:
    op.drop_table("estimate")
