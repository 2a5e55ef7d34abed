"""Evidence that arrives, and up to which moment of it a job's document holds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "evidence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("study", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("slot", sa.String(length=64), nullable=False),
        sa.Column("cells", sa.Text(), nullable=False),
        sa.Column("known_at", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("origin", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["study"], ["study.id"], name=op.f("fk_evidence_study")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
    )
    op.create_index("ix_evidence_study_id", "evidence", ["study", "id"], unique=False)
    op.create_index("ix_evidence_study_slot_id", "evidence", ["study", "slot", "id"], unique=False)
    op.add_column("job", sa.Column("recorded_by", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("job", "recorded_by")
    op.drop_table("evidence")
