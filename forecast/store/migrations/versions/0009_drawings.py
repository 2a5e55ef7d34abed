"""Images of figures, when the figures that check a forecast were drawn, and previews of priors."""

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
    op.create_table(
        "prior_preview",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["digest"], ["document.digest"], name=op.f("fk_prior_preview_digest")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_prior_preview")),
    )
    op.create_index("ix_prior_preview_made_at", "prior_preview", ["made_at"], unique=False)


def downgrade() -> None:
    op.drop_table("prior_preview")
    op.drop_table("drawing")
    with op.batch_alter_table("figure") as figure:
        figure.drop_column("png")
