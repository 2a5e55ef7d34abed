"""Images of figures, and when the figures that check a forecast were drawn."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("figure", sa.Column("png", sa.LargeBinary(), nullable=True))
    op.create_table(
        "drawing",
        sa.Column("forecast_id", sa.String(length=36), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["forecast_id"], ["forecast.id"], name=op.f("fk_drawing_forecast_id")),
        sa.PrimaryKeyConstraint("forecast_id", name=op.f("pk_drawing")),
    )
    op.create_index("ix_drawing_drawn_at", "drawing", ["drawn_at"], unique=False)
    # The forecasts that there are get their figures one after the other.
    op.execute("INSERT INTO drawing (forecast_id, attempts, failures) SELECT id, 0, '[]' FROM forecast")


def downgrade() -> None:
    op.drop_table("drawing")
    with op.batch_alter_table("figure") as figure:
        figure.drop_column("png")
