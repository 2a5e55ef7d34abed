"""The tables of the first release."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
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
    op.create_table(
        "document",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("json", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_document")),
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
        "installation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("identity", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
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
        "receiver",
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("origin", sa.String(length=300), nullable=False),
        sa.Column("silences", sa.Integer(), nullable=False),
        sa.Column("rests_until", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("workspace", "origin", name=op.f("pk_receiver")),
    )
    op.create_table(
        "worker_time",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker_time")),
    )
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
        sa.Column("made_by", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f("fk_api_key_workspace")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
    )
    op.create_index("ix_api_key_made_by", "api_key", ["made_by"], unique=False)
    op.create_index("ix_api_key_workspace", "api_key", ["workspace"], unique=False)
    op.create_table(
        "errand",
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("wanted_at", MOMENT, nullable=False),
        sa.Column("not_before", MOMENT, nullable=False),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.Column("claimed_until", MOMENT, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("given_up", sa.Boolean(), nullable=False),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f("fk_errand_workspace")),
        sa.PrimaryKeyConstraint("kind", "workspace", "key", name=op.f("pk_errand")),
    )
    op.create_index("ix_errand_kind_done_at_not_before", "errand", ["kind", "done_at", "not_before"], unique=False)
    op.create_table(
        "job",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("study", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=True),
        sa.Column("target", sa.String(length=36), nullable=True),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("recorded_by", MOMENT, nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("method_version", sa.String(length=32), nullable=False),
        sa.Column("idempotency_key", sa.String(length=255), nullable=True),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("fence", sa.String(length=32), nullable=True),
        sa.Column("beats", sa.Integer(), nullable=False),
        sa.Column("lease_seconds", sa.Float(), nullable=True),
        sa.Column("computed_seconds", sa.Float(), nullable=False),
        sa.Column("worker", sa.String(length=255), nullable=True),
        sa.Column("dispatched_at", MOMENT, nullable=True),
        sa.Column("dispatches", sa.Integer(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("deadline_seconds", sa.Double(), nullable=False),
        sa.Column("progress", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("error_code", sa.String(length=32), nullable=True),
        sa.Column("error_detail", sa.Text(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("queued_at", MOMENT, nullable=False),
        sa.Column("queued_worker_time", sa.Float(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["digest"], ["document.digest"], name=op.f("fk_job_digest")),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f("fk_job_workspace")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("workspace", "idempotency_key", name=op.f("uq_job_workspace_idempotency_key")),
    )
    op.create_index(op.f("ix_job_digest"), "job", ["digest"], unique=False)
    op.create_index("ix_job_state_dispatched_at", "job", ["state", "dispatched_at"], unique=False)
    op.create_index("ix_job_workspace_created_at", "job", ["workspace", "created_at"], unique=False)
    op.create_index("ix_job_workspace_study", "job", ["workspace", "study"], unique=False)
    op.create_table(
        "keyed_answer",
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("route", sa.String(length=128), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f("fk_keyed_answer_workspace")),
        sa.PrimaryKeyConstraint("workspace", "key", name=op.f("pk_keyed_answer")),
    )
    op.create_index("ix_keyed_answer_created_at", "keyed_answer", ["created_at"], unique=False)
    op.create_table(
        "prior_preview",
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("made_at", MOMENT, nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["digest"], ["document.digest"], name=op.f("fk_prior_preview_digest")),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f("fk_prior_preview_workspace")),
        sa.PrimaryKeyConstraint("workspace", "digest", name=op.f("pk_prior_preview")),
    )
    op.create_index(op.f("ix_prior_preview_digest"), "prior_preview", ["digest"], unique=False)
    op.create_index(op.f("ix_prior_preview_made_at"), "prior_preview", ["made_at"], unique=False)
    op.create_table(
        "study",
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["document.digest"], name=op.f("fk_study_digest")),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f("fk_study_workspace")),
        sa.PrimaryKeyConstraint("workspace", "id", name=op.f("pk_study")),
    )
    op.create_index(op.f("ix_study_digest"), "study", ["digest"], unique=False)
    op.create_table(
        "attempt",
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("worker", sa.String(length=255), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_attempt_job_id")),
        sa.PrimaryKeyConstraint("job_id", "number", name=op.f("pk_attempt")),
    )
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
        "evidence",
        sa.Column("id", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("study", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("slot", sa.String(length=64), nullable=False),
        sa.Column("cells", sa.Text(), nullable=False),
        sa.Column("known_at", sa.Date(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("origin", sa.String(length=80), nullable=False),
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace", "study"], ["study.workspace", "study.id"], name=op.f("fk_evidence_workspace_study")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
    )
    op.create_index("ix_evidence_workspace_study_id", "evidence", ["workspace", "study", "id"], unique=False)
    op.create_index(
        "ix_evidence_workspace_study_slot_id", "evidence", ["workspace", "study", "slot", "id"], unique=False
    )
    op.create_table(
        "forecast",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("study", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=True),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("artifact_path", sa.Text(), nullable=False),
        sa.Column("artifact_sha256", sa.String(length=64), nullable=False),
        sa.Column("artifact_bytes", sa.BigInteger(), nullable=False),
        sa.Column("draws_removed_at", MOMENT, nullable=True),
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["document.digest"], name=op.f("fk_forecast_digest")),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_forecast_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forecast")),
        sa.UniqueConstraint("job_id", name=op.f("uq_forecast_job_id")),
    )
    op.create_index(op.f("ix_forecast_digest"), "forecast", ["digest"], unique=False)
    op.create_index("ix_forecast_workspace_study_id", "forecast", ["workspace", "study", "id"], unique=False)
    op.create_table(
        "job_event",
        sa.Column("id", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_job_event_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_event")),
    )
    op.create_index(op.f("ix_job_event_job_id"), "job_event", ["job_id"], unique=False)
    op.create_table(
        "schedule",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("study", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("cron", sa.String(length=100), nullable=True),
        sa.Column("every_seconds", sa.Float(), nullable=True),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("anchor", MOMENT, nullable=False),
        sa.Column("catch_up", sa.String(length=8), nullable=False),
        sa.Column("overlap", sa.String(length=8), nullable=False),
        sa.Column("unchanged", sa.String(length=8), nullable=False),
        sa.Column("sampler", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("next_due", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT, nullable=True),
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace", "study"], ["study.workspace", "study.id"], name=op.f("fk_schedule_workspace_study")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule")),
    )
    op.create_index("ix_schedule_next_due", "schedule", ["next_due"], unique=False)
    op.create_index("ix_schedule_workspace_study", "schedule", ["workspace", "study"], unique=False)
    op.create_table(
        "sign_in_link",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["api_key.id"], name=op.f("fk_sign_in_link_key_id")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_sign_in_link")),
    )
    op.create_table(
        "source",
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("study", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("next_due", MOMENT, nullable=True),
        sa.Column("checked_at", MOMENT, nullable=True),
        sa.Column("fetched_at", MOMENT, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", MOMENT, nullable=True),
        sa.Column("error_code", sa.String(length=32), nullable=True),
        sa.Column("error_detail", sa.Text(), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("added", sa.Integer(), nullable=True),
        sa.Column("etag", sa.String(length=1000), nullable=True),
        sa.Column("last_modified", sa.String(length=100), nullable=True),
        sa.Column("media_type", sa.String(length=200), nullable=True),
        sa.Column("copy_sha256", sa.String(length=64), nullable=True),
        sa.Column("copy_gzip", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace", "study"], ["study.workspace", "study.id"], name=op.f("fk_source_workspace_study")
        ),
        sa.PrimaryKeyConstraint("workspace", "study", "id", name=op.f("pk_source")),
    )
    op.create_index("ix_source_next_due", "source", ["next_due"], unique=False)
    op.create_table(
        "study_version",
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("study", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["document.digest"], name=op.f("fk_study_version_digest")),
        sa.ForeignKeyConstraint(
            ["workspace", "study"], ["study.workspace", "study.id"], name=op.f("fk_study_version_workspace_study")
        ),
        sa.PrimaryKeyConstraint("workspace", "study", "digest", name=op.f("pk_study_version")),
    )
    op.create_index(op.f("ix_study_version_digest"), "study_version", ["digest"], unique=False)
    op.create_table(
        "subscription",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("study", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=64), nullable=True),
        sa.Column("scenario", sa.String(length=64), nullable=True),
        sa.Column("threshold", sa.Float(), nullable=True),
        sa.Column("direction", sa.String(length=8), nullable=True),
        sa.Column("least_move", sa.Float(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("old_secrets", sa.JSON(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("seen_until", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT, nullable=True),
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace", "study"], ["study.workspace", "study.id"], name=op.f("fk_subscription_workspace_study")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
    )
    op.create_index("ix_subscription_workspace_study", "subscription", ["workspace", "study"], unique=False)
    op.create_table(
        "alert",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("subscription_id", sa.String(length=36), nullable=False),
        sa.Column("study", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("forecast_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["forecast_id"], ["forecast.id"], name=op.f("fk_alert_forecast_id")),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"], name=op.f("fk_alert_subscription_id")),
        sa.ForeignKeyConstraint(
            ["workspace", "study"], ["study.workspace", "study.id"], name=op.f("fk_alert_workspace_study")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint("subscription_id", "key", name=op.f("uq_alert_subscription_id_key")),
    )
    op.create_index("ix_alert_workspace_study_id", "alert", ["workspace", "study", "id"], unique=False)
    op.create_table(
        "assessed",
        sa.Column("forecast_id", sa.String(length=36), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["forecast_id"], ["forecast.id"], name=op.f("fk_assessed_forecast_id")),
        sa.PrimaryKeyConstraint("forecast_id", name=op.f("pk_assessed")),
    )
    op.create_table(
        "drawing",
        sa.Column("forecast_id", sa.String(length=36), nullable=False),
        sa.Column("drawn_at", MOMENT, nullable=True),
        sa.Column("failures", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["forecast_id"], ["forecast.id"], name=op.f("fk_drawing_forecast_id")),
        sa.PrimaryKeyConstraint("forecast_id", name=op.f("pk_drawing")),
    )
    op.create_index(op.f("ix_drawing_drawn_at"), "drawing", ["drawn_at"], unique=False)
    op.create_table(
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
    op.create_table(
        "explanation",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("forecast_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["forecast_id"], ["forecast.id"], name=op.f("fk_explanation_forecast_id")),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_explanation_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_explanation")),
        sa.UniqueConstraint("job_id", name=op.f("uq_explanation_job_id")),
    )
    op.create_index("ix_explanation_forecast_id_kind", "explanation", ["forecast_id", "kind", "id"], unique=False)
    op.create_table(
        "figure",
        sa.Column("forecast_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("json_gzip", sa.LargeBinary(), nullable=False),
        sa.Column("png", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["forecast_id"], ["forecast.id"], name=op.f("fk_figure_forecast_id")),
        sa.PrimaryKeyConstraint("forecast_id", "name", name=op.f("pk_figure")),
    )
    op.create_table(
        "occurrence",
        sa.Column("schedule_id", sa.String(length=36), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("job_id", sa.String(length=36), nullable=True),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_occurrence_job_id")),
        sa.ForeignKeyConstraint(["schedule_id"], ["schedule.id"], name=op.f("fk_occurrence_schedule_id")),
        sa.PrimaryKeyConstraint("schedule_id", "due_at", name=op.f("pk_occurrence")),
    )
    op.create_index("ix_occurrence_job_id", "occurrence", ["job_id"], unique=False)
    op.create_table(
        "score",
        sa.Column("id", ROW_NUMBER, autoincrement=True, nullable=False),
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
        sa.Column("scored_at", MOMENT, nullable=False),
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["forecast_id"], ["forecast.id"], name=op.f("fk_score_forecast_id")),
        sa.ForeignKeyConstraint(
            ["workspace", "study"], ["study.workspace", "study.id"], name=op.f("fk_score_workspace_study")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score")),
        sa.UniqueConstraint(
            "forecast_id",
            "outcome",
            "forecaster",
            "resolution",
            name=op.f("uq_score_forecast_id_outcome_forecaster_resolution"),
        ),
    )
    op.create_index("ix_score_workspace_study_id", "score", ["workspace", "study", "id"], unique=False)
    op.create_table(
        "delivery",
        sa.Column("alert_id", sa.String(length=36), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_delivery_alert_id")),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_delivery")),
    )
    op.create_table(
        "delivery_attempt",
        sa.Column("id", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("alert_id", sa.String(length=36), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_delivery_attempt_alert_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_attempt")),
    )
    op.create_index("ix_delivery_attempt_alert_id_id", "delivery_attempt", ["alert_id", "id"], unique=False)
    # The two tables point to each other.
    with op.batch_alter_table("job") as job:
        job.create_foreign_key("fk_job_target", "forecast", ["target"], ["id"])
    workspace = sa.table("workspace", sa.column("id"), sa.column("title"), sa.column("created_at", MOMENT))
    op.bulk_insert(workspace, [{"id": "default", "title": "Default", "created_at": datetime.now(UTC)}])
    op.execute("INSERT INTO worker_time (id, seconds) VALUES (1, 0.0)")


def downgrade() -> None:
    with op.batch_alter_table("job") as job:
        job.drop_constraint("fk_job_target", type_="foreignkey")
    for table in (
        "delivery_attempt",
        "delivery",
        "score",
        "occurrence",
        "figure",
        "explanation",
        "estimate",
        "drawing",
        "assessed",
        "alert",
        "subscription",
        "study_version",
        "source",
        "sign_in_link",
        "schedule",
        "job_event",
        "forecast",
        "evidence",
        "browser_session",
        "attempt",
        "study",
        "prior_preview",
        "keyed_answer",
        "job",
        "errand",
        "api_key",
        "workspace",
        "worker_time",
        "receiver",
        "process_sign",
        "installation",
        "host_clock",
        "document",
        "counter",
        "access_event",
    ):
        op.drop_table(table)
