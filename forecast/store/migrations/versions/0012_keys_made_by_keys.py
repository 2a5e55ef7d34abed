"""Who made a key, as far as that was written down; secrets of webhooks that are on their way out."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_key", sa.Column("made_by", sa.String(length=16), nullable=True))
    op.create_index("ix_api_key_made_by", "api_key", ["made_by"])
    op.add_column("subscription", sa.Column("old_secrets", sa.JSON(), nullable=True))
    connection = op.get_bind()
    told = connection.execute(sa.text("SELECT key_id, detail FROM access_event WHERE event = 'key_created'")).all()
    for key_id, detail in told:
        # Drivers read the column of its own type on PostgreSQL, and text on SQLite.
        found = json.loads(detail) if isinstance(detail, str) else detail
        if made_by := (found or {}).get("made_by"):
            connection.execute(
                sa.text("UPDATE api_key SET made_by = :made_by WHERE id = :id"), {"made_by": made_by, "id": key_id}
            )


def downgrade() -> None:
    with op.batch_alter_table("subscription") as subscription:
        subscription.drop_column("old_secrets")
    op.drop_index("ix_api_key_made_by", "api_key")
    with op.batch_alter_table("api_key") as api_key:
        api_key.drop_column("made_by")
