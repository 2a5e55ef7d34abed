"""Workspaces, the keys and sessions that lead into them, counters, and forecasts whose draws were removed.

What there is becomes that of the workspace `default`.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

DEFAULT = "default"
MOMENT = sa.DateTime(timezone=True)
ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# Table: its primary key until now if the workspace becomes part of it, and its indexes that the workspace goes before.
WORKSPACED: dict[str, tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]] = {
    "study": (("id",), ()),
    "study_version": (("study", "digest"), ()),
    "source": (("study", "id"), ()),
    "prior_preview": (("digest",), ()),
    "job": ((), (("study",),)),
    "forecast": ((), (("study", "id"),)),
    "evidence": ((), (("study", "id"), ("study", "slot", "id"))),
    "score": ((), (("study", "id"),)),
    "schedule": ((), (("study",),)),
    "subscription": ((), (("study",),)),
    "alert": ((), (("study", "id"),)),
}
OF_A_STUDY = ("study_version", "evidence", "source", "score", "schedule", "subscription", "alert")
OF_A_DOCUMENT = ("study", "study_version", "job", "forecast", "prior_preview")
ROOTS = ("study", "job", "prior_preview")


def upgrade() -> None:
    _create_tables()
    workspace = sa.table("workspace", sa.column("id"), sa.column("title"), sa.column("created_at", MOMENT))
    op.bulk_insert(workspace, [{"id": DEFAULT, "title": "Default", "created_at": datetime.now(UTC)}])
    for table in OF_A_STUDY:
        # Before the key that it points to is replaced.
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(f"fk_{table}_study", type_="foreignkey")
    _add_workspaces()
    for table in OF_A_DOCUMENT:
        op.create_index(f"ix_{table}_digest", table, ["digest"], unique=False)
    for table in WORKSPACED:
        with op.batch_alter_table(table) as batch:
            if table != "forecast":
                # Whoever writes says which. A worker of before that is still at work on a job stores its forecast as ever.
                batch.alter_column("workspace", existing_type=sa.String(length=64), server_default=None)
            if table in OF_A_STUDY:
                batch.create_foreign_key(
                    f"fk_{table}_workspace_study", "study", ["workspace", "study"], ["workspace", "id"]
                )


def _add_workspaces() -> None:
    for table, (key, indexes) in WORKSPACED.items():
        with op.batch_alter_table(table) as batch:
            column = sa.Column("workspace", sa.String(length=64), nullable=False, server_default=DEFAULT)
            batch.add_column(column)
            if key:
                batch.drop_constraint(f"pk_{table}", type_="primary")
                batch.create_primary_key(f"pk_{table}", ["workspace", *key])
            for columns in indexes:
                batch.drop_index(f"ix_{table}_{'_'.join(columns)}")
                batch.create_index(f"ix_{table}_workspace_{'_'.join(columns)}", ["workspace", *columns])
            if table in ROOTS:
                batch.create_foreign_key(f"fk_{table}_workspace", "workspace", ["workspace"], ["id"])
            if table == "job":
                batch.drop_constraint("uq_job_idempotency_key", type_="unique")
                batch.create_unique_constraint("uq_job_workspace_idempotency_key", ["workspace", "idempotency_key"])
                batch.create_index("ix_job_workspace_created_at", ["workspace", "created_at"])
            if table == "forecast":
                batch.add_column(sa.Column("draws_removed_at", MOMENT, nullable=True))
            if table == "subscription":
                batch.alter_column("secret", existing_type=sa.String(length=100), type_=sa.Text())


def _create_tables() -> None:
    op.create_table(
        "workspace",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("max_running", sa.Integer(), nullable=True),
        sa.Column("max_queued", sa.Integer(), nullable=True),
        sa.Column("max_daily", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspace")),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.Column("last_used_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f("fk_api_key_workspace")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
    )
    op.create_index("ix_api_key_workspace", "api_key", ["workspace"], unique=False)
    op.create_table(
        "browser_session",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["api_key.id"], name=op.f("fk_browser_session_key_id")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_browser_session")),
    )
    op.create_index("ix_browser_session_expires_at", "browser_session", ["expires_at"], unique=False)
    op.create_table(
        "sign_in_link",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["api_key.id"], name=op.f("fk_sign_in_link_key_id")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_sign_in_link")),
    )
    op.create_table(
        "access_event",
        sa.Column("id", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.Column("workspace", sa.String(length=64), nullable=True),
        sa.Column("key_id", sa.String(length=16), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_event")),
    )
    op.create_table(
        "counter",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", "label", name=op.f("pk_counter")),
    )


def downgrade() -> None:
    _require_one_workspace()
    for table in OF_A_DOCUMENT:
        op.drop_index(f"ix_{table}_digest", table)
    for table in OF_A_STUDY:
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(f"fk_{table}_workspace_study", type_="foreignkey")
    for table, (key, indexes) in WORKSPACED.items():
        with op.batch_alter_table(table) as batch:
            if table in ROOTS:
                batch.drop_constraint(f"fk_{table}_workspace", type_="foreignkey")
            if key:
                batch.drop_constraint(f"pk_{table}", type_="primary")
                batch.create_primary_key(f"pk_{table}", list(key))
            for columns in indexes:
                batch.drop_index(f"ix_{table}_workspace_{'_'.join(columns)}")
                batch.create_index(f"ix_{table}_{'_'.join(columns)}", list(columns))
            if table == "job":
                batch.drop_constraint("uq_job_workspace_idempotency_key", type_="unique")
                batch.create_unique_constraint("uq_job_idempotency_key", ["idempotency_key"])
                batch.drop_index("ix_job_workspace_created_at")
            if table == "forecast":
                batch.drop_column("draws_removed_at")
            batch.drop_column("workspace")
    for table in OF_A_STUDY:
        with op.batch_alter_table(table) as batch:
            batch.create_foreign_key(f"fk_{table}_study", "study", ["study"], ["id"])
    for table in ("counter", "access_event", "sign_in_link", "browser_session", "api_key", "workspace"):
        op.drop_table(table)


def _require_one_workspace() -> None:
    """The older version would show everybody everything: what others own has to be moved by hand first."""
    for table in ROOTS:
        query = sa.select(sa.func.count()).select_from(sa.table(table)).where(sa.column("workspace") != DEFAULT)
        if op.get_bind().execute(query).scalar_one():
            raise RuntimeError(
                f"{table} has rows of other workspaces than {DEFAULT!r}, which the older version would show to all"
            )
